//! What shoppers met, at the server, and the way of a stall's shoppers as it adds that up.

use serde::Deserialize;
use serde_json::{Value, json};
use soko_app_api::FunnelSteps;
use soko_app_api::text::Worded as _;
use soko_domain::ids::{Hash, LogId, ProductId, ThingId};
use soko_domain::interaction::{Met, Place};

use super::web::read_json;
use super::{PlacedAs, Server, Unanswered};

/// One interaction, under an identity of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct MetSaid {
    pub(crate) id: ThingId,
    pub(crate) met: Met,
    pub(crate) place: Place,
    pub(crate) stall: LogId,
    pub(crate) product: ProductId,
    pub(crate) hour: i64,
    pub(crate) model: Option<Hash>,
    pub(crate) experiment: String,
    pub(crate) arm: String,
}

/// What the server says of a stall's shoppers.
#[derive(Deserialize)]
pub(crate) struct FunnelSaid {
    pub(crate) all: StepsSaid,
    products: Vec<ProductSaid>,
}

#[derive(Clone, Copy, Deserialize)]
pub(crate) struct StepsSaid {
    seen: Option<u32>,
    opened: Option<u32>,
    put: Option<u32>,
    ordered: Option<u32>,
}

#[derive(Deserialize)]
struct ProductSaid {
    product: String,
    #[serde(flatten)]
    steps: StepsSaid,
}

impl From<StepsSaid> for FunnelSteps {
    fn from(said: StepsSaid) -> Self {
        Self { seen: said.seen, opened: said.opened, put: said.put, ordered: said.ordered }
    }
}

impl FunnelSaid {
    pub(crate) fn products(&self) -> Vec<(ProductId, FunnelSteps)> {
        let read = |it: &ProductSaid| Some((ProductId::from_hex(&it.product)?, it.steps.into()));
        self.products.iter().filter_map(read).collect()
    }
}

impl Server {
    /// Says them once, however often it is asked.
    pub(crate) async fn send_interactions(
        &self,
        buyer: &PlacedAs,
        all: &[MetSaid],
    ) -> Result<(), Unanswered> {
        let all: Vec<Value> = all.iter().map(shown).collect();
        let request = self.web.request_post("/v1/interactions").json(&json!({"interactions": all}));
        self.web.whole(buyer.sign(request)).await.map(drop)
    }

    pub(crate) async fn forget_interactions(&self, buyer: &PlacedAs) -> Result<(), Unanswered> {
        self.web.whole(buyer.sign(self.web.delete("/v1/interactions"))).await.map(drop)
    }

    pub(crate) async fn funnel(
        &self,
        stall: LogId,
        days: u16,
        access: &str,
    ) -> Result<FunnelSaid, Unanswered> {
        let request = self.web.get(&format!("/v1/stalls/{stall}/funnel?days={days}"));
        read_json(&self.web.whole(request.bearer_auth(access)).await?)
    }
}

fn shown(it: &MetSaid) -> Value {
    let mut shown = json!({
        "id": it.id.to_string(), "met": it.met.word(), "place": it.place.word(),
        "stall": it.stall.to_string(), "product": it.product.to_string(), "hour": it.hour,
    });
    if let Some(model) = it.model {
        shown["model"] = json!(model.to_string());
    }
    if !it.experiment.is_empty() {
        shown["experiment"] = json!(it.experiment);
        shown["arm"] = json!(it.arm);
    }
    shown
}

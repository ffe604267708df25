//! Experiments with buyers: each finds its arm from what the server says, is shown what its arm's model says, and taps, puts and orders
//! as people do who like one thing better. What comes of it goes through the server as everybody's does.

use axum::http::StatusCode;
use serde_json::{Value, json};
use soko_domain::ids::{Hash, LogId, ProductId, ThingId};
use soko_domain::interaction::hour;
use soko_experiment::Metric;
use soko_experiment::assign::Shares;
use soko_experiment::judge::Verdict;
use soko_recommend::packed::{Packed, Wanted};
use soko_recommend::train::Seeds;
use soko_record_log::StoreError;
use soko_sync_server::experiments::{self, Experiment, WantedArm};
use soko_sync_server::store::Shard;

use crate::common::server::{TestServer, hex};
use crate::common::shop::{STALL, Shop, core, orders, stores};
use crate::models::{FIG, MANGO, learn, sell, stock, train};
use crate::{TEA, named, put};

/// A look after so many buyers, as if somebody sat before the page.
const LOOK_EVERY: u32 = 25;
/// Of a hundred who are shown it, so many tap what they like and what they like less.
const TAP_LIKED: u32 = 60;
const TAP_OTHER: u32 = 25;

/// A stall of which one model says "mango" with tea and the other one "fig", and units of both for its shop.
async fn two_models(shop: &mut Shop) -> [Hash; 2] {
    for (product, name) in [(MANGO, "Mango"), (FIG, "Fig")] {
        put(shop, product, &named(name));
        stock(shop, product);
    }
    let first = learn(shop, 1..61).await.model;
    let now_ms = shop.server.app.now_ms();
    sell(shop, (61..200, FIG), now_ms).await;
    [first, train(shop).model]
}

/// Begins one under an identity of the test's: who gets which arm follows from it.
async fn begin(shop: &Shop, experiment: ThingId, [a, b]: [(Hash, bool); 2]) {
    let arm = |name: &str, (model, explores)| WantedArm {
        name: name.into(),
        share_ppm: 500_000,
        model: Some(model),
        explores,
    };
    let wanted = experiments::Wanted {
        name: "with tea".into(),
        aim: Metric::Tapped,
        arms: vec![arm("A", a), arm("B", b)],
        worth_ppm: 50_000,
        people_min: 100,
        people_max: 50_000,
        ordered_margin_ppm: 20_000,
        dismissed_margin_ppm: 20_000,
    };
    let now_ms = shop.server.app.now_ms();
    let work = move |tx: &mut dyn soko_record_log::Tx| experiments::begin(tx, (experiment, &wanted), now_ms);
    shop.server.app.store().write(Shard::stall(LogId::default()), work).await.unwrap();
}

/// What the server does every quarter of an hour.
async fn look(shop: &Shop) -> Option<Verdict> {
    let now_ms = shop.server.app.now_ms();
    let work = move |tx: &mut dyn soko_record_log::Tx| {
        experiments::count(tx, now_ms).map_err(|error: StoreError| error)
    };
    shop.server.app.store().write(Shard::stall(LogId::default()), work).await.unwrap()
}

async fn kept(shop: &Shop, experiment: ThingId) -> Experiment {
    let all = shop.server.app.store().read(experiments::list).await.unwrap();
    all.into_iter().find(|it| it.experiment == experiment).unwrap()
}

/// What people did, as this test saw it.
#[derive(PartialEq, Eq, Default, Debug)]
struct Did {
    shown: [u64; 2],
    tapped: [u64; 2],
    ordered: [u64; 2],
}

/// The models by their hash, as a device keeps what it fetched.
struct Buyers<'a> {
    shop: &'a Shop,
    models: Vec<(String, Packed)>,
    seeds: Seeds,
    did: Did,
}

impl<'a> Buyers<'a> {
    fn new(shop: &'a Shop, seed: u64) -> Self {
        Self { shop, models: Vec::new(), seeds: Seeds::new(seed), did: Did::default() }
    }

    /// The product that a model says with tea.
    async fn with_tea(&mut self, model: &str) -> ProductId {
        if self.models.iter().all(|known| known.0 != model) {
            let path = format!("/v1/models/{model}");
            let bytes = self.shop.server.get(&path).send().await.expect(StatusCode::OK).bytes;
            self.models.push((model.to_owned(), Packed::read(&bytes).unwrap()));
        }
        let packed = &self.models.iter().find(|known| known.0 == model).unwrap().1;
        let wanted = Wanted { count: 1, may_show: &|_| true, explore: None };
        let said = packed.goes_with(&[packed.number(&TEA.0).unwrap()], &wanted);
        let is_it = |it: &u8| packed.number(&[*it; 16]) == Some(said[0].product);
        ProductId([[MANGO, FIG].into_iter().find(is_it).unwrap(); 16])
    }

    /// One buyer comes, looks, and goes.
    async fn comes(&mut self, number: u32) {
        let server = &self.shop.server;
        let guest: [u8; 32] = std::array::from_fn(|at| number.to_be_bytes()[at % 4] ^ 0x5a);
        let told = server.get("/v1/model").send().await.expect(StatusCode::OK).json();
        let tried = &told["experiment"];
        let arms: Vec<&Value> = tried["arms"].as_array().into_iter().flatten().collect();
        let parts: Vec<u32> =
            arms.iter().map(|arm| u32::try_from(arm["share_ppm"].as_u64().unwrap()).unwrap()).collect();
        let experiment = tried["experiment"].as_str().and_then(ThingId::from_hex);
        let arm = experiment.and_then(|it| Shares::new(&parts).unwrap().arm(it.as_bytes(), &guest));
        let [scrolls, taps, puts, orders] = [(); 4].map(|()| self.seeds.below(100));
        let model = arm.map_or(&told["model"], |arm| &arms[arm]["model"]).as_str().unwrap().to_owned();
        let product = self.with_tea(&model).await;
        let named = experiment.zip(arm);
        let visit = Visit { number, guest, product, model, named, hour: hour(server.app.now_ms()) };
        // What is not scrolled to was not shown.
        if scrolls >= 80 {
            visit.say(server, &["opened"]).await;
            return;
        }
        let likes = if product == ProductId([FIG; 16]) { TAP_LIKED } else { TAP_OTHER };
        let mut did = vec!["suggested"];
        let counts = |counts: &mut [u64; 2]| arm.into_iter().for_each(|arm| counts[arm] += 1);
        counts(&mut self.did.shown);
        if taps < likes {
            did.push("followed");
            counts(&mut self.did.tapped);
            if puts < 60 {
                did.push("put");
                if orders < 60 {
                    visit.order(server).await;
                    did.push("ordered");
                    counts(&mut self.did.ordered);
                }
            }
        }
        visit.say(server, &did).await;
    }
}

struct Visit {
    number: u32,
    guest: [u8; 32],
    product: ProductId,
    model: String,
    named: Option<(ThingId, usize)>,
    hour: i64,
}

impl Visit {
    async fn order(&self, server: &TestServer) {
        let lines = json!([{"product": self.product.to_string(), "quantity": 1}]);
        let order = json!({"order": hex(&self.guest[..16]), "lines": lines});
        let placed = server.post(&orders(), &order).header("soko-buyer", &hex(&self.guest));
        placed.send().await.expect(StatusCode::CREATED);
    }

    /// As a device says it: what has to do with a suggestion names its arm.
    async fn say(&self, server: &TestServer, did: &[&str]) {
        let it = |(at, met): (u8, &&str)| {
            let mut id = [at; 16];
            id[..4].copy_from_slice(&self.number.to_be_bytes());
            let mut it = json!({"id": ThingId(id).to_string(), "met": met, "place": "product",
                "stall": STALL.to_string(), "product": self.product.to_string(), "hour": self.hour});
            if *met != "opened" {
                it["model"] = json!(self.model);
                if let Some((experiment, arm)) = self.named {
                    it["experiment"] = json!(experiment.to_string());
                    it["arm"] = json!(arm.to_string());
                }
            }
            it
        };
        let all: Vec<Value> = (0..).zip(did).map(it).collect();
        let said = server.post("/v1/interactions", &json!({"interactions": all}));
        said.header("soko-buyer", &hex(&self.guest)).send().await.expect(StatusCode::NO_CONTENT);
    }
}

/// So many buyers come; the verdict that ended it, and after how many.
async fn until_ended(buyers: &mut Buyers<'_>, numbers: std::ops::Range<u32>) -> Option<(Verdict, u32)> {
    for number in numbers {
        buyers.comes(number).await;
        if (number + 1) % LOOK_EVERY == 0 {
            let verdict = look(buyers.shop).await?;
            if verdict.ends() {
                return Some((verdict, number + 1));
            }
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn buyers_find_a_planted_difference_and_none_where_there_is_none() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        let [mango, fig] = two_models(&mut shop).await;
        assert_ne!(mango, fig);

        // The same model in both arms: a look after every few buyers, and not a word.
        let (same, other) = (ThingId([0xaa; 16]), ThingId([0xab; 16]));
        begin(&shop, same, [(fig, true), (fig, false)]).await;
        let mut buyers = Buyers::new(&shop, 7);
        assert_eq!(until_ended(&mut buyers, 0..500).await, None);
        let alike = kept(&shop, same).await;
        let did = Did {
            shown: [0, 1].map(|arm: usize| alike.arms[arm].counts.people),
            tapped: [0, 1].map(|arm: usize| alike.arms[arm].counts.tapped),
            ordered: [0, 1].map(|arm: usize| alike.arms[arm].counts.ordered),
        };
        assert_eq!(did, buyers.did, "who was shown nothing is nobody's");
        assert!(
            did.shown.iter().all(|people| *people > 150) && did.ordered.iter().all(|it| *it > 20),
            "{did:?}"
        );
        assert_eq!((alike.ended.is_none(), alike.judged().sharing.is_unequal), (true, false));
        let stop = move |tx: &mut dyn soko_record_log::Tx| experiments::stop(tx, same, "enough", 1);
        assert!(shop.server.app.store().write(Shard::stall(LogId::default()), stop).await.unwrap());

        // What people like better in the other arm: found, by itself, and then nobody is in it any more.
        begin(&shop, other, [(mango, true), (fig, true)]).await;
        let mut buyers = Buyers::new(&shop, 8);
        let found = until_ended(&mut buyers, 500..1_100).await;
        assert!(matches!(found, Some((Verdict::Better { arm: 1 }, _))), "{found:?}");
        let counted = kept(&shop, other).await;
        assert!(
            experiments::sentence(&counted).starts_with("B is better"),
            "{}",
            experiments::sentence(&counted)
        );
        let before = counted.arms[1].counts;
        buyers.did = Did::default();
        buyers.comes(1_100).await;
        assert_eq!((buyers.did, look(&shop).await), (Did::default(), None));
        assert_eq!(kept(&shop, other).await.arms[1].counts, before);
    }
}

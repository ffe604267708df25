//! What everybody may see: the stalls of the market, a stall's profile, and what it offers. Never its history.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use soko_app_api::OfferDeal;
use soko_domain::delivery::{Handings, Tariff, Terms};
use soko_domain::ids::LogId;
use soko_projection::read;
use soko_record_log::Tx;
use utoipa::{IntoParams, ToSchema};

use crate::core::OffersAsked;
use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::asked::{ApiQuery, line, rows, shared};
use crate::http::body::{ApiPath, id};
use crate::http::problem::{Problem, ProblemBody};
use crate::platform::{Action, Object, Principal, Refusal, authorise};
use crate::stall::{CategoryView, OfferView, StallView};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MarketAsked {
    /// `next` of the portion before.
    after: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProductsAsked {
    /// A part of a name; accents and capitals do not matter.
    #[serde(default)]
    search: String,
    /// `next` of the portion before.
    after: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ProfileBody {
    stall: String,
    name: String,
    currency: String,
    description: String,
    place: String,
    /// When it is open, in its own words.
    hours: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CategoryBody {
    category: String,
    name: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct StallPageBody {
    #[serde(flatten)]
    profile: ProfileBody,
    /// In the order in which the stall shows them.
    categories: Vec<CategoryBody>,
    /// How it hands orders over.
    handings: HandingsBody,
    /// So many days what was handed over can come back; 0 cannot.
    return_days: u32,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct HandingsBody {
    /// Buyers can come for their orders.
    pickup: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    local: Option<TermsBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping: Option<TermsBody>,
}

/// What bringing costs: one price for all, by weight, or by place.
#[derive(Serialize, ToSchema)]
pub(crate) struct TermsBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    price_minor: Option<i64>,
    /// The lightest first; what is heavier than the last is not brought.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    by_weight: Vec<WeightBody>,
    /// Elsewhere nothing is brought.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    by_zone: Vec<ZoneBody>,
    /// From goods for so much on it is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    free_from_minor: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct WeightBody {
    up_to_g: i64,
    price_minor: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ZoneBody {
    zone: String,
    price_minor: i64,
}

impl From<Terms> for TermsBody {
    fn from(terms: Terms) -> Self {
        let mut body = Self {
            price_minor: None,
            by_weight: Vec::new(),
            by_zone: Vec::new(),
            free_from_minor: terms.free_from_minor,
        };
        match terms.tariff {
            Tariff::Flat(minor) => body.price_minor = Some(minor),
            Tariff::ByWeight(steps) => {
                let step = |(up_to_g, price_minor)| WeightBody { up_to_g, price_minor };
                body.by_weight = steps.into_iter().map(step).collect();
            }
            Tariff::ByZone(zones) => {
                body.by_zone =
                    zones.into_iter().map(|(zone, price_minor)| ZoneBody { zone, price_minor }).collect();
            }
        }
        body
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MarketBody {
    stalls: Vec<ProfileBody>,
    /// Where the next portion begins; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ProductBody {
    product: String,
    name: String,
    description: String,
    /// 1 pieces, 2 grams, 3 millilitres.
    unit: u8,
    /// In the currency's minor unit, for `price_per` of the product's unit.
    price_minor: i64,
    price_per: i64,
    currency: String,
    /// What the shop can promise now.
    available: i64,
    /// At `/pictures/` and these digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    categories: Vec<String>,
    /// The product that it is a variant of.
    #[serde(skip_serializing_if = "Option::is_none")]
    variant_of: Option<String>,
    /// What makes it that variant, such as a size and a colour.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<OptionBody>,
    /// Another price for a while and for so many; absent without one, and once it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    deal: Option<DealBody>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DealBody {
    /// The product's `price_minor` is this while it can be had.
    price_minor: i64,
    /// What the product costs without it.
    usual_minor: i64,
    from_ms: i64,
    until_ms: i64,
    /// Units that are left at this price.
    left: i64,
    /// Units for one buyer; absent where one may have all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    each: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OptionBody {
    name: String,
    value: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ProductList {
    products: Vec<ProductBody>,
    /// Where the next portion begins; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The stalls of the market that have a name.
#[utoipa::path(get, path = "/v1/market/stalls", tag = "shop", params(MarketAsked), responses(
    (status = 200, description = "In the order of their identities", body = MarketBody),
    (status = 304, description = "What you have is what there is"),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn market(
    State(app): State<App>,
    headers: HeaderMap,
    ApiQuery(asked): ApiQuery<MarketAsked>,
) -> Result<Response, Problem> {
    let after: Option<LogId> = asked.after.map(|after| id(&after, "after")).transpose()?;
    let (limit, core) = (rows(asked.limit)?, app.core()?);
    let find = move |tx: &mut dyn Tx| Ok::<_, Refusal>(core.stalls(tx, after, limit)?);
    let found = app.store().read(find).await?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| last.stall.to_string());
    shared(&headers, &MarketBody { stalls: found.into_iter().map(ProfileBody::from).collect(), next })
}

/// What a stall says about itself.
#[utoipa::path(get, path = "/v1/stalls/{stall}", tag = "shop",
    params(("stall" = String, Path, description = "The stall's identity")), responses(
    (status = 200, description = "As its people wrote it", body = StallPageBody),
    (status = 304, description = "What you have is what there is"),
    (status = 404, description = "No such stall, or one without a name", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn profile(
    State(app): State<App>,
    headers: HeaderMap,
    ApiPath(stall): ApiPath<String>,
) -> Result<Response, Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    let core = app.core()?;
    let find = move |tx: &mut dyn Tx| {
        authorise(tx, Principal::Anyone, Object::Stall(stall), Action::Browse)?;
        let found = core.stall(tx, stall)?.ok_or(Refusal::NoSuchStall)?;
        let profile = read::profile(tx, stall)?.ok_or(Refusal::NoSuchStall)?;
        Ok::<_, Refusal>((found, core.categories(tx, stall)?, profile))
    };
    let (found, categories, profile) = app.store().read(find).await?;
    let category = |view: CategoryView| CategoryBody { category: view.category.to_string(), name: view.name };
    let categories = categories.into_iter().map(category).collect();
    let Handings { pickup, local, shipping } = profile.handings;
    let handings = HandingsBody { pickup, local: local.map(Into::into), shipping: shipping.map(Into::into) };
    let return_days = profile.return_days;
    shared(&headers, &StallPageBody { profile: found.into(), categories, handings, return_days })
}

/// What a stall offers, and how many of each the shop can promise.
#[utoipa::path(get, path = "/v1/stalls/{stall}/products", tag = "shop",
    params(("stall" = String, Path, description = "The stall's identity"), ProductsAsked), responses(
    (status = 200, description = "By name", body = ProductList),
    (status = 304, description = "What you have is what there is"),
    (status = 404, description = "No such stall", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn products(
    State(app): State<App>,
    headers: HeaderMap,
    ApiPath(stall): ApiPath<String>,
    ApiQuery(asked): ApiQuery<ProductsAsked>,
) -> Result<Response, Problem> {
    let stall: LogId = id(&stall, "the stall")?;
    line(&asked.search, "search")?;
    line(asked.after.as_deref().unwrap_or_default(), "after")?;
    let (limit, core) = (rows(asked.limit)?, app.core()?);
    app.spend(Who::Stall(stall), cost::READ)?;
    let now_ms = app.now_ms();
    let find = move |tx: &mut dyn Tx| {
        authorise(tx, Principal::Anyone, Object::Stall(stall), Action::Browse)?;
        let portion = OffersAsked { search: &asked.search, after: asked.after.as_deref(), limit, now_ms };
        Ok::<_, Refusal>(core.offers(tx, stall, portion)?)
    };
    let found = app.store().read(find).await?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| last.cursor.clone());
    shared(&headers, &ProductList { products: found.into_iter().map(ProductBody::from).collect(), next })
}

impl From<StallView> for ProfileBody {
    fn from(view: StallView) -> Self {
        Self {
            stall: view.stall.to_string(),
            name: view.name,
            currency: view.currency,
            description: view.description,
            place: view.place,
            hours: view.hours,
        }
    }
}

impl From<OfferDeal> for DealBody {
    fn from(deal: OfferDeal) -> Self {
        let OfferDeal { price_minor, usual_minor, from_ms, until_ms, left, each, .. } = deal;
        let each = Some(each).filter(|each| *each > 0);
        Self { price_minor, usual_minor, from_ms, until_ms, left, each }
    }
}

impl From<OfferView> for ProductBody {
    fn from(view: OfferView) -> Self {
        Self {
            product: view.product.to_string(),
            name: view.name,
            description: view.description,
            unit: view.unit,
            price_minor: view.price_minor,
            price_per: view.price_per,
            currency: view.currency,
            available: view.available,
            picture: view.picture.map(|picture| picture.to_string()),
            categories: view.categories.iter().map(ToString::to_string).collect(),
            variant_of: view.variant_of.map(|product| product.to_string()),
            options: view.options.into_iter().map(|(name, value)| OptionBody { name, value }).collect(),
            deal: view.deal.map(DealBody::from),
        }
    }
}

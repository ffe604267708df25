//! What a stall's own programs read beside its orders: all products, and what was sold day by day.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use soko_domain::calendar::BusinessDay;
use soko_domain::ids::{LogId, ProductId};
use soko_projection::read;
use soko_projection::read_figures::{self, Period};
use soko_record_log::Tx;
use utoipa::{IntoParams, ToSchema};

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::asked::{ApiQuery, rows};
use crate::http::body::{Answered, ApiPath, id};
use crate::http::caller::Reader;
use crate::http::problem::{Problem, ProblemBody};
use crate::operator::{DAYS_MAX, today};
use crate::platform::{Action, Object, Refusal, authorise};
use crate::stall::{CatalogueView, catalogue as read_catalogue};

/// Days of sales, unless others are asked for.
const DAYS_DEFAULT: i32 = 30;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CatalogueAsked {
    /// `next` of the portion before.
    after: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CatalogueProduct {
    product: String,
    name: String,
    /// The stall's own number for it; may be empty.
    sku: String,
    /// What scanners read.
    codes: Vec<String>,
    /// 1 pieces, 2 grams, 3 millilitres.
    unit: u8,
    /// In the currency's minor unit, for `price_per` of the product's unit.
    price_minor: i64,
    price_per: i64,
    currency: String,
    /// It is not offered any more.
    archived: bool,
    /// What the shop can promise now.
    available: i64,
    /// All that is at the stall, promised or not. Below 0 where more was sold than recorded.
    at_stall: i64,
    categories: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Catalogue {
    products: Vec<CatalogueProduct>,
    /// Where the next portion begins; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// All products of a stall, with prices and how many there are; for staff, and for programs with `products:read`.
#[utoipa::path(get, path = "/v1/stalls/{stall}/catalogue", tag = "programs",
    params(("stall" = String, Path, description = "The stall's identity"), CatalogueAsked),
    security(("program_key" = ["products:read"]), ("session" = []), ("device" = [])), responses(
    (status = 200, description = "By identity", body = Catalogue),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn catalogue(
    State(app): State<App>,
    Reader(principal): Reader,
    ApiPath(stall): ApiPath<String>,
    ApiQuery(asked): ApiQuery<CatalogueAsked>,
) -> Answered<Catalogue> {
    let stall: LogId = id(&stall, "the stall")?;
    let after: Option<ProductId> = asked.after.as_deref().map(|after| id(after, "after")).transpose()?;
    let limit = rows(asked.limit)?;
    app.spend(Who::Stall(stall), cost::WRITE)?;
    let find = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Stall(stall), Action::ReadCatalogue)?;
        Ok::<_, Refusal>(read_catalogue(tx, stall, (after, limit))?)
    };
    let found = app.store().read(find).await?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| last.product.to_string());
    let products = found.into_iter().map(CatalogueProduct::from).collect();
    Ok(Json(Catalogue { products, next }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SalesAsked {
    /// A day such as 2026-11-27. Absent: so that there are 30.
    from: Option<String>,
    /// The last day, included. Absent: the stall's business day now.
    to: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SalesDay {
    /// The stall's business day, such as 2026-11-27.
    day: String,
    /// How many sales stand.
    sales: i64,
    /// What buyers were to pay, taxes in.
    revenue_minor: i64,
    tax_minor: i64,
    discount_minor: i64,
    /// How often money was given back on this day, and how much, whatever day it had been taken.
    refunds: i64,
    refunded_minor: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SalesByDay {
    currency: String,
    from: String,
    to: String,
    /// Days on which nothing happened are left out.
    days: Vec<SalesDay>,
}

/// What a stall sold, day by day; for owners and managers, and for programs with `sales:read`. 366 days at most.
#[utoipa::path(get, path = "/v1/stalls/{stall}/sales-by-day", tag = "programs",
    params(("stall" = String, Path, description = "The stall's identity"), SalesAsked),
    security(("program_key" = ["sales:read"]), ("session" = []), ("device" = [])), responses(
    (status = 200, description = "The oldest day first", body = SalesByDay),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn sales_by_day(
    State(app): State<App>,
    Reader(principal): Reader,
    ApiPath(stall): ApiPath<String>,
    ApiQuery(asked): ApiQuery<SalesAsked>,
) -> Answered<SalesByDay> {
    let stall: LogId = id(&stall, "the stall")?;
    let (from, to) = (day(asked.from.as_deref(), "from")?, day(asked.to.as_deref(), "to")?);
    let now_ms = app.now_ms();
    app.spend(Who::Stall(stall), cost::WRITE)?;
    let find = move |tx: &mut dyn Tx| {
        authorise(tx, principal, Object::Stall(stall), Action::ReadSales)?;
        let to = match to {
            Some(to) => to,
            None => today(tx, stall, now_ms)?,
        };
        let period = Period { from: from.unwrap_or(to - DAYS_DEFAULT + 1), to };
        if !(0..i32::from(DAYS_MAX)).contains(&(period.to - period.from)) {
            return Ok(None);
        }
        let currency = read::profile(tx, stall)?.map(|profile| profile.currency).unwrap_or_default();
        Ok::<_, Refusal>(Some((currency, period, read_figures::days(tx, (stall, period))?)))
    };
    let Some((currency, period, days)) = app.store().read(find).await? else {
        return Err(Problem::malformed(format!("ask for 1 to {DAYS_MAX} days, the first one as `from`")));
    };
    let days = days.into_iter().map(|(day, sums)| SalesDay {
        day: named(day),
        sales: sums.sales,
        revenue_minor: sums.revenue_minor,
        tax_minor: sums.tax_minor,
        discount_minor: sums.discount_minor,
        refunds: sums.refunds,
        refunded_minor: sums.refunded_minor,
    });
    let (from, to) = (named(period.from), named(period.to));
    Ok(Json(SalesByDay { currency, from, to, days: days.collect() }))
}

fn day(text: Option<&str>, what: &str) -> Result<Option<i32>, Problem> {
    let read = |text: &str| {
        text.parse::<BusinessDay>()
            .map(BusinessDay::days)
            .map_err(|_| Problem::malformed(format!("{what} should be a day such as 2026-11-27")))
    };
    text.map(read).transpose()
}

fn named(day: i32) -> String {
    BusinessDay::from_days(day).map(|day| day.to_string()).unwrap_or_default()
}

impl From<CatalogueView> for CatalogueProduct {
    fn from(view: CatalogueView) -> Self {
        Self {
            product: view.product.to_string(),
            name: view.name,
            sku: view.sku,
            codes: view.codes,
            unit: view.unit,
            price_minor: view.price_minor,
            price_per: view.price_per,
            currency: view.currency,
            archived: view.is_archived,
            available: view.available,
            at_stall: view.here,
            categories: view.categories.iter().map(ToString::to_string).collect(),
        }
    }
}

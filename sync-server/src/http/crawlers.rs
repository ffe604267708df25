//! What search engines ask for first: what they may look at, and where everything is.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use soko_app_api::{MarketQuery, MarketView, address};
use soko_domain::ids::{LogId, ProductId};
use soko_record_log::{StoreError, Tx, params};

use crate::guard::limits::{Who, cost};
use crate::http::app::App;
use crate::http::body::ApiPath;
use crate::http::front;
use crate::http::orders::origin;
use crate::http::problem::Problem;
use crate::platform::Refusal;

/// Addresses of one list; its readers take 50,000.
const ROWS: u32 = 20_000;
const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";
/// What is somebody's own, and what is no page.
const CLOSED: [&str; 11] = [
    "/v1/",
    "/basket",
    "/my-orders",
    "/liked",
    "/addresses",
    "/me",
    "/messages/",
    "/recover/",
    "/confirm-address/",
    "/operator",
    "/search",
];

pub(crate) async fn robots(State(app): State<App>, headers: HeaderMap) -> Response {
    let mut text = String::from("User-agent: *\n");
    for path in CLOSED {
        text.push_str(&format!("Disallow: {path}\n"));
    }
    text.push_str(&format!("\nSitemap: {}/sitemap.xml\n", origin(&app, &headers)));
    std::future::ready(typed("text/plain; charset=utf-8", text)).await
}

/// The lists that there are: the market with its stalls and categories, and products by portions.
pub(crate) async fn index(
    State(app): State<App>,
    from: front::Origin,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.spend(Who::Prefix(from.prefix), cost::PASSWORD)?;
    let count = app.store().read(|tx| Ok::<_, Refusal>(products(tx)?)).await?;
    let origin = origin(&app, &headers);
    let mut xml = format!("{XML}<sitemapindex xmlns=\"{NAMESPACE}\">");
    for number in 0..=count.div_ceil(ROWS) {
        xml.push_str(&format!("<sitemap><loc>{origin}/sitemap/{number}</loc></sitemap>"));
    }
    xml.push_str("</sitemapindex>\n");
    Ok(typed("application/xml", xml))
}

/// One of them.
pub(crate) async fn list(
    State(app): State<App>,
    from: front::Origin,
    headers: HeaderMap,
    ApiPath(number): ApiPath<u32>,
) -> Result<Response, Problem> {
    app.spend(Who::Prefix(from.prefix), cost::PASSWORD)?;
    let (market, now_ms) = (app.market(), app.now_ms());
    let read = move |tx: &mut dyn Tx| {
        if number > 0 {
            return portion(tx, number - 1);
        }
        let views = market.answer(tx, &[MarketQuery::Categories], now_ms)?;
        let mut paths = vec!["/".to_owned()];
        if let Some(MarketView::Categories(told)) = views.first() {
            paths.extend(told.value.iter().map(|it| address::category(&it.slug)));
        }
        let stalls = tx.query(
            "select log from stall_profile where name <> '' and not exists
               (select 1 from stall_block b where b.stall = log) order by log limit $1",
            params![ROWS],
        )?;
        for row in &stalls {
            paths.push(format!("/stall/{}", LogId(row.id(0)?)));
        }
        Ok::<_, StoreError>(paths)
    };
    let paths = app.store().read(move |tx| Ok::<_, Refusal>(read(tx)?)).await?;
    let origin = origin(&app, &headers);
    let mut xml = format!("{XML}<urlset xmlns=\"{NAMESPACE}\">");
    for path in paths {
        // Identities, digits and encoded words: nothing of it can end an element.
        xml.push_str(&format!("<url><loc>{origin}{path}</loc></url>"));
    }
    xml.push_str("</urlset>\n");
    Ok(typed("application/xml", xml))
}

const OFFERED: &str =
    "from product p join stall_profile s on s.log = p.log and s.name <> '' where p.archived = 0
       and not exists (select 1 from stall_block b where b.stall = p.log)";

fn products(tx: &mut dyn Tx) -> Result<u32, StoreError> {
    tx.query_one(&format!("select count(*) {OFFERED}"), &[])?.number(0)
}

fn portion(tx: &mut dyn Tx, number: u32) -> Result<Vec<String>, StoreError> {
    let sql = format!("select p.log, p.product {OFFERED} order by p.log, p.product limit $1 offset $2");
    let rows = tx.query(&sql, params![ROWS, u64::from(number) * u64::from(ROWS)])?;
    rows.iter().map(|row| Ok(format!("/stall/{}/{}", LogId(row.id(0)?), ProductId(row.id(1)?)))).collect()
}

fn typed(kind: &'static str, text: String) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response()
}

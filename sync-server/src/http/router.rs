//! Every route there is.

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::app::App;
use crate::http::front::front;
use crate::http::problem::Problem;
use crate::http::{
    accounts, addresses, baskets, bounced, cards, console, console_people, contacts, coupons, crawlers,
    devices, docs, email_change, given_up, hooks, interactions, leaving, likes, mailed, market, members,
    messages, models, operator, operator_featured, operator_lists, operator_models, operator_shelves, ops,
    order_stream, orders, own_data, own_orders, pay, pictures, program_keys, programs, quote, recovery,
    replicate, returns, reviews, rival_feeds, sessions, shares, shop, stalls, stream, swaps, telephone,
    texted, web, wishes_page,
};

/// The whole server as a service: what tests call directly and `server::serve` puts behind a socket.
pub fn router(app: App) -> Router {
    let (mut router, api) = routes(app.has_core()).split_for_parts();
    if app.has_core() {
        router = router
            .route("/sitemap.xml", get(crawlers::index))
            .route("/sitemap/{number}", get(crawlers::list));
    }
    router
        .merge(docs::pages(api))
        .route("/messages/{link}", get(wishes_page::page).post(wishes_page::keep))
        .route("/recover/{link}", get(recovery::page).post(recovery::keep))
        .route("/confirm-address/{link}", get(email_change::page).post(email_change::keep))
        .merge(pay::pages())
        .route("/robots.txt", get(crawlers::robots))
        .route("/operator", get(operator::page))
        .route("/operator/parts.js", get(operator::parts))
        .route("/operator/page.js", get(operator::script))
        .route("/operator/page-words.js", get(operator::words))
        .route("/operator/lists.js", get(operator::lists))
        .route("/operator/models", get(operator_models::page))
        .route("/operator/models.js", get(operator_models::script))
        .route("/operator/page.css", get(operator::style))
        .route("/operator/console", get(console::page))
        .route("/operator/console.js", get(console::script))
        .route("/operator/console-words.js", get(console::words))
        .fallback(web::fallback)
        .method_not_allowed_fallback(async || {
            let detail = "this path does not know this method: see /docs";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
        })
        .layer(from_fn_with_state(app.clone(), front))
        .with_state(app)
}

/// The description of the interface.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes(true).split_for_parts().1
}

/// What is kept of somebody, for all of their devices.
fn of_own_things() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(own_data::show))
        .routes(routes!(own_data::erase))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end_one))
        .routes(routes!(likes::exchange))
        .routes(routes!(addresses::exchange))
        .routes(routes!(baskets::exchange))
        .routes(routes!(interactions::say, interactions::forget))
        .routes(routes!(interactions::funnel))
}

fn routes(has_core: bool) -> OpenApiRouter<App> {
    let router = OpenApiRouter::with_openapi(Description::openapi())
        // People
        .routes(routes!(accounts::create))
        .routes(routes!(accounts::me))
        .routes(routes!(accounts::change_password))
        .routes(routes!(email_change::ask))
        .routes(routes!(sessions::sign_in))
        .routes(routes!(sessions::sign_out))
        .routes(routes!(recovery::ask))
        .merge(of_own_things())
        .merge(told())
        .routes(routes!(contacts::mine, contacts::forget))
        .routes(routes!(contacts::was_guest))
        // Stalls
        .routes(routes!(stalls::claim, stalls::list))
        .routes(routes!(members::list, members::set))
        .routes(routes!(members::remove))
        // Devices
        .merge(of_devices())
        // Replication
        .routes(routes!(stream::stream))
        // Pictures
        .routes(routes!(pictures::put, pictures::get))
        // Operation
        .routes(routes!(ops::healthz))
        .routes(routes!(ops::readyz))
        .routes(routes!(ops::metrics));
    if !has_core {
        return router;
    }
    router
        .routes(routes!(replicate::replicate))
        .routes(routes!(mailed::put))
        .merge(of_operator())
        // The shop
        .routes(routes!(market::ask))
        .routes(routes!(market::stream))
        .routes(routes!(models::in_use))
        .routes(routes!(models::bytes))
        .routes(routes!(models::delta))
        .routes(routes!(shop::market))
        .routes(routes!(shop::profile))
        .routes(routes!(shop::products))
        .routes(routes!(own_orders::list))
        .routes(routes!(orders::place, orders::list))
        .routes(routes!(orders::show))
        .routes(routes!(orders::cancel))
        .routes(routes!(orders::fulfil))
        .routes(routes!(orders::step))
        .routes(routes!(contacts::of_order))
        .routes(routes!(coupons::look))
        .routes(routes!(cards::look))
        .routes(routes!(quote::ask))
        .merge(after_the_order())
        .merge(own_programs())
        .routes(routes!(order_stream::stream))
        .routes(routes!(reviews::list))
        .routes(routes!(reviews::write, reviews::take_back))
        .routes(routes!(reviews::answer))
        .routes(routes!(reviews::all))
        .routes(routes!(reviews::hide))
        .routes(routes!(pay::ways))
        .routes(routes!(pay::webhook))
        .merge(stock())
}

/// What the market's operator sees and decides.
fn of_operator() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(operator::figures))
        .routes(routes!(operator::days))
        .routes(routes!(interactions::of_market))
        .routes(routes!(operator_shelves::shelves))
        .routes(routes!(operator_shelves::buyers))
        .routes(routes!(operator_lists::stalls))
        .routes(routes!(operator_lists::products))
        .routes(routes!(operator::stream))
        .routes(routes!(operator_models::overview))
        .routes(routes!(operator_models::choose))
        .routes(routes!(operator_models::begin))
        .routes(routes!(operator_models::end))
        .routes(routes!(operator_featured::list))
        .routes(routes!(operator_featured::feature, operator_featured::end))
        .merge(of_console())
}

/// Who runs the market, what they see and do, and what they did.
fn of_console() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(console::people, console::grant))
        .routes(routes!(console::revoke))
        .routes(routes!(console::stalls))
        .routes(routes!(console::block))
        .routes(routes!(console::unblock))
        .routes(routes!(console::jobs))
        .routes(routes!(console::run))
        .routes(routes!(console::acts))
        .routes(routes!(console::export))
        .routes(routes!(console::proof))
        .routes(routes!(console_people::list))
        .routes(routes!(console_people::look))
        .routes(routes!(console_people::search))
        .routes(routes!(console_people::lock))
        .routes(routes!(console_people::unlock))
        .routes(routes!(console_people::end_sessions))
        .routes(routes!(console_people::orders))
        .routes(routes!(console_people::look_at_order))
}

/// What people are told outside of the app.
fn told() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(messages::mine, messages::choose))
        .routes(routes!(messages::mailbox_works))
        .routes(routes!(bounced::report))
        .routes(routes!(texted::signed))
        .routes(routes!(texted::by_key))
        .routes(routes!(messages::log))
        .routes(routes!(given_up::discard_mine))
        .routes(routes!(given_up::again_mine))
        .routes(routes!(given_up::list))
        .routes(routes!(given_up::again))
        .routes(routes!(given_up::discard))
        .routes(routes!(messages::test))
        .routes(routes!(messages::subscribe))
        .routes(routes!(messages::unsubscribe))
        .routes(routes!(telephone::ask, telephone::forget))
        .routes(routes!(telephone::confirm))
}

/// How a device comes in, stays in and goes.
fn of_devices() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(devices::make_code))
        .routes(routes!(devices::enrol))
        .routes(routes!(devices::refresh))
        .routes(routes!(devices::list))
        .routes(routes!(devices::revoke))
        .routes(routes!(leaving::leave))
}

/// An owner's decisions after a restore or a loss.
fn stock() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(shares::confirm_devices)).routes(routes!(shares::reclaim))
}

/// What is changed of it before it is handed over, and what follows then.
fn after_the_order() -> OpenApiRouter<App> {
    let before = OpenApiRouter::new().routes(routes!(swaps::answer));
    before.routes(routes!(returns::ask)).routes(routes!(returns::answer))
}

/// What owners let their own programs do, and what those read beside orders.
fn own_programs() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(program_keys::list, program_keys::make))
        .routes(routes!(program_keys::end))
        .routes(routes!(programs::catalogue))
        .routes(routes!(hooks::list, hooks::make))
        .routes(routes!(hooks::put, hooks::end))
        .routes(routes!(hooks::renew))
        .routes(routes!(hooks::test))
        .routes(routes!(hooks::log))
        .routes(routes!(hooks::again))
        .routes(routes!(given_up::discard_delivery))
        .routes(routes!(rival_feeds::list, rival_feeds::make))
        .routes(routes!(rival_feeds::put, rival_feeds::end))
        .routes(routes!(rival_feeds::look))
        .routes(routes!(rival_feeds::table))
        .routes(routes!(programs::sales_by_day))
}

/// The ways to say who asks, by the names that operations call them.
struct Proofs;

impl Modify for Proofs {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let bearer = |description: &str| {
            let http = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description));
            SecurityScheme::Http(http.build())
        };
        let components = api.components.get_or_insert_default();
        for (name, description) in [
            (
                "program_key",
                "A stall's own program: `soko_k_…`, made by an owner with the scopes that it needs",
            ),
            ("session", "A person: `soko_s_…`, or the session cookie"),
            ("device", "A device of the stall: `soko_a_…`, ten minutes long"),
        ] {
            components.add_security_scheme(name, bearer(description));
        }
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Soko server",
        description = "Joins the devices of a stall. Refusals are `application/problem+json` with a stable `code`. \
                       People carry a session (cookie, or bearer token), devices an access token, a stall's own programs a key."
    ),
    modifiers(&Proofs),
    tags(
        (name = "people", description = "Accounts and sessions"),
        (name = "stalls", description = "Stalls and their members"),
        (name = "devices", description = "Enrolment and access of devices"),
        (name = "shop", description = "What everybody may see"),
        (name = "prices", description = "Prices of others that are fetched from addresses"),
        (name = "programs", description = "What an owner's own programs read, and the keys for it"),
        (name = "orders", description = "Placed by buyers, with an account or as guests"),
        (name = "stock", description = "An owner's decisions after a restore or a loss"),
        (name = "replication", description = "Records both ways"),
        (name = "operation", description = "For whoever runs the server")
    )
)]
struct Description;

//! What reaches a handler at all: sizes, types, encodings, forms, headers; and the exchange of pages.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Method, StatusCode};
use common::server::{Device, TestServer, Wanted};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use soko_domain::entry::{ProgramActed, RivalLine};
use soko_domain::ids::{AuthorId, LogId, OrderId};
use soko_record_log::{Tx, params};
use soko_replication::limits::PAGE_BYTES_MAX;
use soko_sync_server::core::{
    Admitted, CoreRefusal, Fault, Leaving, Now, OffersAsked, PageIn, PageOut, ShopCore, StallCore,
};
use soko_sync_server::guard::limits::{Rate, Rates};
use soko_sync_server::stall::{EndOrder, OfferView, OrderView, PlaceOrder, Placed, Prepared, StallView};

/// A core that answers a page with itself, counts, and refuses what begins with `x`.
#[derive(Default)]
struct Mirror {
    told: Mutex<Vec<String>>,
}

impl StallCore for Mirror {
    fn server_key(&self) -> [u8; 32] {
        [7; 32]
    }

    fn replicate(&self, tx: &mut dyn Tx, page: &PageIn<'_>, _: Now) -> Result<PageOut, CoreRefusal> {
        let rows = tx.query("select count(*) from device where stall = $1", params![page.stall])?;
        if page.page.first() == Some(&b'x') {
            let detail = "pages do not begin with x".to_owned();
            return Err(CoreRefusal::Refused { fault: Fault::Malformed, code: "page_malformed", detail });
        }
        let answer = [page.page, page.role.name().as_bytes()].concat();
        Ok(PageOut { page: answer, moved_to: rows.first().and_then(|row| row.number(0).ok()) })
    }

    fn find_out(&self, _: &Prepared) -> Result<(), CoreRefusal> {
        Ok(())
    }

    fn admitted(&self, _: &mut dyn Tx, device: &Admitted<'_>, _: Now) -> Result<Option<u64>, CoreRefusal> {
        self.told.lock().unwrap().push(format!("admitted {} as {}", device.name, device.role.name()));
        Ok(Some(1))
    }

    fn revoked(
        &self,
        _: &mut dyn Tx,
        _: LogId,
        author: AuthorId,
        _: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        self.told.lock().unwrap().push(format!("revoked {author}"));
        Ok(None)
    }

    fn left(&self, _: &mut dyn Tx, leaving: &Leaving, _: Now) -> Result<Option<u64>, CoreRefusal> {
        self.told.lock().unwrap().push(format!("{} left", leaving.author));
        Ok(None)
    }
}

/// Its shop is closed.
fn closed<T>() -> Result<T, CoreRefusal> {
    Err(CoreRefusal::Refused { fault: Fault::Later, code: "closed", detail: "the shop is closed".into() })
}

impl ShopCore for Mirror {
    fn stalls(&self, _: &mut dyn Tx, _: Option<LogId>, _: usize) -> Result<Vec<StallView>, CoreRefusal> {
        closed()
    }

    fn stall(&self, _: &mut dyn Tx, _: LogId) -> Result<Option<StallView>, CoreRefusal> {
        closed()
    }

    fn categories(
        &self,
        _: &mut dyn Tx,
        _: LogId,
    ) -> Result<Vec<soko_sync_server::stall::CategoryView>, CoreRefusal> {
        Ok(Vec::new())
    }

    fn offers(&self, _: &mut dyn Tx, _: LogId, _: OffersAsked<'_>) -> Result<Vec<OfferView>, CoreRefusal> {
        closed()
    }

    fn place_order(
        &self,
        _: &mut dyn Tx,
        _: LogId,
        _: &PlaceOrder,
        _: Now,
    ) -> Result<(Placed, Option<u64>), CoreRefusal> {
        closed()
    }

    fn end_order(
        &self,
        _: &mut dyn Tx,
        _: LogId,
        _: (OrderId, EndOrder),
        _: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal> {
        closed()
    }

    fn return_turn(
        &self,
        _: &mut dyn Tx,
        _: LogId,
        _: &soko_sync_server::stall::ReturnTurn,
        _: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal> {
        closed()
    }

    fn swap_answer(
        &self,
        _: &mut dyn Tx,
        _: LogId,
        _: &soko_sync_server::stall::SwapAnswer,
        _: Now,
    ) -> Result<(OrderView, Option<u64>), CoreRefusal> {
        closed()
    }

    fn ask_for_card(
        &self,
        _: &mut dyn Tx,
        _: LogId,
        _: soko_domain::ids::ProductId,
        _: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        closed()
    }

    fn pay_turn(
        &self,
        _: &mut dyn Tx,
        _: LogId,
        _: (OrderId, soko_sync_server::stall::PayTurn),
        _: Now,
    ) -> Result<(Option<soko_sync_server::pay::Asked>, Option<u64>), CoreRefusal> {
        closed()
    }

    fn order(&self, _: &mut dyn Tx, _: LogId, _: OrderId) -> Result<Option<OrderView>, CoreRefusal> {
        closed()
    }

    fn orders(
        &self,
        _: &mut dyn Tx,
        _: LogId,
        _: Option<OrderId>,
        _: usize,
    ) -> Result<Vec<OrderView>, CoreRefusal> {
        closed()
    }

    fn confirm_devices(&self, _: &mut dyn Tx, _: LogId, _: Now) -> Result<(bool, Option<u64>), CoreRefusal> {
        closed()
    }

    fn reclaim(
        &self,
        _: &mut dyn Tx,
        _: LogId,
        _: (AuthorId, &str),
        _: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        closed()
    }

    fn rivals_fetched(
        &self,
        _: &mut dyn Tx,
        _: LogId,
        _: (&str, &[RivalLine]),
        _: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        closed()
    }

    fn program_acted(
        &self,
        _: &mut dyn Tx,
        _: LogId,
        _: &ProgramActed,
        _: Now,
    ) -> Result<Option<u64>, CoreRefusal> {
        closed()
    }
}

struct Joined {
    server: TestServer,
    core: Arc<Mirror>,
    owner: String,
    device: Device,
    access: String,
}

async fn joined(rates: Option<Rates>) -> Joined {
    let core = Arc::new(Mirror::default());
    let server = TestServer::with(Wanted { core: Some(core.clone()), rates, ..Wanted::default() });
    let (owner, founder) = server.owner_and_stall().await;
    let device = Device::new(2, founder.pen.log());
    let code = server.code(&owner, founder.pen.log(), "cashier").await;
    let answer = server.post("/v1/devices/enrol", &device.enrol_with(&code)).send().await;
    let access = answer.expect(StatusCode::CREATED).text("access_token");
    Joined { server, core, owner, device, access }
}

impl Joined {
    fn page(&self, body: impl Into<Body>) -> common::server::Ask {
        let path = format!("/v1/stalls/{}/replicate", self.device.pen.log());
        self.server.ask(Method::POST, &path).body("application/octet-stream", body).bearer(&self.access)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_in_and_a_page_comes_out() {
    let it = joined(None).await;
    let answer = it.page("abc").send().await.expect(StatusCode::OK);
    assert_eq!(answer.bytes.as_ref(), b"abccashier");
    assert_eq!(answer.headers["content-type"], "application/octet-stream");
    it.page("xyz").send().await.refused(StatusCode::BAD_REQUEST, "page_malformed");
    let without = it.page("abc").bearer("soko_a_00").send().await;
    without.expect(StatusCode::OK);

    let path = format!("/v1/stalls/{}/replicate", LogId([0x77; 16]));
    let other = it.server.ask(Method::POST, &path).body("application/octet-stream", "abc").bearer(&it.access);
    other.send().await.refused(StatusCode::NOT_FOUND, "no_such_stall");
    let path = format!("/v1/stalls/{}/replicate", it.device.pen.log());
    let person = it.server.ask(Method::POST, &path).body("application/octet-stream", "abc").bearer(&it.owner);
    person.send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");

    let revoke = format!("/v1/stalls/{}/devices/{}", it.device.pen.log(), it.device.author());
    for _ in 0..2 {
        it.server.delete(&revoke).bearer(&it.owner).send().await.expect(StatusCode::NO_CONTENT);
    }
    it.page("abc").send().await.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
    let told = it.core.told.lock().unwrap().clone();
    assert_eq!(told, ["admitted kiosk as cashier".to_owned(), format!("revoked {}", it.device.author())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_bounded_and_never_encoded() {
    let it = joined(None).await;
    it.page(vec![1; PAGE_BYTES_MAX]).send().await.expect(StatusCode::OK);
    let announced = it.page(vec![1; PAGE_BYTES_MAX + 1]).header("content-length", "1048577").send().await;
    announced.refused(StatusCode::PAYLOAD_TOO_LARGE, "too_long");
    let chunk = || Ok::<_, std::io::Error>(vec![1u8; 64 * 1024]);
    let chunked = Body::from_stream(futures_util::stream::iter((0..17).map(move |_| chunk())));
    it.page(chunked).send().await.refused(StatusCode::PAYLOAD_TOO_LARGE, "too_long");
    for encoding in ["gzip", "br", "zstd", "deflate", "gzip, identity"] {
        let answer = it.page("abc").header("content-encoding", encoding).send().await;
        answer.refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type");
    }
    it.page("abc").header("content-encoding", "identity").send().await.expect(StatusCode::OK);
    let path = format!("/v1/stalls/{}/replicate", it.device.pen.log());
    let json = it.server.post(&path, &json!({})).bearer(&it.access).send().await;
    json.refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type");
    let cut = Body::from_stream(futures_util::stream::iter([
        Ok(vec![1u8]),
        Err(std::io::Error::other("the connection broke")),
    ]));
    it.page(cut).send().await.refused(StatusCode::BAD_REQUEST, "malformed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_that_moves_is_heard_at_once() {
    let it = joined(None).await;
    let path = format!("/v1/stalls/{}/stream", it.device.pen.log());
    let response = it.server.get(&path).bearer(&it.access).raw().await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut words = response.into_body().into_data_stream();
    let mut next = async || String::from_utf8(words.next().await.unwrap().unwrap().to_vec()).unwrap();
    let at_once = next().await;
    assert!(at_once.contains("event: moved\n"), "{at_once}");
    it.page("abc").send().await.expect(StatusCode::OK);
    // The mirror moves its stall to the number of devices, and admitting one moved it there already.
    it.server.app.moved().tell(it.device.pen.log(), 7);
    let later = next().await;
    assert!(later.contains("data: "), "{later}");
    it.server.app.begin_closing();
    while let Some(word) = words.next().await {
        word.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_has_a_limit_of_its_own() {
    let narrow = Rate { burst: 40, per_second: 1 };
    let wide = Rate { burst: 100_000, per_second: 1 };
    let rates = Rates { prefix: wide, account: wide, device: wide, stall: narrow };
    let it = joined(Some(rates)).await;
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(it.page("abc").send().await);
    }
    let served = answers.iter().take_while(|answer| answer.status == StatusCode::OK).count();
    assert_eq!(served, 8, "five units each");
    for limited in &answers[served..] {
        limited.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_json_is_the_callers_mistake_and_never_ours() {
    let it = joined(None).await;
    let stall = it.device.pen.log();
    let routes = [
        (Method::POST, "/v1/accounts".to_owned()),
        (Method::POST, "/v1/sessions".to_owned()),
        (Method::PUT, "/v1/me/password".to_owned()),
        (Method::POST, "/v1/stalls".to_owned()),
        (Method::PUT, format!("/v1/stalls/{stall}/members")),
        (Method::POST, format!("/v1/stalls/{stall}/enrolment-codes")),
        (Method::POST, "/v1/devices/enrol".to_owned()),
        (Method::POST, "/v1/devices/refresh".to_owned()),
    ];
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let twice = r#"{"email":"a@b.c","email":"a@b.c","password":"orchid ladder frost"}"#;
    let bodies: &[&[u8]] = &[
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"\"text\"",
        b"{\"email\":1,\"password\":[],\"role\":NaN}",
        b"{\"email\":1e999,\"password\":-99999999999999999999999}",
        b"{\"email\":\"\\ud800\",\"password\":\"\\u0000\"}",
        b"{\"email\":\"a@b.c\\u0000\",\"password\":\"orchid ladder\\u0000 frost\"}",
        b"{\"role\":\"operator\",\"email\":\"a@b.c\"}",
        b"{\"unknown\":true}",
        b"\xff\xfe{}",
        deep.as_bytes(),
        twice.as_bytes(),
    ];
    for (method, path) in routes {
        for body in bodies {
            let ask = it.server.ask(method.clone(), &path).bearer(&it.owner);
            let answer = ask.body("application/json", body.to_vec()).send().await;
            assert!(answer.status.is_client_error(), "{path} {:?} {answer:?}", String::from_utf8_lossy(body));
            answer.refused(answer.status, answer.json()["code"].as_str().unwrap_or("none"));
        }
        let form = it.server.ask(method.clone(), &path).bearer(&it.owner);
        let form = form.body("application/x-www-form-urlencoded", "email=a").send().await;
        form.refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type");
        let long = it.server.ask(method, &path).bearer(&it.owner);
        let long = long.body("application/json", vec![b' '; 64 * 1024]).send().await;
        long.refused(StatusCode::PAYLOAD_TOO_LARGE, "too_long");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_paths_are_named() {
    let server = TestServer::new();
    let (owner, _) = server.owner_and_stall().await;
    let cases = [
        (Method::GET, "/v1/nothing", StatusCode::NOT_FOUND, "no_such_path"),
        (Method::PATCH, "/v1/accounts", StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        (Method::GET, "/v1/stalls/zz/members", StatusCode::BAD_REQUEST, "malformed"),
        (Method::GET, "/v1/stalls/%ff/members", StatusCode::BAD_REQUEST, "malformed"),
        (Method::GET, "/v1/stalls/00/devices", StatusCode::BAD_REQUEST, "malformed"),
        (
            Method::POST,
            "/v1/stalls/00000000000000000000000000000000/replicate",
            StatusCode::NOT_FOUND,
            "no_such_path",
        ),
    ];
    for (method, path, status, code) in cases {
        server.ask(method, path).bearer(&owner).send().await.refused(status, code);
    }
    for bearer in ["", "x", "soko_s_", "soko_s_zz", "soko_r_00"] {
        let answer = server.get("/v1/me").bearer(bearer).send().await;
        answer.refused(StatusCode::UNAUTHORIZED, "not_signed_in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_its_headers() {
    let server =
        TestServer::with(Wanted { public_origin: Some("https://market.example"), ..Wanted::default() });
    for path in ["/healthz", "/v1/me", "/nothing", "/docs/"] {
        let answer = server.get(path).send().await;
        for name in
            ["x-request-id", "content-security-policy", "referrer-policy", "strict-transport-security"]
        {
            assert!(answer.headers.contains_key(name), "{path} {name}");
        }
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
    let (first, second) = (server.get("/healthz").send().await, server.get("/healthz").send().await);
    assert_ne!(first.headers["x-request-id"], second.headers["x-request-id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sees_the_server() {
    let server = TestServer::new();
    server.get("/healthz").send().await.expect(StatusCode::OK);
    server.get("/readyz").send().await.expect(StatusCode::OK);
    server.get("/metrics").send().await.refused(StatusCode::FORBIDDEN, "metrics_closed");
    let metrics = server.get("/metrics").from("127.0.0.1").send().await.expect(StatusCode::OK);
    let text = String::from_utf8(metrics.bytes.to_vec()).unwrap();
    assert!(
        text.contains("soko_http_requests_total{route=\"/healthz\",method=\"GET\",status=\"200\"} 1"),
        "{text}"
    );
    let proxied =
        server.get("/metrics").from("127.0.0.1").header("x-forwarded-for", "192.0.2.1").send().await;
    proxied.refused(StatusCode::FORBIDDEN, "metrics_closed");
    server.app.begin_closing();
    server.get("/readyz").send().await.refused(StatusCode::SERVICE_UNAVAILABLE, "busy");
    server.app.store().close();
    server
        .get("/v1/me")
        .bearer(&format!("soko_s_{}", "0".repeat(64)))
        .send()
        .await
        .refused(StatusCode::SERVICE_UNAVAILABLE, "busy");
}

/// Every metric that an alert or a picture names is one that the server has.
#[tokio::test(flavor = "multi_thread")]
async fn alerts_and_pictures_are_about_metrics_that_there_are() {
    let server = TestServer::new();
    server.get("/healthz").send().await.expect(StatusCode::OK);
    let metrics = server.get("/metrics").from("127.0.0.1").send().await.expect(StatusCode::OK);
    let text = String::from_utf8(metrics.bytes.to_vec()).unwrap();
    // "# TYPE soko_orders counter": a counter's sample ends with _total, a histogram's with _bucket.
    let mut known: BTreeSet<String> = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        match kind {
            "counter" => known.insert(format!("{name}_total")),
            "histogram" => ["bucket", "sum", "count"].iter().all(|end| known.insert(format!("{name}_{end}"))),
            _ => known.insert(name.into()),
        };
    }
    assert!(known.contains("soko_order_seconds_bucket") && known.contains("soko_holds_open"), "{known:?}");
    let ops = concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/");
    for file in ["rules/soko.yml", "grafana/dashboards/soko.json"] {
        let text = std::fs::read_to_string(format!("{ops}{file}")).unwrap();
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let named: BTreeSet<&str> = words.filter(|word| word.starts_with("soko_")).collect();
        assert!(named.len() > 5, "{file} names {named:?}");
        let unknown: Vec<_> = named.iter().filter(|name| !known.contains(**name)).collect();
        assert!(unknown.is_empty(), "{file} names what /metrics does not have: {unknown:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_names_every_route_and_the_page_shows_it() {
    let it = joined(None).await;
    let api = it.server.get("/openapi.json").send().await.expect(StatusCode::OK).json();
    let paths = api["paths"].as_object().unwrap();
    for path in
        ["/v1/accounts", "/v1/devices/refresh", "/v1/stalls/{stall}/replicate", "/v1/stalls/{stall}/stream"]
    {
        assert!(paths.contains_key(path), "{path}");
    }
    let undescribed: Vec<&str> = paths
        .iter()
        .filter(|(_, methods)| methods.as_object().unwrap().values().any(|it| it["summary"] == Value::Null))
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(undescribed, Vec::<&str>::new());
    let page = it.server.get("/docs/").send().await.expect(StatusCode::OK);
    assert!(String::from_utf8_lossy(&page.bytes).contains("swagger"));
}

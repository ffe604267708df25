//! Prices of others that are fetched from an address: politely, bounded, and only what is certain; on every engine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use common::TestStore;
use common::server::Wanted;
use common::shop::{STALL, Shop, TEA, core, stores};
use serde_json::{Value, json};
use soko_documents::{DocumentKind, Edit};
use soko_domain::entry::{Entry, Kind, RivalLine, RivalsFetched};
use soko_domain::ids::ThingId;
use soko_record_log::{Row, StoreError, Tx, params};
use soko_sync_server::egress::Egress;
use soko_sync_server::rivals::round;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const CODE: &str = "5449000000996";
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const AT_MS: i64 = 1_790_000_000_000;
const PATIENCE: Duration = Duration::from_millis(400);

/// What another shop's server does, byte by byte.
#[derive(Clone)]
enum Behave {
    Says(String),
    /// These bytes again and again, for so many times.
    Floods(usize),
    /// One byte at a time, which never ends.
    Dribbles,
}

/// Another shop on this machine.
#[derive(Clone)]
struct Other {
    at: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    robots: Arc<Mutex<String>>,
    list: Arc<Mutex<Behave>>,
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

impl Other {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = Self {
            at: listener.local_addr().unwrap(),
            heard: Arc::default(),
            robots: Arc::new(Mutex::new(answer("404 Not Found", "", ""))),
            list: Arc::new(Mutex::new(Behave::Says(String::new()))),
        };
        let serving = other.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        other
    }

    async fn serve(self, mut stream: tokio::net::TcpStream) {
        let (mut request, mut part) = (Vec::new(), [0; 2_048]);
        while !request.ends_with(b"\r\n\r\n") {
            match stream.read(&mut part).await {
                Ok(count) if count > 0 => request.extend_from_slice(&part[..count]),
                _ => return,
            }
        }
        let request = String::from_utf8(request).unwrap();
        let behave = if request.starts_with("GET /robots.txt") {
            Behave::Says(self.robots.lock().unwrap().clone())
        } else {
            self.list.lock().unwrap().clone()
        };
        self.heard.lock().unwrap().push(request);
        // Whoever has enough hangs up, which is no failure of this side.
        match behave {
            Behave::Says(text) => drop(stream.write_all(text.as_bytes()).await),
            Behave::Floods(times) => {
                let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nname,price\r\n";
                drop(stream.write_all(head.as_bytes()).await);
                let many = "mango,1\r\n".repeat(10_000);
                for _ in 0..times {
                    if stream.write_all(many.as_bytes()).await.is_err() {
                        return;
                    }
                }
            }
            Behave::Dribbles => {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await);
                while stream.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn says(&self, status: &str, headers: &str, body: &str) {
        *self.list.lock().unwrap() = Behave::Says(answer(status, headers, body));
    }

    fn will(&self, behave: Behave) {
        *self.list.lock().unwrap() = behave;
    }

    fn allows(&self, robots: &str) {
        *self.robots.lock().unwrap() = answer("200 OK", "", robots);
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().drain(..).collect()
    }
}

struct World {
    shop: Shop,
    other: Other,
    feed: String,
}

impl World {
    async fn open(store: TestStore) -> Self {
        let other = Other::open().await;
        let egress = Some(Egress::but_for(other.at, PATIENCE).unwrap());
        let mut shop = Shop::open_wanted(store, core(), 5, Wanted { egress, ..Wanted::default() }).await;
        let edits = [Edit::AddBarcode { barcode: CODE.into() }];
        shop.register.device.edit((ThingId(TEA.0), DocumentKind::Product), &edits, AT_MS).unwrap();
        shop.exchange().await;
        let asked = json!({"source": "Across", "address": format!("http://{}/list?of=tea", other.at)});
        let made = shop.server.post(&feeds(""), &asked).bearer(&shop.owner).send().await;
        let feed = made.expect(StatusCode::CREATED).text("feed");
        Self { shop, other, feed }
    }

    async fn looks(&self) {
        assert_eq!(round(&self.shop.server.app).await.unwrap(), 1);
    }

    fn later(&self, ms: i64) {
        self.shop.server.clock.advance_ms(ms);
    }

    /// The owner's session: days go by here.
    async fn owner(&self) -> String {
        self.shop.server.signed_in("owner@example.org").await
    }

    async fn state(&self) -> Value {
        let listed = self.shop.server.get(&feeds("")).bearer(&self.owner().await).send().await;
        listed.expect(StatusCode::OK).json()["feeds"][0].clone()
    }

    async fn trouble(&self) -> String {
        self.state().await["trouble"].as_str().unwrap_or_default().to_owned()
    }

    /// What the server said in the stall's records.
    async fn said(&self) -> Vec<RivalLine> {
        let kind = Kind::RivalsFetched;
        let find = move |tx: &mut dyn Tx| {
            let sql = "select body from record where log = $1 and kind = $2 order by position";
            let read = |row: &Row| {
                let (_, entry) = Entry::from_body(kind, row.blob(0)?).unwrap();
                let Entry::RivalsFetched(RivalsFetched { source, lines, .. }) = entry else { panic!() };
                assert_eq!(source, "Across");
                Ok::<_, StoreError>(lines)
            };
            tx.query(sql, params![STALL, kind.number()])?.iter().map(read).collect::<Result<Vec<_>, _>>()
        };
        self.shop.server.store.store.read(find).await.unwrap().concat()
    }
}

fn feeds(what: &str) -> String {
    format!("/v1/stalls/{STALL}/rival-feeds{what}")
}

fn list(price: &str) -> String {
    format!(
        "ean,name,price\n{CODE},Tea of theirs,{price}\n,Creme tea,4.00\n,<script>alert(1)</script>,1.00\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_fetched_once_a_day_and_only_what_is_certain_is_said() {
    for store in stores() {
        let world = World::open(store).await;
        let marks = "etag: \"one\"\r\nlast-modified: Mon, 21 Sep 2026 10:00:00 GMT\r\n";
        world.other.says("200 OK", marks, &list("4.20"));
        world.looks().await;
        assert_eq!(round(&world.shop.server.app).await.unwrap(), 0, "once is enough");
        let said = world.said().await;
        let [line] = said.as_slice() else { panic!("{said:?}") };
        let price = line.price.as_ref().unwrap();
        assert_eq!((line.key.as_str(), line.product, price.price_minor), (CODE, Some(TEA), 420));
        assert_eq!((price.per, price.seen_at_ms), (1, world.shop.server.app.now_ms()));
        let state = world.state().await;
        assert_eq!((&state["rows"], &state["known"], state.get("trouble")), (&json!(3), &json!(1), None));
        // It says who asks, and asks for the site's rules first.
        let heard = world.other.heard();
        assert!(heard[0].starts_with("GET /robots.txt ") && heard[1].starts_with("GET /list?of=tea "));
        assert!(heard.iter().all(|it| it.contains("user-agent: Soko/")), "{heard:?}");

        // What it has already it does not send again, and nothing is said again.
        world.later(DAY_MS);
        world.other.says("304 Not Modified", "", "");
        world.looks().await;
        let asked = world.other.heard().pop().unwrap();
        assert!(asked.contains("if-none-match: \"one\"") && asked.contains("if-modified-since: Mon, 21 Sep"));
        assert_eq!(world.said().await.len(), 1);
        assert_eq!(world.state().await["fetched_ms"], json!(world.shop.server.app.now_ms()));
        // Before it grows too old it is said that it is still so.
        world.later(6 * DAY_MS);
        world.looks().await;
        assert_eq!(world.said().await.len(), 2);
        world.later(DAY_MS);
        world.other.says("200 OK", "", &list("3.90"));
        world.looks().await;
        assert_eq!(world.said().await[2].price.as_ref().unwrap().price_minor, 390);
        // The register gets the list as it came, and ends it.
        let path = feeds(&format!("/{}/table", world.feed));
        let owner = world.owner().await;
        let table = world.shop.server.get(&path).bearer(&owner).send().await;
        assert_eq!(table.expect(StatusCode::OK).bytes, list("3.90").as_bytes());
        let path = feeds(&format!("/{}", world.feed));
        world.shop.server.delete(&path).bearer(&owner).send().await.expect(StatusCode::NO_CONTENT);
        world.later(2 * DAY_MS);
        assert_eq!(round(&world.shop.server.app).await.unwrap(), 0);
        let gone = world.shop.server.get(&format!("{path}/table")).bearer(&world.owner().await).send().await;
        gone.refused(StatusCode::NOT_FOUND, "no_such_feed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_an_address_does_its_owner_is_told_and_nothing_is_said_of_it() {
    for store in stores() {
        let world = World::open(store).await;
        let big = "content-type: text/csv\r\n";
        let redirect = |to: &str| answer("302 Found", &format!("location: {to}\r\n"), "");
        let home = redirect(&format!("http://127.0.0.1:{}/metrics", world.other.at.port() ^ 1));
        let around = redirect(&format!("http://{}/list", world.other.at));
        for (behave, trouble) in [
            (Behave::Floods(1_100), "too-large"),
            (Behave::Says("HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n".into()), "too-large"),
            (Behave::Dribbles, "slow"),
            (Behave::Says(home), "private"),
            (Behave::Says(redirect("http://[::1]/")), "private"),
            (Behave::Says(redirect("http://169.254.169.254/latest/")), "private"),
            (Behave::Says(redirect("file:///etc/passwd")), "private"),
            (Behave::Says(redirect("https://localhost/")), "private"),
            (Behave::Says(around), "redirects"),
            (Behave::Says(answer("200 OK", big, "<!doctype html><p>Shop</p>")), "page"),
            (Behave::Says(answer("200 OK", big, "name,price\n")), "empty"),
            (Behave::Says(answer("200 OK", big, "PK\u{0}\u{3}")), "no-table"),
            (Behave::Says(answer("200 OK", big, "{\"items\": [")), "no-table"),
            (Behave::Says(answer("200 OK", big, "a,b\n1,2\n")), "columns"),
            (Behave::Says(answer("404 Not Found", "", "")), "gone"),
            (Behave::Says(answer("403 Forbidden", "", "")), "forbidden"),
            (Behave::Says(answer("500 Oh", "", "")), "status"),
            (Behave::Says(String::new()), "nobody"),
        ] {
            world.other.will(behave);
            world.later(DAY_MS);
            world.looks().await;
            assert_eq!(world.trouble().await, trouble);
        }
        for (price, rows) in [("0", 2), ("-4.20", 2), ("99999999999999999999", 2), ("free", 2)] {
            world.other.says("200 OK", "", &list(price));
            world.later(DAY_MS);
            world.looks().await;
            let state = world.state().await;
            assert_eq!((&state["rows"], &state["known"]), (&json!(rows), &json!(0)), "{price}");
        }
        assert_eq!(world.said().await, [], "none of that was a price");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_does_not_want_it_is_left_alone_and_one_that_fails_for_longer_and_longer() {
    for store in stores() {
        let world = World::open(store).await;
        world.other.says("200 OK", "", &list("4.20"));
        world.other.allows("User-agent: *\nDisallow: /list\n");
        world.looks().await;
        assert_eq!((world.trouble().await.as_str(), world.other.heard().len()), ("robots", 1));
        *world.other.robots.lock().unwrap() = answer("503 Busy", "retry-after: 18000\r\n", "");
        world.later(DAY_MS);
        world.looks().await;
        assert_eq!((world.trouble().await.as_str(), world.other.heard().len()), ("robots-unread", 1));
        // It asked for five hours.
        world.later(5 * HOUR_MS - 1);
        assert_eq!(round(&world.shop.server.app).await.unwrap(), 0);
        world.other.allows("User-agent: Soko\nAllow: /list\n\nUser-agent: *\nDisallow: /\n");
        world.later(1);
        world.looks().await;
        assert_eq!(world.trouble().await, "");
        assert_eq!(world.said().await.len(), 1);
        // Failures wait an hour, two, four; a day at most.
        world.other.says("500 Oh", "", "");
        world.later(DAY_MS);
        for hours in [1, 2, 4, 8, 16, 24, 24] {
            world.looks().await;
            let state = world.state().await;
            let due_ms = world.shop.server.app.now_ms() + hours * HOUR_MS;
            assert_eq!(state["due_ms"], json!(due_ms), "{hours} h");
            world.later(hours * HOUR_MS);
        }
        // Nobody makes it look more often than every ten minutes.
        world.looks().await;
        let look = || world.shop.server.post(&feeds(&format!("/{}/look", world.feed)), &json!({}));
        let often = look().bearer(&world.owner().await).send().await;
        often.refused(StatusCode::TOO_MANY_REQUESTS, "looked_lately");
        world.later(10 * 60_000);
        look().bearer(&world.owner().await).send().await.expect(StatusCode::ACCEPTED);
        world.looks().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sites_rules_may_lie_elsewhere_but_only_where_everybody_may_look() {
    for store in stores() {
        let world = World::open(store).await;
        let moved = |to: &str| answer("301 Moved", &format!("location: {to}\r\n"), "");
        for (to, rules, trouble, asked) in [
            ("/rules", "User-agent: *\nDisallow: /list\n", "robots", 2),
            ("http://169.254.169.254/robots.txt", "", "private", 1),
            ("/robots.txt", "", "robots-unread", 6),
        ] {
            *world.other.robots.lock().unwrap() = moved(to);
            world.other.says("200 OK", "", rules);
            world.later(DAY_MS);
            world.looks().await;
            assert_eq!((world.trouble().await.as_str(), world.other.heard().len()), (trouble, asked), "{to}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_owners_name_addresses_and_only_public_ones() {
    for store in stores() {
        let world = World::open(store).await;
        let server = &world.shop.server;
        let asked = |address: &str| json!({"source": "Across", "address": address});
        for address in
            ["https://127.0.0.1/", "http://prices.example/", "ftp://a.example/", "https://u:p@a.example/"]
        {
            let made = server.post(&feeds(""), &asked(address)).bearer(&world.shop.owner).send().await;
            made.refused(StatusCode::BAD_REQUEST, "bad_address");
        }
        let cashier = world.shop.member("cashier@example.org", "cashier").await;
        let made = server.post(&feeds(""), &asked("https://localhost/")).bearer(&cashier).send().await;
        made.refused(StatusCode::FORBIDDEN, "not_allowed");
        for _ in 1..10 {
            let made =
                server.post(&feeds(""), &asked("https://localhost/")).bearer(&world.shop.owner).send().await;
            made.expect(StatusCode::CREATED);
        }
        let made =
            server.post(&feeds(""), &asked("https://localhost/")).bearer(&world.shop.owner).send().await;
        made.refused(StatusCode::CONFLICT, "too_many");

        // Columns without names, as an owner says them.
        world.other.says("200 OK", "", &format!("x,y,z\n{CODE},\"4,20\",\n"));
        let path = feeds(&format!("/{}", world.feed));
        for (body, is_good) in [
            (json!({"fields": ["barcode", "price", "ignore"], "decimal": "comma"}), true),
            (json!({"fields": ["barcode", "price"], "decimal": "dot"}), false),
            (json!({"fields": ["code"], "decimal": "point"}), false),
            (json!({"fields": ["barcode"]}), false),
        ] {
            let put = server.put(&path, &body).bearer(&world.shop.owner).send().await;
            assert_eq!(put.status == StatusCode::OK, is_good, "{body}");
        }
        let mine = |feed: &Value| feed["feed"] == json!(world.feed);
        // The others lead nowhere.
        assert!(round(&server.app).await.unwrap() >= 1);
        let mut left = 4;
        while world.said().await.is_empty() && left > 0 {
            round(&server.app).await.unwrap();
            left -= 1;
        }
        assert_eq!(world.said().await[0].price.as_ref().unwrap().price_minor, 420);
        let listed = server.get(&feeds("")).bearer(&world.shop.owner).send().await.json();
        assert!(listed["feeds"].as_array().unwrap().iter().any(mine));
    }
}

//! Where an order's time goes, as a collector on loopback is told.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use soko_sync_server::metrics::Metrics;
use soko_sync_server::outside::{OsEntropy, SystemClock};
use soko_sync_server::spans::{self, Courier};
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::common::TestStore;
use crate::common::hostile::Speaks;
use crate::common::shop::{STALL, id};
use crate::paying::{ORDER, World};

type Heard = Arc<Mutex<Vec<Value>>>;

async fn take(State(heard): State<Heard>, Json(told): Json<Value>) -> StatusCode {
    heard.lock().unwrap().push(told);
    StatusCode::OK
}

async fn collector() -> (String, Heard) {
    let heard = Heard::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&heard));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, heard)
}

/// Of this thread, on which all of a test's tasks run.
fn watched(url: &str, metrics: &Metrics) -> (tracing::subscriber::DefaultGuard, Courier) {
    let (spans, courier) = spans::open(url, metrics, (Arc::new(SystemClock), Arc::new(OsEntropy))).unwrap();
    let spans = spans.with_filter(tracing_subscriber::filter::filter_fn(spans::is_meant));
    (tracing::subscriber::set_default(tracing_subscriber::registry().with(spans)), courier)
}

/// An order that is paid by card; the identity of the world's only buyer is in none of it.
async fn paid_order() -> World {
    let world = World::open((TestStore::sqlite(), Speaks::Stripe)).await;
    world.order(1, ORDER).send().await.expect(StatusCode::CREATED);
    world.drive().await;
    world
}

fn text<'a>(span: &'a Value, key: &str) -> &'a str {
    span[key].as_str().unwrap()
}

fn said<'a>(span: &'a Value, key: &str) -> &'a str {
    let all = span["attributes"].as_array().unwrap().iter();
    let one = all.into_iter().find(|attribute| attribute["key"] == key);
    one.map_or("", |attribute| attribute["value"]["stringValue"].as_str().unwrap())
}

#[tokio::test]
async fn the_spans_of_an_order_and_its_payment_hang_together() {
    let (url, heard) = collector().await;
    let metrics = Metrics::new();
    let (_guard, mut courier) = watched(&url, &metrics);
    let _world = paid_order().await;
    courier.carry().await;

    let told = heard.lock().unwrap().clone();
    let spans: Vec<&Value> = told
        .iter()
        .flat_map(|message| {
            assert_eq!(
                message["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"],
                "soko-server"
            );
            message["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap()
        })
        .collect();
    let of_order: Vec<&Value> =
        spans.iter().copied().filter(|span| text(span, "traceId") == id(ORDER)).collect();
    let named =
        |name: &str| of_order.iter().copied().filter(|span| text(span, "name") == name).collect::<Vec<_>>();
    let place = named("order.place");
    assert_eq!(place.len(), 1, "{of_order:?}");
    assert_eq!((text(place[0], "parentSpanId"), said(place[0], "answered")), ("", "held"));
    assert_eq!(said(place[0], "stall"), STALL.to_string());
    for (child, parent) in [
        ("order.may_be_paid", "order.place"),
        ("order.commit", "order.place"),
        ("payment.step", "order.place"),
        ("payment.commit", "payment.step"),
        ("payment.call", "payment.step"),
    ] {
        let children = named(child);
        assert!(!children.is_empty(), "no {child} in {of_order:?}");
        let parents: Vec<&str> = named(parent).into_iter().map(|span| text(span, "spanId")).collect();
        for span in children {
            assert!(parents.contains(&text(span, "parentSpanId")), "{child} hangs from no {parent}: {span}");
            let time = |key: &str| text(span, key).parse::<u64>().unwrap();
            assert!(time("startTimeUnixNano") > 0 && time("endTimeUnixNano") >= time("startTimeUnixNano"));
        }
    }
    let call = named("payment.call");
    assert!(
        call.iter().any(|span| said(span, "provider") == "stripe" && !said(span, "answered").is_empty()),
        "{call:?}"
    );
    // Devices' exchanges are traces of their own.
    assert!(spans.iter().any(|span| text(span, "name") == "replicate" && text(span, "traceId") != id(ORDER)));

    let sent = metrics.text().unwrap();
    assert!(
        sent.contains(&format!("soko_spans_sent_total {}", spans.len()))
            && sent.contains("soko_spans_dropped_total 0")
    );
    // Only identities of things, names of calls and what they came to.
    let known = ["order", "stall", "answered", "provider", "call", "author"];
    for span in &spans {
        for attribute in span["attributes"].as_array().unwrap() {
            assert!(known.contains(&attribute["key"].as_str().unwrap()), "{attribute}");
        }
    }
}

#[tokio::test]
async fn a_collector_that_is_gone_costs_spans_and_nothing_else() {
    // Nobody listens there any more.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let metrics = Metrics::new();
    let (guard, mut courier) = watched(&url, &metrics);
    let world = paid_order().await;
    let with_dead = world.standing().await;
    // More than may wait: the rest is dropped at once, and nobody is held up.
    for _ in 0..5_000 {
        drop(tracing::info_span!(target: spans::TARGET, "order.commit"));
    }
    courier.carry().await;
    drop(guard);
    let text = metrics.text().unwrap();
    let dropped = text.lines().find_map(|line| line.strip_prefix("soko_spans_dropped_total ")).unwrap();
    assert!(dropped.parse::<u64>().unwrap() >= 5_000, "{dropped}");
    assert!(text.contains("soko_spans_sent_total 0"));
    let without = paid_order().await;
    assert_eq!(with_dead, without.standing().await);
    assert_eq!(world.provider.books().asked, without.provider.books().asked);
}

//! Where the time of an order goes, as spans for an OpenTelemetry collector: OTLP over HTTP, as JSON. Off unless somebody names one.
//!
//! An order's identity is its trace: whatever is done for it later, by another process or after a restart, is found beside the rest
//! of it without anything being kept for that. Spans carry identities, names of calls and what they came to, as the log
//! does; never a body, a person or an address. They leave in batches, from a task of their own; a collector that is slow or gone
//! costs spans, which are counted, and nobody's time.
//!
//! Written here because the format is small and the crates for it are not: OpenTelemetry's own, with the bridge from
//! `tracing`, are eleven crates and a second queue whose losses cannot be counted.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use serde_json::{Value, json};
use soko_domain::ids::OrderId;
use tokio::sync::{mpsc, watch};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::metrics::Metrics;
use crate::outside::{Clock, Entropy, random};

/// What spans of this file's kind are named by; others are the log's.
pub const TARGET: &str = "soko::spans";
/// Spans that wait for the next batch. What comes on top is dropped.
const WAITING_MAX: usize = 2_048;
/// Spans of one request.
const BATCH_MAX: usize = 256;
const BATCH_EVERY: Duration = Duration::from_secs(2);
/// A collector that takes longer is as good as gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
const NS_PER_MS: i64 = 1_000_000;
/// The field that says whose trace a span belongs to.
const ORDER: &str = "order";
/// Marks the span that everything else of an order hangs from.
const IS_FIRST: &str = "is_first";

/// Whether a span is for the collector, and not for the log.
pub fn is_meant(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target() == TARGET
}

/// What is known of a span while it is open.
struct Open {
    trace: [u8; 16],
    span: [u8; 8],
    parent: Option<[u8; 8]>,
    name: &'static str,
    began_ms: i64,
    began: Instant,
    said: Vec<(&'static str, String)>,
}

/// A span that ended, as the collector reads it.
struct Ended(Value);

/// Gathers spans; a layer beside the log's.
pub struct Spans {
    send: mpsc::Sender<Ended>,
    dropped: Counter,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// Carries them to the collector.
pub struct Courier {
    receive: mpsc::Receiver<Ended>,
    client: reqwest::Client,
    url: String,
    sent: Counter,
    dropped: Counter,
}

/// Both ends, for the collector at this address, to which `/v1/traces` is added.
///
/// # Errors
/// Where no client can be made.
pub fn open(
    endpoint: &str,
    metrics: &Metrics,
    (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>),
) -> Result<(Spans, Courier), String> {
    crate::tls::install();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(SEND_TIMEOUT);
    let client = client.build().map_err(|error| error.to_string())?;
    let (send, receive) = mpsc::channel(WAITING_MAX);
    let (sent, dropped) = (metrics.spans_sent.clone(), metrics.spans_dropped.clone());
    let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    Ok((
        Spans { send, dropped: dropped.clone(), clock, entropy },
        Courier { receive, client, url, sent, dropped },
    ))
}

impl Courier {
    /// Until the server closes; then once more.
    pub async fn follow(mut self, mut closing: watch::Receiver<bool>) {
        let mut every = tokio::time::interval(BATCH_EVERY);
        loop {
            tokio::select! {
                _ = every.tick() => {}
                _ = closing.changed() => {
                    self.carry().await;
                    return;
                }
            }
            self.carry().await;
        }
    }

    /// All that waits now.
    pub async fn carry(&mut self) {
        for _ in 0..WAITING_MAX / BATCH_MAX {
            let mut batch = Vec::new();
            while batch.len() < BATCH_MAX
                && let Ok(Ended(span)) = self.receive.try_recv()
            {
                batch.push(span);
            }
            if batch.is_empty() {
                return;
            }
            let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
            let taken = self.client.post(&self.url).json(&message(batch)).send().await;
            if taken.is_ok_and(|answer| answer.status().is_success()) {
                self.sent.inc_by(spans);
            } else {
                // Not tried again: it would only make what comes later wait.
                self.dropped.inc_by(spans);
            }
        }
    }
}

fn message(spans: Vec<Value>) -> Value {
    json!({"resourceSpans": [{
        "resource": {"attributes": [
            attribute("service.name", "soko-server"),
            attribute("service.version", env!("CARGO_PKG_VERSION")),
        ]},
        "scopeSpans": [{"scope": {"name": "soko"}, "spans": spans}],
    }]})
}

fn attribute(name: &str, value: &str) -> Value {
    json!({"key": name, "value": {"stringValue": value}})
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What everything of an order hangs from: known without looking, wherever it was placed.
fn first_of(trace: [u8; 16]) -> [u8; 8] {
    let end = trace.last_chunk::<8>().copied().unwrap_or_default();
    // Nothing but zeros is no identity.
    if end == [0; 8] { [1; 8] } else { end }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|span| is_meant(span.metadata())) else { return };
        let mut said = Said::default();
        attributes.record(&mut said);
        let within = span
            .parent()
            .and_then(|parent| parent.extensions().get::<Open>().map(|open| (open.trace, open.span)));
        // Without randomness there are no identities, and no span.
        let (Ok(own), Ok(other)) = (random::<8>(self.entropy.as_ref()), random::<16>(self.entropy.as_ref()))
        else {
            return;
        };
        let of_order = said.order().filter(|order| *order != [0; 16]);
        let (trace, own, parent) = match (within, of_order) {
            (Some((trace, parent)), _) => (trace, own, Some(parent)),
            (None, Some(order)) if said.is_first => (order, first_of(order), None),
            (None, Some(order)) => (order, own, Some(first_of(order))),
            (None, None) => (other, own, None),
        };
        let open = Open {
            trace,
            span: own,
            parent,
            name: span.name(),
            began_ms: self.clock.now_ms(),
            began: Instant::now(),
            said: said.said,
        };
        span.extensions_mut().insert(open);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        let Some(open) = extensions.get_mut::<Open>() else { return };
        let mut said = Said::default();
        values.record(&mut said);
        open.said.extend(said.said);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(open) = span.extensions_mut().remove::<Open>() else { return };
        let began_ns = open.began_ms.saturating_mul(NS_PER_MS);
        let took_ns = i64::try_from(open.began.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let said: Vec<Value> = open.said.iter().map(|(name, value)| attribute(name, value)).collect();
        let ended = json!({
            "traceId": hex(&open.trace), "spanId": hex(&open.span),
            "parentSpanId": open.parent.map_or_else(String::new, |parent| hex(&parent)),
            // Internal: nothing here speaks the headers by which traces travel between servers.
            "name": open.name, "kind": 1,
            "startTimeUnixNano": began_ns.to_string(),
            "endTimeUnixNano": began_ns.saturating_add(took_ns).to_string(),
            "attributes": said,
        });
        if self.send.try_send(Ended(ended)).is_err() {
            self.dropped.inc();
        }
    }
}

/// What a span says of itself.
#[derive(Default)]
struct Said {
    said: Vec<(&'static str, String)>,
    is_first: bool,
}

impl Said {
    fn order(&self) -> Option<[u8; 16]> {
        let (_, order) = self.said.iter().find(|(name, _)| *name == ORDER)?;
        OrderId::from_hex(order).map(|order| order.0)
    }
}

impl Visit for Said {
    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == IS_FIRST {
            self.is_first = value;
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.said.push((field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.said.push((field.name(), format!("{value:?}")));
    }
}

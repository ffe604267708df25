//! What the server counts about itself, in the Prometheus text form, and what its store says at a scrape. Labels are
//! closed sets: routes, methods, status codes, kinds; never anybody's identity.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::messages::Round;
use crate::standing::{HEARD_WITHIN, Standing};
use crate::store::GroupReport;

const SECONDS: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];
/// What the server does by itself.
const TASKS: [&str; 6] = ["model", "sweep", "lapse", "rivals", "messages", "payments"];
/// What becomes of an order that arrives.
const ORDER_KINDS: [&str; 4] = ["held", "declined", "refused", "failed"];
/// What a report about a text was.
const REPORT_KINDS: [&str; 6] = ["delivered", "failed", "nothing-new", "unknown", "forged", "unreadable"];
const GROUP_SIZES: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct RequestLabels {
    pub route: String,
    pub method: String,
    pub status: u32,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct TaskLabel {
    task: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct WithinLabel {
    within: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct JobLabels {
    kind: &'static str,
    state: &'static str,
}

/// What the store says of itself when somebody scrapes.
#[derive(Default)]
struct Stands {
    devices: Family<WithinLabel, Gauge<i64>>,
    lag_max: Gauge<i64>,
    stalls: Gauge<i64>,
    frozen: Gauge<i64>,
    holds: Gauge<i64>,
    hold_age: Gauge<i64>,
    changes_waiting: Gauge<i64>,
    records_waiting: Gauge<i64>,
    parked: Gauge<i64>,
    refill: Gauge<i64>,
    incidents: Family<KindLabel, Gauge<i64>>,
    oversells: Gauge<i64>,
    messages_waiting: Gauge<i64>,
    messages_given_up: Gauge<i64>,
    model_age: Gauge<i64>,
    price_age: Gauge<i64>,
    stocked: Gauge<i64>,
    out: Gauge<i64>,
    jobs: Family<JobLabels, Gauge<i64>>,
}

/// All counters. Made once per server, so that many servers can live in one process.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    commits: Counter,
    kept: Counter,
    undone: Counter,
    failed: Counter,
    group_size: Histogram,
    orders: Family<KindLabel, Counter>,
    order_seconds: Histogram,
    stands: Stands,
    store_answers: Gauge<i64>,
    writes_waiting: Gauge<i64>,
    reads_waiting: Gauge<i64>,
    pub limited: Counter,
    pub figures_read: Counter,
    pub replicated_bytes: Counter,
    pub streams: Gauge<i64>,
    pub connections: Gauge<i64>,
    pub connections_refused: Counter,
    pub spans_sent: Counter,
    pub spans_dropped: Counter,
    messages_sent: Counter,
    messages_failed: Counter,
    messages_held: Counter,
    tasks_broken: Family<TaskLabel, Counter>,
    text_reports: Family<KindLabel, Counter>,
}

impl Metrics {
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("soko"),
            requests: Family::default(),
            seconds: Histogram::new(SECONDS),
            commits: Counter::default(),
            kept: Counter::default(),
            undone: Counter::default(),
            failed: Counter::default(),
            group_size: Histogram::new(GROUP_SIZES),
            orders: Family::default(),
            order_seconds: Histogram::new(SECONDS),
            stands: Stands::default(),
            store_answers: Gauge::default(),
            writes_waiting: Gauge::default(),
            reads_waiting: Gauge::default(),
            limited: Counter::default(),
            figures_read: Counter::default(),
            replicated_bytes: Counter::default(),
            streams: Gauge::default(),
            connections: Gauge::default(),
            connections_refused: Counter::default(),
            spans_sent: Counter::default(),
            spans_dropped: Counter::default(),
            messages_sent: Counter::default(),
            messages_failed: Counter::default(),
            messages_held: Counter::default(),
            tasks_broken: Family::default(),
            text_reports: Family::default(),
        };
        // From the beginning, so that the first failure is a step from 0 and not out of nowhere.
        for kind in ORDER_KINDS {
            metrics.orders.get_or_create(&KindLabel { kind }).inc_by(0);
        }
        for task in TASKS {
            metrics.tasks_broken.get_or_create(&TaskLabel { task }).inc_by(0);
        }
        for kind in REPORT_KINDS {
            metrics.text_reports.get_or_create(&KindLabel { kind }).inc_by(0);
        }
        metrics.register();
        metrics
    }

    /// A report about a text came.
    pub fn text_report(&self, kind: &'static str) {
        self.text_reports.get_or_create(&KindLabel { kind }).inc();
    }

    /// One of what the server does by itself broke and begins again.
    pub fn task_broke(&self, task: &'static str) {
        self.tasks_broken.get_or_create(&TaskLabel { task }).inc();
    }

    pub fn request(&self, labels: RequestLabels, seconds: f64) {
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(seconds);
    }

    pub fn group(&self, report: GroupReport) {
        self.commits.inc_by(u64::from(report.commits));
        self.kept.inc_by(u64::from(report.kept));
        self.undone.inc_by(u64::from(report.undone));
        self.failed.inc_by(u64::from(report.failed));
        self.group_size.observe(f64::from(report.kept + report.undone + report.failed));
    }

    pub fn waiting(&self, writes: usize, reads: usize) {
        self.writes_waiting.set(i64::try_from(writes).unwrap_or(i64::MAX));
        self.reads_waiting.set(i64::try_from(reads).unwrap_or(i64::MAX));
    }

    pub fn messages(&self, done: Round) {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        self.messages_sent.inc_by(count(done.sent));
        self.messages_failed.inc_by(count(done.later + done.given_up));
    }

    /// So many messages wait for room within their person's hour.
    pub fn messages_held(&self, held: usize) {
        self.messages_held.inc_by(u64::try_from(held).unwrap_or(u64::MAX));
    }

    /// An order was answered: held, declined for good, refused before it was decided, or not answered at all.
    pub fn order(&self, kind: &'static str, seconds: f64) {
        self.orders.get_or_create(&KindLabel { kind }).inc();
        self.order_seconds.observe(seconds);
    }

    /// None where the store did not answer: what it said last stays.
    pub fn stands(&self, standing: Option<&Standing>) {
        self.store_answers.set(i64::from(standing.is_some()));
        let Some(standing) = standing else { return };
        let stands = &self.stands;
        for ((within, _), devices) in HEARD_WITHIN.iter().zip(standing.devices) {
            stands.devices.get_or_create(&WithinLabel { within }).set(devices);
        }
        stands.lag_max.set(standing.lag_seconds_max);
        stands.stalls.set(standing.stalls);
        stands.frozen.set(standing.stalls_frozen);
        stands.holds.set(standing.holds_open);
        stands.hold_age.set(standing.hold_seconds_max);
        stands.changes_waiting.set(standing.changes_waiting);
        stands.records_waiting.set(standing.records_waiting);
        stands.parked.set(standing.parked);
        stands.refill.set(standing.stalls_to_refill);
        for (kind, count) in &standing.incidents {
            stands.incidents.get_or_create(&KindLabel { kind }).set(*count);
        }
        stands.oversells.set(standing.oversells);
        stands.messages_waiting.set(standing.messages_waiting);
        stands.messages_given_up.set(standing.messages_given_up);
        stands.model_age.set(standing.model_seconds);
        stands.price_age.set(standing.price_seconds);
        stands.stocked.set(standing.products_stocked);
        stands.out.set(standing.products_out);
        for (kind, state, jobs) in &standing.jobs {
            stands.jobs.get_or_create(&JobLabels { kind, state }).set(*jobs);
        }
    }

    /// The text that a scraper reads.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn register(&mut self) {
        self.register_stands();
        let registry = &mut self.registry;
        registry.register("orders", "Orders answered", self.orders.clone());
        registry.register(
            "order_seconds",
            "Time from an order's arrival to its answer",
            self.order_seconds.clone(),
        );
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register("http_request_seconds", "Time until the answer began", self.seconds.clone());
        registry.register("store_commits", "Commits of the store", self.commits.clone());
        registry.register("store_jobs_kept", "Requests that a commit kept", self.kept.clone());
        registry.register("store_jobs_undone", "Requests refused and undone", self.undone.clone());
        registry.register("store_jobs_failed", "Requests that the store failed", self.failed.clone());
        registry.register("store_group_size", "Requests in one commit", self.group_size.clone());
        let help = "1 where the store answered this scrape; 0 where it did not, and what it says is what it said last";
        registry.register("store_answers", help, self.store_answers.clone());
        registry.register("store_writes_waiting", "Requests waiting to write", self.writes_waiting.clone());
        registry.register("store_reads_waiting", "Requests waiting to read", self.reads_waiting.clone());
        registry.register("http_limited", "Requests refused by a rate limit", self.limited.clone());
        registry.register(
            "replicated_bytes",
            "Bytes of pages taken and given",
            self.replicated_bytes.clone(),
        );
        let help = "How often the market's figures were added up, for however many pages";
        registry.register("market_figures_read", help, self.figures_read.clone());
        registry.register("streams", "Change streams open", self.streams.clone());
        registry.register("connections", "Connections open", self.connections.clone());
        registry.register(
            "connections_refused",
            "Connections over the limit",
            self.connections_refused.clone(),
        );
        registry.register("spans_sent", "Spans that the collector took", self.spans_sent.clone());
        let help = "Spans that a collector which was slow or gone did not take";
        registry.register("spans_dropped", help, self.spans_dropped.clone());
        registry.register("messages_sent", "Messages that the mail server took", self.messages_sent.clone());
        registry.register(
            "messages_failed",
            "Tries that the mail server did not take",
            self.messages_failed.clone(),
        );
        let help = "Messages that waited because their person had as many within an hour as one gets";
        registry.register("messages_held", help, self.messages_held.clone());
        let help = "How often something that the server does by itself broke and began again";
        registry.register("tasks_broken", help, self.tasks_broken.clone());
        registry.register(
            "text_reports",
            "Reports about texts, by what they were",
            self.text_reports.clone(),
        );
    }
}

impl Metrics {
    fn register_stands(&mut self) {
        let (registry, stands) = (&mut self.registry, &self.stands);
        registry.register("devices", "Devices by when they were last heard", stands.devices.clone());
        let gauges = [
            (
                "replication_lag_seconds_max",
                "Since when the device that was heard longest ago is silent",
                &stands.lag_max,
            ),
            ("stalls", "Stalls with a profile", &stands.stalls),
            ("stalls_frozen", "Stalls that promise nothing until their devices reported", &stands.frozen),
            ("stalls_to_refill", "Stalls whose tables wait to be filled again", &stands.refill),
            ("holds_open", "Orders that hold units", &stands.holds),
            ("hold_seconds_max", "Since when the oldest of them holds", &stands.hold_age),
            ("changes_waiting", "Edits that wait for what they build on", &stands.changes_waiting),
            (
                "records_waiting",
                "Records that devices had and the server had not, as each said when it was heard last",
                &stands.records_waiting,
            ),
            ("records_parked", "Records that count for nothing, each with its reason", &stands.parked),
            (
                "oversell_incidents",
                "More was promised or sold than there was, and nobody dealt with it",
                &stands.oversells,
            ),
            ("messages_waiting", "Messages to be sent", &stands.messages_waiting),
            ("messages_given_up", "Messages not tried again", &stands.messages_given_up),
            ("model_age_seconds", "Age of the suggestions' model; -1 without one", &stands.model_age),
            (
                "price_age_seconds",
                "Since a price that learns moved last, at the stall where that is longest ago; -1 where none did",
                &stands.price_age,
            ),
            ("products_stocked", "Products that are offered and were ever there", &stands.stocked),
            ("products_out", "Those of them of which nothing is there any more", &stands.out),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        registry.register("jobs", "What the server has to do, by how it stands", stands.jobs.clone());
        registry.register(
            "incidents",
            "What needs a person's eye and nobody dealt with, by kind",
            stands.incidents.clone(),
        );
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

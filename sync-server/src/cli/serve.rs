//! `serve`: open the store, listen, and end in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::cli::settings::Resolved;
use crate::cli::{CliError, payers, say, seal_key, sms};
use crate::egress::Egress;
use crate::guard::limits::Rates;
use crate::http::server::{SocketLimits, serve};
use crate::http::{App, Parts, Settings};
use crate::messages::{self, Carriers, Hooks, Post, Push, PushKey};
use crate::metrics::Metrics;
use crate::model;
use crate::outside::{Clock as _, OsEntropy, SystemClock, random};
use crate::pay::{drive, lapse};
use crate::platform::passwords::{Cost, Passwords};
use crate::platform::{Refusal, server_secret};
use crate::proof;
use crate::rivals;
use crate::rounds;
use crate::sealed::SealKey;
use crate::secret::ServerSecret;
use crate::spans::{self, Courier};
use crate::stall::Core;
use crate::store::{Failed, Place, Shard, Store};
use crate::sweep;
use crate::web::Web;
use crate::worker::pool::REQUEST_TIMEOUT;
use crate::worker::{PoolApplier, WorkerCommand, WorkerPool};

/// Far beyond what anybody tries.
const KEY_CHARS_MIN: usize = 32;
const LAST_SPANS_WAIT_MAX: Duration = Duration::from_secs(2);

pub(super) const EXAMPLES: &str = "EXAMPLES
  soko-server serve
  soko-server serve --data-dir /var/lib/soko --listen 0.0.0.0:7300
  soko-server serve --database-url postgres://soko@db/soko --public-url https://market.example --behind-proxy

Ends in order on SIGTERM and Ctrl-C: requests under way are answered, what is queued is kept.
The interface is described at /docs. TLS is the business of a proxy in front.";

pub(super) fn run(settings: &Resolved) -> Result<(), CliError> {
    let metrics = Arc::new(Metrics::new());
    let courier = start_log(settings, &metrics)?;
    let address: SocketAddr = settings
        .text("listen")
        .parse()
        .map_err(|_| settings.wrong("listen", "an address and port such as 127.0.0.1:7300"))?;
    let post = post(settings)?;
    let place = settings.place();
    let observed = Arc::clone(&metrics);
    let store = Store::open(&place, Arc::new(move |report| observed.group(report)))?;
    let seal = seal_key::open(settings, &store)?;
    let secret = secret(&store, seal.clone())?;
    let core = Arc::new(stall_core(&secret)?);
    let egress = Egress::new(settings.switch("private-targets")?).map_err(CliError::failed)?;
    let sms = sms::sms(settings, &egress)?;
    let http = Settings {
        sends_mail: post.is_some(),
        sends_sms: sms.is_some(),
        texted_receipts_per_day: sms::receipts_per_day(settings)?,
        egress: Some(egress.clone()),
        ..http_settings(settings)?
    };
    let hooks = Some(Hooks::new(egress.clone()));
    let push = if settings.switch("push")? {
        Some(push(&store, seal, (egress, http.public_origin.as_deref()))?)
    } else {
        None
    };
    let http = Settings { push_key: push.as_ref().map(Push::public_key), ..http };
    let origin = http.public_origin.clone().unwrap_or_default();
    let carriers = Carriers { post, push, hooks, sms, origin };
    let refilled = proof::refill(&store, &core, SystemClock.now_ms())?;
    if refilled > 0 {
        tracing::info!(stalls = refilled, "store.refilled");
    }
    let parts = Parts {
        core: Some(core),
        secret,
        store: store.clone(),
        passwords: Passwords::new(Cost::default()).map_err(|fault| CliError::failed(fault.to_string()))?,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        metrics,
        settings: http,
        pay: payers::desk(settings, &store)?,
    };
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::failed(format!("the runtime does not start: {error}")))?;
    let app = App::new(parts);
    app.meet_neighbours(&place)?;
    let courier = courier.map(|courier| runtime.spawn(courier.follow(app.closing())));
    let served = runtime.block_on(listen(app, address, &place, carriers));
    if let Some(courier) = courier {
        // What happened last leaves, too. Nobody waits long for a collector, and its failure is no failure of the server.
        let _ = runtime.block_on(async { tokio::time::timeout(LAST_SPANS_WAIT_MAX, courier).await });
    }
    store.close();
    served
}

/// The rules of stalls, with documents applied in child processes of this program.
pub(super) fn stall_core(secret: &ServerSecret) -> Result<Core, CliError> {
    let program =
        WorkerCommand::own().map_err(|error| CliError::failed(format!("no program file: {error}")))?;
    let applier = PoolApplier::new(Arc::new(WorkerPool::new(program, REQUEST_TIMEOUT)));
    Ok(Core::new(secret.stall_key(), Box::new(move || Box::new(applier.clone()))))
}

async fn listen(app: App, address: SocketAddr, place: &Place, carriers: Carriers) -> Result<(), CliError> {
    let cannot = |error: std::io::Error| CliError::failed(format!("cannot listen on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    // Before anybody is told that the server is there: whoever knows may stop it.
    let stop = StopSignals::listen().map_err(|error| CliError::failed(format!("no signals: {error}")))?;
    let bound = listener.local_addr().map_err(cannot)?;
    warm_market(&app);
    rounds::keep(&app, "model", model::follow);
    rounds::keep(&app, "sweep", sweep::follow);
    rounds::keep(&app, "lapse", lapse::follow);
    rounds::keep(&app, "rivals", rivals::follow);
    if !carriers.offers().is_empty() {
        rounds::keep(&app, "messages", move |app| messages::follow(app, carriers.clone()));
    }
    // Also without any provider: of payments that one had begun who is here no more, somebody has to hear.
    rounds::keep(&app, "payments", drive::follow);
    let kept = match place {
        Place::Directory(path) => format!("data in {}", path.display()),
        Place::Url(_) => "data in PostgreSQL".to_owned(),
    };
    say(&format!("Soko serves on http://{bound} ({kept}). The interface is at http://{bound}/docs."));
    tracing::info!(%bound, at_ms = SystemClock.now_ms(), "server.started");
    serve(app, listener, SocketLimits::default(), stop.asked()).await;
    tracing::info!("server.stopped");
    Ok(())
}

/// The names of the market come into memory now, so that no visitor waits for them.
fn warm_market(app: &App) {
    let (market, store, now_ms) = (app.market(), app.store().clone(), app.now_ms());
    tokio::spawn(async move {
        let warmed = store.read(move |tx| market.warm(tx, now_ms)).await;
        if let Err(failed) = warmed {
            tracing::warn!(?failed, "market.not_warmed");
        }
    });
}

/// Ctrl-C, or what a service manager sends.
struct StopSignals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl StopSignals {
    /// From now on these signals are heard, and no longer end the process by themselves.
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt })
    }

    #[cfg(not(unix))]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn asked(self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Who takes our mail, if anybody does.
pub(super) fn post(settings: &Resolved) -> Result<Option<Post>, CliError> {
    let Some(server) = settings.optional("mail-server") else { return Ok(None) };
    if settings.optional("public-url").is_none() {
        return Err(CliError::usage("mail needs --public-url: messages hold links to it"));
    }
    let from = settings.optional("mail-from");
    let from = from.ok_or_else(|| CliError::usage("mail needs --mail-from: say whom it comes from"))?;
    let post = Post::new(&server, &from).and_then(|post| match settings.optional("mail-bounces-to") {
        Some(address) => post.reporting_to(&address),
        None => Ok(post),
    });
    post.map(Some).map_err(|bad| CliError::usage(bad.to_string()))
}

/// Who we are to push services, and the way there.
fn push(
    store: &Store,
    seal: Option<SealKey>,
    (egress, origin): (Egress, Option<&str>),
) -> Result<Push, CliError> {
    let fresh = PushKey::fresh().map_err(CliError::failed)?;
    let shard = Shard::stall(soko_domain::ids::LogId::default());
    let kept = store.write_blocking(shard, move |tx| messages::ensure_push_key(tx, seal.as_ref(), &fresh));
    let kept = kept.map_err(soko_record_log::StoreError::from)?;
    let key = PushKey::read(&kept).map_err(CliError::failed)?;
    // Push services want an address of whoever runs a server; one without a public address has none.
    let origin = origin.filter(|origin| origin.starts_with("https://"));
    Ok(Push::new(key, egress, Arc::new(OsEntropy), origin.unwrap_or("https://soko.invalid")))
}

fn http_settings(settings: &Resolved) -> Result<Settings, CliError> {
    let public_origin = settings.optional("public-url").map(|url| url.trim_end_matches('/').to_owned());
    let is_origin = |url: &str| {
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        host.is_some_and(|host| !host.is_empty() && !host.contains('/'))
    };
    if public_origin.as_deref().is_some_and(|url| !is_origin(url)) {
        return Err(settings.wrong("public-url", "scheme and host, such as https://market.example"));
    }
    Ok(Settings {
        operator_key: key(settings, "operator-key")?,
        bounce_key: key(settings, "bounce-key")?,
        text_reports: sms::reports(settings, key(settings, "sms-report-key")?)?,
        messages_per_hour: messages_per_hour(settings)?,
        public_origin,
        behind_proxy: settings.switch("behind-proxy")?,
        rates: settings.switch("limits")?.then(Rates::default),
        open_metrics: settings.switch("open-metrics")?,
        web: settings.optional("web-dir").map_or(Web::Embedded, |folder| Web::Folder(folder.into())),
        ..Settings::default()
    })
}

fn messages_per_hour(settings: &Resolved) -> Result<usize, CliError> {
    const NAME: &str = "messages-per-hour";
    let number = settings.text(NAME).parse().ok().filter(|number| *number >= 1);
    number.ok_or_else(|| settings.wrong(NAME, "a whole number, at least 1"))
}

/// A key that nobody guesses, if there is one.
fn key(settings: &Resolved, name: &str) -> Result<Option<String>, CliError> {
    let key = settings.optional(name);
    if key.as_ref().is_some_and(|key| key.chars().count() < KEY_CHARS_MIN) {
        // Never what it is.
        return Err(CliError::usage(format!(
            "{name} is too short: choose at least {KEY_CHARS_MIN} characters, such as `openssl rand -hex 32`"
        )));
    }
    Ok(key)
}

pub(super) fn secret(store: &Store, seal: Option<SealKey>) -> Result<ServerSecret, CliError> {
    let fresh = random(&OsEntropy).map_err(|error| CliError::failed(error.to_string()))?;
    let shard = Shard::stall(soko_domain::ids::LogId::default());
    let kept = store
        .write_blocking(shard, move |tx| Ok::<_, Refusal>(server_secret::ensure(tx, seal.as_ref(), fresh)?));
    kept.map_err(|failed| match failed {
        Failed::Refused(refusal) => CliError::failed(refusal.to_string()),
        Failed::NoAnswer(none) => CliError::failed(none.to_string()),
    })
}

/// Identities only: no bodies, no addresses of people, no tokens. With a collector spans go there, and who carries them is the answer.
fn start_log(settings: &Resolved, metrics: &Metrics) -> Result<Option<Courier>, CliError> {
    let filter = EnvFilter::try_new(settings.text("log"))
        .map_err(|_| settings.wrong("log", "a filter such as info or soko_sync_server=debug"))?;
    let log = fmt::layer().with_writer(std::io::stderr);
    let log = match settings.text("log-format") {
        "json" => log.json().boxed(),
        "text" => log.with_ansi(false).boxed(),
        _ => return Err(settings.wrong("log-format", "text or json")),
    };
    let log = log.with_filter(filter.and(filter_fn(|metadata| !spans::is_meant(metadata))));
    let (spans, courier) = match settings.optional("traces") {
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
            let opened = spans::open(&url, metrics, (Arc::new(SystemClock), Arc::new(OsEntropy)));
            let (spans, courier) = opened.map_err(CliError::failed)?;
            (Some(spans.with_filter(filter_fn(spans::is_meant))), Some(courier))
        }
        Some(_) => return Err(settings.wrong("traces", "an address such as http://127.0.0.1:4318")),
        None => (None, None),
    };
    let started = tracing_subscriber::registry().with(log).with(spans).try_init();
    started.map_err(|error| CliError::failed(format!("the log does not start: {error}")))?;
    Ok(courier)
}

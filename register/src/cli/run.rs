//! Does one command on an open register.

use serde_json::{Value, json};
use soko_app_api::{Query, StallContent, Verb, View, Window};
use soko_device::{Exchange, Server, Summary, Ticket};
use soko_domain::ids::LogId;
use soko_domain::role::Role;
use soko_domain::wire::Wire as _;
use soko_engine::Join;
use soko_projection::read::shares_of;
use soko_record_log::{StoreError, log};
use soko_replication::{Timing, heads_digest};
use tokio::runtime::Runtime;

use super::arguments::{CreateStall, Enrol, Invite, Person, Renew, Replicate, RoleWord, What};
use super::verbs::{Desk, given, value};
use super::{Cli, meetings, script};
use crate::home::{Home, random_id};
use crate::outcome::{Outcome, Undone};

/// Incidents and parked records that are shown.
const SHOWN_ROWS: u32 = 100;

pub(super) fn run(cli: Cli) -> Outcome {
    let defaults = Timing::default();
    let timing = Timing {
        reply_ms: cli.reply_ms,
        retry_first_ms: cli.retry_ms,
        retry_max_ms: defaults.retry_max_ms.min(cli.retry_ms.saturating_mul(64)).max(cli.retry_ms),
        ..defaults
    };
    let home = Home::open(&cli.data_dir, timing)?;
    home.device().warnings().iter().for_each(|said| script::complain(&said.sentence));
    let ended = if let What::RunScript { file } = &cli.what {
        script::run(&home, file)
    } else {
        one(&home, cli.stall, &cli.what)
    };
    let closed = home.close();
    let answer = ended?;
    closed.map(|()| answer)
}

/// One command, which is not a script.
#[expect(clippy::wildcard_enum_match_arm, reason = "the commands that need a stall follow in full")]
pub(super) fn one(home: &Home, stall: Option<LogId>, what: &What) -> Outcome {
    match what {
        What::CreateStall(create) => return create_stall(home, create),
        What::Enrol(enrolling) => return online(enrol(home, stall, enrolling)),
        What::RunScript { .. } => return Err(Undone::usage("a script cannot run a script")),
        _ => {}
    }
    let stall = home.stall(stall)?;
    let mut desk = Desk { home, stall };
    match what {
        What::Product(what) => desk.products(what),
        What::Stock { product } => {
            let product = desk.product(product)?;
            desk.query(&Query::Stock { stall, product })
        }
        What::Shift(what) => desk.shift(what),
        What::Sell(sell) => desk.sell(sell),
        What::Void(void) => {
            desk.command(given(void.id), Verb::VoidSale { sale: void.sale, reason: void.reason.clone() })
        }
        What::Refund(refund) => desk.refund(refund),
        What::Receive(receive) => desk.receive(&receive.lines, &receive.note, receive.id),
        What::OpenCount(open) => desk.open_count(&open.product, open.id),
        What::DropCount(what) => desk.command(given(what.id), Verb::DropCount { count: what.count }),
        What::Count(count) => desk.count(count),
        What::Share(what) => desk.share(what),
        What::Revoke(revoke) => {
            let verb = Verb::RevokeDevice { author: revoke.device, reason: revoke.reason.clone() };
            desk.command(given(revoke.id), verb)
        }
        What::Sale(what) => desk.sales(what),
        What::Order(what) => desk.orders(what),
        What::Devices => desk.query(&Query::Devices(stall)),
        What::Incidents => incidents(&mut desk),
        What::Answer { ask } => desk.query(&Query::Ask { stall, ask: *ask }),
        What::ConfirmDevices(id) => desk.command(given(*id), Verb::ConfirmDevices),
        What::Status => status(desk.home, stall),
        What::Verify => verify(desk.home, stall),
        What::Replicate(how) => online(replicate(desk.home, stall, how)),
        What::Meet(how) => online(meetings::meet(desk.home, stall, how)),
        What::Invite(inviting) => online(invite(desk.home, stall, inviting)),
        What::Renew(renewing) => online(renew(desk.home, stall, renewing)),
        What::CreateStall(_) | What::Enrol(_) | What::RunScript { .. } => {
            Err(Undone::usage("this command stands alone"))
        }
    }
}

/// Runs what needs the network. Everything else works without a runtime.
fn online(work: impl Future<Output = Outcome>) -> Outcome {
    runtime()?.block_on(work)
}

fn runtime() -> Result<Runtime, Undone> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Undone::failed(format!("the runtime does not start: {error}")))
}

fn create_stall(home: &Home, create: &CreateStall) -> Outcome {
    let stall = LogId(random_id().0);
    let name = create.register.clone();
    home.engine()?.join(Join { stall, name, role: Role::Owner, server_keys: Vec::new() })?;
    let content = StallContent {
        name: create.name.clone(),
        currency: create.currency.clone(),
        zone: create.zone.clone(),
        cut_off_minutes: create.cut_off,
    };
    Desk { home, stall }.command(random_id(), Verb::CreateStall(content))?;
    Ok(json!({"stall": stall.to_string(), "author": home.author(stall)?.to_string()}))
}

async fn enrol(home: &Home, stall: Option<LogId>, enrol: &Enrol) -> Outcome {
    let server = home.device().server_at(&enrol.server)?;
    let stall = match stall {
        Some(stall) => stall,
        None => home.stall(None)?,
    };
    let founded_here = home.engine()?.stalls().contains(&stall);
    let session = sign_in(&server, &enrol.person).await?;
    let role = if founded_here && is_owner(home, stall)? { RoleWord::Owner } else { enrol.role };
    if !founded_here {
        let name = enrol.register.clone();
        home.engine()?.join(Join { stall, name, role: role.into(), server_keys: Vec::new() })?;
    }
    if let (RoleWord::Owner, Some(session)) = (role, &session) {
        let introduction = home.engine()?.introduction(stall)?.to_bytes();
        server.claim(session, &introduction).await?;
    }
    let ticket = ticket(&enrol.person, session, role)?;
    home.device().enrol(&server, stall, (&enrol.register, &ticket)).await?;
    Ok(json!({"stall": stall.to_string(), "author": home.author(stall)?.to_string()}))
}

fn is_owner(home: &Home, stall: LogId) -> Result<bool, Undone> {
    let view = home.ask(&Query::Status(stall))?;
    Ok(matches!(view, View::Status(status) if status.role == Role::Owner))
}

/// A session of the person who was named; nothing when a code was.
async fn sign_in(server: &Server, person: &Person) -> Result<Option<String>, Undone> {
    let (Some(email), Some(password)) = (&person.email, &person.password) else { return Ok(None) };
    if person.new_account {
        server.create_account(email, password).await?;
    }
    Ok(Some(server.sign_in(email, password).await?))
}

fn ticket(person: &Person, session: Option<String>, role: RoleWord) -> Result<Ticket, Undone> {
    match (&person.code, session) {
        (Some(code), _) => Ok(Ticket::Code(code.clone())),
        (None, Some(session)) => Ok(Ticket::Person { session, role: role.word().to_owned() }),
        (None, None) => {
            Err(Undone::usage("say who lets this register in: --code, or --email and --password"))
        }
    }
}

async fn invite(home: &Home, stall: LogId, invite: &Invite) -> Outcome {
    let server = match &invite.server {
        Some(server) => server.clone(),
        None => linked(home, stall)?,
    };
    let server = home.device().server_at(&server)?;
    let session = server.sign_in(&invite.email, &invite.password).await?;
    let code = server.invite(&session, stall, invite.role.word()).await?;
    Ok(json!({"code": code.code, "expires_ms": code.expires_ms, "stall": stall.to_string()}))
}

/// The server that a stall is linked to; empty if there is none.
fn linked(home: &Home, stall: LogId) -> Result<String, Undone> {
    Ok(home.device().link(stall)?.map(|link| link.server).unwrap_or_default())
}

async fn renew(home: &Home, stall: LogId, renew: &Renew) -> Outcome {
    let (old, server) = (home.author(stall)?, linked(home, stall)?);
    // A person who repeats this after a lost reply must not become one author more.
    let frozen = home.engine()?.frozen(stall);
    if frozen.is_some() {
        home.engine()?.renew(stall)?;
    }
    let server = renew.server.clone().unwrap_or(server);
    let wants_server = renew.person.code.is_some() || renew.person.email.is_some();
    if wants_server {
        let server = home.device().server_at(&server)?;
        let session = sign_in(&server, &renew.person).await?;
        let ticket = ticket(&renew.person, session, renew.role)?;
        home.device().enrol(&server, stall, ("renewed till", &ticket)).await?;
    }
    let author = home.author(stall)?;
    let was_frozen = frozen.map(|why| why.sentence());
    Ok(json!({"author": author.to_string(), "replaces": old.to_string(), "was_frozen": was_frozen}))
}

async fn replicate(home: &Home, stall: LogId, how: &Replicate) -> Outcome {
    let mut exchange = Exchange::new(home.device(), stall)?;
    if !how.watch {
        exchange.until_quiet(how.failures).await?;
        return Ok(summary_json(&exchange.summary));
    }
    let ended = tokio::select! {
        ended = exchange.follow(|summary| script::say(&summary_json(summary).to_string())) => ended,
        heard = tokio::signal::ctrl_c() => match heard {
            Ok(()) => Ok(()),
            // Without a way to hear Ctrl-C, it still ends the process.
            Err(_) => std::future::pending().await,
        },
    };
    ended?;
    Ok(summary_json(&exchange.summary))
}

fn summary_json(summary: &Summary) -> Value {
    json!({
        "pages": summary.pages, "records": summary.records, "bytes_out": summary.bytes_out,
        "bytes_in": summary.bytes_in, "failures": summary.failures, "refused": summary.refused,
        "state_differed": summary.state_differed, "server_restored": summary.server_restored,
    })
}

fn incidents(desk: &mut Desk<'_>) -> Outcome {
    let (stall, window) = (desk.stall, Window::first(SHOWN_ROWS));
    let incidents = desk.query(&Query::Incidents { stall, window })?;
    let parked = desk.query(&Query::Parked { stall, window })?;
    Ok(json!({"incidents": incidents["incidents"], "parked": parked["parked"]}))
}

/// How the register stands, and what proves that it holds the same as others.
fn status(home: &Home, stall: LogId) -> Outcome {
    let View::Status(found) = home.ask(&Query::Status(stall))? else {
        return Err(Undone::failed("the register does not know how it stands: run verify"));
    };
    let mut shown = value(&found)?;
    let author = home.author(stall)?;
    let mut engine = home.engine()?;
    let heads = engine.database().read::<_, StoreError>(|tx| log::heads(tx, stall))?;
    let by_author: serde_json::Map<String, Value> =
        heads.iter().map(|(author, head)| (author.to_string(), json!(head.seq))).collect();
    shown["stall"] = json!(stall.to_string());
    shown["heads_digest"] = json!(heads_digest(stall, &heads).to_string());
    shown["state_digest"] = json!(engine.state_digest(stall)?.to_string());
    shown["heads"] = Value::Object(by_author);
    let shares = engine.database().read::<_, StoreError>(|tx| shares_of(tx, stall, author))?;
    let shares = shares.iter().map(|(product, quantity)| (product.to_string(), json!(quantity)));
    shown["shares"] = Value::Object(shares.collect());
    Ok(shown)
}

fn verify(home: &Home, stall: LogId) -> Outcome {
    let check = home.engine()?.verify(stall)?;
    let shown = json!({
        "stall": stall.to_string(), "records": check.records, "problems": check.problems,
        "digest": check.digest.to_string(), "rebuilt": check.rebuilt.to_string(),
    });
    if check.is_sound() { Ok(shown) } else { Err(Undone::failed(format!("not sound: {shown}"))) }
}

impl RoleWord {
    fn word(self) -> &'static str {
        Role::from(self).name()
    }
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Owner => Self::Owner,
            RoleWord::Manager => Self::Manager,
            RoleWord::Cashier => Self::Cashier,
        }
    }
}

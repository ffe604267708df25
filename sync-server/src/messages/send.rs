//! Follows what happens, makes messages of it and takes them to mail servers, push services, providers of texts and addresses of
//! programs, for as long as the server runs. Programs have a lane of their own: an address that hangs keeps no person waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use soko_domain::ids::{LogId, ThingId};
use soko_record_log::{StoreError, Tx};

use super::channel::{Channel, Offers};
use super::delivery::Delivery;
use super::hooks::{self, Fared, Hooks};
use super::hourly::{self, Hour};
use super::letter::{self, Load, Sender};
use super::mailbox::Failure;
use super::outbox::{self, BEGINS_WITHIN_MS, CLAIM_MAX, Message, State};
use super::post::Post;
use super::push::Push;
use super::sms::Sms;
use super::topic::Topic;
use super::{bounced, causes, mailbox, push, quiet, watched};
use crate::http::App;
use crate::store::Shard;

/// Letters on their way at once.
const AT_ONCE: usize = 4;
/// Requests to programs on their way at once, no more than a few of them to one address.
const HOOKS_AT_ONCE: usize = 16;
/// How long to wait with nothing heard: for what other processes did, and what is due again.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// After something was heard, so that a burst is one look.
const GATHER: Duration = Duration::from_millis(200);
const NO_STORE: Duration = Duration::from_secs(5);
const DAY_MS: i64 = 24 * 3_600_000;
/// Why a text did not leave that would have been one too many.
const ENOUGH_TEXTS: &str = "as many texts as one person gets left within a day";

/// What one round did.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Round {
    pub made: usize,
    pub sent: usize,
    /// To be tried again.
    pub later: usize,
    pub given_up: usize,
    pub dropped: usize,
    /// To wait for room within somebody's hour, for the first time.
    pub held: usize,
}

/// Who takes messages along, each in its own way. Cheap to clone.
#[derive(Clone)]
pub struct Carriers {
    pub post: Option<Post>,
    pub push: Option<Push>,
    pub hooks: Option<Hooks>,
    pub sms: Option<Sms>,
    /// Scheme and host under which people reach this server, for links.
    pub origin: String,
}

impl Carriers {
    pub fn offers(&self) -> Offers {
        let (mail, push) = (self.post.is_some(), self.push.is_some());
        Offers { mail, push, hooks: self.hooks.is_some(), sms: self.sms.is_some() }
    }

    async fn take(&self, load: &Load, now_ms: i64) -> Delivery {
        match (load, self) {
            (Load::Mail(letter), Self { post: Some(post), .. }) => post.send(letter).await,
            (Load::Push(parcel), Self { push: Some(push), .. }) => push.send(parcel, now_ms).await,
            (Load::Hook(notice), Self { hooks: Some(hooks), .. }) => hooks.send(notice, now_ms).await,
            (Load::Sms(text), Self { sms: Some(sms), .. }) => sms.send(text).await,
            (Load::Mail(_) | Load::Push(_) | Load::Hook(_) | Load::Sms(_), _) => {
                Delivery::later("there is no way for it".to_owned())
            }
        }
    }
}

/// What waits for each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lane {
    People,
    Programs,
}

impl Lane {
    fn at_once(self) -> usize {
        match self {
            Self::People => AT_ONCE,
            Self::Programs => HOOKS_AT_ONCE,
        }
    }
}

/// A message that was taken along, and what became of it.
struct Done {
    message: Message,
    tries: usize,
    delivery: Delivery,
}

/// What became of all that was taken along together.
struct Tried {
    at_ms: i64,
    sent: Vec<Done>,
    /// Each with its tries: its turn did not come as long as its lease was sure to outlast it.
    put_back: Vec<(ThingId, usize)>,
}

/// One look at everything that happened and everything that is due.
///
/// # Errors
/// Where the store fails; the next round goes on from there.
pub async fn round(app: &App, carriers: &Carriers) -> Result<Round, StoreError> {
    let mut round = round_from(app, carriers, &mut Seen::new()).await?;
    deliver(app, carriers, Lane::Programs, &mut round).await?;
    Ok(round)
}

/// How far each stall's log was looked through without anything to tell. It is in memory only: whoever starts looks again.
type Seen = BTreeMap<LogId, i64>;

async fn round_from(app: &App, carriers: &Carriers, seen: &mut Seen) -> Result<Round, StoreError> {
    let mut round = Round { made: tell_news(app, carriers.offers(), seen).await?, ..Round::default() };
    deliver(app, carriers, Lane::People, &mut round).await?;
    Ok(round)
}

/// Takes along everything that is due in a lane.
async fn deliver(app: &App, carriers: &Carriers, lane: Lane, round: &mut Round) -> Result<(), StoreError> {
    loop {
        let claimed = claim(app, carriers, lane, round).await?;
        let mut is_last = claimed.is_last;
        if !claimed.loads.is_empty() {
            let at_ms = claimed.at_ms;
            let tried = iter(claimed.loads).map(|(message, tries, load)| async move {
                let now_ms = app.now_ms();
                if now_ms > at_ms + BEGINS_WITHIN_MS {
                    return Err((message.message, tries));
                }
                let delivery = named(app, message.message, carriers.take(&load, now_ms).await).await;
                Ok(Done { message, tries, delivery })
            });
            let tried: Vec<_> = tried.buffer_unordered(lane.at_once()).collect().await;
            let mut all = Tried { at_ms, sent: Vec::new(), put_back: Vec::new() };
            for one in tried {
                match one {
                    Ok(done) => all.sent.push(done),
                    Err(late) => all.put_back.push(late),
                }
            }
            is_last &= all.put_back.is_empty();
            settle(app, carriers.offers(), all, round).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Makes messages of what the stalls' records say.
async fn tell_news(app: &App, offers: Offers, seen: &mut Seen) -> Result<usize, StoreError> {
    let (store, now_ms) = (app.store(), app.now_ms());
    let mut made = 0;
    for (stall, position) in store.read(|tx| causes::behind(tx)).await? {
        if seen.insert(stall, position) == Some(position) {
            continue;
        }
        made += tell_of(app, stall, (offers, now_ms)).await?;
    }
    for stall in store.read(move |tx| watched::owing(tx, now_ms)).await? {
        made += tell_of(app, stall, (offers, now_ms)).await?;
        made += tell_people(app, stall, (offers, now_ms)).await?;
    }
    Ok(made)
}

/// Makes messages of what one stall's records and tables say.
async fn tell_of(app: &App, stall: LogId, (offers, now_ms): (Offers, i64)) -> Result<usize, StoreError> {
    let (store, mut made) = (app.store(), 0);
    loop {
        let found = store.read(move |tx| {
            let matters = causes::stretch(tx, stall, now_ms)?.matters();
            Ok::<_, StoreError>(matters || watched::has_news(tx, stall, now_ms)?)
        });
        if !found.await? {
            return Ok(made);
        }
        // What was found is found again in the transaction that notes it: another process may have been there.
        let told = store.write(Shard::stall(stall), move |tx| {
            let stretch = causes::stretch(tx, stall, now_ms)?;
            let made = causes::tell(tx, stall, &stretch, (offers, now_ms))?
                + watched::tell(tx, stall, (offers, now_ms))?;
            Ok::<_, StoreError>((made, stretch.is_full))
        });
        let (told, is_full) = told.await?;
        made += told;
        if !is_full {
            return Ok(made);
        }
    }
}

/// Tells everybody who likes something at a stall, a portion at a time.
async fn tell_people(app: &App, stall: LogId, told: (Offers, i64)) -> Result<usize, StoreError> {
    let mut made = 0;
    loop {
        let portion =
            app.store().write(Shard::stall(stall), move |tx| watched::tell_portion(tx, stall, told)).await?;
        made += portion.made;
        if portion.is_last {
            return Ok(made);
        }
    }
}

/// What one transaction takes along.
struct Claimed {
    /// When its lease began.
    at_ms: i64,
    loads: Vec<(Message, usize, Load)>,
    /// Nothing more is due.
    is_last: bool,
}

/// Takes along what is due, and writes the letters. What would ring in somebody's quiet hours waits for their end.
async fn claim(app: &App, carriers: &Carriers, lane: Lane, round: &mut Round) -> Result<Claimed, StoreError> {
    let (secret, now_ms, origin) = (app.secret(), app.now_ms(), carriers.origin.clone());
    let (offers, most) = (carriers.offers(), app.settings().messages_per_hour);
    // All messages are one queue.
    let claimed = app.store().write(Shard::stall(LogId::default()), move |tx| {
        let sender = Sender { secret: &secret, origin: &origin };
        let (mut loads, mut done) = (Vec::new(), Round::default());
        let mut hour = Hour::new(most, now_ms);
        let (claimed, is_last) = match lane {
            Lane::People => {
                let claimed = outbox::claim(tx, offers, now_ms)?;
                let is_last = claimed.len() < CLAIM_MAX;
                (claimed, is_last)
            }
            Lane::Programs => {
                // A few for each address: there may be more.
                let claimed = if offers.hooks { hooks::claim(tx, now_ms)? } else { Vec::new() };
                let is_last = claimed.is_empty();
                (claimed, is_last)
            }
        };
        for (message, tries) in claimed {
            if let Some(until_ms) = held_until(tx, &message, now_ms)? {
                outbox::hold(tx, message.message, until_ms)?;
                continue;
            }
            if is_one_text_too_many(tx, &message, now_ms)? {
                outbox::end(tx, message.message, (State::GivenUp, ENOUGH_TEXTS), now_ms)?;
                done.given_up += 1;
                continue;
            }
            if let Some(until_ms) = hour.full_until(tx, &message)? {
                let held = (until_ms, hourly::WAITS_FOR_ROOM);
                done.held += usize::from(outbox::hold_for_room(tx, message.message, held)?);
                continue;
            }
            match letter::write(tx, &sender, (&message, now_ms))? {
                Some(load) => loads.push((message, tries, load)),
                None => {
                    outbox::end(tx, message.message, (State::Dropped, letter::UNWANTED), now_ms)?;
                    done.dropped += 1;
                }
            }
        }
        Ok::<_, StoreError>((Claimed { at_ms: now_ms, loads, is_last }, done))
    });
    let (claimed, done) = claimed.await?;
    round.dropped += done.dropped;
    round.given_up += done.given_up;
    round.held += done.held;
    app.metrics().messages_held(done.held);
    Ok(claimed)
}

fn is_one_text_too_many(tx: &mut dyn Tx, message: &Message, now_ms: i64) -> Result<bool, StoreError> {
    // A register is no person: what its stall may have texted was counted when it asked.
    if message.topic == Topic::Receipt {
        return Ok(false);
    }
    Ok(message.channel == Channel::Sms && outbox::has_enough_texts(tx, message.account, now_ms - DAY_MS)?)
}

/// Until when a message has to wait so as not to wake anybody.
fn held_until(tx: &mut dyn Tx, message: &Message, now_ms: i64) -> Result<Option<i64>, StoreError> {
    if !message.channel.rings() || message.topic.is_awaited() {
        return Ok(None);
    }
    let quiet = quiet::of(tx, message.account)?;
    let passes = quiet.lets_urgent && message.topic.is_urgent();
    Ok(quiet.ends_ms(now_ms).filter(|_| !passes))
}

/// At once, and not with all that left together: a provider may report before those are through.
/// Keeps at once how whoever took it calls it: a report may come sooner than the others are through. It left in any case, and so did
/// what was taken along with it: where the name cannot be kept, only the reports about it find nothing.
async fn named(app: &App, message: ThingId, delivery: Delivery) -> Delivery {
    let Delivery::TakenAs(name) = &delivery else { return delivery };
    match keep_name(app, (message, name.clone())).await {
        Ok(()) => delivery,
        Err(failed) => {
            tracing::error!(?failed, %message, "messages.name_not_kept");
            Delivery::Taken
        }
    }
}

async fn keep_name(app: &App, (message, name): (ThingId, String)) -> Result<(), StoreError> {
    let now_ms = app.now_ms();
    let keep = move |tx: &mut dyn Tx| outbox::sent_as(tx, (message, &name), now_ms);
    Ok(app.store().write(Shard::stall(LogId::default()), keep).await?)
}

async fn settle(app: &App, offers: Offers, tried: Tried, round: &mut Round) -> Result<(), StoreError> {
    let now_ms = app.now_ms();
    let settled = app.store().write(Shard::stall(LogId::default()), move |tx| {
        let mut done = Round::default();
        let Tried { at_ms, sent, put_back } = &tried;
        for one in sent {
            note(tx, one, &mut done, now_ms)?;
        }
        for one in put_back {
            outbox::put_back(tx, *one, (*at_ms, now_ms))?;
        }
        note_mailboxes(tx, sent, (offers, now_ms))?;
        note_hooks(tx, sent, (offers, now_ms))?;
        outbox::sweep(tx, now_ms)?;
        Ok::<_, StoreError>(done)
    });
    let done = settled.await?;
    round.sent += done.sent;
    round.later += done.later;
    round.given_up += done.given_up;
    app.metrics().messages(done);
    Ok(())
}

/// Notes what became of one message.
fn note(tx: &mut dyn Tx, one: &Done, round: &mut Round, now_ms: i64) -> Result<(), StoreError> {
    let message = one.message.message;
    match &one.delivery {
        // Noted before: a report about it may have come since.
        Delivery::TakenAs(_) => {
            round.sent += 1;
            Ok(())
        }
        Delivery::Taken => {
            round.sent += 1;
            outbox::end(tx, message, (State::Sent, ""), now_ms)
        }
        Delivery::Refused(because) => {
            round.given_up += 1;
            outbox::end(tx, message, (State::GivenUp, because), now_ms)
        }
        Delivery::Gone(because) => {
            round.given_up += 1;
            if let (Channel::Push, Some(target)) = (one.message.channel, one.message.target) {
                push::end(tx, target, None)?;
            }
            outbox::end(tx, message, (State::GivenUp, because), now_ms)
        }
        Delivery::Later { because, after_ms } => {
            match outbox::failed(tx, message, (one.tries, because), (*after_ms, now_ms))? {
                State::GivenUp => round.given_up += 1,
                State::Waiting | State::Sent | State::Dropped | State::Discarded | State::Delivered => {
                    round.later += 1
                }
            }
            Ok(())
        }
    }
}

/// Notes which mailboxes took what was sent to them, and which there are not.
fn note_mailboxes(tx: &mut dyn Tx, sent: &[Done], (offers, now_ms): (Offers, i64)) -> Result<(), StoreError> {
    let to_accounts =
        sent.iter().filter(|one| one.message.channel == Channel::Mail && !one.message.topic.is_elsewhere());
    for one in to_accounts {
        match &one.delivery {
            Delivery::Taken | Delivery::TakenAs(_) => mailbox::took(tx, one.message.account)?,
            Delivery::Gone(reason) => {
                let failure = Failure { is_final: true, by_report: false, reason };
                bounced::came_back(tx, one.message.account, (failure, offers, now_ms))?;
            }
            Delivery::Refused(_) | Delivery::Later { .. } => {}
        }
    }
    Ok(())
}

/// Notes how each address fares that something was brought to: one word for all that was tried at once.
fn note_hooks(tx: &mut dyn Tx, sent: &[Done], (offers, now_ms): (Offers, i64)) -> Result<(), StoreError> {
    let of_hooks = || sent.iter().filter(|one| one.message.channel == Channel::Hook);
    let hooks: BTreeSet<ThingId> = of_hooks().filter_map(|one| one.message.target).collect();
    for hook in hooks {
        let (mut fared, mut why) = (Fared::Badly, "");
        for one in of_hooks().filter(|one| one.message.target == Some(hook)) {
            match &one.delivery {
                Delivery::Taken | Delivery::TakenAs(_) if matches!(fared, Fared::Badly) => {
                    fared = Fared::Well;
                }
                Delivery::Taken | Delivery::TakenAs(_) => {}
                Delivery::Gone(because) => (fared, why) = (Fared::Gone, because),
                Delivery::Refused(because) | Delivery::Later { because, .. } => {
                    why = if why.is_empty() { because } else { why };
                }
            }
        }
        hooks::fared(tx, hook, (&fared, why), (offers, now_ms))?;
    }
    Ok(())
}

/// Until the server ends.
pub async fn follow(app: App, carriers: Carriers) {
    tokio::join!(follow_lane(&app, &carriers, Lane::People), follow_lane(&app, &carriers, Lane::Programs));
}

/// One round of a lane. Whatever people's records say is told to programs, too.
async fn lane_round(
    app: &App,
    carriers: &Carriers,
    (lane, seen): (Lane, &mut Seen),
) -> Result<Round, StoreError> {
    let mut round = Round::default();
    match lane {
        Lane::People => {
            round = round_from(app, carriers, seen).await?;
            if round.made > 0 {
                app.hook_bell().notify_one();
            }
        }
        Lane::Programs => deliver(app, carriers, lane, &mut round).await?,
    }
    Ok(round)
}

/// A store that does not answer is asked again.
async fn follow_lane(app: &App, carriers: &Carriers, lane: Lane) {
    let (mut closing, messages) = (app.closing(), app.message_bell());
    let bell = match lane {
        Lane::People => messages.as_ref(),
        Lane::Programs => app.hook_bell(),
    };
    let mut seen = Seen::new();
    loop {
        let wait = match lane_round(app, carriers, (lane, &mut seen)).await {
            Ok(done) if done == Round::default() => LOOK_EVERY,
            Ok(done) => {
                tracing::info!(
                    ?lane,
                    made = done.made,
                    sent = done.sent,
                    later = done.later,
                    given_up = done.given_up,
                    held = done.held,
                    "messages.round"
                );
                LOOK_EVERY
            }
            Err(error) => {
                // What was looked at may not have been told.
                seen.clear();
                tracing::warn!(%error, "messages.no_store");
                NO_STORE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = bell.notified() => tokio::time::sleep(GATHER).await,
            _ = closing.changed() => return,
        }
    }
}

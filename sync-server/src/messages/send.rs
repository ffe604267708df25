//! Follows what happens, makes messages of it and takes them to the mail server, for as long as the server runs.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use soko_domain::ids::LogId;
use soko_record_log::StoreError;

use super::causes;
use super::letter::{self, Letter, Sender};
use super::outbox::{self, CLAIM_MAX, State};
use super::post::{Delivery, Post};
use crate::http::App;
use crate::store::Shard;

/// Letters on their way at once.
const AT_ONCE: usize = 4;
/// How long to wait with nothing heard: for what other processes did, and what is due again.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// After something was heard, so that a burst is one look.
const GATHER: Duration = Duration::from_millis(200);
const NO_STORE: Duration = Duration::from_secs(5);

/// What one round did.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Round {
    pub made: usize,
    pub sent: usize,
    /// To be tried again.
    pub later: usize,
    pub given_up: usize,
    pub dropped: usize,
}

/// One look at everything that happened and everything that is due.
///
/// # Errors
/// Where the store fails; the next round goes on from there.
pub async fn round(app: &App, post: &Post) -> Result<Round, StoreError> {
    let mut round = Round { made: tell_news(app).await?, ..Round::default() };
    loop {
        let letters = claim(app, post, &mut round).await?;
        let is_last = letters.len() < CLAIM_MAX;
        if !letters.is_empty() {
            let sent = iter(letters).map(|letter| async move {
                let delivery = post.send(&letter).await;
                (letter, delivery)
            });
            let sent: Vec<(Letter, Delivery)> = sent.buffer_unordered(AT_ONCE).collect().await;
            settle(app, sent, &mut round).await?;
        }
        if is_last {
            return Ok(round);
        }
    }
}

/// Makes messages of what the stalls' records say.
async fn tell_news(app: &App) -> Result<usize, StoreError> {
    let (store, now_ms) = (app.store(), app.now_ms());
    let mut made = 0;
    for stall in store.read(|tx| causes::behind(tx)).await? {
        loop {
            let found = store.read(move |tx| causes::stretch(tx, stall, now_ms)).await?;
            if !found.matters() {
                break;
            }
            // What was found is found again in the transaction that notes it: another process may have been there.
            let told = store.write(Shard::stall(stall), move |tx| {
                let stretch = causes::stretch(tx, stall, now_ms)?;
                Ok::<_, StoreError>((causes::tell(tx, stall, &stretch, now_ms)?, stretch.is_full))
            });
            let (told, is_full) = told.await?;
            made += told;
            if !is_full {
                break;
            }
        }
    }
    Ok(made)
}

/// Takes along what is due, and writes the letters.
async fn claim(app: &App, post: &Post, round: &mut Round) -> Result<Vec<Letter>, StoreError> {
    let (secret, now_ms, origin) = (app.secret(), app.now_ms(), post.origin().to_owned());
    // All messages are one queue.
    let claimed = app.store().write(Shard::stall(LogId::default()), move |tx| {
        let sender = Sender { secret: &secret, origin: &origin };
        let (mut letters, mut dropped) = (Vec::new(), 0);
        for (message, tries) in outbox::claim(tx, now_ms)? {
            match letter::write(tx, &sender, (&message, tries))? {
                Some(letter) => letters.push(letter),
                None => {
                    outbox::end(tx, message.message, (State::Dropped, "nobody wants it any more"), now_ms)?;
                    dropped += 1;
                }
            }
        }
        Ok::<_, StoreError>((letters, dropped))
    });
    let (letters, dropped) = claimed.await?;
    round.dropped += dropped;
    Ok(letters)
}

async fn settle(app: &App, sent: Vec<(Letter, Delivery)>, round: &mut Round) -> Result<(), StoreError> {
    let now_ms = app.now_ms();
    let settled = app.store().write(Shard::stall(LogId::default()), move |tx| {
        let mut done = Round::default();
        for (letter, delivery) in &sent {
            let Letter { message, tries, .. } = letter;
            match delivery {
                Delivery::Taken => {
                    outbox::end(tx, *message, (State::Sent, ""), now_ms)?;
                    done.sent += 1;
                }
                Delivery::Refused(because) => {
                    outbox::end(tx, *message, (State::GivenUp, because), now_ms)?;
                    done.given_up += 1;
                }
                Delivery::Later(because) => match outbox::failed(tx, *message, (*tries, because), now_ms)? {
                    State::GivenUp => done.given_up += 1,
                    State::Waiting | State::Sent | State::Dropped => done.later += 1,
                },
            }
        }
        outbox::sweep(tx, now_ms)?;
        Ok::<_, StoreError>((done, outbox::counts(tx)?))
    });
    let (done, (waiting, given_up)) = settled.await?;
    round.sent += done.sent;
    round.later += done.later;
    round.given_up += done.given_up;
    app.metrics().messages(done, waiting, given_up);
    Ok(())
}

/// Until the server ends. A store that does not answer is asked again.
pub async fn follow(app: App, post: Post) {
    let (mut closing, bell) = (app.closing(), app.message_bell());
    loop {
        let wait = match round(&app, &post).await {
            Ok(done) if done == Round::default() => LOOK_EVERY,
            Ok(done) => {
                tracing::info!(
                    made = done.made,
                    sent = done.sent,
                    later = done.later,
                    given_up = done.given_up,
                    "messages.round"
                );
                LOOK_EVERY
            }
            Err(error) => {
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

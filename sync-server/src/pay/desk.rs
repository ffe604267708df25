//! The providers that this server has. Each class of calls of each has its own breaker, its own seats and a time limit,
//! so that one that hangs keeps nothing else waiting, least of all the look-ups that find out what happened.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use soko_checkout::{Answer, Breaker, Class};
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, OrderId};
use soko_domain::money::Currency;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::pay::forms::CALL_TIMEOUT;
use crate::pay::provider::{Asked, Provider};
use crate::stall::LEASE_MS;

/// Calls of one class to one provider at a time.
pub const SEATS: usize = 16;
/// A call may be several requests.
const WHOLE_CALL: Duration = CALL_TIMEOUT.saturating_mul(2);
/// How long a call waits for its seat. It is then made while whoever began it still has the payment.
const SEAT_WAIT: Duration = Duration::from_secs(10);
const _: () = assert!((WHOLE_CALL.as_secs() + SEAT_WAIT.as_secs()) * 1_000 < LEASE_MS.unsigned_abs());
/// Words that are not taken are told once in so long.
const REFUSED_EVERY_MS: i64 = 60_000;

struct Known {
    provider: Arc<dyn Provider>,
    charges: Mutex<Breaker>,
    returns: Mutex<Breaker>,
    seats: [Semaphore; 3],
    refused: Mutex<RefusedWords>,
}

/// The last payment of each way that was looked for after a restore, by when it began and whose it is: the next look goes on behind it.
type LookedFor = BTreeMap<u8, (i64, OrderId)>;

/// Words in its name that were not taken.
#[derive(Default)]
struct RefusedWords {
    told_ms: Option<i64>,
    untold: u64,
}

/// All providers, none by default.
#[derive(Default)]
pub struct PayDesk {
    known: Vec<Known>,
    looked_for: Mutex<LookedFor>,
    parts_behind: Mutex<Option<(LogId, OrderId)>>,
}

/// How a stall's buyers can pay now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offered {
    pub provider: &'static str,
    pub way: PayWay,
    pub is_test: bool,
}

/// Why a buyer cannot pay in some way.
pub enum NotOffered<'a> {
    /// This server has nobody who could.
    Unknown,
    /// Whoever could does not answer at the moment.
    Shut { retry_after_s: u64, provider: &'a dyn Provider },
}

impl PayDesk {
    /// One provider for each way counts, the first.
    pub fn new(providers: Vec<Arc<dyn Provider>>) -> Self {
        let known = |provider| Known {
            provider,
            charges: Mutex::default(),
            returns: Mutex::default(),
            seats: [const { Semaphore::const_new(SEATS) }; 3],
            refused: Mutex::default(),
        };
        Self {
            known: providers.into_iter().map(known).collect(),
            looked_for: Mutex::default(),
            parts_behind: Mutex::default(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// What can be offered in a currency, the ways in their order.
    pub fn offered(&self, currency: Currency) -> Vec<Offered> {
        let of = |way: &PayWay| {
            let known = self.known.iter().find(|known| known.provider.way() == *way)?;
            let provider = &known.provider;
            let is_offered = provider.takes(currency) && closed(&known.charges);
            is_offered.then(|| Offered { provider: provider.name(), way: *way, is_test: provider.is_test() })
        };
        PayWay::ALL.iter().filter_map(of).collect()
    }

    /// Who takes a new payment. Nobody is promised anything that could not be paid.
    ///
    /// # Errors
    /// Where nobody takes it, or does not answer.
    pub fn taker(&self, way: PayWay, now_ms: i64) -> Result<&dyn Provider, NotOffered<'_>> {
        let known = self.known.iter().find(|known| known.provider.way() == way);
        let known = known.ok_or(NotOffered::Unknown)?;
        let breaker = lock(&known.charges);
        if !breaker.is_closed() {
            let provider = known.provider.as_ref();
            return Err(NotOffered::Shut { retry_after_s: breaker.retry_after_s(now_ms), provider });
        }
        Ok(known.provider.as_ref())
    }

    /// Whoever takes payments in this way, whether they answer at the moment or not.
    pub(crate) fn of_way(&self, way: PayWay) -> impl Iterator<Item = &dyn Provider> {
        let all = self.known.iter().map(|known| known.provider.as_ref());
        all.filter(move |provider| provider.way() == way)
    }

    /// The ways in which somebody here takes payments.
    pub(crate) fn ways(&self) -> Vec<PayWay> {
        PayWay::ALL.iter().copied().filter(|way| self.of_way(*way).next().is_some()).collect()
    }

    pub fn provider(&self, name: &str) -> Option<&dyn Provider> {
        self.find(name).map(|known| known.provider.as_ref())
    }

    /// Whether such a call may be made now.
    pub(crate) fn may(&self, provider: &str, class: Class) -> bool {
        // Where nobody can be asked any more, asking says so.
        let Some(known) = self.find(provider) else { return true };
        match class {
            Class::Charge => closed(&known.charges),
            Class::Return => closed(&known.returns),
            Class::Look => true,
        }
    }

    /// Makes a call, in its turn. What took too long is as good as not answered, and what was not made says nothing of its provider.
    pub(crate) async fn call(&self, provider: &str, asked: &Asked, now: impl Fn() -> i64) -> Answer {
        let Some(known) = self.find(provider) else { return Answer::Gone };
        let class = asked.call.class();
        let seats = &known.seats[usize::from(class.number()) - 1];
        let Ok(Ok(_seat)) = timeout(SEAT_WAIT, seats.acquire()).await else { return Answer::Unknown };
        let answered = timeout(WHOLE_CALL, known.provider.ask(asked)).await;
        let answer = answered.unwrap_or(Answer::Unknown);
        let is_answered = answer != Answer::Unknown;
        match class {
            Class::Charge => lock(&known.charges).called(is_answered, now()),
            Class::Return => lock(&known.returns).called(is_answered, now()),
            Class::Look => {
                lock(&known.charges).looked(is_answered, now());
                lock(&known.returns).looked(is_answered, now());
            }
        }
        answer
    }

    /// Looks whether those that did not answer are back, at all of them at once.
    pub(crate) async fn probe(&self, now_ms: i64) {
        let probes = self.known.iter().map(|known| async move {
            let wants = |breaker: &Mutex<Breaker>| lock(breaker).wants_probe(now_ms);
            if wants(&known.charges) || wants(&known.returns) {
                let found = timeout(CALL_TIMEOUT, known.provider.is_there(now_ms)).await;
                let is_there = found.unwrap_or(false);
                lock(&known.charges).looked(is_there, now_ms);
                lock(&known.returns).looked(is_there, now_ms);
            }
        });
        join_all(probes).await;
    }

    /// Behind which payment of a way the next look at forgotten ones goes on; from the first where a look came to the end.
    pub(crate) fn looks_behind(&self, way: PayWay) -> Option<(i64, OrderId)> {
        let looked_for = self.looked_for.lock().unwrap_or_else(PoisonError::into_inner);
        looked_for.get(&way.number()).copied()
    }

    pub(crate) fn looked_up_to(&self, way: PayWay, last: Option<(i64, OrderId)>) {
        let mut looked_for = self.looked_for.lock().unwrap_or_else(PoisonError::into_inner);
        match last {
            Some(last) => looked_for.insert(way.number(), last),
            None => looked_for.remove(&way.number()),
        };
    }

    /// Behind which payment the next look at parts goes on that nobody remembers; from the first where a look came to the end.
    pub(crate) fn parts_behind(&self) -> Option<(LogId, OrderId)> {
        *self.parts_behind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn parts_up_to(&self, last: Option<(LogId, OrderId)>) {
        *self.parts_behind.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }

    /// Somebody says something in a provider's name that is not taken. Whoever forges does so often, and fills no log: says how many such
    /// words there were since that was told, if it is to be told now.
    pub(crate) fn refused(&self, provider: &str, now_ms: i64) -> Option<u64> {
        let mut refused = self.find(provider)?.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.untold += 1;
        if refused.told_ms.is_some_and(|told_ms| now_ms - told_ms < REFUSED_EVERY_MS) {
            return None;
        }
        refused.told_ms = Some(now_ms);
        Some(std::mem::take(&mut refused.untold))
    }

    fn find(&self, name: &str) -> Option<&Known> {
        self.known.iter().find(|known| known.provider.name() == name)
    }
}

fn lock(breaker: &Mutex<Breaker>) -> std::sync::MutexGuard<'_, Breaker> {
    breaker.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed(breaker: &Mutex<Breaker>) -> bool {
    lock(breaker).is_closed()
}

#[cfg(test)]
mod tests {
    use soko_domain::ids::LogId;

    use super::*;
    use crate::pay::provider::{Heard, NotHeard, Promised};

    /// Takes every request and answers none.
    struct Hangs(&'static str);

    impl Provider for Hangs {
        fn name(&self) -> &'static str {
            self.0
        }

        fn way(&self) -> PayWay {
            PayWay::Card
        }

        fn takes(&self, _: Currency) -> bool {
            true
        }

        fn account(&self, stall: LogId) -> String {
            stall.to_string()
        }

        fn ask<'a>(&'a self, _: &'a Asked) -> Promised<'a, Answer> {
            Box::pin(std::future::pending())
        }

        fn is_there(&self, _: i64) -> Promised<'_, bool> {
            Box::pin(std::future::pending())
        }

        fn heard<'a>(
            &'a self,
            _: &'a axum::http::HeaderMap,
            _: &'a [u8],
            _: i64,
        ) -> Promised<'a, Result<Heard, NotHeard>> {
            Box::pin(async { Err(NotHeard::Never) })
        }
    }

    #[test]
    fn forged_words_are_told_once_in_a_minute_with_how_many_there_were() {
        let desk = PayDesk::new(vec![Arc::new(Hangs("one")), Arc::new(Hangs("two"))]);
        let told: Vec<u64> = (0..10).filter_map(|now_ms| desk.refused("one", now_ms)).collect();
        assert_eq!(told, [1]);
        assert_eq!(desk.refused("two", 5), Some(1), "each provider has its own");
        assert_eq!(desk.refused("one", REFUSED_EVERY_MS), Some(10));
        assert_eq!(desk.refused("three", 0), None);
    }
}

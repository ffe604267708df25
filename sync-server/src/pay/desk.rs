//! The providers that this server has. Each class of calls of each has its own breaker, its own seats and a time limit,
//! so that one that hangs keeps nothing else waiting, least of all the look-ups that find out what happened.

use std::sync::{Arc, Mutex, PoisonError};

use soko_checkout::{Answer, Breaker, Class};
use soko_domain::entry::PayWay;
use soko_domain::money::Currency;
use tokio::sync::Semaphore;

use crate::pay::forms::CALL_TIMEOUT;
use crate::pay::provider::{Asked, Provider};

/// Calls of one class to one provider at a time.
pub const SEATS: usize = 16;
/// A call may be several requests.
const WHOLE_CALL: std::time::Duration = CALL_TIMEOUT.saturating_mul(2);

struct Known {
    provider: Arc<dyn Provider>,
    charges: Mutex<Breaker>,
    returns: Mutex<Breaker>,
    seats: [Semaphore; 3],
}

/// All providers, none by default.
#[derive(Default)]
pub struct PayDesk {
    known: Vec<Known>,
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
        };
        Self { known: providers.into_iter().map(known).collect() }
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

    /// Whoever takes payments in this way, whether it answers at the moment or not.
    pub(crate) fn of_way(&self, way: PayWay) -> Option<&dyn Provider> {
        self.known.iter().map(|known| known.provider.as_ref()).find(|provider| provider.way() == way)
    }

    pub fn provider(&self, name: &str) -> Option<&dyn Provider> {
        self.find(name).map(|known| known.provider.as_ref())
    }

    /// Whether such a call may be made now.
    pub(crate) fn may(&self, provider: &str, class: Class) -> bool {
        let Some(known) = self.find(provider) else { return false };
        match class {
            Class::Charge => closed(&known.charges),
            Class::Return => closed(&known.returns),
            Class::Look => true,
        }
    }

    /// Makes a call, in its turn. What took too long is as good as not answered.
    pub(crate) async fn call(&self, provider: &str, asked: &Asked, now: impl Fn() -> i64) -> Answer {
        let Some(known) = self.find(provider) else { return Answer::Unknown };
        let class = asked.call.class();
        let seats = &known.seats[usize::from(class.number()) - 1];
        let Ok(_seat) = seats.acquire().await else { return Answer::Unknown };
        let answered = tokio::time::timeout(WHOLE_CALL, known.provider.ask(asked)).await;
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

    /// Looks whether those that did not answer are back.
    pub(crate) async fn probe(&self, now_ms: i64) {
        for known in &self.known {
            let wants = |breaker: &Mutex<Breaker>| lock(breaker).wants_probe(now_ms);
            if wants(&known.charges) || wants(&known.returns) {
                let found = tokio::time::timeout(CALL_TIMEOUT, known.provider.is_there(now_ms)).await;
                let is_there = found.unwrap_or(false);
                lock(&known.charges).looked(is_there, now_ms);
                lock(&known.returns).looked(is_there, now_ms);
            }
        }
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

//! Token buckets in cost units, by address prefix, account, device and stall. Bounded in memory: when the table
//! is full, the bucket that nobody asked for longest makes room.

use std::collections::BTreeMap;
use std::net::IpAddr;

use soko_domain::ids::{AuthorId, LogId, ThingId};

/// Buckets kept at once; each takes some hundred bytes.
pub const BUCKETS_MAX: usize = 50_000;

/// What one request may cost. One unit is about one indexed read.
pub mod cost {
    pub const READ: u32 = 1;
    pub const SEARCH: u32 = 2;
    pub const WRITE: u32 = 4;
    /// Many rows at once, which nobody waits for.
    pub const SAY: u32 = 20;
    /// Sums over what many people did.
    pub const SUMS: u32 = 40;
    /// A password hash keeps a core busy for tens of milliseconds.
    pub const PASSWORD: u32 = 40;
    /// Guessing is what this makes slow.
    pub const GUESS: u32 = 20;
    /// Units that somebody else cannot buy until the order ends.
    pub const HOLD: u32 = 20;
    /// A connection that stays open.
    pub const STREAM: u32 = 10;
    /// One unit per started run of so many body bytes.
    pub const BYTES_PER_UNIT: usize = 16 * 1024;

    pub fn of_bytes(len: usize) -> u32 {
        u32::try_from(len.div_ceil(BYTES_PER_UNIT)).unwrap_or(u32::MAX)
    }
}

/// Whose bucket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Who {
    Prefix(Prefix),
    Account(ThingId),
    /// A guest, or an account as a buyer.
    Buyer(ThingId),
    /// Holds that come from one place: guests cost nothing to make up.
    Holds(Prefix),
    /// Interactions that come from one place, for the same reason.
    Said(Prefix),
    Device(AuthorId),
    /// A stall's own program, by its key.
    Program(ThingId),
    Stall(LogId),
}

/// The part of an address that one customer of a provider holds: an IPv4 address, or an IPv6 /64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Prefix([u8; 8]);

impl From<IpAddr> for Prefix {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(four) => {
                let [a, b, c, d] = four.octets();
                Self([0, 0, 0xff, 0xff, a, b, c, d])
            }
            IpAddr::V6(six) => {
                let [a, b, c, d, e, f, g, h, ..] = six.octets();
                Self([a, b, c, d, e, f, g, h])
            }
        }
    }
}

/// How much may be spent at once, and how fast it comes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    pub burst: u32,
    pub per_second: u32,
}

/// One rate per kind of caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rates {
    pub prefix: Rate,
    pub account: Rate,
    pub device: Rate,
    pub stall: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            // A market hall may stand behind one address.
            prefix: Rate { burst: 1_200, per_second: 60 },
            account: Rate { burst: 400, per_second: 20 },
            device: Rate { burst: 1_200, per_second: 60 },
            stall: Rate { burst: 6_000, per_second: 400 },
        }
    }
}

impl Rates {
    fn of(&self, who: Who) -> Rate {
        match who {
            Who::Prefix(_) => self.prefix,
            Who::Account(_) | Who::Buyer(_) | Who::Program(_) => self.account,
            Who::Holds(_) | Who::Said(_) => {
                Rate { burst: self.prefix.burst, per_second: (self.prefix.per_second / 3).max(1) }
            }
            Who::Device(_) => self.device,
            Who::Stall(_) => self.stall,
        }
    }
}

/// The caller has spent what it had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exhausted {
    pub retry_after_s: u32,
}

/// All buckets.
#[derive(Debug)]
pub struct Limiter {
    rates: Rates,
    buckets_max: usize,
    buckets: BTreeMap<Who, Bucket>,
    /// Who asked when, oldest first.
    asked: BTreeMap<u64, Who>,
    asks: u64,
}

#[derive(Debug)]
struct Bucket {
    /// Thousandths of a unit, so that slow rates refill exactly.
    milli_units: u64,
    filled_at_ms: i64,
    ask: u64,
}

impl Limiter {
    pub fn new(rates: Rates, buckets_max: usize) -> Self {
        Self { rates, buckets_max, buckets: BTreeMap::new(), asked: BTreeMap::new(), asks: 0 }
    }

    /// Takes `cost` units, or says when they will be there. A cost beyond the burst takes the whole burst, so
    /// that no request is impossible for ever.
    pub fn take(&mut self, who: Who, cost: u32, now_ms: i64) -> Result<(), Exhausted> {
        let rate = self.rates.of(who);
        let bucket = self.touch(who, rate, now_ms);
        let wanted = u64::from(cost.min(rate.burst)) * 1_000;
        if bucket.milli_units >= wanted {
            bucket.milli_units -= wanted;
            return Ok(());
        }
        let missing = wanted - bucket.milli_units;
        let seconds = missing.div_ceil(u64::from(rate.per_second.max(1)) * 1_000);
        Err(Exhausted { retry_after_s: u32::try_from(seconds).unwrap_or(u32::MAX) })
    }

    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    fn touch(&mut self, who: Who, rate: Rate, now_ms: i64) -> &mut Bucket {
        if !self.buckets.contains_key(&who) && self.buckets.len() >= self.buckets_max {
            self.forget_oldest();
        }
        self.asks += 1;
        let full = u64::from(rate.burst) * 1_000;
        let fresh = Bucket { milli_units: full, filled_at_ms: now_ms, ask: 0 };
        let bucket = self.buckets.entry(who).or_insert(fresh);
        self.asked.remove(&bucket.ask);
        self.asked.insert(self.asks, who);
        bucket.ask = self.asks;
        // A clock that goes back refills nothing and takes nothing away.
        let elapsed_ms = u64::try_from(now_ms.saturating_sub(bucket.filled_at_ms)).unwrap_or(0);
        let gained = elapsed_ms.saturating_mul(u64::from(rate.per_second));
        bucket.milli_units = bucket.milli_units.saturating_add(gained).min(full);
        bucket.filled_at_ms = now_ms;
        bucket
    }

    fn forget_oldest(&mut self) {
        if let Some((_, who)) = self.asked.pop_first() {
            self.buckets.remove(&who);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 10, per_second: 2 };
    const RATES: Rates = Rates { prefix: RATE, account: RATE, device: RATE, stall: RATE };

    fn who(number: u8) -> Who {
        Who::Account(ThingId([number; 16]))
    }

    #[test]
    fn units_run_out_and_come_back() {
        let mut limiter = Limiter::new(RATES, 100);
        // (instant, cost, answer)
        let steps: &[(i64, u32, Result<(), Exhausted>)] = &[
            (0, 6, Ok(())),
            (0, 4, Ok(())),
            (0, 1, Err(Exhausted { retry_after_s: 1 })),
            (499, 1, Err(Exhausted { retry_after_s: 1 })),
            (500, 1, Ok(())),
            (500, 9, Err(Exhausted { retry_after_s: 5 })),
            // More than the burst: waits for a full bucket, then passes.
            (600_000, 99, Ok(())),
            (600_000, 1, Err(Exhausted { retry_after_s: 1 })),
            // The clock goes back an hour and on again: nothing is gained twice.
            (0, 1, Err(Exhausted { retry_after_s: 1 })),
            (500, 1, Ok(())),
        ];
        for (at_ms, cost, answer) in steps {
            assert_eq!(limiter.take(who(1), *cost, *at_ms), *answer, "at {at_ms} for {cost}");
        }
        assert_eq!(limiter.take(who(2), 10, 500), Ok(()), "another caller is not touched");
    }

    #[test]
    fn the_table_is_bounded_and_forgets_who_asked_longest_ago() {
        let mut limiter = Limiter::new(RATES, 3);
        for number in 1..=3 {
            assert_eq!(limiter.take(who(number), 10, 0), Ok(()));
        }
        assert!(limiter.take(who(1), 1, 0).is_err());
        for number in 10..=200 {
            limiter.take(who(number), 1, 0).unwrap();
            assert!(limiter.take(who(1), 1, 0).is_err(), "who keeps asking is not forgotten");
            assert_eq!((limiter.len(), limiter.asked.len()), (3, 3));
        }
    }

    #[test]
    fn an_address_counts_by_what_its_holder_controls() {
        let prefix = |text: &str| Prefix::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:2:ffff::9"));
        assert_ne!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:3::1"));
        assert_ne!(prefix("192.0.2.1"), prefix("192.0.2.2"));
        assert_eq!(prefix("192.0.2.1"), prefix("::ffff:192.0.2.1"));
    }
}

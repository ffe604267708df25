//! Stops asking a provider that does not answer. Only what takes or gives money back opens it; only a look-up that was
//! answered closes it again, so no buyer's payment is the test. Time decides here when to try, and nothing about money.

/// Calls in a row without an answer that open it.
pub const FAILED_MAX: u32 = 5;
/// How long it stays open before somebody looks.
pub const COOL_MS: i64 = 30_000;

/// Of one provider and one class of calls.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Breaker {
    failed: u32,
    /// Open since the failure at this time.
    opened_ms: Option<i64>,
}

impl Breaker {
    /// Whether such a call may be made now. If not, nobody is promised anything that would need it.
    pub fn is_closed(&self) -> bool {
        self.opened_ms.is_none()
    }

    /// A call of this class was answered, whatever the answer, or not.
    pub fn called(&mut self, is_answered: bool, now_ms: i64) {
        if is_answered {
            *self = Self::default();
            return;
        }
        self.failed = self.failed.saturating_add(1);
        if self.failed >= FAILED_MAX {
            self.opened_ms = Some(now_ms);
        }
    }

    /// Whether a look-up should find out if the provider is back.
    pub fn wants_probe(&self, now_ms: i64) -> bool {
        // A clock that jumped back must not keep it open.
        self.opened_ms.is_some_and(|opened| now_ms >= opened.saturating_add(COOL_MS) || now_ms < opened)
    }

    /// A look-up was answered or not. Early, it says nothing; unanswered, the wait begins again and nothing else.
    pub fn looked(&mut self, is_answered: bool, now_ms: i64) {
        if !self.wants_probe(now_ms) {
            return;
        }
        if is_answered {
            *self = Self::default();
        } else {
            self.opened_ms = Some(now_ms);
        }
    }

    /// Seconds until somebody may try again.
    pub fn retry_after_s(&self, now_ms: i64) -> u64 {
        let left = self.opened_ms.map_or(0, |opened| opened.saturating_add(COOL_MS).saturating_sub(now_ms));
        u64::try_from(left.clamp(1_000, COOL_MS) / 1_000).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_at(now_ms: i64) -> Breaker {
        let mut breaker = Breaker::default();
        (0..FAILED_MAX).for_each(|_| breaker.called(false, now_ms));
        breaker
    }

    #[test]
    fn only_calls_in_a_row_open_it() {
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            (1..FAILED_MAX).for_each(|_| breaker.called(false, 0));
            assert!(breaker.is_closed());
            breaker.called(true, 0);
        }
        assert!(!open_at(0).is_closed());
    }

    #[test]
    fn look_ups_never_open_it_and_only_they_close_it() {
        let mut breaker = Breaker::default();
        (0..100).for_each(|at| breaker.looked(false, at));
        assert!(breaker.is_closed());
        let mut breaker = open_at(1_000);
        breaker.looked(true, 1_000 + COOL_MS - 1);
        assert!(!breaker.is_closed(), "too early to say anything");
        assert!(breaker.wants_probe(1_000 + COOL_MS));
        breaker.looked(false, 1_000 + COOL_MS);
        assert!(!breaker.is_closed() && !breaker.wants_probe(1_000 + COOL_MS + 1));
        breaker.looked(true, 1_000 + 2 * COOL_MS);
        assert!(breaker.is_closed());
    }

    #[test]
    fn a_clock_that_jumps_back_does_not_keep_it_open() {
        let mut breaker = open_at(10_000_000);
        assert!(breaker.wants_probe(5));
        breaker.looked(true, 5);
        assert!(breaker.is_closed());
        assert_eq!(open_at(0).retry_after_s(0), 30);
        assert_eq!(open_at(0).retry_after_s(COOL_MS * 2), 1);
    }
}

//! The rules that the simulator can weaken, to prove that it would notice. Engine and server consult this
//! only when built with their `sabotage` feature; no product binary can be weakened.

macro_rules! sabotages {
    ($($name:ident $word:literal $what:literal),* $(,)?) => {
        /// One weakened rule.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Sabotage { $($name),* }

        impl Sabotage {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            pub fn what(self) -> &'static str {
                match self { $(Self::$name => $what),* }
            }

            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|sabotage| sabotage.word() == word)
            }
        }
    };
}

sabotages! {
    AbsoluteQuota "absolute-quota" "a grant sets the share to what it was when it was asked for, plus the grant",
    ReturnTwice "return-applied-twice" "a returned share that arrives again counts again",
    ClockLease "clock-lease" "the server takes a silent device's share back after some time on the clock",
    NoCloneCheck "no-clone-check" "a copied device goes on promising from the share it copied",
    NoRestoreCheck "no-restore-check" "a device restored from a backup goes on as the same author",
    NoFreeze "no-freeze" "a restored server goes on selling before the devices have reported",
    NoCertificateImport "no-certificate-import" "a restored server ignores the grants it had made and forgotten",
    UnchainedLog "unchained-log" "records are accepted with gaps and without their chain",
    AckBeforeDurable "acknowledged-before-durable" "a sale is acknowledged before it is on the disk",
    RetryExecutesAgain "retry-executes-again" "a repeated command or order is done again",
    ShareCheckSkipped "share-check-skipped" "a register promises without looking at its share",
    ChargeAgain "charge-again-on-timeout" "money that was asked for without an answer is asked for again under a fresh key",
    PostUncaptured "post-without-capture" "a capture that was not answered is written as paid",
    FreeEarly "free-hold-early" "an order that is cancelled gives its hold back before the provider confirmed",
    CardUncounted "card-not-counted" "a gift card pays for an order whatever is on it",
    OfferUncounted "offer-not-counted" "what orders have of an offer is not counted when the next one asks for it",
    RefundsUncounted "refunds-not-counted" "what went back of an order is not counted when more is to go back",
    EndsFrozen "ends-while-frozen" "a restored server ends orders before the devices have reported",
    NumberRefuses "number-refuses" "goods in the hand are not sold where the share is too small",
    ArrivalsUnfollowed "arrivals-not-followed" "what another register sold is kept and changes no table",
    ParksNeighbours "parks-neighbours" "a bad record parks all that stands behind it in its page",
    NumberReused "number-reused" "a receipt gets the number of the one before",
    TotalApart "total-apart" "a sale is answered with another total than its record has",
    RevokedKeeps "revoked-keeps-its-share" "what a revoked device held stays with it",
}

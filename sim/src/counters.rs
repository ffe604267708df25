//! How often a campaign met what it is there to meet. A campaign that never did proves nothing.

macro_rules! counters {
    ($($name:ident $word:literal $required:literal),* $(,)?) => {
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Counter { $($name),* }

        impl Counter {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// Whether a long campaign fails when this stayed at nothing.
            pub fn is_required(self) -> bool {
                match self { $(Self::$name => $required),* }
            }

            fn index(self) -> usize {
                Self::ALL.iter().position(|at| *at == self).unwrap_or_default()
            }
        }
    };
}

counters! {
    MessagesLost "messages lost" true,
    MessagesDoubled "messages doubled" true,
    MessagesOvertaken "messages overtaken" true,
    MessagesDamaged "messages damaged" true,
    MessagesForged "messages forged" true,
    ForgeriesRefused "forgeries refused" true,
    OldMessages "old messages sent again" true,
    OldEpochReplies "replies from an earlier life of the server" true,
    Partitions "partitions" true,
    OneWayPartitions "partitions of one direction" true,
    CrashesBeforeCommit "crashes before the commit" true,
    CrashesAfterCommit "crashes after the commit, before the answer" true,
    Restores "devices restored from a backup" true,
    Clones "devices copied with their keys" true,
    ClonesWithoutKeys "devices copied without their keys" true,
    RegistersFrozen "registers found frozen" true,
    Renewals "registers renewed" true,
    Deaths "devices lost for good" true,
    ServerCrashes "server crashes" true,
    ServerRestores "server restores" true,
    Freezes "stalls frozen" true,
    Unfreezes "stalls released" true,
    ClockJumps "clocks that jumped" true,
    Sales "sales" true,
    SalesBeyond "sales beyond the share" true,
    SalesRefused "sales refused for their share" true,
    SellOuts "times that all was sold that anybody would" true,
    Voids "voids" true,
    Refunds "refunds" true,
    RefundAllowances "refunds allowed by the server" true,
    Receipts "deliveries received" true,
    Counts "counts" true,
    CountMarks "counts marked by other registers" true,
    Edits "edits" true,
    Grants "shares granted" true,
    Returns "shares given back" true,
    Recalls "recalls" true,
    RecallsAnswered "recalls answered" true,
    Orders "orders placed" true,
    OrdersRefused "orders refused" true,
    OrdersReleased "orders released" true,
    OrdersFulfilled "orders fulfilled" true,
    CouponsUsed "orders with a coupon" false,
    CouponsRefused "orders refused for their coupon" false,
    PricesMoved "suggested prices taken" false,
    OrdersToPay "orders to be paid before they are fetched" true,
    Words "words of the provider" true,
    WordsRepeated "words of the provider that came again" true,
    WordsAboutNothing "words about payments to which nothing had happened" true,
    PayTimeoutsBefore "calls to the provider that did not arrive in time" true,
    LateRequests "of these, calls that arrived later" true,
    PayTimeoutsAfter "calls whose answer was lost" true,
    ProviderErrors "errors of the provider" true,
    ErrorsRepeated "errors that the provider repeated" true,
    PaymentsRefused "payments that the provider refused" true,
    OldAnswers "answers of the provider that showed what was before" true,
    OtherAmounts "payments that came to another amount" true,
    Captures "payments captured" true,
    PaymentsVoided "payments ended before they were captured" true,
    MoneyReturned "payments captured and returned" true,
    CallsDied "calls to the provider that died with the server" true,
    PaymentsRemembered "payments that a restored server had forgotten" true,
    PaymentsFound "payments that a provider showed and whose order nobody remembered" false,
    PaymentsNobodyRemembers "payments of orders that nobody remembers, and that came to nothing" false,
    PaymentsBooked "orders charged, and so in the records" true,
    PaymentsEnded "orders not charged, and so in the records" true,
    PartsReturned "parts of payments returned" true,
    WholesDenied "wholes of payments that the provider refused to return" false,
    PartsDenied "parts of payments that the provider refused" false,
    PartsRemembered "parts of payments that a restored server had forgotten" false,
    OrdersAskedBack "orders whose money was asked back" true,
    OrderPartsAsked "parts of orders' money asked back" true,
    OrderPartsAllowed "of these, parts allowed" true,
    OrderPartsRefused "of these, parts refused" true,
    OrderCashGiven "of these, parts given out of a drawer" true,
    DealsSaid "words about an offer" true,
    DealsTaken "orders at an offer's price" true,
    DealsRefused "orders refused because an offer was sold out, or a buyer had enough of it" true,
    DealsCancelled "orders at an offer's price cancelled" true,
    CardsBought "gift cards bought or filled" true,
    CardSales "sales paid with a card" true,
    CardsShort "sales refused because a register has not enough of a card" true,
    RefundsToCards "refunds that went to a card" true,
    CardOrders "orders with a card" true,
    CardsChanged "orders refused because a card has less" true,
    CardsPaid "orders paid with a card, and so in the tables" true,
    CardsKept "orders with a card that paid nothing or has it again, and so in the tables" true,
    CardsBack "times that a card had its money again" true,
    Retries "commands and orders sent again" true,
    Revocations "devices revoked" true,
    Quarantines "shares set apart" true,
    Incidents "incidents" true,
    Covers "debts covered" true,
    ForkIncidents "forks found" true,
    BranchesChanged "histories that devices went over to" true,
    Twins "whole machines copied" true,
    DisksFull "writes that met a full disk" true,
    DiskFailures "commits that the disk answered with an error" true,
    FailuresKept "of these, commits that the disk had kept" true,
    ServerDisksFull "requests that met the server's full disk" true,
    ServerDiskFailures "commits that the server's disk answered with an error" true,
    ServerSetBacks "servers set back without being told" true,
    SetBacksNoticed "servers told by a device that they were set back" true,
    Snapshots "whole machines put back" true,
    Reclaims "forced reclaims" true,
    PromiseExceptions "runs whose promises a person or a snapshot broke" false,
    AnswersLostWithDisk "acknowledged records lost with their disk" false,
    OrdersLostWithServer "orders lost with the server's disk" false,
    NeverEnrolled "authors known only through whoever replaced them" false,
    Parked "records parked" true,
    Converged "runs that met" true,
    StayedFrozen "runs that stayed frozen for a lost device" false,
    Exchanges "pages exchanged" true,
    Meetings "registers that met without the server" true,
    MetRecords "records that came from another register" true,
    MeetingsRefused "registers that another one would not meet" true,
    MeetingsBroken "meetings that broke off" true,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counters([u64; Counter::ALL.len()]);

impl Default for Counters {
    fn default() -> Self {
        Self([0; Counter::ALL.len()])
    }
}

impl Counters {
    pub fn add(&mut self, counter: Counter) {
        self.add_many(counter, 1);
    }

    pub fn add_many(&mut self, counter: Counter, more: u64) {
        if let Some(place) = self.0.get_mut(counter.index()) {
            *place += more;
        }
    }

    pub fn get(&self, counter: Counter) -> u64 {
        self.0.get(counter.index()).copied().unwrap_or_default()
    }

    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(ours, theirs)| *ours += theirs);
    }

    /// What a campaign should have met and did not.
    pub fn missing(&self) -> Vec<&'static str> {
        let is_missing = |counter: &&Counter| counter.is_required() && self.get(**counter) == 0;
        Counter::ALL.iter().filter(is_missing).map(|counter| counter.word()).collect()
    }
}

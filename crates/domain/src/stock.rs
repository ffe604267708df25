//! Where every unit is. Each is in exactly one account; an entry moves units from one account to another,
//! and balances are sums, so the order in which entries arrive does not matter.

use crate::entry::{
    AdjustReason, Entry, FillCause, GoodsBack, MoveCause, OrderPlaced, OrderPurseMoved, OrderRefundAllowed,
    PurseFilled, PurseMove, PurseSpent, RefundMade, ReturnTaken, SaleMade, SaleVoided, SpendCause,
    StockAdjusted, StockConverted, StockCounted, StockMoved, StockReceived, Units,
};
use crate::ids::{AuthorId, OrderId, ProductId};
use crate::wire::{Malformed, Reader, Wire, Writer};

/// The largest number of units that one entry may move, far below where sums could overflow.
pub const MOVE_QUANTITY_MAX: i64 = 1 << 40;

/// A place for units of one product.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Account {
    /// The outside world: minus what was ever received or found.
    Supply,
    /// The shop's share, promised through the server.
    Pool,
    /// A register's share.
    Share(AuthorId),
    /// Units of one order.
    Hold(OrderId),
    /// In buyers' hands.
    Sold,
    /// Lost, broken or wasted.
    WriteOff,
    /// The share of a lost or revoked device, until its facts arrive or a person decides.
    Quarantine(AuthorId),
    /// Minus the units that were sold or missed without a share behind them.
    Deficit,
}

impl Account {
    /// The account as the store's key: kind, then whose.
    pub fn parts(self) -> (u8, [u8; 16]) {
        match self {
            Self::Supply => (1, [0; 16]),
            Self::Pool => (2, [0; 16]),
            Self::Share(author) => (3, author.0),
            Self::Hold(order) => (4, order.0),
            Self::Sold => (5, [0; 16]),
            Self::WriteOff => (6, [0; 16]),
            Self::Quarantine(author) => (7, author.0),
            Self::Deficit => (8, [0; 16]),
        }
    }

    pub fn from_parts(kind: u8, whose: [u8; 16]) -> Option<Self> {
        match kind {
            1 => Some(Self::Supply),
            2 => Some(Self::Pool),
            3 => Some(Self::Share(AuthorId(whose))),
            4 => Some(Self::Hold(OrderId::from_slice(&whose)?)),
            5 => Some(Self::Sold),
            6 => Some(Self::WriteOff),
            7 => Some(Self::Quarantine(AuthorId(whose))),
            8 => Some(Self::Deficit),
            _ => None,
        }
    }

    fn has_owner(kind: u8) -> bool {
        matches!(kind, 3 | 4 | 7)
    }
}

impl Account {
    /// Whether its units should lie at the stall; what is owed counts against them.
    pub fn is_here(self) -> bool {
        match self {
            Self::Pool | Self::Share(_) | Self::Hold(_) | Self::Quarantine(_) | Self::Deficit => true,
            Self::Supply | Self::Sold | Self::WriteOff => false,
        }
    }
}

impl Wire for Account {
    fn put(&self, out: &mut Writer) {
        let (kind, whose) = self.parts();
        out.byte(kind);
        if Self::has_owner(kind) {
            out.raw(&whose);
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let kind = input.byte()?;
        let whose = if Self::has_owner(kind) { AuthorId::take(input)?.0 } else { [0; 16] };
        Self::from_parts(kind, whose).ok_or(Malformed::Choice)
    }
}

/// Units that one entry moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transfer {
    pub product: ProductId,
    pub from: Account,
    pub to: Account,
    pub quantity: i64,
}

impl Transfer {
    /// By how much it changes what should lie at the stall.
    pub fn here(&self) -> i64 {
        match (self.from.is_here(), self.to.is_here()) {
            (true, false) => -self.quantity,
            (false, true) => self.quantity,
            (true, true) | (false, false) => 0,
        }
    }
}

/// An entry whose quantities cannot be true. It is kept, and it counts for nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a quantity is negative, too large or does not add up")]
pub struct Impossible;

/// What an entry does to stock. `author` is the record's author. Depends on nothing else.
pub fn transfers(author: AuthorId, entry: &Entry) -> Result<Vec<Transfer>, Impossible> {
    let mut out = Transfers(Vec::new());
    let own = Account::Share(author);
    match entry {
        Entry::StockReceived(received) => out.received(own, received)?,
        Entry::SaleMade(sale) => out.sold(own, sale)?,
        Entry::SaleVoided(void) => out.voided(own, void)?,
        Entry::RefundMade(refund) => out.refunded(own, refund)?,
        Entry::StockCounted(count) => out.counted(own, count)?,
        Entry::StockAdjusted(adjusted) => out.adjusted(own, adjusted)?,
        Entry::StockConverted(converted) => out.converted(own, converted)?,
        Entry::ShareReturned(share) => out.add(share.product, own, Account::Pool, share.quantity)?,
        Entry::ShareGranted(share) => {
            out.add(share.product, Account::Pool, Account::Share(share.to), share.quantity)?;
        }
        Entry::OrderPlaced(order) => out.held(order)?,
        Entry::OrderReleased(order) => out.units(&order.units, Account::Hold(order.order), Account::Pool)?,
        Entry::OrderFulfilled(order) => out.units(&order.units, Account::Hold(order.order), Account::Sold)?,
        Entry::OrderSwapOffered(swap) => out.units(&swap.held, Account::Pool, Account::Hold(swap.order))?,
        Entry::OrderSwapTaken(swap) => {
            out.units(&swap.missing, Account::Hold(swap.order), Account::WriteOff)?
        }
        Entry::OrderSwapEnded(swap) => out.units(&swap.back, Account::Hold(swap.order), Account::Pool)?,
        Entry::StockMoved(moved) => out.moved(moved)?,
        Entry::ReturnTaken(taken) => out.taken(taken)?,
        Entry::PurseFilled(filled) => out.filled(own, filled)?,
        Entry::PurseSpent(spent) => out.spent(own, spent)?,
        Entry::OrderPurseHeld(held) => {
            out.add(held.purse, Account::Pool, Account::Hold(held.order), held.units)?;
        }
        Entry::OrderPurseMoved(moved) => out.card_moved(moved)?,
        Entry::OrderRefundAllowed(allowed) => out.back_from_order(allowed)?,
        // What moves money only, and words.
        #[rustfmt::skip]
        Entry::OrderToPay(_) | Entry::OrderPaid(_) | Entry::OrderPaidBack(_) | Entry::OrderRefundAsked(_)
        | Entry::OrderToTransfer(_) | Entry::OrderTransferCame(_) | Entry::OrderSentBack(_)
        | Entry::OrderRefundEnded(_) | Entry::OrderCashGiven(_) | Entry::ShiftOpened(_) | Entry::ShiftClosed(_)
        | Entry::DeviceRevoked(_) | Entry::OrderHandedOver(_) | Entry::OrderStepped(_) | Entry::OrderCancelAsked(_)
        | Entry::OrderSwapAsked(_) | Entry::OrderSwapWithdrawn(_) | Entry::CountOpened(_) | Entry::CountMarked(_)
        | Entry::CountDropped(_)
        | Entry::DrawerMoved(_) | Entry::DrawerOpened(_) | Entry::DrawerCounted(_) | Entry::PersonPut(_)
        | Entry::PersonErased(_) | Entry::LimitsPut(_) | Entry::LoyaltyPut(_) | Entry::PriceRulePut(_)
        | Entry::PriceMoved(_) | Entry::PriceRefused(_) | Entry::CouponPut(_) | Entry::ReturnAsked(_)
        | Entry::ReturnRefused(_) | Entry::ProgramActed(_) | Entry::CustomerPut(_) | Entry::CustomerErased(_)
        | Entry::EpochStarted(_) | Entry::DeviceAdmitted(_) | Entry::ShareRecalled(_) | Entry::IncidentRaised(_)
        | Entry::IncidentSettled(_) | Entry::OrderBackAsked(_) | Entry::RefundAllowed(_) | Entry::Unfrozen(_)
        | Entry::RecordParked(_) | Entry::PaymentVerified(_) | Entry::PaymentSettled(_) | Entry::PaymentFailed(_)
        | Entry::LinesTakenOff(_) | Entry::TabPaid(_) | Entry::CostsNoted(_) | Entry::PricesSet(_) | Entry::LinesRepriced(_) | Entry::DealTaken(_)
        | Entry::RivalsSeen(_) | Entry::RivalsFetched(_) | Entry::RivalSourcePut(_) => {}
    }
    Ok(out.0)
}

struct Transfers(Vec<Transfer>);

impl Transfers {
    fn held(&mut self, order: &OrderPlaced) -> Result<(), Impossible> {
        let hold = Account::Hold(order.order);
        order.lines.iter().try_for_each(|line| self.add(line.product, Account::Pool, hold, line.quantity))
    }

    fn voided(&mut self, own: Account, void: &SaleVoided) -> Result<(), Impossible> {
        for units in &void.units {
            self.add(units.product, Account::Sold, own, units.from_share)?;
            self.add(units.product, Account::Sold, Account::Deficit, units.beyond_share)?;
        }
        Ok(())
    }

    /// What can be sold is the shop's to promise: no register has it in its share.
    fn taken(&mut self, taken: &ReturnTaken) -> Result<(), Impossible> {
        for line in &taken.lines {
            if let Some(to) = goods_account(line.goods, Account::Pool) {
                self.add(line.product, Account::Sold, to, line.quantity)?;
            }
        }
        Ok(())
    }

    fn refunded(&mut self, own: Account, refund: &RefundMade) -> Result<(), Impossible> {
        for line in &refund.lines {
            if let (Some(product), Some(to)) = (line.product, goods_account(line.goods, own)) {
                self.add(product, Account::Sold, to, line.quantity)?;
            }
        }
        Ok(())
    }

    /// What an order had came out of the shop's share.
    fn back_from_order(&mut self, allowed: &OrderRefundAllowed) -> Result<(), Impossible> {
        for line in &allowed.lines {
            if let (Some(product), Some(to)) = (line.product, goods_account(line.goods, Account::Pool)) {
                self.add(product, Account::Sold, to, line.quantity)?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        product: ProductId,
        from: Account,
        to: Account,
        quantity: i64,
    ) -> Result<(), Impossible> {
        if !(0..=MOVE_QUANTITY_MAX).contains(&quantity) {
            return Err(Impossible);
        }
        if quantity > 0 {
            self.0.push(Transfer { product, from, to, quantity });
        }
        Ok(())
    }

    fn received(&mut self, own: Account, received: &StockReceived) -> Result<(), Impossible> {
        received.lines.iter().try_for_each(|line| self.add(line.product, Account::Supply, own, line.quantity))
    }

    fn sold(&mut self, own: Account, sale: &SaleMade) -> Result<(), Impossible> {
        for line in &sale.lines {
            let Some(product) = line.product else { continue };
            let from_share = line.quantity.checked_sub(line.beyond_share).ok_or(Impossible)?;
            self.add(product, own, Account::Sold, from_share)?;
            self.add(product, Account::Deficit, Account::Sold, line.beyond_share)?;
        }
        Ok(())
    }

    fn counted(&mut self, own: Account, count: &StockCounted) -> Result<(), Impossible> {
        let difference = count.counted.checked_sub(count.expected).ok_or(Impossible)?;
        if difference >= 0 {
            return self.add(count.product, Account::Supply, own, difference);
        }
        let owed = difference.checked_neg().and_then(|missing| missing.checked_sub(count.from_share));
        self.add(count.product, own, Account::WriteOff, count.from_share)?;
        self.add(count.product, Account::Deficit, Account::WriteOff, owed.ok_or(Impossible)?)
    }

    fn adjusted(&mut self, own: Account, adjusted: &StockAdjusted) -> Result<(), Impossible> {
        for line in &adjusted.lines {
            match adjusted.reason {
                AdjustReason::Found if line.beyond_share == 0 => {
                    self.add(line.product, Account::Supply, own, line.from_share)?;
                }
                AdjustReason::Found => return Err(Impossible),
                AdjustReason::Waste
                | AdjustReason::Broken
                | AdjustReason::Stolen
                | AdjustReason::OwnUse
                | AdjustReason::Gift
                | AdjustReason::OtherLoss
                | AdjustReason::Undone => {
                    self.add(line.product, own, Account::WriteOff, line.from_share)?;
                    self.add(line.product, Account::Deficit, Account::WriteOff, line.beyond_share)?;
                }
            }
        }
        Ok(())
    }

    /// What became something else leaves for the outside world, and comes back from there as the other product.
    fn converted(&mut self, own: Account, converted: &StockConverted) -> Result<(), Impossible> {
        for part in &converted.taken {
            self.add(part.product, own, Account::Supply, part.from_share)?;
            self.add(part.product, Account::Deficit, Account::Supply, part.beyond_share)?;
        }
        for made in &converted.made {
            self.add(made.product, Account::Supply, own, made.from_share)?;
            self.add(made.product, Account::Supply, Account::Deficit, made.beyond_share)?;
        }
        Ok(())
    }

    /// Value comes from outside, and from a sale that was voided the way it went.
    fn filled(&mut self, own: Account, filled: &PurseFilled) -> Result<(), Impossible> {
        let from = if filled.cause == FillCause::Undone { Account::Sold } else { Account::Supply };
        self.add(filled.purse, from, own, filled.units)
    }

    fn spent(&mut self, own: Account, spent: &PurseSpent) -> Result<(), Impossible> {
        let to = if spent.cause == SpendCause::Paid { Account::Sold } else { Account::Supply };
        self.add(spent.purse, own, to, spent.units)
    }

    /// What paid for an order came out of the shop's share, and is the shop's to promise again.
    fn card_moved(&mut self, moved: &OrderPurseMoved) -> Result<(), Impossible> {
        let hold = Account::Hold(moved.order);
        let (from, to) = match moved.cause {
            PurseMove::Paid => (hold, Account::Sold),
            PurseMove::Back => (Account::Sold, Account::Pool),
            PurseMove::Freed => (hold, Account::Pool),
        };
        self.add(moved.purse, from, to, moved.units)
    }

    fn units(&mut self, units: &[Units], from: Account, to: Account) -> Result<(), Impossible> {
        units.iter().try_for_each(|units| self.add(units.product, from, to, units.quantity))
    }

    /// Only moves that their cause explains: a forged one cannot make units out of nothing.
    fn moved(&mut self, moved: &StockMoved) -> Result<(), Impossible> {
        for step in &moved.moves {
            let explained = matches!(
                (moved.cause, step.from, step.to),
                (MoveCause::Quarantine, Account::Share(_), Account::Quarantine(_))
                    | (MoveCause::TailArrived, Account::Quarantine(_), Account::Share(_))
                    | (MoveCause::ForcedReclaim, Account::Quarantine(_), Account::Pool)
                    | (MoveCause::Cover, Account::Pool, Account::Deficit)
                    | (MoveCause::Counted, Account::Quarantine(_), Account::Deficit)
                    | (MoveCause::HandedOverAnyway, Account::Pool | Account::Deficit, Account::Sold)
                    | (MoveCause::OtherBranch, Account::Quarantine(_) | Account::Deficit, Account::Sold)
                    | (
                        MoveCause::Overdrawn,
                        Account::Deficit,
                        Account::Share(_) | Account::Pool | Account::Hold(_)
                    )
            );
            if !explained {
                return Err(Impossible);
            }
            self.add(step.product, step.from, step.to, step.quantity)?;
        }
        Ok(())
    }
}

fn goods_account(goods: GoodsBack, own: Account) -> Option<Account> {
    match goods {
        GoodsBack::KeptByBuyer => None,
        GoodsBack::Sellable => Some(own),
        GoodsBack::Waste => Some(Account::WriteOff),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Move, ShareReturned, SplitUnits, StockReceived};
    use crate::entry::{ReceivedLine, SaleVoided};
    use crate::ids::{SaleId, ShareId, ShiftId, ThingId};

    const ME: AuthorId = AuthorId([1; 16]);
    const MANGO: ProductId = ProductId([2; 16]);
    const ORDER: OrderId = OrderId([3; 16]);

    fn count(counted: i64, expected: i64, from_share: i64) -> Entry {
        StockCounted {
            count: ThingId([4; 16]),
            product: MANGO,
            counted,
            expected,
            from_share,
            seen: vec![],
            reason: String::new(),
        }
        .into()
    }

    fn moved(cause: MoveCause, from: Account, to: Account) -> Entry {
        StockMoved {
            cause,
            moves: vec![Move { product: MANGO, from, to, quantity: 2 }],
            reason: String::new(),
        }
        .into()
    }

    #[test]
    fn what_each_entry_moves() {
        let own = Account::Share(ME);
        let received: Entry = StockReceived {
            delivery: ThingId([4; 16]),
            lines: vec![ReceivedLine { product: MANGO, quantity: 5, cost_minor: None }],
            note: String::new(),
        }
        .into();
        let voided: Entry = SaleVoided {
            sale: SaleId([5; 16]),
            shift: ShiftId([6; 16]),
            reason: String::new(),
            units: vec![SplitUnits { product: MANGO, from_share: 2, beyond_share: 1 }],
            cash_back_minor: 0,
        }
        .into();
        let returned: Entry =
            ShareReturned { share: ShareId([7; 16]), product: MANGO, quantity: 4, recall: None }.into();
        for (entry, expected) in [
            (received, vec![(Account::Supply, own, 5)]),
            (voided, vec![(Account::Sold, own, 2), (Account::Sold, Account::Deficit, 1)]),
            (returned, vec![(own, Account::Pool, 4)]),
            (count(12, 10, 0), vec![(Account::Supply, own, 2)]),
            (count(10, 10, 0), vec![]),
            (count(7, 10, 1), vec![(own, Account::WriteOff, 1), (Account::Deficit, Account::WriteOff, 2)]),
        ] {
            let moves = transfers(ME, &entry).unwrap();
            let moves: Vec<_> = moves.iter().map(|step| (step.from, step.to, step.quantity)).collect();
            assert_eq!(moves, expected, "{entry:?}");
        }
    }

    /// What is on a card came from outside, is spent from a share, and comes back the way it went.
    #[test]
    fn value_moves_as_units_do() {
        use crate::entry::{FillCause, PurseFilled, PurseKind, PurseSpent, SpendCause};
        let (own, kind) = (Account::Share(ME), PurseKind::GiftCard);
        let (customer, shift, sale, tender) = (None, None, None, None);
        let (reference, reason) = (String::new(), String::new());
        let filled = |cause, units| -> Entry {
            let (reference, reason) = (reference.clone(), reason.clone());
            PurseFilled { purse: MANGO, kind, customer, units, cause, shift, sale, tender, reference, reason }
                .into()
        };
        let spent = |cause, units| -> Entry {
            let (money_minor, missing) = (units, 0);
            PurseSpent { purse: MANGO, kind, customer, units, money_minor, cause, shift, sale, missing }
                .into()
        };
        for (entry, from, to) in [
            (filled(FillCause::Bought, 5), Account::Supply, own),
            (filled(FillCause::Refund, 5), Account::Supply, own),
            (filled(FillCause::Undone, 5), Account::Sold, own),
            (spent(SpendCause::Paid, 5), own, Account::Sold),
            (spent(SpendCause::TakenBack, 5), own, Account::Supply),
        ] {
            let moves = transfers(ME, &entry).unwrap();
            assert_eq!(moves, [Transfer { product: MANGO, from, to, quantity: 5 }], "{entry:?}");
        }
        assert_eq!(transfers(ME, &filled(FillCause::Bought, -1)), Err(Impossible));
        assert_eq!(transfers(ME, &spent(SpendCause::Paid, i64::MAX)), Err(Impossible));
    }

    fn adjusted(reason: AdjustReason, from_share: i64, beyond_share: i64) -> Entry {
        let lines = vec![SplitUnits { product: MANGO, from_share, beyond_share }];
        StockAdjusted { adjustment: ThingId([4; 16]), reason, lines, note: String::new() }.into()
    }

    #[test]
    fn what_is_found_is_the_finders_and_what_is_gone_is_written_off() {
        let own = Account::Share(ME);
        for reason in AdjustReason::ALL {
            let gone = vec![(own, Account::WriteOff, 2), (Account::Deficit, Account::WriteOff, 1)];
            let moves = transfers(ME, &adjusted(*reason, 2, 1)).map(|moves| {
                moves.iter().map(|step| (step.from, step.to, step.quantity)).collect::<Vec<_>>()
            });
            let expected = if *reason == AdjustReason::Found { Err(Impossible) } else { Ok(gone) };
            assert_eq!(moves, expected, "{reason:?}");
        }
        let found = transfers(ME, &adjusted(AdjustReason::Found, 2, 0)).unwrap();
        assert_eq!((found[0].from, found[0].to, found[0].quantity), (Account::Supply, own, 2));
    }

    #[test]
    fn a_basket_takes_its_parts_and_is_there_instead() {
        let own = Account::Share(ME);
        let basket = ProductId([9; 16]);
        let packed = StockConverted {
            conversion: ThingId([4; 16]),
            taken: vec![SplitUnits { product: MANGO, from_share: 3, beyond_share: 1 }],
            made: vec![SplitUnits { product: basket, from_share: 2, beyond_share: 0 }],
            note: String::new(),
        };
        let moves = transfers(ME, &packed.into()).unwrap();
        let moves: Vec<_> =
            moves.iter().map(|step| (step.product, step.from, step.to, step.quantity)).collect();
        assert_eq!(
            moves,
            [
                (MANGO, own, Account::Supply, 3),
                (MANGO, Account::Deficit, Account::Supply, 1),
                (basket, Account::Supply, own, 2)
            ]
        );
    }

    #[test]
    fn quantities_that_cannot_be_true_move_nothing() {
        for entry in [
            adjusted(AdjustReason::Waste, -1, 0),
            count(0, 3, 4),
            count(0, 3, -1),
            count(i64::MAX, i64::MIN, 0),
            count(i64::MIN, 1, 0),
        ] {
            assert_eq!(transfers(ME, &entry), Err(Impossible), "{entry:?}");
        }
    }

    #[test]
    fn the_server_moves_units_only_for_a_cause_that_explains_it() {
        let places = [
            Account::Supply,
            Account::Pool,
            Account::Share(ME),
            Account::Hold(ORDER),
            Account::Sold,
            Account::WriteOff,
            Account::Quarantine(ME),
            Account::Deficit,
        ];
        let mut explained = Vec::new();
        for cause in MoveCause::ALL {
            for from in places {
                for to in places {
                    if transfers(ME, &moved(*cause, from, to)).is_ok() {
                        explained.push((*cause, from, to));
                    }
                }
            }
        }
        let (share, apart) = (Account::Share(ME), Account::Quarantine(ME));
        assert_eq!(
            explained,
            [
                (MoveCause::Quarantine, share, apart),
                (MoveCause::TailArrived, apart, share),
                (MoveCause::ForcedReclaim, apart, Account::Pool),
                (MoveCause::Cover, Account::Pool, Account::Deficit),
                (MoveCause::Overdrawn, Account::Deficit, Account::Pool),
                (MoveCause::Overdrawn, Account::Deficit, share),
                (MoveCause::Overdrawn, Account::Deficit, Account::Hold(ORDER)),
                (MoveCause::HandedOverAnyway, Account::Pool, Account::Sold),
                (MoveCause::HandedOverAnyway, Account::Deficit, Account::Sold),
                (MoveCause::OtherBranch, apart, Account::Sold),
                (MoveCause::OtherBranch, Account::Deficit, Account::Sold),
                (MoveCause::Counted, apart, Account::Deficit),
            ]
        );
    }
}

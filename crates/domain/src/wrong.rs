//! What may be wrong with what a command brings: each with a word that programs and the screens' texts know it by, and a
//! sentence for whoever has no text. What was right and came at the wrong time is a refusal of its own.

use std::fmt;

macro_rules! wrongs {
    ($($(#[$doc:meta])* $name:ident = $code:literal: $sentence:literal,)*) => {
        /// A closed list. A word is kept in answers and never changes its meaning.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Wrong { $($(#[$doc])* $name,)* }

        impl Wrong {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence),* }
            }
        }
    };
}

impl fmt::Display for Wrong {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.sentence())
    }
}

wrongs! {
    NoteTooLong = "note_too_long": "the note is too long; shorten it",
    TooLong = "too_long": "a text is too long; shorten it",
    NameMissing = "name_missing": "a name is missing; write one",
    ReasonMissing = "reason_missing": "say why, in a few words",
    LinesOdd = "lines_odd": "there are no lines, or more than 500; look at them again",
    QuantityOdd = "quantity_odd": "this is no possible quantity; look at the number again",
    OrderLineUnknown = "order_line_unknown": "the order has no such line; look at it again",
    SaleLineUnknown = "sale_line_unknown": "the sale has no such line; look at it again",
    NoSuchReason = "no_such_reason": "nobody can give this reason; choose another",
    Negative = "negative": "this cannot be below zero; look at the number again",
    AmountMissing = "amount_missing": "say how much",
    AmountOdd = "amount_odd": "this is no possible amount; look at the number again",
    AmountAbovePaid = "amount_above_paid": "this is more than is left of what was paid; give less back",
    AmountNotTotal = "amount_not_total": "the amount must be what the order comes to",
    PriceOdd = "price_odd": "this is no possible price; look at the number again",
    PriceBeyondLimits = "price_beyond_limits": "the price is beyond its limits; choose another, or change the limits",
    PriceHeld = "price_held": "the price stays as it is: that is its rule, or its limits leave no room; change its rule",
    PriceTakenBack = "price_taken_back": "this price was taken back before",
    PriceChangeUnknown = "price_change_unknown": "no such change of a price is known here",
    CeilingBelowFloor = "ceiling_below_floor": "the highest price is below the lowest; change one of them",
    StepTooLarge = "step_too_large": "one step may be at most half of the price",
    OverCostOdd = "over_cost_odd": "so much above cost is not possible; look at the number again",
    GoneByOdd = "gone_by_odd": "this is no time of day; write it again",
    MarketOdd = "market_odd": "how far from others is 5 to 50 percent",
    TrialWeeksOdd = "trial_weeks_odd": "a price is tried for 2, 4, 6 or 8 weeks; choose one of them",
    TrialRunning = "trial_running": "a price is being tried for this already; end that first",
    TrialSamePrice = "trial_same_price": "this is the same price; choose another to try",
    TrialTooFar = "trial_too_far": "the price moves at most one step each day, and this is further; choose one nearer",
    TrialNone = "trial_none": "no price is being tried for this on this register",
    PaymentCodeMissing = "payment_code_missing": "the code of the payment is missing; copy it from the message that the stall got",
    PaymentCodeTwice = "payment_code_twice": "this code stands on two payments of this sale; look at both again",
    PaymentUnseen = "payment_unseen": "nobody saw this money yet; look that it came, and enter its code",
    PaymentOpen = "payment_open": "a payment is not over yet; wait for it, or take it out",
    PaymentTakenHere = "payment_taken_here": "there is nothing to look for: it was taken here",
    NothingDue = "nothing_due": "nothing is to be paid for this order",
    CoinsOdd = "coins_odd": "these are more kinds of coins than there are; count again",
    CouponCodeOdd = "coupon_code_odd": "a code has 3 to 24 letters without accents, or digits",
    CouponsFull = "coupons_full": "there are as many codes as there can be; use one of the old ones again",
    CouponOffOdd = "coupon_off_odd": "what a code takes off is an amount, or up to 100 percent",
    CouponProductsMany = "coupon_products_many": "a code is for at most 100 products; take some out",
    CouponUsesOdd = "coupon_uses_odd": "a code is used at least once; end the code instead",
    UntilEarly = "until_early": "the end is before the beginning; choose another day or time",
    DealEachOdd = "deal_each_odd": "one buyer may have at least one at this price, and no more than there are",
    DealOtherMeasure = "deal_other_measure": "the special price is for another quantity than the product's own price; make both for the same",
    DealNotBelow = "deal_not_below": "a special price is below what the product usually costs; choose a lower one",
    CustomerMissing = "customer_missing": "choose a customer first",
    CustomerErased = "customer_erased": "this customer was erased; add them anew",
    EmailOdd = "email_odd": "this is no e-mail address; it looks like name@example.org",
    PersonErased = "person_erased": "this person was erased; add them anew",
    PersonUnknown = "person_unknown": "this person is not known here",
    PersonGone = "person_gone": "this person does not work here any longer; choose another",
    OwnWorkEnded = "own_work_ended": "nobody ends their own work; ask somebody else",
    RoleOdd = "role_odd": "this role cannot be given here; choose another",
    DiscountLimitOdd = "discount_limit_odd": "a discount is at most everything; look at the number again",
    PinOdd = "pin_odd": "a PIN has 4 to 12 digits",
    PinUnset = "pin_unset": "your PIN is not set at this register yet; ask a manager to set it here",
    ApprovalTwice = "approval_twice": "an approval is given once; ask again",
    ApprovalEnded = "approval_ended": "the approval has ended; ask again",
    IncidentUnknown = "incident_unknown": "this is not known here; wait until this register has heard of it",
    GoodsBackBefore = "goods_back_before": "these goods came back before; say that they stay where they are",
    GoodsUnsaid = "goods_unsaid": "say of each line where the goods go",
    AllowanceLines = "allowance_lines": "an allowance covers one line; refund one line at a time",
    AllowanceOther = "allowance_other": "the allowance is for another line; look again",
    LinesNotHandedOver = "lines_not_handed_over": "these lines were not handed over; give an amount back, or cancel the order",
    OrderHeldStill = "order_held_still": "the order was not handed over; cancel it, and the money goes back",
    OrderNotPaid = "order_not_paid": "the order was not paid",
    OrderNotPaidBefore = "order_not_paid_before": "the order was not paid before it was fetched; refund it at the till",
    OrderNotByTransfer = "order_not_by_transfer": "the order is not paid by bank transfer",
    OrderWaitsForPayment = "order_waits_for_payment": "the order waits for its payment; offer it then",
    OrderWaitsForAnswer = "order_waits_for_answer": "the buyer has not answered an offer yet; take it back first",
    OrderChangedOften = "order_changed_often": "the order was changed too often; cancel it instead",
    TabOutsFull = "tab_outs_full": "so much was taken out of this order already that no more can be; take its money, or take all of it out",
    RefundPartsFull = "refund_parts_full": "this order was given back in too many parts already",
    RefundElsewhere = "refund_elsewhere": "the cash is given at the register that asked for it",
    RefundUnanswered = "refund_unanswered": "the server has not answered yet; wait for it",
    RefundNotAllowed = "refund_not_allowed": "this was not allowed: no more is left of what was paid",
    BackInCash = "back_in_cash": "this was paid at hand-over; give it back in cash",
    BackOtherwise = "back_otherwise": "whoever took the payment does not give it back; give it back in cash",
    BackAsPaid = "back_as_paid": "before it is handed over, money goes back the way it was paid",
    SwapOffered = "swap_offered": "something was offered for this line already; wait for the buyer",
    SwapSameMuch = "swap_same_much": "of the same product it must be less than was ordered",
    SwapUnknown = "swap_unknown": "no such offer is known here; look at the order again",
    SwapOver = "swap_over": "the offer is over; look at the order again",
    StepMisfit = "step_misfit": "an order that is fetched becomes ready, one that is brought goes on its way",
    PurseForPurse = "purse_for_purse": "a gift card, credit or points do not pay for a gift card or credit; choose another way",
    PurseAtTill = "purse_at_till": "gift cards, credit and points pay at the till alone; choose another way",
    PurseNotTender = "purse_not_tender": "this payment is no gift card, credit or points; choose it again",
    PurseCodeMissing = "purse_code_missing": "paying needs the card's code; scan the card",
    PurseCodeOdd = "purse_code_odd": "this is no code of a card; look at it again",
    PursePaidOther = "purse_paid_other": "what is paid is not what goes in; look at the amounts again",
    PurseUnnamed = "purse_unnamed": "this goes back into a gift card or credit; say into which",
    PointsNone = "points_none": "this stall has no points; switch them on in the settings",
    PointsNotBack = "points_not_back": "money is not paid back in points; choose a gift card or credit",
    PointsNotSold = "points_not_sold": "points are earned and not sold",
    PointsWorthMissing = "points_worth_missing": "say what a point pays",
    PointsWorthMuch = "points_worth_much": "a point is worth as much as it takes to earn it; make it worth less",
    SaleOdd = "sale_odd": "this is no sale; begin again",
    SaleExchanged = "sale_exchanged": "this was exchanged for what a gift card, credit or points paid; give it back into one of them instead",
    SaleNamesOdd = "sale_names_odd": "each line of a sale has one name; begin again",
    CustomAmountOdd = "custom_amount_odd": "an amount of your own needs a name and a price",
    CurrencyOdd = "currency_odd": "a currency has three letters, such as KES",
    CurrencyMissing = "currency_missing": "the stall has no currency yet; set it first, in Settings",
    BundleParts = "bundle_parts": "each part of a bundle is there at least once; look at the numbers again",
    BundleInBundle = "bundle_in_bundle": "a bundle is made of products that are no bundles; choose another part",
    VariantsOfVariant = "variants_of_variant": "a variant has no variants; make them at its product",
    VariantsOfBundle = "variants_of_bundle": "a bundle has no variants; make a bundle of each",
    VariantsMany = "variants_many": "make 1 to 60 variants at once",
    VariantTwice = "variant_twice": "one variant is named twice; take one of them out",
    VariantUnsaid = "variant_unsaid": "say what differs, and how, without the sign =",
    VariantOptions = "variant_options": "variants differ by one option or two",
    VariantNothing = "variant_nothing": "there is nothing to make",
    TaxOdd = "tax_odd": "a tax has a short name and at most a hundred percent",
    TaxNameTaken = "tax_name_taken": "there is a tax of that name already; choose another name",
    TaxesFull = "taxes_full": "these are more taxes than a stall can have; use one for several products",
    ScaleCodesOdd = "scale_codes_odd": "each pattern of a scale's codes has 13 signs, such as 20IIIIIWWWWWC",
    TermsOdd = "terms_odd": "this is no price for bringing; look at the prices, weights and zones again",
    TransferTermsOdd = "transfer_terms_odd": "this is no account that money can go to; look at its number again",
    PointOdd = "point_odd": "this is no point of the earth; take it from a map again",
    OpeningOdd = "opening_odd": "these are no opening hours; each line has its days and two times",
    RivalNameOdd = "rival_name_odd": "what others sell has a name, and no very long one",
    RivalTwice = "rival_twice": "the same stands there twice; take one of them out",
    RivalSeenLater = "rival_seen_later": "this was seen in the future; look at the day again",
    RivalUnknown = "rival_unknown": "no such price of others is known here",
    SourceMuch = "source_much": "there is too much at once; take less of it",
    SourcesFull = "sources_full": "there are as many places as can be looked at; forget one of the others first",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_wrongs_have_one_word() {
        let codes: BTreeSet<_> = Wrong::ALL.iter().map(|wrong| wrong.code()).collect();
        assert_eq!(codes.len(), Wrong::ALL.len());
        assert!(Wrong::ALL.iter().all(|wrong| !wrong.to_string().is_empty()));
    }
}

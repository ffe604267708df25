//! One entry of each kind, with every field set to something recognisable.

use soko_domain::basket::Discount;
use soko_domain::coupon::CouponTerms;
use soko_domain::delivery::Handing;
use soko_domain::entry::*;
use soko_domain::ids::{AuthorId, EpochId, OrderId, PersonId, ProductId, SaleId, ShareId, ShiftId, ThingId};
use soko_domain::money::{Currency, Ppm};
use soko_domain::people::Limits;
use soko_domain::quantity::Unit;
use soko_domain::role::Role;
use soko_domain::stock::Account;
use soko_domain::tax::{LineTax, TaxRate, TaxTotal};
use soko_domain::transfer::BankAccount;

const MANGO: ProductId = ProductId([1; 16]);
const SALE: SaleId = SaleId([2; 16]);
const SHIFT: ShiftId = ShiftId([3; 16]);
const ORDER: OrderId = OrderId([4; 16]);
const PHONE: AuthorId = AuthorId([5; 16]);
const SHARE: ShareId = ShareId([6; 16]);
const THING: ThingId = ThingId([7; 16]);

pub(crate) fn stamp() -> Stamp {
    Stamp::at(1_795_000_000_123, 180, 20_775)
}

pub(crate) fn samples() -> Vec<Entry> {
    [
        trade_samples(),
        stock_samples(),
        server_samples(),
        desk_samples(),
        customer_samples(),
        price_samples(),
        order_refund_samples(),
        coupon_samples(),
        rival_samples(),
        return_samples(),
        swap_samples(),
        transfer_samples(),
        card_samples(40),
        program_samples(),
        vec![refund_allowed()],
    ]
    .concat()
}

fn desk_samples() -> Vec<Entry> {
    let person = PersonId([0x2a; 16]);
    let coins = vec![Coins { value_minor: 200, pieces: 3 }, Coins { value_minor: 5, pieces: 70 }];
    let limits = Limits {
        discount_ppm: 150_000,
        refund_minor: 2_000,
        void_sale: true,
        open_drawer: false,
        change_price: true,
        custom_minor: 1_500,
    };
    vec![
        DrawerMoved { movement: THING, shift: SHIFT, amount_minor: -1_200, reason: "eau".into() }.into(),
        DrawerOpened { opening: THING, shift: Some(SHIFT), reason: "monnaie".into() }.into(),
        DrawerCounted { count: THING, shift: SHIFT, coins, counted_minor: 950 }.into(),
        PersonPut {
            person,
            revision: 3,
            veil: THING,
            name: "Amina".into(),
            role: Role::Cashier,
            is_active: true,
        }
        .into(),
        PersonErased { person }.into(),
        LimitsPut { role: Role::Cashier, revision: 1, limits }.into(),
        IncidentSettled { incident: THING }.into(),
        OrderBackAsked { order: ORDER, reason: "mould".into() }.into(),
    ]
}

/// Money for an order that goes through the stall's own account.
fn transfer_samples() -> Vec<Entry> {
    let to = BankAccount {
        holder: "Amina".into(),
        number: "DE89370400440532013000".into(),
        bank: "Banque".into(),
    };
    let reference = || "FT 7/22".to_owned();
    vec![
        OrderToTransfer { order: ORDER, amount_minor: 450, to, until_ms: 1_795_260_000_123 }.into(),
        OrderTransferCame { order: ORDER, amount_minor: 450, reference: reference() }.into(),
        OrderSentBack { refund: THING, order: ORDER, amount_minor: 450, reference: reference() }.into(),
    ]
}

/// Parts of an order's money that go back.
fn order_refund_samples() -> Vec<Entry> {
    vec![
        OrderRefundAsked {
            refund: THING,
            order: ORDER,
            lines: vec![OrderBackLine { line: 1, quantity: 2, goods: GoodsBack::Waste }],
            amount_minor: 50,
            way: BackWay::AsPaid,
            reason: "moisi".into(),
        }
        .into(),
        OrderCashGiven { refund: THING, order: ORDER, shift: SHIFT, amount_minor: 120 }.into(),
        OrderRefundAllowed {
            refund: THING,
            order: ORDER,
            to: PHONE,
            way: BackWay::Cash,
            lines: vec![RefundLine {
                line: 1,
                product: Some(MANGO),
                quantity: 2,
                amount_minor: 70,
                goods: GoodsBack::Sellable,
            }],
            amount_minor: 120,
        }
        .into(),
        OrderRefundEnded {
            refund: THING,
            order: ORDER,
            end: RefundEnd::PaidBack,
            amount_minor: 120,
            reference: "cs_1".into(),
        }
        .into(),
    ]
}

fn customer_samples() -> Vec<Entry> {
    let (customer, purse) = (THING, ProductId([0x33; 16]));
    vec![
        CustomerPut {
            customer,
            revision: 2,
            veil: ThingId([0x34; 16]),
            name: "Amina Wanjirũ".into(),
            phone: "+254 712 345 678".into(),
            email: "amina@example.org".into(),
            note: "les mangues".into(),
            may_contact: true,
        }
        .into(),
        CustomerErased { customer }.into(),
        PurseFilled {
            purse,
            kind: PurseKind::GiftCard,
            customer: Some(customer),
            units: 5_000,
            cause: FillCause::Bought,
            shift: Some(SHIFT),
            sale: Some(SALE),
            tender: Some(TenderKind::Card),
            reference: "4711".into(),
            reason: "anniversaire".into(),
        }
        .into(),
        PurseSpent {
            purse,
            kind: PurseKind::Points,
            customer: Some(customer),
            units: 20,
            money_minor: 100,
            cause: SpendCause::TakenBack,
            shift: Some(SHIFT),
            sale: Some(SALE),
            missing: 3,
        }
        .into(),
        LoyaltyPut { revision: 4, earn_minor: 100, worth_minor: 5 }.into(),
    ]
}

fn coupon_samples() -> Vec<Entry> {
    let terms = CouponTerms {
        off: Discount::Percent(Ppm(150_000)),
        min_minor: 2_000,
        products: vec![MANGO],
        from_day: Some(20_770),
        until_day: Some(20_790),
        uses_max: Some(100),
        buyer_uses_max: Some(1),
        is_ended: false,
    };
    let taken = DealTaken { order: ORDER, deal: THING, product: MANGO, buyer: ThingId([8; 16]), units: 2 };
    vec![CouponPut { code: "SUMMER-26".into(), revision: 2, terms }.into(), taken.into()]
}

fn return_samples() -> Vec<Entry> {
    vec![
        ReturnAsked {
            returned: THING,
            order: ORDER,
            why: ReturnWhy::NotAsShown,
            lines: vec![BackLine { line: 0, product: MANGO, quantity: 2 }],
        }
        .into(),
        ReturnTaken {
            returned: THING,
            order: ORDER,
            lines: vec![TakenLine { line: 0, product: MANGO, quantity: 2, goods: GoodsBack::Waste }],
        }
        .into(),
        ReturnRefused { returned: THING, order: ORDER, reason: "eaten".into() }.into(),
    ]
}

fn program_samples() -> Vec<Entry> {
    let act = ProgramAct::KeyMade;
    vec![ProgramActed { act, program: THING, name: "Bookkeeping".into(), by: ThingId([8; 16]) }.into()]
}

fn price_samples() -> Vec<Entry> {
    let product = ProductId([0x41; 16]);
    vec![
        PriceRulePut {
            product: Some(product),
            revision: 3,
            mode: PriceMode::Auto,
            aim: PriceAim::Margin,
            floor_minor: Some(8_000),
            ceiling_minor: None,
            over_cost_ppm: 100_000,
            step_ppm: 150_000,
            gone_by_minutes: Some(1_080),
            market_ppm: 200_000,
        }
        .into(),
        PriceMoved {
            moved: ThingId([0x42; 16]),
            product,
            from_minor: 10_000,
            to_minor: 9_000,
            cause: PriceCause::Auto,
            undoes: Some(ThingId([0x43; 16])),
            low_minor: 8_500,
            high_minor: 11_500,
            gain_low_minor: -2_000,
            gain_minor: 4_000,
            gain_high_minor: 9_000,
            days: 7,
            reasons: vec![
                PriceReason { why: PriceWhy::Left, first: 12, second: 120 },
                PriceReason { why: PriceWhy::TenthDearer, first: -180_000, second: 0 },
            ],
        }
        .into(),
        PriceRefused { product, price_minor: 9_000, until_day: 20_000 }.into(),
        PricesSet {
            cause: SetCause::Imported,
            lines: vec![PriceSet {
                product,
                from_minor: 9_000,
                from_per: 1_000,
                to_minor: 1_200,
                to_per: 100,
            }],
        }
        .into(),
    ]
}

fn rival_samples() -> Vec<Entry> {
    let line = |key: &str, name: &str, product, price| RivalLine {
        key: key.into(),
        name: name.into(),
        product,
        price,
    };
    let price = RivalPrice {
        price_minor: 8_000,
        currency: euro(),
        unit: Unit::Gram,
        per: 1_000,
        seen_at_ms: 1_795_262_400_000,
    };
    let lines = vec![
        line("5449000000996", "Mango, ripe", Some(MANGO), Some(price)),
        line("mango kent", "Mango Kent", None, None),
    ];
    vec![
        RivalsSeen { source: "Across".into(), way: RivalWay::File, revision: 3, lines: lines.clone() }.into(),
        RivalSourcePut { source: "Across".into(), revision: 4, is_on: false, gone_revision: 3 }.into(),
        RivalsFetched { source: "Across".into(), revision: 5, lines }.into(),
    ]
}

fn euro() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn trade_samples() -> Vec<Entry> {
    vec![
        ShiftOpened { shift: SHIFT, float_minor: 5_000 }.into(),
        ShiftClosed { shift: SHIFT, expected_minor: 7_000, counted_minor: 6_880, reason: "monnaie".into() }
            .into(),
        sale_made(),
        SaleVoided {
            sale: SALE,
            shift: SHIFT,
            reason: "typo".into(),
            units: vec![SplitUnits { product: MANGO, from_share: 1_000, beyond_share: 500 }],
            cash_back_minor: 4_298,
        }
        .into(),
        RefundMade {
            refund: THING,
            sale: SALE,
            shift: SHIFT,
            allowance: Some(ThingId([8; 16])),
            lines: vec![RefundLine {
                line: 0,
                product: Some(MANGO),
                quantity: 500,
                amount_minor: 1_433,
                goods: GoodsBack::Sellable,
            }],
            amount_minor: 1_433,
            cash_rounding_minor: 2,
            given: vec![
                GivenBack { kind: TenderKind::Cash, amount_minor: 435, never_came: false },
                GivenBack { kind: TenderKind::MobileMoney, amount_minor: 1_000, never_came: true },
            ],
            reason: "ripe".into(),
        }
        .into(),
        LinesTakenOff {
            taking: THING,
            sale: SALE,
            shift: Some(SHIFT),
            lines: vec![TakenOff {
                product: Some(MANGO),
                name: "Mango".into(),
                quantity: 500,
                amount_minor: 1_445,
            }],
            amount_minor: 1_445,
            reason: "trop cher".into(),
        }
        .into(),
        TabPaid { sale: SALE, tab: ORDER, spans: vec![TabSpan { line: THING, from: 2, upto: 500 }] }.into(),
        CostsNoted { sale: SALE, costs: vec![UnitCost { product: MANGO, cost_minor: 1_815, per: 1_000 }] }
            .into(),
        lines_repriced(),
        PaymentVerified { sale: SALE, tender: 1, code: "QX12Y".into() }.into(),
        PaymentSettled { sale: SALE, tender: 1 }.into(),
        PaymentFailed { sale: SALE, tender: 1, reason: "not in the list".into() }.into(),
    ]
}

fn lines_repriced() -> Entry {
    LinesRepriced {
        sale: SALE,
        lines: vec![Repriced {
            line: 2,
            product: MANGO,
            name: "Mango".into(),
            quantity: 500,
            unit: Some(Unit::Gram),
            own_minor: 2_890,
            own_per: 1_000,
            unit_price_minor: 250,
            price_per: 100,
        }],
    }
    .into()
}

fn sale_made() -> Entry {
    SaleMade {
        sale: SALE,
        shift: SHIFT,
        receipt_number: 300,
        currency: euro(),
        lines: vec![SaleLine {
            product: Some(MANGO),
            name: "Mangue à point".into(),
            unit: Some(Unit::Gram),
            quantity: 1_500,
            beyond_share: 500,
            unit_price_minor: 2_890,
            price_per: 1_000,
            discount_minor: 35,
            discount: Some(reduction(Discount::Amount(30), 30, "abîmée")),
            taxes: vec![LineTax { rate: TaxRate::inclusive(Ppm(220_000)).labelled("TVA"), tax_minor: 775 }],
            total_minor: 4_300,
            note: "bien mûre".into(),
        }],
        discount: Some(reduction(Discount::Percent(Ppm(1_200)), 5, "")),
        total_minor: 4_300,
        cash_rounding_minor: -2,
        tenders: vec![
            Tendered {
                kind: TenderKind::MobileMoney,
                amount_minor: 300,
                reference: "QX12".into(),
                standing: Standing::Claimed,
            },
            cash(4_700),
        ],
        change_minor: 702,
        note: "à emporter".into(),
        customer: Some(THING),
        tab: Some(ORDER),
    }
    .into()
}

fn cash(amount_minor: i64) -> Tendered {
    Tendered { kind: TenderKind::Cash, amount_minor, reference: "".into(), standing: Standing::Taken }
}

fn reduction(off: Discount, amount_minor: i64, reason: &str) -> Reduction {
    Reduction { off, amount_minor, reason: reason.into() }
}

/// What bodies of earlier versions say today: each with its version.
pub(crate) fn earlier() -> Vec<(u8, Entry)> {
    let refund = RefundMade {
        refund: THING,
        sale: SALE,
        shift: SHIFT,
        allowance: Some(ThingId([8; 16])),
        lines: vec![RefundLine {
            line: 0,
            product: Some(MANGO),
            quantity: 500,
            amount_minor: 1_433,
            goods: GoodsBack::Sellable,
        }],
        amount_minor: 1_433,
        cash_rounding_minor: 0,
        given: vec![GivenBack { kind: TenderKind::MobileMoney, amount_minor: 1_433, never_came: false }],
        reason: "ripe".into(),
    };
    let sale = SaleMade {
        sale: SALE,
        shift: SHIFT,
        receipt_number: 300,
        currency: euro(),
        lines: vec![SaleLine {
            product: Some(MANGO),
            name: "Mangue à point".into(),
            unit: None,
            quantity: 1_500,
            beyond_share: 500,
            unit_price_minor: 2_890,
            price_per: 1_000,
            discount_minor: 35,
            discount: None,
            taxes: vec![LineTax { rate: TaxRate::inclusive(Ppm(220_000)), tax_minor: 775 }],
            total_minor: 4_300,
            note: String::new(),
        }],
        discount: None,
        total_minor: 4_300,
        cash_rounding_minor: -2,
        tenders: vec![cash(5_000)],
        change_minor: 702,
        note: String::new(),
        customer: None,
        tab: None,
    };
    let allowed = RefundAllowed {
        allowance: THING,
        to: PHONE,
        sale: SALE,
        line: 0,
        quantity: 1,
        amount_minor: 150,
        money_minor: 150,
        all_minor: 150,
    };
    let converted = StockConverted {
        conversion: THING,
        taken: vec![SplitUnits { product: MANGO, from_share: 6, beyond_share: 0 }],
        made: vec![SplitUnits { product: ProductId([9; 16]), from_share: 2, beyond_share: 0 }],
        note: "gift basket".into(),
    };
    let others = vec![(1, sale.into()), (1, refund.into()), (1, allowed.into()), (1, converted.into())];
    let cards = card_samples(0).into_iter().map(|old| (1, old)).collect();
    [others, vec![(1, earlier_limits()), (1, earlier_rule())], earlier_orders(), cards].concat()
}

fn earlier_rule() -> Entry {
    PriceRulePut {
        product: Some(ProductId([0x41; 16])),
        revision: 3,
        mode: PriceMode::Auto,
        aim: PriceAim::Margin,
        floor_minor: Some(8_000),
        ceiling_minor: None,
        over_cost_ppm: 100_000,
        step_ppm: 150_000,
        gone_by_minutes: Some(1_080),
        market_ppm: 300_000,
    }
    .into()
}

fn earlier_limits() -> Entry {
    LimitsPut {
        role: Role::Cashier,
        revision: 1,
        limits: Limits {
            discount_ppm: 150_000,
            refund_minor: 2_000,
            void_sale: true,
            open_drawer: false,
            change_price: true,
            custom_minor: i64::MAX,
        },
    }
    .into()
}

fn earlier_orders() -> Vec<(u8, Entry)> {
    let order = OrderPlaced {
        order: ORDER,
        buyer: THING,
        currency: euro(),
        lines: vec![OrderLine {
            product: MANGO,
            name: "Mango".into(),
            quantity: 3,
            unit_price_minor: 150,
            price_per: 1,
            discount_minor: 0,
            taxes: vec![],
            tax_minor: 41,
            total_minor: 450,
        }],
        total_minor: 450,
        note: "ripe ones".into(),
        handing: Handing::Pickup,
        delivery: None,
        coupon: None,
    };
    let brought = OrderPlaced {
        total_minor: 750,
        handing: Handing::Local,
        delivery: Some(OrderDelivery {
            zone: "Westlands".into(),
            taxes: vec![],
            tax_minor: 41,
            total_minor: 300,
        }),
        ..order.clone()
    };
    let reduced = OrderPlaced {
        lines: vec![OrderLine {
            discount_minor: 45,
            tax_minor: 37,
            total_minor: 405,
            ..order.lines[0].clone()
        }],
        total_minor: 705,
        coupon: Some(OrderCoupon { code: "SUMMER".into(), discount_minor: 45 }),
        ..brought.clone()
    };
    let unpaid = OrderHandedOver { order: ORDER, taken: None };
    vec![(1, order.into()), (2, brought.into()), (3, reduced.into()), (1, unpaid.into())]
}

fn stock_samples() -> Vec<Entry> {
    vec![
        StockReceived {
            delivery: THING,
            lines: vec![ReceivedLine { product: MANGO, quantity: 20_000, cost_minor: Some(900) }],
            note: "from the cooperative".into(),
        }
        .into(),
        StockCounted {
            count: THING,
            product: MANGO,
            counted: 17,
            expected: 20,
            from_share: 2,
            seen: vec![(PHONE, 41)],
            reason: "bruised".into(),
        }
        .into(),
        StockAdjusted {
            adjustment: THING,
            reason: AdjustReason::Broken,
            lines: vec![SplitUnits { product: MANGO, from_share: 4, beyond_share: 1 }],
            note: "fell off the cart".into(),
        }
        .into(),
        StockConverted {
            conversion: THING,
            taken: vec![SplitUnits { product: MANGO, from_share: 6, beyond_share: 0 }],
            made: vec![SplitUnits { product: ProductId([9; 16]), from_share: 2, beyond_share: 1 }],
            note: "gift basket".into(),
        }
        .into(),
        CountOpened { count: THING, product: MANGO }.into(),
        CountMarked { count: THING }.into(),
        CountDropped { count: THING }.into(),
        ShareReturned { share: SHARE, product: MANGO, quantity: 9, recall: Some(THING) }.into(),
        DeviceRevoked { author: PHONE, reason: "stolen".into() }.into(),
        OrderHandedOver {
            order: ORDER,
            taken: Some(OrderTaken {
                shift: SHIFT,
                total_minor: 705,
                cash_rounding_minor: 5,
                tenders: vec![cash(1_000)],
                change_minor: 290,
                taxes: vec![TaxTotal {
                    rate: TaxRate::inclusive(Ppm(100_000)),
                    net_minor: 627,
                    tax_minor: 78,
                }],
            }),
        }
        .into(),
        OrderCancelAsked { order: ORDER, reason: "rain".into() }.into(),
        OrderStepped { order: ORDER, step: OrderStep::Packed }.into(),
    ]
}

fn server_samples() -> Vec<Entry> {
    let epoch = EpochId([9; 16]);
    let units = vec![Units { product: MANGO, quantity: 3 }];
    vec![
        EpochStarted { epoch, counter: 2, frozen: true }.into(),
        DeviceAdmitted {
            author: PHONE,
            role: Role::Manager,
            name: "phone".into(),
            replaces: Some(AuthorId([10; 16])),
        }
        .into(),
        ShareGranted { share: SHARE, to: PHONE, product: MANGO, quantity: 30, ask: Some(THING) }.into(),
        ShareRecalled { recall: THING, from: PHONE, product: MANGO, quantity: 8 }.into(),
        OrderPlaced {
            order: ORDER,
            buyer: THING,
            currency: euro(),
            lines: vec![OrderLine {
                product: MANGO,
                name: "Mango".into(),
                quantity: 3,
                unit_price_minor: 150,
                price_per: 1,
                discount_minor: 45,
                taxes: vec![LineTax { rate: TaxRate::inclusive(Ppm(100_000)), tax_minor: 37 }],
                tax_minor: 37,
                total_minor: 405,
            }],
            total_minor: 705,
            note: "ripe ones".into(),
            handing: Handing::Local,
            delivery: Some(OrderDelivery {
                zone: "Westlands".into(),
                taxes: vec![LineTax { rate: TaxRate::inclusive(Ppm(160_000)), tax_minor: 41 }],
                tax_minor: 41,
                total_minor: 300,
            }),
            coupon: Some(OrderCoupon { code: "SUMMER".into(), discount_minor: 45 }),
        }
        .into(),
        OrderReleased { order: ORDER, reason: ReleaseReason::StallCancelled, units: units.clone() }.into(),
        OrderFulfilled { order: ORDER, units }.into(),
        StockMoved {
            cause: MoveCause::Cover,
            moves: vec![
                Move { product: MANGO, from: Account::Pool, to: Account::Deficit, quantity: 1 },
                Move { product: MANGO, from: Account::Share(PHONE), to: Account::Hold(ORDER), quantity: 2 },
            ],
            reason: "owed".into(),
        }
        .into(),
        IncidentRaised {
            incident: THING,
            kind: IncidentKind::Shortage,
            author: Some(PHONE),
            product: Some(MANGO),
            quantity: 2,
            orders: vec![ORDER],
        }
        .into(),
        Unfrozen { epoch, by_count: true }.into(),
        RecordParked { author: PHONE, seq: 12, code: 4, note: "the role does not allow it".into() }.into(),
        OrderToPay { order: ORDER, way: PayWay::Card, amount_minor: 450 }.into(),
        OrderPaid { order: ORDER, way: PayWay::Phone, amount_minor: 450, reference: "pi_1".into() }.into(),
        OrderPaidBack { order: ORDER, way: PayWay::Card, amount_minor: 450, reference: "re_1".into() }.into(),
    ]
}

fn refund_allowed() -> Entry {
    RefundAllowed {
        allowance: THING,
        to: PHONE,
        sale: SALE,
        line: 0,
        quantity: 1,
        amount_minor: 150,
        money_minor: 100,
        all_minor: 130,
    }
    .into()
}

fn swap_samples() -> Vec<Entry> {
    let (swap, order) = (THING, ORDER);
    let units = |quantity| vec![Units { product: MANGO, quantity }];
    let into = OrderLine {
        product: MANGO,
        name: "Papaya".into(),
        quantity: 2,
        unit_price_minor: 200,
        price_per: 1,
        discount_minor: 10,
        taxes: vec![LineTax { rate: TaxRate::exclusive(Ppm(100_000)), tax_minor: 39 }],
        tax_minor: 39,
        total_minor: 429,
    };
    let instead = Some(Instead { product: MANGO, quantity: 2 });
    vec![
        OrderSwapAsked { swap, order, line: 1, instead }.into(),
        OrderSwapWithdrawn { swap, order }.into(),
        OrderSwapOffered { swap, order, line: 1, into: Some(into), held: units(2), delta_minor: -21 }.into(),
        OrderSwapTaken { swap, order, place: 3, missing: units(3), delta_minor: -21 }.into(),
        OrderSwapEnded { swap, order, end: SwapEnd::Declined, back: units(2) }.into(),
    ]
}

/// A gift card of the stall that pays for an order from the shop.
fn card_samples(before: i64) -> Vec<Entry> {
    let (order, purse) = (ORDER, MANGO);
    let (cause, refund) = (PurseMove::Back, Some(THING));
    vec![
        OrderPurseHeld { order, purse, units: 2_500, rest_minor: 390, before }.into(),
        OrderPurseMoved { order, purse, cause, units: 2_500, refund, before }.into(),
    ]
}

//! What goods cost when they were sold stays with them, on every engine: for sales of registers, and for what the server gives out.

use soko_domain::basket::TenderKind;
use soko_domain::entry::{
    CostsNoted, Entry, GoodsBack, RefundLine, RefundMade, SaleVoided, ShiftOpened, Standing, UnitCost,
};
use soko_domain::ids::{SaleId, ShiftId, ThingId};
use soko_projection::read_figures::{self as facts, Period};
use soko_record_log::StoreError;
use soko_sync_server::proof;

use crate::common::shop::{STALL, Shop, TEA, core, sale, stores};

const SHIFT: ShiftId = ShiftId([0x5a; 16]);
const EVER: Period = Period { from: 0, to: 40_000 };

fn costs(sale: SaleId, cost_minor: i64) -> Entry {
    let costs = vec![UnitCost { product: TEA, cost_minor, per: 1 }];
    CostsNoted { sale, costs }.into()
}

fn sold(number: u8, quantity: i64) -> Entry {
    sale(SaleId([number; 16]), SHIFT, quantity, (TenderKind::Cash, Standing::Taken)).into()
}

fn came_back(number: u8, quantity: i64, goods: GoodsBack) -> Entry {
    let amount_minor = 450 * quantity;
    RefundMade {
        refund: ThingId([0x70 | number; 16]),
        sale: SaleId([number; 16]),
        shift: SHIFT,
        allowance: None,
        lines: vec![RefundLine { line: 0, product: Some(TEA), quantity, amount_minor, goods }],
        amount_minor,
        cash_rounding_minor: 0,
        given: vec![],
        reason: String::new(),
    }
    .into()
}

/// What tea had cost as far as that was said, and of how many it was; by whole months and by days it is the same.
async fn kept(shop: &Shop) -> (i64, i64) {
    let read = shop.server.store.store.read(|tx| {
        let all = facts::goods(tx, (STALL, EVER))?;
        let days = facts::goods_days(tx, (STALL, EVER), TEA)?;
        let sum = |of: fn(&soko_projection::figures::Goods) -> i64| days.iter().map(|(_, day)| of(day)).sum();
        let by_day: (i64, i64) = (sum(|day| day.cost_minor), sum(|day| day.costed_units));
        let tea = all.iter().find(|(product, _)| *product == Some(TEA)).map(|(_, tea)| *tea);
        let tea = tea.unwrap_or_default();
        assert_eq!(by_day, (tea.cost_minor, tea.costed_units));
        Ok::<_, StoreError>(by_day)
    });
    read.await.map_err(StoreError::from).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goods_cost_then_stays_with_their_sale_and_comes_back_with_it() {
    for store in stores() {
        let mut shop = Shop::open(store, core(), 20).await;
        // A sale of a program of before, and what was said of another one or was not said right before count for nothing.
        let said = [
            ShiftOpened { shift: SHIFT, float_minor: 0 }.into(),
            sold(1, 2),
            costs(SaleId([2; 16]), 200),
            sold(2, 3),
            costs(SaleId([9; 16]), 200),
            sold(3, 1),
            costs(SaleId([4; 16]), 200),
            costs(SaleId([9; 16]), 200),
            sold(4, 1),
            costs(SaleId([5; 16]), 300),
        ];
        shop.register.device.write(said, 1).unwrap();
        shop.exchange().await;
        assert_eq!(kept(&shop).await, (600, 3));
        // The sale comes with another page than what was said before it.
        shop.register.device.write([sold(5, 2)], 2).unwrap();
        shop.exchange().await;
        assert_eq!(kept(&shop).await, (1_200, 5));
        let void = SaleVoided {
            sale: SaleId([5; 16]),
            shift: SHIFT,
            reason: "typo".into(),
            units: vec![],
            cash_back_minor: 0,
        };
        let said = [
            came_back(1, 1, GoodsBack::Sellable),
            came_back(2, 1, GoodsBack::Sellable),
            came_back(2, 1, GoodsBack::Waste),
            void.into(),
        ];
        shop.register.device.write(said, 3).unwrap();
        shop.exchange().await;
        assert_eq!(kept(&shop).await, (400, 2));
        let (store, core) = (shop.server.store.store.clone(), shop.core.clone());
        let looked = std::thread::spawn(move || {
            assert_eq!(proof::verify(&store, &core, STALL).unwrap().problems, Vec::<String>::new());
            assert!(proof::rebuild(&store, &core, STALL).unwrap().was_right());
        });
        looked.join().unwrap();
        assert_eq!(kept(&shop).await, (400, 2));
    }
}

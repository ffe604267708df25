//! A disk without room while somebody sells, and a store that rests when nobody does.

use soko_app_api::{
    Answer, BeyondShare, Call, Command, DiscountInput, Query, SaleAbout, SaleLineInput, TenderInput, Verb,
    View,
};
use soko_domain::ids::{SaleId, ThingId};

use crate::world::*;

/// More than a disk that has just filled up can take.
const SALES_MAX: u16 = 2_000;

fn number(at: u16) -> [u8; 16] {
    let mut id = [0x77; 16];
    id[..2].copy_from_slice(&at.to_be_bytes());
    id
}

fn sale(at: u16) -> Command {
    let verb = Verb::MakeSale {
        sale: SaleId(number(at)),
        lines: vec![SaleLineInput::of(MANGO, 1)],
        discount: DiscountInput::None,
        tenders: vec![TenderInput::cash(1_000)],
        beyond: BeyondShare::Allow,
        about: SaleAbout::default(),
    };
    Command { id: ThingId(number(at)), stall: STALL, verb }
}

/// From now on the database may have so many pages.
fn limit(shell: &Shell, pages: i64) -> i64 {
    let mut engine = shell.device.engine().unwrap();
    let connection = engine.database().connection().unwrap();
    connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get(0)).unwrap()
}

fn is_full(answer: &Answer) -> bool {
    matches!(answer, Answer::Refused(refused) if refused.code == "disk_full")
}

#[test]
fn a_full_disk_is_said_of_a_sale_and_of_a_cart_and_passes() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::open(folder.path());
        shell.found().await;
        let pages = limit(&shell, 1);
        let (mut at, mut sold) = (0, Vec::new());
        let refused = loop {
            at += 1;
            assert!(at < SALES_MAX, "the disk never filled up");
            match shell.call(Call::Do(sale(at))).await {
                Answer::Done(_) => sold.push(at),
                other => break other,
            }
        };
        assert!(is_full(&refused), "{refused:?}");
        // A cart that could not be kept is told, too.
        let key = "cart/full".to_owned();
        let cart = shell.call(Call::Keep { key: key.clone(), value: vec![7; 60_000] }).await;
        assert!(is_full(&cart), "{cart:?}");
        // Reading goes on, and what was answered as sold is there, once.
        for at in &sold {
            let found = shell.ask(Query::Sale { stall: STALL, sale: SaleId(number(*at)) }).await;
            assert!(matches!(found, View::Sale(_)), "{found:?}");
        }
        let missing = shell.call(Call::Ask(Query::Sale { stall: STALL, sale: SaleId(number(at)) })).await;
        assert!(!matches!(missing, Answer::View(View::Sale(_))), "{missing:?}");

        limit(&shell, pages * 10);
        let kept = shell.call(Call::Keep { key: key.clone(), value: vec![7; 60_000] }).await;
        assert_eq!(kept, Answer::Kept(Vec::new()));
        let done = shell.call(Call::Do(sale(at))).await;
        assert!(matches!(done, Answer::Done(_)), "{done:?}");
        shell.close();
    });
}

#[test]
fn the_store_rests_once_nobody_sells() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::open(folder.path());
        shell.found().await;
        let waiting = || shell.device.engine().unwrap().database().pages_waiting().unwrap();
        let mut at = 0;
        while waiting() < 600 {
            at += 1;
            shell.call(Call::Do(sale(at))).await;
        }
        shell.until("the store to rest", async || (waiting() == 0).then_some(())).await;
        shell.close();
    });
}

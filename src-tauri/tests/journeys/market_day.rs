//! A stall's first day: opened without a network, found by a shopper, cut off while the last units are sold, and met
//! again.

use std::path::Path;
use std::time::{Duration, Instant};

use soko_domain::ids::{LogId, ProductId};

use crate::app::App;
use crate::server::{Server, Wish};
use crate::stage::{Stage, until};
use crate::wire::Wire;

const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/icons/icon.png");
const SHOWN_WITHIN: Duration = Duration::from_secs(1);

struct Day<'a> {
    stage: &'a Stage,
    app: App,
    server: Server,
    wire: Wire,
}

#[test]
fn a_stall_begun_offline_meets_a_shopper_and_sells_its_last_units_while_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::set(folder.path());
    let server = Server::start(&stage);
    let wire = Wire::cut_to(&stage, &server);
    let mut day = Day { stage: &stage, app: App::start(&stage), server, wire };
    day.opens_offline();
    day.stocks_and_opens_the_drawer();
    day.connects_and_is_seen();
    let (stall, mango) = day.app.first_product();
    day.wire.cut();
    day.window_sells_four_of_three();
    day.shop_promises_two_of_two(stall, mango);
    day.wire.mend();
    day.hears_of_all_at_once();
    day.hands_over();
    day.all_say_the_same();
    day.server.start_again(&stage);
    day.more_is_delivered();
    let wish = Wish { stall, product: mango, quantity: 1, order: &order(SECOND_ORDER) };
    until("the server takes an order", || day.server.order(&wish).ok());
    day.is_led_to_an_order();
    day.hands_over();
}

const FIRST_ORDER: u8 = 0x0d;
const SECOND_ORDER: u8 = 0x0e;

fn order(byte: u8) -> String {
    format!("{byte:02x}").repeat(16)
}

impl Day<'_> {
    fn opens_offline(&self) {
        let app = &self.app;
        app.follow("Open a stall");
        app.write("Name of the stall", "Amina's fruit");
        app.press("Open the stall");
        app.until_path("/products/new");
        app.write("Name", "Mango");
        app.write("Price", "50");
        app.add_picture(Path::new(PICTURE));
        app.see_picture();
        app.press("Save");
        app.read("Mango is on offer");
    }

    fn stocks_and_opens_the_drawer(&self) {
        let app = &self.app;
        self.receive(5);
        app.read("+5");
        app.follow("Sell");
        app.press("Open the drawer");
        app.press_in_dialog("Open the drawer");
        app.see_picture();
    }

    fn receive(&self, quantity: u32) {
        let app = &self.app;
        app.follow("Stock");
        app.tap("Mango");
        app.press("Receive");
        app.write("Quantity", &quantity.to_string());
        app.press_in_dialog("Receive");
    }

    /// Somebody walks over the market all the time, and finds the mangoes there.
    fn connects_and_is_seen(&mut self) {
        let app = &self.app;
        app.follow("Settings");
        app.press("I am new");
        app.write("Server", &self.wire.url());
        app.write("E-mail address", "amina@example.org");
        app.write("Password", "orchid ladder frost");
        self.wire.mend();
        app.press("Create the account");
        let server = &self.server;
        assert_eq!(server.offer("Mango"), None);
        let (connected, (seen, mango)) = std::thread::scope(|scope| {
            let shopper = scope.spawn(|| {
                let mango = until("a shopper finds the mangoes", || server.offer("Mango"));
                (Instant::now(), mango)
            });
            app.press("Connect now");
            app.read("Amina's fruit is connected");
            (Instant::now(), shopper.join().unwrap())
        });
        let took = seen.saturating_duration_since(connected);
        assert!(took <= SHOWN_WITHIN, "{took:?}");
        let picture = format!("/pictures/{}", mango["picture"].as_str().expect("the mango has a picture"));
        until("the shopper sees the picture, too", || server.get(&picture));
        app.stands("Saved here · all sent");
        until("the shop has two of five to promise", || (server.available("Mango") == 2).then_some(()));
    }

    /// Goods in the hand are sold; what somebody else may have been promised is said before.
    fn window_sells_four_of_three(&self) {
        let app = &self.app;
        app.follow("Sell");
        for _ in 0..4 {
            app.tap("Mango");
        }
        app.read("May be promised to somebody already");
        app.driver.click("//*[self::a or self::button][starts-with(normalize-space(), 'Pay ')]");
        app.press("Done, money is in");
        app.read("Sale 1 is saved");
        app.stands("No connection");
    }

    /// The shop promises what it has, and says how much that is.
    fn shop_promises_two_of_two(&self, stall: LogId, product: ProductId) {
        let wish = |quantity, name: &str| {
            self.server.order(&Wish { stall, product, quantity, order: &order(name.as_bytes()[0]) })
        };
        let short = Err("share_exceeded".to_owned());
        assert_eq!(wish(3, "three"), short);
        let wished = Wish { stall, product, quantity: 2, order: &order(FIRST_ORDER) };
        assert_eq!(self.server.order(&wished), Ok(()));
        assert_eq!(wish(1, "one"), short);
        assert_eq!(self.server.available("Mango"), 0);
    }

    /// The order that came meanwhile, and that it was one too many.
    fn hears_of_all_at_once(&self) {
        let mut titles: Vec<String> =
            self.stage.notifications(2).into_iter().map(|shown| shown.title).collect();
        titles.sort();
        assert_eq!(titles, ["Amina's fruit needs your eye", "New order at Amina's fruit"]);
        self.app.follow("Orders");
        self.app.driver.click(&format!("//main//a[contains(@href, '{}')]", order(FIRST_ORDER)));
    }

    fn is_led_to_an_order(&self) {
        let path = format!("/orders/{}", order(SECOND_ORDER));
        let shown = self.stage.click_notification(|| self.app.path() == path);
        assert_eq!((shown.app.as_str(), shown.title.as_str()), ("Soko", "New order at Amina's fruit"));
        assert!(shown.body.contains("50.00"), "{}", shown.body);
    }

    fn hands_over(&self) {
        let app = &self.app;
        app.press("Handed over");
        app.press_in_dialog("Money taken, goods handed over");
        app.read("The order was handed over");
        app.stands("Saved here · all sent");
    }

    /// Five were there and six are gone: the window says so, and the server counts the same, to the byte.
    fn all_say_the_same(&mut self) {
        let app = &self.app;
        app.follow("Stock");
        app.tap("Mango");
        app.read("1 more were sold or missed than were there");
        let digest = app.digest();
        let said = self.server.stop_and_verify(self.stage);
        assert!(said.contains(&digest), "{digest} is not in: {said}");
        app.stands("No connection");
    }

    fn more_is_delivered(&self) {
        self.receive(6);
        until("the shop may promise again", || (self.server.available("Mango") > 0).then_some(()));
    }
}

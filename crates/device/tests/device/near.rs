//! What is near, with and without a server, and what a stall takes back.

use soko_app_api::{
    Answer, Around, Call, DeviceVerb, MarketQuery, MarketView, Spots, StallEdit, Verb, Window,
};
use soko_domain::point::Point;

use crate::world::{Running, STALL, Shell, on_one_thread};

const HERE: &str = "-1286389,36817223";
const WEEK: &str = "1111100 08:00-18:00";

/// Names, points and times of what is near, and whether the server said it just now.
async fn near(shell: &Shell, point: &str) -> (Vec<(String, String, String)>, bool) {
    let around = Around::of(Point::read(point).unwrap());
    let query = MarketQuery::Spots { which: Spots::Near(around), window: Window::first(20) };
    match shell.call(Call::Market(query)).await {
        Answer::Market(MarketView::Spots(seen)) => {
            let told = seen.value.into_iter().map(|spot| (spot.card.name, spot.point, spot.opening));
            (told.collect(), seen.is_fresh)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_near_is_known_without_a_server_too_until_the_stall_takes_it_back() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Running::start(&data);
        let port = server.port();
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        let wrong = stall.refused(Verb::EditStall { edits: vec![StallEdit::Point("91,x".into())] }).await;
        assert_eq!(wrong, "point_odd");
        let wrong = stall.refused(Verb::EditStall { edits: vec![StallEdit::Opening("always".into())] }).await;
        assert_eq!(wrong, "opening_odd");
        let says = vec![StallEdit::Point(HERE.into()), StallEdit::Opening(WEEK.into())];
        stall.done(Verb::EditStall { edits: says }).await;
        let phone = folder.path().join("phone");
        let shopper = Shell::open(&phone);
        shopper.device(DeviceVerb::UseServer { server: server.url() }).await;
        let name = shopper
            .until("the stall to be near", async || {
                let (found, is_fresh) = near(&shopper, HERE).await;
                let [(name, point, opening)] = found.try_into().ok()?;
                (is_fresh && point == HERE && opening == WEEK).then_some(name)
            })
            .await;
        assert_eq!(near(&shopper, "50000000,0").await.0, [], "it is far from there");
        drop(server);

        // Alone, and opened again: also from where nobody asked before.
        shopper.close();
        let shopper = Shell::open(&phone);
        let (found, is_fresh) = near(&shopper, "-1300000,36900000").await;
        assert_eq!(found, [(name, HERE.to_owned(), WEEK.to_owned())]);
        assert!(!is_fresh);
        assert_eq!(near(&shopper, "50000000,0").await.0, []);

        let server = Running::start_at(&data, port);
        stall.done(Verb::EditStall { edits: vec![StallEdit::Point(String::new())] }).await;
        stall.device(DeviceVerb::ExchangeNow).await;
        shopper
            .until("it to be gone", async || {
                let of = MarketQuery::Spots { which: Spots::Of(STALL), window: Window::first(1) };
                let Answer::Market(MarketView::Spots(seen)) = shopper.call(Call::Market(of)).await else {
                    return None;
                };
                let is_gone =
                    seen.value.first().is_some_and(|spot| spot.point.is_empty() && spot.opening == WEEK);
                (is_gone && near(&shopper, HERE).await.0.is_empty()).then_some(())
            })
            .await;
        drop(server);
        assert_eq!(near(&shopper, HERE).await.0, [], "nor without a server");
    });
}

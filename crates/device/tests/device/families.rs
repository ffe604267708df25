//! A product with its variants, looked at and ordered by a device that hears nobody.

use soko_app_api::{
    Answer, Browse, BuyerQuery, BuyerView, Call, MarketMoved, MarketQuery, MarketView, OfferPage,
    OptionValue, OwnOrderState, Reply, Told, VariantInput, Verb, Window,
};
use soko_domain::ids::{OrderId, ProductId};

use crate::buyer::{buy, buyer, offers, own_order, place, put, until_state};
use crate::world::*;

const ORDER: OrderId = OrderId([0x78; 16]);
const RIPE: ProductId = ProductId([0x31; 16]);
const GREEN: ProductId = ProductId([0x32; 16]);

fn variant(product: ProductId, value: &str, price_minor: i64) -> VariantInput {
    let options = vec![OptionValue { name: "Kind".into(), value: value.into() }];
    VariantInput { product, options, price_minor: Some(price_minor) }
}

/// Mangoes come ripe, of which there are ten, and green, of which there are none.
async fn variants(stall: &Shell) {
    let variants = vec![variant(RIPE, "ripe", 300), variant(GREEN, "green", 200)];
    let made = stall.done(Verb::MakeVariants { product: MANGO, variants }).await;
    assert_eq!(made, Reply::VariantsMade { made: 2 });
    stall.receive(RIPE, 20).await;
    stall.until("it at the server", async || (stall.status().await.unsent == 0).then_some(())).await;
}

async fn page(shell: &Shell, product: ProductId) -> OfferPage {
    match shell.call(Call::Market(MarketQuery::Offer { stall: STALL, product })).await {
        Answer::Market(MarketView::Offer(page)) => page.value,
        other => panic!("{other:?}"),
    }
}

async fn names(shell: &Shell, query: MarketQuery) -> Vec<String> {
    match shell.call(Call::Market(query)).await {
        Answer::Market(MarketView::Offers(seen)) => seen.value.into_iter().map(|row| row.name).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_family_stands_once_and_a_variant_is_chosen_and_ordered_without_a_signal() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("server");
        let server = Running::start(&data);
        let port = server.port();
        let stall = Shell::open(&folder.path().join("till"));
        stall.shop(&server).await;
        variants(&stall).await;
        let shopper = Shell::open(&folder.path().join("phone"));
        buyer(&shopper, &server).await;
        let everything = Told::Market(MarketMoved::Everything);
        shopper.until("the market to be here", async || shopper.was_told(&everything).then_some(())).await;
        drop(server);
        shopper
            .until("it to be noticed", async || {
                (shopper.about().await.is_online == Some(false)).then_some(())
            })
            .await;

        let seen = offers(&shopper, "").await;
        let told: Vec<_> = seen.value.iter().map(|row| (row.name.as_str(), row.together())).collect();
        assert_eq!((told.len(), told[0].0, told[1].0), (2, "Crème tea", "Mango"));
        // Ten as they are, and ten ripe ones, which cost more.
        let mango = told[1].1;
        assert_eq!((mango.price_minor, mango.is_from, mango.available), (250, true, 20));
        assert_eq!(offers(&shopper, "mango").await.value.len(), 1);
        assert_eq!(offers(&shopper, "mango ripe").await.value[0].product, RIPE);
        let everything = MarketQuery::Browse { browse: Browse::of(""), window: Window::first(9) };
        assert_eq!(names(&shopper, everything).await, ["Crème tea", "Mango"]);
        let dear = Browse { min: Some(3), in_stock: true, ..Browse::of("") };
        let dear = MarketQuery::Browse { browse: dear, window: Window::first(9) };
        assert_eq!(names(&shopper, dear).await, ["Crème tea", "Mango"], "some of it costs as much");

        for product in [MANGO, RIPE] {
            let choices = page(&shopper, product).await.choices.unwrap();
            assert_eq!(choices.itself.as_ref().map(|row| row.product), Some(MANGO));
            let left: Vec<_> = choices.variants.iter().map(|row| (row.product, row.available)).collect();
            assert_eq!(left, [(GREEN, 0), (RIPE, 10)]);
            assert_eq!((choices.axes.len(), choices.axes[0].values.join(" ")), (1, "green ripe".into()));
        }

        buy(&shopper, 1, put(RIPE, 2)).await;
        match shopper.call(Call::Buyer(BuyerQuery::Baskets)).await {
            Answer::Buyer(BuyerView::Baskets(baskets)) => {
                let line = &baskets[0].lines[0];
                assert_eq!((line.name.as_str(), line.total_minor, line.available), ("Mango ripe", 600, 10));
            }
            other => panic!("{other:?}"),
        }
        buy(&shopper, 2, place(ORDER)).await;
        assert_eq!(own_order(&shopper, ORDER).await.row.state, OwnOrderState::Saved);
        let server = Running::start_at(&data, port);
        until_state(&shopper, ORDER, OwnOrderState::Held).await;
        shopper
            .until("the eight that are left", async || {
                let choices = page(&shopper, MANGO).await.choices?;
                choices.variants.iter().any(|row| row.product == RIPE && row.available == 8).then_some(())
            })
            .await;
        shopper.close();
        stall.close();
        drop(server);
    });
}

//! One small case for each rule that can be weakened: it holds with the rule, and breaks without it, each time in the same way.
//! A campaign meets most of them by chance; here nothing is left to it.

use soko_app_api::{BeyondShare, SaleLineInput, Verb};
use soko_checkout::{Answer, Call};
use soko_domain::entry::{BackWay, PayWay, ReleaseReason};
use soko_domain::ids::{AuthorId, OrderId, ProductId, SaleId, ThingId};
use soko_domain::sabotage::Sabotage;
use soko_domain::stock::Account;
use soko_domain::verbs::place_order::AskedLine;
use soko_replication::{Body, Page};
use soko_sync_server::stall::{EndOrder, PayTurn, PlaceOrder};

use crate::broken::{Broken, broken};
use crate::cards::card;
use crate::checks::Whole;
use crate::counters::Counter;
use crate::device::Device;
use crate::model::BINDS;
use crate::network::Cut;
use crate::pay::{OPEN, to_pay};
use crate::plan::{Knob, Knobs, Plan};
use crate::server::STALL;
use crate::web::hand_over;
use crate::world::{World, refused};

type Done = Result<(), Broken>;
type Scene = fn(&mut World<'_>, ProductId) -> Done;

const BOTH: Cut = Cut { up: true, down: true };
/// As many as are ever kept, so that no older one is left.
const BACKUPS: usize = 6;

/// Longer than a page is waited for, and than a register waits after it.
const GIVEN_UP_MS: u64 = 600_000;

/// What the scene is about beside goods, and what happens in it.
fn scene_of(rule: Sabotage) -> (Option<Knob>, Scene) {
    match rule {
        Sabotage::AbsoluteQuota => (None, absolute_quota),
        Sabotage::ReturnTwice => (None, return_twice),
        Sabotage::ClockLease => (None, clock_lease),
        Sabotage::NoCloneCheck => (None, no_clone_check),
        Sabotage::NoRestoreCheck => (None, no_restore_check),
        Sabotage::NoFreeze => (None, no_freeze),
        Sabotage::NoCertificateImport => (None, no_certificate_import),
        Sabotage::UnchainedLog => (None, unchained_log),
        Sabotage::AckBeforeDurable => (None, ack_before_durable),
        Sabotage::RetryExecutesAgain => (None, retry_executes_again),
        Sabotage::ShareCheckSkipped => (None, share_check_skipped),
        Sabotage::ChargeAgain => (Some(Knob::Paid), charge_again),
        Sabotage::PostUncaptured => (Some(Knob::Paid), post_uncaptured),
        Sabotage::FreeEarly => (Some(Knob::Paid), free_early),
        Sabotage::CardUncounted => (Some(Knob::Cards), card_uncounted),
        Sabotage::OfferUncounted => (Some(Knob::Deals), offer_uncounted),
        Sabotage::RefundsUncounted => (None, refunds_uncounted),
        Sabotage::EndsFrozen => (None, ends_frozen),
        Sabotage::NumberRefuses => (None, number_refuses),
        Sabotage::ParksNeighbours => (Some(Knob::BadRecords), all_meet),
        Sabotage::RevokedKeeps => (None, revoked_keeps),
        Sabotage::ArrivalsUnfollowed | Sabotage::TotalApart => (None, one_sale),
        Sabotage::NumberReused => (None, two_sales),
    }
}

/// Plays the case of a rule, with this rule weakened or with none.
pub fn play(rule: Sabotage, weaken: Option<Sabotage>) -> Done {
    let (about, scene) = scene_of(rule);
    let mut knobs = Knobs::default();
    knobs.set(Knob::SellOut, 255);
    if let Some(about) = about {
        knobs.set(about, 255);
    }
    let plan = Plan { seed: 3, devices: 2, products: 1, knobs, weaken, steps: Vec::new() };
    let mut world = World::new(&plan, false)?;
    let product = world.products.first().copied().unwrap_or_default();
    meet(&mut world)?;
    scene(&mut world, product)?;
    world.look_everywhere()?;
    world.model.check_promises()?;
    world.check_replicas(Whole::Made)?;
    if weaken.is_none() { world.settle_down() } else { Ok(()) }
}

/// All that are connected tell each other what they know.
fn meet(world: &mut World<'_>) -> Done {
    world.pass(120_000)?;
    for _ in 0..6 {
        let now_ms = world.now_ms;
        world.devices.iter_mut().for_each(|device| device.wake(now_ms));
        world.pass(1_000)?;
    }
    world.look_everywhere()
}

fn sell(world: &mut World<'_>, at: usize, (product, quantity): (ProductId, i64)) -> Done {
    let sale = (SaleId(world.fresh().0), vec![SaleLineInput::of(product, quantity)]);
    world.sell_lines(at, sale, BeyondShare::Refuse).map(drop)
}

/// What a case needs and always has.
fn given<T>(found: Option<T>) -> Result<T, Broken> {
    found.map_or_else(|| broken("a case goes on as it was made", "something is missing"), Ok)
}

fn register<'w>(world: &'w mut World<'_>, at: usize) -> Result<&'w mut Device, Broken> {
    given(world.devices.get_mut(at))
}

fn share_of(world: &mut World<'_>, at: usize, product: ProductId) -> Result<i64, Broken> {
    let device = register(world, at)?;
    let account = Account::Share(device.author());
    Ok(device.read(|tx| soko_projection::read::balance(tx, STALL, product, account))?)
}

/// The shop has some to promise, and each register, too.
fn stock(world: &mut World<'_>, product: ProductId) -> Done {
    world.receive(0, product, 40)?;
    world.receive(1, product, 10)?;
    world.command(0, Verb::ReturnShare { product, quantity: 20 })?;
    meet(world)
}

fn back_up(world: &mut World<'_>) -> Done {
    (0..BACKUPS).try_for_each(|_| world.back_up_server())
}

fn absolute_quota(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    // Whatever is on its way arrives, so that the request goes out at once.
    world.pass(300)?;
    world.command(1, Verb::AskShare { product, quantity: 2 })?;
    world.poll(1)?;
    // Sold while the answer is on its way.
    let quantity = share_of(world, 1, product)?;
    sell(world, 1, (product, quantity))?;
    meet(world)?;
    world.sell_out()
}

fn return_twice(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    world.pass(300)?;
    world.command(0, Verb::ReturnShare { product, quantity: 2 })?;
    let now_ms = world.now_ms;
    let giver = register(world, 0)?;
    let (author, page) = (giver.author(), given(giver.poll(now_ms)?)?);
    for _ in 0..2 {
        world.server.replicate(author, &page, now_ms).map(drop).or_else(refused)?;
    }
    meet(world)?;
    world.sell_out()
}

fn clock_lease(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    world.network.cut(1, BOTH);
    world.pass(660_000)?;
    meet(world)?;
    world.sell_out()
}

fn no_clone_check(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    let copy = register(world, 1)?.copy(2, true)?;
    world.devices.push(copy);
    world.debts = true;
    world.sell_out()
}

fn no_restore_check(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    register(world, 1)?.back_up()?;
    sell(world, 1, (product, 1))?;
    world.restore_device_of(1)?;
    sell(world, 1, (product, 1))
}

fn no_freeze(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    back_up(world)?;
    world.order_units(product, 2)?;
    world.restore_server()?;
    world.order_units(product, 1).map(drop)
}

fn no_certificate_import(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    back_up(world)?;
    world.command(1, Verb::AskShare { product, quantity: 4 })?;
    meet(world)?;
    world.restore_server()?;
    meet(world)?;
    world.confirm(0)?;
    meet(world)?;
    // The register has what the server gave it in its former life, and the server has to know.
    let (here, there) = (register(world, 1)?.heads()?, world.server.heads()?);
    let is_missing = |author: &AuthorId, seq: u64| there.get(author).is_none_or(|there| there.seq < seq);
    let missing = here.iter().find(|(author, head)| is_missing(author, head.seq));
    missing.map_or(Ok(()), |(author, _)| broken(BINDS, format!("not what {author} wrote")))
}

fn unchained_log(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    world.network.cut(1, BOTH);
    world.receive(0, product, 5)?;
    meet(world)?;
    let (other, now_ms) = (register(world, 0)?.author(), world.now_ms);
    let reader = register(world, 1)?;
    // The page that never arrived is given up first.
    reader.poll(now_ms + GIVEN_UP_MS)?;
    let now_ms = now_ms + 2 * GIVEN_UP_MS;
    let (author, asked) = (reader.author(), given(reader.poll(now_ms)?)?);
    let reply = given(world.server.replicate(author, &asked, now_ms)?)?;
    let mut page = Page::decode(&reply.page)?;
    // Somebody on the way changed what the other register wrote last.
    let run = given(page.runs.iter_mut().find(|run| run.author == other))?;
    if let Some((_, Body::Here(body))) = run.records.last_mut() {
        *given(body.last_mut())? ^= 1;
    }
    register(world, 1)?.take(&page.encode()?, now_ms)?;
    world.network.cut(1, Cut::default());
    world.check_replicas(Whole::Made)
}

fn ack_before_durable(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    sell(world, 1, (product, 1))
}

fn retry_executes_again(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    sell(world, 1, (product, 1))?;
    (0..4).try_for_each(|_| world.retry_command(1))
}

fn share_check_skipped(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    let quantity = share_of(world, 1, product)? + 1;
    sell(world, 1, (product, quantity))
}

fn order_to_pay(world: &mut World<'_>, product: ProductId, way: PayWay) -> Result<OrderId, Broken> {
    stock(world, product)?;
    let lines = vec![AskedLine { product, quantity: 1, seen_price_minor: None }];
    let (buyer, order) = (ThingId(world.fresh().0), OrderId(world.fresh().0));
    let asked = PlaceOrder { pay: Some(to_pay(way)), ..PlaceOrder::fetched(buyer, order, lines) };
    given(world.ask_for(asked)?.then_some(()))?;
    world.pay.note_known(order);
    Ok(order)
}

/// The payment goes on for a while. Requests of this kind arrive, or not, and their answers never do.
fn drive(world: &mut World<'_>, order: OrderId, (unanswered, arrives): (Call, bool)) -> Done {
    for _ in 0..12 {
        world.pass(120_000)?;
        let Some(asked) = world.pay_turn(order, PayTurn::Begin(OPEN))? else { continue };
        let (call, is_lost) = (asked.call, asked.call == unanswered);
        let answer = if is_lost && !arrives { None } else { world.served(&asked) };
        let answer = answer.filter(|_| !is_lost).unwrap_or(Answer::Unknown);
        world.pay_turn(order, PayTurn::Answered { call, part: None, answer, goes_on: None })?;
        for at in 0..world.pay.provider.things.len() {
            world.pay.provider.decide(at, true);
        }
        world.check_money()?;
    }
    Ok(())
}

fn charge_again(world: &mut World<'_>, product: ProductId) -> Done {
    let order = order_to_pay(world, product, PayWay::Phone)?;
    drive(world, order, (Call::Ask, true))
}

fn post_uncaptured(world: &mut World<'_>, product: ProductId) -> Done {
    let order = order_to_pay(world, product, PayWay::Card)?;
    drive(world, order, (Call::Capture, false))
}

fn free_early(world: &mut World<'_>, product: ProductId) -> Done {
    let order = order_to_pay(world, product, PayWay::Card)?;
    let asked = given(world.pay_turn(order, PayTurn::Begin(OPEN))?)?;
    world.served(&asked);
    let ended = world.server.end(order, EndOrder::Release(ReleaseReason::BuyerCancelled), world.now_ms);
    ended.map(drop).or_else(refused)?;
    world.look_at_server()?;
    world.check_money()
}

fn card_uncounted(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    // Nobody looked at the card, so the register has all of it still.
    let order = OrderId(world.fresh().0);
    world.order_for_card(order, (product, 2), 0, false).map(drop)
}

fn offer_uncounted(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    for buyer in [0, 1] {
        world.order_at_deal(product, (buyer, 2))?;
    }
    Ok(())
}

fn ends_frozen(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    world.order_units(product, 2)?;
    let order = given(world.open_orders.keys().next().copied())?;
    meet(world)?;
    back_up(world)?;
    world.restore_server()?;
    cancel(world, order)
}

fn number_refuses(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    let quantity = share_of(world, 1, product)? + 1;
    let sale = (SaleId(world.fresh().0), vec![SaleLineInput::of(product, quantity)]);
    world.sell_lines(1, sale, BeyondShare::Allow).map(drop)
}

/// One of them wrote what its role forbids, and opened its drawer.
fn all_meet(world: &mut World<'_>, product: ProductId) -> Done {
    given((!world.bad.is_empty()).then_some(()))?;
    stock(world, product)?;
    given((world.counters.get(Counter::Parked) > 0).then_some(()))
}

fn revoked_keeps(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    let lost = register(world, 1)?.author();
    world.network.cut(1, BOTH);
    world.debts = true;
    sell(world, 1, (product, 1))?;
    world.command(0, Verb::RevokeDevice { author: lost, reason: "stolen".into() })?;
    meet(world)?;
    world.network.cut(1, Cut::default());
    Ok(())
}

fn one_sale(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    sell(world, 1, (product, 1))?;
    meet(world)
}

fn two_sales(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    (0..2).try_for_each(|_| sell(world, 1, (product, 1)))
}

fn refunds_uncounted(world: &mut World<'_>, product: ProductId) -> Done {
    stock(world, product)?;
    world.order_units(product, 2)?;
    let order = given(world.open_orders.keys().next().copied())?;
    meet(world)?;
    world.command(0, hand_over(order, false))?;
    meet(world)?;
    // Two registers, each of which knows of what it asks for alone, and together it is more than was paid.
    for at in [0, 1] {
        world.network.cut(at, BOTH);
        given(world.ask_part(at, (order, BackWay::Cash), (false, 300))?.then_some(()))?;
    }
    for at in [0, 1] {
        world.network.cut(at, Cut::default());
    }
    meet(world)?;
    world.give_all_cash()
}

/// An order that a card paid is cancelled, and again after the server was set back to before that; then the devices bring the first
/// word. What the card was worth, and what is on it then. That is the same: what both lives say of it has one name, and counts once.
pub fn card_in_two_lives() -> Result<(i64, i64), Broken> {
    let mut knobs = Knobs::default();
    knobs.set(Knob::Cards, 255);
    let plan = Plan { seed: 3, devices: 2, products: 1, knobs, weaken: None, steps: Vec::new() };
    let mut world = World::new(&plan, false)?;
    let product = world.products.first().copied().unwrap_or_default();
    meet(&mut world)?;
    stock(&mut world, product)?;
    // The register gives what it has of it to the shop.
    world.look_at_card(0)?;
    meet(&mut world)?;
    let before = on_card(&mut world)?;
    let order = OrderId(world.fresh().0);
    given(world.order_for_card(order, (product, 1), 0, false)?.then_some(()))?;
    meet(&mut world)?;
    back_up(&mut world)?;
    cancel(&mut world, order)?;
    meet(&mut world)?;
    world.restore_server()?;
    cancel(&mut world, order)?;
    world.settle_down()?;
    Ok((before, on_card(&mut world)?))
}

fn cancel(world: &mut World<'_>, order: OrderId) -> Done {
    let ended = world.server.end(order, EndOrder::Release(ReleaseReason::BuyerCancelled), world.now_ms);
    ended.map(drop).or_else(refused)?;
    world.look_at_server()
}

/// What anybody may still spend of the first card.
fn on_card(world: &mut World<'_>) -> Result<i64, Broken> {
    let accounts = world.server.read(|tx| soko_projection::read::accounts(tx, STALL, card(0)))?;
    let is_gone = |account: &Account| matches!(account, Account::Supply | Account::Sold);
    Ok(accounts.iter().filter(|(account, _)| !is_gone(account)).map(|(_, units)| units).sum())
}

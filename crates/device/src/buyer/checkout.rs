//! What ordering a basket comes to, before anybody taps: worked out here as the server will, from what was last seen of the stall.

use soko_app_api::{AddressView, BuyerView, CheckoutView, ContactView, HandingWay, MarketQuery, Told};
use soko_domain::basket::Policy;
use soko_domain::coupon::CouponProblem;
use soko_domain::delivery::{Handing, Handings};
use soko_domain::ids::{LogId, ProductId};
use soko_domain::money::Currency;
use soko_domain::refusal::Refusal;
use soko_domain::tax::TaxRate;
use soko_domain::verbs::place_order::{AskedLine, How, Offer, WorkedOut, work_out};
use soko_record_log::{StoreError, Tx};

use super::by_whom::Buyer;
use super::coupons::Looked;
use super::{Line, addresses, likes, lines, own_orders, seen, tax_names};
use crate::device::Device;
use crate::failure::Undone;
use crate::kept::Own;
use crate::market;
use crate::server::{Unanswered, timed};

/// What is written before anybody types.
#[derive(Clone)]
struct Written {
    contact: ContactView,
    addresses: Vec<AddressView>,
}

/// What a server says that knows orders and no quote of one.
const NO_QUOTES: &str = "method_not_allowed";

impl Device {
    /// With what the stall says now, if it answers in time.
    pub(crate) async fn checkout(
        &self,
        stall: LogId,
        wanted: (Option<Handing>, &str),
        (coupon, card): (Option<&str>, Option<&str>),
    ) -> Result<BuyerView, Undone> {
        if self.heard.is_online() != Some(false)
            && let Ok(server) = self.server()
        {
            let query = MarketQuery::Stall(stall);
            let asked = timed(&*self.host, self.options.market_ms, server.market(&query)).await;
            match asked {
                Some(Ok(view)) => self.keep_seen(&query, &view)?,
                Some(Err(_)) => {}
                // What is asked next need not wait as long; whatever the server says turns it on again.
                None => {
                    let silence = Unanswered::NoAnswer("the checkout waited in vain".into());
                    self.heard.note(&*self.host, Some(&silence));
                }
            }
        }
        let own = self.own()?;
        let whose = likes::whose(&own);
        let addresses = self.read(|tx| addresses::views(tx, &whose))?;
        let mut contact = match addresses.first() {
            Some(usual) => Some(usual.contact.clone()),
            None => self.read(|tx| own_orders::last_contact(tx, &whose))?,
        };
        if let (None, Some(session)) = (&contact, own.session()) {
            contact = self.contact_of_account(session).await;
        }
        let written = Written { contact: contact.unwrap_or_default(), addresses };
        let is_guest = own.account().is_none();
        let typed = match coupon {
            Some(typed) => typed.to_owned(),
            None => self.read(|tx| own_orders::coupon_to_reconfirm(tx, &whose, stall))?,
        };
        let looked = self.look_at_coupon(&own, (stall, &typed)).await?;
        let card = match card {
            Some(typed) => typed.to_owned(),
            None => self.read(|tx| own_orders::card_to_reconfirm(tx, &whose, stall))?,
        };
        let card = self.look_at_card(&own, (stall, &card)).await?;
        let here = || {
            let (looked, written) = (looked.clone(), written.clone());
            self.read(|tx| view(tx, (&whose, stall), wanted, looked, (written, is_guest)))
        };
        let mut view = self.as_the_server_says(&own, (stall, wanted.1), here).await?;
        (view.card, view.card_problem, view.card_there_minor) = (card.code, card.problem, card.there_minor);
        Ok(BuyerView::Checkout(Box::new(view)))
    }

    /// What it comes to, asked of the stall's server. Where that says something else than what was worked out here, what it offers
    /// is fetched, and both are worked out once more: so what is shown is what an order asks for, and the basket says what changed.
    async fn as_the_server_says(
        &self,
        own: &Own,
        (stall, zone): (LogId, &str),
        here: impl Fn() -> Result<CheckoutView, Undone>,
    ) -> Result<CheckoutView, Undone> {
        let mut view = here()?;
        let buyer = Buyer::now(own).placed_as(own);
        let (Ok(server), Some(buyer), false) = (self.server(), buyer, self.heard.is_online() == Some(false))
        else {
            return Ok(view);
        };
        for may_refresh in [true, false] {
            let Some(total_minor) = view.total_minor else { break };
            let whose = likes::whose(own);
            let asked = self.read(|tx| Ok(asked_lines(&lines(tx, &whose, Some(stall))?)))?;
            let coupon = if view.coupon_problem.is_empty() { view.coupon.as_str() } else { "" };
            let quote = server.quote(stall, &buyer, (&asked, view.handing, zone, coupon));
            match timed(&*self.host, self.options.market_ms, quote).await {
                Some(Ok(quote)) if quote.total_minor == total_minor => {
                    view.tax_minor = Some(quote.taxes.iter().map(|tax| tax.tax_minor).sum());
                    if quote.taxes != view.taxes {
                        self.write(|tx| tax_names::keep(tx, stall, &quote.taxes))?;
                    }
                    (view.taxes, view.is_of_server) = (quote.taxes, true);
                    break;
                }
                // An older server gives no quotes.
                Some(Err(Unanswered::Refused { code, .. })) if code == NO_QUOTES => break,
                Some(Err(Unanswered::Refused { code, .. })) if !may_refresh => {
                    view.declined = code;
                    break;
                }
                Some(Ok(_) | Err(Unanswered::Refused { .. })) if may_refresh => {}
                Some(_) | None => break,
            }
            let fetched = self.fetch_stall(&server, stall);
            if !matches!(timed(&*self.host, self.options.market_ms, fetched).await, Some(Ok(()))) {
                break;
            }
            let before = std::mem::replace(&mut view, here()?);
            if view != before {
                self.tell(&Told::Buyer);
            }
        }
        Ok(view)
    }

    /// What the account wrote on another device.
    async fn contact_of_account(&self, session: &str) -> Option<ContactView> {
        let server = self.server().ok()?;
        timed(&*self.host, self.options.market_ms, server.own_contact(session)).await?.ok()
    }
}

fn view(
    tx: &mut dyn Tx,
    (whose, stall): (&str, LogId),
    (handing, zone): (Option<Handing>, &str),
    looked: Looked,
    (written, is_guest): (Written, bool),
) -> Result<CheckoutView, StoreError> {
    let (handings, pickup_text) = offered(tx, stall)?;
    let ways: Vec<HandingWay> = Handing::ALL
        .iter()
        .filter(|handing| handings.offers(**handing))
        .map(|handing| HandingWay {
            handing: *handing,
            zones: handings.zones(*handing).into_iter().map(str::to_owned).collect(),
        })
        .collect();
    let first = ways.first().map_or(Handing::Pickup, |way| way.handing);
    let handing = handing.filter(|handing| handings.offers(*handing)).unwrap_or(first);
    let basket = lines(tx, whose, Some(stall))?;
    let plain = How { handings: &handings, handing, zone, coupon: None };
    let (worked, problem) = with_coupon(&basket, &plain, &looked);
    // What the goods come to is known, even where nothing can be brought.
    let goods = worked_out(
        &basket,
        &How { handings: &Handings::default(), handing: Handing::Pickup, zone: "", coupon: None },
    );
    let coupon_min_minor = match problem {
        Some(CouponProblem::BelowMinimum { min_minor }) => Some(min_minor),
        Some(_) | None => None,
    };
    let taxes = match &worked {
        Ok(worked) => tax_names::named(tx, stall, &worked.taxes())?,
        Err(_) => Vec::new(),
    };
    Ok(CheckoutView {
        ways,
        handing,
        pickup_text,
        goods_minor: goods.map_or(0, |goods| goods.total_minor),
        line_totals: worked
            .iter()
            .flat_map(|it| it.priced.lines.iter().map(|line| line.total_minor))
            .collect(),
        coupon: looked.code,
        coupon_problem: problem.map_or(looked.problem, |problem| problem.code().to_owned()),
        coupon_min_minor,
        discount_minor: worked.as_ref().map_or(0, |it| it.priced.discount_minor),
        card: String::new(),
        card_problem: String::new(),
        card_there_minor: None,
        delivery_minor: worked
            .as_ref()
            .ok()
            .and_then(|it| it.delivery.as_ref())
            .map(|charge| charge.total_minor),
        taxes,
        total_minor: worked.as_ref().ok().map(|it| it.total_minor),
        tax_minor: None,
        is_of_server: false,
        declined: String::new(),
        problem: worked.err().map_or_else(String::new, |refusal| refusal.code().to_owned()),
        contact: written.contact,
        addresses: written.addresses,
        is_guest,
    })
}

/// Product, quantity, price that is shown now.
fn asked_lines(basket: &[Line]) -> Vec<(ProductId, i64, i64)> {
    let shown = |line: &Line| line.kept.as_ref().map_or(line.seen_minor, |kept| line.price_minor(&kept.row));
    basket.iter().map(|line| (line.product, line.quantity, shown(line))).collect()
}

/// What it comes to with a code; without it, where this basket is not what the code is for.
pub(super) fn with_coupon(
    basket: &[Line],
    plain: &How<'_>,
    looked: &Looked,
) -> (Result<WorkedOut, Refusal>, Option<CouponProblem>) {
    match worked_out(basket, &How { coupon: looked.terms.as_ref(), ..*plain }) {
        Err(Refusal::Coupon(problem)) => (worked_out(basket, plain), Some(problem)),
        worked => (worked, None),
    }
}

/// How the stall hands orders over, as it was last seen, and where buyers come.
pub(super) fn offered(tx: &mut dyn Tx, stall: LogId) -> Result<(Handings, String), StoreError> {
    let Some(page) = market::handings(tx, stall)? else { return Ok((Handings::default(), String::new())) };
    let said = page.handings;
    let handings = Handings::read(said.no_pickup, &said.local_terms, &said.shipping_terms);
    let pickup_text = match said.pickup_text.is_empty() {
        false => said.pickup_text,
        true => [page.card.place, page.hours]
            .into_iter()
            .filter(|it| !it.is_empty())
            .collect::<Vec<_>>()
            .join("\n"),
    };
    Ok((handings, pickup_text))
}

/// The order as the server will work it out.
pub(super) fn worked_out(basket: &[Line], how: &How<'_>) -> Result<WorkedOut, Refusal> {
    let currency = seen(basket).and_then(|row| Currency::parse(&row.currency));
    let Some(currency) = currency else { return Err(Refusal::HandingNotOffered) };
    let mut wanted = Vec::with_capacity(basket.len());
    for line in basket {
        let Some(kept) = &line.kept else { return Err(Refusal::UnknownProduct(line.product)) };
        let row = &kept.row;
        let offer = Offer {
            name: row.name.clone(),
            unit_price_minor: line.price_minor(row),
            price_per: row.price_per,
            archived: false,
            taxes: TaxRate::all(row.tax_ppm, row.tax_inclusive, ""),
            unit: row.unit,
            piece_g: row.piece_g,
            pool: row.available,
            deal: None,
        };
        let (product, quantity) = (line.product, line.quantity);
        wanted.push((offer, AskedLine { product, quantity, seen_price_minor: None }));
    }
    let wanted: Vec<(&Offer, &AskedLine)> = wanted.iter().map(|(offer, asked)| (offer, asked)).collect();
    work_out(Policy::plain(currency), &wanted, how)
}

//! Suggestions, chosen here: the server's model of what was bought together, fetched by its hash and kept, and what this
//! device's buyer had, which goes nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use soko_app_api::{
    Around, Because, OfferRow, ProductRow, Query, SuggestQuery, Suggested, Suggestions, View,
};
use soko_domain::ids::{Hash, LogId, ProductId};
use soko_domain::point::Point;
use soko_recommend::packed::{Packed, Reason, Suggestion, Wanted, apply, model_id};
use soko_record_log::{StoreError, Tx, params};

use crate::buyer::{interactions, likes};
use crate::device::Device;
use crate::experiment::{own_arm, put_own_arm};
use crate::failure::Undone;
use crate::market::{of_family, offer, spot_of};
use crate::server::Server;

/// What a shopper and what a cashier is shown.
const OFFERS: usize = 6;
const AT_COUNTER: usize = 3;
/// So many more are looked at, since some are sold out, and some are sizes of one thing.
const SPARE: usize = 6;
/// Products of the latest orders that say something of somebody, and products that were looked at.
const HISTORY: u32 = 200;
const LOOKED_AT: u32 = 10;

/// What is in memory; all of it can be read again.
#[derive(Default)]
pub(crate) struct Model {
    /// None before it was looked for; nothing inside when there is none.
    packed: Option<Option<Rc<Packed>>>,
    market: Option<Rc<Numbers>>,
    stalls: BTreeMap<LogId, Rc<Numbers>>,
}

/// The model's numbers of what is offered.
type Numbers = BTreeMap<u32, (LogId, ProductId)>;

impl Model {
    /// Offers passed by, known ones or new ones.
    pub(crate) fn seen(&mut self, rows: &[&OfferRow]) {
        if let (Some(Some(packed)), Some(market)) = (&self.packed, &mut self.market) {
            let offers = rows.iter().map(|row| (row.stall, row.product));
            Rc::make_mut(market).extend(numbered(packed, offers));
        }
    }

    /// What is offered changed, at one stall or in the market.
    pub(crate) fn doubt(&mut self, stall: Option<LogId>) {
        match stall {
            Some(stall) => drop(self.stalls.remove(&stall)),
            None => self.market = None,
        }
    }
}

impl Device {
    pub(crate) fn suggestions(&self, query: &SuggestQuery) -> Result<Suggestions, Undone> {
        let packed = self.packed()?;
        let packed = packed.as_deref();
        Ok(match query {
            SuggestQuery::ForMe { around } => {
                Suggestions::Offers(packed.map_or(Ok(Vec::new()), |packed| self.for_me(packed, *around))?)
            }
            SuggestQuery::With { stall, product } => {
                Suggestions::Offers(packed.map_or(Ok(Vec::new()), |packed| {
                    self.beside(packed, (*stall, &[*product][..]), goes_with)
                })?)
            }
            SuggestQuery::WithAll { stall, products } => {
                Suggestions::Offers(packed.map_or(Ok(Vec::new()), |packed| {
                    self.beside(packed, (*stall, products.as_slice()), goes_with)
                })?)
            }
            SuggestQuery::Similar { stall, product } => {
                let it = (*stall, &[*product][..]);
                let found = packed.map_or(Ok(Vec::new()), |packed| self.beside(packed, it, similar))?;
                Suggestions::Offers(if found.is_empty() { self.akin((*stall, *product))? } else { found })
            }
            SuggestQuery::AtCounter { stall, products } => Suggestions::Products(
                packed.map_or(Ok(Vec::new()), |packed| self.at_counter(packed, *stall, products))?,
            ),
        })
    }

    fn for_me(&self, packed: &Packed, around: Option<Around>) -> Result<Vec<Suggested<OfferRow>>, Undone> {
        let numbers = self.market_numbers(packed)?;
        let whose = likes::whose(&self.own()?);
        let (history, liked, unwanted) =
            self.read(|tx| Ok((history(tx, &whose)?, likes::products(tx, &whose)?, unwanted(tx, &whose)?)))?;
        let looked = self.read(|tx| interactions::opened(tx, &whose, LOOKED_AT))?;
        let explores = self.read(own_arm)?.is_none_or(|own| own.explores);
        let number = |product: &ProductId| packed.number(&product.0);
        let had: Vec<u32> = history.iter().filter_map(number).collect();
        let only_liked: Vec<u32> = liked.iter().filter_map(number).filter(|it| !had.contains(it)).collect();
        // What somebody likes counts as if they had it, the latest like the most.
        let mut history = [had, only_liked.clone()].concat();
        // Whoever had and liked nothing yet may have looked at something.
        let only_looked: Vec<u32> = match history.is_empty() {
            true => looked.iter().filter_map(number).collect(),
            false => Vec::new(),
        };
        history.extend(&only_looked);
        let unwanted: Vec<u32> = unwanted.iter().filter_map(number).collect();
        let may_show = |it: u32| numbers.contains_key(&it) && !unwanted.contains(&it);
        let wanted = Wanted { count: OFFERS * SPARE, may_show: &may_show, explore: None };
        let mut found =
            self.offers_of(&packed.suggest(&history, &wanted), &numbers, (&only_liked, &only_looked))?;
        within_reach(&mut found, around.and_then(Around::point), self.now().at_ms);
        one_of_each_family(&mut found);
        // The last place goes to something further down, another one each day, so that it can be found out.
        let further = found.len().checked_sub(OFFERS).filter(|further| explores && *further > 0);
        if let Some(further) = further {
            let days = usize::try_from(self.now().at_ms / 86_400_000).unwrap_or(0);
            found.swap(OFFERS - 1, OFFERS + days % further);
        }
        found.truncate(OFFERS);
        Ok(found)
    }

    /// What would be suggested to whoever uses this device and was last seen before then.
    pub(crate) fn suggested_before(&self, as_of_ms: i64) -> Result<Vec<(LogId, ProductId)>, Undone> {
        let Some(packed) = self.packed()? else { return Ok(Vec::new()) };
        let found = self.for_me(&packed, None)?;
        self.read(|tx| {
            let mut old = Vec::new();
            for row in found.iter().map(|it| &it.row) {
                let kept = offer(tx, row.stall, row.product)?;
                if kept.is_some_and(|kept| kept.as_of_ms < as_of_ms) {
                    old.push((row.stall, row.product));
                }
            }
            Ok(old)
        })
    }

    /// What is picked for products of a stall, out of what that stall offers, and none of it another size or colour of these.
    fn beside(
        &self,
        packed: &Packed,
        (stall, products): (LogId, &[ProductId]),
        pick: impl Fn(&Packed, &[u32], &Wanted<'_>) -> Vec<Suggestion>,
    ) -> Result<Vec<Suggested<OfferRow>>, Undone> {
        let numbers = self.market_numbers(packed)?;
        let asked: Vec<u32> = products.iter().filter_map(|it| packed.number(&it.0)).collect();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let whose = likes::whose(&self.own()?);
        let (unwanted, own) = self.read(|tx| {
            let mut own = BTreeSet::new();
            for product in products {
                own.extend(of_family(tx, stall, *product)?);
            }
            Ok((unwanted(tx, &whose)?, own))
        })?;
        let is_wanted = |found: &(LogId, ProductId)| {
            found.0 == stall && !unwanted.contains(&found.1) && !own.contains(&found.1)
        };
        let may_show = |it: u32| numbers.get(&it).is_some_and(is_wanted);
        let wanted = Wanted { count: OFFERS * SPARE, may_show: &may_show, explore: None };
        let mut found = self.offers_of(&pick(packed, &asked, &wanted), &numbers, (&[], &[]))?;
        one_of_each_family(&mut found);
        found.truncate(OFFERS);
        Ok(found)
    }

    /// What the same stall has in common with a product by name or category: all that can be said before a model knows it.
    fn akin(&self, (stall, product): (LogId, ProductId)) -> Result<Vec<Suggested<OfferRow>>, Undone> {
        let Some(to) = self.read(|tx| offer(tx, stall, product))?.map(|kept| kept.row) else {
            return Ok(Vec::new());
        };
        let whose = likes::whose(&self.own()?);
        let unwanted = self.read(|tx| unwanted(tx, &whose))?;
        let mut rows = self.offers_akin(&to, OFFERS * SPARE)?;
        rows.retain(|(row, _)| row.available > 0 && !unwanted.contains(&row.product));
        let mut families = BTreeSet::from([family(&to)]);
        rows.retain(|(row, _)| families.insert(family(row)));
        rows.truncate(OFFERS);
        let said = |(row, what): (OfferRow, Option<String>)| {
            let because = match what {
                Some(what) => Because::Shared { what },
                None => Because::Similar { product: to.name.clone() },
            };
            Suggested { row, because, spot: None }
        };
        Ok(rows.into_iter().map(said).collect())
    }

    fn at_counter(
        &self,
        packed: &Packed,
        stall: LogId,
        products: &[ProductId],
    ) -> Result<Vec<Suggested<ProductRow>>, Undone> {
        let numbers = self.stall_numbers(packed, stall)?;
        let basket: Vec<u32> = products.iter().filter_map(|it| packed.number(&it.0)).collect();
        let wanted =
            Wanted { count: AT_COUNTER * SPARE, may_show: &|it| numbers.contains_key(&it), explore: None };
        let picked = packed.goes_with(&basket, &wanted);
        let product = |number: u32| numbers.get(&number).map(|found| found.1);
        let asked = picked.iter().flat_map(|it| [Some(it.product), named(it.reason)]);
        let asked = asked.flatten().filter_map(product).collect();
        let View::Products(rows) = self.ask(&Query::These { stall, products: asked })? else {
            return Ok(Vec::new());
        };
        let row = |wanted: Option<ProductId>| rows.iter().find(|row| Some(row.product) == wanted);
        let mut found = Vec::new();
        for it in &picked {
            let name = named(it.reason).and_then(|number| row(product(number))).map(|row| row.name.clone());
            let (Some(row), Some(because)) = (row(product(it.product)), because(it.reason, name)) else {
                continue;
            };
            if row.own_share > 0 && found.len() < AT_COUNTER {
                found.push(Suggested { row: row.clone(), because, spot: None });
            }
        }
        Ok(found)
    }

    /// The offers behind the numbers, without what the shop cannot promise now. A reason that speaks of what is only
    /// liked or looked at says so.
    fn offers_of(
        &self,
        picked: &[Suggestion],
        numbers: &Numbers,
        (liked, looked): (&[u32], &[u32]),
    ) -> Result<Vec<Suggested<OfferRow>>, Undone> {
        self.read(|tx| {
            let mut found = Vec::new();
            for it in picked {
                let Some(row) = offered(tx, numbers, it.product)?.filter(|row| row.available > 0) else {
                    continue;
                };
                let number = named(it.reason);
                let named = match number {
                    Some(number) => offered(tx, numbers, number)?.map(|row| row.name),
                    None => None,
                };
                let because = match named {
                    Some(product) if number.is_some_and(|it| liked.contains(&it)) => {
                        Some(Because::Liked { product })
                    }
                    Some(product) if number.is_some_and(|it| looked.contains(&it)) => {
                        Some(Because::Looked { product })
                    }
                    named => because(it.reason, named),
                };
                let spot = spot_of(tx, row.stall)?.map(Box::new);
                found.extend(because.map(|because| Suggested { row, because, spot }));
            }
            Ok(found)
        })
    }

    /// The model that is kept here.
    fn packed(&self) -> Result<Option<Rc<Packed>>, Undone> {
        if let Some(known) = &self.model.borrow().packed {
            return Ok(known.clone());
        }
        let kept = self.read(kept)?;
        // What an older version kept is fetched again.
        let packed = kept.and_then(|(_, bytes)| Packed::read(&bytes).ok()).map(Rc::new);
        self.model.borrow_mut().packed = Some(packed.clone());
        Ok(packed)
    }

    fn market_numbers(&self, packed: &Packed) -> Result<Rc<Numbers>, Undone> {
        if let Some(known) = &self.model.borrow().market {
            return Ok(Rc::clone(known));
        }
        let offers = self.read(|tx| {
            let rows = tx.query("select stall, product from market_offer", &[])?;
            rows.iter()
                .map(|row| Ok((LogId(row.id(0)?), ProductId(row.id(1)?))))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let numbers = Rc::new(Numbers::from_iter(numbered(packed, offers)));
        self.model.borrow_mut().market = Some(Rc::clone(&numbers));
        Ok(numbers)
    }

    fn stall_numbers(&self, packed: &Packed, stall: LogId) -> Result<Rc<Numbers>, Undone> {
        if let Some(known) = self.model.borrow().stalls.get(&stall) {
            return Ok(Rc::clone(known));
        }
        let products = self.read(|tx| {
            let rows =
                tx.query("select product from product where log = $1 and archived = 0", params![stall])?;
            rows.iter().map(|row| Ok((stall, ProductId(row.id(0)?)))).collect::<Result<Vec<_>, StoreError>>()
        })?;
        let numbers = Rc::new(Numbers::from_iter(numbered(packed, products)));
        self.model.borrow_mut().stalls.insert(stall, Rc::clone(&numbers));
        Ok(numbers)
    }

    /// The server's model from the one that is kept here and what differs. Whatever is wrong with that: none.
    async fn piece_together(&self, server: &Server, wanted: Hash) -> Result<Option<Vec<u8>>, Undone> {
        let Some((here, bytes)) = self.read(kept)? else { return Ok(None) };
        let Ok(delta) = server.model_delta(wanted, here).await else { return Ok(None) };
        Ok(apply(&bytes, &delta).ok().filter(|bytes| Hash(model_id(bytes)) == wanted))
    }

    /// Fetches the server's model for this device if it is another one than is kept.
    pub(crate) async fn fetch_model(&self, server: &Server) -> Result<(), Undone> {
        let Some(published) = server.model_in_use().await? else { return Ok(()) };
        let (own, wanted) = self.own_part(&published)?;
        if self.read(kept_id)? == Some(wanted) {
            if self.read(own_arm)? != own {
                self.write(|tx| put_own_arm(tx, own))?;
            }
            return Ok(());
        }
        let bytes = match self.piece_together(server, wanted).await? {
            Some(bytes) => bytes,
            None => server.model(wanted).await?,
        };
        // The name says what the bytes are; what this version cannot read is not kept.
        if Hash(model_id(&bytes)) != wanted || Packed::read(&bytes).is_err() {
            return Err(Undone::failed("the server's model is not what it says"));
        }
        self.write(|tx| {
            put_own_arm(tx, own)?;
            tx.execute(
                "insert into own_model (only_row, model, bytes) values (1, $1, $2)
                 on conflict (only_row) do update set model = excluded.model, bytes = excluded.bytes",
                params![wanted, bytes],
            )
        })?;
        *self.model.borrow_mut() = Model::default();
        Ok(())
    }
}

fn goes_with(packed: &Packed, asked: &[u32], wanted: &Wanted<'_>) -> Vec<Suggestion> {
    packed.goes_with(asked, wanted)
}

/// What goes with it is said there.
fn similar(packed: &Packed, asked: &[u32], wanted: &Wanted<'_>) -> Vec<Suggestion> {
    let said = goes_with(packed, asked, wanted);
    let is_said = |it: u32| said.iter().any(|said| said.product == it);
    let may_show = |it: u32| (wanted.may_show)(it) && !is_said(it);
    let wanted = Wanted { count: wanted.count, may_show: &may_show, explore: None };
    asked.first().map_or_else(Vec::new, |number| packed.similar(*number, &wanted))
}

/// A product and its variants.
fn family(row: &OfferRow) -> (LogId, ProductId) {
    (row.stall, row.variant_of.unwrap_or(row.product))
}

/// The first of each: sizes of one shirt are one suggestion.
fn one_of_each_family(found: &mut Vec<Suggested<OfferRow>>) {
    let mut there = BTreeSet::new();
    found.retain(|it| there.insert(family(&it.row)));
}

fn numbered(
    packed: &Packed,
    products: impl IntoIterator<Item = (LogId, ProductId)>,
) -> impl Iterator<Item = (u32, (LogId, ProductId))> {
    products.into_iter().filter_map(|found| Some((packed.number(&found.1.0)?, found)))
}

fn offered(tx: &mut dyn Tx, numbers: &Numbers, number: u32) -> Result<Option<OfferRow>, StoreError> {
    let Some((stall, product)) = numbers.get(&number) else { return Ok(None) };
    Ok(offer(tx, *stall, *product)?.map(|kept| kept.row))
}

/// What is closed now or far away comes behind what is neither, and what is both comes last; otherwise the order stays.
fn within_reach(found: &mut [Suggested<OfferRow>], here: Option<Point>, now_ms: i64) {
    found.sort_by_key(|it| {
        let spot = it.spot.as_deref();
        let is_far = here.is_some_and(|here| spot.is_some_and(|spot| spot.is_far(here)));
        u8::from(spot.is_some_and(|spot| spot.is_closed(now_ms))) + u8::from(is_far)
    });
}

/// The product that a reason speaks of.
fn named(reason: Reason) -> Option<u32> {
    match reason {
        Reason::Together { with: product, .. } | Reason::Like { product } | Reason::Similar { product } => {
            Some(product)
        }
        Reason::Popular => None,
    }
}

/// The reason in words; nothing when what it speaks of is not known here.
fn because(reason: Reason, name: Option<String>) -> Option<Because> {
    Some(match reason {
        Reason::Together { both, of, .. } => Because::Together { with: name?, both, of },
        Reason::Like { .. } => Because::Like { product: name? },
        Reason::Similar { .. } => Because::Similar { product: name? },
        Reason::Popular => Because::Popular,
    })
}

fn kept(tx: &mut dyn Tx) -> Result<Option<(Hash, Vec<u8>)>, StoreError> {
    let row = tx.query_opt("select model, bytes from own_model", &[])?;
    row.map(|row| Ok((row.id(0)?, row.blob(1)?.to_vec()))).transpose()
}

pub(crate) fn kept_id(tx: &mut dyn Tx) -> Result<Option<Hash>, StoreError> {
    let row = tx.query_opt("select model from own_model", &[])?;
    row.map(|row| row.id(0)).transpose()
}

/// What somebody ordered here, and what is in their baskets; the latest last.
fn history(tx: &mut dyn Tx, whose: &str) -> Result<Vec<ProductId>, StoreError> {
    let rows = tx.query(
        "select l.product from own_order_line l join own_order o on o.order_id = l.order_id
         where o.whose = $1 order by o.at_ms desc, l.place desc limit $2",
        params![whose, HISTORY],
    )?;
    let mut history = rows.iter().rev().map(|row| row.id(0)).collect::<Result<Vec<ProductId>, _>>()?;
    for row in &tx.query("select product from basket_line where whose = $1 order by place", params![whose])? {
        history.push(row.id(0)?);
    }
    Ok(history)
}

fn unwanted(tx: &mut dyn Tx, whose: &str) -> Result<Vec<ProductId>, StoreError> {
    let rows = tx.query("select product from unwanted where whose = $1", params![whose])?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Not to be shown again, or to be shown after all.
pub(crate) fn put_unwanted(
    tx: &mut dyn Tx,
    whose: &str,
    product: ProductId,
    is_unwanted: bool,
) -> Result<(), StoreError> {
    let sql = if is_unwanted {
        "insert into unwanted (whose, product) values ($1, $2) on conflict (whose, product) do nothing"
    } else {
        "delete from unwanted where whose = $1 and product = $2"
    };
    tx.execute(sql, params![whose, product])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use soko_app_api::{Rating, Spot, StallCard};
    use soko_domain::quantity::Unit;

    use super::*;

    fn suggested(number: u8, point: &str, opening: &str) -> Suggested<OfferRow> {
        let stall = LogId([number; 16]);
        let row = OfferRow {
            stall,
            stall_name: String::new(),
            product: ProductId([number; 16]),
            name: String::new(),
            unit: Unit::Piece,
            price_minor: 1,
            was_minor: None,
            price_per: 1,
            currency: "KES".into(),
            tax_ppm: 0,
            tax_inclusive: true,
            piece_g: 0,
            available: 1,
            picture: None,
            rating: Rating::default(),
            categories: Vec::new(),
            added_ms: 0,
            popular: 0,
            variant_of: None,
            options: Vec::new(),
            family: None,
            deal: None,
        };
        let card = StallCard {
            stall,
            name: String::new(),
            place: String::new(),
            description: String::new(),
            currency: "KES".into(),
            offers: 1,
            picture: None,
        };
        let (point, opening) = (point.into(), opening.into());
        let spot = Spot { card, point, opening, offset_minutes: 0, featured_until_ms: 0 };
        Suggested { row, because: Because::Popular, spot: Some(Box::new(spot)) }
    }

    #[test]
    fn what_is_closed_or_far_comes_behind_what_is_neither() {
        // The first of 1970 at noon, a Thursday.
        let noon_ms = 12 * 3_600_000;
        let (open, closed) = ("0001000 08:00-18:00", "0001000 13:00-18:00");
        let (near, far) = ("0,1000", "0,900000");
        let nobody = Suggested { spot: None, ..suggested(6, "", "") };
        let all = [
            suggested(1, far, closed),
            suggested(2, near, closed),
            suggested(3, far, open),
            suggested(4, near, open),
            suggested(5, "", ""),
            nobody,
        ];
        let order = |here: Option<Point>| {
            let mut found = all.to_vec();
            within_reach(&mut found, here, noon_ms);
            found.iter().map(|it| it.row.stall.0[0]).collect::<Vec<_>>()
        };
        assert_eq!(order(Point::read("0,0")), [4, 5, 6, 2, 3, 1]);
        assert_eq!(order(None), [3, 4, 5, 6, 1, 2], "who is nowhere is far from nothing");
    }
}

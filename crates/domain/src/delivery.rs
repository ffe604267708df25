//! How goods reach their buyer, and what a stall asks for bringing or sending them. The same computation on the buyer's device
//! and on the server, so that what was seen before the last tap is what is charged.

use crate::basket::{Basket, BasketLine, Discount, Policy, price};
use crate::money::Ppm;
use crate::quantity::{Quantity, Unit};
use crate::refusal::{Refusal, ensure};
use crate::tax::{LineTax, TaxMode, TaxRate};
use crate::verbs::make_sale::NO_PRODUCT;

crate::wire_choice! {
    /// How an order comes into the buyer's hands.
    pub enum Handing {
        /// The buyer comes for it.
        Pickup = 1,
        /// The stall brings it.
        Local = 2,
        /// A carrier brings it.
        Shipping = 3,
    }
}

impl Handing {
    /// Whether it leaves the stall without its buyer.
    pub fn is_brought(self) -> bool {
        self != Self::Pickup
    }
}

/// Longest text of terms, in bytes.
pub const TERMS_BYTES_MAX: usize = 4_000;
/// Most zones, or steps of weight.
pub const STEPS_MAX: usize = 50;
/// Longest name of a zone, in bytes.
pub const ZONE_BYTES_MAX: usize = 60;
/// More than any delivery costs.
const PRICE_MINOR_MAX: i64 = 1_000_000_000_000;
/// More than anybody sends: a thousand tonnes.
const GRAMS_MAX: i64 = 1_000_000_000;
const PPM_MAX: u32 = 1_000_000;

/// What a stall asks for one way of bringing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    pub tariff: Tariff,
    /// From goods for so much on it costs nothing.
    pub free_from_minor: Option<i64>,
    pub tax: Option<TaxRate>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tariff {
    Flat(i64),
    /// Up to so many grams for so much; the lightest first. What is heavier is not brought.
    ByWeight(Vec<(i64, i64)>),
    /// The names of places, and what it costs there. Elsewhere nothing is brought.
    ByZone(Vec<(String, i64)>),
}

/// Why a text is no terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TermsError {
    #[error("line {line}: begin with flat, weight, zone, free or tax, and an amount")]
    Line { line: usize },
    #[error("one price, prices by weight or prices by zone: choose one of them, and give at least one price")]
    Tariff,
    #[error("a price, a weight or a tax is below zero or too large")]
    Amount,
    #[error("weights go up from line to line")]
    Weights,
    #[error("every zone has a name of its own, of at most 60 bytes")]
    Zones,
    #[error("at most 50 prices, and 4,000 bytes altogether")]
    TooMany,
}

/// What is brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parcel<'a> {
    /// What its goods come to, after everything that comes off.
    pub goods_minor: i64,
    pub grams: i64,
    pub zone: &'a str,
}

/// What bringing costs.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Charge {
    pub taxes: Vec<LineTax>,
    pub tax_minor: i64,
    /// With its tax.
    pub total_minor: i64,
}

impl Terms {
    /// Reads what `Display` writes: a line for each price, `flat 300`, `weight 2000 500` or `zone 300 Westlands`, then
    /// `free 5000` and `tax 160000 inclusive` where there are any. Amounts are in the smallest unit, weights in grams.
    pub fn parse(text: &str) -> Result<Self, TermsError> {
        ensure_that(text.len() <= TERMS_BYTES_MAX, TermsError::TooMany)?;
        let (mut flat, mut weights, mut zones) = (Vec::new(), Vec::new(), Vec::new());
        let (mut free_from_minor, mut tax) = (None, None);
        for (at, line) in text.lines().enumerate() {
            let wrong = TermsError::Line { line: at + 1 };
            let (word, rest) = line.trim().split_once(' ').ok_or(wrong)?;
            let (first, more) = rest.split_once(' ').map_or((rest, ""), |(first, more)| (first, more.trim()));
            let amount: i64 = first.parse().map_err(|_| wrong)?;
            match (word, more) {
                ("flat", "") => flat.push(amount),
                ("weight", more) => weights.push((amount, more.parse().map_err(|_| wrong)?)),
                ("zone", name) if !name.is_empty() => zones.push((name.to_owned(), amount)),
                ("free", "") if free_from_minor.is_none() => free_from_minor = Some(amount),
                ("tax", mode) if tax.is_none() => {
                    let ppm = u32::try_from(amount).ok().filter(|ppm| *ppm <= PPM_MAX);
                    let ppm = Ppm(ppm.ok_or(TermsError::Amount)?);
                    tax = Some(match mode {
                        "inclusive" => TaxRate::inclusive(ppm),
                        "exclusive" => TaxRate::exclusive(ppm),
                        _ => return Err(wrong),
                    });
                }
                _ => return Err(wrong),
            }
        }
        let tariff = match (flat.as_slice(), weights.is_empty(), zones.is_empty()) {
            ([price], true, true) => Tariff::Flat(*price),
            ([], false, true) => Tariff::ByWeight(weights),
            ([], true, false) => Tariff::ByZone(zones),
            _ => return Err(TermsError::Tariff),
        };
        let terms = Self { tariff, free_from_minor, tax };
        terms.check()?;
        Ok(terms)
    }

    /// Whether these can be kept.
    pub fn check(&self) -> Result<(), TermsError> {
        let is_price = |minor: i64| (0..=PRICE_MINOR_MAX).contains(&minor);
        ensure_that(self.free_from_minor.is_none_or(is_price), TermsError::Amount)?;
        match &self.tariff {
            Tariff::Flat(price) => ensure_that(is_price(*price), TermsError::Amount)?,
            Tariff::ByWeight(steps) => {
                ensure_that(!steps.is_empty(), TermsError::Tariff)?;
                ensure_that(steps.len() <= STEPS_MAX, TermsError::TooMany)?;
                let fits = |(grams, price): &(i64, i64)| (1..=GRAMS_MAX).contains(grams) && is_price(*price);
                ensure_that(steps.iter().all(fits), TermsError::Amount)?;
                ensure_that(steps.is_sorted_by(|one, next| one.0 < next.0), TermsError::Weights)?;
            }
            Tariff::ByZone(zones) => {
                ensure_that(!zones.is_empty(), TermsError::Tariff)?;
                ensure_that(zones.len() <= STEPS_MAX, TermsError::TooMany)?;
                ensure_that(zones.iter().all(|(_, price)| is_price(*price)), TermsError::Amount)?;
                let is_name = |(name, _): &(String, i64)| {
                    !name.is_empty()
                        && name.len() <= ZONE_BYTES_MAX
                        && name.trim() == name
                        && !name.chars().any(char::is_control)
                };
                let mut names: Vec<&str> = zones.iter().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                names.dedup();
                ensure_that(zones.iter().all(is_name) && names.len() == zones.len(), TermsError::Zones)?;
            }
        }
        ensure_that(self.to_string().len() <= TERMS_BYTES_MAX, TermsError::TooMany)
    }

    pub fn zones(&self) -> impl Iterator<Item = &str> {
        let zones = match &self.tariff {
            Tariff::ByZone(zones) => zones.as_slice(),
            Tariff::Flat(_) | Tariff::ByWeight(_) => &[],
        };
        zones.iter().map(|(name, _)| name.as_str())
    }

    /// What it costs to bring this.
    pub fn charge(&self, policy: Policy, parcel: &Parcel<'_>) -> Result<Charge, Refusal> {
        let asked = self.asked(parcel)?;
        if self.free_from_minor.is_some_and(|from| parcel.goods_minor >= from) {
            return Ok(Charge::default());
        }
        let line = BasketLine {
            product: NO_PRODUCT,
            quantity: Quantity(1),
            unit_price_minor: asked,
            price_per: 1,
            discount: Discount::None,
            taxes: self.tax.iter().cloned().collect(),
        };
        let priced = price(&Basket { lines: vec![line], discount: Discount::None, policy })?;
        let taxes = priced.lines.into_iter().flat_map(|line| line.taxes).collect();
        Ok(Charge { taxes, tax_minor: priced.tax_minor, total_minor: priced.total_minor })
    }

    /// As the tariff says, before anything is free. Also where it is free nothing goes where the stall does not go.
    fn asked(&self, parcel: &Parcel<'_>) -> Result<i64, Refusal> {
        match &self.tariff {
            Tariff::Flat(price) => Ok(*price),
            Tariff::ByWeight(steps) => {
                let heaviest_g = steps.last().map_or(0, |(grams, _)| *grams);
                let step = steps.iter().find(|(grams, _)| parcel.grams <= *grams);
                step.map(|(_, price)| *price).ok_or(Refusal::TooHeavy { heaviest_g })
            }
            Tariff::ByZone(zones) => {
                let zone = zones.iter().find(|(name, _)| name == parcel.zone);
                zone.map(|(_, price)| *price).ok_or(Refusal::UnknownZone)
            }
        }
    }
}

impl std::fmt::Display for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.tariff {
            Tariff::Flat(price) => write!(f, "flat {price}")?,
            Tariff::ByWeight(steps) => {
                for (at, (grams, price)) in steps.iter().enumerate() {
                    write!(f, "{}weight {grams} {price}", if at == 0 { "" } else { "\n" })?;
                }
            }
            Tariff::ByZone(zones) => {
                for (at, (name, price)) in zones.iter().enumerate() {
                    write!(f, "{}zone {price} {name}", if at == 0 { "" } else { "\n" })?;
                }
            }
        }
        if let Some(from) = self.free_from_minor {
            write!(f, "\nfree {from}")?;
        }
        if let Some(tax) = &self.tax {
            let mode = match tax.mode {
                TaxMode::Inclusive => "inclusive",
                TaxMode::Exclusive => "exclusive",
            };
            write!(f, "\ntax {} {mode}", tax.ppm.0)?;
        }
        Ok(())
    }
}

/// What so much of a product weighs. Water and what is like it weighs a gram a millilitre; a piece weighs what the stall says,
/// and nothing where it says nothing.
pub fn grams(unit: Unit, quantity: i64, piece_g: i64) -> Result<i64, Refusal> {
    match unit {
        Unit::Gram | Unit::Millilitre => Ok(quantity),
        Unit::Piece => quantity.checked_mul(piece_g.max(0)).ok_or(Refusal::TooLarge),
    }
}

/// What a stall offers, as its profile says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handings {
    pub pickup: bool,
    pub local: Option<Terms>,
    pub shipping: Option<Terms>,
}

impl Default for Handings {
    /// What every stall offered before there was anything else.
    fn default() -> Self {
        Self { pickup: true, local: None, shipping: None }
    }
}

impl Handings {
    /// As three texts have them. What cannot be read is not offered; a stall that offers nothing can be visited.
    pub fn read(no_pickup: bool, local: &str, shipping: &str) -> Self {
        let terms = |text: &str| if text.is_empty() { None } else { Terms::parse(text).ok() };
        let (local, shipping) = (terms(local), terms(shipping));
        let pickup = !no_pickup || (local.is_none() && shipping.is_none());
        Self { pickup, local, shipping }
    }

    pub fn offers(&self, handing: Handing) -> bool {
        match handing {
            Handing::Pickup => self.pickup,
            Handing::Local => self.local.is_some(),
            Handing::Shipping => self.shipping.is_some(),
        }
    }

    fn terms(&self, handing: Handing) -> Option<&Terms> {
        match handing {
            Handing::Pickup => None,
            Handing::Local => self.local.as_ref(),
            Handing::Shipping => self.shipping.as_ref(),
        }
    }

    /// The places that one way knows; none where it goes anywhere for one price.
    pub fn zones(&self, handing: Handing) -> Vec<&str> {
        self.terms(handing).map(|terms| terms.zones().collect()).unwrap_or_default()
    }

    pub fn has_zones(&self, handing: Handing) -> bool {
        !self.zones(handing).is_empty()
    }

    /// What one way costs; nothing where the buyer comes.
    pub fn charge(
        &self,
        handing: Handing,
        policy: Policy,
        parcel: &Parcel<'_>,
    ) -> Result<Option<Charge>, Refusal> {
        ensure(self.offers(handing), Refusal::HandingNotOffered)?;
        self.terms(handing).map(|terms| terms.charge(policy, parcel)).transpose()
    }
}

fn ensure_that(condition: bool, error: TermsError) -> Result<(), TermsError> {
    if condition { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn policy() -> Policy {
        Policy::plain(Currency::parse("KES").unwrap())
    }

    #[test]
    fn terms_are_read_as_they_are_written() {
        for text in [
            "flat 0",
            "flat 30000\nfree 500000",
            "flat 30000\ntax 160000 inclusive",
            "weight 1000 20000\nweight 5000 45000\nfree 900000\ntax 160000 exclusive",
            "zone 15000 Westlands\nzone 30000 Upper Hill\nfree 0",
        ] {
            assert_eq!(Terms::parse(text).map(|terms| terms.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn nonsense_is_no_terms() {
        let line = |line| TermsError::Line { line };
        let many: Vec<String> = (0..51).map(|at| format!("zone 1 z{at}")).collect();
        for (text, expected) in [
            ("", TermsError::Tariff),
            ("free 100", TermsError::Tariff),
            ("flat 1\nflat 2", TermsError::Tariff),
            ("flat 1\nzone 2 A", TermsError::Tariff),
            ("flat", line(1)),
            ("flat x", line(1)),
            ("flat 1 2", line(1)),
            ("flat 1\n\nfree 2", line(2)),
            ("flat 1\nfree 2\nfree 3", line(3)),
            ("flat 1\ntax 160000", line(2)),
            ("zone 1", line(1)),
            ("flat -1", TermsError::Amount),
            ("flat 9000000000000", TermsError::Amount),
            ("weight 0 5", TermsError::Amount),
            ("weight 2000 5\nweight 1000 9", TermsError::Weights),
            ("zone 1 A\nzone 2 A", TermsError::Zones),
            ("flat 1\ntax 1000001 inclusive", TermsError::Amount),
            (many.join("\n").as_str(), TermsError::TooMany),
        ] {
            assert_eq!(Terms::parse(text), Err(expected), "{text}");
        }
        assert_eq!(Terms::parse(&"flat 1\n".repeat(999)), Err(TermsError::TooMany));
    }

    #[test]
    fn what_bringing_costs() {
        let weights = "weight 1000 20000\nweight 5000 45000";
        let zones = "zone 15000 Westlands\nzone 30000 Upper Hill\nfree 500000";
        let charge = |total_minor, tax_minor| Ok((total_minor, tax_minor));
        for (terms, goods_minor, grams, zone, expected) in [
            ("flat 30000", 1, 1, "", charge(30_000, 0)),
            ("flat 30000\nfree 5000", 4_999, 1, "", charge(30_000, 0)),
            ("flat 30000\nfree 5000", 5_000, 1, "", charge(0, 0)),
            ("flat 11600\ntax 160000 inclusive", 1, 1, "", charge(11_600, 1_600)),
            ("flat 10000\ntax 160000 exclusive", 1, 1, "", charge(11_600, 1_600)),
            (weights, 1, 0, "", charge(20_000, 0)),
            (weights, 1, 1_000, "", charge(20_000, 0)),
            (weights, 1, 1_001, "", charge(45_000, 0)),
            (weights, 1, 5_001, "", Err(Refusal::TooHeavy { heaviest_g: 5_000 })),
            (zones, 1, 1, "Westlands", charge(15_000, 0)),
            (zones, 1, 1, "Upper Hill", charge(30_000, 0)),
            (zones, 1, 1, "Mombasa", Err(Refusal::UnknownZone)),
            (zones, 500_000, 1, "Westlands", charge(0, 0)),
            // Free is not everywhere.
            (zones, 500_000, 1, "Mombasa", Err(Refusal::UnknownZone)),
        ] {
            let charged = Terms::parse(terms).unwrap().charge(policy(), &Parcel { goods_minor, grams, zone });
            if let Ok(charge) = &charged {
                let of_rates: i64 = charge.taxes.iter().map(|tax| tax.tax_minor).sum();
                assert_eq!(of_rates, charge.tax_minor, "{terms}");
            }
            let charged = charged.map(|charge| (charge.total_minor, charge.tax_minor));
            assert_eq!(charged, expected, "{terms} {goods_minor} {grams} {zone}");
        }
    }

    #[test]
    fn only_what_a_stall_offers_is_charged() {
        let parcel = Parcel { goods_minor: 1, grams: 1, zone: "" };
        let visited = Handings::default();
        assert_eq!(visited.charge(Handing::Pickup, policy(), &parcel), Ok(None));
        let refused = Err(Refusal::HandingNotOffered);
        assert_eq!(visited.charge(Handing::Local, policy(), &parcel), refused);
        let brings = Handings::read(true, "flat 5", "");
        assert_eq!(brings.charge(Handing::Pickup, policy(), &parcel), refused);
        let charge = Charge { total_minor: 5, ..Charge::default() };
        assert_eq!(brings.charge(Handing::Local, policy(), &parcel), Ok(Some(charge)));
        // Who says no to everything, or something that nobody can read, can be visited.
        assert!(Handings::read(true, "", "").pickup);
        assert_eq!(Handings::read(true, "nonsense", ""), Handings::default());
    }

    #[test]
    fn what_things_weigh() {
        for (unit, quantity, piece_g, grams_expected) in [
            (Unit::Piece, 3, 250, Ok(750)),
            (Unit::Piece, 3, 0, Ok(0)),
            (Unit::Gram, 1_500, 9, Ok(1_500)),
            (Unit::Millilitre, 700, 0, Ok(700)),
            (Unit::Piece, i64::MAX, 2, Err(Refusal::TooLarge)),
        ] {
            assert_eq!(grams(unit, quantity, piece_g), grams_expected, "{unit:?}");
        }
    }
}

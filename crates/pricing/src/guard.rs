//! Between which limits a price may move: one pure function, for a suggestion and for the moment in which a register changes a
//! price. Whole numbers only.
//!
//! It knows nobody who buys: there is no price for one person.

/// No price is above this, whatever anybody says.
pub const PRICE_MINOR_MAX: i64 = 1_000_000_000_000;
/// What somebody else's price was longer ago says nothing.
pub const MARKET_AGE_MS_MAX: i64 = 14 * 24 * 3_600 * 1_000;
/// So many others make a market.
pub const MARKET_SOURCES_MIN: usize = 3;
const MILLION: i128 = 1_000_000;

/// What the owner allows for one product, or for all that have no rules of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    pub floor_minor: Option<i64>,
    pub ceiling_minor: Option<i64>,
    /// So many parts per million over cost at least.
    pub over_cost_ppm: u32,
    /// So many parts per million away from the price with which the business day began at most.
    pub step_ppm: u32,
    /// So many parts per million away from the median of other stalls at most.
    pub market_ppm: u32,
    /// An essential whose price stays.
    pub is_frozen: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            floor_minor: None,
            ceiling_minor: None,
            over_cost_ppm: 50_000,
            step_ppm: 150_000,
            market_ppm: 300_000,
            is_frozen: false,
        }
    }
}

/// A price, for how much of what, in which money. Prices compare only where all of that is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quote {
    pub price_minor: i64,
    /// Three letters of ISO 4217.
    pub currency: [u8; 3],
    /// The number of the unit, and how many of it the price is for.
    pub unit: u8,
    pub per: i64,
}

/// What somebody else asks for the same product.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rival {
    pub quote: Quote,
    pub seen_at_ms: i64,
}

/// All that the limits depend on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts<'a> {
    pub now: Quote,
    /// The price with which the business day began.
    pub day_price_minor: i64,
    /// What the seller pays for `now.per` of it, in the terms of the price: with tax where the price has it.
    pub cost_minor: Option<i64>,
    pub rivals: &'a [Rival],
    /// Whether the stall sells now: a price moves only then.
    pub is_open: bool,
    pub at_ms: i64,
}

/// What sets a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// The owner's floor or ceiling.
    Own,
    Cost,
    Step,
    Market,
    /// What any price must be: more than nothing, and a number that fits.
    Any,
}

/// The lowest and the highest price, and what says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Band {
    pub low_minor: i64,
    pub low_by: Limit,
    pub high_minor: i64,
    pub high_by: Limit,
}

/// Before anybody said anything.
const ANY: Band = Band { low_minor: 1, low_by: Limit::Any, high_minor: PRICE_MINOR_MAX, high_by: Limit::Any };

/// Why a price does not move. In order of precedence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// The price today, its unit or the day's first price is none.
    NoPrice,
    Frozen,
    Closed,
    /// One limit leaves no room beside another.
    NoRoom {
        low_minor: i64,
        low_by: Limit,
        high_minor: i64,
        high_by: Limit,
    },
    Outside {
        low_minor: i64,
        high_minor: i64,
    },
}

/// The limits for a price now. Where the day's step does not reach what the product costs or its owner says, the price may come nearer
/// to that, as far as the step allows: so what is outside comes back by itself, in as many days as it takes. What others ask draws
/// no price: three liars would lead it wherever they like.
///
/// # Errors
/// Where the price must stay what it is.
pub fn band(rules: &Rules, facts: &Facts<'_>) -> Result<Band, Held> {
    let lasting = lasting(rules, facts)?;
    let mut step = ANY;
    step.around(facts.day_price_minor, rules.step_ppm, Limit::Step);
    let mut band = lasting;
    band.at_least(step.low_minor, Limit::Step);
    band.at_most(step.high_minor, Limit::Step);
    if band.low_minor <= band.high_minor {
        return Ok(band);
    }
    let firm = firm(rules, facts);
    let is_below = step.high_minor < firm.low_minor;
    if step.low_minor > step.high_minor || !is_below && step.low_minor <= firm.high_minor {
        return Err(band.no_room());
    }
    let now = facts.now.price_minor.clamp(step.low_minor, step.high_minor);
    if is_below {
        Ok(Band { low_minor: now, low_by: firm.low_by, ..step })
    } else {
        Ok(Band { high_minor: now, high_by: firm.high_by, ..step })
    }
}

/// The limits without the day's step: for a price that somebody had before and goes back to.
///
/// # Errors
/// Where the price must stay what it is.
pub fn lasting(rules: &Rules, facts: &Facts<'_>) -> Result<Band, Held> {
    let is_price = |minor: i64| (1..=PRICE_MINOR_MAX).contains(&minor);
    if !is_price(facts.now.price_minor) || !is_price(facts.day_price_minor) || facts.now.per < 1 {
        return Err(Held::NoPrice);
    }
    if rules.is_frozen {
        return Err(Held::Frozen);
    }
    if !facts.is_open {
        return Err(Held::Closed);
    }
    let mut band = firm(rules, facts);
    if let Some(median) = market_median(facts) {
        band.around(median, rules.market_ppm, Limit::Market);
    }
    if band.low_minor > band.high_minor { Err(band.no_room()) } else { Ok(band) }
}

/// What the owner says, and what the product costs.
fn firm(rules: &Rules, facts: &Facts<'_>) -> Band {
    let mut band = ANY;
    if let Some(floor) = rules.floor_minor {
        band.at_least(floor, Limit::Own);
    }
    if let Some(cost) = facts.cost_minor.filter(|cost| *cost > 0) {
        band.at_least(up(cost, MILLION + i128::from(rules.over_cost_ppm)), Limit::Cost);
    }
    if let Some(ceiling) = rules.ceiling_minor {
        band.at_most(ceiling, Limit::Own);
    }
    band
}

/// Whether a price may become this one now. Asked again by whoever changes it.
///
/// # Errors
/// Where it may not.
pub fn may(rules: &Rules, facts: &Facts<'_>, price_minor: i64) -> Result<Band, Held> {
    let band = band(rules, facts)?;
    if band.allows(price_minor) {
        return Ok(band);
    }
    Err(Held::Outside { low_minor: band.low_minor, high_minor: band.high_minor })
}

/// The median of what others ask, where enough of them are fresh, comparable and no nonsense.
#[must_use]
pub fn market_median(facts: &Facts<'_>) -> Option<i64> {
    let prices = market_prices(facts);
    if prices.len() < MARKET_SOURCES_MIN {
        return None;
    }
    let middle = prices.len() / 2;
    if prices.len() % 2 == 1 {
        return prices.get(middle).copied();
    }
    let (low, high) = (*prices.get(middle - 1)?, *prices.get(middle)?);
    Some(low + (high - low) / 2)
}

/// What others ask, as far as it counts, the lowest first.
#[must_use]
pub fn market_prices(facts: &Facts<'_>) -> Vec<i64> {
    let mut prices: Vec<i64> = facts.rivals.iter().filter_map(|rival| comparable(rival, facts)).collect();
    prices.sort_unstable();
    prices
}

/// Between which prices the market alone would let it be, around its median.
#[must_use]
pub fn market_band(rules: &Rules, median_minor: i64) -> (i64, i64) {
    let mut band = ANY;
    band.around(median_minor, rules.market_ppm, Limit::Market);
    (band.low_minor, band.high_minor)
}

/// A rival's price for as much as the own one is for.
#[must_use]
pub fn comparable(rival: &Rival, facts: &Facts<'_>) -> Option<i64> {
    let age_ms = facts.at_ms.saturating_sub(rival.seen_at_ms);
    let (theirs, own) = (&rival.quote, &facts.now);
    let is_same = theirs.currency == own.currency && theirs.unit == own.unit;
    if !is_same || !(0..=MARKET_AGE_MS_MAX).contains(&age_ms) || theirs.per < 1 || theirs.price_minor < 1 {
        return None;
    }
    let price = i128::from(theirs.price_minor) * i128::from(own.per) / i128::from(theirs.per);
    i64::try_from(price).ok().filter(|price| (1..=PRICE_MINOR_MAX).contains(price))
}

impl Band {
    #[must_use]
    pub fn allows(&self, price_minor: i64) -> bool {
        (self.low_minor..=self.high_minor).contains(&price_minor)
    }

    fn no_room(self) -> Held {
        let Self { low_minor, low_by, high_minor, high_by } = self;
        Held::NoRoom { low_minor, low_by, high_minor, high_by }
    }

    fn at_least(&mut self, minor: i64, by: Limit) {
        if minor > self.low_minor {
            (self.low_minor, self.low_by) = (minor, by);
        }
    }

    fn at_most(&mut self, minor: i64, by: Limit) {
        if minor < self.high_minor {
            (self.high_minor, self.high_by) = (minor, by);
        }
    }

    fn around(&mut self, minor: i64, ppm: u32, by: Limit) {
        self.at_least(up(minor, MILLION - i128::from(ppm)), by);
        self.at_most(down(minor, MILLION + i128::from(ppm)), by);
    }
}

/// So many parts per million of an amount, rounded up.
fn up(minor: i64, ppm: i128) -> i64 {
    let product = i128::from(minor) * ppm;
    fitting(product.div_euclid(MILLION) + i128::from(product.rem_euclid(MILLION) != 0))
}

/// The same, rounded down.
fn down(minor: i64, ppm: i128) -> i64 {
    fitting((i128::from(minor) * ppm).div_euclid(MILLION))
}

fn fitting(minor: i128) -> i64 {
    i64::try_from(minor).unwrap_or(if minor < 0 { i64::MIN } else { i64::MAX })
}

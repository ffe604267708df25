//! A wholesaler's year: whether what was learnt until a day says better how many units sell in the next weeks than what people
//! usually go by. Week by week, with the price that was then asked; each week is learnt after it was predicted.
//!
//! A week is what a day is elsewhere: this trade has no Saturdays. Only sales count, with a price; a week's price is the one on
//! most of its lines, since large orders get another one.

use std::collections::BTreeMap;
use std::path::Path;

use soko_pricing::belief::{Ahead, Group, Normal};
use soko_pricing::history::{Day, History};
use soko_pricing::pool::{Learned, learn};
use soko_pricing::suggest::units_ahead;

use crate::calibrate::Calibration;

use soko_measure::figure::{Fault, Measured, print, tell};
use soko_measure::wholesale;

/// Weeks from the first Monday in the file; the last ten are held out.
const FIRST_DAY: i32 = 14_942;
const WEEKS: usize = 53;
const HELD_OUT: usize = 10;
/// A product takes part if it sold in so many weeks before.
const SOLD_WEEKS_MIN: usize = 20;

#[derive(Clone, Default)]
struct Week {
    units: f64,
    lines: BTreeMap<i64, u32>,
}

/// Product by product, week by week: units, and the price on most lines, or the last one known.
fn weeks(folder: &Path) -> Measured<Vec<Vec<Day>>> {
    let text = soko_measure::data::text(&folder.join("retail/online_retail.csv.xz"))?;
    let mut products: BTreeMap<String, Vec<Week>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let Some(sale) = Sale::read(line) else { continue };
        let weeks = products.entry(sale.code).or_insert_with(|| vec![Week::default(); WEEKS]);
        if let Some(week) = weeks.get_mut(sale.week) {
            week.units += sale.units;
            *week.lines.entry(sale.price_minor).or_default() += 1;
        }
    }
    let mut all = Vec::new();
    for weeks in products.values() {
        let sold = weeks.iter().take(WEEKS - HELD_OUT).filter(|week| week.units > 0.0).count();
        if sold < SOLD_WEEKS_MIN {
            continue;
        }
        let mut days = Vec::new();
        let mut price_minor = 0;
        for (at, week) in weeks.iter().enumerate() {
            let most = week.lines.iter().max_by_key(|(price, lines)| (**lines, **price));
            price_minor = most.map_or(price_minor, |most| *most.0);
            // Before its first sale a product is not on offer.
            if price_minor > 0 {
                let day = FIRST_DAY + 7 * i32::try_from(at).unwrap_or(0);
                #[expect(clippy::cast_possible_truncation, reason = "a history keeps floats of four bytes")]
                let sold = week.units as f32;
                days.push(Day { day, price_minor, sold, exposure: 1.0, rival: 0.0, is_promoted: false });
            }
        }
        all.push(days);
    }
    Ok(all)
}

struct Sale {
    code: String,
    week: usize,
    units: f64,
    price_minor: i64,
}

impl Sale {
    fn read(line: &str) -> Option<Self> {
        let wholesale::Sale { code, day, units, price, .. } = wholesale::Sale::read(line)?;
        let week = usize::try_from((day - i64::from(FIRST_DAY)).div_euclid(7)).ok()?;
        Some(Self { code, week, units, price_minor: soko_pricing::spread::minor(price * 100.0) })
    }
}

/// What a way of predicting did.
#[derive(Clone, Copy, Default)]
struct Errors {
    weeks: f64,
    sold: f64,
    off: f64,
    squares: f64,
    logs: f64,
}

impl Errors {
    fn note(&mut self, sold: f64, likely: f64, mean: f64) {
        self.weeks += 1.0;
        self.sold += sold;
        self.off += (sold - likely).abs();
        self.squares += (sold - mean) * (sold - mean);
        self.logs += (sold.ln_1p() - likely.max(0.0).ln_1p()).abs();
    }
}

const WAYS: [&str; 5] = ["soko", "soko_without_price", "last_price", "seasonal_naive", "four_weeks"];

pub(crate) fn measure() -> Measured {
    let Some(folder) = soko_measure::data::folder() else {
        tell("without the figures pricing.retail: no data in ../shared/data or SOKO_DATA");
        return Ok(());
    };
    let products = weeks(&folder)?;
    let first = FIRST_DAY + 7 * i32::try_from(WEEKS - HELD_OUT)?;
    let known: Vec<Vec<Day>> =
        products.iter().map(|days| days.iter().filter(|day| day.day < first).copied().collect()).collect();
    let histories: Vec<History<'_>> = known.iter().map(|days| History { group: 0, days }).collect();
    let learned = learn(&histories);
    let group = *learned.group(0);
    // The same without any effect of the price.
    let flat = Group { slope: Normal { mean: 0.0, variance: 1e-6 }, ..group };
    let mut errors = [[Errors::default(); WAYS.len()]; 2];
    let mut calibration = Calibration::default();
    for (at, days) in products.iter().enumerate() {
        let mut belief = *learned.beliefs.get(at).ok_or_else(|| Fault("a product is missing".into()))?;
        for (index, day) in days.iter().enumerate().filter(|(_, day)| day.day >= first) {
            let before = &days[..index];
            let Some(last) = before.last() else { continue };
            let ahead = Ahead { day: day.day, exposure: 1.0, rival: 0.0, is_promoted: false };
            let sold = f64::from(day.sold);
            let count = units_ahead(&belief.under(&group), &group, day.price_minor, &[ahead]);
            calibration.note(count, sold);
            let without = units_ahead(&belief.under(&flat), &flat, day.price_minor, &[ahead]);
            let usual = |days: &mut dyn Iterator<Item = &Day>| {
                let (sum, count) =
                    days.fold((0.0, 0.0), |sum, day| (sum.0 + f64::from(day.sold), sum.1 + 1.0));
                sum / f64::max(count, 1.0)
            };
            let at_price =
                usual(&mut before.iter().rev().take_while(|day| day.price_minor == last.price_minor));
            let month = usual(&mut before.iter().rev().take(4));
            let naive = f64::from(last.sold);
            let said = [
                (count.range().likely, count.mean),
                (without.range().likely, without.mean),
                (at_price, at_price),
                (naive, naive),
                (month, month),
            ];
            let moved = (day.price_minor - last.price_minor).abs() * 50 >= last.price_minor;
            for (way, (likely, mean)) in said.into_iter().enumerate() {
                errors[0][way].note(sold, likely, mean);
                if moved {
                    errors[1][way].note(sold, likely, mean);
                }
            }
            belief.learn(day, &group);
        }
    }
    report(&products, &learned, &errors);
    calibration.tell("retail");
    Ok(())
}

fn report(products: &[Vec<Day>], learned: &Learned, errors: &[[Errors; WAYS.len()]; 2]) {
    let group = learned.group(0);
    tell(&format!(
        "retail: {} products, {} held-out weeks; elasticity {:.2} ± {:.2} between products, {} of which say something",
        products.len(),
        errors[0][0].weeks,
        group.slope.mean,
        group.slope.variance.sqrt(),
        group.products
    ));
    print("pricing.retail.elasticity", "elasticity", group.slope.mean, None);
    for (which, name) in ["all weeks", "weeks in which the price moved by 2 % or more"].iter().enumerate() {
        tell(&format!("| {name} ({}) | WAPE | RMSE | mean error of logarithms |", errors[which][0].weeks));
        for (way, errors) in WAYS.iter().zip(&errors[which]) {
            let (wape, log) = (errors.off / errors.sold, errors.logs / errors.weeks);
            tell(&format!(
                "| {way} | {wape:.4} | {:.1} | {log:.4} |",
                (errors.squares / errors.weeks).sqrt()
            ));
        }
        let (soko, naive, last) = (&errors[which][0], &errors[which][3], &errors[which][2]);
        let moved = ["", "_moved"][which];
        let wape = |it: &Errors| it.off / it.sold;
        print(&format!("pricing.retail.wape{moved}"), "share", wape(soko), Some(wape(naive)));
        print(
            &format!("pricing.retail.log_error{moved}"),
            "log",
            soko.logs / soko.weeks,
            Some(last.logs / last.weeks),
        );
    }
}

//! Where stalls are, when they are open, and which of them the market features: for whoever looks for what is near. The server answers over
//! the whole market and a device over what it holds, and both by this.

use serde::{Deserialize, Serialize};
use soko_domain::ids::LogId;
use soko_domain::opening::{Doors, Opening};
use soko_domain::point::Point;

use crate::market::StallCard;
use crate::text::as_hex;

/// What is further away is not near.
pub const NEAR_METRES_MAX: u32 = 100_000;
/// Further away than this, nobody goes for one thing.
pub const FAR_METRES: u32 = 20_000;
/// Stalls that the market's front features at once.
pub const FEATURED_MAX: u32 = 12;
/// A degree has a hundred steps of which each is about a kilometre.
const MICRO_PER_STEP: i32 = 10_000;

/// About where somebody is: to a hundredth of a degree, so that no question says more, whoever puts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Around {
    lat_steps: i16,
    lon_steps: i16,
}

impl Around {
    #[must_use]
    pub fn of(point: Point) -> Self {
        let steps = |micro: i32| {
            let half = MICRO_PER_STEP / 2;
            i16::try_from((micro + half).div_euclid(MICRO_PER_STEP)).unwrap_or_default()
        };
        Self { lat_steps: steps(point.lat_micro()), lon_steps: steps(point.lon_micro()) }
    }

    /// Nothing where there is no such place.
    #[must_use]
    pub fn point(self) -> Option<Point> {
        let micro = |steps: i16| i32::from(steps) * MICRO_PER_STEP;
        Point::new(micro(self.lat_steps), micro(self.lon_steps))
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spots {
    /// Of everybody who says any of it.
    All,
    Of(#[serde(with = "as_hex")] LogId),
    /// The nearest first, as far as they say where they are.
    Near(Around),
    /// The one that was chosen last first.
    Featured,
}

/// A stall with what it says of where it is and when it is open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spot {
    pub card: StallCard,
    /// As `soko_domain::point` and `soko_domain::opening` read them; empty where it does not say so.
    pub point: String,
    pub opening: String,
    /// What the clock on its wall was ahead of UTC when this was said.
    pub offset_minutes: i32,
    /// Until when the market features it; 0 does not.
    pub featured_until_ms: i64,
}

impl Spot {
    /// Whether it is open, and until when or from when on, where it says so.
    #[must_use]
    pub fn doors(&self, now_ms: i64) -> Option<Doors> {
        Opening::read(&self.opening)?.at_moment(now_ms, self.offset_minutes)
    }

    #[must_use]
    pub fn metres_from(&self, here: Point) -> Option<u32> {
        Point::read(&self.point).map(|point| point.metres_to(here))
    }

    /// Whether it says that it is open.
    #[must_use]
    pub fn is_open(&self, now_ms: i64) -> bool {
        matches!(self.doors(now_ms), Some(Doors::Always | Doors::Open { .. }))
    }

    /// Whether it says that it is closed.
    #[must_use]
    pub fn is_closed(&self, now_ms: i64) -> bool {
        matches!(self.doors(now_ms), Some(Doors::Closed { .. }))
    }

    /// Whether it says that it is further away than one goes for one thing.
    #[must_use]
    pub fn is_far(&self, here: Point) -> bool {
        self.metres_from(here).is_some_and(|metres| metres > FAR_METRES)
    }

    #[must_use]
    pub fn is_featured(&self, now_ms: i64) -> bool {
        self.featured_until_ms > now_ms
    }
}

/// What is near, the nearest first.
#[must_use]
pub fn nearest(spots: impl IntoIterator<Item = Spot>, here: Point) -> Vec<(u32, Spot)> {
    let near = |spot: Spot| spot.metres_from(here).map(|metres| (metres, spot));
    let mut found: Vec<(u32, Spot)> =
        spots.into_iter().filter_map(near).filter(|(metres, _)| *metres <= NEAR_METRES_MAX).collect();
    found.sort_by_key(|(away, spot)| (*away, spot.card.stall));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(number: u8, point: &str, opening: &str) -> Spot {
        let card = StallCard {
            stall: LogId([number; 16]),
            name: String::new(),
            place: String::new(),
            description: String::new(),
            currency: "KES".into(),
            offers: 0,
            picture: None,
        };
        Spot { card, point: point.into(), opening: opening.into(), offset_minutes: 180, featured_until_ms: 5 }
    }

    #[test]
    fn a_question_says_where_somebody_is_to_a_hundredth_of_a_degree() {
        for ((lat, lon), expected) in [
            ((-1_286_389, 36_817_223), Some((-1_290_000, 36_820_000))),
            ((-1_284_999, 36_814_999), Some((-1_280_000, 36_810_000))),
            ((90_000_000, 180_000_000), Some((90_000_000, 180_000_000))),
            ((-90_000_000, -180_000_000), Some((-90_000_000, -180_000_000))),
        ] {
            let around = Around::of(Point::new(lat, lon).unwrap());
            assert_eq!(around.point().map(|it| (it.lat_micro(), it.lon_micro())), expected, "{lat} {lon}");
        }
        assert_eq!(Around { lat_steps: 9_001, lon_steps: 0 }.point(), None);
    }

    #[test]
    fn the_nearest_comes_first_and_what_is_far_or_nowhere_is_left_out() {
        let here = Point::read("0,0").unwrap();
        let all = [
            spot(1, "0,500000", ""),
            spot(2, "", ""),
            spot(3, "0,1000", ""),
            spot(4, "0,950000", ""),
            spot(5, "0,1000", ""),
        ];
        let found: Vec<(u32, u8)> =
            nearest(all, here).iter().map(|(metres, spot)| (*metres, spot.card.stall.0[0])).collect();
        assert_eq!(found, [(111, 3), (111, 5), (55_597, 1)]);
    }

    #[test]
    fn doors_open_by_the_clock_on_the_stalls_wall() {
        let spot = spot(1, "", "0001000 08:00-18:00");
        let hour = 3_600_000;
        // The first of 1970, a Thursday, at a stall that is three hours ahead.
        for (now_ms, expected) in [
            (4 * hour, Some(Doors::Closed { days: 0, at: 480 })),
            (5 * hour, Some(Doors::Open { until: 1_080 })),
            (15 * hour, Some(Doors::Closed { days: 7, at: 480 })),
            (-20 * hour, Some(Doors::Closed { days: 1, at: 480 })),
        ] {
            assert_eq!(spot.doors(now_ms), expected, "{now_ms}");
        }
        assert!(spot.is_featured(4) && !spot.is_featured(5));
    }
}

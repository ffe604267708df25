//! Where something is on the earth, as whole millionths of a degree, how far two such points are apart, and between which
//! degrees everything lies that is near enough. Whole numbers throughout, so that all machines say the same distance.

use std::fmt;

/// A pole, and the line on which the day changes, in millionths of a degree.
pub const LAT_MICRO_MAX: i32 = 90_000_000;
pub const LON_MICRO_MAX: i32 = 180_000_000;
/// Longest text of a point as it is kept.
pub const POINT_BYTES_MAX: usize = 21;
/// Of what somebody pastes, a map's address is the longest.
const TYPED_BYTES_MAX: usize = 2_000;

/// Metres to a degree of a great circle, on a ball with the earth's mean radius.
const METRES_PER_DEGREE: i64 = 111_195;
const MICRO: i64 = 1_000_000;
/// One, as sines are counted.
const ONE: i64 = 1 << 30;
/// Half a millionth of a degree in radians, as 2^60ths.
const HALF_MICRO: i64 = 10_061_138_136;
/// The terms behind the first of a sine, by what each divides the one before it.
const TERMS: [i64; 6] = [156, 110, 72, 42, 20, 6];
/// Behind which words a map's address says where its mark is; what comes first here says it best.
const MARKS: [&str; 9] = ["!3d", "mlat=", "geo:", "?q=", "&q=", "query=", "ll=", "destination=", "/@"];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Point {
    lat_micro: i32,
    lon_micro: i32,
}

/// Between which degrees to look, all included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    pub south: i32,
    pub north: i32,
    pub west: i32,
    pub east: i32,
}

impl Point {
    pub fn new(lat_micro: i32, lon_micro: i32) -> Option<Self> {
        let is_one = lat_micro.abs_diff(0) <= LAT_MICRO_MAX.abs_diff(0)
            && lon_micro.abs_diff(0) <= LON_MICRO_MAX.abs_diff(0);
        is_one.then_some(Self { lat_micro, lon_micro })
    }

    /// Reads what `Display` writes, and only that.
    pub fn read(text: &str) -> Option<Self> {
        let (lat, lon) = text.split_once(',')?;
        let found = Self::new(lat.parse().ok()?, lon.parse().ok()?)?;
        (found.to_string() == text).then_some(found)
    }

    /// What a person types or pastes: degrees as maps write them, or a map's address with its mark in it.
    pub fn typed(text: &str) -> Option<Self> {
        if text.len() > TYPED_BYTES_MAX {
            return None;
        }
        let text = text.trim().replace("%2C", ",").replace("!4d", ",");
        if let Some((_, rest)) = text.split_once("#map=").filter(|_| !text.contains("mlat=")) {
            return pair(rest.split_once('/')?.1).map(|found| found.0);
        }
        let marked = MARKS.iter().find_map(|mark| text.split_once(mark).and_then(|(_, rest)| pair(rest)));
        // Without a mark there is nothing else in it: a street's numbers are no degrees.
        let bare = || {
            let is_apart = |letter: char| letter.is_whitespace() || [',', ';', '/'].contains(&letter);
            pair(&text).filter(|(_, between, rest)| rest.is_empty() && between.chars().all(is_apart))
        };
        marked.or_else(bare).map(|found| found.0)
    }

    pub fn lat_micro(self) -> i32 {
        self.lat_micro
    }

    pub fn lon_micro(self) -> i32 {
        self.lon_micro
    }

    /// Along the earth, by the haversine.
    pub fn metres_to(self, other: Self) -> u32 {
        let apart = |one: i32, two: i32| i64::from(one.abs_diff(two));
        let round = 2 * i64::from(LON_MICRO_MAX);
        let lon = apart(self.lon_micro, other.lon_micro);
        let (lat_sine, lon_sine) = (sine(apart(self.lat_micro, other.lat_micro)), sine(lon.min(round - lon)));
        // Near a pole cosines are small: nothing is left off before all four are multiplied.
        let cosines = i128::from(self.cosine() * other.cosine());
        let wanted = i128::from(lat_sine * lat_sine) + ((i128::from(lon_sine * lon_sine) * cosines) >> 60);
        // The angle whose half has this sine: sines grow, so halving finds it.
        let (mut least, mut most) = (0, i64::from(LON_MICRO_MAX));
        while least < most {
            let middle = least + (most - least) / 2;
            let half = sine(middle);
            if i128::from(half * half) < wanted { least = middle + 1 } else { most = middle }
        }
        u32::try_from(least * METRES_PER_DEGREE / MICRO).unwrap_or(u32::MAX)
    }

    /// Where everything lies that is at most so far away: one span, or two where the line is crossed on which the day changes.
    pub fn around(self, metres: u32) -> Vec<Span> {
        // A distance is told in whole metres, so what is a part of one further is as far.
        let lat = (i64::from(metres) + 1) * MICRO / METRES_PER_DEGREE + 1;
        let (south, north) = (i64::from(self.lat_micro) - lat, i64::from(self.lat_micro) + lat);
        let (pole, line) = (i64::from(LAT_MICRO_MAX), i64::from(LON_MICRO_MAX));
        let span = |west: i64, east: i64| Span {
            south: whole(south.max(-pole)),
            north: whole(north.min(pole)),
            west: whole(west),
            east: whole(east),
        };
        // Around a pole lies every length.
        let edge = south.abs().max(north.abs());
        if edge >= pole {
            return vec![span(-line, line)];
        }
        // Nearer to the pole a degree of length is shorter.
        let lon = lat.saturating_mul(ONE) / sine(2 * (pole - edge)).max(1) + 1;
        if lon >= line {
            return vec![span(-line, line)];
        }
        let (west, east) = (i64::from(self.lon_micro) - lon, i64::from(self.lon_micro) + lon);
        match (west < -line, east > line) {
            (true, _) => vec![span(west + 2 * line, line), span(-line, east)],
            (_, true) => vec![span(west, line), span(-line, east - 2 * line)],
            (false, false) => vec![span(west, east)],
        }
    }

    /// How much shorter a degree of length is than at the equator.
    fn cosine(self) -> i64 {
        sine(2 * (i64::from(LAT_MICRO_MAX) - i64::from(self.lat_micro).abs()))
    }
}

impl fmt::Display for Point {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{},{}", self.lat_micro, self.lon_micro)
    }
}

/// The sine of so many half millionths of a degree, from nothing to a right angle.
fn sine(halves: i64) -> i64 {
    let x = (halves * HALF_MICRO) >> 30;
    let square = (x * x) >> 30;
    let of_terms = TERMS.iter().fold(ONE, |rest, divisor| ONE - ((square * rest) >> 30) / divisor);
    (x * of_terms) >> 30
}

fn whole(micro: i64) -> i32 {
    i32::try_from(micro).unwrap_or(if micro < 0 { i32::MIN } else { i32::MAX })
}

/// Two numbers of degrees, what lies between them, and what comes behind.
fn pair(text: &str) -> Option<(Point, &str, &str)> {
    let (lat, rest) = degrees(text)?;
    let (lat, rest) = sided(lat, rest, ('N', 'S'));
    let (between, rest) = rest.split_at(rest.find(|letter: char| letter.is_ascii_digit() || letter == '-')?);
    let (lon, rest) = degrees(rest)?;
    let (lon, rest) = sided(lon, rest, ('E', 'W'));
    Some((Point::new(lat, lon)?, between, rest))
}

/// One number of degrees, in millionths; what is finer is left off.
fn degrees(text: &str) -> Option<(i32, &str)> {
    let (is_below, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let not_digit = |text: &str| text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(not_digit(text));
    let (part, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(not_digit(rest)),
        None => ("", rest),
    };
    let millionths = format!("{part:0<6}");
    let micro: i32 = whole.parse::<i32>().ok()?.checked_mul(1_000_000)?;
    let micro = micro.checked_add(millionths.get(..6)?.parse().ok()?)?;
    Some((if is_below { -micro } else { micro }, rest))
}

/// With the letter of its half of the earth, if there is one.
fn sided(micro: i32, rest: &str, (plus, minus): (char, char)) -> (i32, &str) {
    let bare = rest.trim_start_matches(['°', ' ']);
    match bare.chars().next().map(|letter| letter.to_ascii_uppercase()) {
        Some(letter) if letter == plus => (micro, bare.get(1..).unwrap_or_default()),
        Some(letter) if letter == minus => (-micro, bare.get(1..).unwrap_or_default()),
        _ => (micro, bare),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: i32, lon: i32) -> Point {
        Point::new(lat, lon).unwrap()
    }

    const NAIROBI: (i32, i32) = (-1_286_389, 36_817_223);

    #[test]
    fn how_far_two_points_are_apart() {
        for (one, two, metres, off) in [
            (NAIROBI, NAIROBI, 0, 0),
            // Mombasa, Berlin, Sydney: as the haversine in doubles has them.
            (NAIROBI, (-4_043_477, 39_668_206), 440_738, 2),
            (NAIROBI, (52_520_008, 13_404_954), 6_370_031, 20),
            (NAIROBI, (-33_868_820, 151_209_296), 12_152_208, 20),
            // A tenth of a thousandth of a degree is eleven metres.
            ((0, 0), (100, 0), 11, 1),
            ((0, 0), (0, 100), 11, 1),
            ((60_000_000, 0), (60_000_000, 10_000), 556, 1),
            // Over the line, over a pole, at a pole, and to the other side of the earth.
            ((0, 179_999_000), (0, -179_999_000), 222, 1),
            ((0, 180_000_000), (0, -180_000_000), 0, 0),
            ((89_999_000, 0), (89_999_000, 180_000_000), 222, 1),
            ((90_000_000, 12_000_000), (90_000_000, -77_000_000), 0, 1),
            ((90_000_000, 0), (-90_000_000, 0), 20_015_100, 1_000),
            ((0, 0), (0, 180_000_000), 20_015_100, 1_000),
        ] {
            let (one, two) = (at(one.0, one.1), at(two.0, two.1));
            let found = one.metres_to(two);
            assert!(found.abs_diff(metres) <= off, "{one} to {two}: {found} and not {metres}");
            assert_eq!(found, two.metres_to(one), "{one} to {two}");
        }
    }

    #[test]
    fn what_is_near_lies_in_the_span_and_the_span_is_no_larger_than_it_must_be() {
        for (lat, lon, metres, expected) in [
            (0, 0, 1_000, vec![(-9_003, 9_003, -9_004, 9_004)]),
            (60_000_000, 10_000_000, 1_000, vec![(59_990_997, 60_009_003, 9_981_988, 10_018_012)]),
            (
                0,
                179_995_000,
                1_000,
                vec![(-9_003, 9_003, 179_985_996, 180_000_000), (-9_003, 9_003, -180_000_000, -179_995_996)],
            ),
            (
                0,
                -179_995_000,
                1_000,
                vec![(-9_003, 9_003, 179_995_996, 180_000_000), (-9_003, 9_003, -180_000_000, -179_985_996)],
            ),
            (89_999_000, 5, 1_000, vec![(89_989_997, 90_000_000, -180_000_000, 180_000_000)]),
            (-89_999_000, 5, 1_000, vec![(-90_000_000, -89_989_997, -180_000_000, 180_000_000)]),
            (0, 0, 21_000_000, vec![(-90_000_000, 90_000_000, -180_000_000, 180_000_000)]),
        ] {
            let found: Vec<_> =
                at(lat, lon).around(metres).iter().map(|it| (it.south, it.north, it.west, it.east)).collect();
            let near = |one: i32, two: i32| one.abs_diff(two) <= 6;
            assert_eq!(found.len(), expected.len(), "{lat} {lon}: {found:?}");
            for (one, two) in found.iter().zip(&expected) {
                let is_same =
                    near(one.0, two.0) && near(one.1, two.1) && near(one.2, two.2) && near(one.3, two.3);
                assert!(is_same, "{lat} {lon}: {found:?} and not {expected:?}");
            }
        }
        // Whatever stands around the edge, seen from many places, is within.
        for (lat, lon) in [NAIROBI, (59_900_000, 179_990_000), (-80_000_000, -179_500_000), (89_000_000, 0)] {
            let here = at(lat, lon);
            let spans = here.around(30_000);
            for (up, along) in [(0, 1), (1, 0), (1, 1), (-1, 1), (2, 1), (1, 5)]
                .into_iter()
                .flat_map(|(up, along)| [(up, along), (-up, -along)])
            {
                for step in 1..2_000 {
                    let turned = (i64::from(lon) + i64::from(along * step * 1_000) + 540_000_000)
                        .rem_euclid(360_000_000)
                        - 180_000_000;
                    let Some(there) = Point::new(lat + up * step * 200, i32::try_from(turned).unwrap())
                    else {
                        break;
                    };
                    let is_in = spans.iter().any(|span| {
                        (span.south..=span.north).contains(&there.lat_micro)
                            && (span.west..=span.east).contains(&there.lon_micro)
                    });
                    assert!(
                        is_in || here.metres_to(there) > 30_000,
                        "{there} from {here}: {}",
                        here.metres_to(there)
                    );
                }
            }
        }
    }

    #[test]
    fn a_point_is_read_as_it_is_kept_and_no_other_way() {
        for (text, expected) in [
            ("-1286389,36817223", Some(NAIROBI)),
            ("90000000,-180000000", Some((90_000_000, -180_000_000))),
            ("90000001,0", None),
            ("0,180000001", None),
            ("-2147483648,0", None),
            ("+1,2", None),
            ("01,2", None),
            ("1, 2", None),
            ("1", None),
            ("", None),
        ] {
            let found = Point::read(text);
            assert_eq!(found, expected.map(|(lat, lon)| at(lat, lon)), "{text}");
            assert!(found.is_none_or(|found| found.to_string() == text && text.len() <= POINT_BYTES_MAX));
        }
    }

    #[test]
    fn degrees_and_maps_addresses_are_read() {
        for (text, expected) in [
            ("-1.286389, 36.817223", Some(NAIROBI)),
            (" -1.2863894 36.8172239 ", Some(NAIROBI)),
            ("1.286389° S, 36.817223° E", Some(NAIROBI)),
            ("1.286389S 36.817223E", Some(NAIROBI)),
            ("40.5N 73.25W", Some((40_500_000, -73_250_000))),
            ("geo:-1.286389,36.817223?z=15", Some(NAIROBI)),
            (
                "https://www.google.com/maps/place/Market/@-1.2,36.8,15z/data=!4m6!3d-1.286389!4d36.817223!16s",
                Some(NAIROBI),
            ),
            ("https://www.google.com/maps/@-1.286389,36.817223,15z", Some(NAIROBI)),
            ("https://maps.google.com/?q=-1.286389,36.817223", Some(NAIROBI)),
            ("https://www.google.com/maps/search/?api=1&query=-1.286389%2C36.817223", Some(NAIROBI)),
            ("https://maps.apple.com/?ll=-1.286389,36.817223&q=Market", Some(NAIROBI)),
            ("https://www.openstreetmap.org/?mlat=-1.286389&mlon=36.817223#map=17/-1.2/36.8", Some(NAIROBI)),
            ("https://www.openstreetmap.org/#map=17/-1.286389/36.817223", Some(NAIROBI)),
            ("https://maps.app.goo.gl/3dX7", None),
            ("Row 3, 12", None),
            ("12 Market Street 5", None),
            ("91, 0", None),
            ("0, 181", None),
            ("1", None),
            ("", None),
        ] {
            assert_eq!(Point::typed(text), expected.map(|(lat, lon)| at(lat, lon)), "{text}");
        }
    }
}

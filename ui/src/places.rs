//! Guesses about where a device is, so that a first stall needs one answer less. A guess is shown, never silently
//! kept.

/// Countries by zone and by region of a language, with their currency. Those where market stalls are many come
/// first; who is elsewhere chooses from the list.
const PLACES: &[(&str, &str, &str)] = &[
    ("Africa/Nairobi", "KE", "KES"),
    ("Africa/Dar_es_Salaam", "TZ", "TZS"),
    ("Africa/Kampala", "UG", "UGX"),
    ("Africa/Kigali", "RW", "RWF"),
    ("Africa/Bujumbura", "BI", "BIF"),
    ("Africa/Addis_Ababa", "ET", "ETB"),
    ("Africa/Mogadishu", "SO", "SOS"),
    ("Africa/Djibouti", "DJ", "DJF"),
    ("Africa/Khartoum", "SD", "SDG"),
    ("Africa/Kinshasa", "CD", "CDF"),
    ("Africa/Lubumbashi", "CD", "CDF"),
    ("Africa/Lusaka", "ZM", "ZMW"),
    ("Africa/Maputo", "MZ", "MZN"),
    ("Africa/Johannesburg", "ZA", "ZAR"),
    ("Africa/Lagos", "NG", "NGN"),
    ("Africa/Accra", "GH", "GHS"),
    ("Africa/Abidjan", "CI", "XOF"),
    ("Africa/Dakar", "SN", "XOF"),
    ("Africa/Bamako", "ML", "XOF"),
    ("Africa/Ouagadougou", "BF", "XOF"),
    ("Africa/Niamey", "NE", "XOF"),
    ("Africa/Lome", "TG", "XOF"),
    ("Africa/Porto-Novo", "BJ", "XOF"),
    ("Africa/Douala", "CM", "XAF"),
    ("Africa/Libreville", "GA", "XAF"),
    ("Africa/Brazzaville", "CG", "XAF"),
    ("Africa/Ndjamena", "TD", "XAF"),
    ("Indian/Antananarivo", "MG", "MGA"),
    ("Africa/Cairo", "EG", "EGP"),
    ("Africa/Casablanca", "MA", "MAD"),
    ("Africa/Algiers", "DZ", "DZD"),
    ("Africa/Tunis", "TN", "TND"),
    ("Africa/Tripoli", "LY", "LYD"),
    ("Asia/Amman", "JO", "JOD"),
    ("Asia/Beirut", "LB", "LBP"),
    ("Asia/Baghdad", "IQ", "IQD"),
    ("Asia/Riyadh", "SA", "SAR"),
    ("Asia/Dubai", "AE", "AED"),
    ("Asia/Kuwait", "KW", "KWD"),
    ("Asia/Qatar", "QA", "QAR"),
    ("Asia/Bahrain", "BH", "BHD"),
    ("Asia/Muscat", "OM", "OMR"),
    ("Asia/Kolkata", "IN", "INR"),
    ("Asia/Tokyo", "JP", "JPY"),
    ("Europe/London", "GB", "GBP"),
    ("Europe/Zurich", "CH", "CHF"),
    ("Europe/Stockholm", "SE", "SEK"),
    ("Europe/Oslo", "NO", "NOK"),
    ("Europe/Copenhagen", "DK", "DKK"),
    ("Europe/Warsaw", "PL", "PLN"),
    ("Europe/Prague", "CZ", "CZK"),
    ("America/New_York", "US", "USD"),
    ("America/Chicago", "US", "USD"),
    ("America/Denver", "US", "USD"),
    ("America/Los_Angeles", "US", "USD"),
    ("America/Toronto", "CA", "CAD"),
    ("Australia/Sydney", "AU", "AUD"),
];

/// The currency of the zone; else of the region of a wanted language; else the euro in Europe and the dollar
/// elsewhere.
pub fn currency_of(zone: &str, languages: &[String]) -> &'static str {
    let by_zone = PLACES.iter().find(|(known, _, _)| *known == zone);
    let by_region = || {
        let regions = languages.iter().filter_map(|tag| tag.split('-').nth(1));
        regions
            .into_iter()
            .find_map(|region| PLACES.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(region)))
    };
    let elsewhere = if zone.starts_with("Europe/") { "EUR" } else { "USD" };
    match by_zone {
        Some((_, _, currency)) => currency,
        None if zone.starts_with("Europe/") => elsewhere,
        None => by_region().map_or(elsewhere, |(_, _, currency)| currency),
    }
}

#[cfg(test)]
mod tests {
    use soko_domain::money::Currency;

    use super::*;

    #[test]
    fn the_zone_says_more_than_the_language() {
        for (zone, languages, wanted) in [
            ("Africa/Nairobi", vec!["en-US".to_owned()], "KES"),
            ("Europe/Lisbon", vec!["pt-PT".to_owned()], "EUR"),
            ("UTC", vec!["sw-TZ".to_owned()], "TZS"),
            ("UTC", vec!["en".to_owned()], "USD"),
        ] {
            assert_eq!(currency_of(zone, &languages), wanted, "{zone}");
        }
    }

    #[test]
    fn every_guess_is_a_currency_in_use() {
        for (zone, _, code) in PLACES {
            assert!(Currency::parse(code).is_some_and(Currency::is_current), "{zone}: {code}");
        }
    }
}

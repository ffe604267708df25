//! The lines of a wholesaler's trade, as the file in the data has them.

/// A line that is a sale of goods.
pub struct Sale<'a> {
    pub invoice: &'a str,
    pub code: String,
    /// Since 1970.
    pub day: i64,
    pub hour_of_day: i64,
    pub customer: Option<u32>,
    pub units: f64,
    pub price: f64,
}

impl<'a> Sale<'a> {
    /// Nothing of any other line. Descriptions hold commas; all else does not, so that fields are counted from both ends.
    pub fn read(line: &'a str) -> Option<Self> {
        let mut ends = line.rsplitn(6, ',');
        let (_country, customer) = (ends.next()?, ends.next()?);
        let price: f64 = ends.next()?.parse().ok()?;
        let date = ends.next()?;
        let units: f64 = ends.next()?.parse().ok()?;
        let mut starts = ends.next()?.splitn(3, ',');
        let (invoice, code) = (starts.next()?, starts.next()?.to_uppercase());
        // Codes of goods begin with five digits; others are postage, fees and corrections.
        let is_goods = code.len() >= 5 && code.bytes().take(5).all(|byte| byte.is_ascii_digit());
        if invoice.starts_with(['C', 'A']) || units <= 0.0 || price <= 0.0 || !is_goods {
            return None;
        }
        let customer = customer.split('.').next().and_then(|number| number.parse().ok());
        let (day, hour_of_day) = moment(date)?;
        Some(Self { invoice, code, day, hour_of_day, customer, units, price })
    }
}

/// The day since 1970 and the hour of `2010-12-01 08:26…`.
fn moment(date: &str) -> Option<(i64, i64)> {
    let number = |from: usize, until: usize| date.get(from..until)?.parse::<i64>().ok();
    let (year, month, day, hour) = (number(0, 4)?, number(5, 7)?, number(8, 10)?, number(11, 13)?);
    // The civil calendar, with years that begin in March.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some((era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468, hour))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_sale_of_goods_is_left_out() {
        let read =
            |line| Sale::read(line).map(|it| (it.invoice, it.code, it.day, it.hour_of_day, it.customer));
        let goods = "536365,85123a,\"LIGHT, WHITE\",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom";
        assert_eq!(read(goods), Some(("536365", "85123A".to_owned(), 14_944, 8, Some(17_850))));
        let of_nobody = "536365,85123A,LIGHT,6,1970-01-01 00:00:00,2.55,,France";
        assert_eq!(read(of_nobody), Some(("536365", "85123A".to_owned(), 0, 0, None)));
        for other in [
            "C536365,85123A,LIGHT,6,2010-12-01 08:26:00,2.55,17850.0,France",
            "536365,POST,POSTAGE,1,2010-12-01 08:26:00,18.0,12583.0,France",
            "536365,85123A,LIGHT,-6,2010-12-01 08:26:00,2.55,17850.0,France",
            "536365,85123A,LIGHT,6,2010-12-01 08:26:00,0.0,17850.0,France",
            "536365,85123A,LIGHT,6,,2.55,17850.0,France",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}

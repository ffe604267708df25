//! The stall's profile as it stands in its form, and what of it was changed. Pure: only what a person touched is sent,
//! so that two people who edit different fields apart both keep their edits.

use soko_app_api::{StallEdit, StallView};

use crate::typed;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Form {
    pub name: String,
    pub currency: String,
    pub zone: String,
    /// As typed into a field for a time of day: `04:00`.
    pub cut_off: String,
    pub place: String,
    pub hours: String,
    pub description: String,
}

impl Form {
    pub(super) fn of(stall: &StallView) -> Self {
        Self {
            name: stall.name.clone(),
            currency: stall.currency.clone(),
            zone: stall.zone.clone(),
            cut_off: time_of(stall.cut_off_minutes),
            place: stall.place.clone(),
            hours: stall.hours.clone(),
            description: stall.description.clone(),
        }
    }

    /// The edits that lead from the form as it was shown to this one. None where a field holds nothing that can be
    /// kept.
    pub(super) fn edits(&self, shown: &Self) -> Option<Vec<StallEdit>> {
        if self.name.trim().is_empty() {
            return None;
        }
        let text = |now: &str, before: &str, edit: fn(String) -> StallEdit| {
            (now.trim() != before.trim()).then(|| edit(now.trim().to_owned()))
        };
        let cut_off = match minutes_of(&self.cut_off) {
            Some(minutes) if self.cut_off != shown.cut_off => Some(StallEdit::CutOffMinutes(minutes)),
            Some(_) => None,
            None => return None,
        };
        let edits = [
            text(&self.name, &shown.name, StallEdit::Name),
            text(&self.currency, &shown.currency, StallEdit::Currency),
            text(&self.zone, &shown.zone, StallEdit::Zone),
            cut_off,
            text(&self.place, &shown.place, StallEdit::Place),
            text(&self.hours, &shown.hours, StallEdit::Hours),
            text(&self.description, &shown.description, StallEdit::Description),
        ];
        Some(edits.into_iter().flatten().collect())
    }
}

fn time_of(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn minutes_of(time: &str) -> Option<u16> {
    let (hours, minutes) = time.split_once(':')?;
    let (hours, minutes) = (typed::whole(hours)?, typed::whole(minutes)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    u16::try_from(hours * 60 + minutes).ok()
}

#[cfg(test)]
mod tests {
    use soko_domain::verbs::make_sale::BeyondRule;

    use super::*;

    fn shown() -> Form {
        Form::of(&StallView {
            name: "Amina".into(),
            currency: "KES".into(),
            zone: "Africa/Nairobi".into(),
            cut_off_minutes: 245,
            description: String::new(),
            place: "Row 3".into(),
            hours: String::new(),
            point: String::new(),
            opening: String::new(),
            cash_step_minor: 0,
            beyond_rule: BeyondRule::Warn,
            scale_codes: String::new(),
            takes_card: false,
            takes_phone: false,
            transfer_terms: String::new(),
            no_pickup: false,
            pickup_text: String::new(),
            local_terms: String::new(),
            shipping_terms: String::new(),
            return_days: 0,
            tax_ppm: 0,
            tax_inclusive: false,
            taxes: Vec::new(),
            problems: Vec::new(),
        })
    }

    #[test]
    fn only_what_was_touched_is_sent() {
        assert_eq!(shown().edits(&shown()), Some(Vec::new()));
        let form = Form { name: " Amina’s ".into(), place: String::new(), ..shown() };
        let wanted = vec![StallEdit::Name("Amina’s".into()), StallEdit::Place(String::new())];
        assert_eq!(form.edits(&shown()), Some(wanted));
    }

    #[test]
    fn the_day_changes_at_a_time_of_day() {
        assert_eq!(shown().cut_off, "04:05");
        for (cut_off, wanted) in [
            ("02:30", Some(vec![StallEdit::CutOffMinutes(150)])),
            ("٠٢:٣٠", Some(vec![StallEdit::CutOffMinutes(150)])),
            ("24:00", None),
            ("2", None),
            ("", None),
        ] {
            let form = Form { cut_off: cut_off.into(), ..shown() };
            assert_eq!(form.edits(&shown()), wanted, "{cut_off}");
        }
    }

    #[test]
    fn a_stall_keeps_a_name() {
        assert_eq!(Form { name: "  ".into(), ..shown() }.edits(&shown()), None);
    }
}

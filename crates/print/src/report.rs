//! The report of a shift: X while it is open, Z once it is closed. Every text of it, in order, with every amount
//! already written: screen, printer, PDF and message show this one value.

use soko_app_api::text::Worded as _;
use soko_app_api::{PurseTotal, ReportWords, ShiftReport, TaxRow, TenderTotal};
use soko_domain::calendar::BusinessDay;
use soko_domain::purse::PurseKind;

use crate::amount::Separators;
use crate::receipt::{Sum, made};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// As HTML names it.
    pub language: String,
    pub is_right_to_left: bool,
    pub stall: String,
    pub place: String,
    pub title: String,
    /// The register, the business day, and when and by whom it was opened and closed.
    pub made: Vec<String>,
    /// What a reader must not miss: that something came after the closing.
    pub marks: Vec<String>,
    pub parts: Vec<Part>,
    /// Why the drawer differs; empty for nothing.
    pub reason: String,
}

/// Figures that belong together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    pub figures: Vec<Figure>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figure {
    pub sum: Sum,
    pub weight: Weight,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weight {
    Plain,
    /// What the figures above come to.
    Total,
    /// Of the figure above.
    Part,
}

impl Report {
    /// The only way from a shift to its paper.
    pub fn of(report: &ShiftReport, words: &ReportWords) -> Self {
        let writing = Writing { report, words, separators: Separators::of(&words.language) };
        let mut parts = vec![writing.trade(), writing.taxes(), writing.tenders()];
        parts.extend(report.purses.iter().map(|purse| writing.purse(purse)));
        parts.push(writing.drawer());
        parts.retain(|part| !part.figures.is_empty());
        let reason = match report.reason.as_str() {
            "" => String::new(),
            reason => format!("{}: {reason}", words.reason),
        };
        Self {
            language: words.language.clone(),
            is_right_to_left: words.is_right_to_left,
            stall: report.stall_name.clone(),
            place: report.stall_place.clone(),
            title: match report.z_number {
                Some(number) => words.closed.replace("{number}", &number.to_string()),
                None => words.open.clone(),
            },
            made: writing.made(),
            marks: if report.late > 0 { vec![words.amended.clone()] } else { Vec::new() },
            parts,
            reason,
        }
    }
}

struct Writing<'a> {
    report: &'a ShiftReport,
    words: &'a ReportWords,
    separators: Separators,
}

impl Writing<'_> {
    fn money(&self, minor: i64) -> String {
        self.separators.money(minor, &self.report.currency)
    }

    fn figure(&self, weight: Weight, label: &str, minor: i64) -> Figure {
        written(weight, label, self.money(minor))
    }

    /// So many times, so much in all.
    fn counted(&self, label: &str, times: i64, minor: i64) -> Figure {
        let label = format!("{label} × {}", self.separators.whole(times));
        self.told(Weight::Plain, &label, minor)
    }

    /// A sum that whoever must count the drawer first is told afterwards.
    fn told(&self, weight: Weight, label: &str, minor: i64) -> Figure {
        match self.report.expected_minor {
            Some(_) => self.figure(weight, label, minor),
            None => written(weight, label, self.words.hidden.clone()),
        }
    }

    fn made(&self) -> Vec<String> {
        let report = self.report;
        let mut lines = vec![report.register_name.clone()];
        lines.extend(BusinessDay::from_days(report.business_day).map(|day| day.to_string()));
        lines.push(made(report.opened_at_ms, report.opened_offset, &report.opened_by));
        let closed = report.closed_at_ms.map(|at| made(at, report.closed_offset, &report.closed_by));
        lines.extend(closed);
        lines
    }

    fn trade(&self) -> Part {
        let (report, words) = (self.report, self.words);
        let mut figures = vec![self.counted(&words.sales, i64::from(report.sales), report.sales_minor)];
        let others = [
            (&words.orders, report.orders, report.orders_minor),
            (&words.voids, report.voids, -report.voids_minor),
            (&words.refunds, report.refunds, -report.refunds_minor),
        ];
        let others = others.into_iter().filter(|(_, times, _)| *times > 0);
        figures.extend(others.map(|(label, times, minor)| self.counted(label, i64::from(times), minor)));
        let net = format!("{} {}", words.net, report.currency);
        figures.push(self.told(Weight::Total, &net, report.net_minor));
        let rest = [(&words.discounts, report.discounts_minor), (&words.rounding, report.rounding_minor)];
        figures.extend(self.given(&rest));
        Part { figures }
    }

    /// Those that are not nothing.
    fn given(&self, figures: &[(&String, i64)]) -> Vec<Figure> {
        let given = figures.iter().filter(|(_, minor)| *minor != 0);
        given.map(|(label, minor)| self.figure(Weight::Plain, label, *minor)).collect()
    }

    fn taxes(&self) -> Part {
        let row = |tax: &TaxRow| {
            let rate = self.words.tax.replace("{rate}", &self.separators.percent(tax.ppm));
            // By its class, too, where the stall has classes: two of them may have one rate.
            let name = if tax.label.is_empty() { rate } else { format!("{} · {rate}", tax.label) };
            let label = format!("{name} · {}", self.money(tax.net_minor));
            self.figure(Weight::Plain, &label, tax.tax_minor)
        };
        Part { figures: self.report.taxes.iter().map(row).collect() }
    }

    fn tenders(&self) -> Part {
        Part { figures: self.report.tenders.iter().flat_map(|tender| self.tender(tender)).collect() }
    }

    fn tender(&self, tender: &TenderTotal) -> Vec<Figure> {
        let label = format!("{} × {}", self.way(tender.kind.word()), self.separators.whole(tender.payments));
        let amount = tender.amount_minor.map_or(self.words.hidden.clone(), |minor| self.money(minor));
        let mut figures = vec![written(Weight::Plain, &label, amount)];
        if tender.unseen_minor != 0 {
            figures.push(self.figure(Weight::Part, &self.words.unseen, tender.unseen_minor));
        }
        if tender.refunded_minor != 0 {
            figures.push(self.figure(Weight::Part, &self.words.refunds, -tender.refunded_minor));
        }
        figures
    }

    /// What was owed and paid with gift cards, credit or points. What was bought is money in the drawer and no revenue.
    fn purse(&self, total: &PurseTotal) -> Part {
        let words = self.words;
        let units = |units: i64| match total.kind {
            PurseKind::Points => self.separators.whole(units),
            PurseKind::GiftCard | PurseKind::Credit => self.money(units),
        };
        let spent = match total.kind {
            PurseKind::Points => format!("{} · {}", units(total.spent_units), self.money(total.spent_minor)),
            PurseKind::GiftCard | PurseKind::Credit => units(total.spent_units),
        };
        let rows = [
            (&words.purse_bought, total.bought_units, units(total.bought_units)),
            (&words.purse_given, total.given_units, units(total.given_units)),
            (&words.purse_spent, total.spent_units, spent),
            (&words.purse_taken, total.taken_units, units(total.taken_units)),
        ];
        let mut figures = vec![written(Weight::Plain, self.way(total.kind.word()), String::new())];
        let rows = rows.into_iter().filter(|(_, units, _)| *units != 0);
        figures.extend(rows.map(|(label, _, shown)| written(Weight::Part, label, shown)));
        Part { figures }
    }

    fn drawer(&self) -> Part {
        let (report, words) = (self.report, self.words);
        let mut figures = vec![self.figure(Weight::Plain, &words.float, report.float_minor)];
        if report.expected_minor.is_some() {
            figures.push(self.figure(Weight::Plain, &words.tendered, report.tendered_minor));
            figures.extend(self.given(&[
                (&words.change, -report.change_minor),
                (&words.cash_refunds, -report.cash_refunds_minor),
            ]));
        }
        figures.extend(
            self.given(&[(&words.paid_in, report.paid_in_minor), (&words.paid_out, -report.paid_out_minor)]),
        );
        figures.push(match report.expected_minor {
            Some(expected) => self.figure(Weight::Total, &words.expected, expected),
            None => written(Weight::Plain, &words.expected, words.hidden.clone()),
        });
        let counted = [(&words.counted, report.counted_minor), (&words.variance, report.variance_minor)];
        let counted = counted.into_iter().filter_map(|(label, minor)| Some((label, minor?)));
        figures.extend(counted.map(|(label, minor)| self.figure(Weight::Plain, label, minor)));
        // Whoever counts again knows what should be there.
        if let Some(first) = report.first_counted_minor {
            let counts = self.separators.whole(i64::from(report.counts));
            let label = words.first_counted.replace("{number}", &counts);
            figures.push(self.figure(Weight::Part, &label, first));
        }
        if report.openings > 0 {
            let openings = self.separators.whole(i64::from(report.openings));
            figures.push(written(Weight::Plain, &words.openings, openings));
        }
        if report.late > 0 {
            figures.push(self.counted(&words.amended, i64::from(report.late), report.late_minor));
        }
        Part { figures }
    }

    /// What a way of paying is called.
    fn way<'w>(&'w self, word: &'w str) -> &'w str {
        let named = self.words.tenders.iter().find(|(kind, _)| kind == word);
        named.map_or(word, |(_, name)| name)
    }
}

fn written(weight: Weight, label: &str, amount: String) -> Figure {
    Figure { sum: Sum { label: label.into(), amount }, weight }
}

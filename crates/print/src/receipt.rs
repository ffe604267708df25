//! The receipt of a sale: every text of it, in order, with every amount already written. Screen, printer, PDF and
//! plain text show this one value, so that they cannot say different things.

use soko_app_api::text::Worded as _;
use soko_app_api::{PaperWords, ReceiptView, SaleLineView, TaxRow};
use soko_domain::basket::TenderKind;
use soko_domain::calendar::{Moment, OffsetMinutes};
use soko_domain::entry::Standing;
use soko_domain::purse;
use soko_domain::tax::TaxMode;

use crate::amount::Separators;

/// What a price for kilograms or litres is a price of, in grams or millilitres.
const PER_THOUSAND: i64 = 1_000;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// As HTML names it.
    pub language: String,
    pub is_right_to_left: bool,
    pub stall: String,
    pub place: String,
    pub title: String,
    /// What a reader must not miss: a copy, a void, money given back.
    pub marks: Vec<String>,
    /// When, and at which register.
    pub made: String,
    pub lines: Vec<ReceiptLine>,
    pub taxes: Vec<Sum>,
    pub rounding: Option<Sum>,
    pub total: Sum,
    /// How it was paid, and the change.
    pub paid: Vec<Sum>,
    /// What was written about the whole sale; empty for nothing.
    pub note: String,
    pub thanks: String,
    /// What the code says; empty for none.
    pub proof: String,
    pub check: String,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiptLine {
    pub name: String,
    pub amount: String,
    /// How the amount comes about: quantity, price, what came off.
    pub details: Vec<String>,
    /// All of it was given back.
    pub is_refunded: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sum {
    pub label: String,
    pub amount: String,
}

impl Receipt {
    /// The only way from a sale to its paper.
    pub fn of(view: &ReceiptView, words: &PaperWords) -> Self {
        let sale = &view.sale;
        let row = &sale.row;
        let writing = Writing { words, separators: Separators::of(&words.language), currency: &row.currency };
        Self {
            language: words.language.clone(),
            is_right_to_left: words.is_right_to_left,
            stall: sale.stall_name.clone(),
            place: sale.stall_place.clone(),
            title: words.receipt.replace("{number}", &row.receipt_number.to_string()),
            marks: writing.marks(view),
            made: made(row.at_ms, row.offset_minutes, &sale.register_name),
            lines: sale.lines.iter().map(|line| writing.line(line)).collect(),
            taxes: sale.taxes.iter().map(|tax| writing.tax(tax)).collect(),
            rounding: (sale.cash_rounding_minor != 0)
                .then(|| writing.sum(&words.rounding, sale.cash_rounding_minor)),
            total: Sum {
                label: format!("{} {}", words.total, row.currency),
                amount: writing.money(row.total_minor),
            },
            paid: writing.paid(view),
            note: sale.note.clone(),
            thanks: words.thanks.clone(),
            proof: view.proof.clone(),
            check: words.check.clone(),
        }
    }
}

/// What a receipt says of one rate, for other papers that say it, too.
#[must_use]
pub fn tax_sum(tax: &TaxRow, words: &PaperWords, currency: &str) -> Sum {
    Writing { words, separators: Separators::of(&words.language), currency }.tax(tax)
}

/// When, and where or by whom.
pub(crate) fn made(at_ms: i64, offset_minutes: i32, beside: &str) -> String {
    let offset = OffsetMinutes::new(offset_minutes).unwrap_or(OffsetMinutes::UTC);
    let when = Moment(at_ms).at(offset);
    if beside.is_empty() { when.to_string() } else { format!("{when} · {beside}") }
}

struct Writing<'a> {
    words: &'a PaperWords,
    separators: Separators,
    currency: &'a str,
}

impl Writing<'_> {
    fn money(&self, minor: i64) -> String {
        self.separators.money(minor, self.currency)
    }

    fn sum(&self, label: &str, minor: i64) -> Sum {
        Sum { label: label.into(), amount: self.money(minor) }
    }

    fn marks(&self, view: &ReceiptView) -> Vec<String> {
        let row = &view.sale.row;
        let mut marks = Vec::new();
        if view.is_copy {
            marks.push(self.words.copy.clone());
        }
        if row.voided {
            marks.push(self.words.voided.clone());
        }
        if row.refunded_minor > 0 {
            marks.push(format!("{} {}", self.words.refunded, self.money(row.refunded_minor)));
        }
        marks
    }

    fn line(&self, line: &SaleLineView) -> ReceiptLine {
        let mut details = Vec::new();
        let price = self.money(line.unit_price_minor);
        if line.price_per == PER_THOUSAND {
            details.push(format!("{} × {price}", self.separators.thousandths(line.quantity)));
        } else if line.price_per != 1 {
            let per = self.separators.whole(line.price_per);
            details.push(format!("{} × {price} / {per}", self.separators.whole(line.quantity)));
        } else if line.quantity != 1 || line.discount_minor != 0 {
            details.push(format!("{} × {price}", self.separators.whole(line.quantity)));
        }
        if line.discount_minor != 0 {
            let off = self.money(-line.discount_minor);
            details.push(format!("{} {off}", self.words.discount));
        }
        if !line.note.is_empty() {
            details.push(line.note.clone());
        }
        ReceiptLine {
            name: line.name.clone(),
            amount: self.money(line.total_minor),
            details,
            is_refunded: line.refunded >= line.quantity,
        }
    }

    fn tax(&self, tax: &TaxRow) -> Sum {
        let text = match tax.mode {
            TaxMode::Inclusive => &self.words.tax_included,
            TaxMode::Exclusive => &self.words.tax_added,
        };
        let label = text
            .replace("{rate}", &self.separators.percent(tax.ppm))
            .replace("{net}", &self.money(tax.net_minor));
        // By its class, too, where the stall has classes: two of them may have one rate.
        let label = if tax.label.is_empty() { label } else { format!("{} · {label}", tax.label) };
        self.sum(&label, tax.tax_minor)
    }

    fn paid(&self, view: &ReceiptView) -> Vec<Sum> {
        let mut paid = Vec::new();
        for tender in &view.sale.tenders {
            // What a purse paid is called by the purse.
            let purse = purse::of_reference(&tender.reference).filter(|_| tender.kind == TenderKind::Voucher);
            let (word, reference) = purse
                .map_or((tender.kind.word(), tender.reference.as_str()), |(kind, rest)| (kind.word(), rest));
            let named = self.words.tenders.iter().find(|(kind, _)| kind == word);
            let name = named.map_or(word, |(_, name)| name);
            let mut label = format!("{name} {reference}").trim_end().to_owned();
            // The paper proves no payment that nobody of the stall saw.
            let unseen = match tender.standing {
                Standing::Claimed => self.words.claimed.as_str(),
                Standing::Failed => self.words.failed.as_str(),
                Standing::Taken | Standing::Verified | Standing::Settled => "",
            };
            if !unseen.is_empty() {
                label.push_str(" · ");
                label.push_str(unseen);
            }
            paid.push(self.sum(&label, tender.amount_minor));
        }
        if view.sale.change_minor > 0 {
            paid.push(self.sum(&self.words.change, view.sale.change_minor));
        }
        paid
    }
}

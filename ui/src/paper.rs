//! Paper as the screens need it: its words in the person's language, asking for it, and giving files away.

use soko_app_api::{
    Answer, Call, DrawerFor, PaperCall, PaperFile, PaperReply, PaperWords, PrinterTrouble, ReportWords,
};
use yew::prelude::*;

use crate::browser;
use crate::desk::{Desk, Trouble};
use crate::speech::Speech;
use crate::words::Language;

/// Every way of paying that a sale may have been paid with.
const TENDERS: &[(&str, &str)] = &[
    ("cash", "tender.cash"),
    ("card", "tender.card"),
    ("mobile-money", "tender.mobile-money"),
    ("voucher", "tender.voucher"),
    ("gift-card", "tender.gift-card"),
    ("credit", "tender.credit"),
    ("points", "tender.points"),
    ("bank-transfer", "tender.bank-transfer"),
    ("other", "tender.other"),
];

/// The texts of a paper. Their placeholders are filled where the paper is made.
pub fn words(speech: &Speech) -> PaperWords {
    let say = |key: &'static str| speech.say(key).to_string();
    PaperWords {
        language: speech.language().code().into(),
        is_right_to_left: speech.language() == Language::Arabic,
        receipt: say("receipt.number"),
        tax_included: say("receipt.tax-included"),
        tax_added: say("receipt.tax-added"),
        rounding: say("receipt.rounding"),
        total: say("sum.total"),
        discount: say("receipt.discount"),
        change: say("pay.change"),
        refunded: say("receipt.refunded"),
        copy: say("receipt.copy"),
        voided: say("receipt.voided"),
        claimed: say("receipt.claimed"),
        failed: say("receipt.failed"),
        thanks: say("receipt.thanks"),
        check: say("receipt.check"),
        test_title: say("printer.test-title"),
        test_text: say("printer.test-text"),
        tenders: tenders(speech),
    }
}

/// The texts of a shift's report.
pub fn report_words(speech: &Speech) -> ReportWords {
    let say = |key: &'static str| speech.say(key).to_string();
    ReportWords {
        language: speech.language().code().into(),
        is_right_to_left: speech.language() == Language::Arabic,
        open: say("report.x"),
        closed: say("report.z"),
        amended: say("report.amended"),
        sales: say("report.sales"),
        orders: say("report.orders"),
        voids: say("report.voids"),
        refunds: say("report.refunds"),
        net: say("report.net"),
        discounts: say("report.discounts"),
        rounding: say("receipt.rounding"),
        tax: say("receipt.tax"),
        unseen: say("report.unseen"),
        purse_bought: say("report.purse-bought"),
        purse_given: say("report.purse-given"),
        purse_spent: say("report.purse-spent"),
        purse_taken: say("report.purse-taken"),
        float: say("report.float"),
        tendered: say("report.tendered"),
        change: say("report.change"),
        cash_refunds: say("report.cash-refunds"),
        paid_in: say("report.paid-in"),
        paid_out: say("report.paid-out"),
        expected: say("report.expected"),
        hidden: say("report.hidden"),
        counted: say("shift.counted"),
        first_counted: say("report.first-counted"),
        variance: say("report.variance"),
        openings: say("report.openings"),
        reason: say("shift.reason"),
        tenders: tenders(speech),
    }
}

fn tenders(speech: &Speech) -> Vec<(String, String)> {
    TENDERS.iter().map(|(word, key)| ((*word).into(), speech.say(key).to_string())).collect()
}

pub async fn ask(desk: &Desk, call: PaperCall) -> Result<PaperReply, Trouble> {
    let answer = desk.call(Call::Paper(call)).await;
    if let Answer::Paper(reply) = answer { Ok(reply) } else { Err(crate::desk::trouble(answer)) }
}

/// Opens the drawer that hangs at the printer; where there is none, a hand does it.
pub fn open_drawer(desk: &Desk, speech: &Speech, why: DrawerFor) {
    let (desk, speech) = (desk.clone(), speech.clone());
    wasm_bindgen_futures::spawn_local(async move {
        match ask(&desk, PaperCall::OpenDrawer(why)).await {
            Ok(PaperReply::NotPrinted(why)) if why != PrinterTrouble::None => {
                desk.toasts.error(trouble(&speech, &why));
            }
            Ok(_) => {}
            Err(trouble) => desk.toasts.error(trouble.sentence(&speech)),
        }
    });
}

/// What stands in the way of printing, and what to do.
pub fn trouble(speech: &Speech, trouble: &PrinterTrouble) -> AttrValue {
    match trouble {
        PrinterTrouble::None => speech.say("printer.none"),
        PrinterTrouble::Unable => speech.say("printer.unable"),
        PrinterTrouble::Unreachable { address, because } => {
            speech.fill("printer.unreachable", &[("address", address), ("because", because)])
        }
        PrinterTrouble::PaperOut => speech.say("printer.paper-out"),
        PrinterTrouble::CoverOpen => speech.say("printer.cover-open"),
        PrinterTrouble::Faulty => speech.say("printer.faulty"),
        PrinterTrouble::Stopped => speech.say("printer.stopped"),
    }
}

/// Says what became of a paper; a file goes to the person.
pub fn tell(desk: &Desk, speech: &Speech, reply: &PaperReply) {
    match reply {
        PaperReply::File(file) => {
            // A browser that refuses says so itself.
            browser::file::hand_out_as(&file.name, &file.media_type, &file.bytes);
            warn_of_missing(desk, speech, &file.missing);
        }
        PaperReply::Saved { path, missing, .. } => {
            desk.toasts.done(speech.fill("paper.saved", &[("path", path)]));
            warn_of_missing(desk, speech, missing);
        }
        PaperReply::Printed { is_confirmed, .. } => {
            let key = if *is_confirmed { "printer.printed" } else { "printer.sent" };
            desk.toasts.done(speech.say(key));
        }
        PaperReply::NotPrinted(why) => desk.toasts.error(trouble(speech, why)),
        PaperReply::OnScreen => browser::print(),
        PaperReply::Receipt(_) | PaperReply::Printer { .. } | PaperReply::Mailed(_) => {}
    }
}

fn warn_of_missing(desk: &Desk, speech: &Speech, missing: &str) {
    if !missing.is_empty() {
        desk.toasts.error(speech.fill("paper.missing", &[("letters", missing)]));
    }
}

/// Gives a text to whatever the system offers; copies it where it offers nothing.
pub async fn share(desk: &Desk, speech: &Speech, file: &PaperFile) {
    let text = String::from_utf8_lossy(&file.bytes).into_owned();
    if browser::file::share(&text).await {
        return;
    }
    if browser::copy(&text).await {
        desk.toasts.done(speech.say("paper.copied"));
    } else {
        desk.toasts.error(speech.say("paper.not-copied"));
    }
}

//! The receipt of a sale at a counter, by mail or by text: a register asks for it once there is a network, with the address that a customer
//! gave. What it says comes from the stall's records; only address, language and whether there was a paper before come from the
//! register. The address is in no record, and is forgotten as soon as the mail server or the provider of texts
//! has it or it was given up. A text says what a receipt is about; the whole would be several.

use soko_app_api::text::Worded as _;
use soko_app_api::{PaperWords, ReceiptView, SaleFacts, SaleView, TenderView};
use soko_domain::basket::TenderKind;
use soko_domain::ids::{AuthorId, LogId, SaleId, ThingId};
use soko_domain::purse::PurseKind;
use soko_domain::telephone::Telephone;
use soko_print::{Receipt, ReceiptLine, Sum, to_text};
use soko_projection::{payments, read};
use soko_record_log::{Row, StoreError, Tx, params};

use super::channel::Channel;
use super::letter::{Letter, Load};
use super::outbox::{self, Message, State};
use super::sms::{self, Text};
use super::topic::Topic;
use super::words::Language;
use crate::platform::accounts::Email;
use crate::web::escaped;

/// Receipts that one register may have sent within an hour: more than a busy counter has customers who want one.
const PER_HOUR_MAX: i64 = 120;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Texts of one stall within a day, and of all: each costs whoever runs the server money, and whoever makes many stalls gets no further.
const TEXTS_PER_DAY_MAX: i64 = 50;
const TEXTS_OF_ALL_PER_DAY_MAX: i64 = 500;
/// What a text shows of a stall's name.
const STALL_CHARS_MAX: usize = 30;
/// Receipts of one sale, for whoever mistyped an address.
const PER_SALE_MAX: i64 = 5;
/// Letters in a line of the plain text.
const COLUMNS: usize = 48;

/// Where a receipt goes.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    Mail(Email),
    Text(Telephone),
}

impl Address {
    pub(crate) fn channel(&self) -> Channel {
        match self {
            Self::Mail(_) => Channel::Mail,
            Self::Text(_) => Channel::Sms,
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Mail(email) => email.as_str(),
            Self::Text(number) => number.as_str(),
        }
    }
}

/// What a register asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) stall: LogId,
    pub(crate) author: AuthorId,
    pub(crate) sale: SaleId,
    /// The request's identity: the same again is the same message.
    pub(crate) request: ThingId,
    pub(crate) address: Address,
    pub(crate) language: Language,
    /// A paper of this sale was given out before.
    pub(crate) is_copy: bool,
}

/// What it is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Asked {
    /// It is in the outbox, now or since before: where it stands, and why it was given up.
    Taken(State, String),
    /// The server does not have this sale yet.
    NoSale,
    /// This request was about something else before.
    Reused,
    /// This sale was sent often enough.
    Enough,
    /// This register asked too often, or as many texts as a day allows were sent; in so many milliseconds it can ask again.
    TooOften(i64),
}

/// Puts it into the outbox, once.
pub(crate) fn ask(tx: &mut dyn Tx, wanted: &Wanted, now_ms: i64) -> Result<Asked, StoreError> {
    let Wanted { stall, author, sale, .. } = *wanted;
    let register = ThingId(author.0);
    let because: [&[u8]; 2] = [stall.as_bytes(), wanted.request.as_bytes()];
    let channel = wanted.address.channel();
    let message = outbox::identity(&because, Topic::Receipt, register, (channel, None));
    let known = tx.query_opt("select sale from mailed_receipt where message = $1", params![message])?;
    if let Some(row) = known {
        if SaleId(row.id(0)?) != sale {
            return Ok(Asked::Reused);
        }
        let (state, reason) = outbox::standing(tx, message)?.unwrap_or((State::Sent, String::new()));
        return Ok(Asked::Taken(state, reason));
    }
    if read::sale(tx, stall, sale)?.is_none() {
        return Ok(Asked::NoSale);
    }
    let before = tx.query_one(
        "select count(*) from mailed_receipt where stall = $1 and sale = $2",
        params![stall, sale],
    )?;
    let before = before.int(0)?;
    if before >= PER_SALE_MAX {
        return Ok(Asked::Enough);
    }
    let lately = tx.query_one(
        "select count(*), coalesce(min(made_ms), 0) from mailed_receipt where author = $1 and made_ms > $2",
        params![author, now_ms - HOUR_MS],
    )?;
    if lately.int(0)? >= PER_HOUR_MAX {
        return Ok(Asked::TooOften(lately.int(1)? + HOUR_MS - now_ms));
    }
    if channel == Channel::Sms
        && let Some(wait_ms) = too_many_texts(tx, stall, now_ms)?
    {
        return Ok(Asked::TooOften(wait_ms));
    }
    tx.run(
        "insert into mailed_receipt (message, stall, author, sale, address, language, is_copy, made_ms, channel)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            message,
            stall,
            author,
            sale,
            wanted.address.as_str(),
            wanted.language.code(),
            i64::from(wanted.is_copy || before > 0),
            now_ms,
            channel.number()
        ],
    )?;
    let new = Message {
        message,
        topic: Topic::Receipt,
        account: register,
        log: Some(stall),
        subject: Some(ThingId(sale.0)),
        detail: 0,
        channel,
        target: None,
    };
    outbox::add(tx, &new, now_ms)?;
    Ok(Asked::Taken(State::Waiting, String::new()))
}

/// How long until this stall may have another receipt texted, if it, or all stalls, had as many as a day allows. What waits at a register
/// goes on by itself then: days of sales without a network may come at once.
fn too_many_texts(tx: &mut dyn Tx, stall: LogId, now_ms: i64) -> Result<Option<i64>, StoreError> {
    let (sms, since_ms) = (Channel::Sms.number(), now_ms - DAY_MS);
    let count =
        "select count(*), coalesce(min(made_ms), 0) from mailed_receipt where channel = $1 and made_ms > $2";
    let own = tx.query_one(&format!("{count} and stall = $3"), params![sms, since_ms, stall])?;
    let all = tx.query_one(count, params![sms, since_ms])?;
    let wait =
        |row: &Row, max| Ok::<_, StoreError>((row.int(0)? >= max).then_some(row.int(1)? + DAY_MS - now_ms));
    Ok(wait(&own, TEXTS_PER_DAY_MAX)?.max(wait(&all, TEXTS_OF_ALL_PER_DAY_MAX)?))
}

/// Nobody is to be found here by what became of a message.
pub(super) fn forget(tx: &mut dyn Tx, message: ThingId) -> Result<(), StoreError> {
    tx.run("update mailed_receipt set address = '' where message = $1", params![message])
}

/// Forgets what was asked for long ago, with what never left.
pub(super) fn sweep(tx: &mut dyn Tx, before_ms: i64) -> Result<(), StoreError> {
    tx.run("delete from mailed_receipt where made_ms < $1", params![before_ms])
}

/// The letter or the text; nothing if its address is forgotten or its sale is gone.
pub(super) fn write(tx: &mut dyn Tx, message: &Message) -> Result<Option<Load>, StoreError> {
    let row = tx.query_opt(
        "select stall, sale, address, language, is_copy from mailed_receipt where message = $1 and address <> ''",
        params![message.message],
    )?;
    let Some(row) = row else { return Ok(None) };
    let (stall, sale, to) = (LogId(row.id(0)?), SaleId(row.id(1)?), row.text(2)?.to_owned());
    let (language, is_copy) = (Language::from_code(row.text(3)?).unwrap_or_default(), row.bool(4)?);
    let Some(sale) = sale_view(tx, stall, sale)? else { return Ok(None) };
    let number = sale.row.receipt_number.to_string();
    let with = [("number", number.as_str()), ("stall", sale.stall_name.as_str())];
    let subject = language.say("receipt.subject", &with);
    if message.channel == Channel::Sms {
        let text = short(&sale, language);
        return Ok(Some(Load::Sms(Text { message: message.message, to, text })));
    }
    let why = language.say("receipt.text", &with);
    // Only a register signs what a code says.
    let view = ReceiptView { proof: String::new(), is_copy, sale: sale.clone() };
    let receipt = Receipt::of(&view, &paper_words(language));
    let plain = format!("{}\n-- \n{why}\n", to_text(&receipt, COLUMNS));
    let html = html(&receipt, &subject, &why);
    Ok(Some(Load::Mail(Letter { message: message.message, to, subject, plain, html, stop: None })))
}

/// What the receipt is about, a line each: whose and which, when, how much, and what became of the sale since. The lines that are
/// one text together.
fn short(sale: &SaleView, language: Language) -> String {
    let name: String = sale.stall_name.chars().take(STALL_CHARS_MAX).collect();
    let number = sale.row.receipt_number.to_string();
    let title = language.say("receipt.subject", &[("number", number.as_str()), ("stall", name.as_str())]);
    // Only a register signs what a code says.
    let view = ReceiptView { proof: String::new(), is_copy: false, sale: sale.clone() };
    let receipt = Receipt::of(&view, &paper_words(language));
    let total = format!("{}: {}", receipt.total.label, receipt.total.amount);
    sms::one_text([title, total, receipt.made].into_iter().chain(receipt.marks))
}

/// The sale as its records have it here.
fn sale_view(tx: &mut dyn Tx, stall: LogId, sale: SaleId) -> Result<Option<SaleView>, StoreError> {
    let Some(found) = read::sale(tx, stall, sale)? else { return Ok(None) };
    let profile = read::profile(tx, stall)?;
    let (stall_name, stall_place) = profile.map(|it| (it.name, it.place)).unwrap_or_default();
    let device = read::device(tx, stall, found.author)?;
    let known = payments::payments_of(tx, stall, sale)?;
    let tender = |(place, taken): (u32, &_)| {
        let found = known.iter().find(|found| found.payment.tender == place);
        TenderView::of(taken, found.map(|found| (found.standing, found.code.as_str())), false)
    };
    let tenders = (0u32..).zip(&found.made.tenders).map(tender).collect();
    let (voided, refunded) = (read::voided(tx, stall, sale)?, read::refunded(tx, stall, sale)?);
    Ok(Some(SaleView::of(SaleFacts {
        register: found.author,
        stamp: &found.stamp,
        made: found.made,
        voided,
        refunded: &refunded,
        tenders,
        stall_name,
        stall_place,
        register_name: device.map(|device| device.name).unwrap_or_default(),
    })))
}

/// The words that the paper has on the screens, too. What is filled in stays open.
fn paper_words(language: Language) -> PaperWords {
    let open = [("number", "{number}"), ("rate", "{rate}"), ("net", "{net}")];
    let say = |key: &str| language.say(&format!("paper.{key}"), &open);
    // Purses pay as vouchers on a sale, and are called by their own names on its paper.
    let purses = PurseKind::WORDS.iter().map(|(_, word)| *word);
    let kinds = TenderKind::WORDS.iter().map(|(_, word)| *word).chain(purses);
    PaperWords {
        language: language.code().into(),
        is_right_to_left: language.direction() == "rtl",
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
        tenders: kinds.map(|word| (word.into(), say(&format!("tender.{word}")))).collect(),
        // Nothing is printed and nothing is scanned.
        ..PaperWords::default()
    }
}

fn html(receipt: &Receipt, subject: &str, why: &str) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"{}\" dir=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\
         <body style=\"font-family:sans-serif;line-height:1.5;max-width:28em;margin:auto;padding:1em\">\
         <h1 style=\"font-size:1.25em\">{}</h1>",
        escaped(&receipt.language),
        if receipt.is_right_to_left { "rtl" } else { "ltr" },
        escaped(subject),
        escaped(&receipt.stall)
    );
    let head = [&receipt.place, &receipt.title, &receipt.made];
    for text in head.into_iter().filter(|text| !text.is_empty()) {
        page.push_str(&format!("<p style=\"margin:0\">{}</p>", escaped(text)));
    }
    for mark in &receipt.marks {
        page.push_str(&format!("<p><strong>{}</strong></p>", escaped(mark)));
    }
    page.push_str("<table style=\"border-collapse:collapse;width:100%;margin-top:1em\">");
    receipt.lines.iter().for_each(|line| page.push_str(&line_row(line)));
    receipt.taxes.iter().for_each(|sum| page.push_str(&sum_row(sum, "td")));
    page.push_str(&sum_row(&receipt.total, "th"));
    let paid = receipt.rounding.iter().chain(&receipt.paid);
    paid.for_each(|sum| page.push_str(&sum_row(sum, "td")));
    page.push_str("</table>");
    for text in [&receipt.note, &receipt.thanks].into_iter().filter(|text| !text.is_empty()) {
        page.push_str(&format!("<p>{}</p>", escaped(text)));
    }
    page.push_str(&format!("<hr><p style=\"font-size:.85em\">{}</p></body></html>", escaped(why)));
    page
}

fn line_row(line: &ReceiptLine) -> String {
    let details: String = line
        .details
        .iter()
        .map(|detail| format!("<br><span style=\"font-size:.85em\">{}</span>", escaped(detail)))
        .collect();
    let (name, amount) = (escaped(&line.name), escaped(&line.amount));
    let name = if line.is_refunded { format!("<s>{name}</s>") } else { name.to_string() };
    row("td", &format!("{name}{details}"), &amount)
}

fn sum_row(sum: &Sum, cell: &str) -> String {
    row(cell, &escaped(&sum.label), &escaped(&sum.amount))
}

/// Both are escaped.
fn row(cell: &str, begin: &str, end: &str) -> String {
    format!(
        "<tr><{cell} style=\"padding:.25em 0;text-align:start\">{begin}</{cell}>\
         <{cell} style=\"text-align:end;vertical-align:top\">{end}</{cell}></tr>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    type Of = fn(&PaperWords) -> &String;

    /// What the screens say, a file a language.
    fn screens(language: Language) -> &'static str {
        match language {
            Language::English => include_str!("../../../ui/i18n/en.txt"),
            Language::Swahili => include_str!("../../../ui/i18n/sw.txt"),
            Language::French => include_str!("../../../ui/i18n/fr.txt"),
            Language::Arabic => include_str!("../../../ui/i18n/ar.txt"),
        }
    }

    #[test]
    fn a_mailed_receipt_has_the_words_of_the_paper() {
        let keys: [(&str, Of); 13] = [
            ("receipt.number", |words| &words.receipt),
            ("receipt.tax-included", |words| &words.tax_included),
            ("receipt.tax-added", |words| &words.tax_added),
            ("receipt.rounding", |words| &words.rounding),
            ("sum.total", |words| &words.total),
            ("receipt.discount", |words| &words.discount),
            ("pay.change", |words| &words.change),
            ("receipt.refunded", |words| &words.refunded),
            ("receipt.copy", |words| &words.copy),
            ("receipt.voided", |words| &words.voided),
            ("receipt.claimed", |words| &words.claimed),
            ("receipt.failed", |words| &words.failed),
            ("receipt.thanks", |words| &words.thanks),
        ];
        for language in Language::ALL {
            let words = paper_words(language);
            let on_screen = |key: &str| {
                let mut found = screens(language).lines().filter_map(|line| line.split_once(" = "));
                found.find(|(known, _)| *known == key).map(|(_, text)| text.to_owned())
            };
            for (key, of) in keys {
                assert_eq!(Some(of(&words).clone()), on_screen(key), "{language:?} {key}");
            }
            for (word, text) in &words.tenders {
                assert_eq!(Some(text.clone()), on_screen(&format!("tender.{word}")), "{language:?} {word}");
            }
        }
    }
}

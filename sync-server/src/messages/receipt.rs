//! The receipt of a sale at a counter, by mail or by text: a register asks for it once there is a network, with the address that a customer
//! gave. What it says comes from the stall's records; only address, language and whether there was a paper before come from the
//! register. The address is in no record, and is forgotten as soon as the mail server or the provider of texts
//! has it or it was given up. A text says what a receipt is about; the whole would be several.

use soko_app_api::text::Worded as _;
use soko_app_api::{PaperWords, ReceiptView, SaleFacts, SaleView, TenderView};
use soko_domain::basket::TenderKind;
use soko_domain::entry::Standing;
use soko_domain::ids::{AuthorId, Hash, LogId, SaleId, ThingId};
use soko_domain::purse::PurseKind;
use soko_domain::telephone::Telephone;
use soko_print::{Receipt, ReceiptLine, Sheet, Sum, to_text};
use soko_projection::{payments, read};
use soko_record_log::{StoreError, Tx, params};

use super::channel::Channel;
use super::letter::{Letter, Load};
use super::outbox::{self, Message, State};
use super::sms::{self, Text};
use super::topic::Topic;
use super::words::Language;
use crate::platform::accounts::Email;
use crate::secret::ServerSecret;
use crate::web::escaped;

/// Receipts that one register may have sent within an hour: more than a busy counter has customers who want one.
const PER_HOUR_MAX: i64 = 120;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Texts of one stall within a day: each costs whoever runs the server money.
const TEXTS_PER_DAY_MAX: i64 = 50;
/// Texts to one number within a day, whichever stalls send them: nobody's telephone rings all day because somebody types its number.
const TEXTS_TO_ONE_PER_DAY_MAX: i64 = 10;
/// Texts of all stalls within a day, unless the operator says otherwise: whoever makes many stalls gets no further.
pub(crate) const TEXTS_OF_ALL_PER_DAY: i64 = 500;
/// What the digest of a number is made for.
const NUMBER: &str = "receipt number";
/// What a text shows of a stall's name: less, down to the least, where the total would else be cut off.
const STALL_CHARS_MAX: usize = 30;
const STALL_CHARS_MIN: usize = 6;
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

    /// By which texts to one number are counted.
    fn digest(&self, secret: &ServerSecret) -> Option<Hash> {
        match self {
            Self::Mail(_) => None,
            Self::Text(number) => Some(secret.digest(NUMBER, number.as_str())),
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
    /// This server sends nothing in this way.
    NotOffered,
    /// This sale was sent often enough.
    Enough,
    /// This register asked too often, or as many texts as a day allows were sent; in so many milliseconds it can ask again.
    TooOften(i64),
}

/// What the server has for it.
#[derive(Clone)]
pub(crate) struct Terms {
    /// Whether there is this way to customers now.
    pub(crate) is_offered: bool,
    /// Texts of all stalls within a day.
    pub(crate) texts_of_all: i64,
    pub(crate) secret: ServerSecret,
    pub(crate) now_ms: i64,
}

/// Puts it into the outbox, once. What was asked before is answered before anything can refuse it: it may have left.
pub(crate) fn ask(tx: &mut dyn Tx, wanted: &Wanted, terms: &Terms) -> Result<Asked, StoreError> {
    let Wanted { stall, author, sale, .. } = *wanted;
    let now_ms = terms.now_ms;
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
    if !terms.is_offered {
        return Ok(Asked::NotOffered);
    }
    if read::sale(tx, stall, sale)?.is_none() {
        return Ok(Asked::NoSale);
    }
    let before = before(tx, stall, sale)?;
    if before.asked >= PER_SALE_MAX {
        return Ok(Asked::Enough);
    }
    let digest = wanted.address.digest(&terms.secret);
    if let Some(wait_ms) = too_many(tx, wanted, digest, terms)? {
        return Ok(Asked::TooOften(wait_ms));
    }
    tx.run(
        "insert into mailed_receipt (message, stall, author, sale, address, language, is_copy, made_ms, channel,
           number_digest)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            message,
            stall,
            author,
            sale,
            wanted.address.as_str(),
            wanted.language.code(),
            i64::from(wanted.is_copy || before.papers > 0),
            now_ms,
            channel.number(),
            digest
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

/// What was asked for of a sale before.
struct Before {
    asked: i64,
    /// Those that left or may leave: what was given up, nobody has.
    papers: i64,
}

fn before(tx: &mut dyn Tx, stall: LogId, sale: SaleId) -> Result<Before, StoreError> {
    let row = tx.query_one(
        "select count(*), count(case when coalesce(m.state, 0) not in ($3, $4) then 1 end)
         from mailed_receipt r left join message m on m.message = r.message where r.stall = $1 and r.sale = $2",
        params![stall, sale, State::GivenUp.number(), State::Dropped.number()],
    )?;
    Ok(Before { asked: row.int(0)?, papers: row.int(1)? })
}

/// How long until this register may have another one sent, if it had as many as one may.
fn too_many(
    tx: &mut dyn Tx,
    wanted: &Wanted,
    digest: Option<Hash>,
    terms: &Terms,
) -> Result<Option<i64>, StoreError> {
    let now_ms = terms.now_ms;
    let lately = tx.query_one(
        "select count(*), coalesce(min(made_ms), 0) from mailed_receipt where author = $1 and made_ms > $2",
        params![wanted.author, now_ms - HOUR_MS],
    )?;
    if lately.int(0)? >= PER_HOUR_MAX {
        return Ok(Some(lately.int(1)? + HOUR_MS - now_ms));
    }
    match digest {
        Some(digest) => too_many_texts(tx, (wanted.stall, digest), terms),
        None => Ok(None),
    }
}

/// How long until another receipt may be texted, if this stall, this number or all had as many as a day allows. What waits at a register
/// goes on by itself then: days of sales without a network may come at once.
fn too_many_texts(
    tx: &mut dyn Tx,
    (stall, digest): (LogId, Hash),
    terms: &Terms,
) -> Result<Option<i64>, StoreError> {
    let row = tx.query_one(
        "select count(*), coalesce(min(made_ms), 0),
           count(case when stall = $3 then 1 end), coalesce(min(case when stall = $3 then made_ms end), 0),
           count(case when number_digest = $4 then 1 end),
           coalesce(min(case when number_digest = $4 then made_ms end), 0)
         from mailed_receipt where channel = $1 and made_ms > $2",
        params![Channel::Sms.number(), terms.now_ms - DAY_MS, stall, digest],
    )?;
    let mut longest = None;
    for (at, max) in [(0, terms.texts_of_all), (2, TEXTS_PER_DAY_MAX), (4, TEXTS_TO_ONE_PER_DAY_MAX)] {
        if row.int(at)? >= max {
            longest = longest.max(Some(row.int(at + 1)? + DAY_MS - terms.now_ms));
        }
    }
    Ok(longest)
}

/// Nobody is to be found here by what became of a message.
pub(super) fn forget(tx: &mut dyn Tx, message: ThingId) -> Result<(), StoreError> {
    tx.run("update mailed_receipt set address = '' where message = $1", params![message])
}

/// Forgets what was asked for long ago, with what never left, and which texts of other days had one number.
pub(super) fn sweep(tx: &mut dyn Tx, now_ms: i64, before_ms: i64) -> Result<(), StoreError> {
    let sql =
        "update mailed_receipt set number_digest = null where number_digest is not null and made_ms <= $1";
    tx.run(sql, params![now_ms - DAY_MS])?;
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
        let text = short(&sale, is_copy, language);
        return Ok(Some(Load::Sms(Text { message: message.message, to, text })));
    }
    let why = language.say("receipt.text", &with);
    // Only a register signs what a code says.
    let view = ReceiptView { proof: String::new(), is_copy, sale: sale.clone() };
    let receipt = Receipt::of(&view, &paper_words(language));
    let plain = format!("{}\n-- \n{why}\n", to_text(&Sheet::from(&receipt), COLUMNS));
    let html = html(&receipt, &subject, &why);
    Ok(Some(Load::Mail(Letter { message: message.message, to, subject, plain, html, stop: None })))
}

/// What the receipt is about, a line each, as far as that is one text. First what nobody may miss: that it is a copy, void or given
/// back, or that nobody saw the money. Then whose and which it is, how much, and when.
fn short(sale: &SaleView, is_copy: bool, language: Language) -> String {
    // Only a register signs what a code says. A register's name beside the day would take the day's place.
    let sale = SaleView { register_name: String::new(), ..sale.clone() };
    let number = sale.row.receipt_number.to_string();
    let unseen = unseen(&sale).map(|key| language.say(key, &[]));
    let view = ReceiptView { proof: String::new(), is_copy, sale };
    let receipt = Receipt::of(&view, &paper_words(language));
    let marks = receipt.marks.into_iter().chain(unseen).collect::<Vec<_>>().join(", ");
    let marks = Some(marks).filter(|marks| !marks.is_empty());
    let total = format!("{}: {}", receipt.total.label, receipt.total.amount);
    let title = |chars: usize| {
        let name: String = receipt.stall.chars().take(chars).collect();
        language.say("receipt.subject", &[("number", number.as_str()), ("stall", name.trim_end())])
    };
    let lines = |chars: usize| marks.clone().into_iter().chain([title(chars), total.clone()]);
    let fits = |chars: &usize| sms::fits_one(&sms::plain(&lines(*chars).collect::<Vec<_>>().join("\n")));
    let chars = (STALL_CHARS_MIN..=STALL_CHARS_MAX).rev().find(fits).unwrap_or(STALL_CHARS_MIN);
    sms::one_text(lines(chars).chain([receipt.made]))
}

/// What there is to say of the money, where nobody of the stall saw some of it.
fn unseen(sale: &SaleView) -> Option<&'static str> {
    let stands = |standing| sale.tenders.iter().any(|tender| tender.standing == standing);
    if stands(Standing::Failed) {
        Some("receipt.never-came")
    } else if stands(Standing::Claimed) {
        Some("receipt.unseen")
    } else {
        None
    }
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
pub(super) fn paper_words(language: Language) -> PaperWords {
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

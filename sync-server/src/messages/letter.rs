//! What a message says: subject, plain text, and the same as a small page; a browser's notification; or a text. Everything that
//! people wrote is escaped where it could be taken for something else.

use soko_app_api::TaxRow;
use soko_app_api::route::at_stall;
use soko_domain::calendar::BusinessDay;
use soko_domain::entry::IncidentKind;
use soko_domain::ids::{AuthorId, OrderId, ProductId, ThingId};
use soko_domain::money::{Currency, Money};
use soko_domain::transfer::{BankAccount, reference};
use soko_print::tax_sum;
use soko_projection::{read, returns};
use soko_record_log::{StoreError, Tx, params};

use super::causes;
use super::channel::Channel;
use super::email_change;
use super::gathered;
use super::hooks::{self, Notice};
use super::money::{self, Back};
use super::outbox::Message;
use super::page::{Page, Section};
use super::push::{self, Parcel};
use super::receipt;
use super::sms::{self, Text};
use super::telephone;
use super::topic::{Audience, Topic};
use super::wishes;
use super::words::Language;
use crate::operator::today;
use crate::secret::ServerSecret;
use crate::stall;

/// Why a message does not leave that would be none any more.
pub(super) const UNWANTED: &str = "nobody wants it any more";
/// What a link to somebody's wishes is made for.
pub(crate) const WISHES: &str = "wishes";
/// What a link to a new password is made for.
pub(crate) const RECOVERY: &str = "recovery";
/// What a link to another mail address is made for.
pub(crate) const EMAIL_CHANGE: &str = "email-change";
/// Which incident, where texts come back and not mail.
pub(super) const TELEPHONE: i64 = 1;
/// Lines of an order that a message lists.
const LINES_MAX: usize = 50;
/// What a notification shows at most; more is cut off by systems anyway.
const TITLE_CHARS_MAX: usize = 120;
const BODY_CHARS_MAX: usize = 400;
/// What a text shows of a name, where the whole does not fit.
const TEXTED_NAME_CHARS_MAX: usize = 20;

/// Letters of four bytes, each written out by JSON as two escapes at worst, and what stands around them.
const _: () = assert!((TITLE_CHARS_MAX + BODY_CHARS_MAX) * 6 + 500 < push::TEXT_BYTES_MAX);

/// A message on its way.
pub(super) enum Load {
    Mail(Letter),
    Push(Parcel),
    Hook(Notice),
    Sms(Text),
}

/// A mail.
pub(super) struct Letter {
    pub(super) message: ThingId,
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) plain: String,
    pub(super) html: String,
    /// Where mail programs end this kind of message with one press.
    pub(super) stop: Option<String>,
}

/// What letters have in common.
pub(super) struct Sender<'a> {
    pub(super) secret: &'a ServerSecret,
    /// Such as `https://market.example`.
    pub(super) origin: &'a str,
}

/// What is known when a message leaves.
#[derive(Clone, Default)]
struct Facts {
    stall: String,
    /// What was ordered, and what each line comes to.
    lines: Vec<(String, String)>,
    /// What its total has of each rate, and how much that is.
    taxes: Vec<(TaxRow, String)>,
    currency: String,
    total: String,
    /// Where its money is to go by bank, as long as it waits for it.
    transfer: Option<Transfer>,
    product: String,
    /// What the product costs now.
    price: String,
    device: String,
    /// Where a program is told.
    address: String,
    /// What shows that a telephone is somebody's.
    code: String,
    /// Money that came or goes back, where it is not all of the order.
    amount: String,
    /// Why the stall says no.
    reason: String,
    /// The order, where the message is about something of it.
    order: Option<ThingId>,
}

impl Facts {
    /// As a receipt says it.
    fn taxes(&self, language: Language) -> Vec<(String, String)> {
        let words = receipt::paper_words(language);
        let said = |tax: &TaxRow| tax_sum(tax, &words, &self.currency).label;
        self.taxes.iter().map(|(tax, amount)| (said(tax), amount.clone())).collect()
    }
}

#[derive(Clone)]
struct Transfer {
    to: BankAccount,
    amount: String,
    reference: String,
    /// The last day, as `2026-11-30`.
    until: String,
}

impl Transfer {
    fn said(&self, language: Language) -> Vec<String> {
        let Self { to, amount, reference, until } = self;
        let asked = language.say("transfer.text", &[("amount", amount.as_str()), ("until", until.as_str())]);
        let lines = [
            ("transfer.holder", to.holder.clone()),
            ("transfer.number", to.shown()),
            ("transfer.bank", to.bank.clone()),
            ("transfer.reference", reference.clone()),
        ];
        let lines = lines.into_iter().filter(|(_, said)| !said.is_empty());
        let lines = lines.map(|(key, said)| format!("{}: {said}", language.say(key, &[])));
        std::iter::once(asked).chain(lines).collect()
    }
}

/// Writes it; nothing if nobody wants it any more, or its person, browser or order is gone.
pub(super) fn write(
    tx: &mut dyn Tx,
    sender: &Sender<'_>,
    (message, now_ms): (&Message, i64),
) -> Result<Option<Load>, StoreError> {
    if message.channel == Channel::Hook {
        return Ok(hooks::write(tx, sender.secret, (message, now_ms))?.map(Load::Hook));
    }
    if message.topic == Topic::Receipt {
        return receipt::write(tx, message);
    }
    if message.topic == Topic::TelephoneCode {
        return code(tx, sender, (message, now_ms));
    }
    if message.topic == Topic::Gathered {
        return gathered::write(tx, sender, (message, now_ms));
    }
    if !wishes::wants(tx, message.account, (message.channel, message.topic))? {
        return Ok(None);
    }
    let Some(facts) = facts(tx, message)? else { return Ok(None) };
    let language = wishes::language_of(tx, message.account)?;
    let said = said(sender, message, &facts, language);
    match message.channel {
        Channel::Mail => mail(tx, sender, (message, said), now_ms),
        Channel::Push => parcel(tx, (message, said), now_ms),
        Channel::Sms => text(tx, sender, (message, said)),
        Channel::Hook => Ok(None),
    }
}

/// The words of a message, whichever way it goes.
struct Said<'a> {
    language: Language,
    subject: String,
    paragraphs: Vec<String>,
    facts: &'a Facts,
    /// The words on a link, and where on this server it leads.
    open: Option<(String, String)>,
}

fn said<'a>(sender: &Sender<'_>, message: &Message, facts: &'a Facts, language: Language) -> Said<'a> {
    let topic = message.topic.name();
    let detail = message.detail.to_string();
    let with = [
        ("stall", facts.stall.as_str()),
        ("product", facts.product.as_str()),
        ("price", facts.price.as_str()),
        ("device", facts.device.as_str()),
        ("address", facts.address.as_str()),
        ("stars", detail.as_str()),
        ("count", detail.as_str()),
        ("code", facts.code.as_str()),
        ("amount", facts.amount.as_str()),
        ("reason", facts.reason.as_str()),
        ("market", market(sender)),
    ];
    let say = |key: &str| language.say(key, &with);
    let case = case(message);
    let mut paragraphs = vec![say(&format!("{topic}.{case}text"))];
    if message.topic == Topic::Incident {
        paragraphs.insert(0, say(&format!("incident.{}", message.detail)));
    }
    let (open, path) = link(sender, (message, facts));
    let open = path.map(|path| (say(open), path));
    Said { language, subject: say(&format!("{topic}.{case}subject")), paragraphs, facts, open }
}

/// Which of a topic's words: what stands before `subject` and `text` where there is more than one case.
fn case(message: &Message) -> &'static str {
    let detail = message.detail;
    let is = |topic: Topic, holds: bool| message.topic == topic && holds;
    let (is_lapsed, is_unpaid) = (detail == causes::LAPSED, detail == causes::UNPAID);
    let is_cash = Back::from_detail(detail).is_cash;
    let is_trouble = |kind: IncidentKind| is(Topic::PaymentTrouble, detail == i64::from(kind.number()));
    let cases = [
        (is(Topic::EmailChanged, detail == email_change::ASKED), "asked-"),
        (is(Topic::MailboxFailing, detail == TELEPHONE), "telephone-"),
        (is(Topic::OrderCancelled, is_lapsed) || is(Topic::OrderReleased, is_lapsed), "lapsed-"),
        (is(Topic::OrderCancelled, is_unpaid) || is(Topic::OrderReleased, is_unpaid), "unpaid-"),
        (is(Topic::OrderNew, is_unpaid), "waiting-"),
        (is(Topic::OrderPartBack, is_cash), "cash-"),
        (is(Topic::ReturnAnswered, detail == money::REFUSED), "refused-"),
        (is(Topic::PaymentCame, message.subject.is_none()), "many-"),
        (is_trouble(IncidentKind::PaymentReturned), "returned-"),
        (is_trouble(IncidentKind::PaymentOdd), "odd-"),
        (is_trouble(IncidentKind::HandedOverUnpaid), "unpaid-"),
        (is_trouble(IncidentKind::TransferToSendBack), "send-back-"),
        (is_trouble(IncidentKind::TransferTwice), "twice-"),
        (is_trouble(IncidentKind::PaymentStays), "stays-"),
    ];
    cases.into_iter().find(|(holds, _)| *holds).map_or("", |(_, case)| case)
}

/// Where an account is written to.
pub(super) fn mailbox(tx: &mut dyn Tx, account: ThingId) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt("select email from account where account = $1", params![account])?;
    row.map(|row| Ok(row.text(0)?.to_owned())).transpose()
}

fn mail(
    tx: &mut dyn Tx,
    sender: &Sender<'_>,
    (message, said): (&Message, Said<'_>),
    now_ms: i64,
) -> Result<Option<Load>, StoreError> {
    let (topic, language, subject) = (message.topic, said.language, said.subject.clone());
    let to = match topic.is_elsewhere() {
        true => email_change::mailbox_of(tx, message, now_ms)?,
        false => mailbox(tx, message.account)?,
    };
    let Some(to) = to else { return Ok(None) };
    let mut page = page(sender, (message.account, language), vec![said.section(sender, topic)]);
    let stop = page.choose.as_ref().filter(|_| topic.may_decline());
    let stop = stop.map(|(_, choose)| format!("{choose}?stop={}", topic.name()));
    if topic.is_elsewhere() {
        // Whoever reads it there chooses nothing of what the account is told.
        page.choose = None;
    }
    Ok(Some(Load::Mail(Letter {
        message: message.message,
        to,
        plain: page.plain(),
        html: page.html(&subject),
        subject,
        stop,
    })))
}

/// What a mail with others says of one message: its subject stands above it.
pub(super) fn section(
    tx: &mut dyn Tx,
    sender: &Sender<'_>,
    (message, language): (&Message, Language),
) -> Result<Option<Section>, StoreError> {
    let Some(facts) = facts(tx, message)? else { return Ok(None) };
    let said = said(sender, message, &facts, language);
    let heading = Some(said.subject.clone());
    Ok(Some(Section { heading, ..said.section(sender, message.topic) }))
}

/// What all mails to an account have around what they say.
pub(super) fn page(
    sender: &Sender<'_>,
    (account, language): (ThingId, Language),
    sections: Vec<Section>,
) -> Page {
    let choose = format!("{}/messages/{}", sender.origin, sender.secret.link(WISHES, account));
    Page {
        language,
        sections,
        footer: language.say("footer", &[("market", market(sender))]),
        choose: Some((language.say("footer.choose", &[]), choose)),
    }
}

impl Said<'_> {
    /// What the order comes to, where the message is not about another amount.
    fn total(&self) -> Option<String> {
        let is_said = self.facts.amount.is_empty() && !self.facts.total.is_empty();
        is_said.then(|| format!("{}: {}", self.language.say("total", &[]), self.facts.total))
    }

    fn section(self, sender: &Sender<'_>, topic: Topic) -> Section {
        let Said { language, mut paragraphs, facts, open, .. } = self;
        if let Some(transfer) = facts.transfer.as_ref().filter(|_| topic == Topic::OrderHeld) {
            paragraphs.extend(transfer.said(language));
        }
        Section {
            heading: None,
            paragraphs,
            lines: facts.lines.clone(),
            taxes: facts.taxes(language),
            total: (language.say("total", &[]), facts.total.clone()),
            open: open.map(|(words, path)| (words, format!("{}{path}", sender.origin))),
        }
    }
}

/// The host under which people know this server.
pub(super) fn market<'a>(sender: &Sender<'a>) -> &'a str {
    sender.origin.split_once("//").map_or(sender.origin, |(_, host)| host)
}

/// A text is paid for: what happened, then how much it is about, then where to look, as far as all of it is one.
fn text(
    tx: &mut dyn Tx,
    sender: &Sender<'_>,
    (message, said): (&Message, Said<'_>),
) -> Result<Option<Load>, StoreError> {
    let Some((to, _)) = telephone::confirmed(tx, message.account)? else { return Ok(None) };
    let mut parts = vec![short_subject(sender, message, &said)];
    parts.extend(said.total());
    parts.extend(said.open.map(|(_, path)| format!("{}{path}", sender.origin)));
    Ok(Some(Load::Sms(Text { message: message.message, to, text: sms::one_text(parts) })))
}

/// The subject, with long names cut where it is more than one text otherwise.
fn short_subject(sender: &Sender<'_>, message: &Message, said: &Said<'_>) -> String {
    if sms::fits_one(&sms::plain(&said.subject)) {
        return said.subject.clone();
    }
    let mut facts = said.facts.clone();
    for name in [&mut facts.stall, &mut facts.product, &mut facts.device, &mut facts.address] {
        *name = start(name, TEXTED_NAME_CHARS_MAX);
    }
    self::said(sender, message, &facts, said.language).subject
}

/// The code that shows that a telephone is somebody's. It goes where it was asked for, and nowhere else.
fn code(
    tx: &mut dyn Tx,
    sender: &Sender<'_>,
    (message, now_ms): (&Message, i64),
) -> Result<Option<Load>, StoreError> {
    let found = telephone::code(tx, sender.secret, (message.message, now_ms))?;
    let Some((to, code)) = found else { return Ok(None) };
    let language = wishes::language_of(tx, message.account)?;
    let facts = Facts { code, ..Facts::default() };
    let said = said(sender, message, &facts, language);
    let parts = std::iter::once(said.subject).chain(said.paragraphs);
    Ok(Some(Load::Sms(Text { message: message.message, to, text: sms::one_text(parts) })))
}

/// A notification is read at a glance: what happened, and how much it is about.
fn parcel(
    tx: &mut dyn Tx,
    (message, said): (&Message, Said<'_>),
    now_ms: i64,
) -> Result<Option<Load>, StoreError> {
    let Some(target) = message.target else { return Ok(None) };
    let Some(subscription) = push::in_force(tx, target, now_ms)? else { return Ok(None) };
    let mut body = said.paragraphs.join("\n");
    if let Some(total) = said.total() {
        body = format!("{total}\n{body}");
    }
    // What is newer about the same order or product takes the place of what is shown.
    let about = said.facts.order.or(message.subject).unwrap_or(message.message);
    let text = serde_json::json!({
        "title": start(&said.subject, TITLE_CHARS_MAX),
        "body": start(&body, BODY_CHARS_MAX),
        "path": said.open.map_or_else(|| "/".to_owned(), |(_, path)| path),
        "tag": about.to_string(),
        "lang": said.language.code(),
        "dir": said.language.direction(),
        "stays": message.topic.is_urgent(),
    });
    Ok(Some(Load::Push(Parcel {
        message: message.message,
        subscription,
        text: text.to_string().into_bytes(),
        is_urgent: message.topic.is_urgent(),
    })))
}

fn start(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

fn facts(tx: &mut dyn Tx, message: &Message) -> Result<Option<Facts>, StoreError> {
    let mut facts = Facts::default();
    let Some(log) = message.log else { return Ok(Some(facts)) };
    let Some(profile) = read::profile(tx, log)? else { return Ok(None) };
    facts.stall = profile.name;
    let Some(subject) = message.subject else { return Ok(Some(facts)) };
    if message.topic == Topic::DeviceRevoked {
        let device = read::device(tx, log, AuthorId(subject.0))?;
        facts.device = device.map(|device| device.name).unwrap_or_default();
        return Ok(Some(facts));
    }
    if message.topic == Topic::HookOff {
        facts.address = hooks::find(tx, subject)?.map(|hook| hook.host()).unwrap_or_default();
        return Ok(Some(facts));
    }
    if is_about_product(message.topic) {
        if let Some(product) = read::product(tx, log, ProductId(subject.0))? {
            let currency = Currency::parse(&product.currency);
            let price = currency.map(|currency| Money { minor: product.price_minor, currency }.to_string());
            (facts.product, facts.price) = (product.name, price.unwrap_or_default());
        }
        return Ok(Some(facts));
    }
    let mut order = OrderId(subject.0);
    if message.topic == Topic::ReturnAnswered {
        let Some(found) = returns::one(tx, log, subject)? else { return Ok(None) };
        (order, facts.reason) = (found.asked.order, found.reason);
    }
    let Some(order) = stall::order_view(tx, log, order)? else { return Ok(None) };
    facts.order = Some(ThingId(order.order.0));
    let amount = |minor| Money { minor, currency: order.currency }.to_string();
    facts.total = amount(order.total_minor);
    let of_amount = [Topic::OrderPartBack, Topic::OrderOwed, Topic::PaymentCame, Topic::OrderPaid];
    if of_amount.contains(&message.topic) {
        facts.amount = amount(Back::from_detail(message.detail).amount_minor);
    }
    let waiting = order.payment.as_ref().filter(|payment| payment.state == "waiting");
    if let Some(transfer) = waiting.and_then(|payment| payment.transfer.as_deref()) {
        facts.transfer = Some(Transfer {
            to: transfer.to.clone(),
            amount: amount(transfer.amount_minor),
            reference: reference(order.order),
            until: day(today(tx, log, transfer.until_ms)?),
        });
    }
    let lines = order.lines.iter().take(LINES_MAX);
    facts.taxes = order.taxes.iter().map(|tax| (TaxRow::from(tax), amount(tax.tax_minor))).collect();
    facts.currency = order.currency.to_string();
    facts.lines = lines.map(|line| (line.name.clone(), amount(line.total_minor))).collect();
    Ok(Some(facts))
}

fn day(days: i32) -> String {
    BusinessDay::from_days(days).map_or_else(String::new, |day| day.civil().to_string())
}

/// Whether its subject is a product.
fn is_about_product(topic: Topic) -> bool {
    matches!(
        topic,
        Topic::Incident
            | Topic::ReviewNew
            | Topic::LowStock
            | Topic::StockOut
            | Topic::BackInStock
            | Topic::PriceDrop
    )
}

/// The words on a link, and where on this server it leads. Whoever works for several stalls is led to the one that it is about.
fn link(sender: &Sender<'_>, (message, facts): (&Message, &Facts)) -> (&'static str, Option<String>) {
    let (words, path) = link_to(sender, (message, facts));
    let stall = message.log.filter(|_| message.topic.audience() == Audience::Stall);
    let named = |path: String| stall.map_or(path.clone(), |stall| at_stall(&path, stall));
    (words, path.map(named))
}

fn link_to(sender: &Sender<'_>, (message, facts): (&Message, &Facts)) -> (&'static str, Option<String>) {
    let order = facts.order.or(message.subject).filter(|_| !is_about_product(message.topic));
    match (message.topic, message.topic.audience(), order) {
        (Topic::Recovery, ..) => {
            let link = sender.secret.link(RECOVERY, message.message);
            ("recovery.open", Some(format!("/recover/{link}")))
        }
        (Topic::EmailChange, ..) => {
            let link = sender.secret.link(EMAIL_CHANGE, message.message);
            ("email-change.open", Some(format!("/confirm-address/{link}")))
        }
        (Topic::Incident, ..) => ("stall.open", Some("/incidents".to_owned())),
        (Topic::ReviewNew, ..) => ("review.open", Some("/reviews".to_owned())),
        (Topic::DeviceRevoked, ..) => ("stall.open", Some("/devices".to_owned())),
        (Topic::PaymentCame, _, None) => ("orders.open", Some("/orders".to_owned())),
        (Topic::HookOff, ..) => ("programs.open", Some("/programs".to_owned())),
        (Topic::LowStock | Topic::StockOut, ..) => {
            ("stock.open", message.subject.map(|product| format!("/stock/{product}")))
        }
        (Topic::BackInStock | Topic::PriceDrop, ..) => {
            let offer = message.log.zip(message.subject);
            ("offer.open", offer.map(|(stall, product)| format!("/stall/{stall}/{product}")))
        }
        (Topic::Test | Topic::MailboxFailing, ..) => ("test.open", Some("/told".to_owned())),
        (_, Audience::Buyer, Some(order)) => ("order.open", Some(format!("/my-orders/{order}"))),
        (_, Audience::Stall, Some(order)) => ("order.open", Some(format!("/orders/{order}"))),
        (_, Audience::Stall, None) => ("stall.open", Some("/".to_owned())),
        (_, Audience::Buyer | Audience::Account | Audience::Customer | Audience::Program, _) => {
            ("order.open", None)
        }
    }
}

#[cfg(test)]
mod tests {
    use soko_app_api::route::Route;
    use soko_domain::ids::LogId;

    use super::*;

    /// Pages of the server itself, for people who may have no account open.
    const OF_THE_SERVER: &[&str] = &["/recover/", "/confirm-address/"];

    #[test]
    fn every_link_of_a_message_leads_to_a_screen() {
        let secret = ServerSecret::new([7; 32]);
        let sender = Sender { secret: &secret, origin: "https://market.example" };
        let mut led = 0;
        for topic in Topic::ALL {
            for subject in [None, Some(ThingId([2; 16]))] {
                let plain = Message::of_account(ThingId([1; 16]), topic, ThingId([3; 16]));
                let message = Message { log: Some(LogId([4; 16])), subject, ..plain };
                let Some(path) = link(&sender, (&message, &Facts::default())).1 else { continue };
                if OF_THE_SERVER.iter().any(|page| path.starts_with(page)) {
                    continue;
                }
                assert!(Route::of_stranger(&path).is_some(), "{topic:?}: {path}");
                led += 1;
            }
        }
        assert!(led > Topic::ALL.len(), "{led}");
    }
}

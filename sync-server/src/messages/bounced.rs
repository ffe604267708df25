//! What mail servers report of mail that they had taken: a letter of theirs to us (RFC 3464), about one of ours that did not get there.

use mail_parser::{Message as Mail, MessageParser, MimeHeaders as _, PartType};
use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, Tx, params};

use super::channel::{Channel, Offers};
use super::mailbox::{self, Failure};
use super::outbox::{self, About, State};
use super::topic::Topic;

/// How a mail server puts what happened in three numbers (RFC 3463): 5.1.1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Enhanced {
    class: u8,
    subject: u16,
    detail: u16,
}

impl Enhanced {
    /// The first one in a text.
    pub(super) fn find(text: &str) -> Option<Self> {
        text.split(|letter: char| !letter.is_ascii_digit() && letter != '.').find_map(Self::read)
    }

    fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(str::parse::<u16>);
        let (class, subject, detail) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
        let class = u8::try_from(class).ok().filter(|class| [2, 4, 5].contains(class))?;
        let is_one = numbers.next().is_none() && subject <= 7 && detail <= 999;
        is_one.then_some(Self { class, subject, detail })
    }

    /// There is no such mailbox, and there will be none; not that it is full, or that we are not liked.
    pub(super) fn is_no_mailbox(self) -> bool {
        let Self { class, subject, detail } = self;
        class == 5 && matches!((subject, detail), (1, 0..=4 | 6 | 10) | (2, 1))
    }
}

/// What became of one letter of ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Report {
    message: ThingId,
    /// It will not get there. Else it only takes longer, or did get there.
    has_failed: bool,
    is_final: bool,
    /// Without the address.
    reason: String,
}

/// Reads a report; nothing if it is none, or about no letter of ours.
pub(crate) fn read(raw: &[u8]) -> Option<Report> {
    let mail = MessageParser::default().parse(raw)?;
    let parts = || mail.parts.iter().filter(|part| part.content_type().is_some());
    let is = |part: &mail_parser::MessagePart<'_>, subtype: &str| {
        let kind = part.content_type().and_then(|kind| kind.subtype());
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case(subtype))
    };
    let status = parts().find(|part| is(part, "delivery-status"))?;
    let status = String::from_utf8_lossy(status.contents()).replace("\r\n", "\n");
    let ours = parts().find_map(|part| match &part.body {
        PartType::Message(returned) => identity(returned),
        PartType::Text(_) | PartType::Html(_) | PartType::Binary(_) | PartType::InlineBinary(_)
            if is(part, "rfc822-headers") =>
        {
            identity(&MessageParser::default().parse_headers(part.contents())?)
        }
        PartType::Text(_)
        | PartType::Html(_)
        | PartType::Binary(_)
        | PartType::InlineBinary(_)
        | PartType::Multipart(_) => None,
    })?;
    let has_failed = field(&status, "Action")?.eq_ignore_ascii_case("failed");
    let said = field(&status, "Diagnostic-Code").unwrap_or_default();
    let number = field(&status, "Status").unwrap_or_default();
    let enhanced = Enhanced::find(&number).or_else(|| Enhanced::find(&said));
    let mut reason = format!("{number} {said}").trim().to_owned();
    for name in ["Final-Recipient", "Original-Recipient"] {
        let address = field(&status, name).unwrap_or_default();
        let address = address.split_once(';').map_or(address.as_str(), |(_, address)| address).trim();
        if !address.is_empty() {
            reason = reason.replace(address, "…");
        }
    }
    let is_final = has_failed && enhanced.is_some_and(Enhanced::is_no_mailbox);
    Some(Report { message: ours, has_failed, is_final, reason: format!("it came back: {reason}") })
}

/// Which letter of ours it was.
fn identity(returned: &Mail<'_>) -> Option<ThingId> {
    let (local, _) = returned.message_id()?.split_once('@')?;
    ThingId::from_hex(local)
}

/// A field of a report, with what is folded put together.
fn field(status: &str, name: &str) -> Option<String> {
    let unfolded = status.replace("\n ", " ").replace("\n\t", " ");
    let found = unfolded.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    });
    found.filter(|value| !value.is_empty())
}

/// Notes a report. Says whether it is about a letter that is known here; said again, it changes nothing.
pub(crate) fn note(
    tx: &mut dyn Tx,
    report: &Report,
    (offers, now_ms): (Offers, i64),
) -> Result<bool, StoreError> {
    let sql = "select topic, account, state from message where message = $1 and channel = $2";
    let row = tx.query_opt(sql, params![report.message, Channel::Mail.number()])?;
    let Some(row) = row else { return Ok(false) };
    let (topic, account): (_, ThingId) = (Topic::from_number(row.int(0)?), row.id(1)?);
    if !report.has_failed || row.int(2)? != State::Sent.number() {
        return Ok(true);
    }
    outbox::end(tx, report.message, (State::GivenUp, &report.reason), now_ms)?;
    // A receipt's address belongs to no account, and is forgotten; one that is to be an account's is none yet.
    if topic.is_some_and(|topic| !topic.is_elsewhere()) {
        let failure = Failure { is_final: report.is_final, by_report: true, reason: &report.reason };
        came_back(tx, account, (failure, offers, now_ms))?;
    }
    Ok(true)
}

/// Notes that a mailbox does not take what is sent there, and tells its owner in another way once that is for good.
pub(super) fn came_back(
    tx: &mut dyn Tx,
    account: ThingId,
    (failure, offers, now_ms): (Failure<'_>, Offers, i64),
) -> Result<(), StoreError> {
    let is_news = mailbox::fails(tx, account, (failure, now_ms))?;
    if is_news && offers.has(Channel::Push) {
        let about = About { topic: Topic::MailboxFailing, account, log: None, subject: None, detail: 0 };
        outbox::address_by(tx, &about, &[&now_ms.to_be_bytes()], (Channel::Push, now_ms))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "00112233445566778899aabbccddeeff";

    fn report(status: &str, returned: &str) -> String {
        format!(
            "From: MAILER-DAEMON@relay.example\nTo: bounces@market.example\nSubject: Undelivered\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
             --b\nContent-Type: text/plain\n\nI could not bring it.\n\n\
             --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n{status}\n\n\
             --b\n{returned}\n\n--b--\n"
        )
    }

    fn whole() -> String {
        format!(
            "Content-Type: message/rfc822\n\nMessage-ID: <{OURS}@market.example>\nSubject: Hello\n\nHello"
        )
    }

    fn heads() -> String {
        format!("Content-Type: text/rfc822-headers\n\nSubject: Hello\nMessage-ID: <{OURS}@market.example>\n")
    }

    #[test]
    fn a_report_says_which_letter_came_back_why_and_whether_for_good() {
        let to = "Final-Recipient: rfc822; amina@example.org\n";
        let gone = format!(
            "{to}Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <amina@example.org>:\n  no such user"
        );
        let cases: &[(String, bool, bool, &str)] = &[
            (gone, true, true, "it came back: 5.1.1 smtp; 550 5.1.1 <…>:  no such user"),
            (format!("{to}Action: failed\nStatus: 5.2.2"), true, false, "it came back: 5.2.2"),
            (format!("{to}Action: failed\nStatus: 5.7.1"), true, false, "it came back: 5.7.1"),
            (format!("{to}action: Failed\nstatus: 4.4.7"), true, false, "it came back: 4.4.7"),
            (format!("{to}Action: delayed\nStatus: 4.4.1"), false, false, "it came back: 4.4.1"),
            (format!("{to}Action: delivered\nStatus: 2.0.0"), false, false, "it came back: 2.0.0"),
        ];
        for (status, has_failed, is_final, reason) in cases {
            for returned in [whole(), heads()] {
                for ends in ["\n", "\r\n"] {
                    let raw = report(status, &returned).replace('\n', ends);
                    let read = read(raw.as_bytes()).unwrap_or_else(|| panic!("{raw}"));
                    let expected = Report {
                        message: ThingId::from_hex(OURS).unwrap(),
                        has_failed: *has_failed,
                        is_final: *is_final,
                        reason: (*reason).to_owned(),
                    };
                    assert_eq!(read, expected, "{raw}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_report_about_a_letter_of_ours_is_none() {
        let failed = "Action: failed\nStatus: 5.1.1";
        let strange = whole().replace(OURS, "CAF-x");
        let answer =
            format!("From: a@b.example\nMessage-ID: <{OURS}@market.example>\nSubject: Re: Hello\n\nThanks");
        for raw in ["", "hello", &answer, &report(failed, &strange), &report("", &whole())] {
            assert_eq!(read(raw.as_bytes()), None, "{raw}");
        }
        let deep = "Content-Type: message/rfc822\n\n".repeat(10_000);
        assert_eq!(read(deep.as_bytes()), None);
        assert_eq!(read(&[0xff; 4096]), None);
    }

    #[test]
    fn three_numbers_are_found_among_others() {
        let cases = [
            ("permanent error (550): 5.1.1 <…> unknown", Some((5, 1, 1))),
            ("from 10.0.0.5: 4.2.2 full", Some((4, 2, 2))),
            ("5.7.26 not liked", Some((5, 7, 26))),
            ("550 no", None),
            ("5.1", None),
            ("9.1.1", None),
        ];
        for (text, expected) in cases {
            let found = Enhanced::find(text).map(|it| (it.class, it.subject, it.detail));
            assert_eq!(found, expected, "{text}");
        }
    }
}

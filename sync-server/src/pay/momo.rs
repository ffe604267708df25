//! Money on a telephone, by the Mobile Money interface of MTN (Collections, and Disbursements to give back): the buyer's
//! telephone is asked, and says yes or no some time later, or never. We choose the name of each request, so asking twice
//! is asking once, and every request can be looked up even if no answer came.
//!
//! There is nothing to take or to void: what was said yes to is paid. A request that is not wanted any more ends by itself
//! at the provider, and what is paid all the same is given back. Its callbacks are not signed: they are a hint to look.

use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use soko_checkout::{Answer, Back, Call, Due, Object, Part, Stage, State, Status};
use soko_domain::entry::PayWay;
use soko_domain::ids::{Hash, LogId, OrderId, ThingId};
use soko_domain::money::{Currency, Money};

use crate::pay::forms::{answer, client};
use crate::pay::provider::{Asked, Heard, NotHeard, Promised, Provider, Secret};

/// A token is renewed so long before its end.
const RENEW_S: i64 = 60;

/// What an operator has from the provider.
#[derive(Clone, Debug)]
pub struct MomoSettings {
    pub url: String,
    /// `sandbox`, or what the provider calls the country.
    pub environment: String,
    pub user: String,
    pub key: Secret,
    pub collections: Secret,
    pub disbursements: Secret,
    /// The only one that it moves.
    pub currency: Currency,
}

pub struct Momo {
    client: Client,
    settings: MomoSettings,
    tokens: [Mutex<Option<(String, i64)>>; 2],
}

/// The two products that are used.
#[derive(Clone, Copy)]
enum Product {
    Collection = 0,
    Disbursement = 1,
}

impl Momo {
    /// # Errors
    /// Where no client can be made.
    pub fn new(settings: MomoSettings) -> Result<Self, String> {
        Ok(Self { client: client()?, settings, tokens: [Mutex::default(), Mutex::default()] })
    }

    fn subscription(&self, product: Product) -> &Secret {
        match product {
            Product::Collection => &self.settings.collections,
            Product::Disbursement => &self.settings.disbursements,
        }
    }

    /// A token of this product. None where none was given.
    async fn token(&self, product: Product, now_s: i64) -> Option<String> {
        let slot = &self.tokens[product as usize];
        let held = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((token, _)) = held.filter(|(_, end_s)| now_s + RENEW_S < *end_s) {
            return Some(token);
        }
        let name = name(product);
        let request = self.client.post(format!("{}/{name}/token/", self.settings.url));
        let request = request.basic_auth(&self.settings.user, Some(self.settings.key.reveal()));
        let request = request.header("ocp-apim-subscription-key", self.subscription(product).reveal());
        let (200..=299, body) = answer(request).await? else {
            tracing::error!(product = name, "pay.momo_gives_no_token");
            return None;
        };
        let token = body["access_token"].as_str()?.to_owned();
        let end_s = now_s + body["expires_in"].as_i64().unwrap_or(0);
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.clone(), end_s));
        Some(token)
    }

    async fn signed(&self, product: Product, request: RequestBuilder, now_s: i64) -> Option<RequestBuilder> {
        let token = self.token(product, now_s).await?;
        let request = request.bearer_auth(token);
        let request = request.header("x-target-environment", &self.settings.environment);
        Some(request.header("ocp-apim-subscription-key", self.subscription(product).reveal()))
    }

    async fn get(&self, product: Product, path: &str, now_s: i64) -> Option<(u16, Value)> {
        let request = self.client.get(format!("{}/{}/v1_0/{path}", self.settings.url, name(product)));
        answer(self.signed(product, request, now_s).await?).await
    }

    async fn post(
        &self,
        (product, path): (Product, &str),
        (reference, body): (&str, &Value),
        asked: &Asked,
    ) -> Option<u16> {
        let request = self.client.post(format!("{}/{}/v1_0/{path}", self.settings.url, name(product)));
        let request = request.header("x-reference-id", reference).json(body);
        let request = self.signed(product, request, asked.now_ms / 1_000).await?;
        answer(request).await.map(|(status, _)| status)
    }

    async fn begin(&self, asked: &Asked) -> Answer {
        let due = &asked.payment.due;
        let body = json!({
            "amount": plain(due), "currency": due.currency.code(), "externalId": external(asked.stall, due.order),
            "payer": {"partyIdType": "MSISDN", "partyId": asked.phone},
            "payerMessage": code(due.order), "payeeNote": code(due.order),
        });
        let reference = reference(b"pay", due.order);
        match self.post((Product::Collection, "requesttopay"), (&reference, &body), asked).await {
            // Taken, now or before.
            Some(202 | 409) => self.look(asked).await,
            Some(400) => Answer::Refused("the number or the amount is not taken".into()),
            Some(_) | None => Answer::Unknown,
        }
    }

    async fn look(&self, asked: &Asked) -> Answer {
        let due = &asked.payment.due;
        let (reference, now_s) = (reference(b"pay", due.order), asked.now_ms / 1_000);
        let path = format!("requesttopay/{reference}");
        match self.get(Product::Collection, &path, now_s).await {
            Some((200, body)) => match object(&body, &reference, (&self.settings.user, asked.stall)) {
                Some(object) if object.status == Status::Captured => self.with_refund(asked, object).await,
                Some(object) => Answer::Seen(object),
                None => Answer::Unknown,
            },
            Some((404, _)) => Answer::Nothing,
            Some(_) | None => Answer::Unknown,
        }
    }

    /// What was paid, and what of it is back again.
    async fn with_refund(&self, asked: &Asked, object: Object) -> Answer {
        let Some(back) = self.back(asked).await else { return Answer::Unknown };
        let object = Object { back, ..object };
        if asked.payment.state < State::Returning {
            return Answer::Seen(object);
        }
        let path = format!("refund/{}", reference(b"refund", object.due.order));
        match self.get(Product::Disbursement, &path, asked.now_ms / 1_000).await {
            Some((200, body)) if body["status"] == "SUCCESSFUL" => {
                Answer::Seen(Object { status: Status::Refunded, ..object })
            }
            // Begun and not done: what it shows is not the end of the doubt.
            Some((200, body)) if body["status"] == "PENDING" => Answer::Unknown,
            // Under one name for ever: it is not tried again.
            Some((200, body)) if asked.call == Call::Refund && is_over(&body) => {
                Answer::Refused("it was not given back".into())
            }
            Some((200 | 404, _)) => Answer::Seen(object),
            Some(_) | None => Answer::Unknown,
        }
    }

    /// Each part that may have been asked for, by its own name. Those that are not there were not.
    async fn back(&self, asked: &Asked) -> Option<Back> {
        let mut back = Back::default();
        let open = |part: &&Part| matches!(part.stage, Stage::Asked | Stage::Pending);
        for part in asked.payment.parts.iter().filter(open) {
            let path = format!("refund/{}", reference_of_part(part.refund));
            let stage = match self.get(Product::Disbursement, &path, asked.now_ms / 1_000).await? {
                (200, body) => match body["status"].as_str()? {
                    "SUCCESSFUL" => Stage::Done,
                    "PENDING" | "CREATED" => Stage::Pending,
                    _ if is_over(&body) => Stage::Failed,
                    _ => return None,
                },
                (404, _) => continue,
                _ => return None,
            };
            back.parts.push((part.refund, stage));
        }
        Some(back)
    }

    async fn give_back_part(&self, asked: &Asked, part: &Part) -> Answer {
        let due = Due { amount_minor: part.amount_minor, ..asked.payment.due.clone() };
        self.refund(asked, &due, &reference_of_part(part.refund)).await
    }

    /// What is left, under one name for ever.
    async fn give_back(&self, asked: &Asked) -> Answer {
        let due = Due { amount_minor: asked.payment.rest_minor(), ..asked.payment.due.clone() };
        self.refund(asked, &due, &reference(b"refund", due.order)).await
    }

    async fn refund(&self, asked: &Asked, due: &Due, reference: &str) -> Answer {
        let body = json!({
            "amount": plain(due), "currency": due.currency.code(), "externalId": external(asked.stall, due.order),
            "payerMessage": code(due.order), "payeeNote": code(due.order),
            "referenceIdToRefund": self::reference(b"pay", due.order),
        });
        match self.post((Product::Disbursement, "refund"), (reference, &body), asked).await {
            Some(202 | 409) => self.look(asked).await,
            Some(400) => Answer::Refused("it is not given back".into()),
            Some(_) | None => Answer::Unknown,
        }
    }
}

impl Provider for Momo {
    fn name(&self) -> &'static str {
        "momo"
    }

    fn way(&self) -> PayWay {
        PayWay::Phone
    }

    fn is_test(&self) -> bool {
        self.settings.environment == "sandbox"
    }

    fn takes(&self, currency: Currency) -> bool {
        currency == self.settings.currency
    }

    /// Only its own user sees a request, so whoever shows it is this account.
    fn account(&self, _: LogId) -> String {
        self.settings.user.clone()
    }

    fn ask<'a>(&'a self, asked: &'a Asked) -> Promised<'a, Answer> {
        Box::pin(async move {
            match asked.call {
                Call::Ask => self.begin(asked).await,
                Call::LookUp | Call::Capture | Call::Void => self.look(asked).await,
                Call::Refund => self.give_back(asked).await,
                Call::RefundPart => match &asked.part {
                    Some(part) => self.give_back_part(asked, part).await,
                    None => Answer::Unknown,
                },
            }
        })
    }

    fn is_there(&self, now_ms: i64) -> Promised<'_, bool> {
        Box::pin(async move {
            // A request that nobody made: whoever says so answers.
            let path = format!("requesttopay/{}", reference(b"probe", OrderId::default()));
            matches!(self.get(Product::Collection, &path, now_ms / 1_000).await, Some((200 | 400 | 404, _)))
        })
    }

    fn heard<'a>(
        &'a self,
        _: &'a HeaderMap,
        body: &'a [u8],
        _: i64,
    ) -> Promised<'a, Result<Heard, NotHeard>> {
        Box::pin(std::future::ready(heard(body)))
    }
}

/// Nobody signs it. The same word again says nothing new.
fn heard(body: &[u8]) -> Result<Heard, NotHeard> {
    let word: Value =
        serde_json::from_slice(body).map_err(|error| NotHeard::Unreadable(error.to_string()))?;
    let named = word["externalId"].as_str().unwrap_or_default();
    let about = about(named).ok_or_else(|| NotHeard::Unreadable("it names no order".into()))?;
    let word = Hash(Sha256::digest(body).into()).to_string();
    // It is found by the order's own name.
    Ok(Heard { word, about: Some(about), object: None, is_dispute: false })
}

/// Whether a request came to nothing.
fn is_over(body: &Value) -> bool {
    matches!(body["status"].as_str(), Some("FAILED" | "REJECTED" | "TIMEOUT"))
}

fn name(product: Product) -> &'static str {
    match product {
        Product::Collection => "collection",
        Product::Disbursement => "disbursement",
    }
}

/// What we call a request: the same for every repetition, in the form of a random UUID.
fn reference(what: &[u8], order: OrderId) -> String {
    let mut digest: [u8; 32] = Sha256::new()
        .chain_update(b"soko momo 1")
        .chain_update(what)
        .chain_update(order.as_bytes())
        .finalize()
        .into();
    digest[6] = (digest[6] & 0x0f) | 0x40;
    digest[8] = (digest[8] & 0x3f) | 0x80;
    let hex = Hash(digest).to_string();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

fn reference_of_part(refund: ThingId) -> String {
    reference(b"part", OrderId(refund.0))
}

fn about(external: &str) -> Option<(LogId, OrderId)> {
    let (stall, order) = external.split_at_checked(2 * LogId::SIZE)?;
    Some((LogId::from_hex(stall)?, OrderId::from_hex(order)?))
}

fn external(stall: LogId, order: OrderId) -> String {
    format!("{stall}{order}")
}

/// As buyer and seller read it to each other.
fn code(order: OrderId) -> String {
    order.to_string()[..6].to_uppercase()
}

fn plain(due: &Due) -> String {
    Money { minor: due.amount_minor, currency: due.currency }.plain()
}

fn object(body: &Value, reference: &str, (user, asked_for): (&str, LogId)) -> Option<Object> {
    let status = match body["status"].as_str()? {
        "PENDING" | "CREATED" => Status::Pending,
        "SUCCESSFUL" => Status::Captured,
        "FAILED" | "REJECTED" | "TIMEOUT" => Status::Dead,
        _ => return None,
    };
    let currency = Currency::parse(body["currency"].as_str()?)?;
    let amount = body["amount"]
        .as_str()
        .map(str::to_owned)
        .or_else(|| body["amount"].as_number().map(ToString::to_string))?;
    let (stall, order) = about(body["externalId"].as_str()?)?;
    // The name of a request is the order's alone, so whoever names another stall is shown nothing.
    if stall != asked_for {
        return None;
    }
    let amount_minor = Money::parse(&amount, currency).ok()?.minor;
    let due = Due { order, account: user.to_owned(), amount_minor, currency };
    Some(Object { id: reference.to_owned(), status, due, page: None, back: Back::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_shows_is_read_and_compared_by_others() {
        let (stall, order) = (LogId([1; 16]), OrderId([2; 16]));
        let shown = |status: &str, amount: &str| {
            let body = json!({
                "status": status, "amount": amount, "currency": "UGX", "externalId": external(stall, order),
            });
            object(&body, "r", ("user", stall))
                .map(|object| (object.status, object.due.amount_minor, object.due.order))
        };
        assert_eq!(shown("PENDING", "5000"), Some((Status::Pending, 5_000, order)));
        assert_eq!(shown("SUCCESSFUL", "5000"), Some((Status::Captured, 5_000, order)));
        assert_eq!(shown("FAILED", "5000"), Some((Status::Dead, 5_000, order)));
        assert_eq!((shown("ELSE", "5000"), shown("PENDING", "much")), (None, None));
        let body = json!({
            "status": "SUCCESSFUL", "amount": "5000", "currency": "UGX", "externalId": external(stall, order),
        });
        assert!(object(&body, "r", ("user", LogId([9; 16]))).is_none(), "another stall is shown nothing");
    }

    #[test]
    fn a_callback_only_says_where_to_look() {
        let body = json!({"externalId": external(LogId([1; 16]), OrderId([2; 16])), "status": "SUCCESSFUL"});
        let word = heard(body.to_string().as_bytes()).unwrap();
        assert_eq!(word.about, Some((LogId([1; 16]), OrderId([2; 16]))));
        for wrong in [json!({}), json!({"externalId": "00"}), json!({"externalId": "é".repeat(32)})] {
            assert!(heard(wrong.to_string().as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reference_is_the_same_for_ever_and_another_for_each_request() {
        let (one, other) = (OrderId([1; 16]), OrderId([2; 16]));
        assert_eq!(reference(b"pay", one), reference(b"pay", one));
        assert!(
            reference(b"pay", one) != reference(b"pay", other)
                && reference(b"pay", one) != reference(b"refund", one)
        );
        assert_eq!(reference(b"pay", one).split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }
}

//! Messages survive both of their forms: compact bytes for a link, words and hex for people and scripts.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop at the first surprise")]

use serde::Serialize;
use serde::de::DeserializeOwned;
use soko_app_api::{
    BeyondShare, Command, DiscountInput, Query, Refused, RetryHint, SaleLineInput, TenderInput, Verb, decode,
    encode,
};
use soko_domain::ids::{LogId, ProductId, SaleId, ThingId};
use soko_domain::refusal::Refusal;

fn sale() -> Command {
    Command {
        id: ThingId([1; 16]),
        stall: LogId([2; 16]),
        verb: Verb::MakeSale {
            sale: SaleId([3; 16]),
            lines: vec![SaleLineInput::of(ProductId([4; 16]), 2)],
            discount: DiscountInput::PercentPpm(50_000),
            tenders: vec![TenderInput::cash(500)],
            beyond: BeyondShare::Refuse,
            about: soko_app_api::SaleAbout::default(),
        },
    }
}

fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(message: &T) {
    assert_eq!(&decode::<T>(&encode(message).unwrap()).unwrap(), message);
    assert_eq!(&serde_json::from_str::<T>(&serde_json::to_string(message).unwrap()).unwrap(), message);
}

#[test]
fn messages_survive_both_forms() {
    check(&sale());
    check(&Query::Scan { stall: LogId([2; 16]), code: "4006381333931".into() });
    check(&Refused::from(Refusal::ShareExceeded { product: ProductId([4; 16]), available: 1, asked: 2 }));
}

#[test]
fn people_read_words_and_hex() {
    let text = serde_json::to_string(&sale()).unwrap();
    assert!(text.contains(&"04".repeat(16)), "{text}");
    assert!(text.contains(r#""kind":"cash""#), "{text}");
    assert!(text.contains(r#""beyond":"refuse""#), "{text}");
}

#[test]
fn bytes_that_are_cut_or_followed_by_more_are_refused() {
    let bytes = encode(&sale()).unwrap();
    assert!(decode::<Command>(&bytes[..bytes.len() - 1]).is_err());
    assert!(decode::<Command>(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn a_refusal_says_whether_trying_again_helps() {
    for (refusal, code, retry) in [
        (Refusal::StallFrozen, "stall_frozen", RetryHint::Later),
        (Refusal::NoShift, "no_shift", RetryHint::AfterChange),
        (Refusal::TooLarge, "too_large", RetryHint::Never),
    ] {
        let refused = Refused::from(refusal);
        assert_eq!((refused.code.as_str(), refused.retry), (code, retry));
        assert!(refused.share.is_none());
    }
}

//! Answers as a program reads them that has the shopper's side alone. What only the other side asks for is most of what there
//! is to read, and none of it is in a first visit: such an answer is one that cannot be read.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use crate::buyer::BuyerView;
use crate::codec::{CodecError, decode};
use crate::device::{DeviceReply, DeviceView};
use crate::link::Answer;
use crate::market::MarketView;
use crate::proof::ProofView;
use crate::refused::Refused;
use crate::said::Said;
use crate::suggest::Suggestions;

/// The same cases in the same order as [`Answer`].
#[derive(Serialize, Deserialize)]
enum ForShoppers {
    Done(Unread),
    View(Unread),
    // The page of an offer is by far the largest of them.
    Market(Box<MarketView>),
    Suggested(Suggestions),
    Bought,
    Buyer(BuyerView),
    Device(Did),
    People(Unread),
    Paper(Unread),
    Checked(ProofView),
    About(DeviceView),
    Kept(Vec<u8>),
    Refused(Refused),
    Failed(Said),
    Programs(Unread),
    Code(Unread),
    Meet(Unread),
}

/// The same cases in the same order as [`DeviceReply`]: what a shopper has the device do says no more than that it is done.
#[derive(Serialize, Deserialize)]
enum Did {
    Done,
    Picture(Unread),
    Joined(Unread),
    File(Unread),
    Messages(Unread),
    Invitation(Unread),
    Sessions(Unread),
}

/// There is none of it.
#[derive(Clone, Copy, Serialize)]
enum Unread {}

impl<'de> Deserialize<'de> for Unread {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("the answer is for a seller's screen"))
    }
}

/// Reads an answer to what a shopper asks.
pub fn decode_for_shoppers(bytes: &[u8]) -> Result<Answer, CodecError> {
    Ok(match decode(bytes)? {
        ForShoppers::Done(none)
        | ForShoppers::View(none)
        | ForShoppers::Device(
            Did::Picture(none)
            | Did::Joined(none)
            | Did::File(none)
            | Did::Messages(none)
            | Did::Invitation(none)
            | Did::Sessions(none),
        )
        | ForShoppers::People(none)
        | ForShoppers::Paper(none)
        | ForShoppers::Programs(none)
        | ForShoppers::Code(none)
        | ForShoppers::Meet(none) => match none {},
        ForShoppers::Market(view) => Answer::Market(*view),
        ForShoppers::Suggested(suggestions) => Answer::Suggested(suggestions),
        ForShoppers::Bought => Answer::Bought,
        ForShoppers::Buyer(view) => Answer::Buyer(view),
        ForShoppers::Device(Did::Done) => Answer::Device(DeviceReply::Done),
        ForShoppers::Checked(view) => Answer::Checked(view),
        ForShoppers::About(view) => Answer::About(view),
        ForShoppers::Kept(value) => Answer::Kept(value),
        ForShoppers::Refused(refused) => Answer::Refused(refused),
        ForShoppers::Failed(said) => Answer::Failed(said),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::encode;
    use crate::reply::Reply;
    use crate::views::View;
    use crate::{MessagesReply, PaperReply, PeopleReply, RetryHint};

    #[test]
    fn what_shoppers_ask_for_is_read_as_everybody_reads_it_and_nothing_else_is() {
        let refused = Refused {
            code: "gone".into(),
            sentence: "it is gone".into(),
            retry: RetryHint::AfterChange,
            share: None,
            acts: Vec::new(),
        };
        let suggested = Suggestions::Offers(Vec::new());
        let invitation = DeviceReply::Invitation { invitation: String::new(), expires_ms: 0 };
        for (answer, is_read) in [
            (Answer::Done(Reply::Done), false),
            (Answer::View(View::Missing), false),
            (Answer::Market(MarketView::Missing), true),
            (Answer::Suggested(suggested), true),
            (Answer::Bought, true),
            (Answer::Buyer(BuyerView::Missing), true),
            (Answer::Device(DeviceReply::Done), true),
            (Answer::Device(DeviceReply::Messages(MessagesReply::Done)), false),
            (Answer::Device(invitation), false),
            (Answer::People(PeopleReply::Done), false),
            (
                Answer::Paper(PaperReply::Saved {
                    path: String::new(),
                    missing: String::new(),
                    is_copy: false,
                }),
                false,
            ),
            (Answer::Kept(vec![1, 2]), true),
            (Answer::Refused(refused), true),
            (Answer::Failed(Said::plainly("no")), true),
        ] {
            let read = decode_for_shoppers(&encode(&answer).unwrap());
            assert_eq!(read.ok(), is_read.then_some(answer));
        }
    }
}

//! One payment, answer by answer.

use soko_domain::ids::OrderId;
use soko_domain::money::Currency;

use super::*;
use crate::payment::Back;

fn due() -> Due {
    let currency = Currency::parse("EUR").unwrap();
    Due { order: OrderId([1; 16]), account: "stall".into(), amount_minor: 500, currency }
}

fn shows(status: Status) -> Answer {
    Answer::Seen(Object { id: "o1".into(), status, due: due(), page: None, back: Back::default() })
}

/// What happens to a payment, in order.
enum Happens {
    Answer(Call, Answer),
    Cancel,
    Posted,
}

fn after(happenings: Vec<Happens>) -> (Payment, Vec<Deed>) {
    let (mut payment, mut deeds) = (Payment::new(due()), Vec::new());
    for happening in happenings {
        match happening {
            Happens::Answer(call, answer) => {
                assert_eq!(payment.begin(), Some(call), "{payment:?}");
                deeds = payment.answered(call, &answer).deeds;
            }
            Happens::Cancel => deeds = payment.cancel(Ending::Buyer),
            Happens::Posted => payment.posted(),
        }
    }
    (payment, deeds)
}

use Happens::{Answer as Told, Cancel, Posted};

fn ask() -> Happens {
    Told(Call::Ask, shows(Status::Pending))
}

fn look(status: Status) -> Happens {
    Told(Call::LookUp, shows(status))
}

fn refused() -> Answer {
    Answer::Refused("no such number".into())
}

/// Name, what happens, and then: the state, what follows for the shop, the next call.
type Case = (&'static str, Vec<Happens>, State, Vec<Deed>, Option<Call>);

fn check(cases: Vec<Case>) {
    for (name, happenings, state, wanted, next) in cases {
        let (payment, deeds) = after(happenings);
        assert_eq!((payment.state, deeds, payment.next()), (state, wanted, next), "{name}");
    }
}

#[test]
fn the_way_to_the_money() {
    let capture = |answer| vec![ask(), look(Status::Authorised), Told(Call::Capture, answer)];
    let looks = Some(Call::LookUp);
    let lost = Told(Call::Ask, Answer::Unknown);
    check(vec![
        ("paid", capture(shows(Status::Captured)), State::Captured, vec![Deed::Post], None),
        ("lost asking", vec![lost], State::Intent, vec![], looks),
        ("lost capture", capture(Answer::Unknown), State::Authorised, vec![], looks),
        ("refused capture", capture(refused()), State::Authorised, vec![], looks),
    ]);
}

#[test]
fn the_ways_without_it() {
    let void = |answer| vec![ask(), Cancel, Told(Call::Void, answer)];
    let failed = || vec![Deed::Free(Ending::Failed)];
    let buyer = || vec![Deed::Free(Ending::Buyer)];
    let refund = Told(Call::Refund, shows(Status::Refunded));
    let back = vec![Deed::PaidBack, Deed::Free(Ending::Buyer)];
    let paid_back = vec![ask(), look(Status::Captured), Posted, Cancel, refund];
    check(vec![
        ("expired", vec![ask(), look(Status::Dead)], State::Cancelled, failed(), None),
        ("refused", vec![Told(Call::Ask, refused())], State::Cancelled, failed(), None),
        ("never asked", vec![Cancel], State::Cancelled, buyer(), None),
        ("cancelled", vec![ask(), Cancel], State::Cancelling, vec![], Some(Call::Void)),
        ("voided", void(shows(Status::Dead)), State::Cancelled, buyer(), None),
        ("void lost", void(Answer::Unknown), State::Cancelling, vec![], Some(Call::LookUp)),
        ("paid meanwhile", void(shows(Status::Captured)), State::Returning, vec![], Some(Call::Refund)),
        ("paid back", paid_back, State::Returned, back, None),
    ]);
}

#[test]
fn what_is_not_equal_never_counts() {
    let currency = Currency::parse("USD").unwrap();
    for wrong in [
        Due { amount_minor: 499, ..due() },
        Due { currency, ..due() },
        Due { account: "other".into(), ..due() },
        Due { order: OrderId([2; 16]), ..due() },
    ] {
        let mut payment = Payment::new(due());
        payment.begin();
        let object = Object {
            id: "o1".into(),
            status: Status::Captured,
            due: wrong,
            page: None,
            back: Back::default(),
        };
        let next = payment.answered(Call::Ask, &Answer::Seen(object.clone()));
        assert_eq!((payment.state, next.deeds), (State::Intent, vec![Deed::Tell(Trouble::Mismatch)]));
        let again = payment.answered(Call::LookUp, &Answer::Seen(object));
        assert_eq!((payment.state, again.deeds), (State::Intent, vec![]), "told once");
    }
}

#[test]
fn what_was_told_and_seen_is_acted_on_at_once() {
    let (mut payment, _) = after(vec![ask()]);
    payment.named();
    for looks in [Some(Call::LookUp), Some(Call::LookUp)] {
        assert_eq!(payment.begin(), looks, "what a provider shows may lag behind what it tells");
        payment.answered(Call::LookUp, &shows(Status::Pending));
    }
    payment.begin();
    payment.answered(Call::LookUp, &shows(Status::Authorised));
    assert_eq!((payment.next(), payment.wait_ms()), (Some(Call::Capture), 0));
    payment.named();
    assert_eq!(payment.begin(), Some(Call::LookUp), "something was told since");
    payment.answered(Call::LookUp, &shows(Status::Authorised));
    assert_eq!(payment.begin(), Some(Call::Capture), "one look is enough where it is our turn");
    payment.answered(Call::Capture, &shows(Status::Captured));
    payment.posted();
    assert_eq!(payment.next(), Some(Call::LookUp), "what was told may have been about something else");
}

#[test]
fn nothing_is_asked_for_an_order_that_was_cancelled() {
    let mut payment = Payment::forgotten_and_over(due());
    for _ in 0..LOOKS {
        assert_eq!((payment.begin(), payment.is_settled()), (Some(Call::LookUp), false));
        let next = payment.answered(Call::LookUp, &Answer::Nothing);
        assert_eq!((next.call, next.deeds, payment.state), (None, vec![], State::Cancelled));
    }
    assert!(payment.begin().is_none() && payment.is_settled());
    // Money that is there all the same is not kept.
    let mut payment = Payment::forgotten_and_over(due());
    payment.begin();
    payment.answered(Call::LookUp, &shows(Status::Captured));
    assert_eq!((payment.begin(), payment.state), (Some(Call::Refund), State::Returning));
}

#[test]
fn what_the_records_call_paid_is_never_asked_for_again() {
    for object in [None, Some("o1".to_owned())] {
        for answer in [Answer::Nothing, shows(Status::Dead)] {
            let mut payment = Payment::forgotten(due());
            payment.recorded(object.clone());
            let mut deeds = Vec::new();
            for _ in 0..TRIES_MAX {
                assert_eq!(payment.begin(), Some(Call::LookUp));
                let next = payment.answered(Call::LookUp, &answer);
                assert_eq!((next.call, payment.state), (None, State::Intent), "{object:?}");
                deeds.extend(next.deeds);
            }
            assert_eq!(deeds, [Deed::Tell(Trouble::Contradiction)], "{object:?} {answer:?}");
        }
    }
    let mut payment = Payment::forgotten(due());
    payment.recorded(None);
    payment.begin();
    let next = payment.answered(Call::LookUp, &shows(Status::Captured));
    assert_eq!((next.deeds, payment.state), (vec![Deed::Post], State::Captured));
}

fn denied(payment: &mut Payment, answer: &Answer) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let mut waited_ms = 0;
    for _ in 0..DENIALS_MAX {
        assert_eq!(payment.begin(), Some(Call::LookUp), "{payment:?}");
        deeds.extend(payment.answered(Call::LookUp, answer).deeds);
        waited_ms += payment.wait_ms();
    }
    if payment.is_denied() {
        assert_eq!(payment.wait_ms(), DENIED_WAIT_MS);
        waited_ms -= DENIED_WAIT_MS;
    }
    let hour_ms = 60 * 60 * 1_000;
    assert!((6 * hour_ms..12 * hour_ms).contains(&waited_ms), "{waited_ms}");
    deeds
}

#[test]
fn a_payment_that_is_denied_for_long_is_looked_up_once_a_day_until_somebody_names_it() {
    for object in [None, Some("o1".to_owned())] {
        for answer in [Answer::Nothing, shows(Status::Dead)] {
            let mut payment = Payment::forgotten(due());
            payment.recorded(object.clone());
            assert_eq!(denied(&mut payment, &answer), [Deed::Tell(Trouble::Contradiction)]);
            assert!(payment.is_denied() && !payment.is_settled(), "{object:?}");
            payment.named();
            assert_eq!(payment.begin(), Some(Call::LookUp));
            let next = payment.answered(Call::LookUp, &shows(Status::Captured));
            assert_eq!((next.deeds, payment.denials), (vec![Deed::Post], 0), "it was there after all");
        }
    }
    // Who does not answer denies nothing, and what is shown meanwhile begins it anew.
    let mut payment = Payment::forgotten(due());
    payment.recorded(None);
    for _ in 0..DENIALS_MAX * 2 {
        payment.begin();
        payment.answered(Call::LookUp, &Answer::Unknown);
    }
    payment.begin();
    payment.answered(Call::LookUp, &Answer::Nothing);
    payment.begin();
    payment.answered(Call::LookUp, &shows(Status::Pending));
    assert_eq!((payment.denials, payment.is_denied()), (0, false));
}

#[test]
fn of_a_denied_payment_the_stall_has_the_word_and_what_comes_to_light_goes_back() {
    // Before the end it waits for the provider, and has its way when that has nothing to say.
    let mut payment = Payment::forgotten(due());
    payment.recorded(None);
    payment.cancel(Ending::Stall);
    let told = vec![Deed::Tell(Trouble::Contradiction), Deed::Free(Ending::Stall)];
    assert_eq!(denied(&mut payment, &Answer::Nothing), told);
    assert_eq!((payment.state, payment.begin()), (State::Cancelled, None));
    // A buyer's word is not enough, and the stall's ends it at once.
    let mut payment = Payment::forgotten(due());
    payment.recorded(None);
    payment.cancel(Ending::Buyer);
    assert_eq!(denied(&mut payment, &Answer::Nothing), [Deed::Tell(Trouble::Contradiction)]);
    assert_eq!((payment.state, payment.is_denied()), (State::Cancelling, true));
    assert_eq!(payment.given_up(Ending::Stall), [Deed::Free(Ending::Stall)]);
    assert_eq!((payment.state, payment.begin()), (State::Cancelled, None));
    payment.named();
    payment.begin();
    payment.answered(Call::LookUp, &shows(Status::Captured));
    assert_eq!((payment.state, payment.next()), (State::Returning, Some(Call::Refund)));
}

#[test]
fn a_payment_that_is_shown_with_another_amount_is_told_once_and_looked_up_ever_more_rarely() {
    let another = || {
        let Answer::Seen(object) = shows(Status::Captured) else { panic!("it is shown") };
        Answer::Seen(Object { due: Due { amount_minor: 499, ..due() }, ..object })
    };
    for ending in [None, Some(Ending::Buyer), Some(Ending::Stall)] {
        let mut payment = Payment::new(due());
        payment.begin();
        payment.answered(Call::Ask, &Answer::Unknown);
        if let Some(why) = ending {
            payment.cancel(why);
        }
        let mut told = vec![Deed::Tell(Trouble::Mismatch)];
        told.extend((ending == Some(Ending::Stall)).then_some(Deed::Free(Ending::Stall)));
        assert_eq!(denied(&mut payment, &another()), told, "{ending:?}");
        if ending != Some(Ending::Stall) {
            assert!(payment.is_denied(), "{ending:?}");
            assert_eq!(payment.given_up(Ending::Stall), [Deed::Free(Ending::Stall)]);
        }
        assert_eq!((payment.state, payment.begin()), (State::Cancelled, None));
    }
    // What is asked for is shown after all; also where it was known under its name before, since no buyer settles that.
    let (mut payment, _) = after(vec![ask()]);
    denied(&mut payment, &another());
    let mut payment = Payment::new(due());
    payment.begin();
    denied(&mut payment, &another());
    payment.begin();
    payment.answered(Call::LookUp, &shows(Status::Authorised));
    assert_eq!((payment.denials, payment.state), (0, State::Authorised));
}

/// It is shown under another name, or with another amount.
fn other(id: &str, status: Status, amount_minor: i64) -> Answer {
    let due = Due { amount_minor, ..due() };
    Answer::Seen(Object { id: id.into(), status, due, page: None, back: Back::default() })
}

fn looked_up(payment: &mut Payment, answer: &Answer) -> Vec<Deed> {
    payment.named();
    assert_eq!(payment.begin(), Some(Call::LookUp), "{payment:?}");
    payment.answered(Call::LookUp, answer).deeds
}

#[test]
fn of_what_was_given_up_the_money_that_is_shown_goes_back_or_a_person_hears_of_it() {
    // Two objects: which one was paid makes no difference.
    for paid in ["o1", "o2"] {
        let (mut payment, _) = after(vec![ask(), Cancel, Told(Call::Void, Answer::Unknown)]);
        denied(&mut payment, &other("o2", Status::Pending, 500));
        payment.given_up(Ending::Stall);
        looked_up(&mut payment, &other(paid, Status::Captured, 500));
        assert_eq!((payment.next(), payment.object.as_deref()), (Some(Call::Refund), Some(paid)));
        payment.begin();
        let back = payment.answered(Call::Refund, &other(paid, Status::Refunded, 500));
        assert_eq!((back.deeds, payment.state), (vec![Deed::Free(Ending::Stall)], State::Returned));
    }
    // Another amount: nobody sends that back by itself.
    for gone in [other("o1", Status::Refunded, 499), other("o1", Status::Dead, 500)] {
        let (mut payment, _) = after(vec![ask(), Cancel, Told(Call::Void, Answer::Unknown)]);
        denied(&mut payment, &other("o1", Status::Pending, 499));
        payment.given_up(Ending::Stall);
        assert!(payment.is_settled() && !payment.is_denied());
        let captured = other("o1", Status::Captured, 499);
        assert_eq!(looked_up(&mut payment, &captured), [Deed::Tell(Trouble::Mismatch)]);
        for _ in 0..LOOKS {
            assert_eq!(payment.begin(), Some(Call::LookUp));
            assert_eq!(payment.answered(Call::LookUp, &captured).deeds, [], "once");
        }
        assert!(payment.is_denied() && !payment.is_settled());
        assert_eq!(payment.wait_ms(), DENIED_WAIT_MS);
        assert_eq!(looked_up(&mut payment, &gone), []);
        assert_eq!((payment.is_denied(), payment.is_left_behind()), (false, false));
    }
}

#[test]
fn what_goes_back_is_not_asked_for_without_end_where_its_provider_lost_it() {
    let (mut payment, _) = after(vec![ask(), look(Status::Captured), Posted, Cancel]);
    assert_eq!(payment.begin(), Some(Call::Refund));
    payment.answered(Call::Refund, &Answer::Unknown);
    assert_eq!(denied(&mut payment, &Answer::Nothing), [Deed::Tell(Trouble::Contradiction)]);
    assert_eq!((payment.state, payment.begin()), (State::Returning, Some(Call::LookUp)));
    assert_eq!(payment.given_up(Ending::Stall), [Deed::Free(Ending::Stall)]);
    assert_eq!(payment.state, State::Returning, "should it come to light, it goes on");
}

#[test]
fn what_was_found_missing_is_asked_for_at_once_under_the_same_key() {
    let mut payment = Payment::new(due());
    payment.begin();
    payment.answered(Call::Ask, &Answer::Unknown);
    assert_eq!(payment.begin(), Some(Call::LookUp));
    let next = payment.answered(Call::LookUp, &Answer::Nothing);
    assert_eq!(next.call, Some(Call::Ask));
    assert_eq!(payment.next(), Some(Call::LookUp), "whoever dies here looks again");
    assert_eq!(payment.key(Call::Ask), Call::Ask.key(due().order));
    // The first request may still arrive, so a no to the second one ends nothing.
    let refused = payment.answered(Call::Ask, &Answer::Refused("twice".into()));
    assert_eq!((payment.state, refused.deeds), (State::Intent, vec![]));
}

/// All of it was to go back, and whoever took it says no for ever.
fn never_back(ending: Ending) -> (Payment, Vec<Deed>) {
    let (mut payment, _) = after(vec![ask(), look(Status::Captured), Posted]);
    payment.cancel(ending);
    let (mut deeds, mut waited_ms) = (Vec::new(), 0);
    for _ in 0..DENIALS_MAX {
        if payment.state == State::Stays {
            break;
        }
        assert!(!payment.is_denied() || payment.next() == Some(Call::LookUp));
        let call = payment.begin().unwrap();
        let answer = if call == Call::Refund { refused() } else { shows(Status::Captured) };
        deeds.extend(payment.answered(call, &answer).deeds);
        waited_ms += payment.wait_ms();
    }
    let hour_ms = 60 * 60 * 1_000;
    assert!((6 * hour_ms..12 * hour_ms).contains(&waited_ms), "{waited_ms}");
    (payment, deeds)
}

#[test]
fn what_is_never_given_back_stays_with_the_shop_and_a_person_gives_it_back_otherwise() {
    for ending in [Ending::Buyer, Ending::Stall] {
        let (mut payment, deeds) = never_back(ending);
        assert_eq!(deeds, [Deed::Stays, Deed::Tell(Trouble::Stays), Deed::Free(ending)]);
        assert_eq!((payment.state, payment.begin(), payment.is_settled()), (State::Stays, None, true));
        // It is never asked for again, since somebody may have given it back; unless that was done there, which is written.
        assert_eq!(
            (payment.cancel(Ending::Stall), looked_up(&mut payment, &shows(Status::Captured))),
            (vec![], vec![])
        );
        assert_eq!(payment.next(), Some(Call::LookUp), "the looks that follow a word, and no refund");
        let outside = vec![Deed::PaidBack, Deed::Tell(Trouble::ReturnedOutside)];
        assert_eq!(looked_up(&mut payment, &shows(Status::Refunded)), outside);
        assert_eq!(looked_up(&mut payment, &shows(Status::Refunded)), []);
    }
    // A no that comes since an earlier request was done is none.
    let (mut payment, _) = after(vec![ask(), look(Status::Captured), Posted, Cancel]);
    payment.begin();
    payment.answered(Call::Refund, &refused());
    payment.begin();
    let back = payment.answered(Call::LookUp, &shows(Status::Refunded));
    assert_eq!((back.deeds[0], payment.state), (Deed::PaidBack, State::Returned));
}

#[test]
fn what_a_bank_did_not_take_back_is_told_once_all_looks_show_it() {
    let (mut payment, _) = after(vec![ask(), look(Status::Captured), Posted, Cancel]);
    payment.begin();
    payment.answered(Call::Refund, &shows(Status::Refunded));
    // An old answer or two say nothing.
    payment.named();
    for status in [Status::Captured, Status::Captured, Status::Refunded, Status::Refunded, Status::Refunded] {
        payment.begin();
        assert_eq!(payment.answered(Call::LookUp, &shows(status)).deeds, []);
    }
    assert_eq!((payment.state, payment.next()), (State::Returned, None));
    payment.named();
    let mut deeds = Vec::new();
    while payment.begin().is_some() {
        deeds.extend(payment.answered(Call::LookUp, &shows(Status::Captured)).deeds);
    }
    assert_eq!((deeds, payment.state), (vec![Deed::Tell(Trouble::Stays)], State::Stays));
}

/// Its provider was taken out of the settings.
#[test]
fn where_nobody_can_be_asked_any_more_a_person_decides() {
    let gone = |payment: &mut Payment| {
        let mut deeds = Vec::new();
        for _ in 0..=DENIALS_MAX {
            let Some(call) = payment.begin() else { break };
            deeds.extend(payment.answered(call, &Answer::Gone).deeds);
        }
        deeds
    };
    // Whether it was asked for or paid nobody knows.
    let mut payment = Payment::new(due());
    assert_eq!(gone(&mut payment), [Deed::Tell(Trouble::Gone)]);
    assert!(payment.is_denied() && !payment.is_settled());
    let (mut payment, _) = after(vec![ask(), Cancel]);
    assert_eq!(gone(&mut payment), [Deed::Tell(Trouble::Gone)]);
    assert!(payment.is_denied() && !payment.is_settled());
    assert_eq!(
        (payment.given_up(Ending::Stall), payment.state),
        (vec![Deed::Free(Ending::Stall)], State::Cancelled)
    );
    // What was paid and is to go back stays.
    let (mut payment, _) = after(vec![ask(), look(Status::Captured), Posted, Cancel]);
    let stays =
        [Deed::Tell(Trouble::Gone), Deed::Stays, Deed::Tell(Trouble::Stays), Deed::Free(Ending::Buyer)];
    assert_eq!((gone(&mut payment), payment.state), (stays.to_vec(), State::Stays));
}

#[test]
fn who_says_nothing_for_long_leaves_the_word_to_the_stall_and_is_asked_all_the_same() {
    let (mut payment, _) = after(vec![ask(), Cancel]);
    for _ in 0..SILENCE_MAX {
        assert!(!payment.is_silent() && payment.wait_ms() <= WAIT_MS_MAX);
        let call = payment.begin().unwrap();
        payment.answered(call, &Answer::Unknown);
    }
    assert!(payment.is_silent() && !payment.is_denied());
    assert_eq!(
        (payment.given_up(Ending::Stall), payment.next()),
        (vec![Deed::Free(Ending::Stall)], Some(Call::LookUp))
    );
    payment.begin();
    payment.answered(Call::LookUp, &shows(Status::Captured));
    assert_eq!((payment.state, payment.next()), (State::Returning, Some(Call::Refund)), "it goes back");
}

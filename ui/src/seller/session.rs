//! Many products at once, by scanning or searching: goods that came in, goods that are counted, goods that are gone, and
//! units that one register takes along, gives back or passes to another. What was entered is kept on the device until it is finished.

use soko_app_api::text::Worded as _;
use soko_app_api::{
    AdjustedLineInput, Answer, Call, Command, OwnStall, ProductRow, Query, ReceivedLineInput, Reply, Verb,
    View,
};
use soko_domain::entry::AdjustReason;
use soko_domain::ids::{AuthorId, LogId, ProductId, ThingId};
use soko_domain::quantity::Unit;
use soko_domain::verbs::LINES_MAX;
use yew::prelude::*;

use super::camera::CameraSearch;
use super::passing::{Goes, Stays, ToWhom, use_others};
use super::session_sheet::{Change, Line, Part, parts, use_sheet};
use super::with_stall;
use crate::acting::sets;
use crate::browser;
use crate::desk::{Desk, Trouble, use_desk};
use crate::doing::{Doing, use_doing};
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Choice, Empty, Field, Icon, Photo, icon};
use crate::route::{Route, Session};
use crate::speech::{Speech, use_speech};
use crate::typed;

const HITS_MAX: u32 = 8;

/// Lines, those touched last, that say on whom their count waits: further ones were looked at a while ago.
const WAITING_SHOWN_MAX: usize = 20;

/// What is said of each kind here, and how much of it goes at once.
trait Kind {
    fn title(self) -> &'static str;
    fn text(self) -> &'static str;
    /// None where units stay with who has them.
    fn goes(self) -> Option<Goes>;
    /// Of one command.
    fn lines_max(self) -> usize;
}

impl Kind for Session {
    fn title(self) -> &'static str {
        match self {
            Self::Receive => "session.receive",
            Self::Count => "session.count",
            Self::Gone => "session.gone",
            Self::TakeAlong => "session.take",
            Self::GiveBack => "session.give-back",
            Self::Pass => "session.pass",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Receive => "session.receive-text",
            Self::Count => "session.count-text",
            Self::Gone => "session.gone-text",
            Self::TakeAlong => "session.take-text",
            Self::GiveBack => "session.give-back-text",
            Self::Pass => "session.pass-text",
        }
    }

    fn goes(self) -> Option<Goes> {
        match self {
            Self::TakeAlong => Some(Goes::Here),
            Self::GiveBack | Self::Pass => Some(Goes::Away),
            Self::Receive | Self::Count | Self::Gone => None,
        }
    }

    fn lines_max(self) -> usize {
        match self {
            Self::Receive | Self::Gone => LINES_MAX,
            Self::Count | Self::TakeAlong | Self::GiveBack | Self::Pass => 1,
        }
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct SessionProps {
    pub kind: Session,
}

#[component]
pub(super) fn StockSession(props: &SessionProps) -> Html {
    let kind = props.kind;
    with_stall(move |stall| html! { <Entering {stall} {kind} /> })
}

#[derive(Properties, PartialEq)]
struct EnteringProps {
    stall: OwnStall,
    kind: Session,
}

#[component]
fn Entering(props: &EnteringProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (stall, kind) = (props.stall.stall, props.kind);
    let (sheet, change) = use_sheet(stall, kind);
    let text = use_state(String::new);
    let reason = use_state(|| AdjustReason::Waste);
    let (others, chosen) = (use_others(&props.stall), use_state(|| None::<AuthorId>));
    let to = chosen.or_else(|| others.first().map(|other| other.author));
    let which = use_state(Vec::new);
    use_scans(stall, change.clone(), which.setter());
    let entered = sheet.entered(kind == Session::Count);
    let is_ready = entered.is_some() && !doing.is_busy() && (kind != Session::Pass || to.is_some());
    let finish = {
        let (doing, stall, note) = (doing.clone(), props.stall.clone(), sheet.note.trim().to_owned());
        let (change, reason) = (change.clone(), *reason);
        Callback::from(move |_: MouseEvent| {
            let Some(entered) = &entered else { return };
            let parts = parts(entered, kind.lines_max(), || ThingId(browser::chance()));
            let verb = |part: &Part| verb(kind, part, (&note, reason, to), &stall.currency);
            let Some(verbs) = parts.iter().map(verb).collect::<Option<Vec<_>>>() else { return };
            let going = Going { desk: doing.desk.clone(), stall: stall.stall, change: change.clone() };
            going.go(&doing, kind, (parts, verbs));
        })
    };
    let on_note = change.reform(Change::Note);
    let on_to = sets(&chosen).reform(Some);
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Stock} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say(kind.title()) }</h1>
            </header>
            <p class="prose">{ speech.say(kind.text()) }</p>
            <CameraSearch label={speech.say("search.products")} value={(*text).clone()} on_input={sets(&text)} />
            if which.is_empty() {
                <Hits {stall} text={(*text).clone()} on_hit={hit(&change, &text)} />
            } else {
                <Found label={speech.say("scan.which")} found={(*which).clone()} on_hit={one_of(&change, &which)} />
            }
            if kind == Session::Gone {
                <Choice label={speech.say("session.reason")} value={reason.word()} options={reasons(&speech)} on_choose={reason_setter(&reason)} />
            }
            if kind == Session::Pass { <ToWhom others={others.clone()} {to} on_choose={on_to} /> }
            if sheet.lines.is_empty() {
                <Empty icon={Icon::Barcode} title={speech.say("session.empty")} text={speech.say("session.empty-text")} />
            } else {
                <div class="card stack">
                    { for sheet.lines.iter().enumerate().map(|(place, line)| html! {
                        <Entered key={line.product.to_string()} {stall} line={line.clone()} change={change.clone()} goes={kind.goes()}
                            waits={kind == Session::Count && place < WAITING_SHOWN_MAX}
                            currency={(kind == Session::Receive).then(|| props.stall.currency.clone())} />
                    }) }
                </div>
                if matches!(kind, Session::Receive | Session::Count | Session::Gone) {
                    <Field label={speech.say("line.note")} value={sheet.note.clone()} on_input={on_note} />
                }
                <footer class="row row-apart import-foot">
                    <button type="button" class="button button-quiet" onclick={change.reform(|_| Change::Clear)}>{ speech.say("session.clear") }</button>
                    <button type="button" class="button button-main" onclick={finish} disabled={!is_ready}>
                        { speech.count("session.finish", i64::try_from(sheet.lines.len()).unwrap_or(0)) }
                    </button>
                </footer>
            }
        </section>
    }
}

pub(super) fn reason_setter(reason: &UseStateHandle<AdjustReason>) -> Callback<String> {
    let setter = reason.setter();
    Callback::from(move |word: String| {
        setter.set(AdjustReason::from_word(&word).unwrap_or(AdjustReason::Waste));
    })
}

/// Why units are here no more, or are after all.
pub(super) fn reasons(speech: &Speech) -> Vec<(AttrValue, AttrValue)> {
    let given = AdjustReason::ALL.iter().filter(|reason| **reason != AdjustReason::Undone);
    let shown = |reason: &AdjustReason| {
        let word = reason.word();
        (AttrValue::Static(word), speech.say_or(&format!("adjust-reason.{word}"), word))
    };
    given.map(shown).collect()
}

fn hit(change: &Callback<Change>, text: &UseStateHandle<String>) -> Callback<ProductRow> {
    let (change, text) = (change.clone(), text.clone());
    Callback::from(move |row| {
        text.set(String::new());
        change.emit(Change::Add(row, None));
    })
}

fn one_of(change: &Callback<Change>, which: &UseStateHandle<Vec<OneOf>>) -> Callback<OneOf> {
    let (change, which) = (change.clone(), which.setter());
    Callback::from(move |(row, quantity)| {
        which.set(Vec::new());
        change.emit(Change::Add(row, quantity));
    })
}

/// None while it is not said to whom.
fn verb(
    kind: Session,
    part: &Part,
    (note, reason, to): (&str, AdjustReason, Option<AuthorId>),
    currency: &str,
) -> Option<Verb> {
    let note = note.to_owned();
    let (line, quantity) = part.lines.first()?;
    let (product, quantity) = (line.product, *quantity);
    Some(match kind {
        Session::Receive => {
            let line = |(line, quantity): &(Line, i64)| ReceivedLineInput {
                product: line.product,
                quantity: *quantity,
                cost_minor: typed::amount(&line.cost, currency),
            };
            Verb::ReceiveStock { lines: part.lines.iter().map(line).collect(), note }
        }
        Session::Gone => {
            let line = |(line, quantity): &(Line, i64)| AdjustedLineInput {
                product: line.product,
                quantity: *quantity,
            };
            Verb::AdjustStock { reason, lines: part.lines.iter().map(line).collect(), note }
        }
        Session::Count => Verb::CountStock { product, counted: quantity, reason: note, count: line.count },
        Session::TakeAlong => Verb::AskShare { product, quantity },
        Session::GiveBack => Verb::ReturnShare { product, quantity },
        Session::Pass => Verb::PassShare { product, quantity, to: to? },
    })
}

/// A sheet on its way.
struct Going {
    desk: Desk,
    stall: LogId,
    change: Callback<Change>,
}

impl Going {
    fn go(self, doing: &Doing, kind: Session, (parts, verbs): (Vec<Part>, Vec<Verb>)) {
        let (desk, speech) = (doing.desk.clone(), doing.speech.clone());
        doing.run(self.all(parts, verbs), move |replies| {
            desk.toasts.done(told(&speech, kind, &replies));
            desk.go(Route::Stock);
        });
    }

    /// One after the other. What is done leaves the sheet at once; what was refused stops the rest.
    async fn all(self, parts: Vec<Part>, verbs: Vec<Verb>) -> Result<Vec<Reply>, Trouble> {
        self.change.emit(Change::Sent(parts.clone()));
        let mut replies = Vec::new();
        for (part, verb) in parts.into_iter().zip(verbs) {
            let outcome = self.desk.send(Command { id: part.id, stall: self.stall, verb }).await;
            if let Err(Trouble::Refused(_)) = &outcome {
                self.change.emit(Change::Refused(part.id));
            }
            replies.push(outcome?);
            self.change.emit(Change::Done(part));
        }
        Ok(replies)
    }
}

fn told(speech: &Speech, kind: Session, replies: &[Reply]) -> AttrValue {
    let differs =
        |reply: &&Reply| matches!(reply, Reply::Counted { expected, counted } if expected != counted);
    match kind {
        Session::Count => speech
            .count("session.counted", i64::try_from(replies.iter().filter(differs).count()).unwrap_or(0)),
        Session::TakeAlong => speech.say("stock.asked"),
        Session::Pass => speech.say("stock.passed"),
        Session::Receive | Session::Gone | Session::GiveBack => speech.say("stock.done"),
    }
}

/// A product that a code means, and how much of it, where a label says so.
type OneOf = (ProductRow, Option<i64>);

/// What a scanner reads is one more of that product, or as much as the label of a scale says; which of several, a person says.
#[hook]
fn use_scans(stall: LogId, change: Callback<Change>, which: UseStateSetter<Vec<OneOf>>) {
    let (desk, speech) = (use_desk(), use_speech());
    use_effect_with((stall, change), move |(stall, change)| {
        let (stall, change, asking) = (*stall, change.clone(), desk.clone());
        let listening = desk.scans.listen(move |code| {
            let (desk, speech, change, which, code) =
                (asking.clone(), speech.clone(), change.clone(), which.clone(), code.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let answer = desk.call(Call::Ask(Query::Scan { stall, code: code.clone() })).await;
                let Some(found) = found(answer) else {
                    desk.toasts.error(speech.say("scan.failed"));
                    return;
                };
                match found.as_slice() {
                    [] => desk.toasts.error(speech.fill("scan.unknown", &[("code", &code)])),
                    [(row, quantity)] => change.emit(Change::Add(row.clone(), *quantity)),
                    _ => which.set(found),
                }
            });
        });
        move || drop(listening)
    });
}

fn found(answer: Answer) -> Option<Vec<OneOf>> {
    if let Answer::View(View::Scanned(scanned)) = answer {
        return Some(scanned.into_iter().map(|one| (one.row, Some(one.quantity))).collect());
    }
    let Answer::View(View::Products(rows)) = answer else { return None };
    Some(rows.into_iter().map(|row| (row, None)).collect())
}

#[derive(Properties, PartialEq)]
struct HitsProps {
    stall: LogId,
    text: String,
    on_hit: Callback<ProductRow>,
}

#[component]
fn Hits(props: &HitsProps) -> Html {
    let speech = use_speech();
    let text = props.text.trim().to_owned();
    let query = Query::Search { stall: props.stall, text: text.clone(), rows: HITS_MAX };
    let live = use_query((!text.is_empty()).then_some(query));
    let rows: &[ProductRow] = match live.view() {
        Some(View::Products(rows)) if !text.is_empty() => rows,
        _ => &[],
    };
    if rows.is_empty() {
        return Html::default();
    }
    let found: Vec<OneOf> = rows.iter().map(|row| (row.clone(), None)).collect();
    html! { <Found label={speech.say("search.products")} {found} on_hit={props.on_hit.reform(|(row, _): OneOf| row)} /> }
}

#[derive(Properties, PartialEq)]
struct FoundProps {
    label: AttrValue,
    found: Vec<OneOf>,
    on_hit: Callback<OneOf>,
}

#[component]
fn Found(props: &FoundProps) -> Html {
    let desk = use_desk();
    let one = |one: &OneOf| {
        let (row, hit) = (&one.0, one.clone());
        let onclick = props.on_hit.reform(move |_: MouseEvent| hit.clone());
        html! {
            <button type="button" class="list-row" {onclick}>
                <Photo address={row.picture.as_ref().map(|hash| desk.picture(hash))} name={row.name.clone()} />
                <span class="list-main"><span class="list-name">{ row.name.clone() }</span></span>
                { icon(Icon::Plus) }
            </button>
        }
    };
    html! { <div class="card" role="group" aria-label={props.label.clone()}>{ for props.found.iter().map(one) }</div> }
}

#[derive(Properties, PartialEq)]
struct EnteredProps {
    stall: LogId,
    line: Line,
    goes: Option<Goes>,
    /// Whether it says on whom its count waits.
    waits: bool,
    change: Callback<Change>,
    /// Where what it cost is asked, too.
    currency: Option<String>,
}

#[component]
fn Entered(props: &EnteredProps) -> Html {
    let speech = use_speech();
    let line = &props.line;
    let product = line.product;
    let on_quantity = props.change.reform(move |text| Change::Quantity(product, text));
    let on_cost = props.change.reform(move |text| Change::Cost(product, text));
    let remove = props.change.reform(move |_: MouseEvent| Change::Remove(product));
    let sign = (line.unit != Unit::Piece).then(|| AttrValue::Static(line.unit.symbol()));
    html! {
        <div class="entered">
            <span class="list-name">{ line.name.clone() }</span>
            <button type="button" class="button-icon" onclick={remove} aria-label={speech.fill("session.remove", &[("name", &line.name)])}>{ icon(Icon::Cross) }</button>
            <div class="pair">
                <Field label={speech.say("line.quantity")} value={line.quantity.clone()} on_input={on_quantity} inputmode="numeric" {sign} />
                if let Some(currency) = props.currency.clone() {
                    <Field label={speech.say("session.cost")} value={line.cost.clone()} on_input={on_cost} inputmode="decimal" sign={currency} />
                }
            </div>
            if props.waits { <Waits stall={props.stall} {product} /> }
            if let Some(goes) = props.goes {
                <Stays stall={props.stall} {product} unit={line.unit} {goes} quantity={typed::whole(&line.quantity)} />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct WaitsProps {
    stall: LogId,
    product: ProductId,
}

/// Registers that have not said yet what they sold before somebody looked.
#[component]
fn Waits(props: &WaitsProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Stock { stall: props.stall, product: props.product }));
    let Some(View::Stock(stock)) = live.view() else { return Html::default() };
    if stock.waits_for.is_empty() {
        return Html::default();
    }
    let n = speech.number(i64::try_from(stock.waits_for.len()).unwrap_or(i64::MAX));
    html! { <p class="field-hint" role="status">{ speech.fill("stock.count-waits", &[("n", &n)]) }</p> }
}

#[cfg(test)]
mod tests {
    use soko_app_api::ScannedRow;

    use super::super::session_sheet::tests::row;
    use super::*;

    #[test]
    fn a_code_is_products_and_a_label_says_how_much_of_one() {
        let cheese = || row(1, Unit::Gram);
        let scanned = ScannedRow { row: cheese(), quantity: 660, price_minor: Some(990) };
        for (view, expected) in [
            (View::Products(vec![cheese()]), Some(vec![(cheese(), None)])),
            (View::Scanned(vec![scanned]), Some(vec![(cheese(), Some(660))])),
            (View::Missing, None),
        ] {
            assert_eq!(found(Answer::View(view)), expected);
        }
    }
}

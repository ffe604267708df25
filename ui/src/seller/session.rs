//! Many products at once, by scanning or searching: goods that came in, goods that are counted, goods that are gone, and
//! units that one register takes along, gives back or passes to another. What was entered is kept on the device until it is finished.

use std::cell::RefCell;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use soko_app_api::text::{Worded as _, as_hex, as_word};
use soko_app_api::{
    AdjustedLineInput, Answer, Call, OwnStall, ProductRow, Query, ReceivedLineInput, Reply, Verb, View,
};
use soko_domain::entry::AdjustReason;
use soko_domain::ids::{AuthorId, LogId, ProductId};
use soko_domain::quantity::Unit;
use yew::prelude::*;

use super::camera::CameraSearch;
use super::passing::{Goes, Stays, ToWhom, use_others};
use super::with_stall;
use crate::acting::sets;
use crate::desk::{Desk, Trouble, use_desk};
use crate::doing::use_doing;
use crate::drafts;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Choice, Empty, Field, Icon, Photo, icon};
use crate::route::{Route, Session};
use crate::speech::{Speech, use_speech};
use crate::typed;

const HITS_MAX: u32 = 8;

/// Of a sheet as it is kept: whoever changes what it has counts it up and reads the one before, too.
const LAYOUT: u8 = 1;

/// One product of the session, as it is typed.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Line {
    #[serde(with = "as_hex")]
    product: ProductId,
    name: String,
    #[serde(with = "as_word")]
    unit: Unit,
    quantity: String,
    cost: String,
}

#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
struct Sheet {
    lines: Vec<Line>,
    note: String,
}

impl Sheet {
    /// One more of it; the last that was touched stands first.
    fn add(&mut self, row: &ProductRow) {
        let known = self.lines.iter().position(|line| line.product == row.product);
        let mut line = known.map(|at| self.lines.remove(at)).unwrap_or_else(|| Line {
            product: row.product,
            name: row.name.clone(),
            unit: row.unit,
            quantity: "0".into(),
            cost: String::new(),
        });
        if line.unit == Unit::Piece {
            line.quantity = typed::whole(&line.quantity).unwrap_or(0).saturating_add(1).to_string();
        } else if known.is_none() {
            line.quantity = String::new();
        }
        self.lines.insert(0, line);
    }

    /// None while a line has no quantity.
    fn quantities(&self, is_count: bool) -> Option<Vec<(ProductId, i64)>> {
        let least = if is_count { 0 } else { 1 };
        let one = |line: &Line| {
            typed::whole(&line.quantity)
                .filter(|quantity| *quantity >= least)
                .map(|quantity| (line.product, quantity))
        };
        self.lines.iter().map(one).collect::<Option<Vec<_>>>().filter(|lines| !lines.is_empty())
    }
}

impl Session {
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

    /// None where units stay with who has them.
    fn goes(self) -> Option<Goes> {
        match self {
            Self::TakeAlong => Some(Goes::Here),
            Self::GiveBack | Self::Pass => Some(Goes::Away),
            Self::Receive | Self::Count | Self::Gone => None,
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
    use_scans(stall, change.clone(), text.setter());
    let quantities = sheet.quantities(kind == Session::Count);
    let is_ready = quantities.is_some() && !doing.is_busy() && (kind != Session::Pass || to.is_some());
    let finish = {
        let (doing, sheet, change, reason) = (doing.clone(), sheet.clone(), change.clone(), *reason);
        let currency = props.stall.currency.clone();
        Callback::from(move |_: MouseEvent| {
            let Some(quantities) = quantities.clone() else { return };
            let (desk, speech, change) = (doing.desk.clone(), doing.speech.clone(), change.clone());
            let verbs = verbs(kind, (&sheet, &quantities), (reason, to), &currency);
            doing.run(all(doing.desk.clone(), stall, verbs), move |replies| {
                change.emit(Change::Clear);
                desk.toasts.done(told(&speech, kind, &replies));
                desk.go(Route::Stock);
            });
        })
    };
    let on_note = change.reform(Change::Note);
    let on_to = Callback::from({
        let chosen = chosen.setter();
        move |author: AuthorId| chosen.set(Some(author))
    });
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Stock} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say(kind.title()) }</h1>
            </header>
            <p class="prose">{ speech.say(kind.text()) }</p>
            <CameraSearch label={speech.say("search.products")} value={(*text).clone()} on_input={sets(&text)} />
            <Hits {stall} text={(*text).clone()} on_hit={hit(&change, &text)} />
            if kind == Session::Gone {
                <Choice label={speech.say("session.reason")} value={reason.word()} options={reasons(&speech)} on_choose={reason_setter(&reason)} />
            }
            if kind == Session::Pass { <ToWhom others={others.clone()} {to} on_choose={on_to} /> }
            if sheet.lines.is_empty() {
                <Empty icon={Icon::Barcode} title={speech.say("session.empty")} text={speech.say("session.empty-text")} />
            } else {
                <div class="card stack">
                    { for sheet.lines.iter().map(|line| html! {
                        <Entered key={line.product.to_string()} {stall} line={line.clone()} change={change.clone()} goes={kind.goes()}
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
        change.emit(Change::Add(row));
    })
}

fn verbs(
    kind: Session,
    (sheet, quantities): (&Sheet, &[(ProductId, i64)]),
    (reason, to): (AdjustReason, Option<AuthorId>),
    currency: &str,
) -> Vec<Verb> {
    let note = sheet.note.trim().to_owned();
    let each = |verb: fn(ProductId, i64, String) -> Verb| {
        quantities.iter().map(|(product, quantity)| verb(*product, *quantity, note.clone())).collect()
    };
    match kind {
        Session::Receive => {
            let line = |(line, (product, quantity)): (&Line, &(ProductId, i64))| ReceivedLineInput {
                product: *product,
                quantity: *quantity,
                cost_minor: typed::amount(&line.cost, currency),
            };
            let lines = sheet.lines.iter().zip(quantities).map(line).collect();
            vec![Verb::ReceiveStock { lines, note }]
        }
        Session::Gone => {
            let line = |(product, quantity): &(ProductId, i64)| AdjustedLineInput {
                product: *product,
                quantity: *quantity,
            };
            vec![Verb::AdjustStock { reason, lines: quantities.iter().map(line).collect(), note }]
        }
        Session::Count => {
            each(|product, counted, reason| Verb::CountStock { product, counted, reason, count: None })
        }
        Session::TakeAlong => each(|product, quantity, _| Verb::AskShare { product, quantity }),
        Session::GiveBack => each(|product, quantity, _| Verb::ReturnShare { product, quantity }),
        Session::Pass => {
            let Some(to) = to else { return Vec::new() };
            let pass = |(product, quantity): &(ProductId, i64)| Verb::PassShare {
                product: *product,
                quantity: *quantity,
                to,
            };
            quantities.iter().map(pass).collect()
        }
    }
}

/// One after the other; what was refused stops the rest, and what was done before it stays done.
async fn all(desk: Desk, stall: LogId, verbs: Vec<Verb>) -> Result<Vec<Reply>, Trouble> {
    let mut replies = Vec::new();
    for verb in verbs {
        replies.push(desk.act(stall, verb).await?);
    }
    Ok(replies)
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

enum Change {
    Add(ProductRow),
    Quantity(ProductId, String),
    Cost(ProductId, String),
    Remove(ProductId),
    Note(String),
    Clear,
    /// As it was kept.
    Put(Sheet),
}

impl Change {
    fn to(self, sheet: &mut Sheet) {
        let mut with = |product: ProductId, change: &dyn Fn(&mut Line)| {
            sheet.lines.iter_mut().filter(|line| line.product == product).for_each(change);
        };
        match self {
            Self::Quantity(product, text) => with(product, &|line| line.quantity.clone_from(&text)),
            Self::Cost(product, text) => with(product, &|line| line.cost.clone_from(&text)),
            Self::Remove(product) => sheet.lines.retain(|line| line.product != product),
            Self::Add(row) => sheet.add(&row),
            Self::Note(note) => sheet.note = note,
            Self::Clear => *sheet = Sheet::default(),
            Self::Put(kept) => *sheet = kept,
        }
    }
}

/// The sheet, kept on the device at every change.
#[hook]
fn use_sheet(stall: LogId, kind: Session) -> (Sheet, Callback<Change>) {
    let desk = use_desk();
    let key = format!("session/{}/{stall}", kind.word());
    let shown = use_state(Sheet::default);
    // Two scans may come before the next drawing.
    let current = use_memo((), |()| RefCell::new(Sheet::default()));
    let change = {
        let (desk, key, current, set) = (desk.clone(), key.clone(), Rc::clone(&current), shown.setter());
        Callback::from(move |change: Change| {
            let is_kept = matches!(change, Change::Put(_));
            change.to(&mut current.borrow_mut());
            let sheet = current.borrow().clone();
            if !is_kept {
                keep(&desk, key.clone(), &sheet);
            }
            set.set(sheet);
        })
    };
    {
        let change = change.clone();
        use_effect_with(key, move |key| {
            let key = key.clone();
            wasm_bindgen_futures::spawn_local(async move {
                let answer = desk.call(Call::Kept { key }).await;
                if let Answer::Kept(bytes) = answer
                    && let Some(sheet) = drafts::unpack(LAYOUT, &bytes).found()
                {
                    change.emit(Change::Put(sheet));
                }
            });
        });
    }
    ((*shown).clone(), change)
}

fn keep(desk: &Desk, key: String, sheet: &Sheet) {
    let is_empty = *sheet == Sheet::default();
    let value = if is_empty { Vec::new() } else { drafts::pack(LAYOUT, sheet) };
    let desk = desk.clone();
    wasm_bindgen_futures::spawn_local(async move {
        // A draft that could not be kept is kept with the next change.
        let _ = desk.call(Call::Keep { key, value }).await;
    });
}

/// What a scanner reads is one more of that product; a code of several products is searched for.
#[hook]
fn use_scans(stall: LogId, change: Callback<Change>, search: UseStateSetter<String>) {
    let (desk, speech) = (use_desk(), use_speech());
    use_effect_with((stall, change), move |(stall, change)| {
        let (stall, change, asking) = (*stall, change.clone(), desk.clone());
        let listening = desk.scans.listen(move |code| {
            let (desk, speech, change, search, code) =
                (asking.clone(), speech.clone(), change.clone(), search.clone(), code.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let answer = desk.call(Call::Ask(Query::Scan { stall, code: code.clone() })).await;
                let Answer::View(View::Products(rows)) = answer else {
                    desk.toasts.error(speech.say("scan.failed"));
                    return;
                };
                match rows.as_slice() {
                    [] => desk.toasts.error(speech.fill("scan.unknown", &[("code", &code)])),
                    [row] => change.emit(Change::Add(row.clone())),
                    _ => search.set(code),
                }
            });
        });
        move || drop(listening)
    });
}

#[derive(Properties, PartialEq)]
struct HitsProps {
    stall: LogId,
    text: String,
    on_hit: Callback<ProductRow>,
}

#[component]
fn Hits(props: &HitsProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
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
    let one = |row: &ProductRow| {
        let hit = row.clone();
        let onclick = props.on_hit.reform(move |_: MouseEvent| hit.clone());
        html! {
            <button type="button" class="list-row" {onclick}>
                <Photo address={row.picture.as_ref().map(|hash| desk.picture(hash))} name={row.name.clone()} />
                <span class="list-main"><span class="list-name">{ row.name.clone() }</span></span>
                { icon(Icon::Plus) }
            </button>
        }
    };
    html! { <div class="card" role="group" aria-label={speech.say("search.products")}>{ for rows.iter().map(one) }</div> }
}

#[derive(Properties, PartialEq)]
struct EnteredProps {
    stall: LogId,
    line: Line,
    goes: Option<Goes>,
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
            if let Some(goes) = props.goes {
                <Stays stall={props.stall} {product} unit={line.unit} {goes} quantity={typed::whole(&line.quantity)} />
            }
        </div>
    }
}

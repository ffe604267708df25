//! A list or grid of any length: only what is in sight is in the page and only what was in sight was asked for. All
//! cells are equally high, by the style's `--row` and `--column`; the list measures them, so that large text works.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use soko_app_api::{Answer, Call, Window};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::Loading;
use crate::browser::{self, time};
use crate::concerns::concerns;
use crate::desk::{Desk, Trouble, use_desk};
use crate::paging::{self, PAGE_ROWS};
use crate::speech::use_speech;

/// One row to draw: where it stands in which answer.
#[derive(Clone)]
pub struct Slot {
    pub answer: Rc<Answer>,
    pub at: usize,
}

#[derive(Properties, PartialEq)]
pub struct WindowedProps {
    pub label: AttrValue,
    /// The question, whichever window it has.
    pub call: Call,
    pub slot: Callback<Slot, Html>,
    /// What is shown when there is no row at all.
    pub empty: Html,
    #[prop_or_default]
    pub class: Classes,
}

#[component]
pub fn Windowed(props: &WindowedProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let pages = use_mut_ref(Pages::default);
    let draw = use_force_update();
    let sight = use_state_eq(Sight::default);
    let node = use_node_ref();
    use_sight(&node, &sight);
    let fetcher = Fetcher { desk, pages: Rc::clone(&pages), draw: Rc::new(move || draw.force_update()) };
    {
        let fetcher = fetcher.clone();
        use_effect_with((props.call.clone(), *sight), move |(call, sight)| fetcher.fill(call, *sight));
    }
    use_effect_with(props.call.clone(), move |call| {
        let (call, refetch) = (call.clone(), fetcher.clone());
        let listening = fetcher.desk.told.listen(move |told| {
            if concerns(&call, told) {
                refetch.again(&call);
            }
        });
        move || drop(listening)
    });
    let pages = pages.borrow();
    let failure = pages.failure();
    if failure.is_some() || pages.shown.is_none() {
        return html! {
            <div ref={node} class={classes!("windowed", props.class.clone())}>
                <span class="windowed-probe" aria-hidden="true" />
                { failure.map_or_else(|| html! { <Loading rows={6} /> }, |trouble| html! {
                    <p class="problem" role="status">{ trouble.sentence(&speech) }</p>
                }) }
            </div>
        };
    }
    let is_empty = pages.rows() == 0;
    size(&node, &pages, *sight);
    let cells = sight.cells().filter_map(|index| pages.slot(index).map(|slot| (index, slot)));
    html! {
        <div ref={node} class={classes!("windowed", props.class.clone())}>
            <span class="windowed-probe" aria-hidden="true" />
            <ul class="windowed-view" aria-label={props.label.clone()} hidden={is_empty}>
                { for cells.map(|(index, slot)| html! { <li key={index}>{ props.slot.emit(slot) }</li> }) }
            </ul>
            if is_empty {
                { props.empty.clone() }
            }
        </div>
    }
}

/// The part of the list that is in sight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sight {
    first_row: usize,
    rows: usize,
    columns: usize,
    row_px: usize,
}

impl Default for Sight {
    fn default() -> Self {
        Self { first_row: 0, rows: 12, columns: 1, row_px: 64 }
    }
}

/// Rows beyond the edges that are drawn already.
const AHEAD_ROWS: usize = 4;

impl Sight {
    fn cells(self) -> std::ops::Range<usize> {
        self.first_row * self.columns..(self.first_row + self.rows) * self.columns
    }

    fn measure(list: &Element, scroller: &Element) -> Option<Self> {
        let probe = list.query_selector(".windowed-probe").ok()??.get_bounding_client_rect();
        let (area, view) = (list.get_bounding_client_rect(), scroller.get_bounding_client_rect());
        // Not shown yet.
        let row_px = Some(pixels(probe.height())).filter(|row_px| *row_px > 0)?;
        let columns = (pixels(area.width()) / pixels(probe.width()).max(1)).max(1);
        let above = pixels(view.top() - area.top()) / row_px;
        let in_view = pixels(view.height()) / row_px + 1;
        let first_row = above.saturating_sub(AHEAD_ROWS);
        Some(Self { first_row, rows: in_view + 2 * AHEAD_ROWS, columns, row_px })
    }
}

/// A length on the screen; what lies outside of it is nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, as wanted here"
)]
fn pixels(length: f64) -> usize {
    length.round() as usize
}

/// Sets the list's height and where the drawn part of it stands.
fn size(node: &NodeRef, pages: &Pages, sight: Sight) {
    let Some(list) = node.cast::<HtmlElement>() else { return };
    let height = pages.rows().div_ceil(sight.columns) * sight.row_px;
    let style = list.style();
    for (name, value) in [
        ("--height", format!("{height}px")),
        ("--above", format!("{}px", sight.first_row * sight.row_px)),
        ("--columns", sight.columns.to_string()),
    ] {
        // A custom property takes any text.
        let _ = style.set_property(name, &value);
    }
}

/// Measures at first, when something scrolls and when the window changes.
#[hook]
fn use_sight(node: &NodeRef, sight: &UseStateHandle<Sight>) {
    let (node, set) = (node.clone(), sight.setter());
    use_effect_with((), move |()| {
        let list = node.cast::<Element>();
        let scroller = list.as_ref().and_then(|list| list.closest(".scrolls").ok().flatten());
        let measure = {
            let (node, scroller) = (node.clone(), scroller.clone());
            move || {
                let seen = node.cast::<Element>().zip(scroller.clone());
                if let Some(now) = seen.and_then(|(list, scroller)| Sight::measure(&list, &scroller)) {
                    set.set(now);
                }
            }
        };
        measure();
        // What stands in a dialog is shown when the dialog is, a moment later.
        let later = measure.clone();
        wasm_bindgen_futures::spawn_local(async move {
            time::sleep(0).await;
            later();
        });
        let closure = Closure::<dyn Fn()>::new(measure);
        let ear = closure.as_ref().unchecked_ref::<js_sys::Function>().clone();
        if let Some(scroller) = &scroller {
            // An element takes listeners of any event.
            let _ = scroller.add_event_listener_with_callback("scroll", &ear);
        }
        let _ = browser::window().add_event_listener_with_callback("resize", &ear);
        move || {
            if let Some(scroller) = &scroller {
                let _ = scroller.remove_event_listener_with_callback("scroll", &ear);
            }
            let _ = browser::window().remove_event_listener_with_callback("resize", &ear);
            drop(closure);
        }
    });
}

/// The pages that were fetched, of the call whose first page has arrived.
#[derive(Default)]
struct Pages {
    shown: Option<Call>,
    by_number: BTreeMap<usize, Rc<Answer>>,
    /// Asked for, by page, with the number of the question.
    open: BTreeMap<usize, u32>,
    wanted: Option<Call>,
    asked: u32,
}

impl Pages {
    /// So many rows are known to be there.
    fn rows(&self) -> usize {
        let last = self.by_number.last_key_value();
        last.map_or(0, |(page, answer)| page * PAGE_ROWS + paging::rows(answer))
    }

    fn is_complete(&self) -> bool {
        self.by_number.last_key_value().is_some_and(|(_, answer)| paging::rows(answer) < PAGE_ROWS)
    }

    fn slot(&self, index: usize) -> Option<Slot> {
        let answer = self.by_number.get(&(index / PAGE_ROWS))?;
        let at = index % PAGE_ROWS;
        (at < paging::rows(answer)).then(|| Slot { answer: Rc::clone(answer), at })
    }

    fn failure(&self) -> Option<Trouble> {
        self.by_number.first_key_value().and_then(|(_, answer)| paging::failure(answer))
    }

    /// Takes the answer to the last question about a page. The first page of another call replaces everything.
    fn take(&mut self, call: &Call, page: usize, number: u32, answer: Answer) -> bool {
        if self.wanted.as_ref() != Some(call) || self.open.get(&page) != Some(&number) {
            return false;
        }
        self.open.remove(&page);
        if self.shown.as_ref() != Some(call) {
            self.by_number.clear();
            self.shown = Some(call.clone());
        }
        // After rows went away, pages behind the last row are no more.
        if paging::rows(&answer) < PAGE_ROWS {
            self.by_number.split_off(&(page + 1));
        }
        self.by_number.insert(page, Rc::new(answer));
        true
    }
}

#[derive(Clone)]
struct Fetcher {
    desk: Desk,
    pages: Rc<RefCell<Pages>>,
    draw: Rc<dyn Fn()>,
}

impl Fetcher {
    /// Asks for the pages in sight that are missing.
    fn fill(&self, call: &Call, sight: Sight) {
        let cells = sight.cells();
        let is_other = self.pages.borrow().wanted.as_ref() != Some(call);
        if is_other {
            let mut pages = self.pages.borrow_mut();
            pages.wanted = Some(call.clone());
            pages.open.clear();
        }
        let last = cells.end / PAGE_ROWS;
        for page in (cells.start / PAGE_ROWS)..=last {
            let is_needed = {
                let pages = self.pages.borrow();
                let is_known =
                    !is_other && pages.shown.as_ref() == Some(call) && pages.by_number.contains_key(&page);
                // Of a call that has not been answered yet, only the first page is asked for.
                let is_beyond = page > 0 && (pages.shown.as_ref() != Some(call) || pages.is_complete());
                !is_known && !is_beyond && !pages.open.contains_key(&page)
            };
            if is_needed {
                self.ask(call, page);
            }
        }
        (self.draw)();
    }

    /// Asks again for what is shown, since it changed.
    fn again(&self, call: &Call) {
        let shown: Vec<usize> = self.pages.borrow().by_number.keys().copied().collect();
        for page in shown {
            self.ask(call, page);
        }
    }

    fn ask(&self, call: &Call, page: usize) {
        let rows = u32::try_from(PAGE_ROWS).unwrap_or(u32::MAX);
        let offset = u32::try_from(page * PAGE_ROWS).unwrap_or(u32::MAX);
        let Some(paged) = paging::at(call, Window { offset, rows }) else { return };
        let number = {
            let mut pages = self.pages.borrow_mut();
            pages.asked = pages.asked.wrapping_add(1);
            let number = pages.asked;
            pages.open.insert(page, number);
            number
        };
        let (fetcher, call) = (self.clone(), call.clone());
        wasm_bindgen_futures::spawn_local(async move {
            let answer = fetcher.desk.call(paged).await;
            if fetcher.pages.borrow_mut().take(&call, page, number, answer) {
                (fetcher.draw)();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use soko_app_api::{OpenOrderRow, Query, View};
    use soko_domain::ids::{LogId, OrderId};

    use super::*;

    fn call(stall: u8) -> Call {
        Call::Ask(Query::OpenOrders { stall: LogId([stall; 16]), window: Window::first(1) })
    }

    fn page(rows: usize) -> Answer {
        let row = OpenOrderRow { order: OrderId::default(), title: String::new(), lines: 1, is_rest: false };
        Answer::View(View::OpenOrders(vec![row; rows]))
    }

    fn asked(call: &Call, pages: &[usize]) -> Pages {
        let open = pages.iter().map(|page| (*page, 1)).collect();
        Pages { wanted: Some(call.clone()), open, asked: 1, ..Pages::default() }
    }

    #[test]
    fn rows_are_found_in_their_pages() {
        let call = call(1);
        let mut pages = asked(&call, &[0, 1]);
        assert!(pages.take(&call, 0, 1, page(PAGE_ROWS)));
        assert!(!pages.is_complete());
        assert!(pages.take(&call, 1, 1, page(3)));
        assert_eq!((pages.rows(), pages.is_complete()), (PAGE_ROWS + 3, true));
        assert_eq!(pages.slot(PAGE_ROWS + 2).map(|slot| slot.at), Some(2));
        assert!(pages.slot(PAGE_ROWS + 3).is_none());
    }

    #[test]
    fn an_older_answer_or_one_to_another_question_counts_for_nothing() {
        let (now, before) = (call(1), call(2));
        let mut pages = asked(&now, &[0]);
        pages.open.insert(0, 2);
        assert!(!pages.take(&now, 0, 1, page(5)));
        assert!(!pages.take(&before, 0, 2, page(5)));
        assert!(pages.take(&now, 0, 2, page(4)));
        assert_eq!(pages.rows(), 4);
    }

    #[test]
    fn a_list_that_became_shorter_forgets_what_was_behind() {
        let call = call(1);
        let mut pages = asked(&call, &[0, 1]);
        pages.take(&call, 0, 1, page(PAGE_ROWS));
        pages.take(&call, 1, 1, page(7));
        pages.open.insert(0, 2);
        pages.take(&call, 0, 2, page(9));
        assert_eq!(pages.rows(), 9);
    }
}

//! What is entered in a session over many products: its lines, the commands that they become, and how they are kept on the
//! device until those are done. How it looks is not here.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use soko_app_api::text::{as_hex, as_hex_opt, as_word};
use soko_app_api::{Answer, Call, ProductRow};
use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_domain::quantity::Unit;
use yew::prelude::*;

use super::stock_of::{drop_count, open_count};
use crate::browser::{self, time};
use crate::desk::{Desk, use_desk};
use crate::drafts;
use crate::route::Session;
use crate::speech::{Speech, use_speech};
use crate::typed;

/// Of a sheet as it is kept: whoever changes what it has counts it up and reads the one before, too.
const LAYOUT: u8 = 2;
const LAYOUT_BEFORE: u8 = 1;

/// Drafts that the lines of a sheet are spread over, each line by its product: a change writes one of them again, and together
/// they hold what is more than one draft may have.
const PARTS: u8 = 16;

/// A number that is entered later than this after its count was opened is of another look at the shelf.
const COUNT_MS_MAX: u64 = 10 * 60 * 1_000;

/// One product of the session, as it is typed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Line {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub name: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    pub quantity: String,
    pub cost: String,
    /// The count that was opened for it, and when.
    #[serde(with = "as_hex_opt")]
    pub count: Option<ThingId>,
    opened_ms: i64,
    /// The command that it went with. It may have been done though nobody heard so: tried again under this identity, it is done
    /// once.
    #[serde(with = "as_hex_opt")]
    pub sent: Option<ThingId>,
    /// The last that was touched has the highest.
    turn: u64,
}

impl Line {
    fn of(row: &ProductRow) -> Self {
        Self {
            product: row.product,
            name: row.name.clone(),
            unit: row.unit,
            quantity: String::new(),
            cost: String::new(),
            count: None,
            opened_ms: 0,
            sent: None,
            turn: 0,
        }
    }
}

#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct Sheet {
    pub lines: Vec<Line>,
    pub note: String,
}

/// What goes as one command, with the quantities that it says.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Part {
    pub id: ThingId,
    pub lines: Vec<(Line, i64)>,
}

impl Sheet {
    /// More of it, as a label says, or one; the last that was touched stands first.
    fn add(&mut self, row: &ProductRow, quantity: Option<i64>) {
        let turn = self.lines.iter().map(|line| line.turn).max().unwrap_or(0).saturating_add(1);
        let known = self.lines.iter().position(|line| line.product == row.product);
        let mut line = known.map_or_else(|| Line::of(row), |at| self.lines.remove(at));
        if let Some(more) = quantity.or((line.unit == Unit::Piece).then_some(1)) {
            line.quantity = typed::whole(&line.quantity).unwrap_or(0).saturating_add(more).to_string();
            line.sent = None;
        }
        line.turn = turn;
        self.lines.insert(0, line);
    }

    /// None while a line has no quantity.
    pub(super) fn entered(&self, is_count: bool) -> Option<Vec<(Line, i64)>> {
        let least = if is_count { 0 } else { 1 };
        let one = |line: &Line| {
            typed::whole(&line.quantity)
                .filter(|quantity| *quantity >= least)
                .map(|quantity| (line.clone(), quantity))
        };
        self.lines.iter().map(one).collect::<Option<Vec<_>>>().filter(|lines| !lines.is_empty())
    }

    /// What is no line any more is passed over.
    fn with(&mut self, product: ProductId, change: impl FnOnce(&mut Line)) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.product == product) {
            change(line);
        }
    }

    /// What was done is no more to be done. What was added while it went stays; a count that was changed stays as a whole.
    fn done(&mut self, part: &Part, is_count: bool) {
        for (sent, quantity) in &part.lines {
            let Some(at) = self.lines.iter().position(|line| line.product == sent.product) else { continue };
            let Some(line) = self.lines.get_mut(at) else { continue };
            let is_changed = line.sent != Some(part.id);
            let more = typed::whole(&line.quantity).unwrap_or(0).saturating_sub(*quantity);
            if is_changed && is_count {
                continue;
            }
            if is_changed && more > 0 {
                line.quantity = more.to_string();
            } else {
                self.lines.remove(at);
            }
        }
        if self.lines.is_empty() {
            self.note.clear();
        }
    }

    /// What was entered before it was read joins it.
    fn put(&mut self, kept: Self) {
        for mut line in kept.lines {
            if let Some(now) = self.lines.iter_mut().find(|now| now.product == line.product) {
                let both = typed::whole(&line.quantity).zip(typed::whole(&now.quantity));
                line.quantity = both.map_or(line.quantity, |(a, b)| a.saturating_add(b).to_string());
                line.sent = None;
                *now = line;
            } else {
                self.lines.push(line);
            }
        }
        if self.note.is_empty() {
            self.note = kept.note;
        }
    }

    fn part(&self, number: u8) -> Vec<&Line> {
        self.lines.iter().filter(|line| line.product.0[15] % PARTS == number).collect()
    }
}

/// What was tried already goes as it went; the rest under new identities, so many lines with each.
pub(super) fn parts(
    entered: &[(Line, i64)],
    lines_max: usize,
    mut fresh: impl FnMut() -> ThingId,
) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let (tried, new): (Vec<_>, Vec<_>) = entered.iter().cloned().partition(|(line, _)| line.sent.is_some());
    for (line, quantity) in tried {
        let Some(id) = line.sent else { continue };
        match parts.iter_mut().find(|part| part.id == id) {
            Some(part) => part.lines.push((line, quantity)),
            None => parts.push(Part { id, lines: vec![(line, quantity)] }),
        }
    }
    parts.extend(new.chunks(lines_max.max(1)).map(|lines| Part { id: fresh(), lines: lines.to_vec() }));
    parts
}

pub(super) enum Change {
    /// So much more of it; None where no label said how much.
    Add(ProductRow, Option<i64>),
    Quantity(ProductId, String),
    Cost(ProductId, String),
    Remove(ProductId),
    Note(String),
    Clear,
    /// They go now.
    Sent(Vec<Part>),
    Done(Part),
    /// The next try is another command: a repeat would be refused without looking.
    Refused(ThingId),
    /// As it was kept.
    Put(Sheet),
}

impl Change {
    fn to(self, sheet: &mut Sheet, is_count: bool) {
        match self {
            Self::Quantity(product, text) => sheet.with(product, |line| {
                line.quantity = text;
                line.sent = None;
            }),
            Self::Cost(product, text) => sheet.with(product, |line| {
                line.cost = text;
                line.sent = None;
            }),
            Self::Remove(product) => sheet.lines.retain(|line| line.product != product),
            Self::Add(row, quantity) => sheet.add(&row, quantity),
            Self::Note(note) => sheet.note = note,
            Self::Clear => *sheet = Sheet::default(),
            Self::Sent(parts) => {
                for part in parts {
                    for (line, _) in &part.lines {
                        sheet.with(line.product, |line| line.sent = Some(part.id));
                    }
                }
            }
            Self::Done(part) => sheet.done(&part, is_count),
            Self::Refused(id) => {
                sheet.lines.iter_mut().filter(|line| line.sent == Some(id)).for_each(|line| line.sent = None);
            }
            Self::Put(kept) => sheet.put(kept),
        }
    }

    /// Of which product somebody says how much there is.
    fn looks_at(&self) -> Option<ProductId> {
        match self {
            Self::Add(row, _) => Some(row.product),
            Self::Quantity(product, _) => Some(*product),
            Self::Cost(..)
            | Self::Remove(_)
            | Self::Note(_)
            | Self::Clear
            | Self::Sent(_)
            | Self::Done(_)
            | Self::Refused(_)
            | Self::Put(_) => None,
        }
    }

    /// Lines that go without having been done.
    fn gives_up(&self, sheet: &Sheet) -> Vec<ThingId> {
        let goes = |line: &&Line| match self {
            Self::Clear => true,
            Self::Remove(product) => line.product == *product,
            Self::Add(..)
            | Self::Quantity(..)
            | Self::Cost(..)
            | Self::Note(_)
            | Self::Sent(_)
            | Self::Done(_)
            | Self::Refused(_)
            | Self::Put(_) => false,
        };
        sheet.lines.iter().filter(goes).filter_map(|line| line.count).collect()
    }
}

/// The sheet, kept on the device at every change.
#[hook]
pub(super) fn use_sheet(stall: LogId, kind: Session) -> (Sheet, Callback<Change>) {
    let (desk, speech) = (use_desk(), use_speech());
    let key = format!("session/{}/{stall}", kind.word());
    let shown = use_state(Sheet::default);
    // Two scans may come before the next drawing.
    let current = use_memo((), |()| RefCell::new(Sheet::default()));
    let is_said = use_memo((), |()| Cell::new(false));
    let keeper = Keeper { desk, speech, key: key.clone(), is_said };
    let change = {
        let (keeper, current, set) = (keeper.clone(), Rc::clone(&current), shown.setter());
        let is_count = kind == Session::Count;
        Callback::from(move |change: Change| {
            let before = current.borrow().clone();
            let is_read = matches!(change, Change::Put(_)) && before == Sheet::default();
            let (looked_at, given_up) = (change.looks_at().filter(|_| is_count), change.gives_up(&before));
            let mut after = before.clone();
            change.to(&mut after, is_count);
            if let Some(product) = looked_at {
                after.with(product, |line| open(&keeper.desk, stall, line));
            }
            given_up.into_iter().for_each(|count| drop_count(&keeper.desk, stall, count));
            if !is_read {
                keeper.keep(&before, &after);
            }
            current.replace(after.clone());
            set.set(after);
        })
    };
    {
        let change = change.clone();
        use_effect_with(key, move |_| {
            wasm_bindgen_futures::spawn_local(async move {
                let kept = keeper.kept().await;
                if kept != Sheet::default() {
                    change.emit(Change::Put(kept));
                }
            });
        });
    }
    ((*shown).clone(), change)
}

/// The other registers mark where they stand when somebody looks at the shelf, and not when all shelves were looked at.
fn open(desk: &Desk, stall: LogId, line: &mut Line) {
    let now_ms = time::now_ms();
    if line.count.is_none() || now_ms.abs_diff(line.opened_ms) > COUNT_MS_MAX {
        let count = ThingId(browser::chance());
        line.count = Some(count);
        line.opened_ms = now_ms;
        open_count(desk, stall, (line.product, count));
    }
}

#[derive(Clone)]
struct Keeper {
    desk: Desk,
    speech: Speech,
    key: String,
    /// That it is not kept; once for as long as it is so.
    is_said: Rc<Cell<bool>>,
}

impl Keeper {
    fn keep(&self, before: &Sheet, after: &Sheet) {
        for number in 0..PARTS {
            let lines = after.part(number);
            if lines != before.part(number) {
                let value = if lines.is_empty() { Vec::new() } else { drafts::pack(LAYOUT, &lines) };
                self.keep_one(format!("{}/{number}", self.key), value);
            }
        }
        if before.note != after.note {
            self.keep_note(&after.note);
        }
    }

    fn keep_note(&self, note: &str) {
        let value = if note.is_empty() { Vec::new() } else { drafts::pack(LAYOUT, &note) };
        self.keep_one(self.key.clone(), value);
    }

    fn keep_one(&self, key: String, value: Vec<u8>) {
        let keeper = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            drafts::keep(&keeper.desk, &keeper.speech, &keeper.is_said, (key, value)).await;
        });
    }

    async fn kept(&self) -> Sheet {
        let head = self.bytes(self.key.clone()).await;
        if let Some(before) = drafts::unpack::<Before>(LAYOUT_BEFORE, &head).found() {
            let sheet = Sheet::from(before);
            self.keep(&Sheet { note: sheet.note.clone(), ..Sheet::default() }, &sheet);
            // It stands where everything stood before, so it is written last.
            self.keep_note(&sheet.note);
            return sheet;
        }
        let mut sheet =
            Sheet { note: drafts::unpack(LAYOUT, &head).found().unwrap_or_default(), ..Sheet::default() };
        for number in 0..PARTS {
            let bytes = self.bytes(format!("{}/{number}", self.key)).await;
            let lines: Vec<Line> = drafts::unpack(LAYOUT, &bytes).found().unwrap_or_default();
            sheet.lines.extend(lines);
        }
        sheet.lines.sort_by_key(|line| std::cmp::Reverse(line.turn));
        sheet
    }

    async fn bytes(&self, key: String) -> Vec<u8> {
        let answer = self.desk.call(Call::Kept { key }).await;
        if let Answer::Kept(bytes) = answer { bytes } else { Vec::new() }
    }
}

/// As the program before kept it: all in one draft.
#[derive(Serialize, Deserialize)]
struct Before {
    lines: Vec<LineBefore>,
    note: String,
}

#[derive(Serialize, Deserialize)]
struct LineBefore {
    #[serde(with = "as_hex")]
    product: ProductId,
    name: String,
    #[serde(with = "as_word")]
    unit: Unit,
    quantity: String,
    cost: String,
}

impl From<Before> for Sheet {
    fn from(before: Before) -> Self {
        let line = |(line, turn): (LineBefore, u64)| Line {
            product: line.product,
            name: line.name,
            unit: line.unit,
            quantity: line.quantity,
            cost: line.cost,
            count: None,
            opened_ms: 0,
            sent: None,
            turn,
        };
        let mut lines: Vec<Line> = before.lines.into_iter().rev().zip(1..).map(line).collect();
        lines.reverse();
        Self { lines, note: before.note }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn row(number: u16, unit: Unit) -> ProductRow {
        let mut product = [0; 16];
        product[14..].copy_from_slice(&number.to_be_bytes());
        ProductRow {
            product: ProductId(product),
            name: format!("A product whose name is not short, number {number}"),
            sku: String::new(),
            unit,
            price_minor: 500,
            price_per: 1,
            currency: "KES".into(),
            archived: false,
            favourite: false,
            options: String::new(),
            is_bundle: false,
            own_share: 3,
            picture: None,
            categories: Vec::new(),
            family: None,
        }
    }

    fn sheet(changes: impl IntoIterator<Item = Change>) -> Sheet {
        let mut sheet = Sheet::default();
        changes.into_iter().for_each(|change| change.to(&mut sheet, false));
        sheet
    }

    fn of(lines: u16) -> Sheet {
        sheet((0..lines).map(|number| Change::Add(row(number, Unit::Piece), None)))
    }

    fn quantities(sheet: &Sheet) -> Vec<&str> {
        sheet.lines.iter().map(|line| line.quantity.as_str()).collect()
    }

    fn ids() -> impl FnMut() -> ThingId {
        let mut next = 0;
        move || {
            next += 1;
            ThingId([next; 16])
        }
    }

    #[test]
    fn a_label_adds_what_it_says_and_a_code_one_piece() {
        let cheese = || row(1, Unit::Gram);
        for (changes, expected) in [
            (vec![Change::Add(cheese(), Some(660)), Change::Add(cheese(), Some(340))], vec!["1000"]),
            (vec![Change::Add(cheese(), None)], vec![""]),
            (vec![Change::Add(row(2, Unit::Piece), None), Change::Add(row(2, Unit::Piece), None)], vec!["2"]),
            (vec![Change::Add(row(2, Unit::Piece), Some(1)), Change::Add(cheese(), Some(5))], vec!["5", "1"]),
        ] {
            assert_eq!(quantities(&sheet(changes)), expected);
        }
    }

    #[test]
    fn what_was_done_leaves_and_the_rest_goes_again_as_it_went() {
        let mut sheet = of(3);
        let mut fresh = ids();
        let first = parts(&sheet.entered(false).unwrap(), 1, &mut fresh);
        assert_eq!(first.iter().map(|part| part.lines.len()).collect::<Vec<_>>(), [1, 1, 1]);
        Change::Sent(first.clone()).to(&mut sheet, false);
        Change::Done(first[0].clone()).to(&mut sheet, false);
        // The second was refused, and of the third nobody knows.
        Change::Refused(first[1].id).to(&mut sheet, false);
        let again = parts(&sheet.entered(false).unwrap(), 1, &mut fresh);
        assert_eq!(again.len(), 2);
        assert_eq!(again[0], Part { id: first[2].id, lines: again[0].lines.clone() });
        assert_eq!(again[0].lines[0].0.product, first[2].lines[0].0.product);
        assert!(first.iter().all(|part| part.id != again[1].id), "a refusal is not repeated");
        assert_eq!(again[1].lines[0].0.product, first[1].lines[0].0.product);
        Change::Sent(again.clone()).to(&mut sheet, false);
        again.into_iter().for_each(|part| Change::Done(part).to(&mut sheet, false));
        assert_eq!(sheet.lines, []);
    }

    #[test]
    fn what_is_scanned_while_it_goes_is_not_lost() {
        for (is_count, left) in [(false, "1"), (true, "3")] {
            let mut sheet = sheet([Change::Add(row(1, Unit::Piece), Some(2))]);
            let part = parts(&sheet.entered(is_count).unwrap(), 1, ids()).remove(0);
            Change::Sent(vec![part.clone()]).to(&mut sheet, is_count);
            Change::Add(row(1, Unit::Piece), None).to(&mut sheet, is_count);
            Change::Done(part).to(&mut sheet, is_count);
            assert_eq!(quantities(&sheet), [left]);
        }
    }

    #[test]
    fn a_long_sheet_goes_in_parts_and_each_keeps_its_lines() {
        let mut sheet = of(1_600);
        sheet.note = "from the farm".into();
        let mut fresh = ids();
        let all = parts(&sheet.entered(false).unwrap(), 500, &mut fresh);
        assert_eq!(all.iter().map(|part| part.lines.len()).collect::<Vec<_>>(), [500, 500, 500, 100]);
        Change::Sent(all.clone()).to(&mut sheet, false);
        Change::Done(all[0].clone()).to(&mut sheet, false);
        Change::Add(row(5_000, Unit::Piece), None).to(&mut sheet, false);
        let again = parts(&sheet.entered(false).unwrap(), 500, &mut fresh);
        assert_eq!(
            again[..3].iter().map(|part| part.id).collect::<Vec<_>>(),
            [all[1].id, all[2].id, all[3].id]
        );
        assert_eq!(again[3].lines.len(), 1);
        assert_eq!(sheet.note, "from the farm");
        Change::Sent(again.clone()).to(&mut sheet, false);
        again.into_iter().for_each(|part| Change::Done(part).to(&mut sheet, false));
        assert_eq!(sheet, Sheet::default());
    }

    #[test]
    fn each_part_of_a_sheet_of_three_thousand_fits_its_draft() {
        let sheet = of(3_000);
        let mut lines = 0;
        for number in 0..PARTS {
            let part = sheet.part(number);
            let packed = drafts::pack(LAYOUT, &part);
            assert!(packed.len() <= soko_app_api::DRAFT_BYTES_MAX);
            let read: Vec<Line> = drafts::unpack(LAYOUT, &packed).found().unwrap();
            assert!(part.into_iter().eq(&read));
            lines += read.len();
        }
        assert_eq!(lines, 3_000);
    }

    #[test]
    fn what_the_program_before_kept_is_read() {
        let line = |number: u16| LineBefore {
            product: row(number, Unit::Gram).product,
            name: "Cheese".into(),
            unit: Unit::Gram,
            quantity: number.to_string(),
            cost: String::new(),
        };
        let packed =
            drafts::pack(LAYOUT_BEFORE, &Before { lines: vec![line(7), line(8)], note: "late".into() });
        assert_eq!(drafts::unpack::<String>(LAYOUT, &packed), drafts::Draft::Unreadable);
        let read = Sheet::from(drafts::unpack::<Before>(LAYOUT_BEFORE, &packed).found().unwrap());
        assert_eq!((quantities(&read), read.note.as_str()), (vec!["7", "8"], "late"));
        // What was scanned before it was there joins it, and what has both has the sum.
        let mut now = sheet([Change::Add(row(8, Unit::Gram), Some(2))]);
        Change::Put(read).to(&mut now, false);
        assert_eq!((quantities(&now), now.note.as_str()), (vec!["10", "7"], "late"));
    }
}

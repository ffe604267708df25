//! Amounts as a drawing: a line over time, bars side by side, or a field of squares. A drawing is one picture with a title
//! and a sentence; its points are read one after the other with the arrow keys, and the same numbers stand in a table
//! behind it. From right to left the drawing is mirrored by the style.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::sheet::{Cell, Sheet};
use crate::speech::use_speech;

/// The drawing's own measure; the style stretches it.
const WIDTH: i64 = 600;
const HEIGHT: i64 = 200;
/// Shades of a field of squares.
const SHADES: i64 = 5;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChartKind {
    Line,
    Bars,
}

/// One point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// What it is the amount of: a day, a product.
    pub name: Cell,
    pub value: i64,
    pub amount: Cell,
    /// The amount that it is compared with.
    pub before: Option<(i64, Cell)>,
    /// What else is to be said of it. Empty where nothing is.
    pub note: AttrValue,
}

#[derive(Properties, PartialEq)]
pub struct ChartProps {
    /// Names the drawing on its page.
    pub id: AttrValue,
    pub kind: ChartKind,
    pub title: AttrValue,
    /// What is to be seen, in one sentence.
    pub text: AttrValue,
    /// What the marks' names, amounts and amounts before are, above the table.
    pub columns: [AttrValue; 3],
    pub marks: Vec<Mark>,
}

#[component]
pub fn Chart(props: &ChartProps) -> Html {
    let at = use_state(|| None::<usize>);
    let marks = &props.marks;
    let Some(scale) = Scale::of(marks) else { return Html::default() };
    let chosen = at.filter(|at| *at < marks.len());
    let has_before = marks.iter().any(|mark| mark.before.is_some());
    let titled = [&props.id, "-title"].concat();
    let described = [&props.id, "-text"].concat();
    let value = |mark: &Mark| Some(mark.value);
    let before = |mark: &Mark| mark.before.as_ref().map(|(value, _)| *value);
    let drawn = match props.kind {
        ChartKind::Line => html! {
            <>
                if has_before { <path class="chart-before" d={scale.line(marks, before)} /> }
                <path class="chart-line" d={scale.line(marks, value)} />
            </>
        },
        ChartKind::Bars => html! {
            <>
                <path class="chart-bars" d={scale.bars(marks, value, 70)} />
                if has_before { <path class="chart-before" d={scale.ticks(marks)} /> }
            </>
        },
    };
    let mut columns = vec![props.columns[0].clone(), props.columns[1].clone()];
    if has_before {
        columns.push(props.columns[2].clone());
    }
    let row = |mark: &Mark| {
        let mut row = vec![mark.name.clone(), mark.amount.clone()];
        if has_before {
            row.push(mark.before.as_ref().map_or_else(|| Cell::text(""), |(_, cell)| cell.clone()));
        }
        row
    };
    let shown = chosen.and_then(|at| marks.get(at));
    html! {
        <figure class="chart">
            <span class="chart-most number" aria-hidden="true">{ most(marks) }</span>
            <div class="chart-plot">
                <svg viewBox={format!("0 0 {WIDTH} {HEIGHT}")} preserveAspectRatio="none" role="img" aria-labelledby={titled.clone()} aria-describedby={described.clone()}>
                    <title id={titled}>{ props.title.clone() }</title>
                    <desc id={described}>{ props.text.clone() }</desc>
                    <path class="chart-ground" d={format!("M0 {y}H{WIDTH}", y = scale.y(0))} />
                    { drawn }
                    if let Some(at) = chosen { <path class="chart-at" d={format!("M{} 0V{HEIGHT}", scale.x(at))} /> }
                </svg>
                <Reader label={props.title.clone()} said={marks.iter().map(said).collect::<Vec<_>>()} at={chosen} on_at={let at = at.clone(); Callback::from(move |now: usize| at.set(Some(now)))} />
            </div>
            <div class="chart-ends" aria-hidden="true">
                <span>{ marks.first().map(|mark| mark.name.shown.clone()) }</span>
                <strong>{ shown.map(said) }</strong>
                <span>{ marks.last().filter(|_| marks.len() > 1).map(|mark| mark.name.shown.clone()) }</span>
            </div>
            <Behind title={props.title.clone()} {columns} rows={marks.iter().map(row).collect::<Vec<_>>()} />
        </figure>
    }
}

/// The largest amount, which is the top of the drawing.
fn most(marks: &[Mark]) -> Option<AttrValue> {
    let all = marks.iter().flat_map(|mark| {
        let before = mark.before.as_ref().map(|(value, cell)| (*value, &cell.shown));
        [Some((mark.value, &mark.amount.shown)), before]
    });
    all.flatten().max_by_key(|(value, _)| *value).map(|(_, shown)| shown.clone())
}

fn said(mark: &Mark) -> AttrValue {
    let mut said = format!("{}: {}", mark.name.shown, mark.amount.shown);
    if let Some((_, before)) = &mark.before {
        said = format!("{said} ({})", before.shown);
    }
    if !mark.note.is_empty() {
        said = format!("{said} · {}", mark.note);
    }
    said.into()
}

#[derive(Properties, PartialEq)]
struct ReaderProps {
    label: AttrValue,
    /// What is said of each point.
    said: Vec<AttrValue>,
    at: Option<usize>,
    on_at: Callback<usize>,
}

/// Goes from point to point with the arrow keys, a finger or a pointer; says where it is.
#[component]
fn Reader(props: &ReaderProps) -> Html {
    let last = props.said.len().saturating_sub(1);
    let at = props.at.unwrap_or(last);
    let on_at = props.on_at.clone();
    let oninput = Callback::from(move |input: InputEvent| {
        if let Ok(now) = input.target_unchecked_into::<HtmlInputElement>().value().parse() {
            on_at.emit(now);
        }
    });
    // Somebody who gets here hears the last point, and sees it.
    let onfocus = {
        let on_at = props.on_at.clone();
        Callback::from(move |_: FocusEvent| on_at.emit(at))
    };
    let step = last.max(1).to_string();
    html! {
        <input class="chart-reader" type="range" min="0" max={step} step="1" value={at.to_string()}
            disabled={last == 0} aria-label={props.label.clone()} aria-valuetext={props.said.get(at).cloned()} {oninput} {onfocus} />
    }
}

#[derive(Properties, PartialEq)]
struct BehindProps {
    title: AttrValue,
    columns: Vec<AttrValue>,
    rows: Vec<Vec<Cell>>,
}

/// The table behind a drawing.
#[component]
fn Behind(props: &BehindProps) -> Html {
    let speech = use_speech();
    html! {
        <details class="chart-table">
            <summary>{ speech.say("chart.table") }</summary>
            <Sheet title={props.title.clone()} columns={props.columns.clone()} rows={props.rows.clone()} is_untitled=true />
        </details>
    }
}

#[derive(Properties, PartialEq)]
pub struct HeatProps {
    pub id: AttrValue,
    pub title: AttrValue,
    pub text: AttrValue,
    /// What the rows are, above their names in the table.
    pub corner: AttrValue,
    pub columns: Vec<AttrValue>,
    pub rows: Vec<(AttrValue, Vec<(i64, Cell)>)>,
}

/// Rows and columns of squares: the darker, the more.
#[component]
pub fn Heat(props: &HeatProps) -> Html {
    let at = use_state(|| None::<usize>);
    let width = props.columns.len();
    let squares = || props.rows.iter().flat_map(|(name, cells)| cells.iter().map(move |cell| (name, cell)));
    let most = squares().map(|(_, (value, _))| *value).max().unwrap_or(0);
    if width == 0 || most <= 0 {
        return Html::default();
    }
    let titled = [&props.id, "-title"].concat();
    let described = [&props.id, "-text"].concat();
    let said: Vec<AttrValue> = squares()
        .enumerate()
        .map(|(place, (name, (_, cell)))| {
            format!("{name}, {}: {}", props.columns[place % width], cell.shown).into()
        })
        .collect();
    let square = |(place, (_, (value, _))): (usize, (&AttrValue, &(i64, Cell)))| {
        let (row, column) = (place / width, place % width);
        let class = format!("heat-{}", shade(*value, most));
        let is_at = at.is_some_and(|at| at == place);
        html! { <rect class={classes!(class, is_at.then_some("heat-at"))} x={column.to_string()} y={row.to_string()} width="1" height="1" /> }
    };
    let mut columns = vec![props.corner.clone()];
    columns.extend(props.columns.iter().cloned());
    let rows = props.rows.iter().map(|(name, cells)| {
        let named = std::iter::once(Cell::text(name.clone()));
        named.chain(cells.iter().map(|(_, cell)| cell.clone())).collect::<Vec<_>>()
    });
    html! {
        <figure class="chart chart-heat">
            <div class="heat-of">
                <div class="heat-names" aria-hidden="true">{ for props.rows.iter().map(|(name, _)| html! { <span>{ name.clone() }</span> }) }</div>
                <div class="chart-plot">
                    <svg viewBox={format!("0 0 {width} {}", props.rows.len())} preserveAspectRatio="none" role="img" aria-labelledby={titled.clone()} aria-describedby={described.clone()}>
                        <title id={titled}>{ props.title.clone() }</title>
                        <desc id={described}>{ props.text.clone() }</desc>
                        { for squares().enumerate().map(square) }
                    </svg>
                    <Reader label={props.title.clone()} said={said.clone()} at={*at} on_at={let at = at.clone(); Callback::from(move |now: usize| at.set(Some(now)))} />
                </div>
            </div>
            <div class="chart-ends" aria-hidden="true">
                <span>{ props.columns.first() }</span>
                <strong>{ at.and_then(|at| said.get(at).cloned()) }</strong>
                <span>{ props.columns.last() }</span>
            </div>
            <Behind title={props.title.clone()} {columns} rows={rows.collect::<Vec<_>>()} />
        </figure>
    }
}

/// From 0 for nothing to the darkest for the most.
fn shade(value: i64, most: i64) -> i64 {
    if value <= 0 || most <= 0 {
        return 0;
    }
    let part = i128::from(value) * i128::from(SHADES - 1) / i128::from(most);
    1 + i64::try_from(part).unwrap_or(0).min(SHADES - 1)
}

/// Where amounts lie in the drawing. Whole numbers, so that it is the same everywhere.
struct Scale {
    count: i64,
    lowest: i64,
    highest: i64,
}

impl Scale {
    /// None without marks. Nothing lies always in sight, so that a small change does not look like a large one.
    fn of(marks: &[Mark]) -> Option<Self> {
        let all = || {
            marks.iter().flat_map(|m| [Some(m.value), m.before.as_ref().map(|(value, _)| *value)]).flatten()
        };
        let (lowest, highest) = (all().min()?.min(0), all().max()?.max(0));
        let highest = if lowest == highest { lowest + 1 } else { highest };
        Some(Self { count: i64::try_from(marks.len()).ok()?, lowest, highest })
    }

    fn y(&self, value: i64) -> i64 {
        let over = i128::from(self.highest) - i128::from(value);
        let whole = i128::from(self.highest) - i128::from(self.lowest);
        i64::try_from(over * i128::from(HEIGHT) / whole).unwrap_or(0)
    }

    /// The middle of a mark's part of the width.
    fn x(&self, at: usize) -> i64 {
        (2 * i64::try_from(at).unwrap_or(0) + 1) * WIDTH / (2 * self.count)
    }

    fn line(&self, marks: &[Mark], value: impl Fn(&Mark) -> Option<i64>) -> String {
        let mut path = String::new();
        for (at, mark) in marks.iter().enumerate() {
            let Some(value) = value(mark) else { continue };
            let step = if path.is_empty() { 'M' } else { 'L' };
            path.push_str(&format!("{step}{} {}", self.x(at), self.y(value)));
        }
        // A line of one point has no length: a short one is seen.
        if marks.len() == 1 { format!("{path}h1") } else { path }
    }

    /// Bars as wide as so many percent of their part.
    fn bars(&self, marks: &[Mark], value: impl Fn(&Mark) -> Option<i64>, percent: i64) -> String {
        let width = (WIDTH * percent / (100 * self.count)).max(1);
        let ground = self.y(0);
        let bar = |(at, mark): (usize, &Mark)| {
            let top = self.y(value(mark)?);
            Some(format!("M{} {ground}V{top}h{width}V{ground}z", self.x(at) - width / 2))
        };
        marks.iter().enumerate().filter_map(bar).collect()
    }

    /// A stroke across each bar where the amount before was.
    fn ticks(&self, marks: &[Mark]) -> String {
        let width = (WIDTH * 84 / (100 * self.count)).max(2);
        let tick = |(at, mark): (usize, &Mark)| {
            let (before, _) = mark.before.as_ref()?;
            Some(format!("M{} {}h{width}", self.x(at) - width / 2, self.y(*before)))
        };
        marks.iter().enumerate().filter_map(tick).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(value: i64, before: Option<i64>) -> Mark {
        let cell = |value: i64| Cell::text(value.to_string());
        Mark {
            name: Cell::text("Mon"),
            value,
            amount: cell(value),
            before: before.map(|before| (before, cell(before))),
            note: AttrValue::default(),
        }
    }

    #[test]
    fn amounts_lie_where_they_belong() {
        let marks = [mark(50, Some(100)), mark(0, None), mark(100, Some(25))];
        let scale = Scale::of(&marks).unwrap();
        assert_eq!(scale.line(&marks, |mark| Some(mark.value)), "M100 100L300 200L500 0");
        let before = |mark: &Mark| mark.before.as_ref().map(|(value, _)| *value);
        assert_eq!(scale.line(&marks, before), "M100 0L500 150");
        assert_eq!(scale.bars(&marks[..1], |mark| Some(mark.value), 50), "M50 200V100h100V200z");
        assert_eq!(said(&marks[0]), "Mon: 50 (100)");
    }

    #[test]
    fn losses_go_below_the_ground_and_extremes_do_not_wrap() {
        let marks = [mark(-50, None), mark(50, None)];
        let scale = Scale::of(&marks).unwrap();
        assert_eq!((scale.y(-50), scale.y(0), scale.y(50)), (200, 100, 0));
        let far = [mark(i64::MIN, None), mark(i64::MAX, None)];
        let scale = Scale::of(&far).unwrap();
        assert_eq!((scale.y(i64::MIN), scale.y(i64::MAX)), (200, 0));
        assert!(Scale::of(&[]).is_none());
        assert_eq!(Scale::of(&[mark(0, None)]).unwrap().y(0), 200);
    }

    #[test]
    fn the_most_is_the_darkest_and_nothing_has_no_shade() {
        let shades: Vec<i64> = [0, 1, 50, 99, 100].iter().map(|value| shade(*value, 100)).collect();
        assert_eq!(shades, [0, 1, 3, 4, 5]);
        assert_eq!((shade(-1, 100), shade(i64::MAX, i64::MAX)), (0, 5));
    }
}

//! Figures of a span of business days, offline: what was sold, when, by whom and how it was paid.

use soko_app_api::text::Worded as _;
use soko_app_api::{
    CustomerSums, FiguresView, NamedSums, OwnStall, Query, RestatedRow, Span, Step, StepSums, Sums, View,
};
use soko_domain::calendar::BusinessDay;
use yew::prelude::*;

use super::figures_goods::GoodsFigures;
use super::figures_way::Way;
use super::with_stall;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{
    Busy, Cell, Chart, ChartKind, Choice, Empty, Field, Heat, Icon, Mark, Segmented, Sheet, SheetNote, icon,
};
use crate::route::Route;
use crate::speech::{Speech, use_speech};
use crate::typed;

const DAYS_OF_WEEK: u8 = 7;
const HOURS_PER_DAY: u8 = 24;
const HEAT_HOURS_MIN: u8 = 8;
const MINUTES_PER_HOUR: i32 = 60;
/// Between the two hours in which a business day begins and ends.
const HOURS_BETWEEN_ENDS: i32 = 24;
const YEAR_DAYS: i32 = 364;

/// How long the span is; whole weeks, so that a weekday is compared with the same weekday.
const LENGTHS: [(&str, &str, i32); 4] = [
    ("today", "figures.today", 1),
    ("week", "figures.week", 7),
    ("four-weeks", "figures.four-weeks", 28),
    ("year", "figures.year", YEAR_DAYS),
];
const OWN: &str = "own";

#[component]
pub(super) fn Figures() -> Html {
    with_stall(|stall| html! { <OfDay {stall} /> })
}

#[derive(Properties, PartialEq)]
struct OfDayProps {
    stall: OwnStall,
}

/// What the day is comes from the stall's cut-off.
#[component]
fn OfDay(props: &OfDayProps) -> Html {
    let live = use_query(Some(Query::Today(props.stall.stall)));
    match live.view() {
        Some(View::Today(today)) => html! { <Page stall={props.stall.clone()} today={today.business_day} /> },
        Some(_) | None => html! { <Busy {live} /> },
    }
}

#[derive(Properties, PartialEq)]
struct PageProps {
    stall: OwnStall,
    today: i32,
}

#[component]
fn Page(props: &PageProps) -> Html {
    let speech = use_speech();
    let today = props.today;
    let length = use_state(|| AttrValue::Static("today"));
    let against = use_state(|| AttrValue::Static("before"));
    let own = use_state(|| (shown_day(today - 6), shown_day(today)));
    let span = match LENGTHS.iter().find(|(word, ..)| *word == length.as_str()) {
        Some((_, _, days)) => Some(Span { from: today - days + 1, to: today }),
        None => read_span(&own.0, &own.1),
    };
    let other = span.and_then(|span| before(span, &against));
    let query =
        span.map(|span| Query::Figures { stall: props.stall.stall, span: Some(span), against: other });
    let live = use_query(query);
    let options = LENGTHS.iter().map(|(word, key, _)| ((*word).into(), html! { <>{ speech.say(key) }</> }));
    let options = options.chain([(OWN.into(), html! { <>{ speech.say("figures.own") }</> })]);
    let compared: Vec<(AttrValue, AttrValue)> = [
        ("before", "figures.against-before"),
        ("year", "figures.against-year"),
        ("nothing", "figures.against-nothing"),
    ]
    .into_iter()
    .map(|(word, key)| (word.into(), speech.say(key)))
    .collect();
    let on_length = {
        let length = length.setter();
        Callback::from(move |word: AttrValue| length.set(word))
    };
    let on_against = {
        let against = against.setter();
        Callback::from(move |word: String| against.set(word.into()))
    };
    let on_from = {
        let own = own.clone();
        Callback::from(move |from: String| own.set((from, own.1.clone())))
    };
    let on_to = {
        let own = own.clone();
        Callback::from(move |to: String| own.set((own.0.clone(), to)))
    };
    html! {
        <section class="page">
            <header class="page-head">
                <Go to={Route::Today} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("figures.title") }</h1>
            </header>
            if matches!(live.view(), Some(View::ForManagers)) {
                <Empty icon={Icon::Key} title={speech.say("figures.managers")} text={speech.say("figures.managers-text")}>
                    <Go to={Route::Today} class="button">{ speech.say("nav.today") }</Go>
                </Empty>
            } else {
                <div class="figures-tools">
                    <Segmented label={speech.say("figures.span")} value={(*length).clone()} options={options.collect::<Vec<_>>()} on_choose={on_length} />
                    if length.as_str() == OWN {
                        <Field label={speech.say("figures.from")} value={own.0.clone()} on_input={on_from} kind="date" />
                        <Field label={speech.say("figures.to")} value={own.1.clone()} on_input={on_to} kind="date" />
                    }
                    <Choice label={speech.say("figures.against")} value={(*against).clone()} options={compared} on_choose={on_against} />
                </div>
                if let Some(View::Figures(figures)) = live.view() {
                    <ContextProvider<SheetNote> context={note(&speech, &props.stall, figures.span)}>
                        <Shown stall={props.stall.clone()} figures={(**figures).clone()} />
                    </ContextProvider<SheetNote>>
                } else if span.is_some() {
                    <Busy {live} />
                }
            }
        </section>
    }
}

/// Whose figures these are, and of when.
fn note(speech: &Speech, stall: &OwnStall, span: Span) -> SheetNote {
    let days = [span.from, span.to].map(|day| speech.day_of_year(day));
    let days = if span.from == span.to { days[0].clone() } else { days.join(" – ") };
    SheetNote(format!("{days} · {}", stall.name).into())
}

fn shown_day(day: i32) -> String {
    BusinessDay::from_days(day).map(|day| day.to_string()).unwrap_or_default()
}

fn read_span(from: &str, to: &str) -> Option<Span> {
    let day = |text: &str| text.parse::<BusinessDay>().ok().map(BusinessDay::days);
    let span = Span { from: day(from)?, to: day(to)? };
    (span.from <= span.to).then_some(span)
}

/// The span to compare with. It begins on the same weekday: a week goes back for a day, whole weeks for more.
fn before(span: Span, against: &str) -> Option<Span> {
    let back = match against {
        "before" => (span.days() + 6) / 7 * 7,
        "year" => YEAR_DAYS,
        _ => return None,
    };
    Some(Span { from: span.from - back, to: span.to - back })
}

#[derive(Properties, PartialEq)]
struct ShownProps {
    stall: OwnStall,
    figures: FiguresView,
}

#[component]
fn Shown(props: &ShownProps) -> Html {
    let speech = use_speech();
    let figures = &props.figures;
    if figures.total == Sums::default() && figures.before.is_none_or(|before| before == Sums::default()) {
        return html! {
            <>
                <Empty icon={Icon::Chart} title={speech.say("figures.none")} text={speech.say("figures.none-text")} />
                <div class="figures-grid"><GoodsFigures stall={props.stall.stall} span={figures.span} /><Way stall={props.stall.stall} /></div>
            </>
        };
    }
    html! {
        <>
            <Totals figures={figures.clone()} />
            <div class="figures-grid">
                <section class="card figures-wide" aria-labelledby="over-time">
                    <h2 id="over-time">{ speech.say("figures.over-time") }</h2>
                    { over_time(&speech, figures) }
                </section>
                { restated(&speech, figures) }
                <section class="card figures-wide" aria-labelledby="week">
                    <h2 id="week">{ speech.say("figures.heat") }</h2>
                    { heat(&speech, figures) }
                </section>
                <GoodsFigures stall={props.stall.stall} span={figures.span} />
                <Way stall={props.stall.stall} />
                { named(&speech, figures, "people") }
                { named(&speech, figures, "registers") }
                { paid(&speech, figures) }
                { taxes(&speech, figures) }
                { customers(&speech, figures) }
            </div>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct TotalsProps {
    figures: FiguresView,
}

#[component]
fn Totals(props: &TotalsProps) -> Html {
    let speech = use_speech();
    let figures = &props.figures;
    let (total, currency) = (&figures.total, &figures.currency);
    let money = |minor: i64| speech.money(minor, currency);
    let figure = |key: &'static str, value: String| {
        html! { <div class="figure"><dt>{ speech.say(key) }</dt><dd class="number">{ value }</dd></div> }
    };
    let change = figures.change_ppm.map(|ppm| {
        let sign = if ppm > 0 { "+" } else { "" };
        format!("{sign}{} · ", speech.part(ppm))
    });
    let then = figures.before.map(|before| {
        let key = if figures.until_hour.is_some() { "figures.then-until" } else { "figures.then" };
        speech.fill(key, &[("amount", &money(before.revenue_minor))])
    });
    html! {
        <dl class="figures">
            <div class="figure figure-main">
                <dt>{ speech.say("figures.revenue") }</dt>
                <dd class="number">{ money(total.revenue_minor) }
                    if let Some(then) = then { <span class="figure-change">{ change }{ then }</span> }
                </dd>
            </div>
            { figure("figures.sales", speech.number(total.sales)) }
            if let Some(average) = total.average_minor { { figure("figures.average", money(average)) } }
            if let Some(lines) = total.lines_of_hundred { { figure("figures.lines", hundredth(&speech, lines)) } }
            { figure("figures.refunded", money(total.refunded_minor)) }
            { figure("figures.kept", money(total.kept_minor)) }
            { figure("figures.discount", money(total.discount_minor)) }
            if total.voids > 0 { { figure("figures.voided", money(total.voided_minor)) } }
        </dl>
    }
}

/// A hundredth of a whole number, as the person writes it.
fn hundredth(speech: &Speech, hundreds: i64) -> String {
    speech.decimal(&format!("{}.{:02}", hundreds / 100, hundreds.unsigned_abs() % 100))
}

pub(super) fn amount(speech: &Speech, minor: i64, currency: &str) -> Cell {
    Cell::new(speech.money(minor, currency), typed::plain(minor, currency))
}

pub(super) fn count(speech: &Speech, number: i64) -> Cell {
    Cell::new(speech.number(number), number.to_string())
}

fn over_time(speech: &Speech, figures: &FiguresView) -> Html {
    let first_hour = figures.steps.first().map_or(0, |step| step.at);
    let name = |place: usize, step: &StepSums| match figures.step {
        Step::Hours => {
            let hour = first_hour.saturating_add(i32::try_from(place).unwrap_or(i32::MAX));
            hour_of_day(speech, i32::from(figures.begins_minutes), hour)
        }
        Step::Days => Cell::new(speech.day_short(step.at), shown_day(step.at)),
        Step::Months => Cell::new(speech.month(step.at), shown_day(step.at)),
    };
    let mark = |(place, step): (usize, &StepSums)| Mark {
        name: name(place, step),
        value: step.sums.revenue_minor,
        amount: amount(speech, step.sums.revenue_minor, &figures.currency),
        before: step.before.map(|b| (b.revenue_minor, amount(speech, b.revenue_minor, &figures.currency))),
        note: if step.is_restated { speech.say("figures.restated") } else { AttrValue::default() },
    };
    let kind = if figures.step == Step::Hours { ChartKind::Bars } else { ChartKind::Line };
    let columns = [speech.say("figures.when"), speech.say("figures.revenue"), speech.say("figures.before")];
    html! {
        <Chart id="chart-time" {kind} title={speech.say("figures.over-time")} text={speech.say("figures.over-time-text")}
            {columns} marks={figures.steps.iter().enumerate().map(mark).collect::<Vec<_>>()} />
    }
}

/// The days that changed once they were over: when, and by how much.
fn restated(speech: &Speech, figures: &FiguresView) -> Html {
    if figures.restated.is_empty() {
        return Html::default();
    }
    let money = |minor: i64| {
        let sign = if minor > 0 { "+" } else { "" };
        let shown = format!("{sign}{}", speech.money(minor, &figures.currency));
        Cell::new(shown, typed::plain(minor, &figures.currency))
    };
    let day = |day: i32| Cell::new(speech.day_short(day), shown_day(day));
    let row = |row: &RestatedRow| {
        let sign = if row.sales > 0 { "+" } else { "" };
        vec![
            day(row.day),
            day(row.told_day),
            Cell::new(format!("{sign}{}", speech.number(row.sales)), row.sales.to_string()),
            money(row.revenue_minor),
            money(row.refunded_minor),
            amount(speech, row.returned_minor, &figures.currency),
        ]
    };
    let columns = [
        "figures.day",
        "figures.told",
        "figures.sales",
        "figures.revenue",
        "figures.refunded",
        "figures.returned",
    ];
    let columns = columns.map(|key| speech.say(key)).to_vec();
    let rows = figures.restated.iter().map(row).collect::<Vec<_>>();
    html! {
        <section class="card figures-wide">
            <Sheet title={speech.say("figures.restated-title")} {columns} {rows} />
            <p class="prose">{ speech.say("figures.restated-text") }</p>
        </section>
    }
}

/// What of an hour lies in a business day, in minutes from the midnight with which its date begins, or from the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct HourPart {
    from: i32,
    /// Only where it is not the whole hour.
    to: Option<i32>,
    /// The same hour stands in the day a date before.
    is_again: bool,
}

/// `hour` is counted from the midnight with which the date of the business day begins.
fn hour_part(begins_minutes: i32, hour: i32) -> HourPart {
    let (begins, inside) = (begins_minutes.div_euclid(MINUTES_PER_HOUR), begins_minutes % MINUTES_PER_HOUR);
    let on_wall = hour % i32::from(HOURS_PER_DAY);
    let (from, to) = (on_wall * MINUTES_PER_HOUR, (on_wall + 1) * MINUTES_PER_HOUR);
    let is_again = hour >= begins + i32::from(HOURS_PER_DAY);
    match (inside > 0, hour - begins) {
        (true, 0) => HourPart { from: from + inside, to: Some(to), is_again },
        (true, HOURS_BETWEEN_ENDS) => HourPart { from, to: Some(from + inside), is_again },
        _ => HourPart { from, to: None, is_again },
    }
}

fn hour_of_day(speech: &Speech, begins_minutes: i32, hour: i32) -> Cell {
    let HourPart { from, to, is_again } = hour_part(begins_minutes, hour);
    let clock = |minute: i32| format!("{:02}:{:02}", minute / MINUTES_PER_HOUR, minute % MINUTES_PER_HOUR);
    let (mut shown, mut plain) = (speech.minute(from), clock(from));
    if let Some(to) = to {
        (shown, plain) = (format!("{shown} – {}", speech.minute(to)), format!("{plain}-{}", clock(to)));
    }
    if is_again {
        (shown, plain) =
            (speech.fill("figures.next-date", &[("hour", &shown)]).to_string(), format!("{plain} +1"));
    }
    Cell::new(shown, plain)
}

/// From the first hour of a business day in which anything was sold to the last, in the order of the day; weeks begin as they do where
/// the person is.
fn heat(speech: &Speech, figures: &FiguresView) -> Html {
    let hours = || figures.week.iter().filter(|cell| cell.sales != 0).map(|cell| cell.hour);
    let (Some(first), Some(last)) = (hours().min(), hours().max()) else { return Html::default() };
    // Fewer squares than these are no field.
    let first = first.min(HOURS_PER_DAY - HEAT_HOURS_MIN);
    let last = last.max(first + HEAT_HOURS_MIN - 1);
    let cell = |weekday: u8, hour: u8| {
        let found = figures.week.iter().find(|cell| (cell.weekday, cell.hour) == (weekday, hour));
        let minor = found.map_or(0, |cell| cell.revenue_minor);
        (minor, amount(speech, minor, &figures.currency))
    };
    let first_weekday = speech.first_weekday();
    let rows = (0..DAYS_OF_WEEK).map(|day| (first_weekday + day) % DAYS_OF_WEEK).map(|weekday| {
        let cells: Vec<_> = (first..=last).map(|hour| cell(weekday, hour)).collect();
        (AttrValue::from(speech.weekday(weekday)), cells)
    });
    let name = |hour: u8| hour_of_day(speech, i32::from(figures.begins_minutes), i32::from(hour)).shown;
    let columns: Vec<AttrValue> = (first..=last).map(name).collect();
    html! {
        <Heat id="chart-week" title={speech.say("figures.heat")} text={speech.say("figures.heat-text")}
            corner={speech.say("figures.weekday")} {columns} rows={rows.collect::<Vec<_>>()} />
    }
}

pub(super) fn card(title: AttrValue, columns: Vec<AttrValue>, rows: Vec<Vec<Cell>>) -> Html {
    if rows.is_empty() {
        return Html::default();
    }
    html! { <section class="card"><Sheet {title} {columns} {rows} /></section> }
}

fn named(speech: &Speech, figures: &FiguresView, what: &'static str) -> Html {
    let (title, first, rows) = match what {
        "people" => ("figures.people", "figures.person", &figures.people),
        _ => ("figures.registers", "figures.register", &figures.registers),
    };
    // Where nobody says who they are, a list of nobody says nothing.
    if rows.iter().all(|row| row.name.is_empty()) {
        return Html::default();
    }
    let row = |row: &NamedSums| {
        let name = if row.name.is_empty() { speech.say("figures.nobody") } else { row.name.clone().into() };
        vec![
            Cell::text(name),
            count(speech, row.sums.sales),
            amount(speech, row.sums.revenue_minor, &figures.currency),
            amount(speech, row.sums.discount_minor, &figures.currency),
            amount(speech, row.sums.refunded_minor, &figures.currency),
            count(speech, row.sums.voids),
        ]
    };
    let columns =
        [first, "figures.sales", "figures.revenue", "figures.discount", "figures.refunded", "figures.voids"];
    card(speech.say(title), columns.map(|key| speech.say(key)).to_vec(), rows.iter().map(row).collect())
}

fn paid(speech: &Speech, figures: &FiguresView) -> Html {
    let rows = figures.paid.iter().map(|paid| {
        vec![
            Cell::text(speech.say_or(&format!("tender.{}", paid.kind.word()), paid.kind.word())),
            count(speech, paid.payments),
            amount(speech, paid.amount_minor, &figures.currency),
            amount(speech, paid.refunded_minor, &figures.currency),
        ]
    });
    let cards = (figures.cards_sold > 0).then(|| {
        vec![
            Cell::text(speech.say("figures.cards-sold")),
            count(speech, figures.cards_sold),
            amount(speech, figures.cards_sold_minor, &figures.currency),
            amount(speech, 0, &figures.currency),
        ]
    });
    let rows = rows.chain(cards);
    let columns = ["figures.way", "figures.payments", "figures.amount", "figures.refunded"];
    card(speech.say("figures.paid"), columns.map(|key| speech.say(key)).to_vec(), rows.collect())
}

fn taxes(speech: &Speech, figures: &FiguresView) -> Html {
    let rows = figures.taxes.iter().map(|tax| {
        let rate = format!("{} {}", speech.percent(tax.ppm), tax.label);
        vec![
            Cell::text(rate.trim().to_owned()),
            amount(speech, tax.net_minor, &figures.currency),
            amount(speech, tax.tax_minor, &figures.currency),
        ]
    });
    let columns = ["figures.rate", "figures.net", "figures.tax"];
    card(speech.say("figures.taxes"), columns.map(|key| speech.say(key)).to_vec(), rows.collect())
}

fn customers(speech: &Speech, figures: &FiguresView) -> Html {
    let sums = &figures.customers;
    if *sums == (CustomerSums { unnamed: sums.unnamed, ..CustomerSums::default() }) {
        return Html::default();
    }
    let money = |minor: i64| amount(speech, minor, &figures.currency);
    let nothing = || Cell::text("");
    let rows = vec![
        vec![Cell::text(speech.say("figures.new")), count(speech, sums.new), money(sums.new_minor)],
        vec![
            Cell::text(speech.say("figures.returning")),
            count(speech, sums.returning),
            money(sums.returning_minor),
        ],
        vec![
            Cell::text(speech.count("figures.lapsed", i64::from(CustomerSums::LAPSED_DAYS))),
            count(speech, sums.lapsed),
            nothing(),
        ],
        vec![Cell::text(speech.say("figures.unnamed")), count(speech, sums.unnamed), nothing()],
    ];
    let columns = ["figures.customers", "figures.how-many", "figures.revenue"];
    card(speech.say("figures.customers"), columns.map(|key| speech.say(key)).to_vec(), rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_in_which_a_day_begins_and_ends_is_named_by_its_two_parts() {
        for (begins, hour, expected) in [
            (0, 4, (240, None, false)),
            (0, 23, (1_380, None, false)),
            // From four in the morning: what is behind midnight stands once.
            (240, 4, (240, None, false)),
            (240, 27, (180, None, false)),
            (270, 4, (270, Some(300), false)),
            (270, 5, (300, None, false)),
            (270, 25, (60, None, false)),
            (270, 28, (240, Some(270), true)),
            // The day began at another hour when that was sold.
            (270, 29, (300, None, true)),
            (270, 2, (120, None, false)),
        ] {
            let HourPart { from, to, is_again } = hour_part(begins, hour);
            assert_eq!((from, to, is_again), expected, "{begins} {hour}");
        }
    }

    #[test]
    fn a_day_is_compared_with_the_same_weekday() {
        for (from, to, against, expected) in [
            (100, 100, "before", Some((93, 93))),
            (94, 100, "before", Some((87, 93))),
            (73, 100, "before", Some((45, 72))),
            // Ten days go back two weeks.
            (91, 100, "before", Some((77, 86))),
            (100, 100, "year", Some((-264, -264))),
            (100, 100, "nothing", None),
        ] {
            let other = before(Span { from, to }, against);
            assert_eq!(other.map(|span| (span.from, span.to)), expected, "{from}–{to} {against}");
        }
    }
}

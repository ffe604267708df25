//! The times at which a stall is open, as its form has them.

use soko_app_api::{StallEdit, StallView};
use soko_domain::opening::{Opening, TIMES_MAX, Times};
use soko_domain::quiet::minute_of;
use yew::prelude::*;

use super::saving::saves;
use super::spot::PartProps;
use crate::doing::use_doing;
use crate::parts::{Field, Icon, icon};
use crate::speech::{Speech, use_speech};
use crate::typed;

/// One line of the form, as it is typed.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Line {
    days: [bool; 7],
    from: String,
    until: String,
}

impl Line {
    /// What most stalls change little of.
    fn first() -> Self {
        let days = [true, true, true, true, true, true, false];
        Self { days, from: "08:00".into(), until: "18:00".into() }
    }

    fn of(times: &Times) -> Self {
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        Self { days: times.days, from: clock(times.from), until: clock(times.until) }
    }

    fn times(&self) -> Option<Times> {
        let minute = |text: &str| minute_of(typed::latin(text).trim());
        let (from, until) = (minute(&self.from)?, minute(&self.until)?);
        self.days.contains(&true).then_some(Times { days: self.days, from, until })
    }
}

fn lines_of(view: &StallView) -> Vec<Line> {
    Opening::read(&view.opening).unwrap_or_default().times.iter().map(Line::of).collect()
}

/// What differs from what is stored; none while a line is no time.
fn edits(lines: &[Line], view: &StallView) -> Option<Vec<StallEdit>> {
    let times = lines.iter().map(Line::times).collect::<Option<_>>()?;
    let opening = Opening { times }.to_string();
    let is_new = opening != view.opening;
    Some(is_new.then_some(StallEdit::Opening(opening)).into_iter().collect())
}

#[component]
pub(super) fn Hours(props: &PartProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let lines = use_state_eq(|| lines_of(&props.view));
    let edits = edits(&lines, &props.view);
    let onsubmit = saves(&doing, (props.stall, &edits), || ());
    let put = {
        let lines = lines.clone();
        Callback::from(move |(at, line): (usize, Option<Line>)| {
            let mut now = (*lines).clone();
            match line {
                Some(line) if at < now.len() => now[at] = line,
                Some(line) => now.push(line),
                None => drop(now.remove(at)),
            }
            lines.set(now);
        })
    };
    let add = put.reform({
        let at = lines.len();
        move |_: MouseEvent| (at, Some(Line::first()))
    });
    let is_ready = edits.as_ref().is_some_and(|edits| !edits.is_empty()) && !doing.is_busy();
    html! {
        <form class="stack-tight" {onsubmit}>
            <h3>{ speech.say("opening.title") }</h3>
            <p class="prose">{ speech.say("opening.text") }</p>
            { for lines.iter().enumerate().map(|(at, line)| html! {
                <OneLine key={at} line={line.clone()} number={at + 1} on_change={put.reform(move |line| (at, line))} />
            }) }
            if lines.len() < TIMES_MAX {
                <div>
                    <button type="button" class="button button-quiet" onclick={add}>{ icon(Icon::Plus) }{ speech.say("opening.add") }</button>
                </div>
            }
            <footer class="row form-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("opening.keep") }</button>
            </footer>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct LineProps {
    line: Line,
    number: usize,
    /// Without it, the line goes.
    on_change: Callback<Option<Line>>,
}

#[component]
fn OneLine(props: &LineProps) -> Html {
    let speech = use_speech();
    let line = &props.line;
    let set = |change: fn(&mut Line, String)| {
        let line = line.clone();
        props.on_change.reform(move |text: String| {
            let mut now = line.clone();
            change(&mut now, text);
            Some(now)
        })
    };
    let days_problem = (!line.days.contains(&true)).then(|| speech.say("opening.no-day"));
    let number = speech.number(i64::try_from(props.number).unwrap_or_default());
    html! {
        <fieldset class="stack-tight opening-line">
            <legend class="silent">{ speech.fill("opening.line", &[("n", &number)]) }</legend>
            <div class="chips">
                { for (0..7).map(|day| day_chip(&speech, props, day)) }
            </div>
            if let Some(problem) = days_problem {
                <p class="field-problem" role="alert">{ problem }</p>
            }
            <div class="row opening-times">
                <Field label={speech.say("opening.from")} value={line.from.clone()} kind="time"
                    on_input={set(|line, text| line.from = text)} />
                <Field label={speech.say("opening.until")} value={line.until.clone()} kind="time"
                    on_input={set(|line, text| line.until = text)} />
                <button type="button" class="button-icon" onclick={props.on_change.reform(|_: MouseEvent| None)}
                    aria-label={speech.fill("opening.remove", &[("n", &number)])}>{ icon(Icon::Cross) }</button>
            </div>
        </fieldset>
    }
}

fn day_chip(speech: &Speech, props: &LineProps, day: u8) -> Html {
    let at = usize::from(day);
    let is_on = props.line.days.get(at).copied().unwrap_or_default();
    let line = props.line.clone();
    let flip = props.on_change.reform(move |_: MouseEvent| {
        let mut now = line.clone();
        if let Some(day) = now.days.get_mut(at) {
            *day = !is_on;
        }
        Some(now)
    });
    let pressed = if is_on { "true" } else { "false" };
    html! { <button type="button" class="chip" aria-pressed={pressed} onclick={flip}>{ speech.weekday(day) }</button> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_what_is_kept() {
        let line =
            |days: [bool; 7], from: &str, until: &str| Line { days, from: from.into(), until: until.into() };
        let weekdays = [true, true, true, true, true, false, false];
        for (line, expected) in [
            (line(weekdays, "08:00", "18:00"), Some("1111100 08:00-18:00")),
            (line(weekdays, "٠٨:٠٠", "02:30"), Some("1111100 08:00-02:30")),
            (line(weekdays, "", "18:00"), None),
            (line([false; 7], "08:00", "18:00"), None),
        ] {
            assert_eq!(line.times().map(|times| times.to_string()).as_deref(), expected);
            assert!(line.times().is_none_or(|times| Line::of(&times).times() == Some(times)));
        }
    }
}

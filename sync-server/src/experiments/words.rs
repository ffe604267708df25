//! What an experiment says, in a sentence for whoever never heard of significance. The operator's page is in English.

use soko_experiment::judge::Verdict;
use soko_experiment::{Metric, Share};

use super::{Arm, Experiment, Why};

#[must_use]
pub fn sentence(it: &Experiment) -> String {
    match it.ended.as_ref().map(|ended| &ended.why) {
        Some(Why::Stopped(because)) => format!("Ended by the operator: {because}"),
        Some(Why::Verdict(verdict)) => ended(it, *verdict),
        // Counts that end it do so when they arrive: what runs was too early then.
        None => early(it),
    }
}

fn early(it: &Experiment) -> String {
    let fewest = it.arms.iter().map(|arm| arm.counts.people).min().unwrap_or(0);
    if fewest < it.plan.people_min {
        return format!(
            "Too early to say: {} people in the smallest part so far, of at least {}.",
            grouped(fewest),
            grouped(it.plan.people_min)
        );
    }
    format!("Too early to say: {}, and that may be chance.", rates(it, it.plan.aim))
}

fn ended(it: &Experiment, verdict: Verdict) -> String {
    let (name, first) = (|arm: usize| it.arms.get(arm).map_or("", |arm| arm.name.as_str()), it.arms.first());
    let against = |arm: usize, metric: Metric| match (it.arms.get(arm), first) {
        (Some(arm), Some(first)) => {
            format!(
                "{} against {} of the people {}",
                percent(arm.counts.share(metric)),
                percent(first.counts.share(metric)),
                did(metric)
            )
        }
        (Some(_) | None, Some(_) | None) => String::new(),
    };
    let aim = it.plan.aim;
    match verdict {
        Verdict::Unequal => {
            let people: Vec<String> =
                it.arms.iter().map(|arm| format!("{} {}", arm.name, grouped(arm.counts.people))).collect();
            format!(
                "Stopped: people were shared out unequally ({}), so nothing can be said.",
                people.join(", ")
            )
        }
        Verdict::Harmful { arm, metric } => {
            format!("Stopped: {} does harm, {}.", name(arm), against(arm, metric))
        }
        Verdict::Worse { arm } => {
            format!("{} is worse: {}, {} by chance.", name(arm), against(arm, aim), odds(it, arm))
        }
        Verdict::Better { arm } => {
            format!("{} is better: {}, {} by chance.", name(arm), against(arm, aim), odds(it, arm))
        }
        Verdict::Alike => format!("No difference that matters: {}.", rates(it, aim)),
        Verdict::TooEarly => early(it),
    }
}

/// How seldom it would ever look like this if there were no difference.
fn odds(it: &Experiment, arm: usize) -> &'static str {
    let differences = it.judged().differences;
    let chance = arm.checked_sub(1).and_then(|at| differences.get(at)).map_or(1.0, |it| it.chance);
    // Each arm beyond the second is one more chance to be fooled.
    let chance = chance * differences.len() as f64;
    match chance {
        chance if chance <= 0.001 => "at most 1 in 1,000",
        chance if chance <= 0.01 => "at most 1 in 100",
        _ => "at most 1 in 20",
    }
}

fn rates(it: &Experiment, metric: Metric) -> String {
    let rate = |arm: &Arm| format!("{} {}", arm.name, percent(arm.counts.share(metric)));
    let rates: Vec<String> = it.arms.iter().map(rate).collect();
    format!("{} of the people {}", rates.join(", "), did(metric))
}

fn did(metric: Metric) -> &'static str {
    match metric {
        Metric::Shown => "were shown something",
        Metric::Tapped => "tapped a suggestion",
        Metric::Basket => "put a suggestion into a basket",
        Metric::Ordered => "ordered a suggestion",
        Metric::Dismissed => "sent a suggestion away",
    }
}

fn percent(share: Share) -> String {
    format!("{:.1} %", share.rate() * 100.0)
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use soko_domain::ids::ThingId;
    use soko_experiment::ArmCounts;
    use soko_experiment::assign::Shares;
    use soko_experiment::judge::Plan;

    use super::*;
    use crate::experiments::{Ended, guardrails};

    fn experiment(counts: [(u64, u64, u64); 2]) -> Experiment {
        let plan = Plan {
            shares: Shares::new(&[500_000, 500_000]).unwrap(),
            aim: Metric::Tapped,
            worth_ppm: 10_000,
            people_min: 1_000,
            people_max: 100_000,
            guardrails: guardrails(5_000, 5_000),
        };
        let arm = |(name, (people, tapped, ordered)): (&str, (u64, u64, u64))| Arm {
            name: name.into(),
            model: None,
            explores: true,
            counts: ArmCounts { people, shown: people, tapped, ordered, ..ArmCounts::default() },
        };
        Experiment {
            experiment: ThingId([1; 16]),
            name: "exploring".into(),
            plan,
            arms: ["A", "B"].into_iter().zip(counts).map(arm).collect(),
            begun_ms: 0,
            ended: None,
        }
    }

    #[test]
    fn a_shopkeeper_reads_what_came_of_it() {
        for (counts, sentence_wanted) in [
            (
                [(900, 0, 0), (1_000, 0, 0)],
                "Too early to say: 900 people in the smallest part so far, of at least 1,000.",
            ),
            (
                [(5_000, 120, 90), (5_000, 145, 90)],
                "Too early to say: A 2.4 %, B 2.9 % of the people tapped a suggestion, and that may be chance.",
            ),
            (
                [(12_000, 288, 200), (12_000, 372, 200)],
                "B is better: 3.1 % against 2.4 % of the people tapped a suggestion, at most 1 in 20 by chance.",
            ),
            (
                [(12_000, 480, 200), (12_000, 288, 200)],
                "B is worse: 2.4 % against 4.0 % of the people tapped a suggestion, at most 1 in 1,000 by chance.",
            ),
            (
                [(5_000, 120, 200), (5_000, 220, 50)],
                "Stopped: B does harm, 1.0 % against 4.0 % of the people ordered a suggestion.",
            ),
            (
                [(5_000, 120, 90), (4_500, 220, 90)],
                "Stopped: people were shared out unequally (A 5,000, B 4,500), so nothing can be said.",
            ),
            (
                [(40_000, 960, 90), (40_000, 960, 90)],
                "No difference that matters: A 2.4 %, B 2.4 % of the people tapped a suggestion.",
            ),
        ] {
            let mut it = experiment(counts);
            let verdict = it.judged().verdict;
            it.ended = verdict.ends().then_some(Ended { at_ms: 1, why: Why::Verdict(verdict) });
            assert_eq!(sentence(&it), sentence_wanted);
        }
        let mut it = experiment([(0, 0, 0); 2]);
        it.ended = Some(Ended { at_ms: 1, why: Why::Stopped("a mistake".into()) });
        assert_eq!(sentence(&it), "Ended by the operator: a mistake");
    }
}

//! Experiments in their tables.

use soko_domain::ids::ThingId;
use soko_experiment::assign::Shares;
use soko_experiment::judge::{Plan, Verdict};
use soko_experiment::{ArmCounts, Metric};
use soko_record_log::{Row, StoreError, Tx, params};

use super::{Arm, Ended, Experiment, Why, guardrails};

/// Experiments that are shown, the latest first; older ones stay in the table.
const LISTED_MAX: u32 = 50;
/// The number of what somebody ended.
const STOPPED: i64 = 0;

/// The number is what is stored.
const METRICS: [(i64, Metric); 5] = [
    (1, Metric::Shown),
    (2, Metric::Tapped),
    (3, Metric::Basket),
    (4, Metric::Ordered),
    (5, Metric::Dismissed),
];

const COLUMNS: &str = "experiment, name, aim, worth_ppm, people_min, people_max, ordered_margin_ppm,
    dismissed_margin_ppm, begun_ms, ended_ms, verdict, verdict_arm, verdict_metric, because";

/// The one that runs.
pub fn running(tx: &mut dyn Tx) -> Result<Option<Experiment>, StoreError> {
    let row = tx.query_opt(&format!("select {COLUMNS} from experiment where ended_ms is null"), &[])?;
    row.map(|row| experiment(tx, &row)).transpose()
}

/// The latest first.
pub fn list(tx: &mut dyn Tx) -> Result<Vec<Experiment>, StoreError> {
    let sql = format!("select {COLUMNS} from experiment order by begun_ms desc, experiment limit $1");
    let rows = tx.query(&sql, params![LISTED_MAX])?;
    rows.iter().map(|row| experiment(tx, row)).collect()
}

pub(super) fn put(tx: &mut dyn Tx, it: &Experiment) -> Result<(), StoreError> {
    let plan = &it.plan;
    let margin =
        |metric| plan.guardrails.iter().find(|rail| rail.metric == metric).map_or(0, |rail| rail.margin_ppm);
    tx.run(
        "insert into experiment (experiment, name, aim, worth_ppm, people_min, people_max, ordered_margin_ppm,
           dismissed_margin_ppm, begun_ms, because) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, '')",
        params![
            it.experiment,
            it.name,
            metric_number(plan.aim),
            plan.worth_ppm,
            plan.people_min,
            plan.people_max,
            margin(Metric::Ordered),
            margin(Metric::Dismissed),
            it.begun_ms
        ],
    )?;
    for (at, (arm, share)) in it.arms.iter().zip(plan.shares.parts()).enumerate() {
        tx.run(
            "insert into experiment_arm (experiment, arm, name, share_ppm, model, explores,
               people, shown, tapped, basket, ordered, dismissed) values ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, 0, 0)",
            params![it.experiment, at, arm.name, *share, arm.model, arm.explores],
        )?;
    }
    Ok(())
}

pub(super) fn put_counts(
    tx: &mut dyn Tx,
    experiment: ThingId,
    counts: &[ArmCounts],
) -> Result<(), StoreError> {
    for (at, arm) in counts.iter().enumerate() {
        tx.run(
            "update experiment_arm set people = $3, shown = $4, tapped = $5, basket = $6, ordered = $7, dismissed = $8
             where experiment = $1 and arm = $2",
            params![
                experiment,
                at,
                arm.people,
                arm.shown,
                arm.tapped,
                arm.basket,
                arm.ordered,
                arm.dismissed
            ],
        )?;
    }
    Ok(())
}

pub(super) fn put_end(tx: &mut dyn Tx, experiment: ThingId, ended: &Ended) -> Result<(), StoreError> {
    let (verdict, arm, metric, because) = match &ended.why {
        Why::Stopped(because) => (STOPPED, None, None, because.as_str()),
        Why::Verdict(verdict) => {
            let (number, arm, metric) = verdict_numbers(*verdict);
            (number, arm, metric.map(metric_number), "")
        }
    };
    tx.run(
        "update experiment set ended_ms = $2, verdict = $3, verdict_arm = $4, verdict_metric = $5, because = $6
         where experiment = $1",
        params![experiment, ended.at_ms, verdict, arm, metric, because],
    )
}

fn experiment(tx: &mut dyn Tx, row: &Row) -> Result<Experiment, StoreError> {
    let experiment: ThingId = row.id(0)?;
    let arms = tx.query(
        "select name, model, explores, people, shown, tapped, basket, ordered, dismissed, share_ppm
         from experiment_arm where experiment = $1 order by arm",
        params![experiment],
    )?;
    let shares = arms.iter().map(|row| row.number(9)).collect::<Result<Vec<u32>, _>>()?;
    let shares = Shares::new(&shares).map_err(|_| unreadable())?;
    let ended = match row.int_opt(9)? {
        Some(at_ms) => Some(Ended { at_ms, why: why(row)? }),
        None => None,
    };
    Ok(Experiment {
        experiment,
        name: row.text(1)?.to_owned(),
        plan: Plan {
            shares,
            aim: metric(row.int(2)?)?,
            worth_ppm: row.number(3)?,
            people_min: row.number(4)?,
            people_max: row.number(5)?,
            guardrails: guardrails(row.number(6)?, row.number(7)?),
        },
        arms: arms.iter().map(arm).collect::<Result<_, _>>()?,
        begun_ms: row.int(8)?,
        ended,
    })
}

fn arm(row: &Row) -> Result<Arm, StoreError> {
    Ok(Arm {
        name: row.text(0)?.to_owned(),
        model: row.id_opt(1)?,
        explores: row.bool(2)?,
        counts: ArmCounts {
            people: row.number(3)?,
            shown: row.number(4)?,
            tapped: row.number(5)?,
            basket: row.number(6)?,
            ordered: row.number(7)?,
            dismissed: row.number(8)?,
        },
    })
}

fn why(row: &Row) -> Result<Why, StoreError> {
    let arm = row.number_opt::<u32>(11)?.and_then(|arm| usize::try_from(arm).ok());
    let arm = || arm.ok_or_else(unreadable);
    Ok(Why::Verdict(match row.int(10)? {
        STOPPED => return Ok(Why::Stopped(row.text(13)?.to_owned())),
        1 => Verdict::Unequal,
        2 => Verdict::Harmful { arm: arm()?, metric: metric(row.int(12)?)? },
        3 => Verdict::Worse { arm: arm()? },
        4 => Verdict::Better { arm: arm()? },
        5 => Verdict::Alike,
        6 => Verdict::TooEarly,
        _ => return Err(unreadable()),
    }))
}

fn verdict_numbers(verdict: Verdict) -> (i64, Option<usize>, Option<Metric>) {
    match verdict {
        Verdict::Unequal => (1, None, None),
        Verdict::Harmful { arm, metric } => (2, Some(arm), Some(metric)),
        Verdict::Worse { arm } => (3, Some(arm), None),
        Verdict::Better { arm } => (4, Some(arm), None),
        Verdict::Alike => (5, None, None),
        Verdict::TooEarly => (6, None, None),
    }
}

fn metric_number(metric: Metric) -> i64 {
    METRICS.iter().find(|known| known.1 == metric).map_or(0, |known| known.0)
}

fn metric(number: i64) -> Result<Metric, StoreError> {
    METRICS.iter().find(|known| known.0 == number).map(|known| known.1).ok_or_else(unreadable)
}

fn unreadable() -> StoreError {
    StoreError::Corrupt("an experiment cannot be read".into())
}

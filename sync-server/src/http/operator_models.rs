//! The operator's page of models and experiments: how each model did, which one is in use and why, going back to another one, and
//! trying two against each other.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use soko_domain::ids::{Hash, LogId, ThingId};
use soko_domain::review::reason;
use soko_experiment::interval::wilson;
use soko_experiment::{Metric, Share};
use soko_record_log::{StoreError, Tx};
use utoipa::ToSchema;

use crate::console::acts::{self, Act as Decision, Done as Decided};
use crate::console::{self, Acting, Need};
use crate::experiments::{self, Ended, Experiment, NotBegun, Wanted, WantedArm, sentence};
use crate::http::app::App;
use crate::http::body::{Answered, ApiJson, ApiPath, id};
use crate::http::operator::{Operator, file};
use crate::http::problem::{Problem, ProblemBody};
use crate::model::{self, Act, Card, Done, ForYou, Kept};
use crate::platform::Refusal;
use crate::store::{JobError, Shard};

const PAGE: &str = include_str!("../operator/models.html");
const SCRIPT: &str = include_str!("../operator/models.js");

pub(crate) async fn page(State(app): State<App>) -> Result<Response, Problem> {
    std::future::ready(file(&app, "text/html; charset=utf-8", PAGE)).await
}

pub(crate) async fn script(State(app): State<App>) -> Result<Response, Problem> {
    std::future::ready(file(&app, "text/javascript; charset=utf-8", SCRIPT)).await
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Overview {
    /// Those that are kept, the latest first.
    models: Vec<ModelRow>,
    /// What was done with models, gone ones too, the latest first.
    acts: Vec<ActRow>,
    /// The latest first; one runs at most.
    experiments: Vec<ExperimentRow>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ModelRow {
    model: String,
    made_ms: i64,
    is_in_use: bool,
    length: u64,
    /// Why it is in use or kept aside.
    why: String,
    #[serde(flatten)]
    measured: Measured,
    products: usize,
    baskets: usize,
    people: usize,
    from_ms: i64,
    to_ms: i64,
    parameters: BTreeMap<String, f64>,
}

/// How often what was taken out of a basket was among ten suggestions, and between what that lies, 95 times of 100.
#[derive(Serialize, ToSchema)]
pub(crate) struct Measured {
    tested: usize,
    found: f64,
    low: f64,
    high: f64,
    /// Of the model that was in use when this one was made, on the same baskets.
    found_before: Option<f64>,
    /// By how much the difference to it may be chance.
    give_or_take: f64,
    /// The same of people: what each bought next, among the ten for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    for_you: Option<ForYou>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ActRow {
    at_ms: i64,
    model: String,
    /// `used`, `kept-aside`, `chosen` or `earlier`, which is before acts were written down.
    act: &'static str,
    because: String,
    #[serde(flatten)]
    measured: Measured,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ExperimentRow {
    experiment: String,
    name: String,
    aim: &'static str,
    begun_ms: i64,
    ended_ms: Option<i64>,
    /// What may be said of it now, for anybody.
    sentence: String,
    arms: Vec<ArmRow>,
    /// Of each arm but the first, against the first; these hold however often one looks.
    differences: Vec<DifferenceRow>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ArmRow {
    name: String,
    share_ppm: u32,
    model: Option<String>,
    explores: bool,
    people: u64,
    shown: u64,
    tapped: u64,
    basket: u64,
    ordered: u64,
    dismissed: u64,
    /// Of the people, who did what is aimed at; for one look, 95 times of 100 between these.
    rate: f64,
    low: f64,
    high: f64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DifferenceRow {
    estimate: f64,
    low: f64,
    high: f64,
    chance: f64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Because {
    /// In at most 200 letters; it is kept with what is done.
    because: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginExperiment {
    name: String,
    /// `tapped`, `basket` or `ordered`.
    aim: String,
    /// The first is what the others are compared with.
    arms: Vec<BeginArm>,
    /// A difference that matters, in millionths of the people.
    worth_ppm: u32,
    /// In each arm, before anything is said.
    people_min: u64,
    /// In all arms; then it ends.
    people_max: u64,
    /// How much fewer people may order, and how much more may send suggestions away, in millionths of the people.
    ordered_margin_ppm: u32,
    dismissed_margin_ppm: u32,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginArm {
    name: String,
    /// Of all devices, in millionths; what is left over stays outside.
    share_ppm: u32,
    /// One that is kept; absent, the one in use now.
    model: Option<String>,
    /// Whether the last place goes to something further down; absent, it does.
    explores: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Begun {
    experiment: String,
}

/// Models, what was done with them, and experiments.
#[utoipa::path(get, path = "/v1/operator/models", tag = "operation", responses(
    (status = 200, description = "All that the models' page shows", body = Overview),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn overview(State(app): State<App>, _: Operator) -> Answered<Overview> {
    let read =
        |tx: &mut dyn Tx| Ok::<_, StoreError>((model::list(tx)?, model::acts(tx)?, experiments::list(tx)?));
    let (models, acts, experiments) = app.store().read(read).await?;
    Ok(Json(Overview {
        models: models.into_iter().map(|kept| model_row(kept, &acts)).collect(),
        experiments: experiments.iter().map(experiment_row).collect(),
        acts: acts.into_iter().map(ActRow::from).collect(),
    }))
}

/// Use another kept model from now on: going back to one from before is one step.
#[utoipa::path(post, path = "/v1/operator/models/{model}/use", tag = "operation", request_body = Because,
    params(("model" = String, Path, description = "SHA-256 of its bytes, in hexadecimal digits")), responses(
    (status = 204, description = "It is in use, and devices fetch it when they next look at the market"),
    (status = 404, description = "It is not kept here", body = ProblemBody),
    (status = 422, description = "Nothing is done without a reason", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn choose(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(model): ApiPath<String>,
    ApiJson(request): ApiJson<Because>,
) -> Result<StatusCode, Problem> {
    let model: Hash = id(&model, "the model")?;
    let because = checked(&request.because)?;
    let now_ms = app.now_ms();
    let put = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::Decide)?;
        let is_kept = model::use_instead(tx, (model, &because), now_ms)?;
        if is_kept {
            note(tx, acting, (Decision::ChoseModel, model.to_string()), (&because, now_ms))?;
        }
        Ok::<_, Refusal>(is_kept)
    };
    if !app.store().write(Shard::stall(LogId::default()), put).await? {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "no_such_model",
            "this server does not keep this model",
        ));
    }
    tracing::info!(%model, "model.chosen");
    Ok(StatusCode::NO_CONTENT)
}

/// Begin an experiment between two ways of suggesting.
///
/// Each device finds out alone which arm is its own, from what `/v1/model` says, and stays in it. One runs at a time.
#[utoipa::path(post, path = "/v1/operator/experiments", tag = "operation", request_body = BeginExperiment, responses(
    (status = 201, description = "It runs", body = Begun),
    (status = 409, description = "Another one runs, or no model is in use", body = ProblemBody),
    (status = 422, description = "It cannot be like this", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn begin(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiJson(request): ApiJson<BeginExperiment>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let wanted = wanted(request)?;
    let experiment = ThingId(app.random()?);
    let now_ms = app.now_ms();
    let put = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::Decide)?;
        experiments::begin(tx, (experiment, &wanted), now_ms)?;
        Ok::<_, NotDone>(note(tx, acting, (Decision::BeganExperiment, experiment.to_string()), ("", now_ms))?)
    };
    app.store().write(Shard::stall(LogId::default()), put).await?;
    tracing::info!(%experiment, "experiment.begun");
    Ok((StatusCode::CREATED, Json(Begun { experiment: experiment.to_string() })))
}

/// End the experiment that runs; everybody gets the model in use again.
#[utoipa::path(post, path = "/v1/operator/experiments/{experiment}/end", tag = "operation", request_body = Because,
    params(("experiment" = String, Path, description = "The experiment's identity")), responses(
    (status = 204, description = "It ended"),
    (status = 404, description = "It does not run", body = ProblemBody),
    (status = 422, description = "Nothing is done without a reason", body = ProblemBody),
    (status = "default", description = "Refused", body = ProblemBody)))]
pub(crate) async fn end(
    State(app): State<App>,
    Operator(acting): Operator,
    ApiPath(experiment): ApiPath<String>,
    ApiJson(request): ApiJson<Because>,
) -> Result<StatusCode, Problem> {
    let experiment: ThingId = id(&experiment, "the experiment")?;
    let because = checked(&request.because)?;
    let now_ms = app.now_ms();
    let put = move |tx: &mut dyn Tx| {
        console::require(tx, acting, Need::Decide)?;
        let is_running = experiments::stop(tx, experiment, &because, now_ms)?;
        if is_running {
            note(tx, acting, (Decision::EndedExperiment, experiment.to_string()), (&because, now_ms))?;
        }
        Ok::<_, Refusal>(is_running)
    };
    if !app.store().write(Shard::stall(LogId::default()), put).await? {
        let detail = "no such experiment runs: it may have ended by itself";
        return Err(Problem::new(StatusCode::NOT_FOUND, "no_such_experiment", detail));
    }
    tracing::info!(%experiment, "experiment.ended");
    Ok(StatusCode::NO_CONTENT)
}

fn note(
    tx: &mut dyn Tx,
    acting: Acting,
    (act, subject): (Decision, String),
    (because, at_ms): (&str, i64),
) -> Result<(), Refusal> {
    acts::add(tx, &Decided { acting, act, subject: &subject, because, more: "", at_ms })
}

/// Why an experiment was not begun: it cannot be, or whoever asks may not.
enum NotDone {
    Experiment(NotBegun),
    Refused(Refusal),
}

impl From<NotBegun> for NotDone {
    fn from(refused: NotBegun) -> Self {
        Self::Experiment(refused)
    }
}

impl From<Refusal> for NotDone {
    fn from(refused: Refusal) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for NotDone {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<NotDone> for Problem {
    fn from(refused: NotDone) -> Self {
        match refused {
            NotDone::Experiment(refused) => refused.into(),
            NotDone::Refused(refused) => refused.into(),
        }
    }
}

impl JobError for NotDone {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Experiment(refused) => refused.store_error(),
            Self::Refused(refused) => refused.store_error(),
        }
    }
}

fn checked(because: &str) -> Result<String, Problem> {
    reason(because).map_err(Refusal::from)?;
    Ok(because.trim().to_owned())
}

fn wanted(request: BeginExperiment) -> Result<Wanted, Problem> {
    let aim = Metric::ALL.into_iter().find(|metric| metric_name(*metric) == request.aim);
    let arm = |arm: BeginArm| {
        Ok(WantedArm {
            name: arm.name,
            share_ppm: arm.share_ppm,
            model: arm.model.map(|model| id(&model, "the model")).transpose()?,
            explores: arm.explores.unwrap_or(true),
        })
    };
    Ok(Wanted {
        name: request.name,
        aim: aim.ok_or(NotBegun::Aim)?,
        arms: request.arms.into_iter().map(arm).collect::<Result<_, Problem>>()?,
        worth_ppm: request.worth_ppm,
        people_min: request.people_min,
        people_max: request.people_max,
        ordered_margin_ppm: request.ordered_margin_ppm,
        dismissed_margin_ppm: request.dismissed_margin_ppm,
    })
}

impl From<NotBegun> for Problem {
    fn from(refused: NotBegun) -> Self {
        let (status, code) = match refused {
            NotBegun::Store(error) => return error.into(),
            NotBegun::Runs => (StatusCode::CONFLICT, "experiment_runs"),
            NotBegun::NoModel => (StatusCode::CONFLICT, "no_model"),
            NotBegun::NoSuchModel(_) => (StatusCode::UNPROCESSABLE_ENTITY, "no_such_model"),
            NotBegun::Names | NotBegun::Shares | NotBegun::Aim | NotBegun::Numbers | NotBegun::Alike => {
                (StatusCode::UNPROCESSABLE_ENTITY, "bad_experiment")
            }
        };
        Self::new(status, code, refused.to_string())
    }
}

fn model_row(kept: Kept, acts: &[Done]) -> ModelRow {
    let Kept { model, made_ms, is_in_use, length, card } = kept;
    ModelRow {
        why: why((model, is_in_use), &card, acts),
        measured: Measured::from(&card),
        model: model.to_string(),
        made_ms,
        is_in_use,
        length,
        products: card.products,
        baskets: card.baskets,
        people: card.people,
        from_ms: card.from_ms,
        to_ms: card.to_ms,
        parameters: card.parameters,
    }
}

/// Why a model is where it is.
fn why((model, is_in_use): (Hash, bool), card: &Card, acts: &[Done]) -> String {
    // The latest first.
    let mine = || acts.iter().filter(|done| done.model == model);
    if is_in_use {
        return match mine().find(|done| matches!(done.act, Act::Used | Act::Chosen)) {
            Some(done) if done.act == Act::Chosen => format!("In use: {}", done.because),
            Some(_) if card.found_before.is_some() => {
                "In use: it did no worse than the one before, beyond chance".to_owned()
            }
            Some(_) => "In use: it could not be compared with the one before".to_owned(),
            None => "In use".to_owned(),
        };
    }
    if mine().any(|done| matches!(done.act, Act::Used | Act::Chosen)) {
        return "Kept aside: it was in use before".to_owned();
    }
    let parts = |found: f64, before: f64| {
        let [found, before] = [found, before].map(|part| part * 100.0);
        format!("{found:.1} % where the one in use found {before:.1} %, more than chance explains")
    };
    let worse_for_you = card.for_you.filter(ForYou::is_worse);
    let kept_aside = mine().any(|done| done.act == Act::KeptAside);
    if let Some((it, before)) =
        worse_for_you.and_then(|it| Some((it, it.found_before?))).filter(|_| kept_aside)
    {
        return format!("Kept aside: of what people bought next it suggested {}", parts(it.found, before));
    }
    match card.found_before {
        Some(before) if kept_aside => format!("Kept aside: it found {}", parts(card.found, before)),
        Some(_) | None => "Kept aside: from before this was written down".to_owned(),
    }
}

impl From<&Card> for Measured {
    fn from(card: &Card) -> Self {
        let interval = wilson(card.hits());
        Self {
            tested: card.tested,
            found: card.found,
            low: interval.low,
            high: interval.high,
            found_before: card.found_before,
            give_or_take: card.give_or_take,
            for_you: card.for_you,
        }
    }
}

impl From<Done> for ActRow {
    fn from(done: Done) -> Self {
        let act = match done.act {
            Act::Used => "used",
            Act::KeptAside => "kept-aside",
            Act::Chosen => "chosen",
            Act::Earlier => "earlier",
        };
        let measured = Measured::from(&done.card);
        Self { at_ms: done.at_ms, model: done.model.to_string(), act, because: done.because, measured }
    }
}

fn experiment_row(it: &Experiment) -> ExperimentRow {
    let difference = |found: &soko_experiment::sequential::Difference| DifferenceRow {
        estimate: found.estimate,
        low: found.low,
        high: found.high,
        chance: found.chance,
    };
    let arm = |(arm, share): (&experiments::Arm, &u32)| {
        let counts = arm.counts;
        let of: Share = counts.share(it.plan.aim);
        let interval = wilson(of);
        ArmRow {
            name: arm.name.clone(),
            share_ppm: *share,
            model: arm.model.map(|model| model.to_string()),
            explores: arm.explores,
            people: counts.people,
            shown: counts.shown,
            tapped: counts.tapped,
            basket: counts.basket,
            ordered: counts.ordered,
            dismissed: counts.dismissed,
            rate: of.rate(),
            low: interval.low,
            high: interval.high,
        }
    };
    ExperimentRow {
        experiment: it.experiment.to_string(),
        name: it.name.clone(),
        aim: metric_name(it.plan.aim),
        begun_ms: it.begun_ms,
        ended_ms: it.ended.as_ref().map(|ended: &Ended| ended.at_ms),
        sentence: sentence(it),
        arms: it.arms.iter().zip(it.plan.shares.parts()).map(arm).collect(),
        differences: it.judged().differences.iter().map(difference).collect(),
    }
}

fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Shown => "shown",
        Metric::Tapped => "tapped",
        Metric::Basket => "basket",
        Metric::Ordered => "ordered",
        Metric::Dismissed => "dismissed",
    }
}

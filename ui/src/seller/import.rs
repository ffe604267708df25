//! Products out of a file: choose it, look at how it would be read, take it with a bar that can be stopped, and take all
//! of it back with one tap.

use std::cell::Cell;
use std::rc::Rc;

use soko_app_api::{
    Command, IMPORT_STEP_ROWS, ImportChoice, ImportProgress, ImportRow, ImportView, OwnStall, Query, Reply,
    Verb, View,
};
use soko_domain::ids::{LogId, ThingId};
use soko_domain::import::IMPORT_BYTES_MAX;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::import_choice::{Choosing, Summary};
use super::with_stall;
use crate::browser;
use crate::desk::{Desk, Trouble, use_desk};
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Busy, Icon, Problem, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[component]
pub(super) fn Import() -> Html {
    with_stall(|stall| html! { <Importing {stall} /> })
}

#[derive(Properties, PartialEq)]
struct ImportingProps {
    stall: OwnStall,
}

/// What runs, and how far it is.
#[derive(Clone, Copy, PartialEq)]
struct Running {
    is_undoing: bool,
    done: u32,
    rows: u32,
}

#[component]
fn Importing(props: &ImportingProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let stall = props.stall.stall;
    let (file, choice) = (use_state(|| None::<ThingId>), use_state(|| None::<ImportChoice>));
    let running = use_state(|| None::<Running>);
    let stop = use_memo((), |()| Cell::new(false));
    // While it runs, each step would ask for the whole file again.
    let asked = (*file).filter(|_| running.is_none());
    let live = use_query(asked.map(|import| Query::Import { stall, import, choice: (*choice).clone() }));
    let begin = {
        let (desk, speech, running, stop) = (desk.clone(), speech.clone(), running.clone(), Rc::clone(&stop));
        Callback::from(move |job: Job| {
            stop.set(false);
            let work = Work {
                desk: desk.clone(),
                speech: speech.clone(),
                stall,
                stop: Rc::clone(&stop),
                running: running.clone(),
            };
            wasm_bindgen_futures::spawn_local(async move { work.run(job).await });
        })
    };
    let on_file = {
        let (file, choice) = (file.clone(), choice.clone());
        Callback::from(move |import: ThingId| {
            choice.set(None);
            file.set(Some(import));
        })
    };
    let on_choice = {
        let choice = choice.clone();
        Callback::from(move |now: ImportChoice| choice.set(Some(now)))
    };
    let body = match (*running, *file, live.view()) {
        (Some(now), ..) => html! { <Progress {now} on_stop={stopping(&stop)} /> },
        (None, Some(_), Some(View::Import(view))) => {
            html! { <Looked view={view.clone()} currency={props.stall.currency.clone()} {on_choice} {begin} /> }
        }
        (None, Some(_), _) => html! { <Busy {live} /> },
        (None, None, _) => html! { <Recent {stall} {begin} /> },
    };
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Products} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("import.title") }</h1>
            </header>
            if running.is_none() {
                <Choose {stall} {on_file} is_first={file.is_none()} />
            }
            { body }
        </section>
    }
}

fn stopping(stop: &Rc<Cell<bool>>) -> Callback<MouseEvent> {
    let stop = Rc::clone(stop);
    Callback::from(move |_: MouseEvent| stop.set(true))
}

/// One import, to be taken or taken back.
#[derive(Clone, PartialEq)]
enum Job {
    Take { import: ThingId, choice: ImportChoice, from: u32, rows: u32 },
    Undo { import: ThingId, from: u32, rows: u32 },
}

/// Takes the rows step by step. Between two steps the counter is served.
struct Work {
    desk: Desk,
    speech: Speech,
    stall: LogId,
    stop: Rc<Cell<bool>>,
    running: UseStateHandle<Option<Running>>,
}

impl Work {
    async fn run(self, job: Job) {
        let (is_undoing, mut from, rows) = match &job {
            Job::Take { from, rows, .. } => (false, *from, *rows),
            Job::Undo { from, rows, .. } => (true, *from, *rows),
        };
        let mut sum = ImportProgress::default();
        self.running.set(Some(Running { is_undoing, done: from, rows }));
        let ended = loop {
            if self.stop.get() {
                break Ok(());
            }
            let progress = match self.step(&job, from).await {
                Ok(progress) => progress,
                Err(trouble) => break Err(trouble),
            };
            sum.created += progress.created;
            sum.updated += progress.updated;
            sum.skipped += progress.skipped;
            self.running.set(Some(Running { is_undoing, done: progress.done, rows: progress.rows }));
            let is_stuck = progress.done <= from;
            from = progress.done;
            if from >= progress.rows || is_stuck {
                break Ok(());
            }
        };
        self.running.set(None);
        match ended {
            Ok(()) => self.tell(is_undoing, sum),
            Err(trouble) => self.desk.toasts.error(trouble.sentence(&self.speech)),
        }
    }

    async fn step(&self, job: &Job, from: u32) -> Result<ImportProgress, Trouble> {
        let verb = match job.clone() {
            Job::Take { import, choice, .. } => Verb::TakeImport { import, choice, from },
            Job::Undo { import, .. } => Verb::UndoImport { import, from },
        };
        let reply = self.desk.act(self.stall, verb).await?;
        if let Reply::Imported(progress) = reply { Ok(progress) } else { Err(Trouble::of("link.unreadable")) }
    }

    fn tell(&self, is_undoing: bool, sum: ImportProgress) {
        let [created, updated] = [sum.created, sum.updated].map(|count| self.speech.number(count.into()));
        let key = if is_undoing { "import.undone" } else { "import.done" };
        self.desk.toasts.done(self.speech.fill(key, &[("created", &created), ("updated", &updated)]));
    }
}

#[derive(Properties, PartialEq)]
struct ChooseProps {
    stall: LogId,
    on_file: Callback<ThingId>,
    is_first: bool,
}

/// The way to a file.
#[component]
fn Choose(props: &ChooseProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let is_busy = use_state(|| false);
    let onchange = {
        let (desk, speech, is_busy) = (desk.clone(), speech.clone(), is_busy.clone());
        let (stall, on_file) = (props.stall, props.on_file.clone());
        Callback::from(move |change: Event| {
            let input: HtmlInputElement = change.target_unchecked_into();
            let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
            input.set_value("");
            let (desk, speech, is_busy, on_file) =
                (desk.clone(), speech.clone(), is_busy.clone(), on_file.clone());
            is_busy.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                let import = ThingId(browser::chance());
                match browser::file::read(&file, IMPORT_BYTES_MAX).await {
                    None => desk.toasts.error(speech.say("import.unreadable")),
                    Some(bytes) => {
                        let verb = Verb::KeepImport { file_name: file.name(), bytes };
                        match desk.send(Command { id: import, stall, verb }).await {
                            Ok(_) => on_file.emit(import),
                            Err(trouble) => desk.toasts.error(trouble.sentence(&speech)),
                        }
                    }
                }
                is_busy.set(false);
            });
        })
    };
    let key = if props.is_first { "import.choose" } else { "import.choose-other" };
    html! {
        <div class="card stack">
            if props.is_first { <p class="prose">{ speech.say("import.text") }</p> }
            <div class="row">
                <label class={classes!("button", props.is_first.then_some("button-main"), "file-choice")}>
                    { icon(Icon::Note) }
                    <span>{ speech.say(if *is_busy { "import.reading" } else { key }) }</span>
                    <input type="file" accept=".csv,.tsv,.txt,text/csv,text/plain" {onchange} disabled={*is_busy} class="silent" />
                </label>
            </div>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct LookedProps {
    view: ImportView,
    currency: AttrValue,
    on_choice: Callback<ImportChoice>,
    begin: Callback<Job>,
}

/// How it would be read, and what would happen.
#[component]
fn Looked(props: &LookedProps) -> Html {
    let speech = use_speech();
    let view = &props.view;
    let import = view.import;
    let (is_begun, is_taken) = (view.is_begun && view.taken > 0, view.taken >= view.rows);
    let count = view.creates.saturating_add(view.updates);
    let take = {
        let job = Job::Take { import, choice: view.choice.clone(), from: view.taken, rows: view.rows };
        props.begin.reform(move |_: MouseEvent| job.clone())
    };
    let undo = {
        let job = Job::Undo { import, from: view.undone, rows: view.taken };
        props.begin.reform(move |_: MouseEvent| job.clone())
    };
    let taken = speech.number(view.taken.into());
    let rows = speech.number(view.rows.into());
    html! {
        <>
            if is_begun {
                <div class="card stack">
                    <h2>{ view.file_name.clone() }</h2>
                    <p class="prose">{ speech.fill("import.taken", &[("done", &taken), ("rows", &rows)]) }</p>
                    <footer class="row row-apart">
                        if view.undone < view.taken {
                            <button type="button" class="button" onclick={undo}>{ icon(Icon::Back) }{ speech.say("import.undo") }</button>
                        }
                        if !is_taken && view.undone == 0 {
                            <button type="button" class="button button-main" onclick={take}>{ speech.say("import.go-on") }</button>
                        }
                        if is_taken && view.undone == 0 {
                            <Go to={Route::Products} class="button button-main">{ speech.say("nav.products") }</Go>
                        }
                    </footer>
                </div>
            } else {
                <Choosing view={view.clone()} on_choice={props.on_choice.clone()} />
                <Summary view={view.clone()} currency={props.currency.clone()} />
                <footer class="row row-apart import-foot">
                    if count == 0 { <Problem text={speech.say("import.nothing")} /> }
                    <button type="button" class="button button-main" onclick={take} disabled={count == 0}>
                        { speech.count("import.take", count.into()) }
                    </button>
                </footer>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ProgressProps {
    now: Running,
    on_stop: Callback<MouseEvent>,
}

#[component]
fn Progress(props: &ProgressProps) -> Html {
    let speech = use_speech();
    let Running { is_undoing, done, rows } = props.now;
    let (done_said, rows_said) = (speech.number(done.into()), speech.number(rows.into()));
    let key = if is_undoing { "import.undoing" } else { "import.taking" };
    let said = speech.fill(key, &[("done", &done_said), ("rows", &rows_said)]);
    // Short imports are over before a bar says anything.
    let is_long = rows > IMPORT_STEP_ROWS;
    html! {
        <div class="card stack" aria-busy="true">
            <p role="status">{ said.clone() }</p>
            <progress class="bar" max={rows.to_string()} value={done.to_string()} aria-label={said}></progress>
            if is_long {
                <p class="field-hint">{ speech.say("import.meanwhile") }</p>
                <div class="row"><button type="button" class="button" onclick={props.on_stop.clone()}>{ speech.say("import.stop") }</button></div>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct RecentProps {
    stall: LogId,
    begin: Callback<Job>,
}

/// The last imports, each to be taken back.
#[component]
fn Recent(props: &RecentProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Imports(props.stall)));
    let Some(View::Imports(rows)) = live.view() else { return Html::default() };
    let left: Vec<&ImportRow> = rows.iter().filter(|row| row.undone < row.taken).collect();
    if left.is_empty() {
        return Html::default();
    }
    let one = |row: &ImportRow| {
        let job = Job::Undo { import: row.import, from: row.undone, rows: row.taken };
        let undo = props.begin.reform(move |_: MouseEvent| job.clone());
        let taken = speech.count("import.rows", row.taken.into());
        html! {
            <div class="list-row">
                <span class="list-main">
                    <span class="list-name">{ row.file_name.clone() }</span>
                    <span class="list-more">{ format!("{} · {taken}", speech.day_and_time(row.at_ms, None)) }</span>
                </span>
                <button type="button" class="button" onclick={undo}>{ speech.say("import.undo") }</button>
            </div>
        }
    };
    html! {
        <section class="card stack" aria-labelledby="recent">
            <h2 id="recent">{ speech.say("import.recent") }</h2>
            <div>{ for left.into_iter().map(one) }</div>
        </section>
    }
}

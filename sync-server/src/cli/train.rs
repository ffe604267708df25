//! `train`: a model of what goes with what, made now; and which of the kept ones is in use.

use std::ops::ControlFlow;
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command};
use soko_domain::ids::{Hash, LogId};
use soko_record_log::StoreError;

use crate::cli::demo::show;
use crate::cli::settings::Resolved;
use crate::cli::{CliError, say};
use crate::model::{self, Kept, Trained};
use crate::outside::{Clock as _, SystemClock};
use crate::store::{Shard, Store};

const EXAMPLES: &str = "EXAMPLES
  soko-server train --data-dir /var/lib/soko
  soko-server train --list
  soko-server train --use 4be1…                  go back to a model that was in use before

A server that runs trains by itself once a day if anything was written, or as soon as there is a tenth more; between two
trainings it folds what is new into the model in use. A new model is used unless it
finds fewer of the products that were taken out of the latest baskets than the one in use, by more than chance. Of several
servers and programs on one store one trains at a time. On SQLite the server must be stopped.";

/// What the models' page says of a model that was chosen here.
const BECAUSE: &str = "chosen by soko-server train --use";

pub(super) fn command() -> Command {
    let list = Arg::new("list").long("list").action(ArgAction::SetTrue);
    let instead = Arg::new("use").long("use").value_name("MODEL").conflicts_with("list");
    Command::new("train")
        .about("Learn what goes with what from what was bought, or choose a model")
        .arg(list.help("Only list the models that are kept"))
        .arg(instead.help("Use this kept model from now on"))
        .after_help(EXAMPLES)
}

pub(super) fn run(settings: &Resolved, given: &ArgMatches) -> Result<(), CliError> {
    let store = Store::open(&settings.place(), Arc::new(|_| {}))?;
    let done = match given.get_one::<String>("use") {
        Some(model) => use_instead(&store, model),
        None if given.get_flag("list") => list(&store),
        None => train(&store),
    };
    store.close();
    done
}

/// A bar, which nobody stops: whoever wants to ends the program, and what was not kept is as if it had not been.
pub(super) fn show_bar(done: usize, what: &str) -> ControlFlow<()> {
    show(done, 100, what);
    ControlFlow::Continue(())
}

/// Trains and says how that went.
pub(super) fn train(store: &Store) -> Result<(), CliError> {
    let trained = model::train(store, SystemClock.now_ms(), &show_bar);
    let Trained { model, card, is_in_use } = trained.map_err(|error| CliError::failed(error.to_string()))?;
    let percent = |part: f64| format!("{:.1} %", part * 100.0);
    let before = match card.found_before {
        Some(before) => {
            format!(", the one before {} (give or take {})", percent(before), percent(card.give_or_take))
        }
        None => String::new(),
    };
    say(&format!(
        "Model {model} of {} baskets and {} products: of {} products taken out of the latest baskets it finds {}{before}.",
        card.baskets,
        card.products,
        card.tested,
        percent(card.found),
    ));
    if let Some(it) = card.for_you {
        let before = it.found_before.map(|before| {
            format!(", the one before {} (give or take {})", percent(before), percent(it.give_or_take))
        });
        say(&format!(
            "Of {} people it has what they bought next among the ten for them in {}{}.",
            it.tested,
            percent(it.found),
            before.unwrap_or_default()
        ));
    }
    say(if is_in_use { "It is in use." } else { "It does worse than the one in use, which stays." });
    Ok(())
}

fn list(store: &Store) -> Result<(), CliError> {
    let kept = store.read_blocking(|tx| model::list(tx)).map_err(StoreError::from)?;
    if kept.is_empty() {
        say("There is no model yet.");
    }
    for Kept { model, is_in_use, length, card, .. } in kept {
        let used = if is_in_use { "in use" } else { "kept" };
        say(&format!(
            "{model}  {used:<6}  {} baskets, {} products, {length} bytes, finds {:.1} % of {}",
            card.baskets,
            card.products,
            card.found * 100.0,
            card.tested
        ));
    }
    Ok(())
}

fn use_instead(store: &Store, model: &str) -> Result<(), CliError> {
    let Some(hash) = Hash::from_hex(model) else {
        return Err(CliError::usage("name a model by its 64 digits: see soko-server train --list"));
    };
    let used = store.write_blocking(Shard::stall(LogId::default()), move |tx| {
        model::use_instead(tx, (hash, BECAUSE), SystemClock.now_ms())
    });
    if !used.map_err(StoreError::from)? {
        return Err(CliError::failed("no such model is kept: see soko-server train --list"));
    }
    say(&format!("Model {model} is in use."));
    Ok(())
}

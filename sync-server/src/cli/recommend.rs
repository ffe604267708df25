//! `recommend`: how much the models find, and what one suggests and why. Changes nothing.

use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};
use soko_domain::ids::{Hash, ProductId};
use soko_recommend::train::Found;

use crate::cli::settings::Resolved;
use crate::cli::train::show_bar;
use crate::cli::{CliError, say};
use crate::model::{self, Evaluated, Explained};
use crate::outside::{Clock as _, SystemClock};
use crate::store::Store;

const EXAMPLES: &str = "EXAMPLES
  soko-server recommend evaluate --data-dir /var/lib/soko
  soko-server recommend explain mango \"green tea\"      what goes with both, and why
  soko-server recommend explain mango --model 4be1…     asks a kept model: see soko-server train --list

Changes nothing. On SQLite the server must be stopped.";

pub(super) fn command() -> Command {
    let model = Arg::new("model").long("model").value_name("MODEL");
    let products = Arg::new("products").value_name("PRODUCT").num_args(1..).required(true);
    Command::new("recommend")
        .about("Ask models how much they find, and what they suggest and why")
        .subcommand_required(true)
        .after_help(EXAMPLES)
        .subcommand(
            Command::new("evaluate")
                .about("Take a product out of each of the latest baskets, and count how often it is found")
                .after_help(EXAMPLES),
        )
        .subcommand(
            Command::new("explain")
                .about("Say what goes with products, each with its reason")
                .arg(products.help("Names of products, or their identities: what is in the basket"))
                .arg(model.help("This kept model instead of the one in use"))
                .after_help(EXAMPLES),
        )
}

pub(super) fn run(given: &ArgMatches) -> Result<(), CliError> {
    let Some((what, given)) = given.subcommand() else {
        return Err(CliError::usage("say what to do: see soko-server recommend --help"));
    };
    let store = Store::open(&Resolved::read(given)?.place(), Arc::new(|_| {}))?;
    let done = if what == "explain" { explain(&store, given) } else { evaluate(&store) };
    store.close();
    done
}

fn evaluate(store: &Store) -> Result<(), CliError> {
    let evaluated = model::evaluate(store, SystemClock.now_ms(), &show_bar);
    let Evaluated { model, together, popular, kept } = evaluated.map_err(refused)?;
    say(&format!(
        "Of {} products taken out of the latest baskets, so many are among ten suggestions:",
        model.tested
    ));
    row("a model that did not learn from them", &model);
    row("what was bought together", &together);
    row("what most had", &popular);
    for (kept, found) in kept {
        let used = if kept.is_in_use { "in use" } else { "kept" };
        match found {
            Some(found) => {
                row(&format!("{} ({used}), of {} since it was made", kept.model, found.tested), &found)
            }
            None => say(&format!("  {} ({used}) learnt from nearly all of them", kept.model)),
        }
    }
    Ok(())
}

fn row(what: &str, found: &Found) {
    let [part, spread] = [found.found, found.give_or_take].map(|part| part * 100.0);
    say(&format!("  {part:5.1} %, give or take {spread:.1}: {what}"));
}

fn explain(store: &Store, given: &ArgMatches) -> Result<(), CliError> {
    let wanted = given.get_one::<String>("model");
    let unknown_model = || CliError::usage("name a model by its 64 digits: see soko-server train --list");
    let model = wanted.map(|text| Hash::from_hex(text).ok_or_else(unknown_model)).transpose()?;
    let words: Vec<String> = given.get_many::<String>("products").into_iter().flatten().cloned().collect();
    let Explained { basket, unknown, goes_with, for_whom } =
        model::explain(store, model, &words).map_err(refused)?;
    if let Some(word) = unknown.first() {
        return Err(CliError::failed(format!(
            "nothing on offer is called {word}: give its whole name, or its identity"
        )));
    }
    let names: Vec<&str> = basket.iter().map(|(_, name)| name.as_str()).collect();
    say(&format!("With {}:", names.join(", ")));
    list(&goes_with);
    say("For whoever had that:");
    list(&for_whom);
    Ok(())
}

fn list(found: &[(ProductId, String, String)]) {
    if found.is_empty() {
        say("  nothing is known");
    }
    for (product, name, because) in found {
        say(&format!("  {product}  {name}: {because}"));
    }
}

fn refused(error: model::NotTrained) -> CliError {
    CliError::failed(error.to_string())
}

//! `messages`: what people were told by mail, by their browsers and by texts, and programs by webhooks, what was given up, and whether the mail
//! server takes ours.

use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};
use soko_domain::calendar::Moment;
use soko_domain::ids::{LogId, ThingId};
use tokio::runtime::Builder;

use crate::cli::serve::post;
use crate::cli::settings::Resolved;
use crate::cli::{CliError, say};
use crate::messages::{Listed, State, again_all, listed};
use crate::outside::{Clock as _, SystemClock};
use crate::store::{Shard, Store};

const EXAMPLES: &str = "EXAMPLES
  soko-server messages list                      the youngest hundred
  soko-server messages list given-up             what will not be tried again by itself
  soko-server messages again                     try all of these again
  soko-server messages again 3f02…               only this one
  soko-server messages check                     does the mail server answer and take our password?

No address is shown: a message names a topic. On SQLite the server must be stopped for list and again.";
const LIST_MAX: usize = 100;
const STATES: [&str; 4] = ["waiting", "sent", "given-up", "dropped"];

pub(super) fn command() -> Command {
    let state = Arg::new("state").value_name("STATE").value_parser(STATES);
    let message = Arg::new("message").value_name("MESSAGE");
    Command::new("messages")
        .about("What people were told by mail, by their browsers and by texts, and programs by webhooks")
        .subcommand_required(true)
        .after_help(EXAMPLES)
        .subcommand(
            Command::new("list").about("Show messages, the youngest first").arg(state.help("Only these")),
        )
        .subcommand(
            Command::new("again").about("Try again what was given up").arg(message.help("Only this one")),
        )
        .subcommand(Command::new("check").about("Ask whether the mail server takes our messages"))
}

pub(super) fn run(settings: &Resolved, given: &ArgMatches) -> Result<(), CliError> {
    match given.subcommand() {
        Some(("check", _)) => check(settings),
        Some(("again", given)) => again(settings, given.get_one::<String>("message")),
        Some((_, given)) => list(settings, given.get_one::<String>("state")),
        None => Err(CliError::usage("say what to do: see soko-server messages --help")),
    }
}

fn list(settings: &Resolved, state: Option<&String>) -> Result<(), CliError> {
    let state = match state.map(String::as_str) {
        Some("waiting") => Some(State::Waiting),
        Some("sent") => Some(State::Sent),
        Some("given-up") => Some(State::GivenUp),
        Some(_) => Some(State::Dropped),
        None => None,
    };
    let store = Store::open(&settings.place(), Arc::new(|_| {}))?;
    let found = store.read_blocking(move |tx| listed(tx, state, LIST_MAX));
    store.close();
    let found = found.map_err(soko_record_log::StoreError::from)?;
    if found.is_empty() {
        say("There are none.");
    }
    for one in found {
        say(&line(&one));
    }
    Ok(())
}

fn line(one: &Listed) -> String {
    let made = Moment(one.made_ms);
    let Listed { message, topic, channel, state, tries, reason, .. } = one;
    let (topic, channel, state) = (topic.name(), channel.name(), state.name());
    format!("{message}  {made}  {topic:<17} {channel:<4} {state:<9} {tries} tries  {reason}")
        .trim_end()
        .to_owned()
}

fn again(settings: &Resolved, message: Option<&String>) -> Result<(), CliError> {
    let only = match message {
        Some(text) => {
            let id = ThingId::from_hex(text);
            Some(id.ok_or_else(|| CliError::usage("a message has 32 hexadecimal digits: see messages list"))?)
        }
        None => None,
    };
    let store = Store::open(&settings.place(), Arc::new(|_| {}))?;
    let now_ms = SystemClock.now_ms();
    let shard = Shard::stall(LogId::default());
    let done = store.write_blocking(shard, move |tx| again_all(tx, only, now_ms));
    store.close();
    let done = done.map_err(soko_record_log::StoreError::from)?;
    say(&format!("{done} will be tried again."));
    Ok(())
}

fn check(settings: &Resolved) -> Result<(), CliError> {
    let post = post(settings)?.ok_or_else(|| CliError::usage("no mail server is set: see --mail-server"))?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| CliError::failed(format!("the runtime does not start: {error}")))?;
    // Its connections end inside the runtime, too.
    runtime.block_on(async move { post.check().await }).map_err(CliError::failed)?;
    say("The mail server answers and takes our messages.");
    Ok(())
}

//! `messages`: what people were told by mail, by their browsers and by texts, and programs by webhooks, what was given up, and whether the mail
//! server takes ours.

use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};
use soko_domain::calendar::Moment;
use soko_domain::ids::{LogId, ThingId};
use soko_record_log::{StoreError, Tx};
use tokio::runtime::Builder;

use crate::cli::serve::post;
use crate::cli::settings::Resolved;
use crate::cli::{CliError, say};
use crate::messages::{Listed, State, Which, again, discard, listed};
use crate::outside::{Clock as _, SystemClock};
use crate::store::{Shard, Store};

const EXAMPLES: &str = "EXAMPLES
  soko-server messages list                      the youngest hundred
  soko-server messages list given-up             what will not be tried again by itself
  soko-server messages again                     try all of these again
  soko-server messages again 3f02…               only this one
  soko-server messages again --because TEXT      all that have this reason, word for word
  soko-server messages discard 3f02…             leave this one at that
  soko-server messages check                     does the mail server answer and take our password?

No address is shown: a message names a topic. On SQLite the server must be stopped for list, again and discard.";
const LIST_MAX: usize = 100;
const STATES: [&str; 6] = ["waiting", "sent", "delivered", "given-up", "dropped", "discarded"];

pub(super) fn command() -> Command {
    let state = Arg::new("state").value_name("STATE").value_parser(STATES);
    let message = Arg::new("message").value_name("MESSAGE");
    let because = Arg::new("because").long("because").value_name("REASON").conflicts_with("message");
    let because = because.help("Only those that were given up for this reason");
    Command::new("messages")
        .about("What people were told by mail, by their browsers and by texts, and programs by webhooks")
        .subcommand_required(true)
        .after_help(EXAMPLES)
        .subcommand(
            Command::new("list").about("Show messages, the youngest first").arg(state.help("Only these")),
        )
        .subcommand(
            Command::new("again")
                .about("Try again what was given up")
                .arg(message.clone().help("Only this one"))
                .arg(because),
        )
        .subcommand(
            Command::new("discard")
                .about("Leave a message at that which was given up")
                .arg(message.required(true).help("Which one")),
        )
        .subcommand(Command::new("check").about("Ask whether the mail server takes our messages"))
}

pub(super) fn run(settings: &Resolved, given: &ArgMatches) -> Result<(), CliError> {
    match given.subcommand() {
        Some(("check", _)) => check(settings),
        Some(("again", given)) => try_again(settings, given),
        Some(("discard", given)) => leave(settings, given),
        Some((_, given)) => list(settings, given.get_one::<String>("state")),
        None => Err(CliError::usage("say what to do: see soko-server messages --help")),
    }
}

fn list(settings: &Resolved, state: Option<&String>) -> Result<(), CliError> {
    let state = match state.map(String::as_str) {
        Some("waiting") => Some(State::Waiting),
        Some("sent") => Some(State::Sent),
        Some("given-up") => Some(State::GivenUp),
        Some("delivered") => Some(State::Delivered),
        Some("discarded") => Some(State::Discarded),
        Some(_) => Some(State::Dropped),
        None => None,
    };
    let store = Store::open(&settings.place(), Arc::new(|_| {}))?;
    let found = store.read_blocking(move |tx| listed(tx, state, LIST_MAX));
    store.close();
    let found = found.map_err(StoreError::from)?;
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

fn try_again(settings: &Resolved, given: &ArgMatches) -> Result<(), CliError> {
    let which = match (given.get_one::<String>("message"), given.get_one::<String>("because")) {
        (Some(text), _) => Which::One(identity(text)?),
        (None, Some(reason)) => Which::Because(reason.clone()),
        (None, None) => Which::All,
    };
    let now_ms = SystemClock.now_ms();
    let done = write(settings, move |tx| again(tx, (None, &which), now_ms))?;
    say(&format!("{done} will be tried again."));
    Ok(())
}

fn leave(settings: &Resolved, given: &ArgMatches) -> Result<(), CliError> {
    let message = identity(given.get_one::<String>("message").map_or("", String::as_str))?;
    let now_ms = SystemClock.now_ms();
    if !write(settings, move |tx| discard(tx, (None, message), (None, now_ms)))? {
        return Err(CliError::usage("no such message was given up: see messages list given-up"));
    }
    say("It will not be tried again.");
    Ok(())
}

fn identity(text: &str) -> Result<ThingId, CliError> {
    let id = ThingId::from_hex(text);
    id.ok_or_else(|| CliError::usage("a message has 32 hexadecimal digits: see messages list"))
}

fn write<T: Send + 'static>(
    settings: &Resolved,
    work: impl FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, CliError> {
    let store = Store::open(&settings.place(), Arc::new(|_| {}))?;
    let done = store.write_blocking(Shard::stall(LogId::default()), work);
    store.close();
    Ok(done.map_err(StoreError::from)?)
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

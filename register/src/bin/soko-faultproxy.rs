//! The program `soko-faultproxy`: a proxy that breaks connections on purpose, told what to do on standard input.

use std::io::{BufRead as _, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use soko_register::proxy::{Knobs, Shared, carry};
use tokio::net::TcpListener;

const EXAMPLES: &str = "\
EXAMPLES
  soko-faultproxy --target 127.0.0.1:7300 --seed 7 --set \"loss 30\" --set \"dup 20\"

WORDS, as --set or one a line on standard input; each is answered with a line of JSON
  loss N       lose N % of the requests: half before the server saw them, half only their replies
  cut N        cut N % short: half of them the request, half the reply
  dup N        send N % twice
  delay N      hold N % back, up to delay-ms
  stall N      say nothing to N %, for stall-ms, then close
  delay-ms N   stall-ms N   partition on|off   heal   counters

The end of standard input ends the proxy, which then prints how often each fault has really happened.";

/// Breaks connections on purpose, on loopback, between registers and their server.
#[derive(Parser)]
#[command(name = "soko-faultproxy", version, after_help = EXAMPLES)]
struct Cli {
    /// Where the server listens.
    #[arg(long)]
    target: SocketAddr,
    /// Where to listen; port 0 takes a free one, which is printed.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The same seed draws the same faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A word to begin with.
    #[arg(long)]
    set: Vec<String>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut knobs = Knobs { delay_ms: 50, stall_ms: 1_000, ..Knobs::default() };
    for word in &cli.set {
        if let Err(refused) = knobs.obey(word) {
            complain(&refused.to_string());
            return ExitCode::from(2);
        }
    }
    match serve(&cli, knobs) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(4)
        }
    }
}

/// The connections run on the runtime's own thread; this one listens to the words.
fn serve(cli: &Cli, knobs: Knobs) -> std::io::Result<()> {
    if !cli.listen.ip().is_loopback() {
        return Err(std::io::Error::other("this proxy listens on loopback only"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind(cli.listen))?;
    say(&serde_json::json!({"listening": listener.local_addr()?.to_string()}).to_string());
    let shared = Shared::new(cli.seed, knobs);
    let carrying = runtime.spawn(carry(listener, cli.target, shared.clone()));
    for word in std::io::stdin().lock().lines() {
        let word = word?;
        if word.trim() == "counters" {
            say(&counters(&shared));
            continue;
        }
        match shared.obey(&word) {
            Ok(()) => say(r#"{"ok":true}"#),
            Err(refused) => {
                say(&serde_json::json!({"ok": false, "sentence": refused.to_string()}).to_string())
            }
        }
    }
    carrying.abort();
    say(&counters(&shared));
    runtime.shutdown_background();
    Ok(())
}

fn counters(shared: &Shared) -> String {
    serde_json::to_string(&shared.counters()).unwrap_or_else(|error| error.to_string())
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "soko-faultproxy: {line}");
}

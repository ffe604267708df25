//! Settings: a flag wins over a `SOKO_…` variable, that over `soko.toml`, that over the default. Each value knows
//! where it came from, so that nobody has to guess.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use crate::cli::CliError;
use crate::store::Place;

/// The file that is read if it is there.
pub(super) const FILE_DEFAULT: &str = "soko.toml";

/// One thing that can be set.
struct Setting {
    /// The flag, and with underscores the file's key.
    name: &'static str,
    variable: &'static str,
    default: &'static str,
    value: &'static str,
    help: &'static str,
    /// Shown as set or not set, never as it is.
    is_secret: bool,
}

const fn setting(
    name: &'static str,
    variable: &'static str,
    default: &'static str,
    value: &'static str,
    help: &'static str,
) -> Setting {
    Setting { name, variable, default, value, help, is_secret: false }
}

const SETTINGS: &[Setting] = &[
    setting(
        "data-dir",
        "SOKO_DATA_DIR",
        "soko-data",
        "DIR",
        "Where SQLite keeps everything; one process at a time",
    ),
    Setting {
        name: "database-url",
        variable: "SOKO_DATABASE_URL",
        default: "",
        value: "URL",
        help: "Use this PostgreSQL database (postgres://user:password@host/name) instead of the data directory",
        is_secret: true,
    },
    setting(
        "seal-key",
        "SOKO_SEAL_KEY",
        "",
        "FILE",
        "The key that seals the server's secrets in its store; without a name it is made as seal.key in the data directory. PostgreSQL needs a name",
    ),
    setting("listen", "SOKO_LISTEN", "127.0.0.1:7300", "ADDRESS", "The address and port to listen on"),
    setting(
        "public-url",
        "SOKO_PUBLIC_URL",
        "",
        "URL",
        "How the outside reaches the server, such as https://market.example. TLS is the business of a proxy in front",
    ),
    setting(
        "behind-proxy",
        "SOKO_BEHIND_PROXY",
        "false",
        "BOOL",
        "Believe the last address of X-Forwarded-For: only with a proxy in front",
    ),
    setting(
        "limits",
        "SOKO_LIMITS",
        "true",
        "BOOL",
        "Rate limits; off only on closed networks and for measurements",
    ),
    setting(
        "open-metrics",
        "SOKO_OPEN_METRICS",
        "false",
        "BOOL",
        "Let everybody read /metrics, not only this machine",
    ),
    Setting {
        name: "operator-key",
        variable: "SOKO_OPERATOR_KEY",
        default: "",
        value: "KEY",
        help: "Who knows this key, of at least 32 characters, sees the figures of all stalls at /operator",
        is_secret: true,
    },
    setting(
        "web-dir",
        "SOKO_WEB_DIR",
        "",
        "DIR",
        "Serve the web app from this folder instead of the program: for working on it",
    ),
    Setting {
        name: "mail-server",
        variable: "SOKO_MAIL_SERVER",
        default: "",
        value: "URL",
        help: "Send mail through this server (smtps://user:password@mail.example, or smtp://…?tls=required); without it nobody is told anything by mail",
        is_secret: true,
    },
    setting(
        "mail-from",
        "SOKO_MAIL_FROM",
        "",
        "ADDRESS",
        "Whom mail comes from, such as Soko <market@example.org>",
    ),
    setting(
        "mail-bounces-to",
        "SOKO_MAIL_BOUNCES_TO",
        "",
        "ADDRESS",
        "Where mail servers report mail that does not arrive, such as bounces@market.example; else to mail-from",
    ),
    Setting {
        name: "bounce-key",
        variable: "SOKO_BOUNCE_KEY",
        default: "",
        value: "KEY",
        help: "Who knows this key, of at least 32 characters, hands such reports on to /v1/mail/bounced",
        is_secret: true,
    },
    setting(
        "push",
        "SOKO_PUSH",
        "true",
        "BOOL",
        "Let browsers show notifications, by way of their makers' push services",
    ),
    setting(
        "sms",
        "SOKO_SMS",
        "",
        "http|twilio|africas-talking",
        "Text people who want it, and how the provider is spoken to; texts cost what the provider asks",
    ),
    setting(
        "sms-url",
        "SOKO_SMS_URL",
        "",
        "URL",
        "Where the provider is reached, if not where everybody reaches it; with sms=http the address that takes texts",
    ),
    setting(
        "sms-user",
        "SOKO_SMS_USER",
        "",
        "NAME",
        "Whose account it is at the provider: Twilio's account SID, Africa's Talking's username",
    ),
    Setting {
        name: "sms-secret",
        variable: "SOKO_SMS_SECRET",
        default: "",
        value: "SECRET",
        help: "What proves it: Twilio's auth token, Africa's Talking's API key, any secret with sms=http; or file:PATH",
        is_secret: true,
    },
    setting(
        "sms-from",
        "SOKO_SMS_FROM",
        "",
        "SENDER",
        "Whom texts come from, as the provider knows it: a number, a name, or Twilio's MG… of a messaging service",
    ),
    Setting {
        name: "sms-report-key",
        variable: "SOKO_SMS_REPORT_KEY",
        default: "",
        value: "KEY",
        help: "Who knows this key, of at least 32 characters, reports what became of texts; Twilio signs its reports and needs none",
        is_secret: true,
    },
    setting(
        "sms-receipts-per-day",
        "SOKO_SMS_RECEIPTS_PER_DAY",
        "500",
        "NUMBER",
        "Receipts of all stalls together that are texted within a day; what is more waits at the registers",
    ),
    setting(
        "messages-per-hour",
        "SOKO_MESSAGES_PER_HOUR",
        "30",
        "NUMBER",
        "What one person is told within an hour by mail, by text and at each browser; what is more waits for the next hour",
    ),
    setting(
        "private-targets",
        "SOKO_PRIVATE_TARGETS",
        "false",
        "BOOL",
        "Send push messages, webhooks and texts to this machine and its network, too, and without TLS: only on closed networks and for tests",
    ),
    Setting {
        name: "stripe-key",
        variable: "SOKO_STRIPE_KEY",
        default: "",
        value: "KEY",
        help: "Take cards by Stripe: its secret key, sk_… or file:PATH",
        is_secret: true,
    },
    Setting {
        name: "stripe-webhook-secret",
        variable: "SOKO_STRIPE_WEBHOOK_SECRET",
        default: "",
        value: "SECRET",
        help: "What signs Stripe's webhook at /v1/pay/stripe/webhook: whsec_… or file:PATH",
        is_secret: true,
    },
    setting("stripe-url", "SOKO_STRIPE_URL", "https://api.stripe.com", "URL", "Where Stripe is reached"),
    setting(
        "paypal-client",
        "SOKO_PAYPAL_CLIENT",
        "",
        "ID",
        "Take money by PayPal, from cards and PayPal accounts: the client ID of its app",
    ),
    Setting {
        name: "paypal-secret",
        variable: "SOKO_PAYPAL_SECRET",
        default: "",
        value: "SECRET",
        help: "The secret of that app, or file:PATH",
        is_secret: true,
    },
    setting(
        "paypal-webhook",
        "SOKO_PAYPAL_WEBHOOK",
        "",
        "ID",
        "What PayPal calls its webhook at /v1/pay/paypal/webhook: the webhook ID",
    ),
    setting(
        "paypal-environment",
        "SOKO_PAYPAL_ENVIRONMENT",
        "sandbox",
        "sandbox|live",
        "Whether real money moves",
    ),
    setting(
        "paypal-url",
        "SOKO_PAYPAL_URL",
        "",
        "URL",
        "Where PayPal is reached, if not where its environment is",
    ),
    setting(
        "card-provider",
        "SOKO_CARD_PROVIDER",
        "",
        "stripe|paypal",
        "Who takes new payments by card where both are set; the other one ends those that it has",
    ),
    setting(
        "momo-user",
        "SOKO_MOMO_USER",
        "",
        "UUID",
        "Take money from telephones by MTN Mobile Money: its API user",
    ),
    Setting {
        name: "momo-key",
        variable: "SOKO_MOMO_KEY",
        default: "",
        value: "KEY",
        help: "The key of that user, or file:PATH",
        is_secret: true,
    },
    Setting {
        name: "momo-collections",
        variable: "SOKO_MOMO_COLLECTIONS",
        default: "",
        value: "KEY",
        help: "The subscription key of Collections, or file:PATH",
        is_secret: true,
    },
    Setting {
        name: "momo-disbursements",
        variable: "SOKO_MOMO_DISBURSEMENTS",
        default: "",
        value: "KEY",
        help: "The subscription key of Disbursements, which gives money back, or file:PATH",
        is_secret: true,
    },
    setting("momo-currency", "SOKO_MOMO_CURRENCY", "", "CODE", "The currency that it moves, such as UGX"),
    setting(
        "momo-environment",
        "SOKO_MOMO_ENVIRONMENT",
        "sandbox",
        "NAME",
        "sandbox, or what the provider calls the country, such as mtnuganda",
    ),
    setting(
        "momo-url",
        "SOKO_MOMO_URL",
        "https://sandbox.momodeveloper.mtn.com",
        "URL",
        "Where Mobile Money is reached",
    ),
    setting(
        "test-money",
        "SOKO_TEST_MONEY",
        "auto",
        "auto|BOOL",
        "Let buyers pay with money that is none, to try it; auto does so in the demo's store only",
    ),
    setting(
        "traces",
        "SOKO_TRACES",
        "",
        "URL",
        "Tell this OpenTelemetry collector where the time of orders and payments goes (OTLP over HTTP, such as http://127.0.0.1:4318)",
    ),
    setting("log", "SOKO_LOG", "info", "FILTER", "What is logged, such as info or soko_sync_server=debug"),
    setting("log-format", "SOKO_LOG_FORMAT", "text", "text|json", "How log lines look"),
];

/// A value and where it came from.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Found {
    value: String,
    origin: String,
}

/// All settings, resolved.
#[derive(Debug)]
pub(super) struct Resolved {
    values: BTreeMap<&'static str, Found>,
}

/// Adds the flags and variables to a command.
pub(super) fn arguments(command: Command) -> Command {
    let file = Arg::new("config")
        .long("config")
        .env("SOKO_CONFIG")
        .value_name("FILE")
        .global(true)
        .help(format!("Read settings from this file [default: {FILE_DEFAULT}, if it is there]"));
    SETTINGS.iter().fold(command.arg(file), |command, setting| {
        let is_switch = setting.value == "BOOL";
        let default = if setting.default.is_empty() { "none" } else { setting.default };
        let mut arg = Arg::new(setting.name)
            .long(setting.name)
            .env(setting.variable)
            .hide_env_values(true)
            .value_name(setting.value)
            .global(true)
            .help(format!("{} [default: {default}]", setting.help));
        if is_switch {
            arg = arg.num_args(0..=1).default_missing_value("true").require_equals(true);
        }
        command.arg(arg)
    })
}

impl Resolved {
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, CliError> {
        let file = read_file(matches.get_one::<String>("config").map(String::as_str))?;
        let values = SETTINGS.iter().map(|setting| (setting.name, resolve(setting, matches, &file)));
        Ok(Self { values: values.collect() })
    }

    pub(super) fn place(&self) -> Place {
        match self.text("database-url") {
            "" => Place::Directory(PathBuf::from(self.text("data-dir"))),
            url => Place::Url(url.to_owned()),
        }
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |found| found.value.as_str())
    }

    pub(super) fn optional(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub(super) fn switch(&self, name: &str) -> Result<bool, CliError> {
        match self.text(name) {
            "true" | "1" | "on" | "yes" => Ok(true),
            "false" | "0" | "off" | "no" => Ok(false),
            _ => Err(self.wrong(name, "true or false")),
        }
    }

    pub(super) fn wrong(&self, name: &str, wanted: &str) -> CliError {
        let origin = self.values.get(name).map_or("", |found| found.origin.as_str());
        let value = self.text(name);
        CliError::usage(format!("{name} should be {wanted} and is {value:?} (from {origin})"))
    }

    /// A table for people: each setting, its value and where it came from.
    pub(super) fn show(&self) -> String {
        let mut table = String::new();
        for setting in SETTINGS {
            let Some(found) = self.values.get(setting.name) else { continue };
            let value = match (setting.is_secret, found.value.is_empty()) {
                (_, true) => "(not set)",
                (true, false) => "(set, not shown)",
                (false, false) => found.value.as_str(),
            };
            // Writing into a String cannot fail.
            let _ = writeln!(table, "{:<22} {:<28} {}", setting.name, value, found.origin);
        }
        table
    }
}

fn resolve(setting: &Setting, matches: &ArgMatches, file: &SettingsFile) -> Found {
    let given = matches.get_one::<String>(setting.name);
    let source = matches.value_source(setting.name);
    if let (Some(value), Some(source)) = (given, source) {
        let origin = if source == ValueSource::EnvVariable {
            format!("variable {}", setting.variable)
        } else {
            format!("flag --{}", setting.name)
        };
        return Found { value: value.clone(), origin };
    }
    if let Some(value) = file.values.get(setting.name) {
        return Found { value: value.clone(), origin: format!("file {}", file.path) };
    }
    Found { value: setting.default.to_owned(), origin: "default".to_owned() }
}

#[derive(Default)]
struct SettingsFile {
    path: String,
    values: BTreeMap<&'static str, String>,
}

/// A file that was named has to be there.
fn read_file(named: Option<&str>) -> Result<SettingsFile, CliError> {
    let path = named.unwrap_or(FILE_DEFAULT);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(SettingsFile::default());
        }
        Err(error) => return Err(CliError::usage(format!("{path} cannot be read: {error}"))),
    };
    parse_file(path, &text)
}

fn parse_file(path: &str, text: &str) -> Result<SettingsFile, CliError> {
    let table: toml::Table =
        text.parse().map_err(|error| CliError::usage(format!("{path} is not TOML: {error}")))?;
    let mut values = BTreeMap::new();
    for (key, value) in &table {
        let known = SETTINGS.iter().find(|setting| setting.name.replace('-', "_") == *key);
        let known = known.ok_or_else(|| {
            CliError::usage(format!("{path}: there is no setting {key:?}; see soko-server config show"))
        })?;
        let value = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Boolean(_) | toml::Value::Integer(_) => value.to_string(),
            toml::Value::Float(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_)
            | toml::Value::Table(_) => {
                let sentence = format!("{path}: {key} should be a text, a whole number or a switch");
                return Err(CliError::usage(sentence));
            }
        };
        values.insert(known.name, value);
    }
    Ok(SettingsFile { path: path.to_owned(), values })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(arguments_given: &[&str], file: &str) -> Resolved {
        let matches = arguments(Command::new("test")).get_matches_from(arguments_given);
        let file = parse_file("some.toml", file).unwrap();
        let values = SETTINGS.iter().map(|setting| (setting.name, resolve(setting, &matches, &file)));
        Resolved { values: values.collect() }
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file = "listen = \"0.0.0.0:80\"\nbehind_proxy = true\n";
        let it = resolved(&["test", "--listen", "127.0.0.1:1"], file);
        assert_eq!((it.text("listen"), it.switch("behind-proxy").unwrap()), ("127.0.0.1:1", true));
        assert_eq!(it.text("data-dir"), "soko-data");
        let table = it.show();
        for line in ["flag --listen", "file some.toml", "default"] {
            assert!(table.contains(line), "{table}");
        }
        assert!(resolved(&["test", "--behind-proxy"], "").switch("behind-proxy").unwrap());
        assert!(!resolved(&["test", "--limits=false"], "").switch("limits").unwrap());
    }

    #[test]
    fn secrets_are_not_shown() {
        let it = resolved(&["test", "--database-url", "postgres://me:secret@db/soko"], "");
        assert!(!it.show().contains("secret@"));
        assert_eq!(it.place(), Place::Url("postgres://me:secret@db/soko".to_owned()));
    }

    #[test]
    fn wrong_files_and_values_are_named() {
        for wrong in ["lisen = \"x\"", "listen = [1]", "listen ="] {
            let error = parse_file("some.toml", wrong).err().unwrap().to_string();
            assert!(error.starts_with("some.toml"), "{error}");
        }
        let error = resolved(&["test", "--limits=maybe"], "").switch("limits").unwrap_err().to_string();
        assert!(error.contains("maybe") && error.contains("flag --limits"), "{error}");
    }
}

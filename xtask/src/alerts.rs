//! Whether an alert arrives: a real Prometheus sees a server that is gone, and a real Alertmanager with the settings of `ops` tells a
//! webhook, a mail server, a chat that takes Slack's form and a pager that takes PagerDuty's. All of them are of this step.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::postgres::free_port;
use crate::shell::{Doing as _, Failure, Outcome, root, run, say, succeeds, target_dir};

const SETTINGS: &str = "ops/alertmanager.yml";
const RULES: &str = "ops/rules/soko.yml";
const ARRIVED_WAIT_MAX: Duration = Duration::from_secs(90);
const ARRIVED_POLL: Duration = Duration::from_millis(200);
/// What a server that is gone makes, and what is told beside it, which nobody is woken for.
const PAGED: &str = "SokoDown";
const TICKET: &str = "SokoStockOut";
/// Where each kind of receiver is told, and of what: how bad it is decides. The chat reads along.
const TOLD: [(&str, &str); 5] =
    [("chat", PAGED), ("pager", PAGED), ("mail", PAGED), ("chat", TICKET), ("webhook", TICKET)];
const NOT_TOLD: [(&str, &str); 3] = [("webhook", PAGED), ("pager", TICKET), ("mail", TICKET)];
/// A receiver's words beside the alert's name, each in its own form.
const FORMS: [(&str, &[&str]); 4] = [
    ("webhook", &["\"receiver\":\"webhook\"", "\"status\":\"firing\"", "\"do\":"]),
    ("chat", &["\"attachments\":", "\"channel\":\"#market\""]),
    ("pager", &["\"routing_key\":", "\"event_action\":\"trigger\"", "\"dedup_key\":"]),
    ("mail", &["Subject:", "To: operator@market.example"]),
];

/// Who was told, and what.
type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// With Prometheus's program, and Alertmanager's beside its tool.
pub(crate) fn arrive(prometheus: &Path, manager: &Path) -> Outcome {
    let tool = manager.with_file_name("amtool");
    run(Command::new(&tool).args(["check-config", SETTINGS]).current_dir(root()))?;
    let folder = target_dir().join(format!("alerts-{}", std::process::id()));
    fs::create_dir_all(&folder).doing("making a folder for what is told")?;
    let heard = Heard::default();
    let (web, mail) = (listen(&heard, answer_web)?, listen(&heard, answer_mail)?);
    let [own, told_by, gone] =
        [free_port()?, free_port()?, free_port()?].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let settings = folder.join("alertmanager.yml");
    fs::write(&settings, here(web, mail)?).doing("writing the settings of Alertmanager")?;
    let managing = start(
        of_manager(manager)
            .arg(format!("--config.file={}", settings.display()))
            .arg(format!("--storage.path={}", folder.join("manager").display()))
            .arg(format!("--web.listen-address={own}"))
            // It manages alone, and looks for no other one.
            .arg("--cluster.listen-address="),
        &folder.join("alertmanager.log"),
    )?;
    let watching = watch(prometheus, &folder, [own, told_by, gone])?;
    let url = format!("--alertmanager.url=http://{own}");
    let told = until("Alertmanager takes no alert", || {
        let mut add = Command::new(&tool);
        add.arg(&url).args(["alert", "add", TICKET, "severity=ticket", "--annotation=do=ask the stalls"]);
        Ok(add.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success()))
    })
    .and_then(|()| all_told(&heard));
    drop((managing, watching));
    let log = fs::read_to_string(folder.join("alertmanager.log")).unwrap_or_default();
    fs::remove_dir_all(&folder).doing("removing what was told")?;
    told.map_err(|failure| Failure::new(format!("{failure}. The log of Alertmanager:\n{log}")))
}

/// Where Debian's Alertmanager reads its texts, whatever it is told.
const TEXTS: &str = "/usr/share/prometheus/alertmanager/default.tmpl";
/// Shows a program a `/usr/share` with another one over it, and nobody else.
const OVER: &str = "mount -t overlay overlay -o lowerdir=\"$0\":/usr/share /usr/share && exec \"$@\"";

/// Whether it finds its texts here, or can be shown them.
pub(crate) fn can_start(manager: &Path) -> bool {
    is_installed() || succeeds(over_share(manager).arg("true"))
}

fn is_installed() -> bool {
    Path::new(TEXTS).is_file()
}

/// Unpacked below the target folder it does not find its texts: it is shown them where it looks.
fn of_manager(manager: &Path) -> Command {
    if is_installed() {
        return Command::new(manager);
    }
    let mut command = over_share(manager);
    command.arg(manager);
    command
}

fn over_share(manager: &Path) -> Command {
    let share = manager.parent().unwrap_or(manager).with_file_name("share");
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", OVER]).arg(share);
    command
}

/// The settings of `ops` with the addresses of this step; each is there once.
fn here(web: SocketAddr, mail: SocketAddr) -> Outcome<String> {
    let mut settings =
        fs::read_to_string(root().join(SETTINGS)).doing("reading the settings of Alertmanager")?;
    for (example, own) in [
        ("url: http://alerts.example/soko", format!("url: http://{web}/webhook")),
        ("api_url: https://chat.example/hooks/soko", format!("api_url: http://{web}/chat")),
        (
            "- routing_key: the-key-of-your-service",
            format!("- routing_key: mine\n        url: http://{web}/pager"),
        ),
        // Nobody has a certificate for this machine.
        ("smarthost: mail.market.example:587", format!("smarthost: {mail}\n        require_tls: false")),
        ("group_wait: 30s", "group_wait: 1s".to_owned()),
    ] {
        if settings.matches(example).count() != 1 {
            return Err(Failure::new(format!("{SETTINGS} has not once: {example}")));
        }
        settings = settings.replace(example, &own);
    }
    Ok(settings)
}

/// Prometheus with the rules as they are, but for how long something must last, and a server that is not there.
fn watch(program: &Path, folder: &Path, [manager, own, gone]: [SocketAddr; 3]) -> Outcome<Running> {
    let rules = fs::read_to_string(root().join(RULES)).doing("reading the rules")?;
    let at_once: Vec<&str> = rules.lines().filter(|line| !line.trim_start().starts_with("for: ")).collect();
    fs::write(folder.join("rules.yml"), at_once.join("\n")).doing("writing the rules")?;
    let config = format!(
        "global: {{ scrape_interval: 500ms, scrape_timeout: 400ms, evaluation_interval: 500ms }}\n\
         rule_files: [rules.yml]\n\
         alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: [\"{manager}\"] }}] }}] }}\n\
         scrape_configs: [{{ job_name: soko, static_configs: [{{ targets: [\"{gone}\"] }}] }}]\n"
    );
    let settings = folder.join("prometheus.yml");
    fs::write(&settings, config).doing("writing the settings of Prometheus")?;
    start(
        Command::new(program)
            .arg(format!("--config.file={}", settings.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
            .arg(format!("--web.listen-address={own}")),
        &folder.join("prometheus.log"),
    )
}

fn all_told(heard: &Heard) -> Outcome {
    let is_told = |(who, alert): (&str, &str)| {
        let words =
            FORMS.iter().find(|(receiver, _)| *receiver == who).map_or(&[] as &[&str], |(_, words)| words);
        let all = heard.lock().map_err(|_| Failure::new("a receiver broke"))?;
        Ok(all.iter().any(|(receiver, said)| {
            receiver == who && said.contains(alert) && words.iter().all(|word| said.contains(word))
        }))
    };
    for (who, alert) in TOLD {
        until(&format!("{who} was not told of {alert}"), || is_told((who, alert)))?;
        say(&format!("{alert}: {who} was told"));
    }
    for (who, alert) in NOT_TOLD {
        let all = heard.lock().map_err(|_| Failure::new("a receiver broke"))?;
        if all.iter().any(|(receiver, said)| receiver == who && said.contains(alert)) {
            return Err(Failure::new(format!("{who} was told of {alert}, which is not for it")));
        }
    }
    Ok(())
}

fn until(otherwise: &str, is_so: impl Fn() -> Outcome<bool>) -> Outcome {
    let started = Instant::now();
    while started.elapsed() < ARRIVED_WAIT_MAX {
        if is_so()? {
            return Ok(());
        }
        std::thread::sleep(ARRIVED_POLL);
    }
    Err(Failure::new(otherwise))
}

/// A program of this step; dropping it ends it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(command: &mut Command, log: &Path) -> Outcome<Running> {
    let log = fs::File::create(log).doing("making a log")?;
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
    child.map(Running).doing("starting what tells of alerts")
}

/// Answers one caller after the other, until this program ends.
fn listen(heard: &Heard, answer: fn(TcpStream, &Heard) -> std::io::Result<()>) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").doing("listening for what is told")?;
    let address = listener.local_addr().doing("listening for what is told")?;
    let heard = Arc::clone(heard);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let heard = Arc::clone(&heard);
            // A caller who breaks off comes again.
            std::thread::spawn(move || answer(stream, &heard).ok());
        }
    });
    Ok(address)
}

fn keep(heard: &Heard, who: &str, said: String) {
    if let Ok(mut all) = heard.lock() {
        all.push((who.to_owned(), said));
    }
}

/// One request; its path says who it is for.
fn answer_web(mut stream: TcpStream, heard: &Heard) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut line, mut bytes) = (String::new(), String::new(), 0);
    reader.read_line(&mut first)?;
    while reader.read_line(&mut line)? > 2 {
        if let Some(length) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            bytes = length.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    let mut body = vec![0; bytes];
    reader.read_exact(&mut body)?;
    let path = first.split(' ').nth(1).unwrap_or_default();
    keep(heard, path.trim_start_matches('/'), String::from_utf8_lossy(&body).into_owned());
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
}

/// As much of a mail server as one letter needs.
fn answer_mail(mut stream: TcpStream, heard: &Heard) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    stream.write_all(b"220 here\r\n")?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let command = line.trim_end().to_ascii_uppercase();
        line.clear();
        if command == "DATA" {
            stream.write_all(b"354 go on\r\n")?;
            let mut letter = String::new();
            while reader.read_line(&mut line)? > 0 && line.trim_end() != "." {
                letter.push_str(&line);
                line.clear();
            }
            line.clear();
            keep(heard, "mail", letter);
        }
        stream.write_all(if command == "QUIT" { b"221 bye\r\n" } else { b"250 ok\r\n" })?;
    }
    Ok(())
}

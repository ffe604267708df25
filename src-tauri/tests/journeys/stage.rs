//! What a window stands on in a test: a screen, a message bus and a notification daemon of its own. Everything ends
//! with the test, and nothing touches the person's own screen or bus.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) const WAIT_MAX: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(25);
const CLICKS_MAX: u32 = 5;
const CLICK_WAIT_MAX: Duration = Duration::from_secs(5);

/// A program of the test, with everything that it started in turn.
pub(crate) struct Program(Child);

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_owned();
        let child = command.process_group(0).spawn();
        Self(child.unwrap_or_else(|error| panic!("{} cannot be started: {error}", name.display())))
    }

    /// Asks it to end, and waits until it did.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        assert!(asked.success());
        self.0.wait().unwrap();
    }

    pub(crate) fn input(&mut self) -> ChildStdin {
        self.0.stdin.take().expect("its input is piped")
    }

    pub(crate) fn output(&mut self) -> BufReader<ChildStdout> {
        BufReader::new(self.0.stdout.take().expect("its output is piped"))
    }

    fn first_line(&mut self) -> String {
        let mut line = String::new();
        self.output().read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The group: a window may outlive the driver that started it.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

/// In the order in which they may end.
pub(crate) struct Stage {
    _daemon: Option<Program>,
    _bus: Program,
    _screen: Program,
    display: String,
    pub(crate) bus: String,
    pub(crate) folder: PathBuf,
}

impl Stage {
    /// With a notification daemon that people use.
    pub(crate) fn set(folder: &Path) -> Self {
        let mut stage = Self::without_daemon(folder);
        let mut dunst = stage.command("dunst");
        dunst.args(["-conf", "/dev/null"]).stdout(Stdio::null()).stderr(Stdio::null());
        stage._daemon = Some(Program::start(&mut dunst));
        until("dunst answers", || stage.dunst(&["is-paused"]));
        stage
    }

    pub(crate) fn without_daemon(folder: &Path) -> Self {
        let mut screen = Command::new("Xvfb");
        // It chooses a free number and says which.
        screen.stdin(Stdio::null()).args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1440x900x24",
            "-nolisten",
            "tcp",
        ]);
        let mut screen = Program::start(screen.stdout(Stdio::piped()).stderr(Stdio::null()));
        let display = format!(":{}", screen.first_line());
        // A configuration without services: nothing of the machine is started because somebody asks for it.
        let config = folder.join("bus.conf");
        std::fs::write(&config, BUS).unwrap();
        let mut bus = Command::new("dbus-daemon");
        bus.stdin(Stdio::null()).arg("--config-file").arg(&config).args(["--print-address=1", "--nofork"]);
        let mut bus = Program::start(bus.stdout(Stdio::piped()).stderr(Stdio::null()));
        let address = bus.first_line();
        let folder = folder.to_owned();
        Self { _daemon: None, _bus: bus, _screen: screen, display, bus: address, folder }
    }

    /// A program that sees this stage and nothing of the person's.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .stdin(Stdio::null())
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("HOME", &self.folder)
            .env("XDG_CONFIG_HOME", self.folder.join("config"))
            .env("XDG_DATA_HOME", self.folder.join("share"))
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .env("XDG_RUNTIME_DIR", &self.folder)
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .env("NO_AT_BRIDGE", "1")
            // A virtual screen has no graphics card.
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
        command
    }

    /// Waits until the daemon shows a notification, clicks on it until `came` is true, and answers what it said.
    /// Between showing it and listening for its click lies a moment in which nobody hears a click.
    pub(crate) fn click_notification(&self, mut came: impl FnMut() -> bool) -> Shown {
        let known = self.history().len();
        for attempt in 1..=CLICKS_MAX {
            self.until_displayed(1);
            self.dunst(&["action", "0"]).expect("dunst answers");
            let clicked = Instant::now();
            while clicked.elapsed() < CLICK_WAIT_MAX {
                if came() {
                    return self.put_away(known, 1).pop().expect("it was displayed");
                }
                std::thread::sleep(POLL);
            }
            println!("nobody heard the click, attempt {attempt} of {CLICKS_MAX}");
            self.dunst(&["history-pop"]).expect("dunst answers");
        }
        let log = std::fs::read_to_string(self.folder.join("window.log")).unwrap_or_default();
        panic!("no click on the notification was heard; the program said: {log}")
    }

    /// So many notifications, once all of them are displayed.
    pub(crate) fn notifications(&self, many: usize) -> Vec<Shown> {
        let known = self.history().len();
        self.until_displayed(many);
        self.put_away(known, many)
    }

    pub(crate) fn until_displayed(&self, many: usize) {
        until(&format!("{many} notifications are displayed"), || (self.displayed() >= many).then_some(()));
    }

    /// How many notifications can be seen now.
    pub(crate) fn displayed(&self) -> usize {
        self.dunst(&["count", "displayed"]).expect("dunst answers").trim().parse().unwrap()
    }

    /// Only what was put away can be read; that many were before.
    fn put_away(&self, known: usize, many: usize) -> Vec<Shown> {
        self.dunst(&["close-all"]).expect("dunst answers");
        until("they are in the daemon's history", || {
            let shown = self.history().split_off(known);
            (shown.len() >= many).then_some(shown)
        })
    }

    /// What the daemon has shown, latest last.
    fn history(&self) -> Vec<Shown> {
        let text = self.dunst(&["history"]).expect("dunst answers");
        let history: Value = serde_json::from_str(&text).unwrap();
        let rows = history["data"][0].as_array().cloned().unwrap_or_default();
        let word = |row: &Value, key: &str| row[key]["data"].as_str().unwrap_or_default().to_owned();
        rows.iter()
            .rev()
            .map(|row| Shown {
                app: word(row, "appname"),
                title: word(row, "summary"),
                body: word(row, "body"),
            })
            .collect()
    }

    fn dunst(&self, args: &[&str]) -> Option<String> {
        let output = self.command("dunstctl").args(args).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }
}

/// One notification as the daemon understood it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) app: String,
    pub(crate) title: String,
    pub(crate) body: String,
}

/// Asks again until there is an answer. The end is far away and only reached by a failure.
pub(crate) fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    try_until(ask).unwrap_or_else(|| panic!("waited in vain: {what}"))
}

/// The same, for whoever knows more about why it was in vain.
pub(crate) fn try_until<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || began.elapsed() >= WAIT_MAX {
            return answer;
        }
        std::thread::sleep(POLL);
    }
}

const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

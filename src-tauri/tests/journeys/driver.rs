//! The little of WebDriver that the journeys need.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{Request, http};
use crate::stage::{Program, Stage, try_until, until};

const PROGRAM: &str = "WebKitWebDriver";
/// A window that does not come up is a known illness of the driver, seen once in about forty starts.
const STARTS_MAX: u32 = 3;
const START_WAIT_MAX: Duration = Duration::from_secs(40);
const SCRIPT_WAIT_MAX: Duration = Duration::from_secs(30);

/// A driver with the window that it started.
pub(crate) struct Driver {
    _program: Program,
    port: u16,
    session: String,
}

impl Driver {
    /// Starts the program and waits for its page.
    pub(crate) fn start(stage: &Stage, binary: &Path, args: &[&str]) -> Self {
        for attempt in 1..=STARTS_MAX {
            match Self::try_start(stage, binary, args) {
                Ok(driver) => return driver,
                Err(reason) => {
                    println!("the window did not start, attempt {attempt} of {STARTS_MAX}: {reason}")
                }
            }
        }
        panic!("the window did not start in {STARTS_MAX} attempts")
    }

    fn try_start(stage: &Stage, binary: &Path, args: &[&str]) -> Result<Self, String> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = stage.command(PROGRAM);
        command
            .arg(format!("--port={port}"))
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(stage.folder.join("window.log")).unwrap());
        let mut driver = Self { _program: Program::start(&mut command), port, session: String::new() };
        until("the driver listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "wry",
            "webkitgtk:browserOptions": {"binary": binary, "args": args},
        }}});
        let answer = driver.ask("POST", "/session", &wanted, START_WAIT_MAX)?;
        driver.session = answer["sessionId"].as_str().ok_or_else(|| answer.to_string())?.to_owned();
        driver.command("POST", "/timeouts", &json!({"script": 30_000}))?;
        Ok(driver)
    }

    /// Runs a script that calls `done(value)`.
    pub(crate) fn run(&self, script: &str, args: &Value) -> Value {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        let body = json!({"script": script, "args": args});
        self.command("POST", "/execute/async", &body).unwrap_or_else(|reason| panic!("{script}: {reason}"))
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&self, expression: &str) -> Value {
        let body = json!({"script": format!("return {expression}"), "args": []});
        self.command("POST", "/execute/sync", &body).unwrap_or_else(|reason| panic!("{expression}: {reason}"))
    }

    pub(crate) fn text(&self, expression: &str) -> String {
        self.value(expression).as_str().unwrap_or_default().to_owned()
    }

    /// Clicks as a mouse does, as soon as something visible is there that this XPath finds and nothing covers it. A click on
    /// what cannot be pressed yet would be none, and nobody would say so.
    pub(crate) fn click(&self, what: &str) {
        self.with_element(what, |element| {
            let enabled = self.command("GET", &format!("/element/{element}/enabled"), &Value::Null)?;
            if enabled != true {
                return Err("it cannot be pressed".into());
            }
            self.command("POST", &format!("/element/{element}/click"), &json!({})).map(drop)
        });
    }

    /// Types into what this XPath finds, key by key, instead of what stood there.
    pub(crate) fn fill(&self, what: &str, text: &str) {
        self.with_element(what, |element| {
            self.command("POST", &format!("/element/{element}/clear"), &json!({}))?;
            self.command("POST", &format!("/element/{element}/value"), &json!({"text": text})).map(drop)
        });
    }

    /// Chooses a file for what this XPath finds, as its dialog would.
    pub(crate) fn choose_file(&self, what: &str, file: &Path) {
        self.with_element(what, |element| {
            let path = json!({"text": file.to_str().unwrap()});
            self.command("POST", &format!("/element/{element}/value"), &path).map(drop)
        });
    }

    /// Waits until something like this is on the screen.
    pub(crate) fn see(&self, what: &str) {
        self.with_element(what, |element| {
            let shown = self.command("GET", &format!("/element/{element}/displayed"), &Value::Null)?;
            if shown == true { Ok(()) } else { Err("it is not displayed".into()) }
        });
    }

    /// Of several that fit, such as an entry of the wide and of the narrow navigation, the first that lets itself be acted on.
    fn with_element(&self, what: &str, mut act: impl FnMut(&str) -> Result<(), String>) {
        let mut why = String::from("nothing like it is there");
        let done = try_until(|| {
            let found = self.command("POST", "/elements", &json!({"using": "xpath", "value": what})).ok()?;
            let elements = found.as_array().into_iter().flatten();
            let mut names = elements.filter_map(|it| it.as_object()?.values().next()?.as_str());
            names.find_map(|name| act(name).map_err(|reason| why = reason).ok())
        });
        let page = || self.text("document.body.innerText");
        assert!(done.is_some(), "{what}: {why}; the page says:\n{}", page());
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        self.ask(method, &format!("/session/{}{path}", self.session), body, SCRIPT_WAIT_MAX)
    }

    fn ask(&self, method: &str, path: &str, body: &Value, wait: Duration) -> Result<Value, String> {
        let request = Request { method, path, header: "", body };
        let (status, answer) = http(self.port, &request, wait).map_err(|error| error.to_string())?;
        let value = answer["value"].clone();
        if status == 200 { Ok(value) } else { Err(value.to_string()) }
    }
}

//! The way between a window and the server, which a test can cut: connections end, and new ones find nobody.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Stdio};

use serde_json::Value;

use crate::server::{Server, program};
use crate::stage::{Program, Stage};

pub(crate) struct Wire {
    _program: Program,
    words: ChildStdin,
    answers: BufReader<ChildStdout>,
    address: String,
}

impl Wire {
    pub(crate) fn cut_to(stage: &Stage, server: &Server) -> Self {
        let mut command = stage.command(program("soko-faultproxy"));
        command.args(["--target", &server.address(), "--set", "partition on"]);
        let mut proxy = Program::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let (words, mut answers) = (proxy.input(), proxy.output());
        let address = heard(&mut answers)["listening"].as_str().unwrap().to_owned();
        Self { _program: proxy, words, answers, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn cut(&mut self) {
        self.obey("partition on");
    }

    pub(crate) fn mend(&mut self) {
        self.obey("partition off");
    }

    fn obey(&mut self, word: &str) {
        writeln!(self.words, "{word}").unwrap();
        assert_eq!(heard(&mut self.answers)["ok"], true, "{word}");
    }
}

fn heard(answers: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

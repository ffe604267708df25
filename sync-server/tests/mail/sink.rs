//! A mail server on this machine that takes what it is given, or fails as it was told to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};

/// What goes wrong with one letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// This answer to its address.
    Address(&'static str),
    /// This answer to its text.
    Text(&'static str),
    /// It is taken, and the answer is lost.
    LostAnswer,
    /// It is taken, and nothing is answered until the test ends.
    NoAnswer,
    /// It is taken, and answered once the test says so.
    Slow,
}

struct State {
    taken: Mutex<Vec<String>>,
    faults: Mutex<VecDeque<Fault>>,
    heard: Notify,
    /// One for each slow letter that may be answered.
    answers: Semaphore,
}

impl State {
    fn new() -> Self {
        let (taken, faults, heard) = (Mutex::default(), Mutex::default(), Notify::new());
        Self { taken, faults, heard, answers: Semaphore::new(0) }
    }
}

#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

impl Sink {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self { address: listener.local_addr().unwrap(), state: Arc::new(State::new()) };
        let state = Arc::clone(&sink.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                // Whoever hangs up in the middle is no fault of the test.
                tokio::spawn(async move { drop(serve(stream, &state).await) });
            }
        });
        sink
    }

    /// The next letters fail like this, one after the other.
    pub(crate) fn fail(&self, faults: &[Fault]) {
        self.state.faults.lock().unwrap().extend(faults);
    }

    /// What was taken so far, whole, and is forgotten here.
    pub(crate) fn taken(&self) -> Vec<Mail> {
        self.state.taken.lock().unwrap().drain(..).map(Mail).collect()
    }

    /// So many slow letters are answered.
    pub(crate) fn answer(&self, letters: usize) {
        self.state.answers.add_permits(letters);
    }

    /// Until so many letters were taken.
    pub(crate) async fn heard(&self, letters: usize) {
        while self.state.taken.lock().unwrap().len() < letters {
            self.state.heard.notified().await;
        }
    }
}

async fn serve(stream: TcpStream, state: &State) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 sink\r\n").await?;
    let mut fault = None;
    while let Some(line) = lines.next_line().await? {
        let word = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "RCPT" => {
                fault = state.faults.lock().unwrap().pop_front();
                if let Some(Fault::Address(answer)) = fault { answer } else { "250 fine" }
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    text.push_str("\r\n");
                }
                if let Some(Fault::Text(answer)) = fault {
                    answer
                } else {
                    state.taken.lock().unwrap().push(text);
                    state.heard.notify_one();
                    match fault {
                        Some(Fault::LostAnswer) => return Ok(()),
                        Some(Fault::NoAnswer) => std::future::pending().await,
                        Some(Fault::Slow) => {
                            state.answers.acquire().await.unwrap().forget();
                            "250 taken"
                        }
                        Some(Fault::Address(_) | Fault::Text(_)) | None => "250 taken",
                    }
                }
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 fine",
        };
        write.write_all(answer.as_bytes()).await?;
        write.write_all(b"\r\n").await?;
    }
    Ok(())
}

/// A letter as it arrived.
pub(crate) struct Mail(pub(crate) String);

impl Mail {
    pub(crate) fn header(&self, name: &str) -> String {
        let head = self.0.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let found =
            head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned));
        found.unwrap_or_default()
    }

    /// The whole, with quoted-printable taken back.
    pub(crate) fn text(&self) -> String {
        let joined = self.0.replace("=\r\n", "");
        let mut bytes = Vec::with_capacity(joined.len());
        let mut rest = joined.as_bytes();
        while let Some((first, behind)) = rest.split_first() {
            let quoted = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
            let quoted = quoted.and_then(|two| u8::from_str_radix(two, 16).ok());
            (bytes, rest) = match (first, quoted) {
                (b'=', Some(byte)) => ([bytes, vec![byte]].concat(), &behind[2..]),
                _ => ([bytes, vec![*first]].concat(), behind),
            };
        }
        String::from_utf8(bytes).unwrap()
    }

    /// The path of the first link that begins like this.
    pub(crate) fn link(&self, begins: &str) -> String {
        let text = self.text();
        let (_, behind) = text.split_once(&format!("https://market.example{begins}")).unwrap();
        let end = behind.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap();
        format!("{begins}{}", &behind[..end])
    }
}

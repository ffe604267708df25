//! One window for one data directory. A second process knocks at the first one's door, hands over the link that it
//! was started with, and ends.
//!
//! The door is a port on the loopback, and a secret in a file that only this person can read: whoever knows the port
//! alone can do nothing.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use soko_app_api::route::ADDRESS_BYTES_MAX;

const FILE: &str = "door";
const SECRET_BYTES: usize = 16;
/// A secret in hex and a link.
const KNOCK_BYTES_MAX: u64 = 2048;
const _: () = assert!(ADDRESS_BYTES_MAX + 100 < 2048, "the longest link must come through the door");
const WAIT_MAX: Duration = Duration::from_secs(2);
const WELCOME: &str = "soko is here\n";

/// Kept while the window runs.
pub(crate) struct Door {
    file: PathBuf,
}

impl Door {
    /// Opens the door of this data directory. `entered` gets the link of each one that knocks, which may be empty.
    /// The caller must hold the directory, so there is no other door.
    pub(crate) fn open(folder: &Path, entered: impl Fn(&str) + Send + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret).map_err(io::Error::other)?;
        let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let file = folder.join(FILE);
        write_private(&file, &format!("{}\n{secret}\n", listener.local_addr()?.port()))?;
        std::thread::Builder::new().name("door".into()).spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Ok(link) = welcome(&stream, &secret) {
                    entered(&link);
                }
            }
        })?;
        Ok(Self { file })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // One that stays behind leads nowhere, and the next window replaces it.
        let _ = fs::remove_file(&self.file);
    }
}

/// Whether a window has this data directory open; it comes to the front and follows the link.
pub(crate) fn knock(folder: &Path, link: &str) -> bool {
    try_knock(folder, link).unwrap_or(false)
}

fn try_knock(folder: &Path, link: &str) -> io::Result<bool> {
    let text = fs::read_to_string(folder.join(FILE))?;
    let mut lines = text.lines();
    let (Some(Ok(port)), Some(secret)) = (lines.next().map(str::parse::<u16>), lines.next()) else {
        return Ok(false);
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, WAIT_MAX)?;
    stream.set_read_timeout(Some(WAIT_MAX))?;
    stream.write_all(format!("{secret}\n{link}\n").as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).take(KNOCK_BYTES_MAX).read_line(&mut answer)?;
    Ok(answer == WELCOME)
}

/// The link of one who knows the secret.
fn welcome(stream: &TcpStream, secret: &str) -> io::Result<String> {
    stream.set_read_timeout(Some(WAIT_MAX))?;
    let mut lines = BufReader::new(stream.take(KNOCK_BYTES_MAX)).lines();
    let mut line = || lines.next().unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()));
    let is_known = same(line()?.as_bytes(), secret.as_bytes());
    let link = line()?;
    if !is_known {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    (&*stream).write_all(WELCOME.as_bytes())?;
    Ok(link)
}

/// Takes as long for a wrong secret as for a right one.
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

fn write_private(file: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_knock_is_answered_and_brings_its_link() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!knock(folder.path(), "soko://sell"), "nobody is there");
        let (tell, told) = mpsc::channel();
        let door = Door::open(folder.path(), move |link| tell.send(link.to_owned()).unwrap()).unwrap();
        assert!(knock(folder.path(), "soko://sell"));
        assert_eq!(told.recv().unwrap(), "soko://sell");
        let longest = format!("soko://verify/{}", "A".repeat(ADDRESS_BYTES_MAX - "/verify/".len()));
        assert!(knock(folder.path(), &longest));
        assert_eq!(told.recv().unwrap(), longest);
        assert!(knock(folder.path(), ""));
        assert_eq!(told.recv().unwrap(), "");
        drop(door);
        assert!(!knock(folder.path(), ""), "the door is gone with its window");
    }

    #[test]
    fn a_stranger_on_the_same_machine_gets_no_welcome() {
        let folder = tempfile::tempdir().unwrap();
        let (tell, told) = mpsc::channel();
        let _door = Door::open(folder.path(), move |link| tell.send(link.to_owned()).unwrap()).unwrap();
        let file = folder.path().join(FILE);
        let real = fs::read_to_string(&file).unwrap();
        let port = real.lines().next().unwrap();
        for secret in ["", "00112233445566778899aabbccddeeff", &"0".repeat(5000)] {
            fs::write(&file, format!("{port}\n{secret}\n")).unwrap();
            assert!(!knock(folder.path(), "soko://sell"), "{secret}");
        }
        fs::write(&file, real).unwrap();
        assert!(knock(folder.path(), "soko://orders"));
        assert_eq!(
            told.recv().unwrap(),
            "soko://orders",
            "nothing came in before the one who knew the secret"
        );
    }

    #[test]
    fn what_a_killed_window_left_behind_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        for left in ["", "no port\nx\n", "1\n"] {
            fs::write(folder.path().join(FILE), left).unwrap();
            assert!(!knock(folder.path(), ""), "{left:?}");
        }
        let _door = Door::open(folder.path(), |_| ()).unwrap();
        assert!(knock(folder.path(), ""));
    }

    #[cfg(unix)]
    #[test]
    fn only_this_person_can_read_the_secret() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let _door = Door::open(folder.path(), |_| ()).unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

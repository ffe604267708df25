//! A throw-away PostgreSQL for tests and measurements.
//!
//! A second process, the keeper, owns the cluster and ends it when its standard input closes. That happens
//! however the first process ends: done, failed, Ctrl-C or killed. So no cluster is ever left behind, and no
//! signal handler is needed. It never touches a cluster that was there before.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::machine;
use crate::shell::{Doing as _, Failure, Outcome, output_of, say, succeeds, target_dir};

/// The variable in which tests find the address.
pub(crate) const ADDRESS_VARIABLE: &str = "SOKO_TEST_POSTGRES";
/// Somebody else may take a free port between finding it and using it.
const PORT_ATTEMPTS_MAX: u32 = 5;
const START_WAIT_MAX: Duration = Duration::from_secs(60);
const READY_POLL: Duration = Duration::from_millis(50);
const STOP_WAIT_S: &str = "20";
/// Tests run side by side, each with a few connections of its own.
const CONNECTIONS_MAX: u32 = 200;
const USER: &str = "soko";
const READY: &str = "ready ";

/// Whether a commit waits for the disk. Measurements and crash tests want that; other tests want speed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    WaitForDisk,
    Fast,
}

impl From<bool> for Durability {
    fn from(durable: bool) -> Self {
        if durable { Self::WaitForDisk } else { Self::Fast }
    }
}

/// A running cluster; dropping it ends it.
pub(crate) struct Postgres {
    pub(crate) url: String,
    keeper: Child,
}

impl Postgres {
    pub(crate) fn start(durability: Durability) -> Outcome<Self> {
        // Not `current_exe`: a build may have replaced the file that this process was started from.
        let mut command = Command::new("/proc/self/exe");
        command.arg("keep-postgres").stdin(Stdio::piped()).stdout(Stdio::piped());
        if durability == Durability::WaitForDisk {
            command.arg("--durable");
        }
        // A group of its own: Ctrl-C ends us, and then the keeper ends the cluster in order.
        let mut keeper = command.process_group(0).spawn().doing("starting the keeper of PostgreSQL")?;
        let mut line = String::new();
        if let Some(stdout) = keeper.stdout.as_mut() {
            BufReader::new(stdout).read_line(&mut line).doing("listening to the keeper of PostgreSQL")?;
        }
        match line.trim().strip_prefix(READY) {
            Some(url) => Ok(Self { url: url.to_owned(), keeper }),
            None => {
                let _ = keeper.wait();
                Err(Failure::new("PostgreSQL did not start; its reason stands above"))
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Runs a command that finds the cluster's address in the environment.
pub(crate) fn with_command(durability: Durability, command: &[OsString]) -> Outcome {
    let (program, args) = command.split_first().ok_or_else(|| Failure::new("name a command to run"))?;
    let postgres = Postgres::start(durability)?;
    let what = format!("running {}", program.display());
    let status =
        Command::new(program).args(args).env(ADDRESS_VARIABLE, &postgres.url).status().doing(&what)?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("{what} ended with {status}"))) }
}

/// The keeper: starts a cluster, says where it is, waits for the end of its input, removes everything.
pub(crate) fn keep(durability: Durability) -> Outcome {
    let programs = machine::postgres_programs()
        .ok_or_else(|| Failure::new("PostgreSQL is not installed: run `cargo xtask setup`"))?;
    let account = Account::choose();
    let home = Home::create(account)?;
    let password = random_word()?;
    let cluster = Cluster { programs, account, home, password };
    cluster.create()?;
    let (server, port) = cluster.start(durability)?;
    say(&format!("{READY}postgres://{USER}:{}@127.0.0.1:{port}/postgres", cluster.password));
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    cluster.stop(server);
    Ok(())
}

/// PostgreSQL refuses to run as root: then an account without rights runs it.
#[derive(Clone, Copy)]
enum Account {
    Ours,
    Other { name: &'static str, uid: u32, gid: u32 },
}

impl Account {
    fn choose() -> Self {
        if !machine::is_root() {
            return Self::Ours;
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let found = ["postgres", "nobody"].into_iter().find_map(|name| {
            let (uid, gid) = ids_of(&accounts, name)?;
            Some(Self::Other { name, uid, gid })
        });
        found.unwrap_or(Self::Ours)
    }

    fn command(self, program: &Path) -> Command {
        let mut command = match self {
            Self::Ours => Command::new(program),
            Self::Other { uid, gid, .. } => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups"]);
                command.arg(program);
                command
            }
        };
        command.stdin(Stdio::null()).current_dir("/");
        command
    }

    fn give(self, path: &Path) -> Outcome {
        match self {
            Self::Ours => Ok(()),
            Self::Other { name, uid, gid } => {
                chown(path, Some(uid), Some(gid)).doing(&format!("giving {} to {name}", path.display()))
            }
        }
    }
}

/// The directory of one cluster; removed with it.
struct Home(PathBuf);

impl Home {
    fn create(account: Account) -> Outcome<Self> {
        let below_target = target_dir().join("postgres");
        fs::create_dir_all(&below_target).doing("making a place for PostgreSQL")?;
        // Another account cannot enter a checkout in a closed home directory.
        let open = matches!(account, Account::Ours) || everybody_may_enter(&below_target);
        let base = if open { below_target } else { std::env::temp_dir() };
        let home = Self(base.join(format!("soko-pg-{}", random_word()?)));
        fs::create_dir(&home.0).doing("making a directory for PostgreSQL")?;
        account.give(&home.0)?;
        Ok(home)
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Cluster {
    programs: PathBuf,
    account: Account,
    home: Home,
    password: String,
}

impl Cluster {
    fn create(&self) -> Outcome {
        let password_file = self.home.0.join("password");
        fs::write(&password_file, &self.password).doing("writing PostgreSQL's password")?;
        fs::set_permissions(&password_file, fs::Permissions::from_mode(0o600))
            .doing("closing the password file")?;
        self.account.give(&password_file)?;
        let mut initdb = self.account.command(&self.programs.join("initdb"));
        initdb.arg("-D").arg(self.home.data()).arg("--pwfile").arg(password_file);
        initdb.args(["-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--no-sync"]);
        let done = initdb.output().doing("starting initdb")?;
        if done.status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("initdb failed: {}", String::from_utf8_lossy(&done.stderr))))
    }

    fn start(&self, durability: Durability) -> Outcome<(Child, u16)> {
        for _ in 0..PORT_ATTEMPTS_MAX {
            let port = free_port()?;
            let mut server = self.server(durability, port)?.spawn().doing("starting PostgreSQL")?;
            if self.becomes_ready(&mut server, port) {
                return Ok((server, port));
            }
            let _ = server.kill();
            let _ = server.wait();
        }
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        Err(Failure::new(format!("PostgreSQL does not answer. Its log:\n{log}")))
    }

    fn server(&self, durability: Durability, port: u16) -> Outcome<Command> {
        let log = File::create(self.log()).doing("making PostgreSQL's log")?;
        let mut server = self.account.command(&self.programs.join("postgres"));
        server.arg("-D").arg(self.home.data()).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        server.args(["-c", "unix_socket_directories=", "-c", &format!("max_connections={CONNECTIONS_MAX}")]);
        if durability == Durability::Fast {
            server.args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
        }
        server.stdout(Stdio::null()).stderr(log);
        Ok(server)
    }

    fn becomes_ready(&self, server: &mut Child, port: u16) -> bool {
        let started = Instant::now();
        while started.elapsed() < START_WAIT_MAX {
            if !matches!(server.try_wait(), Ok(None)) {
                return false;
            }
            let mut probe = Command::new(self.programs.join("pg_isready"));
            if succeeds(probe.args(["-h", "127.0.0.1", "-p", &port.to_string()])) {
                return true;
            }
            std::thread::sleep(READY_POLL);
        }
        false
    }

    /// In order when it can, at once when it must.
    fn stop(&self, mut server: Child) {
        for mode in ["fast", "immediate"] {
            let mut pg_ctl = self.account.command(&self.programs.join("pg_ctl"));
            pg_ctl.arg("stop").arg("-D").arg(self.home.data()).args(["-m", mode, "-w", "-t", STOP_WAIT_S]);
            if output_of(&mut pg_ctl).is_some() {
                break;
            }
        }
        let _ = server.kill();
        let _ = server.wait();
    }

    fn log(&self) -> PathBuf {
        self.home.0.join("log")
    }
}

fn ids_of(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let fields = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|it| it[0] == name)?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

fn everybody_may_enter(dir: &Path) -> bool {
    const ENTER: u32 = 0o001;
    dir.ancestors().all(|part| fs::metadata(part).is_ok_and(|it| it.permissions().mode() & ENTER != 0))
}

pub(crate) fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).doing("looking for a free port")?;
    Ok(listener.local_addr().doing("looking for a free port")?.port())
}

fn random_word() -> Outcome<String> {
    let mut bytes = [0u8; 16];
    let mut source = File::open("/dev/urandom").doing("opening the source of randomness")?;
    source.read_exact(&mut bytes).doing("reading randomness")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts = "root:x:0:0::/:/bin/sh\npostgres2:x:7:8::/:/bin/sh\npostgres:x:105:113::/:/bin/sh\n";
        assert_eq!(ids_of(accounts, "postgres"), Some((105, 113)));
        assert_eq!(ids_of(accounts, "nobody"), None);
    }

    #[test]
    fn a_closed_directory_is_not_open_to_everybody() {
        let closed = std::env::temp_dir().join(format!("soko-closed-{}", random_word().unwrap()));
        fs::create_dir(&closed).unwrap();
        assert!(everybody_may_enter(&closed));
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let verdict = everybody_may_enter(&closed);
        fs::remove_dir(&closed).unwrap();
        assert!(!verdict);
    }
}

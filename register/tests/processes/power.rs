//! Power loss: every write and every flush of a real register is recorded, and the disk is rebuilt as it may have
//! been found after a cut at each of them: without what was not flushed, with all of it, with the last write torn in the middle, with
//! what one file waits for alone or missing, with bytes and no names, and with writes here and there. What was answered by then must be
//! there, and nothing may be half there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::crash::{check, trading};
use crate::programs::{REGISTER, Script, has_strace, id, not_tried};

const SALES: u32 = 2;
/// What a disk writes as a whole or not at all.
const SECTOR_BYTES: usize = 512;
const CALLS: &str = "trace=openat,close,pwrite64,write,lseek,fsync,fdatasync,ftruncate,unlink,rename";
/// SQLite's shared memory is rebuilt when it is missing, and no call shows what is written to it.
const SHARED_MEMORY: &str = "-shm";

/// What is in the page cache, and what is on the platter.
#[derive(Clone, Default)]
struct File {
    flushed: Vec<u8>,
    waiting: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Written(usize, Vec<u8>),
    Cut(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Written(at, data) => {
                let end = at + data.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*at..end].copy_from_slice(data);
            }
            Self::Cut(length) => bytes.resize(*length, 0),
        }
    }

    /// The first half of it, in whole sectors.
    fn torn(&self) -> Option<Self> {
        match self {
            Self::Written(at, data) => {
                let half = data.len() / 2 / SECTOR_BYTES * SECTOR_BYTES;
                (half > 0).then(|| Self::Written(*at, data[..half].to_vec()))
            }
            Self::Cut(_) => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Loss {
    /// Only what was flushed is there, and only the names that the folder's flush kept.
    Dropped,
    /// Everything made it.
    Nothing,
    /// Everything but the second half of the last write.
    Torn,
    /// Every byte made it, and only the names that the folder's flush kept.
    Names,
    /// What waits for this file is lost, and nothing else.
    Without(usize),
    /// Of what waits, only what is for this file made it.
    Only(usize),
    /// Disks write in any order: of what waits, some made it.
    Scattered(u8),
}

impl Loss {
    fn has_all_names(self) -> bool {
        !matches!(self, Self::Dropped | Self::Names)
    }

    /// Whether the change of a file, by its number, made it.
    fn keeps(self, at: usize, number: usize) -> bool {
        match self {
            Self::Dropped => false,
            Self::Nothing | Self::Torn | Self::Names => true,
            Self::Without(file) => at != file,
            Self::Only(file) => at == file,
            Self::Scattered(seed) => {
                let mut hasher = DefaultHasher::new();
                (seed, at, number).hash(&mut hasher);
                hasher.finish().is_multiple_of(2)
            }
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Nothing => "nothing",
            Self::Torn => "torn",
            Self::Names => "names",
            Self::Without(_) => "without",
            Self::Only(_) => "only",
            Self::Scattered(_) => "scattered",
        }
    }
}

/// A folder as the operating system shows it and as the disk has it.
#[derive(Clone, Default)]
struct Disk {
    folder: PathBuf,
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    flushed_names: BTreeMap<String, usize>,
    open: HashMap<u32, Open>,
    /// The file of the last write.
    last: Option<usize>,
}

#[derive(Clone)]
struct Open {
    /// Nothing for the folder itself.
    file: Option<usize>,
    at: usize,
}

impl Disk {
    fn of(folder: &Path) -> Self {
        let mut disk = Self { folder: folder.to_owned(), ..Self::default() };
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if !name.ends_with(SHARED_MEMORY) {
                disk.names.insert(name, disk.files.len());
                disk.files.push(File { flushed: std::fs::read(&path).unwrap(), waiting: Vec::new() });
            }
        }
        disk.flushed_names = disk.names.clone();
        disk
    }

    fn image(&self, loss: Loss) -> BTreeMap<String, Vec<u8>> {
        let names = if loss.has_all_names() { &self.names } else { &self.flushed_names };
        let content = |at: usize| {
            let file = &self.files[at];
            let mut bytes = file.flushed.clone();
            let is_torn = loss == Loss::Torn && self.last == Some(at);
            let made_it = |(number, _): &(usize, &Change)| loss.keeps(at, *number);
            for (number, change) in file.waiting.iter().enumerate().filter(made_it) {
                match is_torn && number + 1 == file.waiting.len() {
                    true => change.torn().into_iter().for_each(|half| half.apply(&mut bytes)),
                    false => change.apply(&mut bytes),
                }
            }
            bytes
        };
        names.iter().map(|(name, at)| (name.clone(), content(*at))).collect()
    }

    /// What a cut may leave of it.
    fn losses(&self) -> Vec<Loss> {
        let whole = [Loss::Dropped, Loss::Nothing, Loss::Torn, Loss::Names];
        let waits = (0..self.files.len()).filter(|at| !self.files[*at].waiting.is_empty());
        let by_file = waits.flat_map(|at| [Loss::Without(at), Loss::Only(at)]);
        whole.into_iter().chain(by_file).chain((0..3).map(Loss::Scattered)).collect()
    }

    /// Follows a call inside the folder. Whether it changed what a cut would leave.
    fn follow(&mut self, call: &Call) -> bool {
        self.last = None;
        match call.name.as_str() {
            "openat" => self.opened(call),
            "close" => {
                self.open.remove(&call.number(0));
                false
            }
            "lseek" => {
                if let Some(open) = self.open.get_mut(&call.number(0)) {
                    open.at = usize::try_from(call.result).unwrap();
                }
                false
            }
            "pwrite64" => {
                let at = call.arguments[3].parse().unwrap();
                self.written(call.number(0), Some(at), call.text(1))
            }
            "write" => self.written(call.number(0), None, call.text(1)),
            "ftruncate" => match self.open.get(&call.number(0)).and_then(|open| open.file) {
                Some(file) => {
                    self.files[file].waiting.push(Change::Cut(call.arguments[1].parse().unwrap()));
                    true
                }
                None => false,
            },
            "fsync" | "fdatasync" => self.flushed(call.number(0)),
            "unlink" => self.names.remove(&name_of(&call.text(0))).is_some(),
            "rename" => {
                let Some(file) = self.names.remove(&name_of(&call.text(0))) else { return false };
                self.names.insert(name_of(&call.text(1)), file);
                true
            }
            other => panic!("{other} is not followed"),
        }
    }

    fn opened(&mut self, call: &Call) -> bool {
        let (path, flags) = (PathBuf::from(String::from_utf8(call.text(1)).unwrap()), &call.arguments[2]);
        let number = u32::try_from(call.result).unwrap();
        if path != self.folder && path.parent() != Some(&self.folder) {
            return false;
        }
        let name = name_of(&call.text(1));
        if name.ends_with(SHARED_MEMORY) {
            return false;
        }
        if path == self.folder {
            self.open.insert(number, Open { file: None, at: 0 });
            return false;
        }
        let is_new = !self.names.contains_key(&name);
        if is_new {
            self.names.insert(name.clone(), self.files.len());
            self.files.push(File::default());
        }
        let file = self.names[&name];
        if flags.contains("O_TRUNC") {
            self.files[file].waiting.push(Change::Cut(0));
        }
        assert!(!flags.contains("O_APPEND"), "appending is not followed");
        self.open.insert(number, Open { file: Some(file), at: 0 });
        is_new || flags.contains("O_TRUNC")
    }

    fn written(&mut self, number: u32, at: Option<usize>, data: Vec<u8>) -> bool {
        let Some(open) = self.open.get_mut(&number) else { return false };
        let Some(file) = open.file else { return false };
        let place = at.unwrap_or(open.at);
        if at.is_none() {
            open.at += data.len();
        }
        self.files[file].waiting.push(Change::Written(place, data));
        self.last = Some(file);
        true
    }

    fn flushed(&mut self, number: u32) -> bool {
        match self.open.get(&number) {
            Some(Open { file: Some(file), .. }) => {
                let file = &mut self.files[*file];
                for change in std::mem::take(&mut file.waiting) {
                    change.apply(&mut file.flushed);
                }
                true
            }
            Some(Open { file: None, .. }) => {
                self.flushed_names = self.names.clone();
                true
            }
            None => false,
        }
    }
}

/// One line of the tracer's story.
struct Call {
    name: String,
    arguments: Vec<String>,
    result: i64,
}

impl Call {
    /// Nothing for a call that failed, and for lines that are no calls.
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        let (name, rest) = line.split_once('(')?;
        let (inside, result) = rest.rsplit_once(") = ").or_else(|| rest.rsplit_once(")  = "))?;
        let result = result.split(['<', ' ']).next()?.parse().ok()?;
        if result < 0 {
            return None;
        }
        Some(Self { name: name.into(), arguments: inside.split(", ").map(str::to_owned).collect(), result })
    }

    fn number(&self, argument: usize) -> u32 {
        self.arguments[argument].split('<').next().unwrap().parse().unwrap()
    }

    fn text(&self, argument: usize) -> Vec<u8> {
        let digits = self.arguments[argument].trim_matches('"');
        digits.split("\\x").skip(1).map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }
}

fn name_of(path: &[u8]) -> String {
    Path::new(std::str::from_utf8(path).unwrap()).file_name().unwrap().to_str().unwrap().to_owned()
}

/// Every call of a register that makes some sales.
fn record(data_dir: &Path, story: &Path) -> Vec<Call> {
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-xx", "-s", "10000000", "-e", CALLS, "-o"]).arg(story);
    command.arg(REGISTER).arg("--data-dir").arg(data_dir).arg("run-script");
    let mut script = Script::of(command);
    for number in 0..SALES {
        script.done(&format!("sell tea=1 --cash 250 --id {}", id(1, number)));
    }
    script.end();
    let text = std::fs::read_to_string(story).unwrap();
    assert!(!text.contains("<unfinished"), "two threads wrote at once: the order is not known");
    text.lines().filter_map(Call::parse).collect()
}

#[test]
fn a_power_cut_at_any_write_loses_nothing_that_was_answered() {
    if !has_strace() {
        return not_tried("power cuts at each write of a register: strace is missing");
    }
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("till");
    trading(&data_dir);
    let mut disk = Disk::of(&data_dir);
    let calls = record(&data_dir, &folder.path().join("story"));

    let mut followed = disk.clone();
    for call in &calls {
        followed.follow(call);
    }
    let found = Disk::of(&data_dir).image(Loss::Nothing);
    assert!(followed.image(Loss::Nothing) == found, "a write was not followed");

    let mut acknowledged = vec![id(0xaa, 0)];
    let mut tried = BTreeSet::new();
    let mut cuts = BTreeMap::new();
    for (place, call) in calls.iter().enumerate() {
        if call.name == "write" && call.number(0) == 1 {
            acknowledged.push(id(1, u32::try_from(acknowledged.len() - 1).unwrap()));
        } else if !disk.follow(call) {
            continue;
        }
        for loss in disk.losses() {
            let image = disk.image(loss);
            if tried.insert((fingerprint(&image), acknowledged.len())) {
                // The same folder: in another one a register would take itself for a copy.
                lay_out(&data_dir, &image);
                check(&data_dir, &acknowledged, &format!("{loss:?} after call {place}, {}", call.name));
                *cuts.entry(loss.word()).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(acknowledged.len(), usize::try_from(SALES).unwrap() + 1);
    assert!(cuts["nothing"] > 40 && cuts["torn"] > 20 && cuts["dropped"] >= 3, "{cuts:?}");
    // What only one file's waiting bytes or names would leave is mostly what another loss left: it is tried once.
    assert!(cuts["without"] > 20 && cuts["scattered"] > 40, "{cuts:?}");
}

fn fingerprint(image: &BTreeMap<String, Vec<u8>>) -> u64 {
    let mut hasher = DefaultHasher::new();
    image.hash(&mut hasher);
    hasher.finish()
}

fn lay_out(folder: &Path, image: &BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (name, bytes) in image {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

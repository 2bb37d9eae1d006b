//! A key of an HAProxy map, changed through the runtime socket in one transaction together with its record.
//!
//! The record's fields are keys of the same map, so intent, routing and generation are one write. What the runtime holds is
//! copied to the file that HAProxy loads when it starts, or a reload would bring the old colour back.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Args, ValueHint};

use super::runtime::Socket;
use super::{Change, Folders, Pause, Target, TargetEntry, Written, admit, flags, state_name};
use crate::colour::{Colour, Live};
use crate::journal::{Kind, Phase, Record};
use crate::plan::{Observed, Places};
use devops_core::{Error, Location};
use devops_files::{read_text, replace_durably};

/// How often a transaction is started again because another one came first.
const ATTEMPTS: u32 = 50;
/// How long a transaction that was begun before ours may take to be committed before it counts as abandoned.
const ABANDONED: Duration = Duration::from_millis(500);
/// Pause between two checks.
const PAUSE: Duration = Duration::from_millis(5);
/// How much goes into one command; HAProxy's buffers hold 16 KiB by default.
const PAYLOAD: usize = 8 * 1024;

/// Most bytes of the file with the map: HAProxy holds it whole.
const LARGEST_MAP: u64 = 64 << 20;

/// The line of the table.
pub(super) const TARGET: TargetEntry = TargetEntry {
    name: "haproxy",
    help: "A key of an HAProxy map, changed through the runtime socket",
    arguments: HaproxyArguments::augment_args,
    open,
};

/// Flags of the target `haproxy`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target haproxy")]
struct HaproxyArguments {
    /// Runtime socket of HAProxy: a path or HOST:PORT, e.g. `/run/haproxy/admin.sock`
    #[arg(id = "haproxy_socket", long = "haproxy-socket", value_name = "SOCKET")]
    socket: Option<String>,

    /// Map that holds the live colour, named as in HAProxy's configuration, e.g. `/etc/haproxy/colours.map`
    #[arg(id = "haproxy_map", long = "haproxy-map", value_name = "MAP")]
    map: Option<String>,

    /// File that HAProxy loads the map from when it starts [default: `haproxy-map` if the socket is a path, else none]
    #[arg(id = "haproxy_map_file", long = "haproxy-map-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    map_file: Option<PathBuf>,

    /// Key of the map whose value is the live colour
    #[arg(id = "haproxy_key", long = "haproxy-key", value_name = "NAME", default_value = "app")]
    key: String,
}

/// The map that the flags describe.
fn open(matches: &ArgMatches, folders: Folders<'_>) -> Result<Box<dyn Target>, Error> {
    let flags: HaproxyArguments = flags(matches)?;
    let (Some(socket), Some(map)) = (flags.socket, flags.map) else {
        return Err(Error::usage("the target `haproxy` needs `haproxy-socket` and `haproxy-map`")
            .help("give the runtime socket and the map as HAProxy's configuration names them"));
    };
    for (flag, word) in [("haproxy-map", &map), ("haproxy-key", &flags.key)] {
        if word.is_empty()
            || word.contains(|character: char| character.is_whitespace() || ";\\<".contains(character))
        {
            return Err(Error::usage(format!("`{flag}` is `{word}`, which HAProxy's commands can't name"))
                .help("use a name without spaces, semicolons, backslashes and `<`"));
        }
    }
    let socket = Socket::from_name(&socket, folders.working);
    let is_here = matches!(socket, Socket::Unix(_)) && !map.starts_with('#');
    let file = flags.map_file.or_else(|| is_here.then(|| folders.working.join(&map)));
    Ok(Box::new(Haproxy { socket, map, file, key: flags.key, stale: RefCell::default() }))
}

/// A map with the key that holds the colour.
struct Haproxy {
    /// Where HAProxy accepts commands.
    socket: Socket,
    /// The map, as HAProxy names it.
    map: String,
    /// The file the map is loaded from, if this machine has it.
    file: Option<PathBuf>,
    key: String,
    /// Why the file differs from the runtime, if it does.
    stale: RefCell<Option<String>>,
}

/// Keys with values, in the map's own order.
type Entries = Vec<(String, String)>;

impl Haproxy {
    /// The key of one of the record's fields.
    fn field(&self, name: &str) -> String {
        format!("{}.{name}", self.key)
    }

    /// An answer of HAProxy that is an error.
    fn refused(&self, command: &str, answer: &str) -> Error {
        let line = answer.lines().next().unwrap_or_default();
        Error::environment(format!("HAProxy refused `{command}` for the map `{}`: {line}", self.map)).help(
            "check that `haproxy-map` names the map exactly as HAProxy's configuration does; `show map` lists them",
        )
    }

    /// Everything the map holds.
    fn entries(&self) -> Result<Entries, Error> {
        let answer = self.socket.ask(&format!("show map {}", self.map))?;
        let entry = |line: &str| {
            let (address, rest) = line.split_once(' ')?;
            let (key, value) = rest.split_once(' ').unwrap_or((rest, ""));
            address.starts_with("0x").then(|| (key.to_owned(), value.to_owned()))
        };
        let lines = answer.lines().filter(|line| !line.is_empty());
        lines.map(|line| entry(line).ok_or_else(|| self.refused("show map", line))).collect()
    }

    /// The map's version in force.
    fn version(&self) -> Result<u64, Error> {
        let answer = self.socket.ask("show map")?;
        let is_ours = |line: &&str| {
            let mut words = line.splitn(2, ' ');
            let (id, rest) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            self.map.strip_prefix('#') == Some(id) || rest.starts_with(&format!("({}) ", self.map))
        };
        let line = answer.lines().find(is_ours);
        let version = line.and_then(|line| line.split_once("curr_ver="));
        let version = version.and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        version.ok_or_else(|| self.refused("show map", line.unwrap_or("it lists no such map")))
    }

    /// Where traffic goes and what is on record, as these entries say.
    fn observed(&self, entries: &Entries) -> Result<Observed, Error> {
        let get = |key: &str| entries.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        let live = match get(&self.key) {
            None => Live::Nothing,
            Some(name) => {
                Colour::from_name(name).map_or_else(|| Live::Foreign(name.to_owned()), Live::Colour)
            }
        };
        let field = |name: &str| get(&self.field(name));
        let Some(generation) = field("gen") else {
            return Ok(Observed { live, record: None });
        };
        let record = || {
            Some(Record {
                schema_version: Record::SCHEMA_VERSION,
                generation: generation.parse().ok()?,
                kind: Kind::from_name(field("kind")?)?,
                from: match field("from")? {
                    "none" => None,
                    name => Some(Colour::from_name(name)?),
                },
                to: Colour::from_name(field("to")?)?,
                phase: Phase::from_name(field("phase")?)?,
                owner: field("owner")?.to_owned(),
                place: None,
            })
        };
        match record() {
            Some(record) => Ok(Observed { live, record: Some(record) }),
            None => Err(Error::input(format!("the keys `{}.…` are not a record of promote", self.key))
                .at(Location::file(self.map.clone()))
                .help(
                    "delete them from the map and from its file, once you know which colour is to be live",
                )),
        }
    }

    /// The keys that are ours, with what they are to hold.
    fn ours(&self, live: &Live, record: Option<&Record>) -> Entries {
        let mut ours = Vec::new();
        if let Some(colour) = live.colour() {
            ours.push((self.key.clone(), colour.to_string()));
        }
        if let Some(record) = record {
            let from = record.from.map_or("none", Colour::as_str);
            let fields = [
                ("gen", record.generation.to_string()),
                ("kind", record.kind.as_str().to_owned()),
                ("from", from.to_owned()),
                ("to", record.to.to_string()),
                ("phase", record.phase.as_str().to_owned()),
                ("owner", record.owner.split_whitespace().collect::<Vec<_>>().join("-")),
            ];
            ours.extend(fields.map(|(name, value)| (self.field(name), value)));
        }
        ours
    }

    /// Begins a transaction; its version, once no older one can be committed unseen.
    ///
    /// HAProxy commits any version above the one in force, so of two transactions begun at the same time the older one
    /// could be committed between our reading and our commit, and would be lost. Ours is safe when it is the next one.
    fn prepare(&self) -> Result<u64, Error> {
        let mut waited = Duration::ZERO;
        let mut own = None;
        loop {
            let version = match own {
                Some(version) => version,
                None => self.begin()?,
            };
            let current = self.version()?;
            if current.saturating_add(1) == version || (current < version && waited >= ABANDONED) {
                return Ok(version);
            }
            own = (current < version).then_some(version);
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        }
    }

    fn begin(&self) -> Result<u64, Error> {
        let answer = self.socket.ask(&format!("prepare map {}", self.map))?;
        let version =
            answer.strip_prefix("New version created: ").and_then(|version| version.trim().parse().ok());
        version.ok_or_else(|| self.refused("prepare map", &answer))
    }

    /// Adds every entry to a transaction: what is left out is gone after the commit.
    fn add(&self, version: u64, entries: &Entries) -> Result<(), Error> {
        let mut payload = String::new();
        let send = |payload: &mut String| {
            if payload.is_empty() {
                return Ok(());
            }
            let answer = self.socket.ask(&format!("add map @{version} {} <<\n{payload}", self.map))?;
            payload.clear();
            if answer.is_empty() { Ok(()) } else { Err(self.refused("add map", &answer)) }
        };
        for (key, value) in entries {
            if payload.len() + key.len() + value.len() > PAYLOAD {
                send(&mut payload)?;
            }
            payload.push_str(&format!("{key} {value}\n"));
        }
        send(&mut payload)
    }

    /// Puts a version in force; `false` if a later one is already.
    fn commit(&self, version: u64) -> Result<bool, Error> {
        let answer = self.socket.ask(&format!("commit map @{version} {}", self.map))?;
        match answer.as_str() {
            "" => Ok(true),
            answer if answer.starts_with("Version number out of range") => Ok(false),
            answer => Err(self.refused("commit map", answer)),
        }
    }

    /// Makes the file agree with the runtime; returns whether it differed. Keys and comments of others stay as they are.
    fn persist(&self) -> Result<bool, Error> {
        let Some(file) = &self.file else { return Ok(false) };
        let mut has_changed = false;
        for _ in 0..ATTEMPTS {
            let observed = self.observe()?;
            let ours = self.ours(&observed.live, observed.record.as_ref());
            let text = read_text(file, LARGEST_MAP).map_err(|error| Error::unreadable(file, error))?;
            let wanted = merge(&text, &ours);
            if wanted == text {
                return Ok(has_changed);
            }
            replace_durably(file, wanted.as_bytes())?;
            has_changed = true;
        }
        Ok(has_changed)
    }
}

impl Target for Haproxy {
    fn name(&self) -> String {
        format!("key `{}` of map `{}`", self.key, self.map)
    }

    fn state_name(&self) -> String {
        state_name(&format!("haproxy-{}", self.key))
    }

    fn places(&self) -> Places {
        let runtime = format!("{} in HAProxy", self.name());
        let file = self.file.as_ref().map(|file| file.display().to_string());
        let routing: Vec<String> = std::iter::once(runtime).chain(file).collect();
        Places { journal: routing.clone(), routing }
    }

    fn observe(&self) -> Result<Observed, Error> {
        self.observed(&self.entries()?)
    }

    fn obstacle(&self, _colour: Colour) -> Option<String> {
        None
    }

    fn write(&self, change: &Change, pause: Pause<'_>) -> Result<Written, Error> {
        let ours = self.ours(&change.live, Some(&change.record));
        for _ in 0..ATTEMPTS {
            // A look before the transaction, so that a refusal does not leave one behind.
            let observed = self.observe()?;
            match admit(&observed, change) {
                Written::Done => {}
                refused => return Ok(refused),
            }
            let is_there = |entries: &Entries| ours.iter().all(|entry| entries.contains(entry));
            if is_there(&self.ours(&observed.live, observed.record.as_ref())) {
                // Traffic goes where it should; a file that differs is repaired by the next run.
                *self.stale.borrow_mut() = self.persist().err().map(|error| error.to_string());
                return Ok(Written::Done);
            }
            let version = self.prepare()?;
            let mut entries = self.entries()?;
            let observed = self.observed(&entries)?;
            match admit(&observed, change) {
                Written::Done => {}
                refused => return Ok(refused),
            }
            let is_switch = observed.live != change.live;
            entries.retain(|(key, _)| !ours.iter().any(|(own, _)| own == key));
            entries.splice(0..0, ours.iter().cloned());
            self.add(version, &entries)?;
            if is_switch {
                pause("switch:staged");
            }
            if self.commit(version)? && is_switch {
                pause("switch:pointed");
            }
            // The next turn reads back what became of it, and copies it to the file.
        }
        Err(Error::environment(format!("{} is changed by others all the time", self.name())))
    }

    fn repair(&self) -> Result<bool, Error> {
        self.persist()
    }

    fn notes(&self) -> Vec<String> {
        if self.file.is_some() {
            let note = |why: &String| {
                format!(
                    "The map file is stale, and a reload of HAProxy brings an old colour back; the next run repairs it: {why}."
                )
            };
            return self.stale.borrow().iter().map(note).collect();
        }
        vec![
            "No map file was written, so a reload of HAProxy brings the old colour back; give `haproxy-map-file`."
                .to_owned(),
        ]
    }
}

/// A map file with these keys set, each where it stands already or else at the end.
fn merge(text: &str, ours: &Entries) -> String {
    let mut left: Vec<&(String, String)> = ours.iter().collect();
    let mut merged = String::with_capacity(text.len());
    for line in text.lines() {
        let key = line.split_whitespace().next().unwrap_or_default();
        match ours.iter().find(|(own, _)| own == key) {
            None => merged.push_str(&format!("{line}\n")),
            Some(own) => {
                // A key that stands there twice is written once; HAProxy uses the first.
                if left.contains(&own) {
                    merged.push_str(&format!("{} {}\n", own.0, own.1));
                    left.retain(|other| *other != own);
                }
            }
        }
    }
    for (key, value) in left {
        merged.push_str(&format!("{key} {value}\n"));
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::merge;

    #[test]
    fn a_map_file_keeps_what_is_not_ours() {
        let ours =
            [("app", "green"), ("app.gen", "42")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let merged = merge("# live colours\napp   blue\nother x  y\napp red", &ours.to_vec());
        assert_eq!(merged, "# live colours\napp green\nother x  y\napp.gen 42\n");
        assert_eq!(merge(&merged, &ours.to_vec()), merged);
    }
}

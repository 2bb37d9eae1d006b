//! A symbolic link that points at the live colour's folder, replaced by `rename`, with its record in a file beside the lock.
//!
//! Link and record are two writes, so the record says first what is about to happen; both together always show how far a
//! killed run came. The caller holds the lock.

use std::io;
use std::path::{Component, Path, PathBuf};

use clap::{ArgMatches, Args, ValueHint};

use super::{Change, Folders, Pause, Target, TargetEntry, Written, admit, flags, state_name};
use crate::colour::{Colour, Live};
use crate::journal::Record;
use crate::plan::{Observed, Places};
use devops_core::{Error, Location};
use devops_files::{folder_of, sync_folder};

/// The line of the table.
pub(super) const TARGET: TargetEntry = TargetEntry {
    name: "symlink",
    help: "A symbolic link to the live colour's folder",
    arguments: SymlinkArguments::augment_args,
    open,
};

/// Flags of the target `symlink`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target symlink")]
struct SymlinkArguments {
    /// Symbolic link to switch
    #[arg(id = "symlink_path", long = "symlink-path", value_name = "PATH", default_value = "current", value_hint = ValueHint::AnyPath)]
    path: PathBuf,

    /// Folder that the link points at while blue is live
    #[arg(id = "symlink_blue", long = "symlink-blue", value_name = "PATH", default_value = "blue", value_hint = ValueHint::AnyPath)]
    blue: PathBuf,

    /// Folder that the link points at while green is live
    #[arg(id = "symlink_green", long = "symlink-green", value_name = "PATH", default_value = "green", value_hint = ValueHint::AnyPath)]
    green: PathBuf,
}

/// The link that the flags describe.
fn open(matches: &ArgMatches, folders: Folders<'_>) -> Result<Box<dyn Target>, Error> {
    let flags: SymlinkArguments = flags(matches)?;
    if is_same(&flags.blue, &flags.green) {
        let place = flags.blue.display();
        return Err(Error::usage(format!(
            "`symlink-blue` and `symlink-green` are the same place, `{place}`"
        ))
        .help("give each colour a folder of its own"));
    }
    let state_name = state_name(&flags.path.file_name().unwrap_or_default().to_string_lossy());
    Ok(Box::new(Symlink {
        journal: folders.state.join(format!("{state_name}.json")),
        state_name,
        link: flags.path,
        blue: flags.blue,
        green: flags.green,
    }))
}

/// The link with its two folders.
struct Symlink {
    link: PathBuf,
    /// Blue's folder.
    blue: PathBuf,
    /// Green's folder.
    green: PathBuf,
    /// What the lock and the journal are called.
    state_name: String,
    /// Where the record is kept.
    journal: PathBuf,
}

impl Symlink {
    /// The folder of a colour.
    fn folder(&self, colour: Colour) -> &Path {
        match colour {
            Colour::Blue => &self.blue,
            Colour::Green => &self.green,
        }
    }

    /// The link's content for a colour: relative to its own folder where the colour stands below it.
    fn text(&self, colour: Colour) -> Result<PathBuf, Error> {
        let folder = self.folder(colour);
        let beside = folder_of(&self.link);
        let below = if beside == Path::new(".") { Ok(folder) } else { folder.strip_prefix(beside) };
        match below {
            Ok(below) if below.is_relative() && !below.as_os_str().is_empty() => Ok(below.to_path_buf()),
            _ => std::path::absolute(folder).map_err(|error| Error::unwritable(&self.link, error)),
        }
    }

    /// Where the link itself stands, from the root.
    fn place(&self) -> String {
        let folder = folder_of(&self.link);
        let folder = folder.canonicalize().unwrap_or_else(|_| plain(folder));
        folder.join(self.link.file_name().unwrap_or_default()).display().to_string()
    }

    /// What is on record about this link; a journal of another one of the same name is refused.
    fn record(&self) -> Result<Option<Record>, Error> {
        let Some(record) = Record::read(&self.journal)? else { return Ok(None) };
        match record.place {
            Some(place) if place != self.place() => {
                Err(Error::configuration(format!("the journal belongs to another link, `{place}`"))
                    .at(Location::file(self.journal.display().to_string()))
                    .help("give each link another `state-dir`; delete the journal if the link has moved"))
            }
            _ => Ok(Some(Record { place: None, ..record })),
        }
    }

    /// Where the link points.
    fn live(&self) -> Result<Live, Error> {
        let place = || Location::file(self.link.display().to_string());
        let text = match std::fs::read_link(&self.link) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Live::Nothing),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                return Err(Error::environment("is not a symbolic link")
                    .at(place())
                    .help("move it away; `promote run` makes the link"));
            }
            Err(error) => {
                return Err(Error::environment("can't be read").at(place()).because(error));
            }
        };
        let pointed = folder_of(&self.link).join(&text);
        let found = Colour::ALL.into_iter().find(|colour| is_same(&pointed, self.folder(*colour)));
        Ok(found.map_or_else(|| Live::Foreign(text.display().to_string()), Live::Colour))
    }

    /// Replaces the link in one step, so that there is no moment without one.
    fn point(&self, colour: Colour, pause: Pause<'_>) -> Result<(), Error> {
        let mut name = std::ffi::OsString::from(".");
        name.push(self.link.file_name().unwrap_or_default());
        name.push(".part");
        let part = self.link.with_file_name(name);
        let text = self.text(colour)?;
        let replace = || {
            match std::fs::remove_file(&part) {
                // A killed run may have left one behind.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            std::os::unix::fs::symlink(&text, &part)?;
            pause("switch:staged");
            std::fs::rename(&part, &self.link)?;
            sync_folder(&self.link)
        };
        replace().map_err(|error| Error::unwritable(&self.link, error))
    }
}

impl Target for Symlink {
    fn name(&self) -> String {
        format!("link `{}`", self.link.display())
    }

    fn state_name(&self) -> String {
        self.state_name.clone()
    }

    fn places(&self) -> Places {
        let journal = self.journal.display().to_string();
        Places { routing: vec![self.link.display().to_string(), journal.clone()], journal: vec![journal] }
    }

    fn observe(&self) -> Result<Observed, Error> {
        Ok(Observed { record: self.record()?, live: self.live()? })
    }

    fn obstacle(&self, colour: Colour) -> Option<String> {
        let folder = self.folder(colour);
        (!folder.exists()).then(|| format!("`{}` does not exist", folder.display()))
    }

    fn write(&self, change: &Change, pause: Pause<'_>) -> Result<Written, Error> {
        let observed = self.observe()?;
        let admitted = admit(&observed, change);
        if admitted != Written::Done {
            return Ok(admitted);
        }
        if observed.live != change.live {
            match change.live {
                Live::Colour(colour) => self.point(colour, pause)?,
                Live::Nothing | Live::Foreign(_) => return Ok(Written::Elsewhere(observed.live)),
            }
            pause("switch:pointed");
        }
        if observed.record.as_ref() != Some(&change.record) {
            Record { place: Some(self.place()), ..change.record.clone() }.write(&self.journal)?;
        }
        Ok(Written::Done)
    }
}

/// Whether two paths name one place, by what the disk says or, where one is not there, by their words.
fn is_same(left: &Path, right: &Path) -> bool {
    match (left.canonicalize(), right.canonicalize()) {
        (Ok(left), Ok(right)) => left == right,
        _ => plain(left) == plain(right),
    }
}

/// A path from the root, without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    absolute.components().fold(PathBuf::new(), |mut plain, component| {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
        plain
    })
}

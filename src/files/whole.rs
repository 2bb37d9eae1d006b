//! Files written whole or not at all, so that a reader never meets half of one.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::open::open_to_append;
use devops_core::Error;

/// How often another name is tried for a file that is written beside another; a second time is hardly ever needed.
const ATTEMPTS: usize = 8;

/// Writes a file whole or not at all.
///
/// # Errors
/// Where it can't be written.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace_with(path, |file| file.write_all(bytes))
}

/// The same for contents that are not held whole.
///
/// # Errors
/// Where it can't be written.
pub fn replace_with(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Error> {
    through_part(path, write).map_err(|error| Error::unwritable(path, error))
}

/// Writes a file whole or not at all, and waits until the disk has it.
///
/// # Errors
/// Where it can't be written.
pub fn replace_durably(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = |file: &mut File| file.write_all(bytes).and_then(|()| file.sync_all());
    through_part(path, write).and_then(|()| sync_folder(path)).map_err(|error| Error::unwritable(path, error))
}

/// Appends a line, with its end, to a file in one write; where the file ends in half a line, it starts a new one.
///
/// Writers of one file on one machine don't break each other's lines.
///
/// # Errors
/// Where the file can't be read or written.
pub fn append_line(path: &Path, line: &[u8]) -> Result<(), Error> {
    append(path, line).map_err(|error| Error::unwritable(path, error))
}

fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    let mut file = open_to_append(path)?;
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    // The one write is what keeps a line in one piece, so the repair goes into it.
    let mut bytes = if last == [b'\n'] { Vec::new() } else { vec![b'\n'] };
    bytes.extend_from_slice(line);
    file.write_all(&bytes)?;
    file.sync_data()
}

/// Writes a file beside `path` and gives it that name, in place of a link that stands there; a file that could not be finished is
/// removed.
fn through_part(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let (mut file, part) = part_of(path)?;
    if let Ok(old) = std::fs::symlink_metadata(path)
        && old.is_file()
    {
        // Whoever could read the old file must be able to read the new one.
        file.set_permissions(old.permissions())?;
    }
    let renamed = write(&mut file).and_then(|()| std::fs::rename(&part, path));
    if renamed.is_err() {
        // What went wrong is said already.
        let _ = std::fs::remove_file(&part);
    }
    renamed
}

/// A new file beside `path`, under a name that nobody can foresee: neither a link nor a file that is there already is written to.
fn part_of(path: &Path) -> io::Result<(File, PathBuf)> {
    let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..ATTEMPTS {
        let part = path.with_file_name(part_name(path));
        match OpenOptions::new().write(true).create_new(true).open(&part) {
            Ok(file) => return Ok((file, part)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}

/// The name of a file with 64 bits of the operating system's randomness.
fn part_name(path: &Path) -> OsString {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    let random = RandomState::new().hash_one(std::process::id());
    name.push(format!(".{random:016x}.part"));
    name
}

/// Waits until the disk knows which files the folder of `path` has.
///
/// # Errors
/// Where the folder can't be opened or synced.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// The folder a path stands in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{append_line, replace, replace_durably, replace_with};

    #[cfg(unix)]
    #[test]
    fn a_link_is_replaced_and_not_written_through() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("precious"), "precious").unwrap();
        symlink("precious", at("report.json")).unwrap();
        // As it was called before: a name that can be foreseen.
        symlink("precious", at(&format!("report.json.{}.part", std::process::id()))).unwrap();
        symlink("precious", at("report.json.part")).unwrap();
        replace(&at("report.json"), b"new").unwrap();
        replace_durably(&at("report.json"), b"newer").unwrap();
        assert_eq!(std::fs::read_to_string(at("precious")).unwrap(), "precious");
        assert!(at("report.json").symlink_metadata().unwrap().is_file());
        assert_eq!(std::fs::read_to_string(at("report.json")).unwrap(), "newer");
        symlink("precious", at("log")).unwrap();
        assert!(append_line(&at("log"), b"line\n").is_err());
        assert_eq!(std::fs::read_to_string(at("precious")).unwrap(), "precious");
    }

    #[test]
    fn a_file_is_replaced_whole_or_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        replace(&path, b"one").unwrap();
        replace_durably(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        let failed = replace_with(&path, |file| {
            io::Write::write_all(file, b"half")?;
            Err(io::Error::other("no room"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left");
    }
}

//! Files written whole or not at all, so that a reader never meets half of one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use devops_core::Error;

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
    // Two runs may write the same report at the same time.
    let suffix = format!(".{}.part", std::process::id());
    through_part(path, &suffix, write).map_err(|error| Error::unwritable(path, error))
}

/// Writes a file whole or not at all, and waits until the disk has it.
///
/// Whoever writes it holds its lock, so that what a killed run left beside it is written over.
///
/// # Errors
/// Where it can't be written.
pub fn replace_durably(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = |file: &mut File| file.write_all(bytes).and_then(|()| file.sync_all());
    through_part(path, ".part", write)
        .and_then(|()| sync_folder(path))
        .map_err(|error| Error::unwritable(path, error))
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
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
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

/// Writes a file beside `path` and gives it that name; a file that could not be finished is removed.
fn through_part(
    path: &Path,
    suffix: &str,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    let part = path.with_file_name(name);
    let written = File::create(&part).and_then(|mut file| {
        if let Ok(old) = std::fs::metadata(path) {
            // The new file must be readable by those who could read the old one.
            file.set_permissions(old.permissions())?;
        }
        write(&mut file)
    });
    let renamed = written.and_then(|()| std::fs::rename(&part, path));
    if renamed.is_err() {
        // What went wrong is said already.
        let _ = std::fs::remove_file(&part);
    }
    renamed
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

    use super::{replace, replace_durably, replace_with};

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

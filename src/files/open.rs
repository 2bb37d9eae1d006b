//! Opening: without waiting, and regular files only.
//!
//! A path that a change brings along may lead to a pipe, a device or a socket. Opening one must not wait, reading one has no end, and
//! writing to one is no report. The kind is checked once, after opening, so that nothing can be swapped in between.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// Whether a link in the place of the file is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Followed,
    Refused,
}

/// Opens a regular file for reading, through links.
///
/// # Errors
/// Where it can't be opened or is not a regular file.
pub fn open(path: &Path) -> io::Result<File> {
    opened(OpenOptions::new().read(true), path, Link::Followed)
}

/// Opens a regular file for reading, where `path` itself is no link.
///
/// # Errors
/// Where it can't be opened, is a link or is not a regular file.
pub fn open_itself(path: &Path) -> io::Result<File> {
    opened(OpenOptions::new().read(true), path, Link::Refused)
}

/// Opens a regular file, made if absent, to write at its end; `path` itself is no link.
///
/// # Errors
/// Where it can't be opened, is a link or is not a regular file.
pub fn open_to_append(path: &Path) -> io::Result<File> {
    opened(OpenOptions::new().read(true).append(true).create(true), path, Link::Refused)
}

/// Makes a file that was not there before, to write at its end; what stood in its place is removed, a link as itself.
///
/// # Errors
/// Where it can't be made, or a folder stands there.
pub fn open_anew(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => OpenOptions::new().read(true).append(true).create_new(true).open(path),
    }
}

/// Opens what is then checked to be a regular file.
fn opened(options: &mut OpenOptions, path: &Path, link: Link) -> io::Result<File> {
    without_waiting(options, link);
    let file = options.open(path).map_err(|error| refused(path, link).unwrap_or(error))?;
    let known = file.metadata()?;
    if known.is_file() { Ok(file) } else { Err(irregular(known.file_type())) }
}

/// Says what stands at a path that could not be opened for what it is.
fn refused(path: &Path, link: Link) -> Option<io::Error> {
    let look =
        |path| if link == Link::Refused { std::fs::symlink_metadata(path) } else { std::fs::metadata(path) };
    look(path).ok().as_ref().map(Metadata::file_type).filter(|kind| !kind.is_file()).map(irregular)
}

/// The error for what is not a regular file.
fn irregular(kind: FileType) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("it is {}, not a regular file", name(kind)))
}

/// What people call a file of this kind.
fn name(kind: FileType) -> &'static str {
    if kind.is_dir() {
        return "a folder";
    }
    if kind.is_symlink() {
        return "a link";
    }
    special(kind)
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match kind {
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn special(_kind: FileType) -> &'static str {
    "a device"
}

/// Opening a pipe waits for its other end, and opening a terminal may make it ours, unless it is said otherwise.
#[cfg(unix)]
fn without_waiting(options: &mut OpenOptions, link: Link) {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = if link == Link::Refused { flags | OFlags::NOFOLLOW } else { flags };
    options.custom_flags(flags.bits().cast_signed());
}

/// A link is opened as itself, which is then not a regular file.
#[cfg(windows)]
fn without_waiting(options: &mut OpenOptions, link: Link) {
    use std::os::windows::fs::OpenOptionsExt as _;
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    if link == Link::Refused {
        options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
    }
}

#[cfg(not(any(unix, windows)))]
fn without_waiting(_options: &mut OpenOptions, _link: Link) {}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use super::{open, open_anew, open_itself, open_to_append};

    fn why<T>(opened: std::io::Result<T>) -> String {
        opened.err().map(|error| error.to_string()).unwrap_or_default()
    }

    fn pipe(path: &Path) {
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    }

    #[test]
    fn what_is_no_regular_file_is_refused_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        pipe(&at("pipe"));
        let _listener = UnixListener::bind(at("socket")).unwrap();
        symlink("/dev/zero", at("zero")).unwrap();
        symlink("pipe", at("to-pipe")).unwrap();
        for (name, what) in [
            ("pipe", "a named pipe"),
            ("to-pipe", "a named pipe"),
            ("socket", "a socket"),
            ("zero", "a device"),
            (".", "a folder"),
        ] {
            assert_eq!(why(open(&at(name))), format!("it is {what}, not a regular file"), "{name}");
        }
        for (name, what) in
            [("pipe", "a named pipe"), ("socket", "a socket"), ("zero", "a link"), (".", "a folder")]
        {
            assert_eq!(why(open_to_append(&at(name))), format!("it is {what}, not a regular file"), "{name}");
            assert_eq!(why(open_itself(&at(name))), format!("it is {what}, not a regular file"), "{name}");
        }
    }

    #[test]
    fn links_are_followed_where_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "text").unwrap();
        symlink("file", at("link")).unwrap();
        symlink("nowhere", at("broken")).unwrap();
        let mut text = String::new();
        open(&at("link")).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "text");
        assert!(open_itself(&at("file")).is_ok());
        assert_eq!(why(open_itself(&at("link"))), "it is a link, not a regular file");
        assert_eq!(why(open_to_append(&at("broken"))), "it is a link, not a regular file");
        assert!(!at("nowhere").exists(), "nothing was made behind the link");
        assert_eq!(open(&at("broken")).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_made_anew_takes_the_place_of_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("precious"), "precious").unwrap();
        symlink("precious", at("log")).unwrap();
        open_anew(&at("log")).unwrap().write_all(b"new").unwrap();
        assert_eq!(std::fs::read_to_string(at("precious")).unwrap(), "precious");
        assert_eq!(std::fs::read_to_string(at("log")).unwrap(), "new");
        std::fs::create_dir(at("folder")).unwrap();
        assert!(open_anew(&at("folder")).is_err());
    }
}

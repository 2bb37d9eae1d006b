//! Files read within bounds and written whole.
//!
//! Owns the ways to write a file (whole, whole down to the disk, a line at its end), and reads that are bounded or leave a digest behind.
//! Knows no format, no job and no host; imports `core` alone.

pub mod hashed;
pub mod whole;

pub use hashed::HashingReader;
pub use whole::{append_line, folder_of, replace, replace_durably, replace_with, sync_folder};

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use devops_core::Error;

/// Reads a file of at most so many bytes.
///
/// # Errors
/// Where it can't be read, or is larger.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| Error::unreadable(path, error))?;
    if bytes.len() as u64 > limit {
        return Err(Error::input(format!("{} is larger than {limit} bytes", path.display())));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(read(&path, 3).unwrap(), b"abc");
        assert!(read(&path, 2).unwrap_err().to_string().ends_with("is larger than 2 bytes"));
        assert!(read(&folder.path().join("b"), 2).is_err());
    }
}

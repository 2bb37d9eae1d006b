//! Reading at a place, by several threads at once if need be.

use std::fs::File;
use std::io;

/// Fills the buffer with what stands at this place; how many bytes that were before the file ended.
///
/// # Errors
/// Where the file can't be read.
pub fn read_at(file: &File, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while !buffer.is_empty() {
        match once(file, offset, buffer) {
            Ok(0) => break,
            Ok(count) => {
                filled += count;
                offset += count as u64;
                buffer = buffer.get_mut(count..).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(unix)]
fn once(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn once(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(test)]
mod tests {
    use super::read_at;

    #[test]
    fn reading_ends_where_the_file_ends() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "abcdef").unwrap();
        let file = crate::open(&folder.path().join("file")).unwrap();
        let mut buffer = [0; 4];
        assert_eq!((read_at(&file, 1, &mut buffer).unwrap(), &buffer), (4, b"bcde"));
        assert_eq!((read_at(&file, 5, &mut buffer).unwrap(), buffer[0]), (1, b'f'));
        assert_eq!(read_at(&file, 9, &mut buffer).unwrap(), 0);
    }
}

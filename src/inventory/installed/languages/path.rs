//! A path in an image, in its parts: bytes, because millions are looked at and names need not be UTF-8.

/// A path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'a> {
    /// All of it.
    whole: &'a [u8],
    /// What follows the last slash.
    name: &'a [u8],
    /// What stands before it.
    folder: &'a [u8],
}

impl<'a> Path<'a> {
    /// The path in its parts.
    pub(super) fn of(whole: &'a [u8]) -> Self {
        let (folder, name) = split(whole);
        Self { whole, name, folder }
    }

    /// The name of the file.
    pub(super) fn name(&self) -> &'a [u8] {
        self.name
    }

    /// The name of the file as text.
    pub(super) fn name_text(&self) -> String {
        String::from_utf8_lossy(self.name).into_owned()
    }

    /// The path of the folder.
    pub(super) fn folder(&self) -> Self {
        Self::of(self.folder)
    }

    /// All of it.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.whole
    }
}

/// What stands before the last slash, and what follows it.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let at = path.iter().rposition(|byte| *byte == b'/');
    match at.and_then(|at| path.split_at_checked(at)) {
        Some((folder, name)) => (folder, name.strip_prefix(b"/").unwrap_or(name)),
        None => (&[], path),
    }
}

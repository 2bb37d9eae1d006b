//! Packages of languages that are installed: metadata folders, archives of classes, build information in binaries.

use super::{Content, Entry, Extract, Installed, Left};
use devops_core::Error;

/// Looks at a file; none where it says nothing about packages of languages.
pub(super) fn extract(_entry: Entry<'_>, _content: &mut dyn Content) -> Result<Option<Extract>, Error> {
    Ok(None)
}

/// The packages that files say are installed. `is_owned` says whether a package of the distribution owns a path: such a file is no
/// second package.
///
/// # Errors
///
/// A file that was taken can't be understood.
pub fn read(_files: &[Left<'_>], _is_owned: &dyn Fn(&str) -> bool) -> Result<Vec<Installed>, Error> {
    Ok(Vec::new())
}

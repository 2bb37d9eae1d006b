//! Whether a file came with the commit that is checked out.

use std::path::Path;

use super::failure::{Failure, Reason};
use super::objects::Repository;

/// Whether the commit that is checked out has this file, a link that leads to it, or a submodule that holds it.
///
/// Every repository above the file is asked, and where links lead elsewhere, those above the place that they lead to.
///
/// # Errors
/// Where a repository is there that can't be read.
pub fn is_tracked(file: &Path) -> Result<bool, Failure> {
    let Ok(real) = file.canonicalize() else {
        // What does not exist came with nothing.
        return Ok(false);
    };
    let written = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    for path in [written, real] {
        let roots = path.ancestors().skip(1).filter(|folder| folder.join(".git").symlink_metadata().is_ok());
        for root in roots {
            let found = Repository::discover(root).and_then(|repository| {
                let head = repository.head()?;
                match repository.path_of(&path) {
                    Some(path) => repository.leads(head, &path),
                    None => Ok(None),
                }
            });
            match found {
                Ok(Some(_)) => return Ok(true),
                Ok(None) => {}
                Err(failure) if matches!(failure.reason, Reason::NotARepository | Reason::NoCommit) => {}
                Err(failure) => return Err(failure),
            }
        }
    }
    Ok(false)
}

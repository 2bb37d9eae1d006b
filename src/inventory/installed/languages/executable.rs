//! Programs and shared libraries, opened once: the modules of Go, the crates of Rust, and programs that are known by name.

use super::found::{Found, Taken};
use super::{Candidate, Kind, Reader, Trouble, go, program, rust, sections};
use crate::installed::Content;

/// The reader.
pub(super) const READER: Reader = Reader { name: "executable", kind: Kind::Program, is, take };

/// What programs and shared libraries end with that need no permission to be run.
const ENDS: [&[u8]; 6] = [b".so", b".dll", b".exe", b".dylib", b".node", b".bin"];

fn is(file: &Candidate<'_>) -> bool {
    let name = file.path.name();
    let is_library =
        || ENDS.iter().any(|end| name.ends_with(end)) || memchr::memmem::find(name, b".so.").is_some();
    file.mode & 0o111 != 0 || is_library() || std::str::from_utf8(name).is_ok_and(program::is_known)
}

fn take(file: &Candidate<'_>, content: &mut dyn Content) -> Result<Taken, Trouble> {
    let programs = sections::programs(content)?;
    let mut found: Vec<Found> = Vec::new();
    for program in &programs {
        found.extend(go::modules(program, content)?);
        found.extend(rust::crates(program, content)?);
    }
    if !programs.is_empty() {
        found.extend(program::version(&file.path.name_text(), &programs, content)?);
    }
    // A file for several processors has everything several times.
    let mut seen: Vec<Found> = Vec::with_capacity(found.len());
    for one in found {
        if programs.len() == 1 || !seen.contains(&one) {
            seen.push(one);
        }
    }
    Ok(seen.into())
}

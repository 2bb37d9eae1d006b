//! Files in which others state something about vulnerabilities: from the target branch, where a change could write them.

use std::io::Read as _;
use std::path::PathBuf;

use devops_core::{Error, Input, Location};
use devops_inventory::document::Damage;
use devops_job::Context;
use devops_repository::gate_file::GateFile;

/// Longest file that is read.
const LARGEST: u64 = 256 << 20;

/// A file that was read.
pub struct StatementFile {
    /// Its path, with the commit it is of where it is not from the disk.
    pub label: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl StatementFile {
    /// The error that it is damaged.
    pub(crate) fn damaged(&self, what: &str, damage: &Damage) -> Error {
        Error::input(format!("{what} is cut off or damaged: {}", damage.what))
            .at(Location::line(self.label.clone(), damage.line))
            .help("write the file again, with the tool that it is from")
    }
}

/// Reads the files at these paths; one that does not count yet is noted.
///
/// # Errors
/// Where one is there and can't be read.
pub fn read(
    paths: &[PathBuf],
    context: &Context,
    inputs: &mut Vec<Input>,
    notes: &mut Vec<String>,
) -> Result<Vec<StatementFile>, Error> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let (folder, environment) = (&context.working_directory, &context.environment);
    let base = devops_repository::policy::base(&context.base, folder, environment)?;
    let mut files = Vec::new();
    for path in paths {
        match GateFile::open(path, LARGEST, folder, environment, &base)? {
            GateFile::Found { label, mut source } => {
                let mut bytes = Vec::new();
                source.read_to_end(&mut bytes).map_err(|error| Error::unreadable(path, error))?;
                inputs.push(Input::of_bytes(label.as_str(), &bytes));
                files.push(StatementFile { label, bytes });
            }
            GateFile::Missing { why } => notes.push(format!("{} is not used: {why}", path.display())),
        }
    }
    Ok(files)
}

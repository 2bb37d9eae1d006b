//! Makes `RULE_IDS` of the names of the pages in `docs/rules`, so that a rule's page is what makes its id known.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::{env, fs, io};

/// The folder of the pages, below the root of the repository.
const PAGES: &str = "docs/rules";

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = env::var("CARGO_MANIFEST_DIR")?;
    // The root is this crate's own folder, or above it.
    let pages =
        Path::new(&manifest).ancestors().map(|folder| folder.join(PAGES)).find(|pages| pages.is_dir());
    let pages = pages.ok_or_else(|| format!("{PAGES} does not exist in {manifest} or above it"))?;
    let mut ids = Vec::new();
    for entry in fs::read_dir(&pages)? {
        let name = entry?.file_name();
        ids.extend(name.to_string_lossy().strip_suffix(".md").map(str::to_owned));
    }
    ids.sort_unstable();
    let text = format!(
        "/// The name of every rule of every job, in alphabetical order: each job's binary has only its own rules, and a\n\
         /// waiver may be for another job's. A test compares this with the jobs.\n\
         pub const RULE_IDS: [&str; {}] = {ids:?};\n",
        ids.len()
    );
    fs::write(Path::new(&env::var("OUT_DIR")?).join("rule_ids.rs"), text)?;
    writeln!(io::stdout(), "cargo::rerun-if-changed={}", pages.display())?;
    Ok(())
}

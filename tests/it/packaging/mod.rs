//! How the binaries reach a pipeline: actions, templates, the launcher, and the homes they run in.

mod generated;
#[cfg(unix)]
mod launcher;
#[cfg(unix)]
mod lint;
#[cfg(unix)]
mod recipes;
#[cfg(unix)]
mod same_everywhere;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::skipped::skipped;
use crate::support::jobs;

/// Folder of the project.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Where `scripts/tools` puts tools.
const TOOLS: [&str; 3] = [".tools/bin", ".tools/venv/bin", ".tools/node_modules/.bin"];

/// The search path with our own tools first.
fn search_path() -> OsString {
    let ours = TOOLS.iter().map(|folder| Path::new(ROOT).join(folder));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(ours.chain(std::env::split_paths(&path))).unwrap()
}

/// A tool in an environment of nothing but the search path and an empty home, or `None` where it is absent and may be.
fn tool(name: &str, home: &Path) -> Option<Command> {
    let path = search_path();
    let Some(program) =
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
    else {
        assert!(
            std::env::var_os("DEVOPS_TOOLS_REQUIRED").is_none(),
            "{name} is required; scripts/tools installs it"
        );
        skipped(name);
        return None;
    };
    let mut command = Command::new(program);
    command.env_clear().env("PATH", path).env("HOME", home).env("XDG_CACHE_HOME", home.join("cache"));
    Some(command)
}

/// Folder of the binaries under test as a pipeline has them, with their hashes: those of scripts that become them, because a
/// launcher hashes on every run.
fn binaries() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let real = crate::support::folder_of_binaries();
        let (folder, own) = (real.join("launched"), format!("{}.part", std::process::id()));
        let put = |name: &str, text: &str| {
            let part = folder.join(format!("{name}.{own}"));
            write(&part, text);
            #[cfg(unix)]
            std::fs::set_permissions(&part, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            std::fs::rename(part, folder.join(name)).unwrap();
        };
        let mut sums = String::new();
        for name in crate::support::binaries() {
            let text = format!("#!/bin/sh\nexec '{}' \"$@\"\n", real.join(name).display());
            sums.push_str(&format!("{}  {name}\n", sha256(&text)));
            put(name, &text);
        }
        put("SHA256SUMS", &sums);
        folder
    };
    FOLDER.get_or_init(make).clone()
}

/// The hexadecimal digits of a hash.
fn sha256(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file and the folders above it.
fn write(path: &Path, text: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// What a consumer gets: the actions, the router and the launcher, as in a checkout of a commit without binaries.
fn publish(folder: &Path) {
    for path in ["action.yml", "scripts/run.sh"].map(str::to_owned) {
        write(&folder.join(&path), std::fs::read(Path::new(ROOT).join(&path)).unwrap());
    }
    for job in jobs() {
        let path = format!("actions/{job}/action.yml");
        write(&folder.join(&path), std::fs::read(Path::new(ROOT).join(&path)).unwrap());
    }
}

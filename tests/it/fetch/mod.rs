//! Behaviour of `devops fetch`, against servers on this machine.

mod advisories;
mod index;
mod release_dates;
mod server;

use std::path::Path;
use std::process::Command;

use crate::support::binary;

/// `devops fetch …` in a folder, without the proxies and logins of who runs the tests.
fn fetch(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = binary("devops", folder);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    for name in ["DOCKER_CONFIG", "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"] {
        command.env_remove(name);
    }
    command.env("HOME", folder).arg("fetch").args(arguments);
    command
}

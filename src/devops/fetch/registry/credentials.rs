//! Who somebody is to a registry, as Docker's and Podman's `login` left it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::reference::Reference;
use devops_core::{Error, Location, Secret};
use devops_files::{WRITTEN_BY_HAND, read};

/// What is known about somebody.
#[derive(Clone)]
pub(in crate::fetch) enum Credentials {
    /// A name and a password.
    Password { user: String, password: Secret },
    /// A token that is exchanged for others.
    Identity(Secret),
    /// A token that the registry takes as it is.
    Token(Secret),
}

/// Docker's configuration.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    auths: BTreeMap<String, Login>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

/// A login of the configuration.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Login {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

/// What a helper prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

impl Credentials {
    /// The credentials for the registry of a reference; none where nobody has logged in to it.
    ///
    /// # Errors
    /// Where a configuration can't be read, or a helper fails.
    pub(in crate::fetch) fn find(
        reference: &Reference,
        environment: &BTreeMap<String, String>,
    ) -> Result<Option<Self>, Error> {
        if let Some(text) = environment.get("DOCKER_AUTH_CONFIG").filter(|text| !text.trim().is_empty()) {
            let config = parse(text.as_bytes(), "DOCKER_AUTH_CONFIG")?;
            if let Some(found) = of(&config, reference, environment, "DOCKER_AUTH_CONFIG")? {
                return Ok(Some(found));
            }
        }
        for path in places(environment) {
            let Ok(bytes) = read(&path, WRITTEN_BY_HAND) else { continue };
            let shown = path.display().to_string();
            let config = parse(&bytes, &shown)?;
            if let Some(found) = of(&config, reference, environment, &shown)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// What must never be printed of them.
    pub(in crate::fetch) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::Password { user, password } => {
                vec![password.clone(), Secret::new(format!("{user}:{}", password.expose()))]
            }
            Self::Identity(token) | Self::Token(token) => vec![token.clone()],
        }
    }
}

/// Where configurations are.
fn places(environment: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let set = |name: &str| environment.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let docker = set("DOCKER_CONFIG").or_else(|| set("HOME").map(|home| home.join(".docker")));
    let podman = set("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json"));
    let named = set("REGISTRY_AUTH_FILE");
    named.into_iter().chain(docker.map(|folder| folder.join("config.json"))).chain(podman).collect()
}

fn parse(bytes: &[u8], place: &str) -> Result<Config, Error> {
    // The text is not quoted: it has passwords in it.
    serde_json::from_slice(bytes).map_err(|error| {
        let at = Location { path: place.to_owned(), line: Some(error.line() as u64), column: None };
        Error::configuration("is not a configuration of Docker's")
            .at(at)
            .help("log in again with `docker login`")
    })
}

/// What a configuration has for the registry of a reference.
fn of(
    config: &Config,
    reference: &Reference,
    environment: &BTreeMap<String, String>,
    place: &str,
) -> Result<Option<Credentials>, Error> {
    let login = reference.login();
    let helper = config.cred_helpers.iter().find(|(name, _)| host(name) == host(login));
    if let Some((_, helper)) = helper {
        return ask(helper, login, environment, place);
    }
    if let Some(store) = &config.creds_store
        && let Some(found) = ask(store, login, environment, place)?
    {
        return Ok(Some(found));
    }
    let found = config.auths.iter().find(|(name, _)| host(name) == host(login));
    let Some((_, entry)) = found else { return Ok(None) };
    let secret = |token: &Option<String>| token.clone().filter(|token| !token.is_empty()).map(Secret::new);
    if let Some(token) = secret(&entry.registrytoken) {
        return Ok(Some(Credentials::Token(token)));
    }
    if let Some(token) = secret(&entry.identitytoken) {
        return Ok(Some(Credentials::Identity(token)));
    }
    if let Some(auth) = entry.auth.as_deref().filter(|auth| !auth.is_empty()) {
        let decoded = STANDARD.decode(auth.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|pair| pair.trim_end_matches('\0').split_once(':'));
        let (user, password) = pair.ok_or_else(|| {
            Error::configuration(format!("the login of {} can't be read", reference.host))
                .at(Location::file(place))
                .help("log in again with `docker login`")
        })?;
        return Ok(Some(Credentials::Password { user: user.to_owned(), password: Secret::new(password) }));
    }
    Ok(match (&entry.username, &entry.password) {
        (Some(user), Some(password)) => {
            Some(Credentials::Password { user: user.clone(), password: Secret::new(password.as_str()) })
        }
        _ => None,
    })
}

/// The host of a configuration's key, which may be a whole address.
fn host(key: &str) -> &str {
    let bare = key.split_once("://").map_or(key, |(_, rest)| rest);
    bare.split('/').next().unwrap_or_default()
}

/// Asks the program that keeps the credentials.
fn ask(
    helper: &str,
    login: &str,
    environment: &BTreeMap<String, String>,
    place: &str,
) -> Result<Option<Credentials>, Error> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if helper.is_empty() || !helper.bytes().all(is_name) {
        return Err(Error::configuration("a credential helper has a name that no program of its kind has")
            .at(Location::file(place))
            .help("write the part of the name behind `docker-credential-`"));
    }
    let program = format!("docker-credential-{helper}");
    let failed = |why: String| {
        Error::environment(format!("{program}: {why}"))
            .at(Location::file(place))
            .help("log in again, or remove the helper from the configuration")
    };
    let path = find_program(&program, environment).ok_or_else(|| failed("not found in PATH".to_owned()))?;
    let mut command = Command::new(path);
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| failed(format!("can't be started: {error}")))?;
    if let Some(mut input) = child.stdin.take() {
        // One that does not read its input says with its exit what is wrong.
        let _ = input.write_all(login.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        // Helpers print this on standard output, and fail, where they know nobody.
        let is_unknown = String::from_utf8_lossy(&output.stdout).contains("credentials not found");
        return if is_unknown { Ok(None) } else { Err(failed(format!("failed with {}", output.status))) };
    }
    let answer: Answer = serde_json::from_slice(&output.stdout)
        .map_err(|_| failed("printed something that is no credential".to_owned()))?;
    let secret = Secret::new(answer.secret);
    Ok(Some(if answer.username == "<token>" {
        Credentials::Identity(secret)
    } else {
        Credentials::Password { user: answer.username, password: secret }
    }))
}

/// A program of the search path; only of its absolute folders, so that a checkout can't bring one along.
fn find_program(name: &str, environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let folders = std::env::split_paths(environment.get("PATH")?).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).find(|path| Path::new(path).is_file())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Credentials, of, parse};
    use crate::fetch::registry::Reference;

    fn told(config: &str, reference: &str) -> Result<Option<String>, String> {
        let reference = Reference::parse(reference).unwrap();
        let config = parse(config.as_bytes(), "config.json").map_err(|error| error.to_string())?;
        let found = of(&config, &reference, &BTreeMap::new(), "config.json");
        let found = found.map_err(|error| error.to_string())?;
        Ok(found.map(|found| match found {
            Credentials::Password { user, password } => format!("{user} {}", password.expose()),
            Credentials::Identity(token) => format!("identity {}", token.expose()),
            Credentials::Token(token) => format!("token {}", token.expose()),
        }))
    }

    #[test]
    fn logins_of_docker_and_podman_are_read() {
        // `dTpwOnE=` is `u:p:q`.
        for (config, reference, expected) in [
            (r#"{"auths": {"ghcr.io": {"auth": "dTpwOnE="}}}"#, "ghcr.io/a:b", Some("u p:q")),
            (r#"{"auths": {"https://ghcr.io/v2/": {"auth": "dTpwOnE="}}}"#, "ghcr.io/a:b", Some("u p:q")),
            (r#"{"auths": {"ghcr.io": {"auth": "dTpwOnE="}}}"#, "ghcr.io:444/a:b", None),
            (r#"{"auths": {"ghcr.io": {"auth": "dTpwOnE="}}}"#, "evil-ghcr.io/a:b", None),
            (r#"{"auths": {"https://index.docker.io/v1/": {"auth": "dTpwOnE="}}}"#, "a/b:c", Some("u p:q")),
            (r#"{"auths": {"h.x": {"username": "u", "password": "p"}}}"#, "h.x/a:b", Some("u p")),
            (r#"{"auths": {"h.x": {"auth": "", "identitytoken": "t"}}}"#, "h.x/a:b", Some("identity t")),
            (r#"{"auths": {"h.x": {"registrytoken": "t"}}}"#, "h.x/a:b", Some("token t")),
            (r#"{"auths": {"h.x": {}}}"#, "h.x/a:b", None),
            ("{}", "h.x/a:b", None),
        ] {
            assert_eq!(told(config, reference).unwrap().as_deref(), expected, "{config} {reference}");
        }
        for config in [
            "{",
            r#"{"auths": {"h.x": {"auth": "%%%secret"}}}"#,
            r#"{"credHelpers": {"h.x": "../../evil"}}"#,
            r#"{"credHelpers": {"h.x": "gone"}}"#,
        ] {
            let error = told(config, "h.x/a:b").unwrap_err();
            assert!(error.starts_with("config.json") && !error.contains("secret"), "{error}");
        }
    }
}

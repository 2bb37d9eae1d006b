//! `devops fetch index`: pushed and pulled, with every way to prove who asks, and with registries that lie.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::fetch;
use super::server::{Reply, Request, Server, reply};
use crate::skipped::skipped;
use crate::support::{binary, run};

/// The password of a login; nothing that is printed may contain it.
const PASSWORD: &str = "correct-horse-battery";

fn sha256(bytes: &[u8]) -> String {
    let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// What a registry holds.
#[derive(Default)]
struct Shelf {
    blobs: BTreeMap<String, Vec<u8>>,
    manifests: BTreeMap<String, Vec<u8>>,
}

/// A registry as the specification describes it; `gate` answers instead of it where it wants to.
fn registry(gate: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> (Server, Arc<Mutex<Shelf>>) {
    let shelf = Arc::new(Mutex::new(Shelf::default()));
    let given = Arc::clone(&shelf);
    let server = Server::start(move |request, _| gate(request).unwrap_or_else(|| shelve(request, &given)));
    (server, shelf)
}

fn shelve(request: &Request, shelf: &Mutex<Shelf>) -> Reply {
    let mut shelf = shelf.lock().unwrap();
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let name = path.rsplit('/').next().unwrap_or_default();
    match request.method.as_str() {
        "POST" => reply(202, "").with("location", "/v2/org/index/blobs/uploads/1?state=a"),
        "PUT" if path.contains("/uploads/") => {
            let digest = query.rsplit("digest=").next().unwrap().replace("%3A", ":");
            assert_eq!(digest, sha256(&request.body));
            shelf.blobs.insert(digest, request.body.clone());
            reply(201, "")
        }
        "PUT" => {
            shelf.manifests.insert(sha256(&request.body), request.body.clone());
            shelf.manifests.insert(name.to_owned(), request.body.clone());
            reply(201, "")
        }
        _ => {
            let shelf = if path.contains("/manifests/") { &shelf.manifests } else { &shelf.blobs };
            match shelf.get(name) {
                Some(bytes) => {
                    let range = request.header("range").map(|range| {
                        range.trim_start_matches("bytes=").trim_end_matches('-').parse::<usize>().unwrap()
                    });
                    match range {
                        None => reply(200, bytes.as_slice()),
                        Some(from) => reply(206, &bytes[from..]).with(
                            "content-range",
                            format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len()),
                        ),
                    }
                }
                None => reply(404, r#"{"errors": [{"code": "UNKNOWN", "message": "not known"}]}"#),
            }
        }
    }
}

fn host(server: &Server) -> &str {
    server.url.trim_start_matches("http://")
}

/// The digest of the artifact, as pushing prints it.
fn artifact(stdout: &str) -> String {
    let line = stdout.lines().find_map(|line| line.trim().strip_prefix("artifact "));
    line.unwrap_or_else(|| panic!("{stdout}")).to_owned()
}

/// Builds an index of some thousand bytes.
fn index(folder: &Path) -> Vec<u8> {
    let path = folder.join("a.db");
    if !path.exists() {
        let sources = folder.join("sources");
        std::fs::create_dir_all(&sources).unwrap();
        for number in 0..200 {
            let id = format!("GHSA-0000-0000-{number:04}");
            let package = json!({ "ecosystem": "npm", "name": format!("package-{number}") });
            let events = json!([{ "introduced": "0" }, { "fixed": format!("1.{number}.0") }]);
            let affected =
                json!([{ "package": package, "ranges": [{ "type": "SEMVER", "events": events }] }]);
            let times = "2026-11-20T00:00:00Z";
            let record = json!({ "id": id, "modified": times, "published": times, "summary": "s", "affected": affected });
            std::fs::write(sources.join(format!("{id}.json")), record.to_string()).unwrap();
        }
        let built = run(binary("dep-scan", folder).args(["db", "build", "--output", "a.db", "sources"]));
        assert_eq!(built.code, Some(0), "{}", built.stderr);
    }
    std::fs::read(path).unwrap()
}

fn push(folder: &Path, reference: &str) -> Command {
    index(folder);
    fetch(folder, &["index", "--push", reference, "--input", "a.db"])
}

fn pull(folder: &Path, reference: &str) -> Command {
    fetch(folder, &["index", reference, "--output", "b.db"])
}

#[test]
fn what_is_pulled_is_what_was_pushed() {
    let folder = tempfile::tempdir().unwrap();
    let (server, shelf) = registry(|_| None);
    let reference = format!("{}/org/index:nightly", host(&server));
    let pushed = run(&mut push(folder.path(), &reference));
    assert_eq!(pushed.code, Some(0), "{}", pushed.stderr);
    let digest = artifact(&pushed.stdout);
    let pulled = run(&mut pull(folder.path(), &reference));
    assert_eq!(pulled.code, Some(0), "{}", pulled.stderr);
    assert_eq!(artifact(&pulled.stdout), digest);
    assert_eq!(std::fs::read(folder.path().join("b.db")).unwrap(), index(folder.path()));
    let manifest: Value = serde_json::from_slice(&shelf.lock().unwrap().manifests["nightly"]).unwrap();
    assert_eq!(manifest["artifactType"], "application/vnd.devops-action.advisory-index.v1");
    assert_eq!(manifest["annotations"]["org.opencontainers.image.created"], "2026-11-23T12:00:00Z");
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.oci.empty.v1+json");
    let pinned = run(pull(folder.path(), &reference).args(["--digest", &digest]));
    assert_eq!(pinned.code, Some(0), "{}", pinned.stderr);
    let info = run(binary("dep-scan", folder.path()).args(["db", "verify", "b.db"]));
    assert_eq!(info.code, Some(0), "{}", info.stderr);
    // A second push sends no blob again.
    let uploads = || server.log().iter().filter(|request| request.method == "POST").count();
    let before = uploads();
    assert_eq!(artifact(&run(&mut push(folder.path(), &reference)).stdout), digest);
    assert_eq!(uploads(), before);
}

#[test]
fn what_a_digest_does_not_name_is_never_put_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let (server, shelf) = registry(|_| None);
    let reference = format!("{}/org/index:nightly", host(&server));
    let digest = artifact(&run(&mut push(folder.path(), &reference)).stdout);
    let other = sha256(b"other");
    let output = folder.path().join("b.db");
    std::fs::write(&output, "before").unwrap();
    let wrong = |what: &str, arguments: &[&str], code: i32, expected: &str| {
        let finished = run(pull(folder.path(), &reference).args(arguments));
        assert_eq!(finished.code, Some(code), "{what}: {}", finished.stderr);
        assert!(finished.stderr.contains(expected), "{what}: {}", finished.stderr);
        assert_eq!(std::fs::read_to_string(&output).unwrap(), "before", "{what}");
    };
    wrong("a digest that is not there", &["--digest", &other], 4, "status 404");
    wrong("no digest", &["--digest", "sha256:12"], 2, "is not a digest");
    let manifest = shelf.lock().unwrap().manifests[&digest].clone();
    // The registry gives out something else under the digest that was pinned.
    let changed = String::from_utf8(manifest.clone()).unwrap().replace("2026", "2027").into_bytes();
    shelf.lock().unwrap().manifests.insert(digest.clone(), changed);
    wrong("another manifest", &["--digest", &digest], 3, "the manifest has the digest");
    shelf.lock().unwrap().manifests.insert(digest.clone(), manifest.clone());
    let parsed: Value = serde_json::from_slice(&manifest).unwrap();
    let layer = parsed["layers"][0]["digest"].as_str().unwrap().to_owned();
    let whole = index(folder.path());
    let turned: Vec<u8> = whole.iter().rev().copied().collect();
    for bytes in [turned, whole[1..].to_vec(), [whole.as_slice(), b"x"].concat()] {
        shelf.lock().unwrap().blobs.insert(layer.clone(), bytes);
        let finished = run(pull(folder.path(), &reference).args(["--digest", &digest]));
        assert_eq!(finished.code, Some(3), "{}", finished.stderr);
        assert!(finished.stderr.contains("the blob has the digest"), "{}", finished.stderr);
        assert_eq!(std::fs::read_to_string(&output).unwrap(), "before");
    }
    let image = json!({ "schemaVersion": 2, "layers": [{ "mediaType": "a/b", "digest": layer, "size": 1 }] });
    shelf.lock().unwrap().manifests.insert("nightly".to_owned(), image.to_string().into_bytes());
    wrong("an image", &[], 3, "is not an advisory index");
    // The registry is honest about something that is no index.
    let text = b"something else".to_vec();
    let type_of_index = "application/vnd.devops-action.advisory-index.v1";
    let layer = json!({ "mediaType": type_of_index, "digest": sha256(&text), "size": text.len() });
    let manifest = json!({ "schemaVersion": 2, "layers": [layer] });
    shelf.lock().unwrap().manifests.insert("nightly".to_owned(), manifest.to_string().into_bytes());
    shelf.lock().unwrap().blobs.insert(sha256(&text), text);
    wrong("no index", &[], 3, "b.db");
    std::fs::write(folder.path().join("a.db"), "something else").unwrap();
    let pushed = run(&mut fetch(folder.path(), &["index", "--push", &reference, "--input", "a.db"]));
    assert_eq!(pushed.code, Some(3), "{}", pushed.stderr);
}

#[test]
fn a_blob_that_was_cut_off_is_continued() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = registry(|_| None);
    let reference = format!("{}/org/index:nightly", host(&server));
    run(&mut push(folder.path(), &reference));
    let manifest = run(&mut pull(folder.path(), &reference));
    assert_eq!(manifest.code, Some(0));
    // The same behind a server that cuts off the first answer with a blob.
    let upstream = server.log();
    let bodies: Vec<Request> = upstream.into_iter().filter(|request| request.method == "PUT").collect();
    let whole = index(folder.path());
    let (flaky, shelf) = registry({
        let cut = Mutex::new(true);
        move |request| {
            let is_first = request.method == "GET"
                && request.path.contains("/blobs/")
                && std::mem::take(&mut *cut.lock().unwrap());
            is_first.then(|| Reply { cut_at: Some(2_000), ..reply(200, whole.clone()) })
        }
    });
    for request in &bodies {
        shelve(request, &shelf);
    }
    let reference = format!("{}/org/index:nightly", host(&flaky));
    let finished = run(&mut pull(folder.path(), &reference));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let ranges: Vec<String> =
        flaky.log().iter().filter_map(|request| request.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges, ["bytes=2000-"]);
    assert_eq!(std::fs::read(folder.path().join("b.db")).unwrap(), index(folder.path()));
}

/// A folder with a login for this host, as `docker login` leaves it.
fn login(folder: &Path, host: &str) {
    std::fs::create_dir_all(folder.join(".docker")).unwrap();
    let config = json!({ "auths": { host: { "auth": base64(&format!("robot:{PASSWORD}")) } } });
    std::fs::write(folder.join(".docker/config.json"), config.to_string()).unwrap();
}

#[test]
fn a_password_is_shown_to_its_registry_only() {
    let folder = tempfile::tempdir().unwrap();
    let basic = format!("Basic {}", base64(&format!("robot:{PASSWORD}")));
    let wanted = basic.clone();
    let (server, _) = registry(move |request| {
        let is_known = request.header("authorization") == Some(&wanted);
        // A registry that repeats what it was shown.
        let echo = json!({ "errors": [{ "message": format!("no {:?}", request.header("authorization")) }] });
        (!is_known).then(|| reply(401, echo.to_string()).with("www-authenticate", "Basic realm=\"r\""))
    });
    let reference = format!("{}/org/index:nightly", host(&server));
    let refused = run(&mut push(folder.path(), &reference));
    assert_eq!(refused.code, Some(4), "{}", refused.stderr);
    assert!(refused.stderr.contains("docker login"), "{}", refused.stderr);
    login(folder.path(), host(&server));
    assert_eq!(run(&mut push(folder.path(), &reference)).code, Some(0));
    let pulled = run(&mut pull(folder.path(), &reference));
    assert_eq!(pulled.code, Some(0), "{}", pulled.stderr);
    // The same login on GitLab's runners.
    let config = std::fs::read_to_string(folder.path().join(".docker/config.json")).unwrap();
    std::fs::remove_file(folder.path().join(".docker/config.json")).unwrap();
    let with = run(pull(folder.path(), &reference).env("DOCKER_AUTH_CONFIG", &config));
    assert_eq!(with.code, Some(0), "{}", with.stderr);
    let elsewhere = config.replace(host(&server), "other.example");
    let without = run(pull(folder.path(), &reference).env("DOCKER_AUTH_CONFIG", elsewhere));
    assert_eq!(without.code, Some(4), "{}", without.stderr);
    let wrong = config.replace(&base64(&format!("robot:{PASSWORD}")), &base64("robot:wrong-horse-battery"));
    let echoed = run(pull(folder.path(), &reference).env("DOCKER_AUTH_CONFIG", wrong));
    assert_eq!(echoed.code, Some(4), "{}", echoed.stderr);
    for secret in ["wrong-horse-battery", &base64("robot:wrong-horse-battery")] {
        assert!(!echoed.stderr.contains(secret), "{}", echoed.stderr);
    }
}

#[test]
fn a_token_is_asked_for_this_repository_and_sent_to_its_registry() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = Server::start(|_, _| reply(200, r#"{"token": "token-of-the-service"}"#));
    let realm = format!("{}/token", tokens.url);
    let (server, _) = registry(move |request| {
        // Whatever scope it names, the one that is needed is asked for.
        let header = format!("Bearer realm=\"{realm}\",service=\"s\",scope=\"repository:other:delete\"");
        let is_known = request.header("authorization") == Some("Bearer token-of-the-service");
        (!is_known).then(|| reply(401, "").with("www-authenticate", header))
    });
    login(folder.path(), host(&server));
    let reference = format!("{}/org/index:nightly", host(&server));
    let pushed = run(&mut push(folder.path(), &reference));
    assert_eq!(pushed.code, Some(0), "{}", pushed.stderr);
    let asked = tokens.log();
    assert_eq!(asked.len(), 1, "a token is used until the registry wants another");
    assert_eq!(asked[0].path, "/token?service=s&scope=repository%3Aorg%2Findex%3Apull%2Cpush");
    let basic = format!("Basic {}", base64(&format!("robot:{PASSWORD}")));
    assert_eq!(asked[0].header("authorization"), Some(basic.as_str()));
    for request in server.log() {
        let shown = request.header("authorization").unwrap_or_default();
        assert!(!shown.starts_with("Basic"), "{request:?}");
    }
}

#[test]
fn an_identity_token_and_helpers_are_used() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = Server::start(|_, _| reply(200, r#"{"access_token": "token-of-the-service"}"#));
    let realm = format!("{}/token", tokens.url);
    let (server, _) = registry(move |request| {
        let is_known = request.header("authorization") == Some("Bearer token-of-the-service");
        let header = format!("Bearer realm=\"{realm}\",service=\"s\"");
        (!is_known).then(|| reply(401, "").with("www-authenticate", header))
    });
    let helper = folder.path().join("bin/docker-credential-ours");
    std::fs::create_dir(folder.path().join("bin")).unwrap();
    std::fs::write(
        &helper,
        "#!/bin/sh\n[ \"$1\" = get ] || exit 1\nread -r host\necho \"$host\" >>\"$HOME/asked\"\necho '{\"Username\": \"<token>\", \"Secret\": \"identity-of-somebody\"}'\n",
    )
    .unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().join("bin").display(), std::env::var("PATH").unwrap());
    let reference = format!("{}/org/index:nightly", host(&server));
    std::fs::create_dir(folder.path().join(".docker")).unwrap();
    for config in [json!({ "credHelpers": { host(&server): "ours" } }), json!({ "credsStore": "ours" })] {
        std::fs::write(folder.path().join(".docker/config.json"), config.to_string()).unwrap();
        let pushed = run(push(folder.path(), &reference).env("PATH", &path));
        assert_eq!(pushed.code, Some(0), "{}", pushed.stderr);
    }
    let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
    assert_eq!(asked.lines().next(), Some(host(&server)));
    let form = String::from_utf8(tokens.log()[0].body.clone()).unwrap();
    assert!(form.contains("refresh_token=identity%2Dof%2Dsomebody"), "{form}");
}

#[test]
fn an_upload_and_a_blob_stay_with_their_registry() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = Server::start(|_, _| reply(201, ""));
    let target = format!("{}/upload", elsewhere.url);
    let (server, _) = registry(move |request| {
        let location = target.clone();
        match (request.header("authorization"), request.method.as_str()) {
            (None, _) => Some(reply(401, "").with("www-authenticate", "Basic realm=\"r\"")),
            (_, "POST") => Some(reply(202, "").with("location", location)),
            (_, "GET") => Some(reply(307, "").with("location", location)),
            _ => None,
        }
    });
    login(folder.path(), host(&server));
    let reference = format!("{}/org/index:nightly", host(&server));
    for (mut command, expected) in [
        (push(folder.path(), &reference), "to another host"),
        (pull(folder.path(), &reference), "only redirects from https to https"),
    ] {
        let finished = run(&mut command);
        assert_eq!(finished.code, Some(4), "{}", finished.stderr);
        assert!(finished.stderr.contains(expected), "{}", finished.stderr);
    }
    assert!(elsewhere.log().is_empty());
}

/// A registry of Debian's, which ends with the test.
struct Distribution {
    child: Child,
    host: String,
}

impl Drop for Distribution {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Distribution {
    /// Starts one, where the machine has the program.
    fn start(folder: &Path) -> Option<Self> {
        let folders = std::env::var_os("PATH")?;
        let Some(program) = std::env::split_paths(&folders)
            .map(|folder| folder.join("docker-registry"))
            .find(|path| path.is_file())
        else {
            skipped("docker-registry");
            return None;
        };
        // Free when it was asked for; nobody else on this machine asks for a port by its number.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let host = format!("127.0.0.1:{port}");
        let config = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {host}\n",
            folder.join("storage").display()
        );
        std::fs::write(folder.join("config.yml"), config).unwrap();
        let mut command = Command::new(program);
        command.arg("serve").arg(folder.join("config.yml")).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        while std::net::TcpStream::connect(&host).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "the registry ended");
            std::thread::yield_now();
        }
        Some(Self { child, host })
    }
}

#[test]
fn a_real_registry_takes_and_gives_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let Some(registry) = Distribution::start(folder.path()) else { return };
    let reference = format!("{}/org/index:nightly", registry.host);
    let pushed = run(&mut push(folder.path(), &reference));
    assert_eq!(pushed.code, Some(0), "{}", pushed.stderr);
    let digest = artifact(&pushed.stdout);
    let by_digest = format!("{}/org/index@{digest}", registry.host);
    for reference in [&reference, &by_digest] {
        let pulled = run(&mut pull(folder.path(), reference));
        assert_eq!(pulled.code, Some(0), "{}", pulled.stderr);
        assert_eq!(artifact(&pulled.stdout), digest);
        assert_eq!(std::fs::read(folder.path().join("b.db")).unwrap(), index(folder.path()));
        std::fs::remove_file(folder.path().join("b.db")).unwrap();
    }
    let gone = run(&mut pull(folder.path(), &format!("{}/org/index:gone", registry.host)));
    assert_eq!(gone.code, Some(4), "{}", gone.stderr);
}

//! A credential goes to the host it was meant for, and to no other.

use std::path::Path;
use std::process::Command;

use super::fake::{Fake, Fault, Kind};
use super::{TOKEN, assert_secret_free, delivery, on_github, on_gitlab, state};
use crate::support::run;

/// Every destination that is sent a token.
const DESTINATIONS: [(Kind, &str); 3] =
    [(Kind::GitHub, "github"), (Kind::GitHub, "github-status"), (Kind::GitLab, "gitlab")];

fn command(kind: Kind, folder: &Path, fake: &Fake, arguments: &[&str]) -> Command {
    match kind {
        Kind::GitHub => on_github(folder, fake, arguments),
        Kind::GitLab => on_gitlab(folder, fake, arguments),
    }
}

/// The variable that says where the API of the host is.
fn api(kind: Kind) -> &'static str {
    match kind {
        Kind::GitHub => "GITHUB_API_URL",
        Kind::GitLab => "CI_API_V4_URL",
    }
}

#[test]
fn no_redirect_is_followed() {
    for (kind, name) in DESTINATIONS {
        for status in [301, 302, 303, 307, 308] {
            for method in ["GET", "POST"] {
                let (fake, other) = (Fake::start(kind), Fake::start(kind));
                let port = other.url.rsplit_once(':').unwrap().1;
                let places = [
                    format!("{}/elsewhere", other.url),
                    format!("http://localhost:{port}/elsewhere"),
                    format!("https://127.0.0.1:{port}/elsewhere"),
                    format!("//127.0.0.1:{port}/elsewhere"),
                    format!("{}/elsewhere", fake.url),
                    "/elsewhere".to_owned(),
                ];
                for place in places {
                    let folder = tempfile::tempdir().unwrap();
                    let about = format!("{name} {status} {method} {place}");
                    let headers: &'static [(&'static str, &'static str)] =
                        Vec::leak(vec![("location", &*String::leak(place))]);
                    fake.script(method, Fault::Answer(status, headers, "{}"));
                    let arguments = ["start", "--destinations", name, "--id", &about, "--budget", "5"];
                    let finished = run(&mut command(kind, folder.path(), &fake, &arguments));
                    assert_eq!(finished.code, Some(0), "{about}: {finished:?}");
                    assert_eq!(state(folder.path(), name), "refused", "{about}");
                    let reason = delivery(folder.path(), name)["reason"].to_string();
                    assert!(reason.contains(&format!("status {status}")), "{about}: {reason}");
                    assert!(other.memory(|memory| memory.log.is_empty()), "{about}");
                    let strayed = |memory: &mut super::fake::Memory| {
                        memory.log.iter().any(|request| request.path.contains("elsewhere"))
                    };
                    assert!(!fake.memory(strayed), "{about}");
                    assert_secret_free(folder.path(), &finished);
                }
            }
        }
    }
}

#[test]
fn plain_http_is_for_this_machine_and_for_hosts_that_the_workflow_allows() {
    // The proxy sees whatever would leave this machine.
    for (kind, name) in DESTINATIONS {
        for far in [
            "http://forge.invalid",
            "http://forge.invalid:8080",
            "http://127.forge.invalid",
            "http://192.0.2.1",
        ] {
            let folder = tempfile::tempdir().unwrap();
            let (fake, proxy) = (Fake::start(kind), Fake::start(kind));
            let host = far.trim_start_matches("http://");
            let tell = |more: &[&str]| {
                let mut arguments = vec!["start", "--destinations", name, "--budget", "2"];
                arguments.extend(more);
                let mut command = command(kind, folder.path(), &fake, &arguments);
                command.env(api(kind), far).env("http_proxy", &proxy.url).env("NO_PROXY", "");
                let finished = run(&mut command);
                assert_eq!(finished.code, Some(0), "{finished:?}");
                assert_secret_free(folder.path(), &finished);
                delivery(folder.path(), name)
            };
            for more in [&[][..], &["--dry-run"], &["--allow-http-host", "other.invalid,invalid"]] {
                let delivery = tell(more);
                assert_eq!(delivery["state"], "refused", "{name} {far} {more:?}: {delivery}");
                let reason = delivery["reason"].to_string();
                assert!(reason.contains("over plain http"), "{name} {far}: {reason}");
                assert!(proxy.memory(|memory| memory.log.is_empty()), "{name} {far} {more:?}");
            }
            tell(&["--allow-http-host", &format!("other.invalid,{host}")]);
            let sent = proxy.memory(|memory| memory.log.clone());
            assert!(!sent.is_empty(), "{name} {far}");
            for request in sent {
                assert!(request.path.starts_with(&format!("{far}/")), "{request:?}");
                assert!(format!("{:?}", request.headers).contains(TOKEN), "{request:?}");
            }
        }
    }
}

#[test]
fn what_is_meant_for_this_machine_goes_through_no_proxy() {
    for (kind, name) in DESTINATIONS {
        let folder = tempfile::tempdir().unwrap();
        let (fake, proxy) = (Fake::start(kind), Fake::start(kind));
        let mut command = command(kind, folder.path(), &fake, &["start", "--destinations", name]);
        let finished = run(command.env("http_proxy", &proxy.url).env("NO_PROXY", ""));
        assert_eq!(state(folder.path(), name), "accepted", "{finished:?}");
        assert!(proxy.memory(|memory| memory.log.is_empty()), "{name}");
    }
}

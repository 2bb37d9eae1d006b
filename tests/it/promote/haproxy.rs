//! A real HAProxy, under load from clients that never retry.

use std::io::BufReader;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tempfile::TempDir;

use super::servers::{Paused, Server, ask, expect, promote, until};
use crate::skipped::skipped;
use crate::special_files::put;
use crate::support::{report, run};

/// A running HAProxy with blue live.
struct Proxy {
    folder: TempDir,
    port: u16,
    child: Child,
    _servers: [Server; 2],
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Proxy {
    fn start() -> Option<Self> {
        if Command::new("haproxy").arg("-v").stdout(Stdio::null()).status().is_err() {
            assert!(std::env::var_os("DEVOPS_TOOLS_REQUIRED").is_none(), "haproxy is required");
            skipped("haproxy");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let servers = [Server::new(200, "blue"), Server::new(200, "green")];
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = folder.path().display();
        let configuration = format!(
            "global\n stats socket {at}/s level admin\ndefaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\nfrontend f\n bind 127.0.0.1:{port}\n http-request set-var(txn.c) str(app),map_str({at}/app.map,blue)\n use_backend be_%[var(txn.c)]\nbackend be_blue\n server b 127.0.0.1:{}\nbackend be_green\n server g 127.0.0.1:{}\n",
            servers[0].port, servers[1].port
        );
        std::fs::write(folder.path().join("h.cfg"), configuration).unwrap();
        std::fs::write(folder.path().join("app.map"), "# colours\napp blue\nother stays here\n").unwrap();
        let child = spawn(folder.path(), port);
        Some(Self { folder, port, child, _servers: servers })
    }

    /// What a user gets.
    fn live(&self) -> String {
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).unwrap());
        ask(&mut stream).unwrap().1
    }

    fn line(&self, action: &str) -> String {
        let at = self.folder.path().display();
        format!("{action} --target haproxy --haproxy-socket {at}/s --haproxy-map {at}/app.map")
    }

    fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn(self.folder.path(), self.port);
    }
}

fn spawn(folder: &Path, port: u16) -> Child {
    let mut command = Command::new("haproxy");
    let child = command.arg("-f").arg(folder.join("h.cfg")).stdout(Stdio::null()).stderr(Stdio::null());
    let child = child.spawn().unwrap();
    until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    child
}

#[test]
fn two_hundred_promotions_under_load_lose_no_request() {
    let Some(proxy) = Proxy::start() else { return };
    let (stop, requests, failures) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", proxy.port)).unwrap());
                while !stop.load(Ordering::Relaxed) {
                    requests.fetch_add(1, Ordering::Relaxed);
                    let is_well =
                        ask(&mut stream).is_ok_and(|(status, body)| status == 200 && !body.is_empty());
                    if !is_well {
                        failures.fetch_add(1, Ordering::Relaxed);
                        break;
                    }
                }
            });
        }
        let codes: Vec<Option<i32>> =
            (0..200).map(|_| run(&mut promote(proxy.folder.path(), &proxy.line("run"))).code).collect();
        stop.store(true, Ordering::Relaxed);
        assert!(codes.iter().all(|code| *code == Some(0)), "{codes:?}");
    });
    eprintln!("{} requests, {} failed", requests.load(Ordering::Relaxed), failures.load(Ordering::Relaxed));
    assert!(requests.load(Ordering::Relaxed) > 1_000);
    assert_eq!(failures.load(Ordering::Relaxed), 0);
    assert_eq!(proxy.live(), "blue");
}

#[test]
fn a_kill_between_any_two_steps_leaves_one_colour_and_is_finished() {
    for point in ["intend", "switch:staged", "switch:pointed", "switch", "verify", "commit"] {
        for restarts in [false, true] {
            let Some(mut proxy) = Proxy::start() else { return };
            let line = proxy.line("run --generation 7");
            Paused::after(point, &mut promote(proxy.folder.path(), &line)).kill();
            if restarts {
                proxy.restart();
            }
            let is_old =
                matches!(point, "intend" | "switch:staged") || (point == "switch:pointed" && restarts);
            assert_eq!(proxy.live(), if is_old { "blue" } else { "green" }, "{point}");
            let state = if point == "commit" { "unchanged" } else { "promoted" };
            expect(&mut promote(proxy.folder.path(), &line), proxy.folder.path(), 0, state);
            proxy.restart();
            assert_eq!(proxy.live(), "green", "{point}: a restart keeps the colour");
            let file = std::fs::read_to_string(proxy.folder.path().join("app.map")).unwrap();
            assert!(file.starts_with("# colours\napp green\nother stays here\n"), "{file}");
        }
    }
}

#[test]
fn a_map_file_that_cannot_be_written_is_stale_until_the_next_run() {
    let Some(proxy) = Proxy::start() else { return };
    let at = proxy.folder.path();
    let mut command = promote(at, &proxy.line("run --generation 3"));
    command.args(["--before-hook", "mv app.map kept.map && mkdir app.map"]);
    expect(&mut command, at, 0, "promoted");
    assert_eq!(proxy.live(), "green");
    assert!(report(at)["notes"].to_string().contains("stale"), "{}", report(at));
    std::fs::remove_dir(at.join("app.map")).unwrap();
    std::fs::rename(at.join("kept.map"), at.join("app.map")).unwrap();
    expect(&mut promote(at, &proxy.line("run --generation 3")), at, 0, "unchanged");
    assert!(std::fs::read_to_string(at.join("app.map")).unwrap().contains("app green"));
}

#[test]
fn a_run_that_was_overtaken_elsewhere_changes_nothing() {
    let Some(proxy) = Proxy::start() else { return };
    let at = proxy.folder.path();
    let old = Paused::after("switch:staged", &mut promote(at, &proxy.line("run --generation 5")));
    // Another machine shares the socket, not the lock.
    let newer = proxy.line("run --generation 6 --to blue --state-dir elsewhere --report-dir other");
    let finished = run(&mut promote(at, &newer));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(old.go_on(None), Some(7));
    assert_eq!(proxy.live(), "blue");
}

#[test]
fn a_map_file_that_is_no_file_is_neither_waited_for_nor_written_through() {
    for kind in ["pipe", "endless", "socket", "sparse", "loop", "folder", "to-pipe"] {
        let Some(proxy) = Proxy::start() else { return };
        let at = proxy.folder.path();
        let _alive = put(kind, &at.join("app.map"));
        let finished = run(&mut promote(at, &proxy.line("run --generation 3")));
        let said = format!("{kind}: {finished:?} {}", report(at)["notes"]);
        // HAProxy itself has the colour; that the file keeps the old one is said.
        assert!(matches!(finished.code, Some(0 | 3 | 4)), "{said}");
        assert!(said.contains("app.map"), "{said}");
        assert_eq!(proxy.live(), if finished.code == Some(0) { "green" } else { "blue" }, "{said}");
    }
}

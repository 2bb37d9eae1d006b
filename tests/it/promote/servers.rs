//! What the promotions are played on: small web servers, processes that stop where a test wants them to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::support::{Finished, binary, report, run};

/// A promotion's command line, split at spaces, in `folder`.
pub(crate) fn promote(folder: &Path, line: &str) -> Command {
    let mut command = binary("promote", folder);
    command.args(line.split(' ').filter(|word| !word.is_empty()));
    command
}

/// Runs a promotion to its end and checks its exit code and state.
pub(crate) fn expect(command: &mut Command, folder: &Path, code: i32, state: &str) -> Finished {
    let finished = run(command);
    assert_eq!(finished.code, Some(code), "{finished:?}");
    assert_eq!(report(folder)["details"]["state"], state, "{finished:?}");
    finished
}

/// A web server with one answer, which can be changed.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    answer: Arc<Mutex<(u16, String)>>,
    /// Where answers lead, if anywhere.
    location: Arc<Mutex<Option<String>>>,
    asked: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn new(status: u16, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let answer = Arc::new(Mutex::new((status, body.to_owned())));
        let (location, asked) = (Arc::new(Mutex::new(None)), Arc::new(AtomicUsize::new(0)));
        let server = Self { port, answer, location, asked };
        let shared = Arc::new(server.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                shared.asked.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        server
    }

    /// Answers with a redirect from now on.
    pub(crate) fn redirect(&self, status: u16, place: &str) {
        self.answer(status, "");
        *self.location.lock().unwrap() = Some(place.to_owned());
    }

    /// How many connections were made.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn answer(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Answers every request of a connection.
fn serve(stream: TcpStream, server: &Server) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut writer = stream;
    loop {
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if !matches!(reader.read_line(&mut line), Ok(1..)) {
                return;
            }
        }
        let (status, body) = server.answer.lock().unwrap().clone();
        let location = server.location.lock().unwrap().clone();
        let location = location.map(|place| format!("Location: {place}\r\n")).unwrap_or_default();
        let head = format!("HTTP/1.1 {status} X\r\n{location}Content-Length: {}\r\n\r\n", body.len());
        if writer.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}

/// Asks once over a connection that stays open; the status and the body.
pub(crate) fn ask(stream: &mut BufReader<TcpStream>) -> std::io::Result<(u16, String)> {
    stream.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")?;
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let broken = || std::io::Error::other("a broken answer");
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(broken)?;
    let mut length = 0;
    while line != "\r\n" {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(broken());
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// A promotion that has stopped itself right after a step.
pub(crate) struct Paused {
    child: Child,
}

impl Paused {
    /// Starts the promotion and waits until it has stopped.
    pub(crate) fn after(point: &str, command: &mut Command) -> Self {
        let command = command.env("DEVOPS_TEST_PAUSE_AFTER", point);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        let (_, status) = waitpid(Some(Pid::from_child(&child)), WaitOptions::UNTRACED)
            .expect("it can be waited for")
            .expect("it has changed");
        assert!(status.stopped(), "{point}: it ended with {:?} instead of stopping", status.exit_status());
        Self { child }
    }

    /// Kills it on the spot.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }

    /// Lets it go on after a signal; its exit code.
    pub(crate) fn go_on(mut self, signal: Option<Signal>) -> Option<i32> {
        let pid = Pid::from_child(&self.child);
        if let Some(signal) = signal {
            kill_process(pid, signal).expect("it takes signals");
        }
        kill_process(pid, Signal::CONT).expect("it takes signals");
        // However long that takes on a busy machine: how long it waits by itself is checked where that is decided.
        self.child.wait().expect("it can be waited for").code()
    }
}

/// Waits until something holds, however busy the machine is.
pub(crate) fn until(holds: impl Fn() -> bool) {
    while !holds() {
        std::thread::yield_now();
    }
}

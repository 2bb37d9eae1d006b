//! GitHub and GitLab as small servers with a memory, scripted faults and a check of every request.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};

use super::contract;

/// What goes wrong with one request.
#[derive(Clone)]
pub(crate) enum Fault {
    /// This answer instead of the true one, and nothing happens.
    Answer(u16, &'static [(&'static str, &'static str)], &'static str),
    /// The connection ends, and nothing happens.
    Reset,
    /// It happens, and the connection ends before the answer.
    LostAnswer,
    /// Nothing happens, and no answer comes.
    Silent,
    /// It happens, and no answer comes.
    SilentAfter,
    /// It happens, and this answer comes instead of the true one.
    Instead(u16, &'static str),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_write(&self) -> bool {
        self.method != "GET"
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    GitHub,
    GitLab,
}

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) log: Vec<Request>,
    /// Newest last.
    pub(crate) deployments: Vec<Value>,
    /// Deployment and status, newest last.
    pub(crate) statuses: Vec<(u64, Value)>,
    pub(crate) commit_statuses: Vec<Value>,
    pub(crate) violations: Vec<String>,
    faults: VecDeque<(String, Fault)>,
}

/// A server that ends with the test.
pub(crate) struct Fake {
    pub(crate) url: String,
    shared: Arc<(Mutex<Memory>, Condvar)>,
}

impl Fake {
    pub(crate) fn start(kind: Kind) -> Self {
        if kind == Kind::GitHub {
            // Read before any clock of a test runs.
            contract::description();
        }
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new((Mutex::new(Memory::default()), Condvar::new()));
        let given = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&given);
                std::thread::spawn(move || serve(stream, kind, &shared));
            }
        });
        Self { url, shared }
    }

    /// The next request whose method and path contain this meets a fault.
    pub(crate) fn script(&self, request: &str, fault: Fault) {
        self.memory(|memory| memory.faults.push_back((request.to_owned(), fault)));
    }

    pub(crate) fn memory<T>(&self, look: impl FnOnce(&mut Memory) -> T) -> T {
        look(&mut self.shared.0.lock().expect("no thread panicked"))
    }

    pub(crate) fn writes(&self) -> Vec<Request> {
        self.memory(|memory| memory.log.iter().filter(|request| request.is_write()).cloned().collect())
    }

    /// States of all deployment statuses, oldest first.
    pub(crate) fn states(&self) -> Vec<String> {
        self.memory(|memory| memory.statuses.iter().map(|(_, status)| text(status, "state")).collect())
    }

    /// Waits until a request whose method and path contain this has come.
    pub(crate) fn wait_for(&self, request: &str) {
        let mut memory = self.shared.0.lock().expect("no thread panicked");
        while !memory.log.iter().any(|one| format!("{} {}", one.method, one.path).contains(request)) {
            memory = self.shared.1.wait(memory).expect("no thread panicked");
        }
    }

    /// Fails if any request was not as the vendor describes it.
    pub(crate) fn assert_lawful(&self) {
        self.memory(|memory| assert!(memory.violations.is_empty(), "{:#?}", memory.violations));
    }
}

pub(crate) fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn serve(stream: TcpStream, kind: Kind, shared: &(Mutex<Memory>, Condvar)) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut stream = stream;
    while let Some(request) = receive(&mut reader) {
        let line = format!("{} {}", request.method, request.path);
        let violation = contract::violation(kind, &request);
        let mut memory = shared.0.lock().expect("no thread panicked");
        memory.log.push(request.clone());
        memory.violations.extend(violation.map(|violation| format!("{line}: {violation}")));
        let at = memory.faults.iter().position(|(wanted, _)| line.contains(wanted.as_str()));
        let fault = at.and_then(|at| memory.faults.remove(at)).map(|(_, fault)| fault);
        let mut happens = || match kind {
            Kind::GitHub => super::github::answer(&mut memory, &request),
            Kind::GitLab => super::gitlab::answer(&mut memory, &request),
        };
        let reply = match &fault {
            None => Some(happens()),
            Some(Fault::Answer(status, _, body)) => {
                // Servers that repeat the credential in an error are a danger that is tested for.
                let token = request.header("authorization").or(request.header("private-token")).unwrap_or("");
                let body = body.replace("$TOKEN", token);
                Some((*status, serde_json::from_str(&body).unwrap_or(Value::String(body))))
            }
            Some(Fault::Instead(status, body)) => {
                happens();
                Some((*status, serde_json::from_str(body).expect("JSON")))
            }
            Some(Fault::LostAnswer | Fault::SilentAfter) => {
                happens();
                None
            }
            Some(Fault::Reset | Fault::Silent) => None,
        };
        drop(memory);
        shared.1.notify_all();
        let headers = if let Some(Fault::Answer(_, headers, _)) = &fault { *headers } else { &[] };
        match (reply, fault) {
            (Some((status, body)), _) => send(&mut stream, status, headers, &body.to_string()),
            (None, Some(Fault::Silent | Fault::SilentAfter)) => {
                // Until the other side gives up.
                let _ = reader.read(&mut [0]);
                return;
            }
            _ => return,
        }
    }
}

fn send(stream: &mut TcpStream, status: u16, headers: &[(&str, &str)], body: &str) {
    let mut head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes());
}

fn receive(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let request = Request { method, path, headers, body: Value::Null };
    let bytes = if request.header("transfer-encoding") == Some("chunked") {
        chunks(reader)?
    } else {
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes).ok()?;
        bytes
    };
    let is_form = request.header("content-type").is_some_and(|kind| kind.contains("form-urlencoded"));
    let body = if bytes.is_empty() {
        Value::Null
    } else if is_form {
        form(&String::from_utf8_lossy(&bytes))
    } else {
        serde_json::from_slice(&bytes).expect("bodies are JSON or forms")
    };
    Some(Request { body, ..request })
}

fn chunks(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let size = usize::from_str_radix(line.trim(), 16).ok()?;
        let mut part = vec![0; size + 2];
        reader.read_exact(&mut part).ok()?;
        part.truncate(size);
        if part.is_empty() {
            return Some(bytes);
        }
        bytes.extend(part);
    }
}

/// A form as an object of strings.
pub(crate) fn form(text: &str) -> Value {
    let mut object = json!({});
    for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
        };
        object[decode(name)] = Value::String(decode(value));
    }
    object
}

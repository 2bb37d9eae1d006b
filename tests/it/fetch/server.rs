//! A server whose answers a test writes, and which remembers what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Clone, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// After so many bytes of the body, the connection ends.
    pub(crate) cut_at: Option<usize>,
    /// Nothing comes behind the head.
    pub(crate) is_silent: bool,
}

pub(crate) fn reply(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply { status, body: body.into(), ..Reply::default() }
}

impl Reply {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) url: String,
    log: Arc<(Mutex<Vec<Request>>, Condvar)>,
}

impl Server {
    /// Answers each request by `answer`, which also gets how many there were before.
    pub(crate) fn start(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let (given, answer) = (Arc::clone(&log), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (Arc::clone(&given), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &log, &*answer));
            }
        });
        Self { url, log }
    }

    /// What was asked until now.
    pub(crate) fn log(&self) -> Vec<Request> {
        self.log.0.lock().unwrap().clone()
    }

    /// Waits until there were so many requests.
    pub(crate) fn wait_for(&self, count: usize) {
        let known = self.log.0.lock().unwrap();
        drop(self.log.1.wait_while(known, |known| known.len() < count).unwrap());
    }

    /// The paths that were asked for.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.log().into_iter().map(|request| request.path).collect()
    }
}

fn serve(stream: TcpStream, log: &(Mutex<Vec<Request>>, Condvar), answer: &dyn Fn(&Request, usize) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(request) = receive(&mut reader) {
        let before = {
            let mut known = log.0.lock().unwrap();
            known.push(request.clone());
            log.1.notify_all();
            known.len() - 1
        };
        let reply = answer(&request, before);
        let has_length =
            reply.headers.iter().any(|(name, _)| matches!(*name, "transfer-encoding" | "content-length"));
        let mut head = format!("HTTP/1.1 {} X\r\n", reply.status);
        if !has_length && reply.status != 304 {
            head.push_str(&format!("content-length: {}\r\n", reply.body.len()));
        }
        for (name, value) in &reply.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let _ = stream.write_all(format!("{head}\r\n").as_bytes());
        if reply.is_silent {
            // Until the other side gives up.
            let _ = reader.read(&mut [0]);
            return;
        }
        if request.method != "HEAD" && reply.status != 304 {
            let end = reply.cut_at.unwrap_or(reply.body.len());
            let _ = stream.write_all(&reply.body[..end]);
            if reply.cut_at.is_some() {
                return;
            }
        }
    }
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
    let mut request = Request { method, path, headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

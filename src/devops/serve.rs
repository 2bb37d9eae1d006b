//! `devops serve`: a folder over HTTP on this machine, to look at a report or to play a colour of the sample.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

use devops_core::{Error, Location};
use devops_job::Context;
use devops_job::console::print_answer;

/// Larger files are refused, so that memory stays bounded.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Content types by extension; what is not here, and has no extension, is plain text.
const TYPES: [(&str, &str); 9] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("sarif", "application/json"),
    ("xml", "application/xml"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("ico", "image/x-icon"),
];

/// Serves the folder until SIGINT or SIGTERM; says on standard output where, once it listens.
///
/// # Errors
/// Where the folder is not there or the address can't be had.
pub(super) fn serve(folder: &Path, listen: SocketAddr, context: &Context) -> Result<(), Error> {
    if !folder.is_dir() {
        return Err(Error::input("is not a folder")
            .at(Location::file(folder.display().to_string()))
            .help("give the folder to serve"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::environment("no runtime could be started").because(error))?;
    runtime.block_on(listen_on(folder.to_path_buf(), listen, context))
}

async fn listen_on(folder: PathBuf, listen: SocketAddr, context: &Context) -> Result<(), Error> {
    let out_of_reach = |error: std::io::Error| {
        Error::environment(format!("can't listen on {listen}"))
            .help("choose another address with `--listen`, port 0 for a free one")
            .because(error)
    };
    let listener = TcpListener::bind(listen).await.map_err(out_of_reach)?;
    let address = listener.local_addr().map_err(out_of_reach)?;
    let no_signals = |error: std::io::Error| Error::environment("signals can't be received").because(error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let line = format!("serving {} on http://{address}/\n", folder.display());
    print_answer(&line, context);
    let folder = Arc::new(folder);
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A client that left between connecting and being accepted is no reason to stop.
                if let Ok((stream, _)) = accepted {
                    tokio::spawn(converse(stream, Arc::clone(&folder)));
                }
            }
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
        }
    }
}

/// Answers the requests of one connection.
async fn converse(stream: TcpStream, folder: Arc<PathBuf>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let folder = Arc::clone(&folder);
        async move { Ok::<_, Infallible>(answer(&folder, request.method(), request.uri().path()).await) }
    });
    // A connection that breaks ends itself and nothing else.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The answer to a request.
async fn answer(folder: &Path, method: &Method, path: &str) -> Response<Full<Bytes>> {
    if method != Method::GET && method != Method::HEAD {
        let mut refusal = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    match find(folder, path).await {
        Ok((file, bytes)) => {
            let mut response =
                Response::new(Full::new(if method == Method::HEAD { Bytes::new() } else { bytes }));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type(&file)));
            // The folder may be a link that moves; nobody should keep what it showed.
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(status) => plain(status, &format!("{status}\n")),
    }
}

/// The file a request means, with its bytes. The folder is resolved anew, so that a link that moved is followed.
async fn find(folder: &Path, path: &str) -> Result<(PathBuf, Bytes), StatusCode> {
    let missing = |_| StatusCode::NOT_FOUND;
    let relative = percent_decode_str(path.trim_start_matches('/'))
        .decode_utf8()
        .map_err(|_| StatusCode::BAD_REQUEST)?;
    let relative = Path::new(relative.as_ref());
    if !relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(StatusCode::NOT_FOUND);
    }
    let root = tokio::fs::canonicalize(folder).await.map_err(missing)?;
    let mut file = tokio::fs::canonicalize(root.join(relative)).await.map_err(missing)?;
    if file.is_dir() {
        // A folder of reports has its page under the name of the report.
        file = match tokio::fs::canonicalize(file.join("index.html")).await {
            Ok(index) => index,
            Err(_) => tokio::fs::canonicalize(file.join("report.html")).await.map_err(missing)?,
        };
    }
    if !file.starts_with(&root) {
        return Err(StatusCode::NOT_FOUND);
    }
    let size = tokio::fs::metadata(&file).await.map_err(missing)?.len();
    if size > LARGEST {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let bytes = tokio::fs::read(&file).await.map_err(missing)?;
    Ok((file, bytes.into()))
}

/// The content type of a file.
fn content_type(file: &Path) -> &'static str {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let known = TYPES.iter().find(|(name, _)| *name == extension);
    known.map_or("text/plain; charset=utf-8", |(_, content_type)| content_type)
}

/// A short answer in words.
fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

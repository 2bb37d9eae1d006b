//! `devops serve`: a folder over HTTP on this machine, to look at a report or to play a colour of the sample.
//!
//! What is served may be anybody's: it runs no script but that of our reports, answers only to its own names, so that no page of
//! another site can read it by way of a name of its own, and takes no more than so many connections, files and threads.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, HeaderName,
    HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use percent_encoding::percent_decode_str;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::command_line::Serve;
use super::served_file::{Content, Served};
use devops_core::{Error, Location};
use devops_files::open_itself_within;
use devops_job::Context;
use devops_job::console::print_answer;
use devops_net::{Cancel, runtime};

/// Larger files are refused.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Most connections at once; the next one waits.
const CONNECTIONS: usize = 64;

/// How long a client may take to send the head of a request, the first or the next.
const LONGEST_HEAD: Duration = Duration::from_secs(10);

/// How long a connection may last, so that clients that read nothing give way to others.
const LONGEST_CONNECTION: Duration = Duration::from_secs(300);

/// What pages may do: look as they like, and run the script of our reports.
const OF_PAGES: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src ";

/// What anything else may do that a browser shows, such as SVG: look as it likes.
const OF_OTHERS: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// Keeps pages of other sites from loading what is served as a script or an image.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// How pages begin in [`TYPES`].
const PAGE: &str = "text/html";

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

/// What is served, and to whom.
struct Site {
    folder: PathBuf,
    /// Names it answers to, besides those that every server of this machine has.
    hosts: Vec<String>,
    /// The content security policy of pages.
    of_pages: HeaderValue,
}

/// Serves the folder until a signal asks it to stop; prints its address on standard output once it listens.
///
/// # Errors
/// Where the folder is not there or the address can't be had.
pub(super) fn serve(arguments: &Serve, context: &Context) -> Result<(), Error> {
    let Serve { folder, listen, allow_host } = arguments;
    if !folder.is_dir() {
        return Err(Error::input("is not a folder")
            .at(Location::file(folder.display().to_string()))
            .help("give the folder to serve"));
    }
    let of_pages = HeaderValue::try_from(format!("{OF_PAGES}{}", devops_render::script_source()))
        .map_err(|error| Error::bug("the content security policy is no header").because(error))?;
    let hosts = allow_host.iter().map(|host| host.to_ascii_lowercase()).collect();
    let site = Site { folder: folder.clone(), hosts, of_pages };
    runtime()?.block_on(listen_on(site, *listen, context))
}

async fn listen_on(site: Site, listen: SocketAddr, context: &Context) -> Result<(), Error> {
    let out_of_reach = |error: io::Error| {
        Error::environment(format!("can't listen on {listen}"))
            .help("choose another address with `--listen`, port 0 for a free one")
            .because(error)
    };
    let listener = TcpListener::bind(listen).await.map_err(out_of_reach)?;
    let address = listener.local_addr().map_err(out_of_reach)?;
    let cancel = Cancel::listen()?;
    print_answer(&format!("serving {} on http://{address}/\n", site.folder.display()), context);
    let site = Arc::new(site);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        tokio::select! {
            accepted = accept(&listener, &places) => {
                // A client that left between connecting and being accepted is no reason to stop.
                if let Some((stream, place)) = accepted {
                    tokio::spawn(converse(stream, place, Arc::clone(&site)));
                }
            }
            () = cancel.asked() => return Ok(()),
        }
    }
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    let (stream, _) = listener.accept().await.ok()?;
    Some((stream, place))
}

/// Answers the requests of one connection, which holds its place until it ends.
async fn converse(stream: TcpStream, _place: OwnedSemaphorePermit, site: Arc<Site>) {
    let Ok(here) = stream.local_addr() else { return };
    let service = service_fn(move |request: Request<Incoming>| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.answer(&request, here.ip()).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(LONGEST_HEAD);
    let conversation = server.serve_connection(TokioIo::new(stream), service);
    // A connection that breaks ends itself and nothing else.
    let _ = tokio::time::timeout(LONGEST_CONNECTION, conversation).await;
}

impl Site {
    /// The answer to a request that was received at an address.
    async fn answer(&self, request: &Request<Incoming>, here: IpAddr) -> Response<Content> {
        let (method, path) = (request.method(), request.uri().path());
        let mut answer = if !self.is_meant(request, here) {
            plain(
                StatusCode::MISDIRECTED_REQUEST,
                "not a name of this server; allow it with `--allow-host`\n",
            )
        } else if method != Method::GET && method != Method::HEAD {
            let mut refusal = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            refusal
        } else {
            match find(&self.folder, path).await {
                Ok((file, content)) => served(&file, content, method == Method::HEAD),
                Err(status) => plain(status, &format!("{status}\n")),
            }
        };
        self.restrain(answer.headers_mut());
        answer
    }

    /// Whether a request names this server, and not a name that somebody else has led here.
    fn is_meant(&self, request: &Request<Incoming>, here: IpAddr) -> bool {
        let mut names = request.headers().get_all(HOST).iter().map(|name| name.to_str().unwrap_or_default());
        let target = request.uri().authority().map(|authority| authority.as_str());
        let is_named = request.headers().contains_key(HOST);
        is_named
            && names.all(|name| self.is_own(name, here))
            && target.is_none_or(|name| self.is_own(name, here))
    }

    /// Whether a host, with or without a port, is this server: by a name of every machine, by the address it listens on, by a flag.
    fn is_own(&self, name: &str, here: IpAddr) -> bool {
        let host = match name.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => name,
        };
        let host = host.to_ascii_lowercase();
        let address = match here.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        ["localhost", "127.0.0.1", "[::1]", &address].contains(&host.as_str()) || self.hosts.contains(&host)
    }

    /// Says what a browser must not do with what is served.
    fn restrain(&self, headers: &mut HeaderMap) {
        let is_page =
            headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(PAGE.as_bytes()));
        let policy = if is_page { self.of_pages.clone() } else { HeaderValue::from_static(OF_OTHERS) };
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
        // The folder may be a link that moves; nobody should keep what it showed.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// The answer with a file.
fn served(file: &Path, content: Served, is_head: bool) -> Response<Content> {
    let length = content.length();
    let mut response = Response::new(if is_head { Content::Text(None) } else { Content::File(content) });
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type(file)));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// The file a request means, open. The folder is resolved anew, so that a link that moved is followed.
async fn find(folder: &Path, path: &str) -> Result<(PathBuf, Served), StatusCode> {
    let relative = percent_decode_str(path.trim_start_matches('/'))
        .decode_utf8()
        .map_err(|_| StatusCode::BAD_REQUEST)?;
    let relative = PathBuf::from(relative.as_ref());
    if !relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(StatusCode::NOT_FOUND);
    }
    let folder = folder.to_path_buf();
    let found = tokio::task::spawn_blocking(move || open(&folder, &relative)).await;
    found.unwrap_or(Err(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Opens a file of the folder, or the page of a folder in it.
fn open(folder: &Path, relative: &Path) -> Result<(PathBuf, Served), StatusCode> {
    let missing = |_| StatusCode::NOT_FOUND;
    let root = folder.canonicalize().map_err(missing)?;
    let mut file = root.join(relative).canonicalize().map_err(missing)?;
    if file.is_dir() {
        // A folder of reports has its page under the name of the report.
        file = match file.join("index.html").canonicalize() {
            Ok(index) => index,
            Err(_) => file.join("report.html").canonicalize().map_err(missing)?,
        };
    }
    if !file.starts_with(&root) {
        return Err(StatusCode::NOT_FOUND);
    }
    match open_itself_within(&file, LARGEST) {
        Ok(opened) => Ok((file, Served::new(opened))),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::NOT_FOUND),
    }
}

/// The content type of a file.
fn content_type(file: &Path) -> &'static str {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let known = TYPES.iter().find(|(name, _)| *name == extension);
    known.map_or("text/plain; charset=utf-8", |(_, content_type)| content_type)
}

/// A short answer in words.
fn plain(status: StatusCode, text: &str) -> Response<Content> {
    let mut response = Response::new(Content::text(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

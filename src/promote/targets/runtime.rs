//! HAProxy's runtime socket: one command and its answer, bounded in time and size.
//!
//! Owns the protocol. Must not know what maps are used for.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use devops_core::Error;

/// How long HAProxy may take for an answer; it takes a millisecond.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much of an answer is read.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Where HAProxy listens for commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Socket {
    /// A file.
    Unix(PathBuf),
    /// A host with a port.
    Tcp(String),
}

impl Socket {
    /// The socket of this name: HOST:PORT, or else a path, which starts from `folder`.
    pub(super) fn from_name(name: &str, folder: &Path) -> Self {
        let port = name.rsplit_once(':').map(|(_, port)| port);
        let is_host = !name.contains('/') && port.is_some_and(|port| port.parse::<u16>().is_ok());
        if is_host { Self::Tcp(name.to_owned()) } else { Self::Unix(folder.join(name)) }
    }

    /// Sends one command and reads the whole answer, without the empty line at its end.
    ///
    /// # Errors
    /// If nothing listens there, or the answer does not come in time.
    pub(super) fn ask(&self, command: &str) -> Result<String, Error> {
        let answer = match self {
            Self::Unix(path) => UnixStream::connect(path).and_then(|stream| {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                exchange(stream, command)
            }),
            Self::Tcp(address) => connect(address).and_then(|stream| {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                exchange(stream, command)
            }),
        };
        answer.map_err(|error| {
            Error::environment(format!("HAProxy's runtime socket {self} can't be used")).because(error).help(
                "check `haproxy-socket`, and that the configuration has `stats socket … level admin` for this user",
            )
        })
    }
}

impl std::fmt::Display for Socket {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "`{}`", path.display()),
            Self::Tcp(address) => write!(formatter, "`{address}`"),
        }
    }
}

fn connect(address: &str) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the host has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn exchange(mut stream: impl Read + Write, command: &str) -> std::io::Result<String> {
    stream.write_all(command.as_bytes())?;
    stream.write_all(b"\n")?;
    let mut answer = Vec::new();
    stream.take(LARGEST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).trim_end_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::Socket;

    #[test]
    fn a_socket_is_a_host_with_a_port_or_a_path() {
        let named = |name| Socket::from_name(name, Path::new("work"));
        assert_eq!(named("127.0.0.1:9999"), Socket::Tcp("127.0.0.1:9999".to_owned()));
        assert_eq!(named("/run/haproxy.sock"), Socket::Unix(PathBuf::from("/run/haproxy.sock")));
        assert_eq!(named("haproxy.sock"), Socket::Unix(PathBuf::from("work/haproxy.sock")));
        assert_eq!(named("a/b:1"), Socket::Unix(PathBuf::from("work/a/b:1")));
    }
}

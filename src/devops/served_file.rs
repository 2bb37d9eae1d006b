//! The body of an answer: words, or a file that is read as fast as the client takes it and never held whole.

use std::fs::File;
use std::io::{self, Read as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

use devops_files::Bounded;

/// How much of a file is held for a connection.
const CHUNK: u64 = 64 * 1024;

/// What is sent.
pub(super) enum Content {
    /// Words; none once they are sent.
    Text(Option<Bytes>),
    /// A file.
    File(Served),
}

impl Content {
    /// Words.
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Some(Bytes::copy_from_slice(text.as_bytes())))
    }
}

/// A file on its way to a client.
pub(super) struct Served {
    state: State,
    left: u64,
}

enum State {
    Waiting(Bounded<File>),
    Reading(JoinHandle<(Bounded<File>, io::Result<Bytes>)>),
    Ended,
}

impl Served {
    /// The file, as long as it is now.
    pub(super) fn new(file: Bounded<File>) -> Self {
        Self { left: file.told_length(), state: State::Waiting(file) }
    }

    /// How many bytes are still to be sent.
    pub(super) fn length(&self) -> u64 {
        self.left
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if let State::Waiting(_) = self.state
            && let State::Waiting(file) = std::mem::replace(&mut self.state, State::Ended)
        {
            let amount = self.left.min(CHUNK);
            self.state = State::Reading(spawn_blocking(move || chunk(file, amount)));
        }
        let State::Reading(reading) = &mut self.state else { return Poll::Ready(None) };
        let (file, chunk) = match ready!(Pin::new(reading).poll(context)) {
            Ok(read) => read,
            Err(error) => {
                self.state = State::Ended;
                return Poll::Ready(Some(Err(io::Error::other(error))));
            }
        };
        let chunk = chunk.and_then(|chunk| {
            // It was cut off while it was sent; the client must not take what it has for all.
            if chunk.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(chunk) }
        });
        if let Ok(chunk) = &chunk {
            self.left = self.left.saturating_sub(chunk.len() as u64);
            self.state = State::Waiting(file);
        } else {
            self.state = State::Ended;
        }
        Poll::Ready(Some(chunk))
    }
}

/// Reads the next part of a file.
fn chunk(mut file: Bounded<File>, amount: u64) -> (Bounded<File>, io::Result<Bytes>) {
    let mut bytes = Vec::new();
    let read = (&mut file).take(amount).read_to_end(&mut bytes);
    (file, read.map(|_| bytes.into()))
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Text(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::File(file) => {
                file.poll_chunk(context).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Text(text) => text.as_ref().is_none_or(Bytes::is_empty),
            Self::File(file) => file.left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Text(text) => text.as_ref().map_or(0, |text| text.len() as u64),
            Self::File(file) => file.left,
        })
    }
}

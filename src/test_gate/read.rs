//! Reads reports side by side, and hands them back in their order.

use std::io::{self, Read};
use std::marker::PhantomData;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use serde::de::IgnoredAny;

use super::collector::{Collector, Keep, Reading};
use super::detect::{Kind, Unrecognised, detect};
use super::files::File;
use super::moment;
use super::packed::{self, Packing};
use devops_core::Input;
use devops_files::{Bounded, HashingReader, open_within};
use devops_reading::encoding::Decoded;
use devops_reading::json;
use devops_reading::shape::{LOOKED_AT, Shape, shape};
use devops_reading::trouble::Trouble;

/// Maximum number of reports read at once.
const READERS: usize = 4;

/// A report above this many bytes is loaded and hashed in a thread of its own.
const LONG: u64 = 1 << 20;

/// Most bytes of a report, ten times what the largest known ones have.
const LARGEST: u64 = 4 << 30;

/// How much of a report that is not understood is still read for its digest; one that has more is named without.
const REST: u64 = 256 << 20;

/// How much is loaded at once, and how many such chunks may wait.
const CHUNK: usize = 128 * 1024;
const WAITING: usize = 4;

/// Fewer bytes than these that are not ASCII are the beginning of a mark, and no text.
const FEWEST: usize = 4;

/// What a file holds.
#[derive(Debug)]
pub(super) enum Content {
    /// Results of tests.
    Tests(Box<Reading>),
    /// Coverage.
    Coverage(devops_coverage::Reading),
    /// Benchmarks.
    Benchmarks(devops_benchmarks::Format, devops_benchmarks::Reading),
    /// Nothing that is known.
    Unknown(Unrecognised),
}

impl Content {
    /// The format, as people call it.
    pub(super) fn format(&self) -> &'static str {
        match self {
            Self::Tests(reading) if reading.format.is_empty() => "unreadable",
            Self::Tests(reading) => reading.format,
            Self::Coverage(reading) => reading.format.name(),
            Self::Benchmarks(format, _) => format.as_str(),
            Self::Unknown(_) => "unknown",
        }
    }
}

/// Reads all files.
pub(super) fn all(files: &[File], keep: Keep) -> Vec<(Content, Option<Input>)> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(READERS).min(files.len());
    if threads <= 1 {
        return files.iter().map(|file| one(file, keep)).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(files.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((index, file)) = take(files, &next) {
                    let reading = one(file, keep);
                    if let Ok(mut done) = done.lock() {
                        done.push((index, reading));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, reading)| reading).collect()
}

fn take<'a>(files: &'a [File], next: &AtomicUsize) -> Option<(usize, &'a File)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    Some((index, files.get(index)?))
}

/// Reads one file; one that can't be opened is a trouble, too.
fn one(file: &File, keep: Keep) -> (Content, Option<Input>) {
    let Some(path) = &file.path else {
        let source = HashingReader::new(Bounded::new(io::stdin(), LARGEST));
        return side_by_side(source, &file.label, keep);
    };
    let source = match open_within(path, LARGEST) {
        Ok(source) => source,
        Err(error) => return (broken(Trouble::whole(format!("can't be opened: {error}"))), None),
    };
    let is_long = source.told_length() > LONG;
    let mut source = HashingReader::new(source);
    if is_long {
        return side_by_side(source, &file.label, keep);
    }
    let reading = content(&mut source, &file.label, keep);
    // What a refused report still holds is not understood, but it is part of the record.
    let rest = io::copy(&mut source, &mut io::sink());
    (reading, rest.ok().map(|_| source.finish(file.label.as_str())))
}

/// Loads and hashes a long report in one thread while another reads it.
fn side_by_side<R: Read + Send>(
    source: HashingReader<R>,
    label: &str,
    keep: Keep,
) -> (Content, Option<Input>) {
    let (full, chunks) = sync_channel(WAITING);
    let (empty, used) = channel();
    std::thread::scope(|scope| {
        let loader = scope.spawn(move || load(source, &full, &used, label));
        let reading = content(&mut Loaded { chunks, empty, chunk: Vec::new(), start: 0 }, label, keep);
        (reading, loader.join().ok().flatten())
    })
}

/// Passes on a source chunk by chunk, to its end even if the reader takes no more of them.
fn load<R: Read>(
    mut source: HashingReader<R>,
    full: &SyncSender<io::Result<Vec<u8>>>,
    used: &Receiver<Vec<u8>>,
    label: &str,
) -> Option<Input> {
    let mut unheard = 0;
    loop {
        let mut chunk = used.try_recv().unwrap_or_default();
        chunk.resize(CHUNK, 0);
        match source.read(&mut chunk) {
            Ok(0) => return Some(source.finish(label)),
            Ok(length) => {
                chunk.truncate(length);
                // A reader that rejected the report takes no more; the digest still needs all of it, if the end is near.
                if full.send(Ok(chunk)).is_err() {
                    unheard += length as u64;
                }
                if unheard > REST {
                    return None;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let _ = full.send(Err(error));
                return None;
            }
        }
    }
}

/// What a loader hands over.
struct Loaded {
    chunks: Receiver<io::Result<Vec<u8>>>,
    /// Takes back chunks that are used up.
    empty: Sender<Vec<u8>>,
    chunk: Vec<u8>,
    start: usize,
}

impl Read for Loaded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start == self.chunk.len() {
            let Ok(chunk) = self.chunks.recv() else { return Ok(0) };
            let used = std::mem::replace(&mut self.chunk, chunk?);
            let _ = self.empty.send(used);
            self.start = 0;
        }
        let mut rest = self.chunk.get(self.start..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.start += count;
        Ok(count)
    }
}

/// What a source contains, recognised by its beginning.
pub(super) fn content(source: &mut dyn Read, label: &str, keep: Keep) -> Content {
    let head = match beginning(source) {
        Ok(head) => head,
        Err(trouble) => return broken(trouble),
    };
    if head.len() < FEWEST
        && head.iter().any(|byte| !(0x20..0x7f).contains(byte) && !byte.is_ascii_whitespace())
    {
        return broken(Trouble::line(1, "cut off within its first bytes"));
    }
    match Packing::of(&head) {
        None => told(&head, source, label, keep),
        Some(Packing::Gzip) => {
            let mut inner = packed::unpacked(head.as_slice().chain(source));
            let head = match beginning(&mut inner) {
                Ok(head) => head,
                Err(trouble) => return broken(trouble),
            };
            match Packing::of(&head) {
                None => told(&head, &mut inner, label, keep),
                Some(packing) => Content::Unknown(packing.unrecognised(Some(Packing::Gzip))),
            }
        }
        Some(packing) => Content::Unknown(packing.unrecognised(None)),
    }
}

/// The beginning of a source, or why it can't be read.
fn beginning(source: &mut dyn Read) -> Result<Vec<u8>, Trouble> {
    let mut head = Vec::new();
    match source.take(LOOKED_AT as u64).read_to_end(&mut head) {
        Ok(_) => Ok(head),
        Err(error) => Err(Trouble::whole(format!("can't be read: {error}"))),
    }
}

/// What a source holds that begins with `head`.
fn told(head: &[u8], source: &mut dyn Read, label: &str, keep: Keep) -> Content {
    let mut content = decoded(head, source, label, keep);
    if let Content::Tests(reading) = &mut content {
        reading.is_dated = moment::is_in(head);
    }
    content
}

/// The same, with what was odd about its encoding.
fn decoded(head: &[u8], source: &mut dyn Read, label: &str, keep: Keep) -> Content {
    let shape = shape(head);
    let mut whole = head.chain(source);
    if let Shape::Xml(_) | Shape::Nothing = shape {
        return of_shape(&shape, &mut whole, label, keep);
    }
    // The walk over XML reports itself what was odd about the encoding.
    let mut decoded = Decoded::new(whole);
    let mut content = of_shape(&shape, &mut decoded, label, keep);
    let notes = decoded.notes();
    match &mut content {
        Content::Tests(reading) => reading.notes.extend(notes),
        Content::Coverage(reading) => reading.notes.extend(notes),
        Content::Benchmarks(_, reading) => reading.notes.extend(notes),
        Content::Unknown(_) => {}
    }
    content
}

/// What a source of this shape holds. One type of source for all formats, so that their readers are built once.
fn of_shape(shape: &Shape, whole: &mut dyn Read, label: &str, keep: Keep) -> Content {
    match detect(shape) {
        Kind::Tests(format) => {
            let mut collector = Collector::new(keep);
            collector.reading.format = format.name;
            (format.read)(whole, &mut collector);
            Content::Tests(Box::new(collector.finish()))
        }
        Kind::Coverage(format) => Content::Coverage(devops_coverage::read(format, whole)),
        Kind::Benchmarks(format) => {
            Content::Benchmarks(format, devops_benchmarks::read(format, whole, label))
        }
        Kind::Unknown(unrecognised) => unknown(shape, unrecognised, whole),
    }
}

/// A file that is no report; JSON that is cut off may have been one.
fn unknown(shape: &Shape, unrecognised: Unrecognised, source: &mut dyn Read) -> Content {
    if let Shape::Json(_) = shape
        && let Err(trouble) = json::document(source, PhantomData::<IgnoredAny>)
    {
        return broken(trouble);
    }
    Content::Unknown(unrecognised)
}

fn broken(trouble: Trouble) -> Content {
    let mut reading = Reading::default();
    reading.troubles.push(trouble);
    Content::Tests(Box::new(reading))
}

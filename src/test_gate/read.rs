//! Reads reports side by side, and hands them back in their order.

use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::files::{File, STDIN};
use super::junit::{self, Reading};
use super::scanner::{Position, Trouble};
use crate::core::Input;
use crate::core::report::HashingReader;

/// Most reports read at once.
const READERS: usize = 4;

/// Reads all files.
pub(super) fn all(files: &[File]) -> Vec<(Reading, Option<Input>)> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(READERS).min(files.len());
    if threads <= 1 {
        return files.iter().map(one).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(files.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((index, file)) = take(files, &next) {
                    let reading = one(file);
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
fn one(file: &File) -> (Reading, Option<Input>) {
    let source: Box<dyn Read> = if file.label == STDIN {
        Box::new(io::stdin().lock())
    } else {
        match std::fs::File::open(&file.path) {
            Ok(source) => Box::new(source),
            Err(error) => return (broken(format!("can't be opened: {error}")), None),
        }
    };
    let mut source = HashingReader::new(source);
    let reading = junit::read(&mut source);
    // What a refused report still holds is not understood, but it is part of the record.
    let rest = io::copy(&mut source, &mut io::sink());
    (reading, rest.ok().map(|_| source.finish(file.label.as_str())))
}

fn broken(what: String) -> Reading {
    Reading { troubles: vec![Trouble { what, at: Position { line: 0, column: 0 } }], ..Reading::default() }
}

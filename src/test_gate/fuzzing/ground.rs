//! What every parser stands on: XML, JSON, lines, the check of a file's beginning; and diffs and patterns.

use std::marker::PhantomData;

use serde::de::IgnoredAny;

use super::{Pieces, cuts};
use crate::detect;
use devops_reading::encoding::Decoded;
use devops_reading::glob;
use devops_reading::shape::{Shape, shape};
use devops_reading::xml::{Event, Walker};
use devops_reading::{json as documents, lines as text};

/// A diff.
pub(super) fn diff(bytes: &[u8]) {
    let (change, troubles) = devops_repository::parse(bytes);
    let again = devops_repository::parse(Pieces::of(bytes));
    assert_eq!((&change, &troubles), (&again.0, &again.1));
    let change = change.unwrap_or_default();
    for ranges in change.added.values() {
        assert!(ranges.iter().all(|range| range.start() <= range.end()));
        assert!(!troubles.is_empty() || ranges.is_sorted_by(|one, other| one.end() < other.start()));
    }
    if !troubles.is_empty() {
        return;
    }
    for cut in cuts(bytes) {
        let (part, _) = bytes.split_at(cut);
        let (found, troubles) = devops_repository::parse(part);
        // Between two hunks nothing shows that there were more; but nothing is there that the whole lacks.
        let is_part = found.unwrap_or_default().added.iter().all(|(path, ranges)| {
            change.added.get(path).is_some_and(|known| {
                ranges.iter().all(|range| {
                    known.iter().any(|known| known.start() <= range.start() && range.end() <= known.end())
                })
            })
        });
        assert!(is_part || !troubles.is_empty(), "cut to {cut} of {} bytes there is more", bytes.len());
    }
}

/// Elements.
pub(super) fn xml(bytes: &[u8]) {
    let walk = |mut walker: Walker<Box<dyn std::io::Read + '_>>| {
        let (mut opened, mut closed, mut text) = (0_u64, 0_u64, String::new());
        loop {
            match walker.next(true) {
                Event::Open => {
                    opened += 1;
                    walker.attributes(|key, value| {
                        text.push_str(key);
                        text.push_str(value);
                    });
                }
                Event::Close => closed += 1,
                Event::Text => text.push_str(&walker.text()),
                Event::End => break,
            }
        }
        (opened, closed, text, walker.finish())
    };
    let (opened, closed, text, (troubles, notes)) = walk(Walker::new(Box::new(bytes)));
    assert!(closed <= opened && (opened == closed || !troubles.is_empty()));
    let again = walk(Walker::new(Box::new(Pieces::of(bytes))));
    assert_eq!(
        (opened, closed, &text, &troubles, &notes),
        (again.0, again.1, &again.2, &again.3.0, &again.3.1)
    );
}

/// A document.
pub(super) fn json(bytes: &[u8]) {
    let read = |source: &mut dyn std::io::Read| documents::document(source, PhantomData::<IgnoredAny>);
    let whole = read(&mut &*bytes).map(|_| ());
    assert_eq!(whole, read(&mut Pieces::of(bytes)).map(|_| ()));
    let is_list_or_object = bytes.first().is_some_and(|byte| matches!(byte, b'{' | b'['));
    if whole.is_ok() && is_list_or_object {
        for cut in cuts(bytes) {
            let (part, _) = bytes.split_at(cut);
            assert!(read(&mut &*part).is_err(), "cut to {cut} of {} bytes it is whole", bytes.len());
        }
    }
}

/// Lines.
pub(super) fn lines(bytes: &[u8]) {
    let mut one = text::Lines::new(bytes);
    let mut other = text::Lines::new(Pieces::of(bytes));
    let mut number = 0;
    loop {
        let line = one.next_line();
        assert_eq!(line, other.next_line());
        let Ok(Some(line)) = line else { break };
        number += 1;
        assert!(line.number == number && !line.text.contains('\n'));
    }
}

/// Bytes in any encoding.
pub(super) fn text(bytes: &[u8]) {
    let read = |source: &mut dyn std::io::Read| {
        let mut decoded = Decoded::new(source);
        let mut text = Vec::new();
        let end = std::io::Read::read_to_end(&mut decoded, &mut text).map_err(|error| error.to_string());
        let text = String::from_utf8(text);
        assert!(text.is_ok());
        (end, text.unwrap_or_default(), decoded.notes())
    };
    let whole = read(&mut &*bytes);
    assert_eq!(whole, read(&mut Pieces::of(bytes)));
    assert!(!whole.1.contains(|found: char| found < ' ' && !matches!(found, '\t' | '\n' | '\r')));
}

/// The look at a file's beginning.
pub(super) fn look(bytes: &[u8]) {
    let found = shape(bytes);
    assert_eq!(found, shape(bytes));
    assert!(
        found != Shape::Nothing
            || bytes.trim_ascii().len() < bytes.len()
            || bytes.len() < 4
            || !bytes.is_ascii()
    );
    drop(detect::detect(&found));
}

/// A pattern and paths, each on a line.
pub(super) fn glob(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let pattern = lines.next().unwrap_or_default();
    let (folder, below) = glob::split(pattern);
    assert!(pattern.len() >= folder.len() + below.len() && !glob::is_pattern(folder));
    for path in lines {
        let found = glob::is_match(pattern, path);
        let is_plain = !glob::is_pattern(pattern) && !pattern.contains("./") && !pattern.contains("//");
        let is_bare = !pattern.starts_with('/') && !pattern.ends_with(['/', '.']) && !pattern.is_empty();
        assert!(!is_plain || !is_bare || found == (pattern == path), "{pattern:?} {path:?}");
        assert!(glob::is_match("**", path));
        let _ = devops_core::wildcard::is_match(pattern, path);
    }
}

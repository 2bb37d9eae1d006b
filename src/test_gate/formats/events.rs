//! Streams of events, one JSON object a line, with whatever else was printed between them.
//!
//! Knows no format: a reader gives the words that mark an event, so that a damaged one is never mistaken for a program's output.

use std::io::Read;

use serde::de::DeserializeOwned;

use devops_reading::excerpt::{prefix, suffix};
use devops_reading::lines::{Line, Lines};
use devops_reading::trouble::{Position, Trouble};

/// Takes what a stream of events holds, in its order.
pub(crate) trait Events {
    /// One event; fields that may be missing are options.
    type Event: DeserializeOwned;

    /// What every event holds.
    const MARK: &'static str;

    /// How an event begins where a program's output stands before it on its line.
    const BEGINNINGS: &'static [&'static str];

    /// Takes an event; false where the object is none, and was printed by a program.
    fn event(&mut self, event: Self::Event, line: u64) -> bool;

    /// Takes a line, or a part of one, that is no event.
    fn text(&mut self, text: &str);

    /// Takes what could not be understood.
    fn trouble(&mut self, trouble: Trouble);
}

/// Reads a stream to its end; how many lines were no events.
pub(crate) fn follow<E: Events>(source: impl Read, events: &mut E) -> u64 {
    let mut lines = Lines::new(source);
    let mut others = 0;
    loop {
        match lines.next_line() {
            Ok(Some(line)) => others += u64::from(!one(line, events)),
            Ok(None) => return others,
            Err(trouble) => {
                events.trouble(trouble);
                return others;
            }
        }
    }
}

/// Takes one line; whether all of it is an event, or nothing at all.
fn one<E: Events>(line: Line<'_>, events: &mut E) -> bool {
    let text = line.text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return true;
    }
    let start = if text.starts_with('{') {
        Some(0)
    } else {
        E::BEGINNINGS.iter().filter_map(|beginning| text.find(beginning)).min()
    };
    let Some((before, object)) = start.and_then(|start| text.split_at_checked(start)) else {
        events.text(text);
        return false;
    };
    if !before.is_empty() {
        events.text(before);
    }
    match serde_json::from_str::<E::Event>(object) {
        Ok(event) => events.event(event, line.number) && before.is_empty(),
        Err(_) if !line.is_ended => {
            let what = format!("cut off within an event: `{}`", prefix(object, 80));
            events.trouble(at(line, before, what));
            false
        }
        Err(_) if line.is_cut => {
            events.trouble(at(line, before, "an event is too long".to_owned()));
            false
        }
        Err(error) if object.contains(E::MARK) => {
            let what = error.to_string();
            let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
            events.trouble(at(line, before, format!("an event is invalid: {what}")));
            false
        }
        Err(_) => {
            events.text(object);
            false
        }
    }
}

fn at(line: Line<'_>, before: &str, what: String) -> Trouble {
    Trouble { what, at: Position { line: line.number, column: before.chars().count() as u64 + 1 } }
}

/// The last part of a text that may be long: its end is the most useful.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tail {
    text: String,
    is_cut: bool,
}

impl Tail {
    /// Maximum number of bytes that are handed out.
    const KEPT: usize = 1_900;

    /// Adds text; the oldest goes where there is too much.
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(suffix(text, 2 * Self::KEPT));
        self.is_cut |= text.len() > 2 * Self::KEPT;
        if self.text.len() > 4 * Self::KEPT {
            self.text = suffix(&self.text, 2 * Self::KEPT).to_owned();
            self.is_cut = true;
        }
    }

    /// Adds a line.
    pub(crate) fn push_line(&mut self, line: &str) {
        self.push(line);
        self.push("\n");
    }

    /// What is kept, without white space around it and with a mark where something is missing.
    pub(crate) fn text(&self) -> String {
        let text = self.text.trim();
        let part = suffix(text, Self::KEPT);
        if part.len() == text.len() && !self.is_cut {
            return part.to_owned();
        }
        let part = part.split_once('\n').map_or(part, |(_, whole)| whole);
        format!("[…]\n{part}")
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.is_cut = false;
    }
}

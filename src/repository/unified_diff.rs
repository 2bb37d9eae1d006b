//! A diff in the unified form, as `git diff` and `diff -u` write it.
//!
//! Text around the files of a diff is passed over; everything that starts like a part of a diff is understood or a trouble. A
//! cut between two hunks is the one thing that can't be told, for nothing in a diff says how many there are.

use std::io::Read;
use std::ops::RangeInclusive;

use super::change::Change;
use super::diff_paths::{self, Names};
use devops_reading::lines::{Line, Lines};
use devops_reading::trouble::{Trouble, Troubles};

/// Reads a diff; one without any text says nothing of the change, as `git diff` leaves it where it fails.
pub fn parse<R: Read>(source: R) -> (Option<Change>, Troubles) {
    let mut parser = Parser::default();
    let mut lines = Lines::new(source);
    loop {
        match lines.next_line() {
            Ok(Some(line)) => parser.line(&line),
            Ok(None) => break,
            Err(trouble) => {
                parser.troubles.push(trouble);
                break;
            }
        }
    }
    parser.end()
}

/// How the names of the empty file's object begin.
const EMPTY: [&str; 2] = ["e69de29", "473a0f4"];

/// Where in a diff a line stands.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the first file, or in text between files.
    #[default]
    Text,
    /// In what is said about a file before its hunks.
    Header,
    /// In a hunk.
    Hunk,
    /// Behind a hunk that is complete.
    Behind,
    /// In a part that is passed over: binary, or refused.
    Passed,
}

#[derive(Default)]
struct Parser {
    change: Change,
    troubles: Troubles,
    at: At,
    file: Option<File>,
    hunk: Hunk,
    last: u64,
    has_text: bool,
}

/// What becomes of a file.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Fate {
    #[default]
    Kept,
    New,
    Deleted,
}

/// What is known about the file at hand.
#[derive(Default)]
struct File {
    line: u64,
    names: Names,
    is_binary: bool,
    /// Whether a line says what happened to it, which its name alone does not.
    is_told: bool,
    fate: Fate,
    /// Whether its header says that its content changed.
    is_changed: bool,
    added: Vec<RangeInclusive<u64>>,
    removed: u64,
    hunks: u64,
    /// The first line behind the last hunk.
    behind: u64,
}

impl File {
    /// Whether something must follow that does not.
    fn is_cut(&self) -> bool {
        let is_headed = self.names.old.is_some() || self.names.new.is_some();
        let is_half_renamed = self.names.from.is_some() && self.names.to.is_none();
        // The content of what is gone may be left out.
        let is_expected = is_headed || (self.is_changed && !self.is_binary && self.fate != Fate::Deleted);
        !self.is_told || is_half_renamed || (is_expected && self.hunks == 0 && !self.is_binary)
    }
}

/// The hunk at hand: how many lines of each side are still to come.
#[derive(Default)]
struct Hunk {
    line: u64,
    old: u64,
    new: u64,
    /// Number of the next line of the new side.
    next: u64,
}

impl Parser {
    fn line(&mut self, line: &Line<'_>) {
        self.last = line.number;
        self.has_text |= !line.text.trim().is_empty();
        if self.at == At::Hunk && self.in_hunk(line) {
            return;
        }
        let is_begun = ["diff --git ", "--- ", "@@ "].iter().any(|word| word.starts_with(line.text));
        if !line.is_ended && (is_begun || self.at == At::Header) {
            self.trouble(line.number, "the diff is cut off in the middle of this line");
        }
        let text = line.text;
        if let Some(names) = text.strip_prefix("diff --git ") {
            self.begin(line.number, File { names: Names::of_git(names), ..File::default() });
        } else if text.starts_with("diff --cc ") || text.starts_with("diff --combined ") {
            self.refuse(line.number);
        } else if text.starts_with("diff ") && self.at != At::Header {
            self.close();
        } else if self.at != At::Passed {
            self.in_file(line);
        }
    }

    /// A line outside of hunks.
    fn in_file(&mut self, line: &Line<'_>) {
        let text = line.text;
        let is_ours = matches!(self.at, At::Header) && self.file.is_some();
        if let Some(path) = text.strip_prefix("--- ") {
            self.old_name(line.number, path);
        } else if text.starts_with("@@@") {
            self.refuse(line.number);
        } else if text.starts_with("@@ ") {
            self.hunk(line.number, text);
        } else if is_ours {
            self.header(line.number, text);
        } else if let Some(names) =
            text.strip_prefix("Binary files ").and_then(|rest| rest.strip_suffix(" differ"))
        {
            let mut file = File { is_binary: true, is_told: true, ..File::default() };
            file.names.binary(names);
            self.begin(line.number, file);
            self.close();
        } else if self.at == At::Behind {
            let is_signature = text == "-- " || text == "--";
            if text.starts_with(['+', '-', ' ']) && !is_signature {
                self.trouble(line.number, "this line is not part of a hunk");
            } else if !text.starts_with('\\') {
                self.close();
            }
        }
    }

    /// A line that says something about the file at hand.
    fn header(&mut self, number: u64, text: &str) {
        let Some(file) = &mut self.file else { return };
        let path = |text: &str| diff_paths::unquoted(text);
        if let Some(name) = text.strip_prefix("+++ ") {
            file.names.new = Some(diff_paths::header(name));
            file.is_told = true;
        } else if let Some(name) = text.strip_prefix("rename from ") {
            file.names.from = Some(path(name));
        } else if let Some(name) = text.strip_prefix("rename to ") {
            file.names.to = Some(path(name));
            file.is_told = true;
        } else if let Some(name) = text.strip_prefix("copy to ") {
            file.names.to = Some(path(name));
            file.is_told = true;
        } else if text.starts_with("new file mode ") {
            (file.fate, file.is_told) = (Fate::New, true);
        } else if text.starts_with("deleted file mode ") {
            (file.fate, file.is_told) = (Fate::Deleted, true);
        } else if text.starts_with("new mode ") {
            file.is_told = true;
        } else if text.starts_with("Binary files ") || text == "GIT binary patch" {
            (file.is_binary, file.is_told) = (true, true);
            self.at = At::Passed;
        } else if let Some(likeness) = text.strip_prefix("similarity index ") {
            file.is_changed |= likeness != "100%";
        } else if let Some(objects) = text.strip_prefix("index ") {
            let is_empty = EMPTY.iter().any(|empty| objects.contains(empty));
            file.is_changed |= !(is_empty && file.fate == Fate::New);
        } else if !["old mode ", "dissimilarity index ", "copy from "]
            .iter()
            .any(|known| text.starts_with(known))
        {
            if text.trim().is_empty() {
                self.close();
            } else {
                self.trouble(number, "this line is not part of a diff header");
            }
        }
    }

    /// `--- `, which begins a file unless a line of git's did.
    fn old_name(&mut self, number: u64, name: &str) {
        let is_begun =
            self.at == At::Header && self.file.as_ref().is_some_and(|file| file.names.old.is_none());
        if !is_begun {
            self.begin(number, File::default());
        }
        if let Some(file) = &mut self.file {
            file.names.old = Some(diff_paths::header(name));
        }
    }

    /// `@@ -1,2 +3,4 @@`.
    fn hunk(&mut self, number: u64, text: &str) {
        let is_named =
            self.file.as_ref().is_some_and(|file| file.names.old.is_some() && file.names.new.is_some());
        if !is_named || !matches!(self.at, At::Header | At::Behind) {
            return self.trouble(number, "this hunk is not part of a file");
        }
        let Some((old, new)) = ranges(text) else {
            return self.trouble(number, "this line of a hunk is invalid");
        };
        let Some(file) = &mut self.file else { return };
        file.hunks += 1;
        // Where a side is empty, its number is that of the line before.
        let next = if new.1 == 0 { new.0.saturating_add(1) } else { new.0 };
        if next < file.behind {
            self.troubles.push(Trouble::line(number, "this hunk comes before the previous one"));
        }
        self.hunk = Hunk { line: number, old: old.1, new: new.1, next };
        self.at = At::Hunk;
        self.finish_hunk();
    }

    /// A line while a hunk is open; whether it belongs to it.
    fn in_hunk(&mut self, line: &Line<'_>) -> bool {
        let Some(file) = &mut self.file else { return false };
        let hunk = &mut self.hunk;
        let is_understood = match line.text.as_bytes().first() {
            // Some tools take away the space of an empty line.
            Some(b' ') | None if hunk.old > 0 && hunk.new > 0 => {
                hunk.old -= 1;
                hunk.new -= 1;
                hunk.next = hunk.next.saturating_add(1);
                true
            }
            Some(b'-') if hunk.old > 0 => {
                hunk.old -= 1;
                file.removed += 1;
                true
            }
            Some(b'+') if hunk.new > 0 => {
                hunk.new -= 1;
                push(&mut file.added, hunk.next);
                hunk.next = hunk.next.saturating_add(1);
                true
            }
            Some(b'\\') => true,
            _ => false,
        };
        if is_understood {
            self.finish_hunk();
        } else {
            self.cut();
            self.at = At::Behind;
        }
        is_understood
    }

    /// Notes that a hunk is complete, if it is.
    fn finish_hunk(&mut self) {
        if self.hunk.old == 0 && self.hunk.new == 0 {
            if let Some(file) = &mut self.file {
                file.behind = self.hunk.next;
            }
            self.at = At::Behind;
        }
    }

    /// Says that the hunk at hand is not complete.
    fn cut(&mut self) {
        let Hunk { line, old, new, .. } = self.hunk;
        let what = format!("the hunk in line {line} is cut off: {old} old and {new} new lines are missing");
        self.troubles.push(Trouble::line(self.last, what));
        (self.hunk.old, self.hunk.new) = (0, 0);
    }

    /// Begins a file.
    fn begin(&mut self, number: u64, file: File) {
        self.close();
        self.file = Some(File { line: number, ..file });
        self.at = At::Header;
    }

    /// Refuses the diff of a merge, which has several old sides.
    fn refuse(&mut self, number: u64) {
        self.close();
        self.trouble(
            number,
            "this is the diff of a merge against several parents; give the diff against one of them",
        );
        self.at = At::Passed;
    }

    /// Takes what is known about the file at hand into the change.
    fn close(&mut self) {
        if self.at == At::Hunk {
            self.cut();
        }
        self.at = At::Text;
        let Some(mut file) = self.file.take() else { return };
        if file.is_cut() {
            return self.trouble(file.line, "the header of this file is cut off");
        }
        let Some((old, new)) = file.names.paths(file.fate == Fate::New, file.fate == Fate::Deleted) else {
            return self.trouble(file.line, "the name of this file is invalid");
        };
        let Some(path) = new.clone().or(old) else { return };
        let Change { added, deleted, binary, .. } = &mut self.change;
        // What was one kind of file and is another comes as two: the old one goes, the new one comes.
        let is_again = file.fate == Fate::New && deleted.remove(&path);
        if !is_again && (added.contains_key(&path) || deleted.contains(&path) || binary.contains(&path)) {
            return self.trouble(file.line, "this file occurs twice; give one diff, not several");
        }
        if let (Some(old), Some(new)) = (&file.names.from, &new) {
            self.change.renamed.insert(old.clone(), new.clone());
        }
        if new.is_none() {
            self.change.deleted.insert(path.clone());
        }
        if file.is_binary {
            self.change.binary.insert(path);
            return;
        }
        *self.change.removed.entry(path.clone()).or_insert(0) += file.removed;
        if new.is_some() {
            self.change.added.insert(path, std::mem::take(&mut file.added));
        }
    }

    fn trouble(&mut self, line: u64, what: &str) {
        self.troubles.push(Trouble::line(line, what));
    }

    /// The change, once there are no more lines.
    fn end(mut self) -> (Option<Change>, Troubles) {
        self.close();
        if self.has_text && self.troubles.is_empty() && self.change == Change::default() {
            self.troubles.push(Trouble::whole("not a unified diff"));
        }
        (Some(self.change).filter(|_| self.has_text), self.troubles)
    }
}

/// One more line, which goes on with the last range where it follows it.
fn push(ranges: &mut Vec<RangeInclusive<u64>>, line: u64) {
    match ranges.last_mut() {
        Some(last) if last.end().checked_add(1) == Some(line) => *last = *last.start()..=line,
        _ => ranges.push(line..=line),
    }
}

/// First line and number of lines of both sides of `@@ -1,2 +3 @@`.
fn ranges(text: &str) -> Option<((u64, u64), (u64, u64))> {
    let mut words = text.strip_prefix("@@ ")?.split(' ');
    let mut side = |sign: char| {
        let word = words.next()?.strip_prefix(sign)?;
        let (start, count) = word.split_once(',').unwrap_or((word, "1"));
        let digits =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
        Some((digits(start)?, digits(count)?))
    };
    let found = (side('-')?, side('+')?);
    words.next()?.starts_with("@@").then_some(found)
}

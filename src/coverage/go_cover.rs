//! Go cover profiles: blocks of statements with a count, one a line.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use super::model::{Budget, Line, highest};
use super::numbers::Count;
use super::{Format, Reading, first_line, numbers};
use devops_reading::excerpt::shorten;
use devops_reading::lines::Lines;
use devops_reading::shape::Shape;
use devops_reading::trouble::Trouble;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "Go cover profile",
    is_summary: false,
    is,
    read,
    #[cfg(test)]
    written: tests::written,
};

/// What is read here.
pub(super) const FORMATS: &[Format] = &[FORMAT];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(first_line(shape), Some(("mode", mode)) if matches!(mode.trim(), "set" | "count" | "atomic"))
}

/// Where a block stands: first line and column, last line and column.
type Place = [u32; 4];

/// A block: how often it ran, whether that is only yes or no, and whether a counter of it overflowed.
struct Block {
    hits: u32,
    is_set: bool,
    is_overflowed: bool,
}

/// Reads a profile, also one of several profiles in a row. The same block of another test counts on, or stays a yes in the
/// mode `set`. A line is covered if any block on it ran.
fn read(source: &mut dyn Read, reading: &mut Reading) {
    let mut lines = Lines::new(source);
    let mut files: BTreeMap<String, HashMap<Place, Block>> = BTreeMap::new();
    let mut mode = None;
    loop {
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(trouble) => {
                reading.troubles.push(trouble);
                break;
            }
        };
        let mut trouble = |what: String| reading.troubles.push(Trouble::line(line.number, what));
        let text = line.text.trim();
        if let Some(name) = text.strip_prefix("mode:") {
            match name.trim() {
                "set" => mode = Some(true),
                "count" | "atomic" => mode = Some(false),
                name => trouble(format!("`{}` is not a mode of a Go cover profile", shorten(name, 40))),
            }
        } else if !text.is_empty() {
            match (block(text), mode) {
                (Some(_), None) => trouble("a block is before the mode".to_owned()),
                (Some((path, place, statements, count)), Some(is_set)) => {
                    if !files.contains_key(path) {
                        files.insert(path.to_owned(), HashMap::new());
                    }
                    if statements > 0
                        && let Some(file) = files.get_mut(path)
                    {
                        let block = file.entry(place).or_insert(Block {
                            hits: 0,
                            is_set: true,
                            is_overflowed: false,
                        });
                        block.hits = block.hits.saturating_add(count.hits());
                        block.is_overflowed |= count == Count::Overflowed;
                        block.is_set &= is_set;
                    }
                }
                (None, _) => trouble(format!("`{}` is not a block of a Go cover profile", shorten(text, 60))),
            }
        }
        if !line.is_ended {
            trouble("cut off: the last line has no end".to_owned());
        }
    }
    if mode.is_none() {
        reading.troubles.push(Trouble::whole("contains no `mode:` line"));
    }
    put(files, reading);
}

/// Lines out of blocks.
fn put(files: BTreeMap<String, HashMap<Place, Block>>, reading: &mut Reading) {
    let mut budget = Budget::new();
    for (path, blocks) in files {
        let mut lines = Vec::new();
        let mut overflowed: Vec<u32> =
            blocks.iter().filter(|(_, block)| block.is_overflowed).map(|([first, ..], _)| *first).collect();
        overflowed.sort_unstable();
        for ([first, _, last, _], block) in blocks {
            let hits = if block.is_set { block.hits.min(1) } else { block.hits };
            match budget.lines(first, last) {
                Ok(range) => lines.extend(range.map(|number| Line { number, hits })),
                Err(what) => {
                    reading.troubles.push(Trouble::whole(format!("{}: {what}", shorten(&path, 200))));
                }
            }
        }
        highest(&mut lines);
        let file = reading.coverage.file(&path);
        for line in lines {
            file.line(line.number, line.hits);
        }
        for number in overflowed {
            file.overflow(number);
        }
    }
}

/// `path:line.column,line.column statements count`, taken apart from its end as a path may hold anything.
fn block(text: &str) -> Option<(&str, Place, u32, Count)> {
    let (rest, hits) = text.rsplit_once(' ')?;
    let (rest, statements) = rest.rsplit_once(' ')?;
    let (path, range) = rest.rsplit_once(':')?;
    let (from, to) = range.split_once(',')?;
    let place = |text: &str| {
        let (line, column) = text.split_once('.')?;
        Some((line.parse().ok()?, column.parse().ok()?))
    };
    let ((first, column), (last, end)) = (place(from)?, place(to)?);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_sound = !path.is_empty() && is_digits(hits) && first > 0;
    is_sound.then_some(())?;
    Some((path, [first, column, last, end], statements.parse().ok()?, numbers::count(hits)?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::properties_tests::Run;
    use super::super::tests::{read, shown};
    use super::FORMAT;

    #[test]
    fn profiles_in_a_row_are_merged_by_their_mode() {
        let profile = |mode: &str, hits: [u32; 3]| {
            format!(
                "mode: {mode}\nx/a b.go:1.2,3.4 2 {}\nx/a b.go:3.4,3.9 1 {}\nx/a b.go:5.1,6.2 1 {}\nx/c.go:1.1,1.2 0 0\n",
                hits[0], hits[1], hits[2]
            )
        };
        let shown_of =
            |mode: &str| shown(&read(FORMAT, &(profile(mode, [1, 0, 0]) + &profile(mode, [1, 1, 0]))));
        assert_eq!(shown_of("set"), "x/a b.go: 1=1 2=1 3=1 5=0 6=0\nx/c.go: -\n");
        assert_eq!(shown_of("count"), "x/a b.go: 1=2 2=2 3=2 5=0 6=0\nx/c.go: -\n");
        assert_eq!(shown_of("atomic"), shown_of("count"));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for text in [
            "",
            "mode: set\na.go:1.1,2.2 1 1",
            "a.go:1.1,2.2 1 1\nmode: set\n",
            "mode: sometimes\n",
            "mode: set\na.go:1.1,2.2 1\n",
            "mode: set\na.go:3.1,2.2 1 1\n",
            "mode: set\na.go:1.1,4000000000.2 1 1\n",
            "mode: set\na.go:0.1,1.2 1 1\n",
            "mode: set\nFAIL\n",
        ] {
            assert!(shown(&read(FORMAT, text)).contains("! "), "{text}");
        }
        let many: String = (0..100).map(|index| format!("a{index}.go:1.1,1999999.2 0 1\n")).collect();
        assert!(
            !shown(&read(FORMAT, &format!("mode: set\n{many}"))).contains("! "),
            "blocks without statements"
        );
    }

    /// A run as this format writes it.
    pub(in super::super) fn written(run: &Run) -> String {
        let block = |path: &str, number: &u32, hits: &u32| format!("{path}:{number}.1,{number}.9 1 {hits}\n");
        let file = |(path, lines): (&String, &BTreeMap<u32, u32>)| -> String {
            lines.iter().map(|(number, hits)| block(path, number, hits)).collect()
        };
        format!("mode: count\n{}", run.iter().map(file).collect::<String>())
    }
}

//! A unified diff of lines that were changed one by one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Lines around a change.
const CONTEXT: usize = 3;

/// The diff of a file; `changes` has the new text for the lines it names, from 0, without the end of the line.
pub(super) fn unified(path: &str, text: &str, changes: &BTreeMap<usize, Vec<String>>) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut diff = format!("diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n");
    let mut added = 0;
    let mut at = changes.keys().copied().peekable();
    while let Some(first) = at.next() {
        let start = first.saturating_sub(CONTEXT);
        let mut last = first;
        while let Some(next) = at.next_if(|next| *next <= last + 2 * CONTEXT) {
            last = next;
        }
        let end = (last + CONTEXT + 1).min(lines.len());
        let (mut body, mut before, mut after) = (String::new(), 0_usize, 0_usize);
        for (number, line) in lines.iter().enumerate().take(end).skip(start) {
            before += 1;
            match changes.get(&number) {
                None => {
                    after += 1;
                    put(&mut body, ' ', line);
                }
                Some(new) => {
                    put(&mut body, '-', line);
                    let ending = line.get(line.trim_end_matches(['\r', '\n']).len()..).unwrap_or_default();
                    for (place, new) in new.iter().enumerate() {
                        after += 1;
                        // Only the last line of a file may have no end.
                        let is_last = place + 1 == changes.get(&number).map_or(0, Vec::len);
                        let ending = if ending.is_empty() && !is_last { "\n" } else { ending };
                        put(&mut body, '+', &format!("{new}{ending}"));
                    }
                }
            }
        }
        let _ = writeln!(diff, "@@ -{},{before} +{},{after} @@", start + 1, start + 1 + added);
        diff.push_str(&body);
        added += after.saturating_sub(before);
    }
    diff
}

/// Adds a line with its sign.
fn put(body: &mut String, sign: char, line: &str) {
    body.push(sign);
    body.push_str(line);
    if !line.ends_with('\n') {
        body.push_str("\n\\ No newline at end of file\n");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::unified;

    #[test]
    fn hunks_have_three_lines_around_and_join_where_they_meet() {
        let text: String = (1..=20).map(|number| format!("{number}\n")).collect();
        let changes =
            BTreeMap::from([(4, vec!["five".to_owned(), "more".to_owned()]), (19, vec!["end".to_owned()])]);
        assert_eq!(
            unified("a", &text, &changes),
            "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -2,7 +2,8 @@\n 2\n 3\n 4\n-5\n+five\n+more\n 6\n 7\n 8\n\
             @@ -17,4 +18,4 @@\n 17\n 18\n 19\n-20\n+end\n"
        );
        let changes = BTreeMap::from([(0, vec!["b".to_owned()])]);
        assert_eq!(
            unified("a", "a\r\nend", &changes),
            "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-a\r\n+b\r\n end\n\\ No newline at end of file\n"
        );
    }
}

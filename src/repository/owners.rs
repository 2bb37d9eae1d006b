//! Who owns a failing test: `CODEOWNERS` of the repository, as the hosts read it.
//!
//! The file only says whom to ask. It decides nothing, so that what can't be understood is a note and never an error.

use std::io;
use std::path::Path;

use devops_core::words::number;
use devops_core::{Finding, Input, Role};
use devops_reading::glob;

/// Where the file may be; the first one counts. Those of one host go first, so that a repository on both has one answer.
const PLACES: [&str; 4] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// Most bytes of the file; hosts ignore a larger one.
const LARGEST: u64 = 3 << 20;

/// Most lines that a note names, and most owners that a finding does.
const NAMED: usize = 3;
const OWNERS: usize = 20;

/// How patterns are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// As in `.gitignore`, without ranges; the last line that matches names the owners.
    Flat,
    /// With sections, each of which names owners; a pattern without a `/` in front stands at any depth.
    Sections,
}

/// What `CODEOWNERS` says.
pub struct Owners {
    rules: Vec<Rule>,
}

/// A line of it.
struct Rule {
    /// The section it stands in; lines before the first one are a section, too.
    section: usize,
    pattern: String,
    /// Whether what it matches belongs to nobody in its section, whatever follows.
    is_excluded: bool,
    owners: Vec<String>,
}

/// The file, and what is to be said about it.
#[derive(Default)]
pub struct Found {
    /// The owners by path, where there is a file of them.
    pub owners: Option<Owners>,
    /// The file as an input of the report.
    pub input: Option<Input>,
    /// What of it could not be used.
    pub note: Option<String>,
}

/// Reads the file of a repository or folder; what can't be read is a note.
pub fn find(root: &Path) -> Found {
    let Some(place) = PLACES.iter().find(|place| root.join(place).symlink_metadata().is_ok()) else {
        return Found::default();
    };
    let unread =
        |why: &str| Found { note: Some(format!("owners are unknown: {place} {why}")), ..Found::default() };
    // A link may lead out of the repository.
    let bytes = match devops_files::read_itself(&root.join(place), LARGEST) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => return unread("is not a regular file"),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return unread("is larger than 3 MiB"),
        Err(error) => return unread(&format!("can't be read: {error}")),
    };
    let Ok(text) = std::str::from_utf8(&bytes) else { return unread("is not UTF-8") };
    let (owners, troubles) = Owners::parse(text, dialect(place, text, root));
    let note = (!troubles.is_empty()).then(|| {
        let named: Vec<String> =
            troubles.iter().take(NAMED).map(|(line, why)| format!("{place}:{line}: {why}")).collect();
        let more = troubles.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {} more lines", number(more as u64)) } else { String::new() };
        format!("some owners are unknown: {}{more}", named.join("; "))
    });
    Found { owners: Some(owners), input: Some(Input::of_bytes(*place, &bytes)), note }
}

/// How the file is read, whatever the host of this run: by where it is, by its sections, by the pipeline beside it.
fn dialect(place: &str, text: &str, root: &Path) -> Dialect {
    let has_sections = || text.lines().any(|line| heading(line.trim()).is_some() || line.starts_with('!'));
    let is_piped = || root.join(".gitlab-ci.yml").is_file() && !root.join(".github").is_dir();
    match place {
        ".github/CODEOWNERS" => Dialect::Flat,
        ".gitlab/CODEOWNERS" => Dialect::Sections,
        _ if has_sections() || is_piped() => Dialect::Sections,
        _ => Dialect::Flat,
    }
}

impl Owners {
    /// Reads the text, and says which lines are not understood.
    fn parse(text: &str, dialect: Dialect) -> (Self, Vec<(usize, String)>) {
        let mut rules = Vec::new();
        let mut troubles = Vec::new();
        let mut sections = vec![(String::new(), Vec::new())];
        let mut section = 0;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some((name, rest)) = heading(line).filter(|_| dialect == Dialect::Sections) {
                // A section of the same name goes on.
                let name = name.to_lowercase();
                section = sections.iter().position(|(known, _)| *known == name).unwrap_or(sections.len());
                let owners = owners(rest.split_whitespace()).0;
                match sections.get_mut(section) {
                    Some((_, known)) if !owners.is_empty() => *known = owners,
                    Some(_) => {}
                    None => sections.push((name, owners)),
                }
                continue;
            }
            let (pattern, rest) = pattern(line);
            let (mut owners, other) = owners(rest.split_whitespace());
            if let (Some(other), Dialect::Flat) = (other, dialect) {
                troubles.push((index + 1, format!("`{other}` is not an owner")));
                continue;
            }
            let is_excluded = dialect == Dialect::Sections && pattern.starts_with('!');
            let pattern = if is_excluded { pattern.get(1..).unwrap_or_default() } else { &pattern };
            if owners.is_empty() && !is_excluded {
                owners = sections.get(section).map(|(_, default)| default.clone()).unwrap_or_default();
            }
            match parts(pattern, dialect) {
                Ok(pattern) => rules.push(Rule { section, pattern, is_excluded, owners }),
                Err(why) => troubles.push((index + 1, why.to_owned())),
            }
        }
        (Self { rules }, troubles)
    }

    /// Who owns a path below the root, each once, in the order of the sections.
    fn of(&self, path: &str) -> Vec<&str> {
        let mut last: Vec<(usize, Option<&Rule>)> = Vec::new();
        for rule in self.rules.iter().filter(|rule| glob::is_match(&rule.pattern, path)) {
            let known = last.iter_mut().find(|(section, _)| *section == rule.section);
            match known {
                Some((_, known)) if rule.is_excluded => *known = None,
                Some((_, known)) => *known = known.map(|_| rule),
                None => last.push((rule.section, (!rule.is_excluded).then_some(rule))),
            }
        }
        last.sort_by_key(|(section, _)| *section);
        let mut owners: Vec<&str> = Vec::new();
        for owner in last.iter().filter_map(|(_, rule)| *rule).flat_map(|rule| &rule.owners) {
            if !owners.contains(&owner.as_str()) {
                owners.push(owner);
            }
        }
        owners.truncate(OWNERS);
        owners
    }

    /// Names the owners of what a finding is about, where it stands in a file of the repository.
    pub fn name(&self, finding: &mut Finding, is_known: impl Fn(&str) -> bool) {
        let Some(location) = &finding.location else { return };
        let path = location.path.trim_start_matches("./");
        if !is_known(path) {
            return;
        }
        let owners: Vec<String> = self.of(path).into_iter().map(str::to_owned).collect();
        if !owners.is_empty() {
            finding.subject.insert(Role::Fact, "owners", owners);
        }
    }
}

/// The name of a section and what stands behind its heading: `^[Name][2] @owner`.
fn heading(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?.split_once(']')?;
    let approvals = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let approvals = approvals.filter(|(count, _)| count.bytes().all(|byte| byte.is_ascii_digit()));
    let rest = approvals.map_or(rest, |(_, rest)| rest);
    let is_heading = !name.trim().is_empty() && (rest.is_empty() || rest.starts_with(char::is_whitespace));
    is_heading.then_some((name.trim(), rest))
}

/// The pattern of a line with its escapes resolved, and what follows it. A space belongs to it behind a backslash.
fn pattern(line: &str) -> (String, &str) {
    let mut pattern = String::new();
    let mut characters = line.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.next() {
                // A character that would have a meaning keeps its backslash, to be noticed.
                Some((_, next)) if "*?".contains(next) => pattern.extend(['\\', next]),
                Some((_, next)) => pattern.push(next),
                None => pattern.push('\\'),
            },
            _ if character.is_whitespace() => return (pattern, line.get(at..).unwrap_or_default()),
            _ => pattern.push(character),
        }
    }
    (pattern, "")
}

/// The owners among some words up to a comment, and the first word that is none.
fn owners<'a>(words: impl Iterator<Item = &'a str>) -> (Vec<String>, Option<&'a str>) {
    let words: Vec<&str> = words.take_while(|word| !word.starts_with('#')).collect();
    let is_owner = |word: &&&str| {
        let is_address =
            word.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
        word.len() > 1 && word.starts_with('@') || is_address
    };
    let owners = words.iter().filter(is_owner).map(|word| (*word).to_owned()).collect();
    (owners, words.iter().find(|word| !is_owner(word)).copied())
}

/// A pattern as [`glob::is_match`] reads it, from the root on; an error says what is not understood.
fn parts(pattern: &str, dialect: Dialect) -> Result<String, &'static str> {
    if pattern.contains('\\') {
        return Err("a literal `*` or `?` is not supported");
    }
    if dialect == Dialect::Sections && pattern.contains('[') {
        return Err("character ranges are not supported");
    }
    let is_rooted = pattern.starts_with('/');
    let is_folder = pattern.ends_with('/');
    let mut parts: Vec<String> =
        pattern.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect();
    let Some(last) = parts.last().cloned() else { return Err("the pattern is empty") };
    let is_single = parts.len() == 1;
    let is_anywhere = match dialect {
        Dialect::Flat => !is_rooted && is_single,
        Dialect::Sections => !is_rooted,
    };
    if is_anywhere {
        parts.insert(0, "**".to_owned());
    }
    if is_folder || last == "**" {
        parts.extend(["**".to_owned(), "*".to_owned()]);
    } else if dialect == Dialect::Flat && last != "*" {
        // A name is a file, or a folder with all that is in it; a star is only what is right there.
        parts.push("**".to_owned());
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{Dialect, Owners, find, heading};

    fn of(text: &str, dialect: Dialect, path: &str) -> String {
        Owners::parse(text, dialect).0.of(path).join(" ")
    }

    #[test]
    fn the_last_line_that_matches_names_the_owners() {
        let text = "\
            # Who is asked.\n\
            *       @all\n\
            *.js    @js # inline\n\
            /build/logs/ @doctor\n\
            docs/*  docs@example.com\n\
            apps/   @octocat\n\
            /scripts @scripts @org/team\n\
            **/logs @logs\n\
            /apps/github\n\
            my\\ folder/ @space\n\
            a[bc].txt @range\n";
        for (path, expected) in [
            ("README.md", "@all"),
            ("src/deep/a.js", "@js"),
            ("build/logs/a/b.txt", "@logs"),
            ("docs/a.md", "docs@example.com"),
            ("docs/build/a.md", "@all"),
            ("x/apps/a.c", "@octocat"),
            ("scripts/a/b.sh", "@scripts @org/team"),
            ("x/scripts/b.sh", "@all"),
            ("deep/logs/x", "@logs"),
            ("apps/github/a", ""),
            ("my folder/a", "@space"),
            ("ab.txt", "@all"),
            ("a[bc].txt", "@range"),
        ] {
            assert_eq!(of(text, Dialect::Flat, path), expected, "{path}");
        }
    }

    #[test]
    fn each_section_names_its_owners() {
        let text = "\
            * @all\n\
            docs/api @anywhere\n\
            [Backend][2] @backend\n\
            *.rb\n\
            /config/ @ops\n\
            !/config/local.rb\n\
            /config/local.rb @late\n\
            ^[Docs] @docs @@maintainer\n\
            /docs\n\
            \\#notes\\ 1.md\n\
            [backend]\n\
            *.erb\n";
        for (path, expected) in [
            ("a.py", "@all"),
            ("x/a.rb", "@all @backend"),
            ("config/a/b.yml", "@all @ops"),
            ("config/local.rb", "@all"),
            ("deep/docs/api", "@anywhere"),
            ("docs/a.md", "@all"),
            ("docs", "@all @docs @@maintainer"),
            ("x/#notes 1.md", "@all @docs @@maintainer"),
            ("x.erb", "@all @backend"),
        ] {
            assert_eq!(of(text, Dialect::Sections, path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said_and_takes_nothing_away() {
        let (owners, troubles) =
            Owners::parse("* @all\n*.js everyone\n\\*.rs @rust\n/ @root\n", Dialect::Flat);
        assert_eq!(owners.of("a.js"), ["@all"]);
        let lines: Vec<usize> = troubles.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4], "{troubles:?}");
    }

    #[test]
    fn headings_are_told_from_patterns() {
        assert_eq!(heading("^[A b][2] @x"), Some(("A b", " @x")));
        assert_eq!(heading("[A]"), Some(("A", "")));
        for line in ["[ab].txt @x", "[] @x", "[A", "a [b]"] {
            assert_eq!(heading(line), None, "{line}");
        }
    }

    #[test]
    fn a_file_that_can_not_be_read_is_a_note() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(folder.path()).note.is_none());
        std::fs::create_dir(folder.path().join("CODEOWNERS")).unwrap();
        assert_eq!(find(folder.path()).note.unwrap(), "owners are unknown: CODEOWNERS is not a regular file");
        std::fs::create_dir(folder.path().join(".github")).unwrap();
        std::fs::write(folder.path().join(".github/CODEOWNERS"), b"* \xff").unwrap();
        assert_eq!(find(folder.path()).note.unwrap(), "owners are unknown: .github/CODEOWNERS is not UTF-8");
        std::fs::write(folder.path().join(".github/CODEOWNERS"), "* @all\n* nobody\n").unwrap();
        let found = find(folder.path());
        assert_eq!(found.owners.unwrap().of("a"), ["@all"]);
        assert_eq!(
            found.note.unwrap(),
            "some owners are unknown: .github/CODEOWNERS:2: `nobody` is not an owner"
        );
    }

    /// Whether a path, or a folder it is in, is what a pattern of `.gitignore` says.
    fn is_ignored(pattern: &str, path: &str) -> bool {
        let pattern = gix::glob::Pattern::from_bytes_without_negation(pattern.as_bytes()).unwrap();
        let ends = path.match_indices('/').map(|(end, _)| (end, true)).chain([(path.len(), false)]);
        ends.into_iter().any(|(end, is_folder)| {
            let path = &path[..end];
            let name = path.rfind('/').map(|at| at + 1);
            let mode = gix::glob::wildmatch::Mode::NO_MATCH_SLASH_LITERAL;
            pattern.matches_repo_relative_path(
                path.into(),
                name,
                Some(is_folder),
                gix::glob::pattern::Case::Sensitive,
                mode,
            )
        })
    }

    proptest! {
        #[test]
        fn patterns_mean_what_git_says(
            pattern in "/?((a|b|ab|\\*|\\*\\*|a\\*|\\*b|a\\?)/){0,3}(a|b|ab|\\*b|a\\*|\\?)/?",
            path in "(a|b|ab|ba)(/(a|b|ab|ba)){0,4}",
        ) {
            let owners = Owners::parse(&format!("{pattern} @x\n"), Dialect::Flat).0;
            prop_assert_eq!(!owners.of(&path).is_empty(), is_ignored(&pattern, &path), "{} {}", pattern, path);
        }

        #[test]
        fn no_text_makes_it_panic(text in "([\\[\\]!^#@\\\\ \\n*?/a]){0,60}", path in "[a/#\\[ ]{0,10}") {
            for dialect in [Dialect::Flat, Dialect::Sections] {
                Owners::parse(&text, dialect).0.of(&path);
            }
        }
    }
}

//! `requirements.txt` and files named like it, in the dialect of pip.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::manifest::source_of;
use super::{Format, Source, node, python};
use crate::document::{Damage, text};
use crate::draft::Draft;
use crate::purl::pep_503;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error, Location};

/// The format.
pub(super) const FORMAT: Format =
    Format { name: "requirements.txt", is: is_requirements, is_named: is_requirements, read };

/// Deepest chain of files that include each other.
const DEEPEST: usize = 32;

/// Maximum number of files that are included.
const MOST_FILES: usize = 1_000;

/// Options with a value that don't change which packages are listed. A host that is trusted without a certificate brings in no registry.
const WITH_VALUE: [&str; 5] =
    ["--trusted-host", "--use-feature", "--no-binary", "--only-binary", "--uploaded-prior-to"];

/// Options without a value that don't change it either.
const WITHOUT_VALUE: [&str; 4] = ["--no-index", "--pre", "--prefer-binary", "--require-hashes"];

fn is_requirements(name: &str) -> bool {
    let path = name.to_ascii_lowercase();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let is_in_folder = folder.rsplit('/').next() == Some("requirements");
    name.ends_with(".txt") && (name.contains("requirements") || is_in_folder)
}

/// Whether a file that only looks like one by a part of its name is a text for people: not one of its lines asks for anything.
pub(super) fn is_prose(name: &str, bytes: &[u8]) -> bool {
    if name.to_ascii_lowercase().starts_with("requirements") {
        return false;
    }
    let source = Source::alone(name, bytes);
    let mut reader = Reader::new(&source);
    let Ok(bytes) = decoded(bytes) else { return false };
    let Ok(lines) = text(&bytes).and_then(logical) else { return false };
    let mut contents = lines.iter().map(|(_, line)| without_comment(line)).filter(|line| !line.is_empty());
    let is_sentence = |content: &str| {
        !content.starts_with('-')
            && !content.contains(['=', '<', '>', '~', '@', '/'])
            && content.contains(' ')
            && reader.line(content, 1, None, false).is_err()
    };
    lines.iter().any(|(_, line)| !without_comment(line).is_empty()) && contents.all(is_sentence)
}

/// Reads a file and those that it includes.
fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let mut reader = Reader::new(source);
    reader.file(source.bytes, "", false, 0)?;
    let mut draft = Draft::default();
    for mut package in reader.asked {
        if package.origin == Origin::Registry {
            if let Some(version) = reader.fixed.get(&package.name).filter(|_| !package.is_exact()) {
                package.version.clone_from(version);
            }
            if let Some(index) = &reader.index {
                python::registry(&mut package, index);
            }
        }
        let requirement = package.requirement.clone();
        let path = package.file.clone().unwrap_or_else(|| source.path.to_owned());
        let location = Location::line(path, package.line);
        let index = draft.add(package);
        draft.ask(
            index,
            Some(location),
            Some(&requirement).filter(|text| !text.is_empty()).map(String::as_str),
            Scope::Runtime,
        );
    }
    for source in reader.sources {
        draft.add(source);
    }
    Ok(draft.finish())
}

struct Reader<'a> {
    source: &'a Source<'a>,
    asked: Vec<Package>,
    /// Exact versions of constraints, by normal name.
    fixed: BTreeMap<String, String>,
    /// The registry that replaces the public one.
    index: Option<String>,
    /// What may give any package beside it.
    sources: Vec<Package>,
    /// Included files, and whether as constraints.
    seen: BTreeSet<(String, bool)>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Source<'a>) -> Self {
        Self {
            source,
            asked: Vec::new(),
            fixed: BTreeMap::new(),
            index: None,
            sources: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    /// Reads a file; `path` leads to it from the lockfile and is empty for the lockfile itself.
    fn file(&mut self, bytes: &[u8], path: &str, is_constraint: bool, depth: usize) -> Result<(), Error> {
        let shown =
            if path.is_empty() { self.source.path.to_owned() } else { node::beside(self.source.path, path) };
        let help = "correct the line, or write the file again with the tool that made it";
        let damaged = |damage: Damage| damage.error(&shown, help);
        let decoded = decoded(bytes).map_err(damaged)?;
        let text = text(&decoded).map_err(damaged)?;
        for (line, content) in logical(text).map_err(damaged)? {
            let content = without_comment(&content);
            if content.is_empty() {
                continue;
            }
            if let Some((file, as_constraint)) = included(content) {
                let target = relative(path, file);
                if depth >= DEEPEST || self.seen.len() >= MOST_FILES {
                    return Err(damaged(Damage::new(line, "too many files include each other")));
                }
                if !self.seen.insert((target.clone(), as_constraint || is_constraint)) {
                    continue;
                }
                let bytes = (self.source.neighbour)(&target)?;
                let bytes =
                    bytes.ok_or_else(|| damaged(Damage::new(line, format!("`{file}` can't be read"))))?;
                self.file(&bytes, &target, as_constraint || is_constraint, depth + 1)?;
                continue;
            }
            let file = (!path.is_empty()).then(|| shown.clone());
            self.line(content, line, file, is_constraint).map_err(damaged)?;
        }
        Ok(())
    }

    /// Reads a line that includes nothing.
    fn line(
        &mut self,
        content: &str,
        line: u64,
        file: Option<String>,
        is_constraint: bool,
    ) -> Result<(), Damage> {
        if let Some((option, value)) = option(content) {
            if has_stray_word(value) {
                return Err(Damage::new(line, format!("something follows the value of `{option}`")));
            }
            match option {
                "-i" | "--index-url" | "--pypi-url" => self.index = Some(value.to_owned()),
                "--extra-index-url" | "-f" | "--find-links" if !value.is_empty() => {
                    let place = value.split_whitespace().next().unwrap_or_default();
                    let found = source_of(Ecosystem::PYPI, place, line);
                    self.sources.extend(found.map(|source| Package { file, ..source }));
                }
                "-e" | "--editable" => self.asked.push(Package { file, ..elsewhere(value, line)? }),
                _ if WITH_VALUE.contains(&option) && !value.is_empty() => {}
                _ if WITHOUT_VALUE.contains(&option) => {}
                _ => return Err(Damage::new(line, format!("unknown option `{option}`"))),
            }
            return Ok(());
        }
        let (what, hashes) = with_hashes(content)
            .ok_or_else(|| Damage::new(line, "something follows the requirement that is not an option"))?;
        // A marker compares with a quoted text.
        if let Some((_, marker)) = what.split_once("; ").or_else(|| what.split_once(" ;"))
            && !is_marker(marker)
        {
            return Err(Damage::new(line, format!("`{}` is no marker", marker.trim())));
        }
        let (name, rest) = python::requirement(what);
        let is_place = name.is_empty() || rest.starts_with(['/', ':', '\\', '+']) || what.starts_with('.');
        let package = if is_place {
            elsewhere(what, line)?
        } else if let Some(address) = rest.strip_prefix('@') {
            let address = address.trim();
            // pip takes nothing else; a word would be a folder of the project.
            if !address.contains([':', '/', '\\', '$']) {
                return Err(Damage::new(line, format!("`{address}` is no address")));
            }
            let (origin, source) = python::place(address);
            at_registry(address, name, line).unwrap_or_else(|| Package {
                origin,
                source,
                requirement: rest.to_owned(),
                ..python::package(name, "", line)
            })
        } else {
            let rest = rest.trim_start_matches('(').trim_end_matches(')').trim();
            check_specifier(rest, line)?;
            match exact(rest) {
                Some(version) => python::package(name, version, line),
                None => Package { requirement: rest.to_owned(), ..python::package(name, "", line) },
            }
        };
        if is_constraint {
            // One with a marker may not apply.
            if package.is_exact() && !what.contains(';') {
                self.fixed.insert(package.name, package.version);
            }
            return Ok(());
        }
        self.asked.push(Package { file, integrity: hashes, ..package });
        Ok(())
    }
}

/// Whether a word that is neither an option nor the value of one stands behind the value of an option, where pip would ignore it.
fn has_stray_word(value: &str) -> bool {
    let mut words = value.split_whitespace().skip(1);
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            return true;
        }
        if !word.contains('=') && !WITHOUT_VALUE.contains(&word) {
            words.next();
        }
    }
    false
}

/// Rejects what is no list of versions.
fn check_specifier(text: &str, line: u64) -> Result<(), Damage> {
    let is_clause = |clause: &str| {
        let operator = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"]
            .into_iter()
            .find(|operator| clause.starts_with(operator));
        operator.and_then(|operator| clause.strip_prefix(operator)).is_some_and(|version| {
            let version = version.trim();
            // Releases of pip before 24.1 take any version, such as a time; whether advisories are about such a one can't be told.
            let is_part =
                |character: char| character.is_ascii_alphanumeric() || ".*+!-_:".contains(character);
            !version.is_empty() && version.chars().all(is_part)
        })
    };
    if text.is_empty() || text.trim_end_matches(',').split(',').all(|clause| is_clause(clause.trim())) {
        Ok(())
    } else {
        Err(Damage::new(line, format!("`{text}` is not a list of versions")))
    }
}

/// The version that a specifier fixes.
fn exact(text: &str) -> Option<&str> {
    text.split(',').find_map(|clause| {
        let clause = clause.trim();
        let version = match clause.strip_prefix("===") {
            Some(version) => version,
            None => clause.strip_prefix("==").filter(|version| !version.contains('*'))?,
        };
        Some(version.trim())
    })
}

/// A package that is given by a folder, a file or an address.
fn elsewhere(text: &str, line: u64) -> Result<Package, Damage> {
    let text = text.split(" ;").next().unwrap_or_default().trim();
    let is_place = text.contains(['/', '\\', '.']) && !text.contains("==");
    if text.is_empty() || !(is_place || text.contains("://")) {
        return Err(Damage::new(line, format!("`{text}` is neither a package nor a place")));
    }
    let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
    let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg="));
    let place = address.split('[').next().unwrap_or_default().trim_end_matches('/');
    let last = place.rsplit(['/', '\\']).next().unwrap_or_default();
    let last = last.strip_suffix(".git").unwrap_or(last);
    // A wheel is called by name, version and platform.
    let is_wheel = std::path::Path::new(last).extension().is_some_and(|ending| ending == "whl");
    let last = if is_wheel { last.split('-').next().unwrap_or(last) } else { last };
    let name = egg.map_or(last, |egg| egg.split('[').next().unwrap_or_default());
    let name = if name.is_empty() || name == "." { "." } else { name };
    let (origin, source) = python::place(place);
    Ok(at_registry(place, name, line).unwrap_or_else(|| Package {
        origin,
        source,
        requirement: format!("@ {place}"),
        ..python::package(name, "", line)
    }))
}

/// The package of the public registry that an address is the file of, whatever it is called.
fn at_registry(address: &str, name: &str, line: u64) -> Option<Package> {
    let (name, version) = python::published(address, &pep_503(name))?;
    Some(python::package(&name, &version, line))
}

/// The file that a line includes, and whether as constraints.
fn included(content: &str) -> Option<(&str, bool)> {
    let (option, value) = option(content)?;
    match option {
        "-r" | "--requirement" => Some((value, false)),
        "-c" | "--constraint" => Some((value, true)),
        _ => None,
    }
}

/// The option that a line starts with, and its value.
fn option(content: &str) -> Option<(&str, &str)> {
    if !content.starts_with('-') {
        return None;
    }
    let end = match content.strip_prefix("--") {
        Some(_) => content.find(|character: char| character == '=' || character.is_whitespace()),
        // The value of a short option may follow without a space.
        None => content.char_indices().nth(2).map(|(at, _)| at),
    };
    let (option, value) = content.split_at_checked(end.unwrap_or(content.len()))?;
    let value = value.trim_start();
    Some((option, value.strip_prefix('=').unwrap_or(value).trim().trim_matches(['"', '\''])))
}

/// A requirement and the checksums behind it; none where something follows that is not an option, which pip would ignore.
fn with_hashes(content: &str) -> Option<(&str, Vec<String>)> {
    let Some(at) = content.find(" --") else { return Some((content, Vec::new())) };
    let (what, options) = content.split_at_checked(at)?;
    let hashes = if options.is_ascii() {
        // The same, faster; no other control character is in the file.
        hashes(options.split_ascii_whitespace())
    } else {
        hashes(options.split_whitespace())
    };
    Some((what.trim(), hashes?))
}

/// The checksums among the words of options.
fn hashes<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Vec<String>> {
    let mut hashes = Vec::new();
    while let Some(word) = words.next() {
        let (option, value) = word.split_once('=').unwrap_or((word, ""));
        let mut value = if word.contains('=') { value } else { words.next()? };
        match option {
            "--hash" => hashes.push(value.to_owned()),
            "--config-setting" | "--config-settings" | "--global-option" | "--install-option" => {
                // A value in quotation marks may have spaces.
                if let Some(quote) = value.chars().next().filter(|first| matches!(first, '"' | '\'')) {
                    while value.len() < 2 || !value.ends_with(quote) {
                        value = words.next()?;
                    }
                }
            }
            _ => return None,
        }
    }
    Some(hashes)
}

/// The path from the lockfile of a file that another one includes.
fn relative(from: &str, file: &str) -> String {
    let file = file.strip_prefix("file://").unwrap_or(file);
    match from.rsplit_once('/') {
        Some((folder, _)) if !file.starts_with('/') => format!("{folder}/{file}"),
        _ => file.to_owned(),
    }
}

/// The lines of a text for Python, which ends them at more than line breaks.
fn lines_of_python(text: &str) -> Vec<&str> {
    let is_end = |character: char| {
        matches!(
            character,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let mut lines = Vec::new();
    for line in text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        // Without a branch for each byte, so that many are compared together.
        let has_other = |has: bool, byte: u8| has | !(0x20..0x7f).contains(&byte);
        if line.bytes().fold(false, has_other) {
            lines.extend(line.split(is_end));
        } else {
            lines.push(line);
        }
    }
    lines
}

/// The bytes of a file as UTF-8: with a byte order mark pip reads UTF-16 as well.
///
/// A comment may name another encoding, in which the text would be another one.
fn decoded(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Damage> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => {
            for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n').take(2)) {
                let line = String::from_utf8_lossy(line);
                let named = ["coding:", "coding="].iter().find_map(|key| Some(line.split_once(key)?.1));
                let is_part = |character: char| character.is_alphanumeric() || "-_.".contains(character);
                let named = named.map(|rest| rest.trim_start().split(|part| !is_part(part)).next());
                let encoding = named.flatten().unwrap_or_default().to_ascii_lowercase().replace('_', "-");
                let is_utf_8 = matches!(encoding.as_str(), "" | "utf-8" | "utf8" | "ascii" | "us-ascii");
                if line.starts_with('#') && !is_utf_8 {
                    return Err(Damage::new(number, format!("unsupported encoding `{encoding}`")));
                }
            }
            return Ok(Cow::Borrowed(bytes));
        }
    };
    let not_utf_16 = || Damage::new(1, "not UTF-16");
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(not_utf_16());
    }
    let units: Vec<u16> = pairs.iter().skip(1).map(|pair| unit(*pair)).collect();
    let text = String::from_utf16(&units).map_err(|_| not_utf_16())?;
    Ok(Cow::Owned(text.into_bytes()))
}

/// Lines joined as pip joins them, each with the number of its first.
fn logical(text: &str) -> Result<Vec<(u64, Cow<'_, str>)>, Damage> {
    let mut lines = Vec::new();
    let mut open: Option<(u64, String)> = None;
    for (number, line) in (1..).zip(lines_of_python(text)) {
        let is_comment = line.trim_start().starts_with('#');
        if open.is_none() && !is_comment && !line.ends_with('\\') {
            lines.push((number, Cow::Borrowed(line)));
            continue;
        }
        let (_, joined) = open.get_or_insert_with(|| (number, String::new()));
        if is_comment {
            joined.push(' ');
        }
        if line.ends_with('\\') && !is_comment {
            joined.push_str(line.trim_matches('\\'));
        } else {
            joined.push_str(line);
            lines.extend(open.take().map(|(number, joined)| (number, Cow::Owned(joined))));
        }
    }
    match open {
        Some((line, _)) => Err(Damage::new(line, "the last line ends with `\\`")),
        None => Ok(lines),
    }
}

/// A line without its comment, which starts at the line's start or behind a space.
fn without_comment(line: &str) -> &str {
    let is_comment = |(at, _): &(usize, &str)| {
        *at == 0 || line.get(..*at).is_some_and(|before| before.ends_with(char::is_whitespace))
    };
    let end = line.match_indices('#').find(is_comment).map_or(line.len(), |(at, _)| at);
    line.get(..end).unwrap_or_default().trim()
}

/// Whether a marker compares variables that there are with quoted texts. A requirement that a wrong line end joins to it is neither.
fn is_marker(text: &str) -> bool {
    const WORDS: [&str; 24] = [
        "and",
        "dependency_groups",
        "extra",
        "extras",
        "implementation_name",
        "implementation_version",
        "in",
        "not",
        "or",
        "os.name",
        "os_name",
        "platform.machine",
        "platform.python_implementation",
        "platform.version",
        "platform_machine",
        "platform_python_implementation",
        "platform_release",
        "platform_system",
        "platform_version",
        "python_full_version",
        "python_implementation",
        "python_version",
        "sys.platform",
        "sys_platform",
    ];
    let (mut outside, mut quote, mut quoted) = (String::new(), None, 0);
    for one in text.chars() {
        match quote {
            Some(open) if open == one => (quote, quoted) = (None, quoted + 1),
            None if matches!(one, '\'' | '"') => {
                quote = Some(one);
                outside.push(' ');
            }
            None => outside.push(one),
            Some(_) => {}
        }
    }
    let mut words = outside.split(|one: char| one.is_whitespace() || "()<>=!~".contains(one));
    quote.is_none() && quoted > 0 && words.all(|word| word.is_empty() || WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::{decoded, exact, is_marker, is_prose, logical, option, without_comment};

    #[test]
    fn only_equal_signs_without_stars_fix_a_version() {
        for (text, version) in [
            ("==1.0", Some("1.0")),
            ("== 1.0", Some("1.0")),
            ("===1.0", Some("1.0")),
            (">=0.6,==0.7", Some("0.7")),
            ("==3.2.*", None),
            (">=0.6.0,<1", None),
            ("~=1.0", None),
            ("", None),
        ] {
            assert_eq!(exact(text), version, "{text}");
        }
    }

    #[test]
    fn a_marker_has_nothing_behind_it() {
        for (text, is_one) in [
            ("python_version < '3'", true),
            ("'linux' in sys_platform and (extra==\"a b\" or os.name != 'nt')", true),
            ("platform_python_implementation not in 'PyPy'", true),
            ("sys_platform == 'win32' flask==2.3.3", false),
            ("sys_platform == 'win32", false),
            ("sys_platform == win32", false),
            ("python_version", false),
            ("", false),
        ] {
            assert_eq!(is_marker(text), is_one, "{text}");
        }
    }

    #[test]
    fn a_list_of_versions_may_have_any_that_pip_takes() {
        for (text, is_list) in [
            ("==1.0", true),
            (">=1,<2", true),
            ("===2004d", true),
            ("==2013-01-21T20:33:09+0100", true),
            ("==1.0 b", false),
            ("==", false),
            ("==1.0,", true),
            ("1.0", false),
            ("==1.0/b", false),
        ] {
            assert_eq!(super::check_specifier(text, 1).is_ok(), is_list, "{text}");
        }
    }

    #[test]
    fn lines_are_joined_and_comments_dropped() {
        let lines = logical("a==1 \\\r\n  --hash=x\r\n# c \\\nb\n").unwrap();
        assert_eq!(lines[0], (1, "a==1   --hash=x".into()));
        assert_eq!((lines[1].0, lines[2].0), (3, 4));
        assert_eq!(logical("a\nb \\").unwrap_err().line, 2);
        // pip drops every `\` at both ends of a line that goes on.
        assert_eq!(logical("\\a==1\\\\\nb").unwrap(), [(1, "a==1b".into())]);
        for end in ["\n", "\r\n", "\r", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            let text = format!("# note{end}bad==1.0.0");
            let lines = logical(&text).unwrap();
            assert_eq!(lines.last(), Some(&(2, "bad==1.0.0".into())), "{end:?}");
        }
        assert_eq!(without_comment("a @ https://x/#egg=a  # c"), "a @ https://x/#egg=a");
    }

    #[test]
    fn other_encodings_are_read_as_pip_reads_them_or_rejected() {
        let little: Vec<u8> = "\u{feff}a==1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}a==1\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [&little, &big] {
            assert_eq!(decoded(bytes).unwrap().as_ref(), b"a==1\n");
        }
        assert!(decoded(&little[..little.len() - 1]).is_err());
        assert_eq!(decoded(b"\n# -*- coding: utf-7 -*-\n# +AAo-a==1").unwrap_err().line, 2);
        assert!(decoded(b"# vim: fileencoding=utf-8\n# coding: a").is_err());
        assert!(decoded(b"# coding: UTF-8\na==1\n# coding: utf-7").is_ok());
    }

    #[test]
    fn prose_is_no_list_of_requirements() {
        for (name, text, expected) in [
            ("business-requirements.txt", "1. The user can log in\n\nThe system must be fast.\n", true),
            ("requirements.txt", "1. The user can log in\n", false),
            ("dev-requirements.txt", "The user can log in\nbad==1.0.0\n", false),
            ("dev-requirements.txt", "The user can log in\rbad==1.0.0\n", false),
            ("dev-requirements.txt", "The user can log in\n-r other.txt\n", false),
            ("dev-requirements.txt", "bad=1.0.0\n", false),
            ("dev-requirements.txt", "<<<<<<< HEAD\n", false),
            ("dev-requirements.txt", "# nothing\n", false),
        ] {
            assert_eq!(is_prose(name, text.as_bytes()), expected, "{name}: {text}");
        }
    }

    #[test]
    fn options_have_values_in_several_ways() {
        for (line, expected) in [
            ("-r a.txt", ("-r", "a.txt")),
            ("-ra.txt", ("-r", "a.txt")),
            ("--requirement=a.txt", ("--requirement", "a.txt")),
            ("--index-url https://x", ("--index-url", "https://x")),
            ("--pre", ("--pre", "")),
        ] {
            assert_eq!(option(line), Some(expected), "{line}");
        }
    }
}

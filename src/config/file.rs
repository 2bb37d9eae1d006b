//! `devops.toml`: text to keys and waivers, each with its span.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use devops_core::suggest::suggestion;
use devops_core::{Error, Input, Location, Place, RULE_IDS};
use devops_policy::Waiver;

/// Name of the file that is read without being asked for.
pub const FILE_NAME: &str = "devops.toml";

/// The configuration file that was named, or the one that is looked for in a folder; it need not be there.
pub fn path_of(named: Option<&Path>, folder: &Path) -> PathBuf {
    match named {
        Some(path) => path.to_path_buf(),
        None if folder == Path::new(".") => PathBuf::from(FILE_NAME),
        None => folder.join(FILE_NAME),
    }
}

/// Tables the file may have, one per job: the names of all jobs. Each binary refuses a table that no job has, also one of a job it
/// does not contain, so that the names stand below the jobs; a test compares them with the table of jobs in `devops`.
pub const JOBS: [&str; 5] = ["test-gate", "dep-scan", "image-scan", "promote", "annotate"];

/// Tables that a job's table may have below it: `[dep-scan.licences]`. A key of one is the setting of both names, `licences-allow`.
pub(super) const TABLES: [&str; 4] = ["bans", "grace", "licences", "sources"];

/// Name of the tables that are waivers.
const WAIVER: &str = "waiver";

/// Keys of a waiver.
const WAIVER_KEYS: [&str; 5] = ["rule", "matches", "reason", "owner", "expires"];

/// A table of a list of tables: its span, and its keys with their values, as text, and spans.
pub type Listed = (Range<usize>, BTreeMap<String, (String, Range<usize>)>);

/// A parsed `devops.toml`.
#[derive(Debug, Clone)]
pub struct File {
    /// Path as given.
    pub path: String,
    /// Folder that relative paths in the file start from.
    pub directory: PathBuf,
    /// SHA-256 of the bytes.
    pub sha256: String,
    /// Waivers, in the file's order.
    pub waivers: Vec<Waiver>,
    /// Where the rule of each waiver stands.
    waiver_rules: Vec<Range<usize>>,
    text: String,
    /// Where each line starts.
    lines: Vec<usize>,
    /// Keys by table; the top of the file is the table without a name.
    tables: BTreeMap<String, Vec<Entry>>,
}

/// A key with its values: one, or those of a list.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) values: Vec<(String, Range<usize>)>,
}

impl File {
    /// Reads and parses the file.
    ///
    /// # Errors
    /// Where it can't be read, is not TOML, or holds tables, values or waivers that can't be meant.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = devops_files::read(path, devops_files::WRITTEN_BY_HAND).map_err(|error| {
            Error::configuration("can't be read")
                .at(Location::file(display(path)))
                .help("check the path given with `--config`")
                .because(error)
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            Error::configuration("is not UTF-8 text").at(Location::file(display(path))).because(error)
        })?;
        Self::parse(path, text)
    }

    /// Parses the text that the file had at another commit, which `version` names: `devops.toml@1a2b3c4`.
    ///
    /// # Errors
    /// As [`File::read`].
    pub fn parse_version(path: &Path, version: &str, text: String) -> Result<Self, Error> {
        let name = PathBuf::from(format!("{}@{version}", display(path)));
        let mut file = Self::parse(&name, text)?;
        // People find a waiver in the file as it is, and the line is a hint there.
        for waiver in &mut file.waivers {
            waiver.location.path = display(path);
        }
        Ok(file)
    }

    /// Parses the file's text.
    ///
    /// # Errors
    /// As [`File::read`].
    pub fn parse(path: &Path, text: String) -> Result<Self, Error> {
        let mut file = Self {
            path: display(path),
            directory: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            sha256: Input::of_bytes("", text.as_bytes()).sha256,
            waivers: Vec::new(),
            waiver_rules: Vec::new(),
            lines: lines(&text),
            text,
            tables: BTreeMap::new(),
        };
        let text = file.text.clone();
        let document = DeTable::parse(&text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            file.error(error.message().to_owned(), span, "here")
        })?;
        for (key, value) in document.get_ref() {
            file.take(key, value)?;
        }
        Ok(file)
    }

    /// Parses another file of the same manner that has nothing but `[[name]]` tables with these keys.
    pub fn list(path: &Path, text: String, name: &str, keys: &[&str]) -> Result<(Self, Vec<Listed>), Error> {
        let file = Self::parse(path, String::new())?;
        let sha256 = Input::of_bytes("", text.as_bytes()).sha256;
        let file = Self { sha256, lines: lines(&text), text, ..file };
        let document = DeTable::parse(&file.text).map_err(|error| {
            file.error(error.message().to_owned(), error.span().unwrap_or_default(), "here")
        })?;
        let mut listed = Vec::new();
        for (key, value) in document.get_ref() {
            if key.get_ref() != name {
                return Err(file.unknown("key", key.get_ref(), key.span(), [name]));
            }
            let wrong = |span| {
                file.error(format!("`{name}` must be a list of tables"), span, &format!("write `[[{name}]]`"))
            };
            let DeValue::Array(tables) = value.get_ref() else { return Err(wrong(key.span())) };
            for value in tables {
                let DeValue::Table(table) = value.get_ref() else { return Err(wrong(value.span())) };
                let mut fields = BTreeMap::new();
                for (key, value) in table {
                    if !keys.contains(&key.get_ref().as_ref()) {
                        let what = format!("key of `[[{name}]]`");
                        return Err(file.unknown(&what, key.get_ref(), key.span(), keys.iter().copied()));
                    }
                    fields.insert(key.get_ref().to_string(), file.scalar(value)?);
                }
                listed.push((value.span(), fields));
            }
        }
        Ok((file, listed))
    }

    /// Takes a key at the top of the file: a shared key, a job's table, or the waivers.
    fn take(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), Error> {
        let name = key.get_ref().to_string();
        match value.get_ref() {
            DeValue::Array(waivers) if name == WAIVER => {
                for waiver in waivers {
                    let (waiver, rule) = self.waiver(waiver)?;
                    self.waivers.push(waiver);
                    self.waiver_rules.push(rule);
                }
            }
            _ if name == WAIVER => {
                return Err(self.error(
                    "`waiver` must be a list of tables",
                    key.span(),
                    "write `[[waiver]]`",
                ));
            }
            DeValue::Table(table) => {
                if !JOBS.contains(&name.as_str()) {
                    return Err(self.unknown("table", &name, key.span(), JOBS));
                }
                let entries = self.job_entries(table)?;
                self.tables.insert(name, entries);
            }
            _ => {
                let entry = self.entry(key, value)?;
                self.tables.entry(String::new()).or_default().push(entry);
            }
        }
        Ok(())
    }

    /// The keys of a job's table and of the tables below it, which carry the name of their table: `licences-allow`.
    fn job_entries(&self, table: &DeTable<'_>) -> Result<Vec<Entry>, Error> {
        let mut entries: Vec<Entry> = Vec::new();
        for (key, value) in table {
            let DeValue::Table(below) = value.get_ref() else {
                entries.push(self.entry(key, value)?);
                continue;
            };
            let name = key.get_ref();
            if !TABLES.contains(&name.as_ref()) {
                return Err(self.unknown("table", name, key.span(), TABLES));
            }
            for (key, value) in below {
                let entry = self.entry(key, value)?;
                entries.push(Entry { key: format!("{name}-{}", entry.key), ..entry });
            }
        }
        // The same setting may be written as a key of the job's table.
        for (index, entry) in entries.iter().enumerate() {
            if let Some(first) = entries.iter().take(index).find(|first| first.key == entry.key) {
                let later = if first.key_span.start > entry.key_span.start { first } else { entry };
                let message = format!("`{}` is set twice", entry.key);
                return Err(self.error(message, later.key_span.clone(), "remove one of them"));
            }
        }
        Ok(entries)
    }

    /// A key with one value or a list of values.
    fn entry(
        &self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Entry, Error> {
        let values = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.scalar(item)).collect::<Result<_, _>>()?,
            _ => vec![self.scalar(value)?],
        };
        Ok(Entry { key: key.get_ref().to_string(), key_span: key.span(), values })
    }

    /// A single value as the text a flag would carry.
    fn scalar(&self, value: &Spanned<DeValue<'_>>) -> Result<(String, Range<usize>), Error> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().replace('_', ""),
            DeValue::Integer(_) => return Err(self.error("number must be decimal", value.span(), "here")),
            DeValue::Float(float) => float.as_str().replace('_', ""),
            DeValue::Boolean(boolean) => boolean.to_string(),
            DeValue::Datetime(datetime) => datetime.to_string(),
            DeValue::Array(_) | DeValue::Table(_) => {
                return Err(self.error(
                    "expected a string, number or boolean",
                    value.span(),
                    "this is nested too deeply",
                ));
            }
        };
        Ok((text, value.span()))
    }

    /// A `[[waiver]]` table, and where its rule stands.
    fn waiver(&self, value: &Spanned<DeValue<'_>>) -> Result<(Waiver, Range<usize>), Error> {
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.error("`waiver` must be a list of tables", value.span(), "write `[[waiver]]`"));
        };
        let mut fields = BTreeMap::new();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            if !WAIVER_KEYS.contains(&name.as_str()) {
                return Err(self.unknown("key of a waiver", &name, key.span(), WAIVER_KEYS));
            }
            fields.insert(name, self.scalar(value)?);
        }
        if let Some((text, span)) = fields.get("matches")
            && text.trim().is_empty()
        {
            // An unset variable of a template must not waive everything.
            return Err(self.error("`matches` is empty", span.clone(), "give a name, or remove the key"));
        }
        if let Some((text, span)) = fields.get("matches")
            && !text.chars().any(char::is_alphanumeric)
        {
            let error = self.error("`matches` has no letter or digit", span.clone(), "this matches anything");
            return Err(
                error.help("name what is accepted, or remove the key to accept all findings of the rule")
            );
        }
        let mut field = |name: &str| fields.remove(name).filter(|(text, _)| !text.trim().is_empty());
        let missing = |name: &str| {
            self.error(format!("waiver without `{name}`"), value.span(), "in this waiver")
                .help("a waiver needs `rule`, `reason`, `owner` and `expires`")
        };
        let (rule, rule_span) = field("rule").ok_or_else(|| missing("rule"))?;
        let (reason, _) = field("reason").ok_or_else(|| missing("reason"))?;
        let (owner, _) = field("owner").ok_or_else(|| missing("owner"))?;
        let (expires, span) = field("expires").ok_or_else(|| missing("expires"))?;
        let expires: Date = expires.parse().map_err(|_| {
            self.error(format!("`{expires}` is not a date"), span, "write a date such as 2026-12-31")
        })?;
        let waiver = Waiver {
            rule,
            matches: field("matches").map(|(text, _)| text),
            reason,
            owner,
            expires,
            location: self.location(&value.span()),
        };
        Ok((waiver, rule_span))
    }

    /// The keys of a job's table, and those at the top that hold for every job; the job's own come first.
    pub(super) fn entries(&self, job: &str) -> impl Iterator<Item = &Entry> {
        [job, ""].into_iter().filter_map(|table| self.tables.get(table)).flatten()
    }

    /// Whether the file says something about this key, to this job or to all.
    pub fn has_key(&self, job: &str, key: &str) -> bool {
        self.entries(job).any(|entry| entry.key == key)
    }

    /// Whether the file has a table for this job.
    pub fn has_table(&self, job: &str) -> bool {
        self.tables.contains_key(job)
    }

    /// Refuses keys of a table that are not known, with a suggestion; `""` is the top of the file.
    ///
    /// # Errors
    /// At the first such key.
    pub fn check(&self, table: &str, known: &[String]) -> Result<(), Error> {
        for entry in self.tables.get(table).into_iter().flatten() {
            if !known.contains(&entry.key) {
                let what = if table.is_empty() { "key".to_owned() } else { format!("key of `[{table}]`") };
                return Err(self.unknown(
                    &what,
                    &entry.key,
                    entry.key_span.clone(),
                    known.iter().map(String::as_str),
                ));
            }
        }
        Ok(())
    }

    /// Refuses waivers of rules that no job has, with a suggestion; `program` is the binary that lists rules.
    ///
    /// # Errors
    /// At the first such waiver.
    pub fn check_waivers(&self, program: &str) -> Result<(), Error> {
        for (waiver, span) in self.waivers.iter().zip(&self.waiver_rules) {
            if !RULE_IDS.contains(&waiver.rule.as_str()) {
                let near = suggestion(&waiver.rule, RULE_IDS);
                let label =
                    near.map_or_else(|| "not known".to_owned(), |near| format!("did you mean `{near}`?"));
                return Err(self
                    .error(format!("unknown rule `{}`", waiver.rule), span.clone(), &label)
                    .help(near.map_or(format!("`{program} explain` lists the rules"), |near| {
                        format!("write `rule = \"{near}\"`")
                    })));
            }
        }
        Ok(())
    }

    /// An error about something unknown, with the known word it is nearest to.
    fn unknown<'a>(
        &self,
        what: &str,
        name: &str,
        span: Range<usize>,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Error {
        let label = match suggestion(name, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "not known".to_owned(),
        };
        let known: Vec<&str> = known.into_iter().collect();
        self.error(format!("unknown {what}: `{name}`"), span, &label)
            .help(format!("known keys: {}", known.join(", ")))
    }

    /// An error that points into this file.
    pub fn error(&self, message: impl Into<String>, span: Range<usize>, label: &str) -> Error {
        Error::configuration(message).pointing(self.place(span, label))
    }

    /// A place in this file.
    fn place(&self, span: Range<usize>, label: &str) -> Place {
        Place { path: self.path.clone(), text: self.text.clone(), span, label: label.to_owned() }
    }

    /// Line and column of a span.
    pub fn location(&self, span: &Range<usize>) -> Location {
        let line = self.lines.partition_point(|start| *start <= span.start);
        let start = line.checked_sub(1).and_then(|line| self.lines.get(line)).copied().unwrap_or_default();
        let before = self.text.get(start..span.start).unwrap_or_default();
        let column = before.chars().count() as u64 + 1;
        Location { path: self.path.clone(), line: Some(line as u64), column: Some(column) }
    }
}

/// Where each line of a text starts.
fn lines(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1)).collect()
}

/// A path as reports write it.
fn display(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::File;

    fn parse(text: &str) -> Result<File, String> {
        File::parse(Path::new("devops.toml"), text.to_owned()).map_err(|error| {
            let place = error.place().map(|place| place.label.clone()).unwrap_or_default();
            format!("{error} ({place})")
        })
    }

    #[test]
    fn mistakes_are_pointed_at() {
        let cases = [
            (
                "a = [1, [2]]",
                "devops.toml:1:9: expected a string, number or boolean (this is nested too deeply)",
            ),
            ("[test_gate]\n", "devops.toml:1:2: unknown table: `test_gate` (did you mean `test-gate`?)"),
            (
                "[dep-scan.licenses]\n",
                "devops.toml:1:11: unknown table: `licenses` (did you mean `licences`?)",
            ),
            (
                "[dep-scan]\nlicences-allow = \"MIT\"\n[dep-scan.licences]\nallow = \"ISC\"\n",
                "devops.toml:4:1: `licences-allow` is set twice (remove one of them)",
            ),
            (
                "[dep-scan.licences.allow]\nx = 1\n",
                "devops.toml:1:1: expected a string, number or boolean (this is nested too deeply)",
            ),
            ("waiver = 1\n", "devops.toml:1:1: `waiver` must be a list of tables (write `[[waiver]]`)"),
            (
                "[[waiver]]\nrule = \"a\"\nreason = \"b\"\nowner = \"c\"\nexpires = \"soon\"\n",
                "devops.toml:5:11: `soon` is not a date (write a date such as 2026-12-31)",
            ),
            (
                "[[waiver]]\nruel = \"a\"\n",
                "devops.toml:2:1: unknown key of a waiver: `ruel` (did you mean `rule`?)",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        }
        let waiver = |rule: &str| {
            format!("[[waiver]]\nrule = \"{rule}\"\nreason = \"b\"\nowner = \"c\"\nexpires = 2026-12-31\n")
        };
        for (rule, expected) in [
            ("test-faild", "devops.toml:2:8: unknown rule `test-faild`; write `rule = \"test-failed\"`"),
            ("everything", "devops.toml:2:8: unknown rule `everything`; `devops explain` lists the rules"),
        ] {
            let error = parse(&waiver(rule)).unwrap().check_waivers("devops").unwrap_err();
            assert_eq!(format!("{error}; {}", error.help_text()), expected);
        }
        assert!(parse(&waiver("test-failed")).unwrap().check_waivers("devops").is_ok());
        let error = parse("[[waiver]]\nrule = \"a\"\nmatches = \"\"\n").unwrap_err();
        assert!(error.contains("`matches` is empty"), "{error}");
        for pattern in ["*", "**", " * ", "?", "*/*"] {
            let error = parse(&format!("[[waiver]]\nrule = \"a\"\nmatches = \"{pattern}\"\n")).unwrap_err();
            assert!(error.contains("`matches` has no letter or digit"), "{error}");
        }
        let error = parse("[[waiver]]\nrule = \"a\"\nowner = \"c\"\nexpires = 2026-12-31\n").unwrap_err();
        assert!(error.contains("waiver without `reason`"), "{error}");
    }

    #[test]
    fn waivers_and_tables_are_read() {
        let file = parse(
            "mode = \"report\"\n[test-gate]\npaths = [\"a\", \"b\"]\n\
             [[waiver]]\nrule = \"a\"\nreason = \"b\"\nowner = \"c\"\nexpires = 2026-12-31\n",
        )
        .unwrap();
        assert!(file.has_table("test-gate") && !file.has_table("dep-scan"));
        assert_eq!(file.waivers[0].expires.to_string(), "2026-12-31");
        let keys: Vec<&str> = file.entries("test-gate").map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["paths", "mode"]);
        assert!(file.check("", &["mode".to_owned()]).is_ok());
        assert!(file.check("test-gate", &["path".to_owned()]).is_err());
    }

    #[test]
    fn a_table_below_a_job_is_the_first_half_of_its_keys() {
        let file =
            parse("[dep-scan]\nmirrors = []\n[dep-scan.licences]\nallow = [\"MIT\", \"ISC\"]\n").unwrap();
        let entries: Vec<(&str, usize)> =
            file.entries("dep-scan").map(|entry| (entry.key.as_str(), entry.values.len())).collect();
        assert_eq!(entries, [("licences-allow", 2), ("mirrors", 0)]);
        let error = file.check("dep-scan", &["mirrors".to_owned(), "licences-deny".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "devops.toml:4:1: unknown key of `[dep-scan]`: `licences-allow`");
    }
}

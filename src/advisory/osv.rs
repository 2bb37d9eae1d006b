//! A record in OSV's form: what it says of each package, and of which packages nothing can be said.

use jiff::Timestamp;
use jiff::civil::Date;

use super::record::{Advisory, Events, Kind, PackageKey, Read, Versions, cvss_version};
use super::tree::Node;
use devops_core::Severity;
use devops_core::keys::damaged;
use devops_versions::range::{Bound, Kind as RangeKind};

/// What a record says.
#[derive(Debug, Default)]
pub struct Record {
    /// Its name.
    pub id: String,
    /// Whether it was taken back.
    pub withdrawn: bool,
    /// The newest day that it names as the one on which it was published or changed.
    pub newest: Option<Date>,
    /// What it says of a package; more than once where it has more than one list about it.
    pub advisories: Vec<(PackageKey, Advisory)>,
    /// Packages that it is about in words that can't be read, each with why.
    pub doubtful: Vec<(PackageKey, String)>,
}

/// A text that is no record, and the packages that it may be about.
#[derive(Debug)]
pub struct Damage {
    /// Its name, where it says so.
    pub id: Option<String>,
    /// Why; a lower-case fragment.
    pub reason: String,
    /// The packages it may be about; none where that can't be told.
    pub packages: Vec<PackageKey>,
}

const RECORD: &[&str] = &[
    "schema_version",
    "id",
    "modified",
    "published",
    "withdrawn",
    "aliases",
    "related",
    "upstream",
    "summary",
    "details",
    "severity",
    "affected",
    "references",
    "credits",
    "database_specific",
];
const AFFECTED: &[&str] =
    &["package", "severity", "ranges", "versions", "ecosystem_specific", "database_specific"];
const PACKAGE: &[&str] = &["ecosystem", "name", "purl"];
const RANGE: &[&str] = &["type", "repo", "events", "database_specific"];
const EVENT: &[&str] = &["introduced", "fixed", "last_affected", "limit"];
const SEVERITY: &[&str] = &["type", "score"];

/// Reads a record.
///
/// # Errors
/// Where nothing in it can be relied on.
pub fn parse(bytes: &[u8], is_yaml: bool) -> Result<Record, Box<Damage>> {
    let tree = if is_yaml { Node::of_yaml(bytes) } else { Node::of_json(bytes) };
    let tree = tree.map_err(|reason| {
        // The names in what is cut off may be lost: it may be about every package.
        let is_cut_off = reason.contains("EOF while parsing");
        let packages = if is_cut_off { Vec::new() } else { mentioned(bytes) };
        Box::new(Damage { id: None, reason, packages })
    })?;
    record(&tree).map_err(|reason| {
        Box::new(Damage { id: tree.text("id").map(str::to_owned), reason, packages: packages(&tree) })
    })
}

/// Reads a record out of its tree.
fn record(tree: &Node<'_>) -> Result<Record, String> {
    check(tree, RECORD)?;
    let id = tree.text("id").filter(|id| is_id(id)).ok_or("has no `id`")?;
    let published = day(tree, "published")?;
    let newest = published.max(day(tree, "modified")?);
    let withdrawn = !matches!(tree.get("withdrawn"), None | Some(Node::Null));
    let mut record =
        Record { id: id.to_owned(), withdrawn, newest, advisories: Vec::new(), doubtful: Vec::new() };
    if withdrawn {
        return Ok(record);
    }
    let vectors = vectors(tree)?;
    let word = word(tree);
    let is_malware = id.starts_with("MAL-");
    let affected = tree.list("affected")?;
    if affected.is_empty() {
        return Err("says nothing of any package".to_owned());
    }
    for affected in affected {
        let Some(package) = affected.get("package") else {
            // A record about commits alone has no package.
            let kinds = affected.list("ranges")?.iter().map(|range| range.text("type"));
            let is_of_commits =
                !affected.list("ranges")?.is_empty() && kinds.into_iter().all(|kind| kind == Some("GIT"));
            if is_of_commits && check(affected, AFFECTED).is_ok() {
                continue;
            }
            return Err("is about something that is no package".to_owned());
        };
        let (ecosystem, name) = named(package).ok_or("is about a package without ecosystem or name")?;
        let key = PackageKey::of(ecosystem, name);
        let own = Own { vectors: &vectors, word, is_malware, tree, id, published };
        match own.advisory(affected, ecosystem) {
            Ok(advisory) => record.advisories.push((key, advisory)),
            Err(reason) => record.doubtful.push((key, reason)),
        }
    }
    Ok(record)
}

/// What a record says of all its packages.
struct Own<'a> {
    vectors: &'a [String],
    word: Option<Severity>,
    is_malware: bool,
    tree: &'a Node<'a>,
    id: &'a str,
    published: Option<Date>,
}

impl Own<'_> {
    /// What it says of one.
    fn advisory(&self, affected: &Node<'_>, ecosystem: &str) -> Result<Advisory, String> {
        check(affected, AFFECTED)?;
        check(affected.get("package").unwrap_or(&Node::Null), PACKAGE)?;
        let own = vectors(affected)?;
        let own_word = word(affected);
        let is_rated = !own.is_empty() || own_word.is_some();
        let versions = versions(affected)?;
        let patched = match &versions {
            Versions::Osv { ranges, .. } => {
                let events = ranges.iter().flat_map(|range| &range.events);
                let fixed = events.filter(|(bound, _)| *bound == Bound::Fixed);
                let mut fixed: Vec<String> = fixed.map(|(_, version)| version.clone()).collect();
                let mut seen = std::collections::BTreeSet::new();
                fixed.retain(|version| seen.insert(version.clone()));
                fixed
            }
            Versions::Requirements { .. } => Vec::new(),
        };
        let mut aliases: Vec<String> = Vec::new();
        for alias in self.tree.list("aliases")? {
            match alias {
                Node::Text(alias) if is_id(alias) => aliases.push(alias.clone().into_owned()),
                _ => return Err("has an alias that is no id".to_owned()),
            }
        }
        let summary = self.tree.text("summary").filter(|text| !text.trim().is_empty());
        let first_line =
            || self.tree.text("details").and_then(|text| text.lines().find(|line| !line.trim().is_empty()));
        let title = summary.or_else(first_line).unwrap_or(self.id);
        let informational = ["ecosystem_specific", "database_specific"]
            .into_iter()
            .find_map(|table| affected.get(table).and_then(|table| table.text("informational")));
        Ok(Advisory {
            id: self.id.to_owned(),
            aliases,
            title: shortened(title.trim()),
            date: self.published,
            kind: match informational {
                _ if self.is_malware => Kind::Malware,
                Some(word) => Kind::of_informational(word),
                None => Kind::Vulnerability,
            },
            vectors: if is_rated { own } else { self.vectors.to_vec() },
            word: if is_rated { own_word } else { self.word },
            withdrawn: false,
            known_exploited: None,
            epss: None,
            ecosystem: ecosystem.to_owned(),
            patched,
            versions,
            read: Read::default(),
        })
    }
}

/// The versions that an entry is about.
fn versions(affected: &Node<'_>) -> Result<Versions, String> {
    let mut listed = Vec::new();
    for version in affected.list("versions")? {
        match version {
            Node::Text(version) => listed.push(version.clone().into_owned()),
            _ => return Err("lists a version that is no text".to_owned()),
        }
    }
    let (mut ranges, mut git_ranges) = (Vec::new(), 0);
    for range in affected.list("ranges")? {
        check(range, RANGE)?;
        let kind = match range.text("type").ok_or("has a range without `type`")? {
            "SEMVER" => RangeKind::SemVer,
            "ECOSYSTEM" => RangeKind::Ecosystem,
            "GIT" => {
                git_ranges += 1;
                continue;
            }
            near if damaged(near, ["SEMVER", "ECOSYSTEM", "GIT"]).is_some() => {
                return Err(format!("has a range of the unknown type `{near}`"));
            }
            _ => RangeKind::Other,
        };
        let mut events = Vec::new();
        for event in range.list("events")? {
            check(event, EVENT)?;
            let mut keys = event.keys().filter(|key| EVENT.contains(key));
            let (Some(key), None) = (keys.next(), keys.next()) else {
                return Err("has an event that is not one thing".to_owned());
            };
            let version = event.text(key).ok_or("has an event without a version")?;
            let bound = match key {
                "introduced" => Bound::Introduced,
                "fixed" => Bound::Fixed,
                "last_affected" => Bound::LastAffected,
                _ => Bound::Limit,
            };
            events.push((bound, version.to_owned()));
        }
        ranges.push(Events { kind, events });
    }
    Ok(Versions::Osv { listed, ranges, git_ranges })
}

/// The CVSS vectors of a record or an entry, the newest version first. Other types of severity are words, or not known.
fn vectors(node: &Node<'_>) -> Result<Vec<String>, String> {
    let mut vectors = Vec::new();
    for severity in node.list("severity")? {
        check(severity, SEVERITY)?;
        if severity.text("type").is_some_and(|kind| kind.starts_with("CVSS_")) {
            vectors.push(severity.text("score").ok_or("has a severity without `score`")?.to_owned());
        }
    }
    vectors.sort_by_key(|vector| std::cmp::Reverse(cvss_version(vector)));
    Ok(vectors)
}

/// The database's own word for the severity of a record or an entry.
fn word(node: &Node<'_>) -> Option<Severity> {
    let specific = ["database_specific", "ecosystem_specific"]
        .into_iter()
        .find_map(|table| node.get(table).and_then(|table| table.text("severity")).and_then(severity));
    let typed = || {
        let listed = node.list("severity").unwrap_or_default().iter();
        listed
            .filter(|one| !one.text("type").is_some_and(|kind| kind.starts_with("CVSS_")))
            .find_map(|one| severity(one.text("score")?))
    };
    specific.or_else(typed)
}

/// The severity that a word of a database means.
fn severity(word: &str) -> Option<Severity> {
    Some(match word.to_ascii_lowercase().as_str() {
        "critical" => Severity::Critical,
        "high" | "important" => Severity::High,
        "medium" | "moderate" => Severity::Medium,
        "low" | "negligible" | "unimportant" => Severity::Low,
        _ => return None,
    })
}

/// The day that a key names; a zeroed one is none.
fn day(tree: &Node<'_>, key: &str) -> Result<Option<Date>, String> {
    match tree.get(key) {
        None | Some(Node::Null) => Ok(None),
        Some(Node::Text(text)) => {
            let date = text.parse::<Timestamp>().map(|time| jiff::tz::Offset::UTC.to_datetime(time).date());
            let date =
                date.or_else(|_| text.parse::<Date>()).map_err(|_| format!("`{key}` is not a time"))?;
            Ok(Some(date).filter(|date| date.year() >= 1990))
        }
        Some(_) => Err(format!("`{key}` is not a time")),
    }
}

/// Whether a text may be an id: no white space, nothing that hides.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 200 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A title of a line, shortened to what reports can show.
fn shortened(title: &str) -> String {
    const LONGEST: usize = 200;
    let line = title.lines().next().unwrap_or_default();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// Refuses a key that is nearly a known one: what hides behind it would be missed.
fn check(node: &Node<'_>, known: &[&str]) -> Result<(), String> {
    let Node::Map(entries) = node else { return Err("has something else where a table belongs".to_owned()) };
    for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.as_ref())) {
        if let Some(near) = damaged(key, known.iter().copied()) {
            return Err(format!("has the unknown key `{key}`, did you mean `{near}`?"));
        }
    }
    Ok(())
}

/// Ecosystem and name of a package.
fn named<'a>(package: &'a Node<'_>) -> Option<(&'a str, &'a str)> {
    let name = package.text("name").filter(|name| !name.is_empty())?;
    Some((package.text("ecosystem").filter(|ecosystem| !ecosystem.is_empty())?, name))
}

/// The packages that a tree names, if every part of it that may name one does.
fn packages(tree: &Node<'_>) -> Vec<PackageKey> {
    let affected = tree.list("affected").unwrap_or_default();
    let keys = affected.iter().map(|one| one.get("package").and_then(named));
    let keys: Option<Vec<_>> = keys.collect();
    keys.unwrap_or_default().into_iter().map(|(ecosystem, name)| PackageKey::of(ecosystem, name)).collect()
}

/// The packages that a damaged text mentions: every name that stands behind `name`, in every ecosystem behind `ecosystem`.
fn mentioned(bytes: &[u8]) -> Vec<PackageKey> {
    const MOST: usize = 1000;
    let text = String::from_utf8_lossy(bytes);
    // Where bytes are lost, names may be: it may be about every package.
    if text.contains(|character: char| character.is_control() && !character.is_ascii_whitespace()) {
        return Vec::new();
    }
    let is_json = text.trim_start().starts_with('{');
    let (Some(names), Some(ecosystems)) =
        (values(&text, "name", is_json), values(&text, "ecosystem", is_json))
    else {
        return Vec::new();
    };
    let pairs = ecosystems.iter().flat_map(|ecosystem| names.iter().map(move |name| (*ecosystem, *name)));
    let mut keys: Vec<PackageKey> =
        pairs.take(MOST).map(|(ecosystem, name)| PackageKey::of(ecosystem, name)).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// The texts that stand behind a key, in JSON or YAML, without repetition; none where one can't be told.
fn values<'a>(text: &'a str, key: &str, is_json: bool) -> Option<Vec<&'a str>> {
    let mut values = Vec::new();
    for (at, _) in text.match_indices(key) {
        let rest = text.get(at + key.len()..).unwrap_or_default();
        let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest).trim_start();
        let Some(rest) = rest.strip_prefix(':') else { continue };
        let rest = rest.trim_start();
        let value = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest.get(1..).and_then(|rest| rest.split(quote).next()),
            _ if is_json => return None,
            _ => rest.split(['\n', '\r', ',', '}']).next().map(str::trim),
        };
        let value = value.unwrap_or_default();
        if !value.is_empty() && value.len() < 300 && !values.contains(&value) && values.len() < 100 {
            values.push(value);
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::{PackageKey, parse};
    use crate::record::Kind;
    use devops_core::Severity;
    use devops_versions::range::Verdict;

    const GOOD: &str = r#"{"id": "GHSA-1", "modified": "2026-10-01T00:00:00Z", "published": "0001-01-01T00:00:00Z",
        "summary": "bad", "aliases": ["CVE-2026-1"], "database_specific": {"severity": "MODERATE"},
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
                     {"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}],
        "affected": [{"package": {"ecosystem": "PyPI", "name": "A.B"},
                      "ranges": [{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]},
                                 {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.5"}]}],
                      "versions": ["2.3"]}]}"#;

    #[test]
    fn a_record_says_what_is_affected_and_how_badly() {
        let record = parse(GOOD.as_bytes(), false).unwrap();
        let (key, advisory) = &record.advisories[0];
        assert_eq!(*key, PackageKey { ecosystem: "PyPI".into(), name: "a-b".into() });
        assert_eq!(advisory.severity(), Some(Severity::Critical));
        assert!(advisory.vectors[0].starts_with("CVSS:4.0"), "the newest version first");
        assert_eq!((advisory.date, record.newest.unwrap().to_string().as_str()), (None, "2026-10-01"));
        assert_eq!(advisory.patched, ["1.5"]);
        for (version, verdict) in
            [("1.4", Verdict::Affected), ("1.5", Verdict::NotAffected), ("2.3.0", Verdict::Affected)]
        {
            assert_eq!(advisory.affects(version), verdict, "{version}");
        }
    }

    #[test]
    fn severities_of_an_entry_beat_those_of_the_record() {
        let own = r#""severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"}], "versions""#;
        let record = parse(GOOD.replace("\"versions\"", own).as_bytes(), false).unwrap();
        assert_eq!(record.advisories[0].1.severity(), Some(Severity::Medium));
        let words = GOOD.replace("CVSS_V", "New_V");
        assert_eq!(
            parse(words.as_bytes(), false).unwrap().advisories[0].1.severity(),
            Some(Severity::Medium)
        );
        let unknown = words.replace("MODERATE", "grim");
        assert_eq!(parse(unknown.as_bytes(), false).unwrap().advisories[0].1.severity(), None);
        let malware = GOOD.replace("GHSA-1", "MAL-2026-1");
        assert_eq!(parse(malware.as_bytes(), false).unwrap().advisories[0].1.kind, Kind::Malware);
    }

    #[test]
    fn damage_names_the_packages_that_it_may_be_about() {
        for damage in [
            GOOD.replace("\"id\"", "\"ID\""),
            GOOD.replace("\"affected\"", "\"affectee\""),
            GOOD.replace("\"aliases\"", "\"summary\""),
            GOOD.replacen('{', "", 1),
        ] {
            let found = parse(damage.as_bytes(), false).unwrap_err();
            let is_named = found.packages.iter().any(|key| key.name == "a-b");
            assert!(is_named || damage.contains("affectee"), "{}: {:?}", found.reason, found.packages);
        }
        for end in 1..GOOD.len() {
            let found = parse(&GOOD.as_bytes()[..end], false).unwrap_err();
            assert_eq!(found.packages, [], "cut off at {end}: the names of others may be lost");
        }
        for damage in [
            GOOD.replace("\"events\"", "\"Events\""),
            GOOD.replace("\"fixed\"", "\"fiyed\""),
            GOOD.replace("\"fixed\": \"1.5\"", "\"fixed\": 1"),
            GOOD.replace("\"ECOSYSTEM\"", "\"Ecosystem\""),
            GOOD.replace("[\"2.3\"]", "[2]"),
            GOOD.replace("[\"CVE-2026-1\"]", "[\"\"]"),
        ] {
            let record = parse(damage.as_bytes(), false).unwrap();
            let is_doubtful = record.doubtful.iter().any(|(key, _)| key.name == "a-b");
            assert!(is_doubtful, "{damage}: {record:?}");
        }
    }

    #[test]
    fn a_withdrawn_record_says_nothing() {
        let withdrawn = GOOD.replace("\"summary\"", "\"withdrawn\": \"2026-10-02T00:00:00Z\", \"summary\"");
        let record = parse(withdrawn.as_bytes(), false).unwrap();
        assert!(record.withdrawn && record.advisories.is_empty());
    }
}

//! When packages were published: the file that `devops fetch release-dates` writes and gates read.
//!
//! `schemas/release-dates-v1.schema.json` describes it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use devops_core::{Error, Location};

/// The version of the form.
const VERSION: u32 = 1;

/// When packages were published, by ecosystem, name and version, each as a lockfile spells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReleaseDates {
    dates: BTreeMap<(String, String), BTreeMap<String, Timestamp>>,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema_version: u32,
    packages: Vec<Entry>,
}

/// A package of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    ecosystem: String,
    name: String,
    releases: Vec<Release>,
}

/// A version of a package.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    version: String,
    published: Timestamp,
}

impl ReleaseDates {
    /// Reads a file; `path` is its name in errors.
    ///
    /// # Errors
    /// Where it is not one, is of a newer form, or names something twice.
    pub fn read(path: &str, bytes: &[u8]) -> Result<Self, Error> {
        let wrong = |message: String, line: Option<u64>| {
            Error::input(message).at(Location { path: path.to_owned(), line, column: None }).help(
                "write it again with `devops fetch release-dates --output FILE`, after removing this one",
            )
        };
        let file: File = serde_json::from_slice(bytes).map_err(|error| {
            let line = error.line() as u64;
            wrong("is no file of release dates, or is cut off".to_owned(), Some(line)).because(error)
        })?;
        if file.schema_version != VERSION {
            return Err(wrong(format!("has version {}, supported is {VERSION}", file.schema_version), None));
        }
        let mut read = Self::default();
        let mut seen = BTreeSet::new();
        for Entry { ecosystem, name, releases } in file.packages {
            if !seen.insert((ecosystem.clone(), name.clone())) {
                return Err(wrong(format!("lists {ecosystem} {name} twice"), None));
            }
            for Release { version, published } in releases {
                if read.get(&ecosystem, &name, &version).is_some() {
                    return Err(wrong(format!("lists {ecosystem} {name} {version} twice"), None));
                }
                read.insert(&ecosystem, &name, &version, published);
            }
        }
        Ok(read)
    }

    /// When a version was published, if that is known.
    pub fn get(&self, ecosystem: &str, name: &str, version: &str) -> Option<Timestamp> {
        self.dates.get(&(ecosystem.to_owned(), name.to_owned()))?.get(version).copied()
    }

    /// Notes when a version was published.
    pub fn insert(&mut self, ecosystem: &str, name: &str, version: &str, published: Timestamp) {
        let package = self.dates.entry((ecosystem.to_owned(), name.to_owned())).or_default();
        package.insert(version.to_owned(), published);
    }

    /// How many versions are known.
    pub fn len(&self) -> usize {
        self.dates.values().map(BTreeMap::len).sum()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty()
    }

    /// The file, in the order of its names.
    ///
    /// # Errors
    /// Never in practice: it has a JSON form.
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        let packages = self.dates.iter().map(|((ecosystem, name), releases)| Entry {
            ecosystem: ecosystem.clone(),
            name: name.clone(),
            releases: releases
                .iter()
                .map(|(version, published)| Release { version: version.clone(), published: *published })
                .collect(),
        });
        let file = File { schema_version: VERSION, packages: packages.collect() };
        let mut bytes = serde_json::to_vec_pretty(&file)
            .map_err(|error| Error::bug("release dates have no JSON form").because(error))?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::ReleaseDates;

    #[test]
    fn what_is_written_is_read_back() {
        let mut dates = ReleaseDates::default();
        dates.insert("npm", "left-pad", "1.3.0", "2018-04-09T01:10:45Z".parse().unwrap());
        dates.insert("npm", "left-pad", "1.2.0", "2017-11-08T18:50:28.796Z".parse().unwrap());
        dates.insert("PyPI", "left-pad", "1.2.0", "2017-11-08T18:50:28.796Z".parse().unwrap());
        let bytes = dates.to_json().unwrap();
        assert_eq!(ReleaseDates::read("a.json", &bytes).unwrap(), dates);
        assert_eq!(dates.len(), 3);
        assert_eq!(dates.get("npm", "left-pad", "1.4.0"), None);
        for length in [0, 1, bytes.len() / 2, bytes.len() - 2] {
            assert!(ReleaseDates::read("a.json", &bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_rejected() {
        let one = r#"{"ecosystem": "npm", "name": "a", "releases": [{"version": "1", "published": "2018-04-09T01:10:45Z"}]}"#;
        let twice = one.replace("}]", r#"}, {"version": "1", "published": "2019-04-09T01:10:45Z"}]"#);
        for (text, expected) in [
            (format!(r#"{{"schema_version": 1, "packages": [{one}, {one}]}}"#), "lists npm a twice"),
            (format!(r#"{{"schema_version": 1, "packages": [{twice}]}}"#), "lists npm a 1 twice"),
            (format!(r#"{{"schema_version": 2, "packages": [{one}]}}"#), "has version 2"),
            (
                format!(r#"{{"schema_version": 1, "schema_version": 1, "packages": [{one}]}}"#),
                "duplicate field",
            ),
            (format!(r#"{{"schema_version": 1, "packages": [{one}], "more": 1}}"#), "unknown field"),
            (one.replace("09T", "39T"), "is no file"),
        ] {
            let error = ReleaseDates::read("a.json", text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("a.json") && error.contains(expected), "{error}");
        }
    }
}

//! What a finding is about: facts by name, some of which identify it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// What a finding is about, such as `package` and `version`: one flat object in JSON.
///
/// A job declares for each fact whether it identifies the subject. Waivers look at those facts alone, so that a fact that many
/// findings share never lets them all pass. JSON does not say which facts these are: a report that is read back is not judged again.
#[derive(Debug, Clone, Default)]
pub struct Subject(BTreeMap<String, (Role, Value)>);

/// What a fact is to its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It names the subject, as written: a package, a test.
    Name,
    /// It names the subject in a catalogue whose entries are the same in upper and lower case, such as `CVE-2026-1001`.
    Identifier,
    /// It describes the subject, and other subjects may share it: a version, an outcome.
    Fact,
}

/// How a finding stands to the base or to earlier runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    New,
    /// What it is about was there, and nobody knew this of it.
    NewlyKnown,
    /// It was there, so that it is no news.
    Known,
}

impl Change {
    /// The name of the fact.
    const KEY: &str = "change";

    const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::NewlyKnown => "newly-known",
            Self::Known => "known",
        }
    }
}

impl Subject {
    /// Adds a fact, or replaces it.
    pub fn insert(&mut self, role: Role, name: &str, fact: impl Into<Value>) {
        self.0.insert(name.to_owned(), (role, fact.into()));
    }

    /// Says whether the finding is new.
    pub fn set_change(&mut self, change: Change) {
        self.insert(Role::Fact, Change::KEY, change.as_str());
    }

    /// Whether the finding is new, where that is known.
    pub fn change(&self) -> Option<Change> {
        let word = self.get(Change::KEY)?.as_str()?;
        [Change::New, Change::NewlyKnown, Change::Known].into_iter().find(|change| change.as_str() == word)
    }

    /// A fact, whatever its role.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).map(|(_, fact)| fact)
    }

    /// Whether it has no fact.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every text that identifies it, with its role; a list has several.
    pub fn names(&self) -> impl Iterator<Item = (Role, &str)> {
        let names = self.0.values().filter(|(role, _)| *role != Role::Fact);
        names.flat_map(|(role, fact)| texts(fact).map(move |text| (*role, text)))
    }

    /// Every text that describes it, with the name of the fact.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        let facts = self.0.iter().filter(|(_, (role, _))| *role == Role::Fact);
        facts.flat_map(|(name, (_, fact))| texts(fact).map(move |text| (name.as_str(), text)))
    }

    /// Every fact, to be changed in place.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.0.values_mut().map(|(_, fact)| fact)
    }
}

/// The texts of a fact: itself, or the texts of its list.
fn texts(fact: &Value) -> impl Iterator<Item = &str> {
    let items = fact.as_array().map_or(std::slice::from_ref(fact), Vec::as_slice);
    items.iter().filter_map(Value::as_str)
}

impl PartialEq for Subject {
    /// Whether both have the same facts, as JSON shows them.
    fn eq(&self, other: &Self) -> bool {
        let facts = |subject: &Self| subject.0.len();
        facts(self) == facts(other) && self.0.iter().all(|(name, (_, fact))| other.get(name) == Some(fact))
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, (_, fact))| (name, fact)))
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let facts = BTreeMap::<String, Value>::deserialize(deserializer)?;
        Ok(Self(facts.into_iter().map(|(name, fact)| (name, (Role::Fact, fact))).collect()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Change, Role, Subject};

    #[test]
    fn a_subject_is_one_flat_object_and_knows_what_identifies_it() {
        let mut subject = Subject::default();
        subject.insert(Role::Name, "package", "time");
        subject.insert(Role::Identifier, "aliases", vec!["CVE-1", "GHSA-2"]);
        subject.insert(Role::Fact, "path", vec!["chrono", "time"]);
        subject.insert(Role::Fact, "direct", true);
        subject.set_change(Change::Known);
        let names: Vec<(Role, &str)> = subject.names().collect();
        let expected = [(Role::Identifier, "CVE-1"), (Role::Identifier, "GHSA-2"), (Role::Name, "time")];
        assert_eq!(names, expected);
        let facts: Vec<(&str, &str)> = subject.facts().collect();
        assert_eq!(facts, [("change", "known"), ("path", "chrono"), ("path", "time")]);
        assert_eq!(subject.change(), Some(Change::Known));
        let json = serde_json::to_value(&subject).unwrap();
        let expected = json!({
            "aliases": ["CVE-1", "GHSA-2"], "change": "known", "direct": true,
            "package": "time", "path": ["chrono", "time"],
        });
        assert_eq!(json, expected);
        let back: Subject = serde_json::from_value(json).unwrap();
        assert_eq!(back, subject);
        assert_eq!(back.names().count(), 0);
        assert_ne!(back, Subject::default());
    }
}

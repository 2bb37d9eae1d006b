//! What publishers write as a licence, as an expression of SPDX's list.

use spdx::identifiers::{EXCEPTIONS, LICENSES};
use spdx::{AdditionItem, Expression, LicenseItem, LicenseReq, ParseMode};

/// Characters of a licence that are read; a longer one is a text.
const LONGEST: usize = 1_000;

/// What stands for "no licence is granted".
const NO_LICENCE: &str = "LicenseRef-UNLICENSED";

/// How the formats say so: npm, SPDX, Composer.
const NOT_GRANTED: [&str; 3] = ["UNLICENSED", "NONE", "proprietary"];

/// Names in use that are no full names of SPDX's list and mean one licence only, in the form of [`folded`].
const NAMES: [(&str, &str); 38] = [
    ("agplv3", "AGPL-3.0-only"),
    ("agplv3+", "AGPL-3.0-or-later"),
    ("apache 2", "Apache-2.0"),
    ("apache 2.0", "Apache-2.0"),
    ("apache software 2.0", "Apache-2.0"),
    ("bsd 2-clause", "BSD-2-Clause"),
    ("bsd 2 clause", "BSD-2-Clause"),
    ("simplified bsd", "BSD-2-Clause"),
    ("bsd 3-clause", "BSD-3-Clause"),
    ("bsd 3 clause", "BSD-3-Clause"),
    ("modified bsd", "BSD-3-Clause"),
    ("new bsd", "BSD-3-Clause"),
    ("boost software 1.0", "BSL-1.0"),
    ("cc0 1.0 universal cc0 1.0 public domain dedication", "CC0-1.0"),
    ("eclipse public 2.0 epl-2.0", "EPL-2.0"),
    ("european union public 1.2 eupl 1.2", "EUPL-1.2"),
    ("expat", "MIT"),
    ("gnu affero general public v3", "AGPL-3.0-only"),
    ("gnu affero general public v3 or later agplv3+", "AGPL-3.0-or-later"),
    ("gnu general public v2 gplv2", "GPL-2.0-only"),
    ("gnu general public v2 or later gplv2+", "GPL-2.0-or-later"),
    ("gnu general public v3 gplv3", "GPL-3.0-only"),
    ("gnu general public v3 or later gplv3+", "GPL-3.0-or-later"),
    ("gnu lesser general public v2 or later lgplv2+", "LGPL-2.0-or-later"),
    ("gnu lesser general public v3 lgplv3", "LGPL-3.0-only"),
    ("gnu lesser general public v3 or later lgplv3+", "LGPL-3.0-or-later"),
    ("gplv2", "GPL-2.0-only"),
    ("gplv2+", "GPL-2.0-or-later"),
    ("gplv3", "GPL-3.0-only"),
    ("gplv3+", "GPL-3.0-or-later"),
    ("isc iscl", "ISC"),
    ("lgplv3", "LGPL-3.0-only"),
    ("lgplv3+", "LGPL-3.0-or-later"),
    ("mit no attribution mit-0", "MIT-0"),
    ("mozilla public 2.0 mpl 2.0", "MPL-2.0"),
    ("mpl 2.0", "MPL-2.0"),
    ("universal permissive upl", "UPL-1.0"),
    ("unlicense unlicense", "Unlicense"),
];

/// Identifiers that SPDX replaced by a licence with an exception.
const REPLACED: [(&str, &str); 9] = [
    ("eCos-2.0", "GPL-2.0-or-later WITH eCos-exception-2.0"),
    ("GPL-2.0-with-autoconf-exception", "GPL-2.0-only WITH Autoconf-exception-2.0"),
    ("GPL-2.0-with-bison-exception", "GPL-2.0-only WITH Bison-exception-2.2"),
    ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ("GPL-2.0-with-font-exception", "GPL-2.0-only WITH Font-exception-2.0"),
    ("GPL-2.0-with-GCC-exception", "GPL-2.0-only WITH GCC-exception-2.0"),
    ("GPL-3.0-with-autoconf-exception", "GPL-3.0-only WITH Autoconf-exception-3.0"),
    ("GPL-3.0-with-GCC-exception", "GPL-3.0-only WITH GCC-exception-3.1"),
    ("wxWindows", "LGPL-2.0-or-later WITH WxWindows-exception-3.1"),
];

/// Reads a licence; none where it is no expression and no name that means one licence only.
pub(super) fn read(text: &str) -> Option<Expression> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    if NOT_GRANTED.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return parsed(NO_LICENCE);
    }
    parsed(&canonical(text)).or_else(|| parsed(named(text)?))
}

fn parsed(text: &str) -> Option<Expression> {
    let mode = ParseMode { allow_deprecated: true, ..ParseMode::STRICT };
    let expression = Expression::parse_mode(text, mode).ok()?;
    // The list of the crate has what SPDX writes where there is no licence, or nobody looked for one.
    let is_licence = |id: spdx::LicenseId| id.name != "NOASSERTION" && id.name != "NONE";
    let is_fine = expression.requirements().all(|part| part.req.license.id().is_none_or(is_licence));
    is_fine.then_some(expression)
}

/// The licence that a text names in words.
fn named(text: &str) -> Option<&'static str> {
    let folded = folded(text);
    let known = NAMES.iter().find(|(name, _)| *name == folded).map(|(_, id)| *id);
    known.or_else(|| {
        let mut same = LICENSES.iter().filter(|license| self::folded(license.full_name) == folded);
        let first = same.next()?;
        // Some names are shared by an identifier and what replaced it.
        same.all(|other| current(other.name, false) == current(first.name, false)).then_some(first.name)
    })
}

/// A name without case, punctuation and the words that say nothing.
fn folded(name: &str) -> String {
    let name = name.rsplit("::").next().unwrap_or_default().to_lowercase();
    let is_part = |character: char| character.is_alphanumeric() || ".+-".contains(character);
    let words = name.split(|character| !is_part(character)).map(|word| word.trim_matches('.'));
    let says = |word: &&str| !["", "the", "license", "licence", "version", "v", "-"].contains(word);
    words.filter(says).collect::<Vec<_>>().join(" ")
}

/// The text with every identifier as the list spells it today, and `OR` for a slash.
fn canonical(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 16);
    let mut word = String::new();
    for character in text.chars().chain([' ']) {
        match character {
            '(' | ')' | '/' => {
                take(&mut word, &mut result);
                result.push_str(if character == '/' { " OR " } else { "" });
                result.extend(Some(character).filter(|character| *character != '/'));
            }
            _ if character.is_whitespace() => {
                take(&mut word, &mut result);
                result.push(' ');
            }
            _ => word.push(character),
        }
    }
    result
}

/// Moves a word to the result, as the list spells it today.
fn take(word: &mut String, result: &mut String) {
    let taken = std::mem::take(word);
    let (bare, is_or_later) = match taken.strip_suffix('+') {
        Some(bare) => (bare, true),
        None => (taken.as_str(), false),
    };
    let is = |name: &str| name.eq_ignore_ascii_case(bare);
    if let Some((_, replaced)) = REPLACED.iter().find(|(name, _)| is(name) && !is_or_later) {
        result.push_str(replaced);
    } else if let Some(license) = LICENSES.iter().find(|license| is(license.name)) {
        result.push_str(&current(license.name, is_or_later));
    } else if let Some(exception) = EXCEPTIONS.iter().find(|exception| is(exception.name)) {
        result.push_str(exception.name);
    } else {
        result.push_str(&taken);
    }
}

/// An identifier of the list as it is written today: those of GNU licences say whether later versions are meant.
fn current(name: &str, is_or_later: bool) -> String {
    let bare = name.strip_suffix('+').unwrap_or(name);
    let is_or_later = is_or_later || bare != name;
    let (bare, is_or_later) = match (bare.strip_suffix("-or-later"), bare.strip_suffix("-only")) {
        (Some(bare), _) => (bare, true),
        (_, Some(bare)) => (bare, is_or_later),
        _ => (bare, is_or_later),
    };
    let suffixed = format!("{bare}{}", if is_or_later { "-or-later" } else { "-only" });
    match spdx::license_id(&suffixed) {
        Some(id) => id.name.to_owned(),
        None if is_or_later => format!("{bare}+"),
        None => bare.to_owned(),
    }
}

/// One licence of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// The identifier without its version.
    family: String,
    /// Its version; empty where it has none.
    version: Vec<u64>,
    /// Whether later versions may be chosen.
    is_or_later: bool,
    /// What is permitted beyond it.
    exception: Option<String>,
    /// Whether SPDX's list has it.
    pub(super) is_listed: bool,
}

impl Term {
    /// The licence of a part of an expression.
    pub(super) fn of(requirement: &LicenseReq) -> Self {
        let exception = requirement.addition.as_ref().map(AdditionItem::to_string);
        let (name, is_or_later, is_listed) = match &requirement.license {
            LicenseItem::Spdx { id, or_later } => (id.name.to_owned(), *or_later, true),
            LicenseItem::Other(reference) => (reference.to_string(), false, false),
        };
        let (bare, is_or_later) = match (name.strip_suffix("-or-later"), name.strip_suffix("-only")) {
            (Some(bare), _) => (bare, true),
            (_, bare) => (bare.unwrap_or(&name), is_or_later),
        };
        let split = bare.rsplit_once('-').filter(|_| is_listed);
        let numbers = |version: &str| -> Option<Vec<u64>> {
            version.split('.').map(|part| part.parse().ok()).collect()
        };
        let (family, version) = split
            .and_then(|(family, version)| Some((family, numbers(version)?)))
            .unwrap_or((bare, Vec::new()));
        Self { family: family.to_owned(), version, is_or_later, exception, is_listed }
    }

    /// Reads a single licence, as a list of allowed or denied ones has it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let expression = read(text)?;
        let mut terms = expression.requirements();
        let term = Self::of(&terms.next()?.req);
        terms.next().is_none().then_some(term)
    }

    /// Whether both leave a licence to choose: the same one, or a later version where that is allowed.
    fn shares(&self, other: &Self) -> bool {
        self.family == other.family
            && (self.version == other.version
                || self.is_or_later && !other.version.is_empty() && self.version < other.version
                || other.is_or_later && !self.version.is_empty() && other.version < self.version
                || self.is_or_later && other.is_or_later)
    }

    /// Whether this entry of a list of allowed licences is about a licence; what an exception permits must be in both.
    pub(super) fn allows(&self, term: &Self) -> bool {
        self.shares(term) && self.exception == term.exception
    }

    /// Whether this entry of a list of denied licences is about a licence, with any exception unless it names one.
    pub(super) fn denies(&self, term: &Self) -> bool {
        self.shares(term) && (self.exception.is_none() || self.exception == term.exception)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Term, folded, read};

    #[test]
    fn licences_are_read_as_they_are_written() {
        for (text, expected) in [
            ("MIT", "MIT"),
            (" mit ", "MIT"),
            ("apache-2.0 or mit", "Apache-2.0 or MIT"),
            ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
            ("(MIT AND (bsd-3-clause OR ISC))", "(MIT AND (BSD-3-Clause OR ISC))"),
            ("GPL-2.0", "GPL-2.0-only"),
            ("gpl-2.0+", "GPL-2.0-or-later"),
            ("GPL-2.0+ WITH classpath-exception-2.0", "GPL-2.0-or-later WITH Classpath-exception-2.0"),
            ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
            ("MPL-1.1+", "MPL-1.1+"),
            ("Apache License 2.0", "Apache-2.0"),
            ("Apache License, Version 2.0", "Apache-2.0"),
            ("The MIT License", "MIT"),
            ("License :: OSI Approved :: MIT License", "MIT"),
            (
                "License :: OSI Approved :: GNU General Public License v3 or later (GPLv3+)",
                "GPL-3.0-or-later",
            ),
            ("BSD 3-Clause License", "BSD-3-Clause"),
            ("UNLICENSED", "LicenseRef-UNLICENSED"),
            ("none", "LicenseRef-UNLICENSED"),
            ("LicenseRef-ours", "LicenseRef-ours"),
            ("Unlicense", "Unlicense"),
        ] {
            assert_eq!(
                read(text).map(|expression| expression.to_string().trim().to_owned()).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        for text in [
            "",
            "SEE LICENSE IN LICENSE.md",
            "NOASSERTION",
            "BSD",
            "GPL",
            "Apache",
            "Apache Software License",
            "Public Domain",
            "MIT OR",
            "MIT Apache-2.0",
            "MIT, Apache-2.0",
            "MITT",
            "not MIT",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn every_name_leads_to_a_licence_of_the_list() {
        for (name, id) in super::NAMES {
            assert_eq!(folded(name), name);
            assert!(spdx::license_id(id).is_some(), "{id}");
        }
        for (old, new) in super::REPLACED {
            assert!(spdx::license_id(old).is_some() && read(new).is_some(), "{old} {new}");
        }
    }

    #[test]
    fn versions_and_exceptions_are_compared() {
        let of = |text: &str| Term::read(text).unwrap();
        for (entry, licence, is_allowed, is_denied) in [
            ("MIT", "mit", true, true),
            ("MIT", "MIT-0", false, false),
            ("GPL-2.0", "GPL-2.0-only", true, true),
            ("GPL-3.0-only", "GPL-2.0-or-later", true, true),
            ("GPL-3.0-only", "GPL-2.0-only", false, false),
            ("GPL-2.0-or-later", "GPL-3.0-only", true, true),
            ("GPL-3.0-or-later", "GPL-2.0-only", false, false),
            ("GPL-3.0-only", "LGPL-3.0-only", false, false),
            ("GPL-3.0-only", "AGPL-3.0-only", false, false),
            ("MPL-2.0", "MPL-1.1+", true, true),
            ("MPL-2.0", "MPL-1.1", false, false),
            ("Apache-2.0", "Apache-2.0 WITH LLVM-exception", false, true),
            ("Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception", true, true),
            ("Apache-2.0 WITH LLVM-exception", "Apache-2.0", false, false),
            ("LicenseRef-a", "LicenseRef-a", true, true),
            ("LicenseRef-1.0", "LicenseRef-2.0", false, false),
        ] {
            assert_eq!(of(entry).allows(&of(licence)), is_allowed, "allow {entry}: {licence}");
            assert_eq!(of(entry).denies(&of(licence)), is_denied, "deny {entry}: {licence}");
        }
        assert!(Term::read("MIT OR ISC").is_none() && Term::read("").is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in "[A-Za-z0-9.+()/ :-]{0,60}|\\PC{0,60}") {
            let _ = read(&text);
        }
    }
}

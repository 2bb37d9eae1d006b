//! PHP: `vendor/composer/installed.json` in both of its shapes, and the registry of PEAR and PECL (`.registry/**/*.reg`).

use super::found::{Found, PEAR, Taken};
use super::{Candidate, Kind, Reader, Trouble};
use crate::Origin;
use crate::document::{Damage, Node, Value, json, text};
use crate::installed::Content;
use devops_core::Ecosystem;

/// The reader.
pub(super) const READER: Reader = Reader { name: "composer", kind: Kind::Language, is, take };

/// Deepest nesting of a serialised value that is read.
const DEEPEST: usize = 32;

fn is(file: &Candidate<'_>) -> bool {
    is_registered(file) || file.path.name() == b"installed.json" && file.path.folder().name() == b"composer"
}

/// Whether a file is of the registry of PEAR and PECL: below `.registry`, or below the folder of a channel there.
fn is_registered(file: &Candidate<'_>) -> bool {
    let folder = file.path.folder();
    let folder = if folder.name().starts_with(b".channel.") { folder.folder() } else { folder };
    file.path.name().ends_with(b".reg") && folder.name() == b".registry"
}

fn take(file: &Candidate<'_>, content: &mut dyn Content) -> Result<Taken, Trouble> {
    let bytes = super::whole(content)?;
    Ok(if is_registered(file) { registered(&bytes)? } else { installed(&bytes)? }.into())
}

/// The packages of an `installed.json`.
fn installed(bytes: &[u8]) -> Result<Vec<Found>, Damage> {
    let document = json(text(bytes)?)?;
    let items = if let Value::List(items) = &document.value {
        // Composer 1.
        items.as_slice()
    } else {
        document.check_spelling(&["packages"])?;
        let packages = document.get("packages");
        packages.ok_or_else(|| Damage::new(document.line, "`packages` is missing"))?.list("packages")?
    };
    items.iter().map(package).collect()
}

fn package(item: &Node<'_>) -> Result<Found, Damage> {
    item.check_spelling(&["name", "version"])?;
    let licenses: Vec<&str> = match item.get("license").map(|license| &license.value) {
        Some(Value::List(items)) => items.iter().filter_map(Node::as_text).collect(),
        Some(Value::Text(license)) => vec![license],
        _ => vec![],
    };
    let line = item.get("name").map_or(item.line, |name| name.line);
    let found = Found::new(Ecosystem::PACKAGIST, item.must("name")?, item.must("version")?);
    Ok(found.at(line).licensed(Some(licenses.join(" OR "))))
}

/// The package of a file of the registry of PEAR, which is an array as PHP serialises it.
fn registered(bytes: &[u8]) -> Result<Vec<Found>, Damage> {
    let damaged = || Damage::new(1, "is no package of PEAR's registry");
    let mut rest = bytes;
    let value = Php::read(&mut rest, 0).ok_or_else(damaged)?;
    let field = |key: &[u8]| value.get(key);
    let version =
        field(b"version").and_then(|version| version.text().or_else(|| version.get(b"release")?.text()));
    let name = field(b"name").or_else(|| field(b"package")).and_then(Php::text);
    let (Some(name), Some(version)) = (name, version) else { return Err(damaged()) };
    let channel = field(b"channel").and_then(Php::text).unwrap_or_else(|| "pear.php.net".to_owned());
    let license =
        field(b"license").and_then(|license| license.text().or_else(|| license.get(b"_content")?.text()));
    let name = if channel.is_empty() { name } else { format!("{channel}/{name}") };
    Ok(vec![Found::new(PEAR, name, version).from(Origin::Other, channel).licensed(license)])
}

/// A value that PHP serialised.
enum Php<'a> {
    Text(&'a [u8]),
    Map(Vec<(Php<'a>, Php<'a>)>),
    Other,
}

impl<'a> Php<'a> {
    /// The value that bytes start with, which are then behind it.
    fn read(bytes: &mut &'a [u8], depth: usize) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        *bytes = rest;
        if *kind == b'N' {
            *bytes = bytes.strip_prefix(b";")?;
            return Some(Self::Other);
        }
        *bytes = bytes.strip_prefix(b":")?;
        let end = bytes.iter().position(|byte| matches!(byte, b':' | b';'))?;
        let (number, rest) = bytes.split_at_checked(end)?;
        *bytes = rest;
        match kind {
            b's' => {
                let length = std::str::from_utf8(number).ok()?.parse().ok()?;
                *bytes = bytes.strip_prefix(b":\"")?;
                let (text, rest) = bytes.split_at_checked(length)?;
                *bytes = rest.strip_prefix(b"\";")?;
                Some(Self::Text(text))
            }
            b'a' if depth < DEEPEST => {
                let count: usize = std::str::from_utf8(number).ok()?.parse().ok()?;
                *bytes = bytes.strip_prefix(b":{")?;
                let mut entries = Vec::new();
                for _ in 0..count {
                    entries.push((Self::read(bytes, depth + 1)?, Self::read(bytes, depth + 1)?));
                }
                *bytes = bytes.strip_prefix(b"}")?;
                Some(Self::Map(entries))
            }
            b'i' | b'd' | b'b' => {
                *bytes = bytes.strip_prefix(b";")?;
                Some(Self::Other)
            }
            _ => None,
        }
    }

    /// The value of a key.
    fn get(&self, key: &[u8]) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries
            .iter()
            .find(|(name, _)| matches!(name, Self::Text(text) if *text == key))
            .map(|(_, value)| value)
    }

    /// The text.
    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        }
    }
}

//! Ruby: `specifications/*.gemspec`, those of default gems among them.
//!
//! They are Ruby, of which only literals are read: RubyGems writes nothing else into the files that it installs. What is computed is
//! taken from the name of the file.

use super::found::{Found, Taken};
use super::{Candidate, Kind, Reader, Trouble};
use crate::document::Damage;
use crate::installed::Content;
use devops_core::Ecosystem;

/// The reader.
pub(super) const READER: Reader = Reader { name: "gem", kind: Kind::Language, is, take };

fn is(file: &Candidate<'_>) -> bool {
    let folder = file.path.folder();
    let is_folder = folder.name() == b"specifications"
        || folder.name() == b"default" && folder.folder().name() == b"specifications";
    is_folder && file.path.name().ends_with(b".gemspec")
}

fn take(file: &Candidate<'_>, content: &mut dyn Content) -> Result<Taken, Trouble> {
    let bytes = super::whole(content)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut stub = None;
    let (mut name, mut version, mut license) = (None, None, None);
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        // What RubyGems itself reads of a gem that it need not load: `# stub: rails 7.0.4 ruby lib`.
        if let Some(words) = content.strip_prefix("# stub:") {
            let mut words = words.split_ascii_whitespace();
            stub = stub.or_else(|| Some((words.next()?.to_owned(), words.next()?.to_owned())));
        }
        let Some((left, right)) = content.split_once('=') else { continue };
        // `s.name = "rails".freeze`, whatever the block calls its argument.
        let Some((_, field)) = left.trim_end().split_once('.') else { continue };
        match field {
            "name" => name = name.or_else(|| Some((literal(right)?, line))),
            "version" => version = version.or_else(|| literal(right)),
            "license" | "licenses" => license = license.or_else(|| Some(literals(right).join(" OR "))),
            _ => {}
        }
    }
    let line = name.as_ref().map_or(1, |(_, line)| *line);
    let name = name.map(|(name, _)| name);
    let (name, version) = match (name, version, stub) {
        (Some(name), Some(version), _) => (name, version),
        (_, _, Some(stub)) => stub,
        _ => of_file(&file.path.name_text())
            .ok_or_else(|| Damage::new(1, "has no name and version of a gem that can be read"))?,
    };
    Ok(Found::new(Ecosystem::RUBYGEMS, name, version).at(line).licensed(license).into())
}

/// The literal that an expression starts with, alone or in `Gem::Version.new(…)`.
fn literal(expression: &str) -> Option<String> {
    let expression = expression.trim();
    let is_version =
        expression.strip_prefix("Gem::Version.new").map(|rest| rest.trim_start_matches(['(', ' ']));
    let expression = is_version.unwrap_or(expression);
    // What RubyGems wrote before 2011.
    if let Some((literal, _)) = expression.strip_prefix("%q{").and_then(|rest| rest.split_once('}')) {
        return Some(literal.to_owned());
    }
    expression.starts_with(['"', '\'']).then(|| literals(expression).into_iter().next()).flatten()
}

/// Every literal of an expression that needs no evaluation.
fn literals(expression: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(start) = rest.find(['"', '\'']) {
        let quote = rest.get(start..=start).unwrap_or("\"");
        let Some((literal, behind)) = rest.get(start + 1..).and_then(|inside| inside.split_once(quote))
        else {
            break;
        };
        if !literal.is_empty() && !literal.contains(['\\', '#']) {
            found.push(literal.to_owned());
        }
        rest = behind;
    }
    found
}

/// Name and version of a file: `rails-7.0.4.gemspec`, `nokogiri-1.15.4-x86_64-linux.gemspec`.
fn of_file(name: &str) -> Option<(String, String)> {
    let stem = name.strip_suffix(".gemspec")?;
    let (at, _) = stem
        .match_indices('-')
        .find(|(at, _)| stem.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit))?;
    let (name, rest) = stem.split_at_checked(at)?;
    let version = rest.strip_prefix('-')?.split('-').next()?;
    (!name.is_empty()).then(|| (name.to_owned(), version.to_owned()))
}

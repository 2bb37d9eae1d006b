//! Java: jars and their kin, also nested ones.
//!
//! Every `pom.properties` counts, because a shaded jar has one for each of the jars that it was made of; so does a `pom.xml` alone.
//! A jar that has none for itself is what its manifest says, then what its file is called. The group, which a manifest rarely
//! says, is that of the packages of its classes, or a known one; a jar whose group stays unknown is listed as from elsewhere.

mod archive;
mod identity;

use std::borrow::Cow;
use std::io;

use self::archive::Entry;
use super::found::{Found, Taken};
use super::{Candidate, Kind, Reader, Trouble};
use crate::document::{Damage, xml};
use crate::installed::{Content, InMemory};
use devops_core::Ecosystem;

/// The reader.
pub(super) const READER: Reader = Reader { name: "jar", kind: Kind::Language, is, take };

/// What archives of classes end with.
const ENDS: [&str; 9] = [".jar", ".war", ".ear", ".par", ".aar", ".sar", ".kar", ".hpi", ".jpi"];
/// Deepest nesting of archives that is read.
const DEEPEST: usize = 8;
/// How many bytes of nested archives that are packed are held at once: so much is unpacked in memory.
const MOST_UNPACKED: u64 = 512 << 20;
/// How many bytes are unpacked for one file altogether.
const MOST_WORK: u64 = 4 << 30;
/// Largest `pom.properties`, and how much is read of a manifest: what says which jar it is stands in front.
const LARGEST_TEXT: u64 = 256 << 10;

fn is(file: &Candidate<'_>) -> bool {
    is_archive(file.path.name())
}

/// Whether a name is one of an archive of classes.
fn is_archive(name: &[u8]) -> bool {
    let end = name.last_chunk::<4>();
    end.is_some_and(|end| ENDS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(end)))
}

fn take(file: &Candidate<'_>, content: &mut dyn Content) -> Result<Taken, Trouble> {
    let name = file.path.name_text();
    let mut search = Search { found: Vec::new(), work: MOST_WORK };
    match archive::entries(content)? {
        Some(entries) => search.archive(
            content,
            &entries,
            Place { name: &name, inside: "", room: MOST_UNPACKED, depth: 0 },
        )?,
        None if is_damaged(content)? => {
            return Err(Damage::new(0, "is a cut off archive: its central directory is missing").into());
        }
        None => {}
    }
    Ok(search.found.into())
}

/// Whether a file without a central directory is an archive that lost it, instead of something else of that name.
fn is_damaged(content: &mut dyn Content) -> io::Result<bool> {
    let head = content.head(512)?;
    let is_text = head.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e));
    Ok(!is_text || head.starts_with(b"PK") || head.starts_with(b"#!"))
}

/// Part of a file that is not packed.
struct Slice<'a> {
    content: &'a mut dyn Content,
    offset: u64,
    size: u64,
}

impl Content for Slice<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn range(&mut self, offset: u64, length: usize) -> io::Result<Cow<'_, [u8]>> {
        let rest = self.size.saturating_sub(offset);
        let length = usize::try_from(rest).unwrap_or(usize::MAX).min(length);
        self.content.range(self.offset.saturating_add(offset), length)
    }
}

/// Where an archive is.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The name of its file.
    name: &'a str,
    /// Its path inside of the file that is looked at; empty for that file itself.
    inside: &'a str,
    /// How many bytes may be held at once.
    room: u64,
    /// How deeply it is nested.
    depth: usize,
}

/// What was found so far.
struct Search {
    found: Vec<Found>,
    /// How many bytes may still be unpacked.
    work: u64,
}

impl Search {
    /// Lists what an archive is made of.
    fn archive(
        &mut self,
        content: &mut dyn Content,
        entries: &[Entry],
        place: Place<'_>,
    ) -> Result<(), Trouble> {
        let Place { name, inside, .. } = place;
        let own = self.described(content, entries, inside)?;
        let manifest = entries.iter().find(|entry| entry.name.eq_ignore_ascii_case("META-INF/MANIFEST.MF"));
        let manifest =
            manifest.map(|entry| entry.beginning(content, LARGEST_TEXT)).transpose()?.unwrap_or_default();
        let names = || entries.iter().map(|entry| entry.name.as_str());
        for found in identity::of(name, &String::from_utf8_lossy(&manifest), &mut names(), &own) {
            self.add(found, inside);
        }
        for found in own {
            self.add(found, inside);
        }
        for entry in entries.iter().filter(|entry| is_archive(entry.name.as_bytes())) {
            self.nested(content, entry, place)?;
        }
        Ok(())
    }

    fn add(&mut self, mut found: Found, inside: &str) {
        inside.clone_into(&mut found.inside);
        if !self.found.contains(&found) {
            self.found.push(found);
        }
    }

    /// The packages whose descriptions Maven has put into an archive.
    fn described(
        &mut self,
        content: &mut dyn Content,
        entries: &[Entry],
        inside: &str,
    ) -> Result<Vec<Found>, Trouble> {
        let mut found = Vec::new();
        let mut folders = Vec::new();
        for entry in entries {
            let Some((group, artifact, folder)) = coordinates(&entry.name, "pom.properties") else {
                continue;
            };
            self.spend(entry, inside)?;
            let bytes = entry.beginning(content, LARGEST_TEXT)?;
            if let Some(one) = identity::of_properties(&String::from_utf8_lossy(&bytes), group, artifact) {
                folders.push(folder);
                found.push(one);
            }
        }
        for entry in entries {
            let Some((group, artifact, folder)) = coordinates(&entry.name, "pom.xml") else { continue };
            if folders.contains(&folder) {
                continue;
            }
            self.spend(entry, inside)?;
            let bytes = entry.beginning(content, super::LARGEST)?;
            let text = String::from_utf8_lossy(&bytes);
            // What Maven itself could not read has no version that could be known.
            let Ok(root) = xml(&text) else { continue };
            found.extend(identity::of_pom(&root, group, artifact));
        }
        Ok(found)
    }

    /// An archive inside of another.
    fn nested(&mut self, content: &mut dyn Content, entry: &Entry, place: Place<'_>) -> Result<(), Trouble> {
        let Place { inside, room, depth, .. } = place;
        let path = if inside.is_empty() { entry.name.clone() } else { format!("{inside}!/{}", entry.name) };
        let error =
            |what: &str| Trouble::from(Damage::new(0, format!("has a nested archive `{path}` that {what}")));
        if depth >= DEEPEST {
            return Err(error("is nested too deeply"));
        }
        let name = entry.name.rsplit('/').next().unwrap_or_default();
        let within = |trouble: Trouble| match trouble {
            Trouble::Damaged(damage) if !damage.what.contains("nested archive") => error(&damage.what),
            other => other,
        };
        if let Some(offset) = entry.stored(content)? {
            let mut slice = Slice { content, offset, size: entry.size };
            return match archive::entries(&mut slice).map_err(within)? {
                Some(entries) => self
                    .archive(&mut slice, &entries, Place { name, inside: &path, room, depth: depth + 1 })
                    .map_err(within),
                None if is_damaged(&mut slice)? => Err(error("is cut off")),
                None => Ok(()),
            };
        }
        self.spend(entry, inside)?;
        let room = room
            .checked_sub(entry.size)
            .ok_or_else(|| error(&format!("is larger than {} MiB", MOST_UNPACKED >> 20)))?;
        let bytes = entry.beginning(content, entry.size)?;
        let mut memory = InMemory(&bytes);
        match archive::entries(&mut memory).map_err(within)? {
            Some(entries) => self
                .archive(&mut memory, &entries, Place { name, inside: &path, room, depth: depth + 1 })
                .map_err(within),
            None if is_damaged(&mut memory)? => Err(error("is cut off")),
            None => Ok(()),
        }
    }

    /// Counts what is unpacked.
    fn spend(&mut self, entry: &Entry, inside: &str) -> Result<(), Trouble> {
        let left = self.work.checked_sub(entry.size);
        self.work = left.ok_or_else(|| {
            let path = if inside.is_empty() { String::new() } else { format!(" in `{inside}`") };
            Damage::new(0, format!("unpacks to more than {} GiB{path}", MOST_WORK >> 30))
        })?;
        Ok(())
    }
}

/// Group, artifact and folder of a description of Maven: `META-INF/maven/GROUP/ARTIFACT/pom.properties`, wherever that lies.
fn coordinates<'a>(path: &'a str, file: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let (folder, name) = path.rsplit_once('/')?;
    let (rest, artifact) = folder.rsplit_once('/')?;
    let (maven, group) = rest.rsplit_once('/')?;
    (name == file && (maven == "META-INF/maven" || maven.ends_with("/META-INF/maven")))
        .then_some((group, artifact, folder))
}

/// A package of the Java world.
fn package(group: &str, artifact: &str, version: &str) -> Found {
    Found::new(Ecosystem::MAVEN, format!("{group}:{artifact}"), version)
}

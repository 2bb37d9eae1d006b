//! Go: the modules that `go version -m` prints, which each program has inside, and the standard library of its toolchain.

use std::io;

use memchr::memmem;

use super::super::Content;
use super::Trouble;
use super::found::Found;
use super::sections::{Part, Program, search};
use crate::Origin;
use crate::document::Damage;
use devops_core::Ecosystem;

/// What the build information begins with.
const MAGIC: &[u8] = b"\xff Go buildinf:";
/// Where strings follow, or their addresses.
const LENGTH: usize = 32;
/// Longest list of modules that is read.
const LONGEST: usize = 16 << 20;
/// Sections that only programs of Go have.
const MARKS: [&str; 4] = [".note.go.buildid", ".gopclntab", ".gosymtab", "__gopclntab"];

/// What a program says about the modules in it; nothing where it is none of Go's.
pub(super) fn modules(program: &Program, content: &mut dyn Content) -> Result<Vec<Found>, Trouble> {
    let Some((version, modules)) = build_info(program, content)? else { return Ok(Vec::new()) };
    let mut found = read(&modules)?;
    // `go1.21.3 X:boringcrypto`; one that is built from Go's own repository is `devel go1.22-0123456789`.
    let release = version.split_ascii_whitespace().find_map(|word| word.strip_prefix("go"));
    let release = release.map(|release| release.split('-').next().unwrap_or(release));
    match release {
        Some(release) if release.starts_with(|first: char| first.is_ascii_digit()) => {
            found.push(Found::new(Ecosystem::GO, "stdlib", release));
        }
        // Nothing else that Go writes, from its first release on.
        _ if version.starts_with("devel") => {}
        _ => {
            return Err(
                Damage::new(0, format!("says it was built by Go `{version}`, which is no version")).into()
            );
        }
    }
    Ok(found)
}

/// The version of the toolchain and the list of modules.
fn build_info(program: &Program, content: &mut dyn Content) -> Result<Option<(String, String)>, Trouble> {
    let section = program.section(".go.buildinfo").or_else(|| program.section("__go_buildinfo"));
    let is_go = || MARKS.iter().any(|mark| program.section(mark).is_some());
    // Without a section, as in PE and in what was stripped of its sections, it is in the data.
    let has_names =
        program.has_sections && program.parts.iter().all(|part| !part.is_data || part.name.is_empty());
    let data: Vec<&Part> = match section {
        Some(section) => vec![section],
        None if has_names && !is_go() => return Ok(None),
        None => program.parts.iter().filter(|part| part.is_data).collect(),
    };
    for part in data {
        let place = search(content, part, LENGTH, &mut |at, bytes| {
            let places = memmem::find_iter(bytes, MAGIC);
            places.map(|place| at + place as u64).find(|place| place % 16 == 0)
        })?;
        if let Some(place) = place {
            return info_at(program, content, part, place).map(Some);
        }
    }
    match section {
        Some(_) => Err(Damage::new(0, "has a section of Go's build information without any").into()),
        None => Ok(None),
    }
}

/// The build information at a place of a part.
fn info_at(
    program: &Program,
    content: &mut dyn Content,
    part: &Part,
    place: u64,
) -> Result<(String, String), Trouble> {
    let cut = || Trouble::from(Damage::new(0, "has build information of Go that is cut off"));
    let header = content.range(part.offset.saturating_add(place), LENGTH)?.into_owned();
    let (Some(size), Some(flags)) = (header.get(14).copied(), header.get(15).copied()) else {
        return Err(cut());
    };
    let (version, modules) = if flags & 2 != 0 {
        // Since 1.18 the strings themselves follow.
        let mut at = part.offset.saturating_add(place).saturating_add(LENGTH as u64);
        let version = string_at(content, &mut at)?.ok_or_else(cut)?;
        (version, string_at(content, &mut at)?.ok_or_else(cut)?)
    } else {
        let size = usize::from(size);
        let is_big = flags & 1 != 0;
        if size != 4 && size != 8 {
            return Err(cut());
        }
        let pointer = |bytes: &[u8]| number(bytes, is_big);
        let addresses = [header.get(16..16 + size), header.get(16 + size..16 + 2 * size)];
        let mut strings = Vec::new();
        for address in addresses {
            let address = pointer(address.ok_or_else(cut)?);
            if address == 0 {
                // Without modules the address of their list is zero.
                strings.push(Vec::new());
                continue;
            }
            let string = program.at(content, address, 2 * size)?;
            let (Some(data), Some(length)) = (string.get(..size), string.get(size..2 * size)) else {
                return Err(cut());
            };
            let length =
                usize::try_from(pointer(length)).ok().filter(|length| *length <= LONGEST).ok_or_else(cut)?;
            let bytes = program.at(content, pointer(data), length)?;
            if bytes.len() != length {
                return Err(cut());
            }
            strings.push(bytes);
        }
        let mut strings = strings.into_iter();
        (strings.next().unwrap_or_default(), strings.next().unwrap_or_default())
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| cut());
    // The list stands between two marks of 16 bytes, where there is one.
    let inside = modules.len().checked_sub(16).and_then(|end| modules.get(16..end)).unwrap_or_default();
    let modules = if inside.ends_with(b"\n") { inside.to_vec() } else { Vec::new() };
    Ok((text(version)?, text(modules)?))
}

/// A string with its length before it, and the place behind it.
fn string_at(content: &mut dyn Content, at: &mut u64) -> io::Result<Option<Vec<u8>>> {
    let head = content.range(*at, 10)?.into_owned();
    let (mut length, mut used) = (0_u64, 0);
    for byte in &head {
        length |= u64::from(byte & 0x7f) << (7 * used).min(63);
        used += 1;
        if byte & 0x80 == 0 {
            let Some(length) = usize::try_from(length).ok().filter(|length| *length <= LONGEST) else {
                return Ok(None);
            };
            let bytes = content.range(at.saturating_add(used), length)?;
            *at = at.saturating_add(used).saturating_add(length as u64);
            return Ok((bytes.len() == length).then(|| bytes.into_owned()));
        }
    }
    Ok(None)
}

/// A number of the order of bytes of the program.
fn number(bytes: &[u8], is_big: bool) -> u64 {
    let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    if is_big { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
}

/// The modules of a list.
fn read(list: &str) -> Result<Vec<Found>, Damage> {
    let mut found: Vec<Found> = Vec::new();
    for line in list.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        match words.as_slice() {
            ["mod" | "dep", path, version, ..] => found.push(module(path, version)),
            ["=>", path, version, ..] => {
                let replaced = found.pop().ok_or_else(|| Damage::new(0, "replaces no module"))?;
                let is_folder = path.starts_with(['.', '/']) || path.contains(":\\");
                found.push(if is_folder {
                    replaced.from(Origin::Path, *path)
                } else {
                    module(path, version)
                });
            }
            ["mod" | "dep" | "=>", ..] => {
                return Err(Damage::new(0, format!("lists the module `{line}` without a version")));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// A module; the version of one that is built from its own folder is not known.
fn module(path: &str, version: &str) -> Found {
    match version {
        "(devel)" | "" => Found::new(Ecosystem::GO, path, "").from(Origin::Project, ""),
        version => Found::new(Ecosystem::GO, path, version.strip_prefix('v').unwrap_or(version)),
    }
}

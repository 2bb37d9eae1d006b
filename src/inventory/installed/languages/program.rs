//! Programs that no package has brought, by the version that they print: servers, interpreters and libraries of cryptography.
//!
//! Of the ecosystems of OSV, Bitnami's has records about many of them by the versions of the projects themselves. What it has none
//! about is listed as from elsewhere, so that it is counted as not covered.

use std::io;

use memchr::memmem;

use super::super::Content;
use super::found::{BITNAMI, Found, PROGRAM, Taken};
use super::sections::{Part, Program, search};
use super::{Candidate, Kind, Reader, Trouble};
use crate::Origin;
use crate::document::Damage;

/// The reader of the file in which a Java runtime says what it is.
pub(super) const READER: Reader =
    Reader { name: "java-release", kind: Kind::Program, is: is_release, take: take_release };

/// Largest file with the version of a Java runtime; longer ones of this name are something else.
const LARGEST_RELEASE: usize = 64 << 10;
/// Longest version with what stands before it.
const LONGEST: usize = 128;
/// Most bytes that are looked through where there is no section of constants.
const MOST: u64 = 256 << 20;

/// A program that is known.
struct Known {
    /// Its name, as Bitnami has it.
    name: &'static str,
    /// Whether a file of this name may be it.
    is: fn(&str) -> bool,
    /// What stands before its version, the surest first; a star is the version of the name of its file.
    before: &'static [&'static str],
    /// How many numbers its version has at least.
    numbers: usize,
    /// Whether Bitnami has records about it.
    is_covered: bool,
}

/// The programs.
const KNOWN: [Known; 11] = [
    Known {
        name: "node",
        is: |name| matches!(name, "node" | "nodejs"),
        before: &["node.js/v"],
        numbers: 3,
        is_covered: true,
    },
    Known {
        name: "python",
        is: |name| is_numbered(name, "python") || is_library(name, "libpython"),
        before: &["\0*", "/*"],
        numbers: 3,
        is_covered: true,
    },
    Known {
        name: "ruby",
        is: |name| is_numbered(name, "ruby") || is_library(name, "libruby"),
        before: &["ruby "],
        numbers: 3,
        is_covered: true,
    },
    Known {
        name: "php",
        is: |name| {
            ["php", "php-fpm", "php-cgi"].iter().any(|one| is_numbered(name, one))
                || is_library(name, "libphp")
        },
        before: &["X-Powered-By: PHP/"],
        numbers: 3,
        is_covered: true,
    },
    Known {
        name: "nginx",
        is: |name| name == "nginx",
        before: &["nginx version: nginx/"],
        numbers: 3,
        is_covered: true,
    },
    Known {
        name: "apache",
        is: |name| matches!(name, "httpd" | "apache2"),
        before: &["Apache/"],
        numbers: 3,
        is_covered: true,
    },
    Known {
        name: "redis",
        is: |name| matches!(name, "redis-server" | "redis-sentinel" | "redis-check-rdb" | "redis-check-aof"),
        before: &[],
        numbers: 3,
        is_covered: true,
    },
    Known {
        name: "postgresql",
        is: |name| name == "postgres",
        before: &["(PostgreSQL) "],
        numbers: 2,
        is_covered: true,
    },
    Known {
        name: "openssl",
        is: |name| name == "openssl" || is_library(name, "libcrypto") || is_library(name, "libssl"),
        before: &["OpenSSL "],
        numbers: 3,
        is_covered: false,
    },
    Known {
        name: "curl",
        is: |name| name == "curl" || is_library(name, "libcurl"),
        before: &["curl/"],
        numbers: 3,
        is_covered: false,
    },
    Known {
        name: "busybox",
        is: |name| name.starts_with("busybox"),
        before: &["BusyBox v"],
        numbers: 3,
        is_covered: false,
    },
];

/// Whether a name is another with a version behind it: `python3.11`, `php-fpm8.2`.
fn is_numbered(name: &str, program: &str) -> bool {
    let rest = name.strip_prefix(program).map(|rest| rest.strip_suffix(".exe").unwrap_or(rest));
    rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

/// Whether a name is one of a shared library: `libpython3.11.so.1.0`, `libcrypto.so.3`.
fn is_library(name: &str, library: &str) -> bool {
    name.strip_prefix(library).is_some_and(|rest| {
        rest.contains(".so") && !rest.starts_with(|first: char| first.is_ascii_alphabetic())
    })
}

/// Whether a program of this name may be known.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|known| (known.is)(name))
}

/// The program that a file is, by its name and by what it prints.
pub(super) fn version(
    name: &str,
    programs: &[Program],
    content: &mut dyn Content,
) -> Result<Option<Found>, Trouble> {
    let Some(known) = KNOWN.iter().find(|known| (known.is)(name)) else { return Ok(None) };
    let constants: Vec<Part> = programs
        .iter()
        .flat_map(|program| {
            [".rodata", "__cstring", "__const", ".rdata"].iter().filter_map(|name| program.section(name))
        })
        .cloned()
        .collect();
    let all =
        Part { name: String::new(), address: 0, offset: 0, size: content.size().min(MOST), is_data: false };
    // A program without such sections has its constants somewhere else.
    let parts = if constants.is_empty() { vec![all] } else { constants };
    for part in parts {
        let found = if known.before.is_empty() {
            redis(content, &part)?
        } else {
            printed(known, name, content, &part)?
        };
        if let Some(version) = found {
            return Ok(Some(package(known.name, version, known.is_covered)));
        }
    }
    Ok(None)
}

/// A program as a package.
fn package(name: &str, version: String, is_covered: bool) -> Found {
    if is_covered {
        Found::new(BITNAMI, name, version)
    } else {
        Found::new(PROGRAM, name, version).from(Origin::Other, "program")
    }
}

/// The version behind what stands before it.
fn printed(known: &Known, name: &str, content: &mut dyn Content, part: &Part) -> io::Result<Option<String>> {
    let own: String = name
        .chars()
        .skip_while(|first| !first.is_ascii_digit())
        .take_while(|one| one.is_ascii_digit() || *one == '.')
        .collect();
    let own = own.trim_end_matches('.');
    for before in known.before {
        let is_own = before.contains('*');
        let before = before.replace('*', if own.is_empty() { "3." } else { own });
        let found = search(content, part, LONGEST, &mut |_, bytes| {
            memmem::find_iter(bytes, before.as_bytes()).find_map(|at| {
                let start = if is_own { at + 1 } else { at + before.len() };
                let version = number(bytes.get(start..)?, known.numbers)?;
                let next = bytes.get(start + version.len());
                // Where only the version itself stands there, all of it must be one.
                (!is_own || next == Some(&0)).then_some(version)
            })
        })?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// A version of at least some numbers with dots between them, with what Python and OpenSSL have behind the last one.
fn number(bytes: &[u8], numbers: usize) -> Option<String> {
    let is_part = |byte: &&u8| byte.is_ascii_digit() || **byte == b'.';
    let length = bytes.iter().take_while(is_part).count();
    let plain = std::str::from_utf8(bytes.get(..length)?).ok()?.trim_end_matches('.');
    let parts = plain.split('.').filter(|part| !part.is_empty()).count();
    if parts < numbers || plain.contains("..") || plain.starts_with('.') {
        return None;
    }
    // `3.13.0rc1`, `1.1.1w`, `17beta2`
    let behind = bytes.get(plain.len()..).unwrap_or_default();
    let letters = behind.iter().take(12).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let behind = std::str::from_utf8(behind.get(..letters)?).ok()?;
    let is_suffix = behind.len() == 1 && behind.starts_with(|one: char| one.is_ascii_lowercase())
        || ["a", "b", "rc", "alpha", "beta"].iter().any(|word| {
            behind
                .strip_prefix(word)
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
        });
    Some(if is_suffix { format!("{plain}{behind}") } else { plain.to_owned() })
}

/// The version of Redis: a string of its own that the string with the number of the build begins with as well.
fn redis(content: &mut dyn Content, part: &Part) -> io::Result<Option<String>> {
    let length = usize::try_from(part.size.min(8 << 20)).unwrap_or_default();
    let bytes = content.range(part.offset, length)?;
    let strings = bytes.split(|byte| *byte == 0).filter(|text| text.first().is_some_and(u8::is_ascii_digit));
    let versions = strings.filter_map(|text| number(text, 3).filter(|version| version.len() == text.len()));
    for version in versions {
        let is_build = |at: usize| {
            let rest = bytes.get(at + version.len()..).unwrap_or_default();
            rest.iter()
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
                .count()
                >= 16
        };
        if memmem::find_iter(&bytes, version.as_bytes()).any(is_build) {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

fn is_release(file: &Candidate<'_>) -> bool {
    file.path.name() == b"release"
}

/// The version of a Java runtime.
fn take_release(_: &Candidate<'_>, content: &mut dyn Content) -> Result<Taken, Trouble> {
    let bytes = content.head(LARGEST_RELEASE)?;
    let text = String::from_utf8_lossy(&bytes);
    let Some(line) = text.lines().find_map(|line| line.strip_prefix("JAVA_VERSION=")) else {
        return Ok(Taken::default());
    };
    let version = line.trim().trim_matches('"');
    if !version.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(Damage::new(1, format!("says that the version of Java is `{version}`")).into());
    }
    // `1.8.0_392` is release 8.0.392.
    let version = match version.strip_prefix("1.").and_then(|rest| rest.split_once('_')) {
        Some((release, update)) => format!("{release}.{update}"),
        None => version.to_owned(),
    };
    Ok(package("java", version, true).into())
}

//! `db`: builds, shows, checks and compares indexes of advisories, without network.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use devops_advisory::index::{Header, Index, SourceFile, build, diff, verify};
use devops_core::words::{counted, number};
use devops_core::{Error, Location};

/// The sub-command.
pub(super) fn command() -> Command {
    let path = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .value_name(name)
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::AnyPath)
            .required(true)
            .help(help)
    };
    let output = path("FILE", "Index to write")
        .id("output")
        .long("output")
        .help("Index to write; one that is there is replaced");
    let sources = path(
        "SOURCE",
        "Zip, file or folder of OSV records, RustSec folder or tarball, list of CISA's KEV or of EPSS",
    )
    .action(ArgAction::Append)
    .num_args(1..);
    let digest = Arg::new("db-digest")
        .long("db-digest")
        .value_name("DIGEST")
        .help("Digest that it must have: `sha256:…`");
    Command::new("db")
        .about("Build, show, check and compare indexes of advisories")
        .subcommand_required(true)
        .subcommand(Command::new("build").about("Build an index of sources").arg(output).arg(sources))
        .subcommand(
            Command::new("info").about("Show what an index is made of").arg(path("FILE", "Index to show")),
        )
        .subcommand(
            Command::new("verify")
                .about("Compare every part of an index with its checksum")
                .arg(path("FILE", "Index to check"))
                .arg(digest),
        )
        .subcommand(
            Command::new("diff")
                .about("Show which advisories differ between two indexes")
                .arg(path("OLD", "Index to compare with"))
                .arg(path("NEW", "Index to compare")),
        )
}

/// What a sub-command of `db` prints.
pub(super) fn answer(matches: &ArgMatches) -> Result<String, Error> {
    let Some((name, matches)) = matches.subcommand() else {
        return Err(Error::usage("`db` needs a sub-command").help("use `build`, `info`, `verify` or `diff`"));
    };
    let path = |name: &str| matches.get_one::<PathBuf>(name).cloned().unwrap_or_default();
    match name {
        "build" => {
            let sources = matches.get_many::<PathBuf>("SOURCE").into_iter().flatten();
            let sources: Vec<SourceFile> =
                sources.map(|path| SourceFile { path: path.clone(), fetched: None, address: None }).collect();
            let built = build(&sources, &path("output"))?;
            Ok(described(&built.header, &built.digest))
        }
        "info" => {
            let index = Index::open(&index_at(path("FILE"))?, None)?;
            Ok(described(index.header(), &index.digest()))
        }
        "verify" => {
            let digest = matches.get_one::<String>("db-digest").map(String::as_str);
            let index = verify(&index_at(path("FILE"))?, digest)?;
            Ok(format!("{} is whole: {}\n", path("FILE").display(), index.digest()))
        }
        _ => {
            let difference = diff(&index_at(path("OLD"))?, &index_at(path("NEW"))?)?;
            let mut text = String::new();
            let mut list = |sign: char, advisories: &BTreeSet<(String, String)>| {
                for (id, package) in advisories {
                    // Writing to a string can't fail.
                    let _ = writeln!(text, "{sign} {id} {package}");
                }
            };
            list('+', &difference.added);
            list('-', &difference.removed);
            list('~', &difference.changed);
            Ok(text)
        }
    }
}

/// The path of an index.
///
/// # Errors
/// Where it leads to something that an index can be made of, or to nothing.
fn index_at(path: PathBuf) -> Result<PathBuf, Error> {
    let shown = path.display().to_string().replace('\\', "/");
    let is_no_index = |what: &str| {
        Error::input(format!("{what}, not an index of advisories"))
            .at(Location::file(&*shown))
            .help(format!("make an index of it with `dep-scan db build --output advisories.idx {shown}`"))
    };
    if path.is_dir() {
        return Err(is_no_index("is a folder"));
    }
    let mut start = [0; 4];
    let mut file = devops_files::open(&path).map_err(|error| {
        Error::unreadable(&path, error)
            .help("give an index that `devops fetch advisories` or `dep-scan db build` made")
    })?;
    let length = file.read(&mut start).map_err(|error| Error::unreadable(&path, error))?;
    match start.get(..length).unwrap_or_default() {
        [] => Err(Error::input("is empty, not an index of advisories")
            .at(Location::file(&*shown))
            .help("fetch the index again, or build it with `dep-scan db build`")),
        [b'P', b'K', ..] => Err(is_no_index("is a zip")),
        [b'{' | b'[', ..] => Err(is_no_index("is JSON")),
        [0x1f, 0x8b, ..] => Err(is_no_index("is compressed with gzip")),
        _ => Ok(path),
    }
}

/// What a header says, a line per fact.
fn described(header: &Header, digest: &str) -> String {
    let mut text = format!(
        "digest      {digest}\nadvisories  {}, of which {} malware in short form, about {}\n",
        number(header.advisories + header.malware),
        number(header.malware),
        counted(header.packages, "package", "packages"),
    );
    for (ecosystem, count) in &header.ecosystems {
        // Writing to a string can't fail.
        let _ = writeln!(text, "ecosystem   {ecosystem}: {}", counted(*count, "record", "records"));
    }
    for source in &header.sources {
        let mut facts = vec![counted(source.records, "record", "records")];
        if source.withdrawn > 0 {
            facts.push(format!("{} withdrawn", number(source.withdrawn)));
        }
        if source.unreadable > 0 {
            facts.push(format!("{} unreadable", number(source.unreadable)));
        }
        facts.extend(source.newest.first().map(|day| format!("newest of {day}")));
        facts.extend(source.fetched.map(|time| format!("fetched {time}")));
        facts.extend(source.address.clone().map(|address| format!("from {address}")));
        facts.extend(source.sha256.clone().map(|hash| format!("sha256 {hash}")));
        let _ = writeln!(text, "source      {}: {}", source.name, facts.join(", "));
    }
    for (id, path, reason) in &header.nameless {
        let _ = writeln!(text, "unreadable  {id} ({path}): {reason}");
    }
    text
}

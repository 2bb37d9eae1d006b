//! `devops fetch advisories`: an advisory index of what OSV, RustSec, CISA and FIRST publish.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::kept::{Kept, Kind, Source, forget, keep};
use super::network::{Network, check};
use super::packages::packages;
use devops_advisory::index::{Built, SourceFile, build};
use devops_core::suggest::suggestion;
use devops_core::words::{count, counted};
use devops_core::{Ecosystem, Error, ErrorKind};
use devops_job::Context;
use devops_net::encode;

const EXAMPLES: &str = "Examples:
  devops fetch advisories                               of the ecosystems of the lockfiles here
  devops fetch advisories --ecosystem npm,PyPI --output advisories.db
  devops fetch advisories --without kev,epss --osv-url https://mirror.example/osv

An unchanged source is not downloaded again, and an interrupted download continues. Proxies are those of HTTPS_PROXY,
HTTP_PROXY and NO_PROXY.";

/// Ecosystems that OSV exports, by the names of its folders.
const EXPORTED: [&str; 45] = [
    "AlmaLinux",
    "Alpaquita",
    "Alpine",
    "Android",
    "BellSoft Hardened Containers",
    "Bioconductor",
    "Bitnami",
    "CRAN",
    "Chainguard",
    "CleanStart",
    "ConanCenter",
    "Debian",
    "Docker Hardened Images",
    "Echo",
    "FreeBSD",
    "GHC",
    "GitHub Actions",
    "Go",
    "Hackage",
    "Hex",
    "Julia",
    "Kubernetes",
    "Linux",
    "MinimOS",
    "Mageia",
    "Maven",
    "NuGet",
    "OSS-Fuzz",
    "Packagist",
    "Photon OS",
    "Pub",
    "PyPI",
    "Red Hat",
    "Rocky Linux",
    "Root",
    "RubyGems",
    "SUSE",
    "SwiftURL",
    "Ubuntu",
    "VSCode",
    "Wolfi",
    "crates.io",
    "npm",
    "openEuler",
    "openSUSE",
];

/// A source of advisories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Origin {
    /// OSV's exports, one per ecosystem
    Osv,
    /// RustSec's advisories
    Rustsec,
    /// Vulnerabilities that are known to be exploited, by CISA
    Kev,
    /// How likely a vulnerability is to be exploited, by FIRST
    Epss,
}

/// Flags of `devops fetch advisories`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FetchAdvisories {
    /// Ecosystems by OSV's names, separated by commas, e.g. `npm,PyPI,crates.io` [default: those of the lockfiles in the working directory]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub ecosystem: Vec<String>,

    /// Index to write
    #[arg(long, value_name = "FILE", default_value = super::INDEX, value_hint = ValueHint::FilePath)]
    pub output: PathBuf,

    /// Folder of the downloaded files, kept so that a later run downloads only what changed
    #[arg(long, value_name = "FOLDER", default_value = "advisories", value_hint = ValueHint::DirPath)]
    pub keep: PathBuf,

    /// Sources to leave out, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub without: Vec<Origin>,

    /// OSV's bucket or a mirror of it: ECOSYSTEM/all.zip is read below it
    #[arg(long, value_name = "URL", default_value = "https://osv-vulnerabilities.storage.googleapis.com")]
    pub osv_url: String,

    /// Tarball of RustSec's advisories
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://github.com/rustsec/advisory-db/archive/refs/heads/main.tar.gz"
    )]
    pub rustsec_url: String,

    /// CISA's list of vulnerabilities that are known to be exploited, as JSON
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
    )]
    pub kev_url: String,

    /// EPSS scores, as CSV in gzip
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"
    )]
    pub epss_url: String,

    /// Largest file in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 2 << 30)]
    pub max_size: u64,

    /// How to reach the servers.
    #[command(flatten)]
    pub network: Network,
}

/// Downloads; returns what to print.
///
/// # Errors
/// Where a source can't be had or is damaged; those before it are kept.
pub(super) fn run(arguments: &FetchAdvisories, context: &Context) -> Result<String, Error> {
    let (ecosystems, unknown) = ecosystems(arguments, context)?;
    let sources = sources(arguments, &ecosystems);
    if sources.is_empty() {
        return Err(Error::usage("every source is left out").help("remove one from `--without`"));
    }
    std::fs::create_dir_all(&arguments.keep).map_err(|error| Error::unwritable(&arguments.keep, error))?;
    let kept = arguments.network.run(context, async |wire| {
        for (flag, address) in [
            ("--osv-url", &arguments.osv_url),
            ("--rustsec-url", &arguments.rustsec_url),
            ("--kev-url", &arguments.kev_url),
            ("--epss-url", &arguments.epss_url),
        ] {
            check(wire, flag, address)?;
        }
        let mut kept = Vec::new();
        for source in &sources {
            context.progress(&format!("{} from {}", source.label, source.address));
            let now = context.refreshed().now;
            kept.push(keep(wire, source, &arguments.keep, arguments.max_size, now).await?);
        }
        Ok(kept)
    })?;
    context.progress(&format!("building {}", arguments.output.display()));
    let files: Vec<SourceFile> = kept.iter().map(Kept::file).collect();
    let built = build(&files, &arguments.output).inspect_err(|error| {
        if error.kind() == ErrorKind::Input {
            // What an index can't be made of is downloaded again next time, even if it has not changed.
            for kept in &kept {
                forget(&kept.path);
            }
        }
    })?;
    Ok(told(&kept, &sources, &unknown) + &described(&built, arguments))
}

/// The index that was built, for people.
fn described(built: &Built, arguments: &FetchAdvisories) -> String {
    let Built { digest, bytes, header } = built;
    let output = arguments.output.display();
    let mut text = format!(
        "\nbuilt {output}, {}: {} and {} about {}\n",
        count(*bytes, "byte"),
        counted(header.advisories, "advisory", "advisories"),
        counted(header.malware, "record of malware", "records of malware"),
        count(header.packages, "package"),
    );
    let width = header.ecosystems.keys().map(String::len).max().unwrap_or_default().max("fetched".len());
    for (ecosystem, records) in &header.ecosystems {
        text.push_str(&format!("  {ecosystem:<width$}  {}\n", count(*records, "record")));
    }
    let unreadable: u64 = header.sources.iter().map(|source| source.unreadable).sum();
    if unreadable > 0 {
        let unreadable = count(unreadable, "record");
        text.push_str(&format!("  {unreadable} can't be read: `dep-scan db info {output}` names them\n"));
    }
    if let Some(oldest) = header.sources.iter().filter_map(|source| source.fetched).min() {
        text.push_str(&format!("  {:<width$}  {oldest}\n", "fetched"));
    }
    text.push_str(&format!("  {:<width$}  {digest}\n", "digest"));
    text.push_str(&format!("next: dep-scan --db {output}\n"));
    text
}

/// What was downloaded, for people.
fn told(kept: &[Kept], sources: &[Source], unknown: &BTreeSet<String>) -> String {
    let mut text = String::new();
    for (kept, source) in kept.iter().zip(sources) {
        let state = if kept.is_unchanged { "unchanged" } else { "downloaded" };
        text.push_str(&format!(
            "{state:<10} {}, {}\n           sha256:{}\n           {}\n",
            source.label,
            count(kept.record.bytes, "byte"),
            kept.record.sha256,
            kept.path.display(),
        ));
    }
    for name in unknown {
        text.push_str(&format!("note: OSV has no advisories of {name}\n"));
    }
    text
}

/// The ecosystems to download, and those that OSV does not export.
fn ecosystems(
    arguments: &FetchAdvisories,
    context: &Context,
) -> Result<(BTreeSet<String>, BTreeSet<String>), Error> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let is_given = !arguments.ecosystem.is_empty();
    if is_given {
        names.extend(arguments.ecosystem.iter().map(|name| name.trim().to_owned()));
    } else {
        let found = packages(&[], context).map_err(|error| {
            let help = "name the ecosystems with `--ecosystem`, e.g. `--ecosystem npm,PyPI`";
            if error.message() == "no lockfile found" { error.help(help) } else { error }
        })?;
        names.extend(found.all.iter().map(|package| package.ecosystem.name().to_owned()));
        names.extend(found.others.iter().map(|name| (*name).to_owned()));
    }
    let (mut known, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for name in names {
        // Releases such as `Debian:12` are part of the export of their base.
        let base = name.split(':').next().unwrap_or_default();
        match EXPORTED.iter().find(|exported| exported.eq_ignore_ascii_case(base)) {
            Some(exported) => {
                known.insert((*exported).to_owned());
            }
            None if is_given => {
                if let Some(near) = suggestion(base, EXPORTED) {
                    return Err(Error::usage(format!("`{name}` is no ecosystem of OSV's"))
                        .help(format!("did you mean `{near}`?")));
                }
                // A new one, which OSV itself can tell.
                known.insert(base.to_owned());
            }
            None => {
                unknown.insert(name);
            }
        }
    }
    if known.is_empty() {
        return Err(Error::usage("OSV has no advisories of the ecosystems of the lockfiles here")
            .help("name others with `--ecosystem`, e.g. `--ecosystem npm,PyPI`"));
    }
    Ok((known, unknown))
}

/// The files to download.
fn sources(arguments: &FetchAdvisories, ecosystems: &BTreeSet<String>) -> Vec<Source> {
    let is_wanted = |origin: Origin| !arguments.without.contains(&origin);
    let mut sources = Vec::new();
    if is_wanted(Origin::Osv) {
        sources.extend(ecosystems.iter().map(|name| Source {
            label: format!("OSV {name}"),
            address: format!("{}/{}/all.zip", arguments.osv_url.trim_end_matches('/'), encode_name(name)),
            name: format!("osv-{}.zip", name.replace(' ', "-")),
            kind: Kind::Zip,
        }));
    }
    let mut add = |origin, label: &str, address: &str, name: &str, kind| {
        if is_wanted(origin) {
            let (label, address, name) = (label.to_owned(), address.to_owned(), name.to_owned());
            sources.push(Source { label, address, name, kind });
        }
    };
    if ecosystems.contains(Ecosystem::CRATES_IO.name()) {
        add(Origin::Rustsec, "RustSec", &arguments.rustsec_url, "rustsec.tar.gz", Kind::Gzip);
    }
    add(Origin::Kev, "CISA KEV", &arguments.kev_url, "kev.json", Kind::Json);
    add(Origin::Epss, "EPSS", &arguments.epss_url, "epss.csv.gz", Kind::Gzip);
    sources
}

/// An ecosystem's name in an address, where dots and dashes stay as they are.
fn encode_name(name: &str) -> String {
    encode(name).replace("%2E", ".").replace("%2D", "-")
}

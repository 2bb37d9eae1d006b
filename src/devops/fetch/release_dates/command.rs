//! The command: which dates are missing, asking for them with bounded concurrency, and writing all that is known.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use clap::{Args, ValueHint};
use jiff::Timestamp;

use super::registries::{Question, REGISTRIES, Registry, Reply};
use crate::fetch::network::{Network, check, failed};
use crate::fetch::packages::packages;
use crate::fetch::progress::Progress;
use devops_core::Error;
use devops_core::words::count;
use devops_inventory::{Origin, ReleaseDates};
use devops_job::Context;
use devops_net::{Ask, Cause, Trouble, Wire, together};

/// How many questions are open at once.
const AT_ONCE: usize = 8;

/// Longest answer: npm's about packages with thousands of versions.
const ANSWER: u64 = 256 << 20;

/// Longest file of release dates.
const FILE: u64 = 256 << 20;

const EXAMPLES: &str = "Examples:
  devops fetch release-dates --output release-dates.json
  devops fetch release-dates --output release-dates.json web/package-lock.json
  devops fetch release-dates --output release-dates.json --registry npm=https://npm.example.com

Only packages of public registries are asked for, and only those whose date the file does not have yet.";

/// Flags of `devops fetch release-dates`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FetchReleaseDates {
    /// Lockfiles, or folders to search for them [default: the working directory]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// File to write; the dates that it has already are kept
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,

    /// Mirror of a registry, as ECOSYSTEM=URL; once per registry
    #[arg(long, value_name = "ECOSYSTEM=URL")]
    pub registry: Vec<String>,

    /// How to reach the registries.
    #[command(flatten)]
    pub network: Network,
}

/// A package whose dates are wanted.
type Name = (usize, String);

/// Downloads; returns what to print.
///
/// # Errors
/// Where a registry can't be asked: what others answered is written all the same.
pub(in crate::fetch) fn run(arguments: &FetchReleaseDates, context: &Context) -> Result<String, Error> {
    let addresses = addresses(&arguments.registry)?;
    let found = packages(&arguments.paths, context)?;
    let dates = known(arguments)?;
    let mut wanted: BTreeMap<Name, BTreeSet<String>> = BTreeMap::new();
    let mut without: BTreeSet<&str> = found.others.clone();
    for package in found.all.iter().filter(|package| package.origin == Origin::Registry && package.is_exact())
    {
        let name = package.ecosystem.name();
        let Some(registry) = REGISTRIES.iter().position(|registry| registry.ecosystem == package.ecosystem)
        else {
            without.insert(name);
            continue;
        };
        if dates.get(name, &package.name, &package.version).is_none() {
            let versions = wanted.entry((registry, package.name.clone())).or_default();
            versions.insert(package.version.clone());
        }
    }
    let questions = questions(&wanted, &addresses);
    let asked = Asked { dates: RefCell::new(dates), failures: RefCell::default() };
    let done = arguments.network.run(context, async |wire| {
        for (registry, address) in &addresses {
            if wanted.keys().any(|(index, _)| index == registry) {
                check(wire, "--registry", address)?;
            }
        }
        context.progress(&format!("asking for {}", count(questions.len() as u64, "package")));
        asked.all(wire, questions).await;
        Ok(())
    });
    let dates = asked.dates.into_inner();
    devops_files::replace(&arguments.output, &dates.to_json()?)?;
    done?;
    if let Some((registry, trouble)) = asked.failures.into_inner().into_iter().next() {
        let name = REGISTRIES.get(registry).map_or("", |registry| registry.ecosystem.name());
        let address = addresses.get(&registry).cloned().unwrap_or_default();
        return Err(failed(&format!("release dates of {name} from {address}"), &trouble, &[]));
    }
    let mut missing = Vec::new();
    for ((registry, name), versions) in &wanted {
        let ecosystem = REGISTRIES.get(*registry).map_or("", |registry| registry.ecosystem.name());
        let unknown = versions.iter().filter(|version| dates.get(ecosystem, name, version).is_none());
        missing.extend(unknown.map(|version| format!("{ecosystem} {name} {version}")));
    }
    Ok(told(arguments, &dates, &missing, &without, found.lockfiles))
}

/// What was found, for people.
fn told(
    arguments: &FetchReleaseDates,
    dates: &ReleaseDates,
    missing: &[String],
    without: &BTreeSet<&str>,
    lockfiles: u64,
) -> String {
    let output = arguments.output.display();
    let releases = count(dates.len() as u64, "release");
    let mut text = format!("{output}: dates of {releases}, {} read\n", count(lockfiles, "lockfile"));
    for name in missing.iter().take(10) {
        text.push_str(&format!("note: the registry has no date of {name}\n"));
    }
    if missing.len() > 10 {
        text.push_str(&format!("note: and of {} more\n", missing.len() - 10));
    }
    for name in without {
        text.push_str(&format!("note: no registry is known that has dates of {name}\n"));
    }
    text.push_str(&format!("next: dep-scan --release-dates {output}\n"));
    text
}

/// The address of each registry.
fn addresses(mirrors: &[String]) -> Result<BTreeMap<usize, String>, Error> {
    let mut addresses: BTreeMap<usize, String> =
        REGISTRIES.iter().enumerate().map(|(index, registry)| (index, registry.address.to_owned())).collect();
    for mirror in mirrors {
        let known: Vec<&str> = REGISTRIES.iter().map(|registry| registry.ecosystem.name()).collect();
        let found = mirror.split_once('=').and_then(|(name, address)| {
            let is_it = |registry: &Registry| registry.ecosystem.name().eq_ignore_ascii_case(name.trim());
            Some((REGISTRIES.iter().position(is_it)?, address.trim().trim_end_matches('/').to_owned()))
        });
        let (registry, address) = found.ok_or_else(|| {
            Error::usage("`--registry` is not ECOSYSTEM=URL")
                .help(format!("ecosystems are {}", known.join(", ")))
        })?;
        addresses.insert(registry, address);
    }
    Ok(addresses)
}

/// The dates that the file has already.
fn known(arguments: &FetchReleaseDates) -> Result<ReleaseDates, Error> {
    let path = &arguments.output;
    if !path.exists() {
        return Ok(ReleaseDates::default());
    }
    let bytes = devops_files::read(path, FILE).map_err(|error| Error::unreadable(path, error))?;
    ReleaseDates::read(&path.display().to_string(), &bytes)
}

/// A question about a package.
struct Open {
    name: Name,
    versions: BTreeSet<String>,
    question: Question,
}

fn questions(wanted: &BTreeMap<Name, BTreeSet<String>>, addresses: &BTreeMap<usize, String>) -> Vec<Open> {
    let mut open = Vec::new();
    for (name, versions) in wanted {
        let (Some(registry), Some(address)) = (REGISTRIES.get(name.0), addresses.get(&name.0)) else {
            continue;
        };
        let questions = (registry.ask)(address, &name.1, versions);
        open.extend(questions.into_iter().map(|question| Open {
            name: name.clone(),
            versions: versions.clone(),
            question,
        }));
    }
    open
}

/// What has been answered.
struct Asked {
    dates: RefCell<ReleaseDates>,
    /// The first trouble with each registry, which is not asked any further.
    failures: RefCell<BTreeMap<usize, Trouble>>,
}

impl Asked {
    /// Asks everything, some questions at once.
    async fn all(&self, wire: &Wire, questions: Vec<Open>) {
        let progress = Progress::new("release dates", Some(questions.len() as u64), false);
        let answered = RefCell::new(0);
        let queue = RefCell::new(VecDeque::from(questions));
        let worker = || -> Pin<Box<dyn Future<Output = ()> + '_>> {
            Box::pin(async {
                loop {
                    let next = queue.borrow_mut().pop_front();
                    let Some(open) = next else { break };
                    self.one(wire, &open).await;
                    *answered.borrow_mut() += 1;
                    progress.at(*answered.borrow());
                }
            })
        };
        together((0..AT_ONCE).map(|_| worker()).collect()).await;
    }

    /// Asks one question, if its registry answers at all.
    async fn one(&self, wire: &Wire, open: &Open) {
        let registry = open.name.0;
        if self.failures.borrow().contains_key(&registry) {
            return;
        }
        let Some(ecosystem) = REGISTRIES.get(registry).map(|registry| registry.ecosystem.name()) else {
            return;
        };
        match ask(wire, &open.question).await {
            Ok(found) => {
                let mut dates = self.dates.borrow_mut();
                for version in &open.versions {
                    if let Some(published) = found.get(version) {
                        dates.insert(ecosystem, &open.name.1, version, *published);
                    }
                }
            }
            Err(trouble) => {
                self.failures.borrow_mut().entry(registry).or_insert(trouble);
            }
        }
    }
}

/// The dates that a registry gives; none of what it does not have.
async fn ask(wire: &Wire, question: &Question) -> Result<BTreeMap<String, Timestamp>, Trouble> {
    wire.retrying(async || {
        let opened = wire.open(&Ask::new(question.method, question.url.as_str())).await?;
        match opened.status() {
            200 => {}
            // Registries answer like this about names that they don't have, and Go's about modules that are gone.
            404 | 410 => return Ok(BTreeMap::new()),
            _ => return Err(opened.trouble().await),
        }
        let last_modified = opened.header("last-modified").map(str::to_owned);
        let reply = Reply { body: opened.read(ANSWER).await?, last_modified };
        let unreadable = || Trouble::new(Cause::Unreadable, "the answer is not what this registry answers");
        match question.dates(&reply) {
            Some(dates) => Ok(dates),
            None if question.version.is_some() => Ok(BTreeMap::new()),
            None => Err(unreadable()),
        }
    })
    .await
}

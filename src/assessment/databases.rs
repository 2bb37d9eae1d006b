//! The databases that packages are compared with: read, too old or not, and where they came from.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};
use jiff::civil::Date;
use serde::Serialize;

use super::matching::Lockfile;
use super::rules::STALE;
use devops_advisory::enrichment::Enrichment;
use devops_advisory::record::split_ecosystem;
use devops_advisory::{Age, Collected, Database, Wanted, collect};
use devops_core::report::{Facts, facts};
use devops_core::words::count;
use devops_core::{Error, Finding, Location};
use devops_job::Context;

/// Flags that say which databases are asked, and how old they may be.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArguments {
    /// Advisory database: an index, a zip, file or folder of OSV records, or the folder or tarball of RustSec; can be repeated
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub db: Vec<PathBuf>,

    /// Digest that the index must have, e.g. `sha256:…` as `dep-scan db info` prints it
    #[arg(long, value_name = "DIGEST")]
    pub db_digest: Option<String>,

    /// Maximum age of the database in days since it was fetched; an older one is an error, 7 days warn. Without a date of
    /// fetching, the newest advisory counts, with a limit of at least 180 days unless this is below 30
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_db_age: u32,

    /// Don't check the age of the database, for a copy that is frozen on purpose
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub frozen_db: bool,
}

/// What the databases are asked about.
pub fn wanted(lockfiles: &[Lockfile]) -> Wanted<'_> {
    let packages = lockfiles.iter().flat_map(|lockfile| &lockfile.graph.packages);
    let named = packages.flat_map(|package| package.advised_names().map(|name| (package.ecosystem, name)));
    named.collect()
}

/// Asks every database about the packages.
///
/// # Errors
/// Where one can't be read, or is too old.
pub fn read(
    arguments: &DatabaseArguments,
    context: &Context,
    wanted: &Wanted<'_>,
) -> Result<Vec<Database>, Error> {
    let mut databases = Vec::new();
    let mut seen = BTreeSet::new();
    for path in &arguments.db {
        // One database by two paths is one; a path that leads nowhere is an error when it is read.
        if !seen.insert(std::fs::canonicalize(path).unwrap_or_else(|_| path.clone())) {
            continue;
        }
        let database = collect(path, arguments.db_digest.as_deref(), wanted, context.today())?;
        for age in judged(arguments, &database, wanted) {
            let days_old = days_since(age, context.today());
            let limit = limit(age, arguments.max_db_age);
            if days_old > limit {
                return Err(Error::input(format!(
                    "advisory database is too old: {}, {} ago; the maximum is {}",
                    basis(age),
                    days(days_old),
                    days(limit),
                ))
                .at(Location::file(database.path.clone()))
                .help(
                    "fetch the database again; `--max-db-age` sets the limit, `--frozen-db` accepts any age",
                ));
            }
        }
        databases.push(database);
    }
    Ok(databases)
}

/// Adds to every advisory what lists of exploited vulnerabilities and of probabilities say of it.
pub fn enrich<'a>(all: impl Iterator<Item = &'a mut Collected>) {
    let mut all: Vec<&mut Collected> = all.collect();
    let mut lists = Enrichment::default();
    for collected in &mut all {
        lists.add(std::mem::take(&mut collected.enrichment));
    }
    for advisory in all.into_iter().flat_map(|collected| collected.advisories.values_mut().flatten()) {
        lists.add_to(advisory);
    }
}

/// The ages of a database that count: those of sources about packages that are asked about.
fn judged<'a>(
    arguments: &DatabaseArguments,
    database: &'a Database,
    wanted: &Wanted<'_>,
) -> impl Iterator<Item = &'a Age> {
    let asked: BTreeSet<&str> =
        wanted.iter().map(|(ecosystem, _)| split_ecosystem(ecosystem.name()).0).collect();
    let is_asked = move |age: &&Age| {
        age.source.is_empty() || age.ecosystems.iter().any(|ecosystem| asked.contains(ecosystem.as_str()))
    };
    let is_frozen = arguments.frozen_db;
    database.ages.iter().filter(move |age| !is_frozen && is_asked(age))
}

/// What the age of a source counts from.
fn basis(age: &Age) -> String {
    let since = age.since().map(|day| day.to_string()).unwrap_or_default();
    let what =
        if age.source.is_empty() { "its".to_owned() } else { format!("the source {} with its", age.source) };
    match age.fetched {
        Some(_) => format!("the source {} was fetched on {since}", age.source),
        None => format!("{what} newest advisory is from {since}"),
    }
}

/// Days since a source was fetched, or since its newest advisory.
fn days_since(age: &Age, today: Date) -> i64 {
    age.since().and_then(|day| today.since(day).ok()).map_or(0, |span| i64::from(span.get_days())).max(0)
}

/// The maximum age of a source in days.
fn limit(age: &Age, maximum: u32) -> i64 {
    let maximum = i64::from(maximum);
    // The newest advisory is older than the database, so that it has more time, unless somebody asks for less than the default.
    if age.fetched.is_some() || maximum < 30 { maximum } else { maximum.max(180) }
}

/// The age in days from which a source warns.
fn warns_after(age: &Age, maximum: u32) -> i64 {
    let half = limit(age, maximum) / 2;
    if age.fetched.is_some() { half.min(7) } else { half }
}

fn days(amount: i64) -> String {
    count(amount.unsigned_abs(), "day")
}

/// Findings about databases that will soon be too old.
pub fn stale(
    arguments: &DatabaseArguments,
    databases: &[Database],
    wanted: &Wanted<'_>,
    today: Date,
) -> Vec<Finding> {
    let finding = |database: &Database, age: &Age| {
        let title = format!("advisory database {} is {} old", database.path, days(days_since(age, today)));
        let identity = [database.path.as_str(), age.source.as_str()];
        let identity = if age.source.is_empty() { identity.get(..1) } else { identity.get(..) };
        Finding::new(&STALE, title, identity.unwrap_or_default())
            .detail(basis(age))
            .named("database", database.path.as_str())
            .about("newest", age.newest.map(|day| day.to_string()).unwrap_or_default())
            .help("fetch the database again")
    };
    let mut findings = Vec::new();
    for database in databases {
        let ages = judged(arguments, database, wanted);
        let mut stale = ages.filter(|age| days_since(age, today) > warns_after(age, arguments.max_db_age));
        findings.extend(stale.next().map(|age| finding(database, age)));
    }
    findings
}

/// An advisory database, as provenance has it.
#[derive(Serialize)]
struct Origins<'a> {
    path: &'a str,
    advisories: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fetched: Option<String>,
    age_days: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
}

impl<'a> Origins<'a> {
    fn of(database: &'a Database, today: Date) -> Self {
        Self {
            path: &database.path,
            advisories: database.collected.total,
            newest: database.newest().map(|day| day.to_string()),
            fetched: database.ages.iter().filter_map(|age| age.fetched).min().map(|time| time.to_string()),
            age_days: database.ages.iter().map(|age| days_since(age, today)).max().unwrap_or(0),
            sha256: database
                .input
                .as_ref()
                .map(|input| input.sha256.as_str())
                .filter(|_| database.digest.is_none()),
            digest: database.digest.as_deref(),
        }
    }
}

/// Where advisories came from; one database under its own name, several as a list.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Provenance<'a> {
    Database(Origins<'a>),
    Databases(Vec<Origins<'a>>),
}

/// Where advisories came from.
pub fn provenance(databases: &[Database], today: Date) -> Facts {
    facts(&match databases {
        [one] => Provenance::Database(Origins::of(one, today)),
        several => Provenance::Databases(several.iter().map(|one| Origins::of(one, today)).collect()),
    })
}

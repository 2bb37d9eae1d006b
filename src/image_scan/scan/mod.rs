//! A scan of an image by ourselves: what it contains, compared with advisories.

mod contents;
mod fitness;
mod judged;
mod origin;
pub(super) mod packages_command;
mod secrets;
mod shown;

use std::path::Path;

use devops_assessment::databases::{self, enrich, provenance, stale, wanted};
use devops_assessment::matching::nameless;
use devops_assessment::{Policy, Rating, compare};
use devops_core::{Error, Severity};
use devops_job::{Context, Outcome};
use devops_repository::is_tracked;

use self::contents::{Contents, Reading};
use self::fitness::{Demands, Fitness};
use self::judged::{Judged, targets};
use super::Arguments;
use devops_image::Selection;

/// Scans an image.
///
/// # Errors
/// Where the image, a database or a file with statements can't be read: never a shorter list.
pub(super) fn scan(image: &Path, arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
    if arguments.database.db.is_empty() {
        return Err(Error::usage("no advisory database given").help(
            "give an index with `--db`, which `devops fetch advisories` builds, or `db` below `[image-scan]` in devops.toml",
        ));
    }
    let is_of_commit = match &arguments.cache {
        Some(folder) => is_tracked(folder)?,
        None => false,
    };
    let cache = arguments.cache.as_deref().filter(|_| !is_of_commit);
    let contents = read(image, arguments, cache)?;
    let base_layers = base_layers(&contents, arguments.base_image.as_deref())?;
    let targets = targets(&contents);
    let wanted = wanted(&targets);
    let mut databases = databases::read(&arguments.database, context, &wanted)?;
    enrich(databases.iter_mut().map(|database| &mut database.collected));
    let collected: Vec<_> = databases.iter().map(|database| &database.collected).collect();
    let mut matches = compare(&targets, &collected, Severity::Medium);
    let policy = Policy::read(rating(arguments), context)?;
    policy.apply(&mut matches, &targets);
    let judged = Judged { arguments, context, contents: &contents, base_layers, targets: &targets };
    let demands = Demands {
        labels: arguments.required_labels.clone(),
        size: arguments.max_size,
        layers: arguments.max_layers,
        base_age: arguments.max_base_age,
    };
    let fitness = Fitness { contents: &contents, base_layers, demands: &demands, now: context.now };
    let mut findings = nameless(&collected);
    findings.extend(judged.about_image(&databases));
    let vulnerable = judged.about_packages(matches);
    let totals = judged.totals(&vulnerable);
    let headline = judged.headline(&vulnerable);
    let details = judged.details(&vulnerable);
    findings.extend(vulnerable);
    findings.extend(fitness.findings());
    findings.extend(stale(&arguments.database, &databases, &wanted, context.today()));
    let of_databases = databases.iter().filter_map(|database| database.input.as_ref());
    let mut notes = contents.system.notes.clone();
    notes.extend(judged.notes());
    notes.extend(policy.notes);
    if is_of_commit {
        notes.push("the folder of `cache` came with the commit, so that it is not used".to_owned());
    }
    Ok(Outcome {
        headline,
        notes,
        totals,
        details,
        findings,
        data: provenance(&databases, context.today()),
        inputs: of_databases.cloned().chain(policy.inputs).collect(),
        bill: context.has_bill.then(|| shown::bill(&targets)),
        ..Outcome::default()
    })
}

/// Reads the image.
fn read(image: &Path, arguments: &Arguments, cache: Option<&Path>) -> Result<Contents, Error> {
    let expected = arguments.expect_digest.as_ref();
    contents::read(
        image,
        &Reading {
            selection: Selection {
                platform: arguments.platform.clone(),
                reference: arguments.image_tag.clone(),
                digest: expected.map(|digest| digest.sum().to_owned()),
            },
            verify: arguments.verify_digests || expected.is_some(),
            cache,
        },
    )
}

/// How many layers are those of the base image, where that is known.
fn base_layers(contents: &Contents, base: Option<&str>) -> Result<Option<usize>, Error> {
    let Some(base) = base else { return Ok(None) };
    let Some(image) = &contents.image else {
        return Err(Error::usage("a root folder has no base image").help("leave out `--base-image`"));
    };
    origin::base_layers(image, base).map(Some)
}

/// How severe findings are.
fn rating(arguments: &Arguments) -> Rating<'_> {
    Rating {
        arguments: &arguments.rating,
        unknown_severity: arguments.unknown_severity,
        fixed_only: arguments.fixed_only,
        scopes: Vec::new(),
        reachability: &[],
    }
}

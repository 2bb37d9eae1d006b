//! The merged reports that are left beside the gate's own.

use super::arguments::Export;
use super::covered::Scoped;
use super::exports;
use super::run::RunFacts;
use devops_core::Error;
use devops_coverage::export_cobertura;
use devops_job::Artifact;

/// Names of the merged reports.
const JUNIT: &str = "tests.junit.xml";
const CTRF: &str = "tests.ctrf.json";
const COBERTURA: &str = "coverage.cobertura.xml";

/// Every name that a merged report can have.
pub(super) const NAMES: &[&str] = &[JUNIT, CTRF, COBERTURA];

/// The merged reports asked for.
///
/// # Errors
/// Where one can't be written.
pub(super) fn artifacts(
    wanted: &[Export],
    facts: &RunFacts,
    coverage: &Scoped<'_>,
) -> Result<Vec<Artifact>, Error> {
    let artifact = |export: &Export| {
        Ok(match export {
            Export::Junit => Artifact::new(JUNIT, exports::junit(&facts.sources)),
            Export::Ctrf => Artifact::new(CTRF, exports::ctrf(&facts.sources)?),
            Export::Cobertura => Artifact::new(COBERTURA, export_cobertura(&coverage.coverage)),
        })
    };
    wanted.iter().map(artifact).collect()
}

//! Packages that run a script when they are installed, and did not before.

use devops_core::Finding;

use super::super::rules::INSTALL_SCRIPT;
use super::{Difference, about, is_foreign};

/// A finding about each package that newly has an install script.
pub(super) fn findings<'a>(difference: &'a Difference<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for altered in &difference.altered {
        let with =
            altered.occurrences().filter(|one| one.package.has_install_script && is_foreign(one.package));
        for one in with {
            let before = difference.named(&one);
            let had = before.iter().any(|before| before.package.has_install_script);
            // Older versions of formats don't say which packages have one, so that the same version says nothing then.
            let is_silent = |path: &str| !difference.telling_scripts.contains(path);
            let was_silent = difference.at_version(&one).any(|before| is_silent(before.path));
            if had || was_silent {
                continue;
            }
            let title = format!("{} runs a script when it is installed", one.package.label());
            findings.push(
                about(&INSTALL_SCRIPT, title, &altered.lockfile.path, one.package, "")
                    .detail(if before.is_empty() { "new in this change" } else { "earlier versions had none" })
                    .help("read the script before you install it; install with `--ignore-scripts` where nothing needs it"),
            );
        }
    }
    findings
}

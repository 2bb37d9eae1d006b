//! What an image is made of, for bills of materials.

use devops_assessment::Lockfile;
use devops_core::Bill;
use devops_inventory::bill as of_target;

/// The packages of an image.
pub(super) fn bill(targets: &[Lockfile]) -> Bill {
    Bill {
        files: targets.iter().map(|target| of_target(&target.path, &target.graph)).collect(),
        ..Bill::default()
    }
}

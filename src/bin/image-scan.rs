//! The `image-scan` binary.

use std::process::ExitCode;

use devops_action::image_scan::ImageScan;
use devops_action::job;

fn main() -> ExitCode {
    job::main::<ImageScan>()
}

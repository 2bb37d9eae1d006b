//! The `image-scan` binary.

use std::process::ExitCode;

use image_scan::ImageScan;

fn main() -> ExitCode {
    devops_job::main::<ImageScan>()
}

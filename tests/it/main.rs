//! Every behaviour that crosses rooms, through the binaries a user runs.

mod annotate;
mod dep_scan;
mod devops;
mod ground;
mod image_scan;
mod promote;
mod render;
mod support;
mod test_gate;

//! `promote`, on a link and on a real HAProxy, with kills and signals between any two steps.

mod haproxy;
mod servers;
mod symlink;

//! `dep-scan` beside `cargo audit`: this project's lockfile, the same database, in the same run.
//!
//! `cargo bench --bench dep_scan`. The real database comes from the corpus; `cargo-audit` from `CARGO_AUDIT`, from
//! `.tools/bin` or from the search path. What is missing is said and left out.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench may panic, and prints what it measured"
)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

mod binaries;

use self::binaries::binary;

const RUNS: usize = 20;

/// What a run takes, in milliseconds.
struct Cost {
    wall: f64,
    cpu: f64,
}

fn main() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let corpus =
        std::env::var_os("DEVOPS_CORPUS").map_or_else(|| root.join("../shared/corpus"), PathBuf::from);
    let tarball = corpus.join("advisories/rustsec-advisory-db.tar.gz");
    if !tarball.exists() {
        println!("skipped: corpus absent");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(File::open(&tarball).unwrap()))
        .unpack(folder.path())
        .unwrap();
    let database = folder.path().join("advisory-db");
    let lockfile = std::fs::read_to_string(root.join("Cargo.lock")).unwrap();
    let packages = lockfile.matches("[[package]]").count();
    std::fs::write(folder.path().join("Cargo.lock"), lockfile).unwrap();

    let scan = binary("dep-scan");
    let own = |database: &Path| {
        let mut command = Command::new(&scan);
        command.args(["--frozen-db", "--quiet", "--formats", "json", "--db"]).arg(database).arg("Cargo.lock");
        measure(folder.path(), command)
    };
    println!(
        "this project's Cargo.lock, {packages} packages, mean of {RUNS} runs, files in the page cache, nothing prepared"
    );
    let by_folder = own(&database);
    show("dep-scan, folder", &by_folder);
    let by_tarball = own(&tarball);
    show("dep-scan, tarball", &by_tarball);
    let Some(audit) = audit(root) else {
        println!("cargo audit is not installed: cargo install cargo-audit --locked --root .tools");
        return;
    };
    let mut command = Command::new(audit);
    command.args(["audit", "--no-fetch", "--stale", "--json", "--db"]).arg(&database);
    command.args(["--file", "Cargo.lock"]);
    // An audit that gave up early would look fast.
    let output = command.current_dir(folder.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"dependency-count\""), "{output:?}");
    let audit = measure(folder.path(), command);
    show("cargo audit, folder", &audit);
    println!(
        "ratio of processor time: folder {:.1}, tarball {:.1}",
        audit.cpu / by_folder.cpu,
        audit.cpu / by_tarball.cpu
    );
    println!(
        "ratio of wall time:      folder {:.1}, tarball {:.1}",
        audit.wall / by_folder.wall,
        audit.wall / by_tarball.wall
    );
}

/// `cargo-audit`, where it is installed.
fn audit(root: &Path) -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_AUDIT").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&path).map(|folder| folder.join("cargo-audit")).find(|path| path.exists());
    named.or_else(|| Some(root.join(".tools/bin/cargo-audit"))).filter(|path| path.exists()).or(found)
}

/// Runs a command once to warm up, then often.
fn measure(folder: &Path, mut command: Command) -> Cost {
    command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().unwrap();
    assert!(matches!(status.code(), Some(0 | 1)), "{command:?}: {status}");
    let (wall, cpu) = (Instant::now(), children());
    for _ in 0..RUNS {
        command.status().unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let runs = RUNS as f64;
    Cost { wall: wall.elapsed().as_secs_f64() * 1e3 / runs, cpu: (children() - cpu) / runs }
}

/// Processor time of all processes that ended, in milliseconds, as Linux counts it: in hundredths of a second.
fn children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(13).take(2);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() * 10.0
}

fn show(name: &str, cost: &Cost) {
    println!("{name:<22} {:>8.1} ms wall {:>8.1} ms processor", cost.wall, cost.cpu);
}

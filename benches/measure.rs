//! What a process costs: wall time, processor time, and the most memory it had.
#![allow(dead_code, reason = "no bench needs all of it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[path = "binaries.rs"]
pub(crate) mod binaries;

use std::sync::OnceLock;

use self::binaries::binary;

/// The gate, once it is built.
static GATE: OnceLock<PathBuf> = OnceLock::new();

/// What one run took.
#[derive(Debug, Clone)]
pub(crate) struct Cost {
    /// From start to exit.
    pub(crate) wall: Duration,
    /// Of all processors together, in seconds; where the machine has other work, this is the figure to trust.
    pub(crate) processor: f64,
    /// The most memory it had, in bytes, where the system tells.
    pub(crate) peak: Option<f64>,
    /// Its exit code.
    pub(crate) code: Option<i32>,
    /// What it printed.
    pub(crate) said: String,
}

impl Cost {
    /// Times and memory as a line of a table.
    pub(crate) fn print(&self, name: &str) {
        let memory = self.peak.map_or(String::new(), |bytes| format!("{:.1} MB", bytes / 1e6));
        let wall = self.wall.as_secs_f64();
        println!("{name:<52} {wall:>8.3} s wall {:>7.2} s processor {memory:>10}", self.processor);
    }
}

/// Bytes as megabytes.
#[expect(clippy::cast_precision_loss, reason = "no file here has 2^53 bytes")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// `test-gate` in a folder, with nothing of the environment that would change what it does.
pub(crate) fn gate(folder: &Path) -> Command {
    let mut command = Command::new(GATE.get_or_init(|| binary("test-gate")));
    command.current_dir(folder);
    for (variable, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("GIT") || name.starts_with("DEVOPS_"))
    {
        command.env_remove(variable);
    }
    command
}

/// The quickest of some runs, and the most memory of one more that is looked at until it ends.
pub(crate) fn best(runs: usize, command: impl Fn() -> Command) -> Cost {
    let mut cost = once(&mut command());
    for run in 0..runs {
        let mut command = command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let (start, before) = (Instant::now(), processor(Of::Children));
        command.status().expect("it starts");
        let (wall, processor) = (start.elapsed(), processor(Of::Children) - before);
        // The run that was looked at is not among those that count.
        cost.wall = if run == 0 { wall } else { wall.min(cost.wall) };
        cost.processor = if run == 0 { processor } else { processor.min(cost.processor) };
    }
    cost
}

/// What a piece of work in this process takes.
pub(crate) fn here(work: impl FnOnce()) -> Cost {
    let (start, before) = (Instant::now(), processor(Of::This));
    work();
    let (wall, processor) = (start.elapsed(), processor(Of::This) - before);
    Cost { wall, processor, peak: None, code: None, said: String::new() }
}

/// Whose processor time.
#[derive(Clone, Copy)]
enum Of {
    This,
    Children,
}

/// Processor time so far, in seconds, as Linux counts it: in hundredths.
fn processor(of: Of) -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let skipped = match of {
        Of::This => 11,
        Of::Children => 13,
    };
    let fields = after_name.split_whitespace().skip(skipped).take(2);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// One run.
pub(crate) fn once(command: &mut Command) -> Cost {
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    watch(command.spawn().expect("it starts"))
}

/// Follows a process until it ends.
pub(crate) fn watch(mut child: Child) -> Cost {
    let (start, before) = (Instant::now(), processor(Of::Children));
    let out = child.stdout.take();
    let reader = std::thread::spawn(move || {
        out.map(|out| std::io::read_to_string(out).unwrap_or_default()).unwrap_or_default()
    });
    let mut peak = None;
    let status = loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break status;
        }
        peak = memory(child.id()).or(peak);
        std::thread::sleep(Duration::from_millis(1));
    };
    let (wall, processor) = (start.elapsed(), processor(Of::Children) - before);
    Cost { wall, processor, peak, code: status.code(), said: reader.join().unwrap_or_default() }
}

/// The most memory a process has had so far.
fn memory(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? * 1024.0)
}

//! Counters of valgrind's tools: what each is called in text, which way is better, and whether it is the same in every run.

use super::benchmark::{Benchmark, Direction};
use super::unit::SIMULATED;

/// What is known of a counter.
struct Counter {
    /// In JSON and in the files of callgrind.
    key: &'static str,
    /// In the text of iai, iai-callgrind and gungraun.
    label: &'static str,
    kind: Kind,
}

/// What a counter counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The same in every run of the same program; less is better.
    Exact,
    /// The same in every run, and it is unknown which direction is better.
    Neutral,
    /// What a simulated processor misses, which depends on where memory lies; less is better.
    Simulated,
    /// What it hits: only together with the misses it says which way is better.
    Hits,
    /// Made of other counters.
    Derived,
}

use Kind::{Derived, Exact, Hits, Neutral, Simulated};

/// Every counter that is known.
const COUNTERS: [Counter; 58] = [
    of("Ir", "Instructions", Exact),
    of("Dr", "Dr", Exact),
    of("Dw", "Dw", Exact),
    of("TotalRW", "Total read+write", Exact),
    of("Bc", "Bc", Exact),
    of("Bi", "Bi", Exact),
    of("Ge", "Ge", Exact),
    of("SysCount", "SysCount", Exact),
    of("SysTime", "SysTime", Derived),
    of("SysCpuTime", "SysCpuTime", Derived),
    of("I1mr", "I1mr", Simulated),
    of("D1mr", "D1mr", Simulated),
    of("D1mw", "D1mw", Simulated),
    of("ILmr", "ILmr", Simulated),
    of("DLmr", "DLmr", Simulated),
    of("DLmw", "DLmw", Simulated),
    of("ILdmr", "ILdmr", Simulated),
    of("DLdmr", "DLdmr", Simulated),
    of("DLdmw", "DLdmw", Simulated),
    of("Bcm", "Bcm", Simulated),
    of("Bim", "Bim", Simulated),
    of("AcCost1", "AcCost1", Simulated),
    of("AcCost2", "AcCost2", Simulated),
    of("SpLoss1", "SpLoss1", Simulated),
    of("SpLoss2", "SpLoss2", Simulated),
    of("L1hits", "L1 Hits", Hits),
    of("", "L1 Accesses", Hits),
    of("LLhits", "LL Hits", Simulated),
    of("", "L2 Hits", Simulated),
    of("", "L2 Accesses", Simulated),
    of("RamHits", "RAM Hits", Simulated),
    of("", "RAM Accesses", Simulated),
    of("EstimatedCycles", "Estimated Cycles", Simulated),
    of("I1MissRate", "I1 Miss Rate", Derived),
    of("D1MissRate", "D1 Miss Rate", Derived),
    of("LLiMissRate", "LLi Miss Rate", Derived),
    of("LLdMissRate", "LLd Miss Rate", Derived),
    of("LLMissRate", "LL Miss Rate", Derived),
    of("L1HitRate", "L1 Hit Rate", Derived),
    of("LLHitRate", "LL Hit Rate", Derived),
    of("RamHitRate", "RAM Hit Rate", Derived),
    of("TotalUnits", "Total units", Exact),
    of("TotalEvents", "Total events", Exact),
    of("TotalBytes", "Total bytes", Exact),
    of("TotalBlocks", "Total blocks", Exact),
    of("AtTGmaxBytes", "At t-gmax bytes", Exact),
    of("AtTGmaxBlocks", "At t-gmax blocks", Exact),
    of("AtTEndBytes", "At t-end bytes", Exact),
    of("AtTEndBlocks", "At t-end blocks", Exact),
    of("ReadsBytes", "Reads bytes", Exact),
    of("WritesBytes", "Writes bytes", Exact),
    of("TotalLifetimes", "Total lifetimes", Neutral),
    of("MaximumBytes", "Maximum bytes", Exact),
    of("MaximumBlocks", "Maximum blocks", Exact),
    of("Errors", "Errors", Exact),
    of("Contexts", "Contexts", Exact),
    of("SuppressedErrors", "Suppressed Errors", Neutral),
    of("SuppressedContexts", "Suppressed Contexts", Neutral),
];

const fn of(key: &'static str, label: &'static str, kind: Kind) -> Counter {
    Counter { key, label, kind }
}

/// What text calls a counter that JSON calls `key`; one that is not known keeps its name.
pub(super) fn label(key: &str) -> &str {
    COUNTERS.iter().find(|counter| counter.key == key).map_or(key, |counter| counter.label)
}

/// Whether the counter is known.
pub(super) fn is_known(label: &str) -> bool {
    kind(label).is_some()
}

fn kind(label: &str) -> Option<Kind> {
    COUNTERS.iter().find(|counter| counter.label == label).map(|counter| counter.kind)
}

/// Tools whose counters others have by the same name.
const ALIKE: [&str; 4] = ["CACHEGRIND", "MEMCHECK", "HELGRIND", "DRD"];

/// A counter of a benchmark by its label and the tool that has it; of one that is not known a move in either direction is worth a
/// look.
pub(super) fn counter(name: &str, tool: &str, label: &str, value: f64) -> Benchmark {
    let tool = tool.to_ascii_uppercase();
    let metric = if ALIKE.contains(&tool.as_str()) { format!("{tool} {label}") } else { label.to_owned() };
    let of = |unit: &str, direction| Benchmark::new(name, &metric, value, unit).toward(direction);
    match kind(label) {
        Some(Exact) => of(label, Direction::Smaller).exact(),
        Some(Neutral) => of(label, Direction::Unknown).exact(),
        Some(Simulated) => of(SIMULATED, Direction::Smaller),
        Some(Hits) => of(SIMULATED, Direction::Unknown),
        Some(Derived) => of(label, Direction::Informative),
        None => of(label, Direction::Unknown),
    }
}

//! Any parser of test-gate under libFuzzer: `DEVOPS_FUZZ_TARGET` names it, `list` prints all names.
//!
//! What a parser holds on the heap while it reads one input is measured and bounded: [`LIMIT`].

#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use test_gate::fuzzing::{Target, target_for, targets};

/// Maximum number of bytes that may be on the heap for one input of at most 64 KiB.
const LIMIT: usize = 64 << 20;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static RECORD: AtomicUsize = AtomicUsize::new(0);

/// Counts what is on the heap.
struct Counting;

impl Counting {
    fn more(size: usize) {
        PEAK.fetch_max(LIVE.fetch_add(size, Relaxed) + size, Relaxed);
    }
}

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::more(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::more(size);
        LIVE.fetch_sub(layout.size(), Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let name = std::env::var("DEVOPS_FUZZ_TARGET").unwrap_or_default();
        let mut all = targets();
        if let Some(index) = all.iter().position(|target| target.name == name) {
            return all.swap_remove(index);
        }
        if name == "sort" {
            // Which target each file of standard input is a seed for.
            for path in std::io::stdin().lines().map_while(Result::ok) {
                if let Some(name) = std::fs::read(&path).ok().and_then(|bytes| target_for(&bytes)) {
                    println!("{name}\t{path}");
                }
            }
        } else {
            for target in &all {
                println!("{}", target.name);
            }
        }
        std::process::exit(i32::from(name != "list" && name != "sort"));
    })
}

fuzz_target!(init: { target(); }, |bytes: &[u8]| {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    target().run(bytes);
    let held = PEAK.load(Relaxed) - before;
    if held > RECORD.fetch_max(held, Relaxed)
        && let Ok(path) = std::env::var("DEVOPS_FUZZ_HEAP")
    {
        std::fs::write(path, held.to_string()).expect("the record can be written");
    }
    assert!(held <= LIMIT, "{held} bytes on the heap for {} bytes of input", bytes.len());
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    // Every other time whole tokens move, so that markup stays markup.
    if seed % 2 == 0 { fuzzer_mutate(data, size, max_size) } else { shuffled(data, size, max_size, seed / 2) }
});

/// Repeats, drops or exchanges pieces that start and end where tokens do.
fn shuffled(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut state = u64::from(seed) << 1 | 1;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below.max(1)
    };
    let is_edge = |byte: u8| b"<>{}[],:\n \"&;".contains(&byte);
    let edges: Vec<usize> = (0..=size)
        .filter(|index| *index == 0 || *index == size || is_edge(data[*index]) || is_edge(data[*index - 1]))
        .collect();
    let mut piece = || {
        let first = random(edges.len());
        let last = (first + 1 + random(12)).min(edges.len() - 1);
        edges[first]..edges[last]
    };
    let (one, other) = (piece(), piece());
    let whole = data[..size].to_vec();
    let mut result = whole[..one.start].to_vec();
    match random(3) {
        0 => {}
        1 => result.extend(&whole[other]),
        _ => {
            result.extend(&whole[other]);
            result.extend(&whole[one.clone()]);
        }
    }
    result.extend(&whole[one.end..]);
    result.truncate(max_size);
    data[..result.len()].copy_from_slice(&result);
    result.len()
}

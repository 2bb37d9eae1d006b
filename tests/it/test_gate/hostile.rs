//! Reports made to hurt: bounded memory, no panic, never a pass.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use super::{Said, judge_text};
use crate::support::{Finished, binary, report};

/// Feeds a report through standard input; returns what it led to and the peak memory in bytes, if the system reports it.
fn feed(write: impl FnOnce(&mut dyn FnMut(&[u8])), last: &[u8]) -> (Said, Option<u64>) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = binary("test-gate", folder.path())
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    write(&mut |bytes| input.write_all(bytes).unwrap());
    // All but the pipe's own buffer has been read by now.
    let peak = peak(child.id());
    input.write_all(last).unwrap();
    drop(input);
    let code = child.wait().unwrap().code();
    let finished = Finished { code, stdout: String::new(), stderr: String::new() };
    (Said { finished, report: report(folder.path()) }, peak)
}

/// The most memory a process had so far.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn assert_below(peak: Option<u64>, bound: u64) {
    if let Some(peak) = peak {
        assert!(peak < bound, "{} MB of memory", peak / 1_000_000);
    }
}

/// A gigabyte where the code is optimised, enough to tell where it is not.
const LONG: usize = if cfg!(debug_assertions) { 32 << 20 } else { 1 << 30 };

#[test]
fn a_text_node_without_end_takes_no_memory() {
    for (open, close) in [
        ("<failure>", "</failure>"),
        ("<system-out><![CDATA[", "]]></system-out><failure/>"),
        ("<!--", "--><failure/>"),
    ] {
        let (said, peak) = feed(
            |write| {
                write(format!("<testsuite><testcase name='a'>{open}").as_bytes());
                let chunk = vec![b'x'; 1 << 20];
                (0..LONG / chunk.len()).for_each(|_| write(&chunk));
            },
            format!("{close}</testcase></testsuite>").as_bytes(),
        );
        assert_eq!((said.code(), said.counts()), (1, [1, 0, 0, 1, 0, 0, 0]), "{open}");
        assert_below(peak, 24_000_000);
    }
}

#[test]
fn a_tag_without_end_is_refused() {
    let (said, peak) = feed(
        |write| {
            write(b"<testsuite><testcase name='");
            let chunk = vec![b'x'; 1 << 20];
            (0..16).for_each(|_| write(&chunk));
        },
        b"'/></testsuite>",
    );
    assert_eq!((said.code(), said.rules()), (1, vec!["report-unreadable"]));
    assert_below(peak, 64_000_000);
}

#[test]
fn a_bomb_of_entities_is_refused() {
    let mut bomb = String::from("<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol0 'lol'>");
    for level in 1..30 {
        let before = format!("&lol{};", level - 1).repeat(10);
        bomb.push_str(&format!("<!ENTITY lol{level} '{before}'>"));
    }
    bomb.push_str("]><testsuite><testcase name='&lol29;'/></testsuite>");
    let said = judge_text(bomb);
    assert_eq!((said.code(), said.rules()), (1, vec!["report-unreadable"]));
    assert!(
        said.findings()[0]["title"]
            .as_str()
            .unwrap()
            .ends_with("declares entities, which are never expanded")
    );
}

#[test]
fn deep_suites_are_read_and_deeper_ones_refused() {
    let nested = |depth: usize| {
        let case = "<testcase name='a'><failure/></testcase>";
        format!("{}{case}{}", "<testsuite name='s'>".repeat(depth), "</testsuite>".repeat(depth))
    };
    let said = judge_text(nested(5_000));
    assert_eq!((said.code(), said.counts()), (1, [1, 0, 0, 1, 0, 0, 0]));
    assert_eq!(said.rules(), ["test-failed"]);
    let said = judge_text(nested(100_000));
    assert_eq!((said.code(), said.rules()), (1, vec!["report-unreadable"]));
    let title = said.findings()[0]["title"].as_str().unwrap();
    assert!(title.ends_with("elements are nested deeper than 10,000"), "{title}");
}

#[test]
fn garbage_is_named() {
    for garbage in [
        &b"\x7fELF\x02\x01\x01\0\0\0"[..],
        b"PK\x03\x04<",
        b"{\"tests\": []}",
        b"<",
        b"\xff\xfe\x00",
        &[0; 4_096],
    ] {
        let said = judge_text(garbage);
        assert_eq!((said.code(), said.rules()), (1, vec!["report-unreadable"]), "{garbage:?}");
        assert!(said.findings()[0]["location"]["line"].is_u64(), "{garbage:?}");
    }
}

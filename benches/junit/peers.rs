//! What others make of the same report.
//!
//! The two best known actions are in no package registry, so that they stand here by the libraries that they read reports
//! with, in the way they do; what they do with the result comes on top. The others are published programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::measure::{best, megabytes, once};
use super::{MILLION, generate, grouped, is_long, judge};

/// A program to compare with.
struct Peer {
    name: &'static str,
    /// What must be there, in the folder of the peers.
    needs: &'static str,
    program: &'static str,
    /// Its flags, and what it does with the report.
    flags: &'static [&'static str],
    script: &'static str,
}

const PEERS: [Peer; 6] = [
    Peer {
        name: "junitparser 4.0.2, lxml 6.0.2 (EnricoMi's)",
        needs: "venv/bin/python",
        program: "venv/bin/python",
        flags: &["-c"],
        script: "import sys\n\
                 from junitparser import JUnitXml, TestCase\n\
                 from lxml import etree\n\
                 xml = JUnitXml.fromroot(etree.parse(sys.argv[1], etree.XMLParser(huge_tree=True)).getroot())\n\
                 cases = [(c.classname, c.name, c.time, [(type(r), r.message, r.text) for r in c.result])\n\
                          for s in xml for c in s.iterchildren(TestCase)]\n\
                 print(len(cases), sum(1 for c in cases if c[3]))",
    },
    Peer {
        name: "xml-js 1.6.11 (mikepenz's)",
        needs: "node_modules/xml-js",
        program: "node",
        flags: HEAP,
        script: "const text = require('fs').readFileSync(process.argv[1], 'utf8')\n\
                 const suites = require('xml-js').xml2js(text, {compact: true}).testsuites.testsuite\n\
                 const cases = [].concat(suites).flatMap(suite => suite.testcase)\n\
                 console.log(cases.length, cases.filter(one => one.failure).length)",
    },
    Peer {
        name: "xml2js 0.6.2 (dorny's)",
        needs: "node_modules/xml2js",
        program: "node",
        flags: HEAP,
        script: "const text = require('fs').readFileSync(process.argv[1], 'utf8')\n\
                 require('xml2js').parseStringPromise(text).then(xml => {\n\
                   const cases = xml.testsuites.testsuite.flatMap(suite => suite.testcase)\n\
                   console.log(cases.length, cases.filter(one => one.failure).length)\n\
                 })",
    },
    Peer {
        name: "test-results-parser 0.4.6 (npm)",
        needs: "node_modules/test-results-parser",
        program: "node",
        flags: HEAP,
        script: "const result = require('test-results-parser').parse({type: 'junit', files: [process.argv[1]]})\n\
                 console.log(result.total, result.failed)",
    },
    Peer {
        name: "junit-to-ctrf 0.0.14",
        needs: "node_modules/junit-to-ctrf",
        program: "node",
        flags: HEAP,
        script: "require('junit-to-ctrf').convertJUnitToCTRFReport(process.argv[1]).then(report => {\n\
                   const {summary} = report.results\n\
                   console.log(summary.tests, summary.failed)\n\
                 })",
    },
    Peer {
        name: "test-results-parser 0.6.1 (Codecov's)",
        needs: "venv/lib",
        program: "venv/bin/python",
        flags: &["-c"],
        script: "import sys\n\
                 from test_results_parser import Outcome, parse_junit_xml\n\
                 runs = parse_junit_xml(open(sys.argv[1], 'rb').read()).testruns\n\
                 print(len(runs), sum(1 for r in runs if r.outcome == Outcome.Failure))",
    },
];

/// Node's own limit of memory is below what a million tests need.
const HEAP: &[&str] = &["--max-old-space-size=12000", "-e"];

/// The same reports through each of them.
pub(crate) fn compare(folder: &Path) {
    let sizes: &[u64] = if is_long() { &[10_000, 100_000, MILLION] } else { &[10_000, 100_000] };
    let home = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(".tools/peers");
    for tests in sizes {
        let report = folder.join("peers.xml");
        let bytes = generate::report(&report, *tests, 1);
        println!("{} tests, {:.1} MB", grouped(*tests), megabytes(bytes));
        best(3, || judge(folder, "peers.xml")).print("test-gate");
        for peer in &PEERS {
            if home.join(peer.needs).exists() {
                measure(peer, &home, &report, *tests);
            } else {
                println!("{:<50} is not installed: scripts/peers", peer.name);
            }
        }
    }
    if !is_long() {
        println!("{} tests of the peers are left out: set DEVOPS_BENCH_LONG=1", grouped(MILLION));
    }
}

fn measure(peer: &Peer, home: &Path, report: &Path, tests: u64) {
    let inside = home.join(peer.program);
    let program = if inside.exists() { inside } else { PathBuf::from(peer.program) };
    let cost = once(Command::new(program).current_dir(home).args(peer.flags).arg(peer.script).arg(report));
    let counts = format!("{tests} {}", tests / 100);
    if cost.said.trim() == counts {
        cost.print(peer.name);
    } else {
        let seconds = cost.wall.as_secs_f64();
        println!("{:<50} {seconds:>8.3} s, no result: {:?} {}", peer.name, cost.code, cost.said.trim());
    }
}

//! `report.html`: one self-contained page that answers a manager on its first screen and a developer below it.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::Document;
use super::chart::{Bar, bars};
use super::excerpt::{cut, excerpt};
use super::facts::{deliveries, fact, meaning, owners, path, plan, totals};
use super::groups::{DIRECT, Group, groups};
use super::sentence::sentence;
use super::tree::{FoundBy, Tree, note, trees};
use devops_core::escape::{terminal, terminal_line};
use devops_core::words::{bytes, duration, number};
use devops_core::{Finding, Report, Severity, Table, TestState};

/// Entries that say what to do first.
const FIRST: usize = 3;
/// Entries of a page that are shown, bytes of excerpts and of tables on it; all are shared by the jobs.
const FINDINGS: usize = 1_000;
const EXCERPTS: usize = 120_000;
const TABLES: usize = 200_000;
/// Waived findings, notes and inputs of a job, places and steps of an entry that are listed.
const LISTED: usize = 100;
/// Other findings of an entry that are listed.
const OTHERS: usize = 20;
/// Bytes of the texts of tests, and how many tests are shown without being asked for.
const TESTS: usize = 3_000_000;
const FEW_TESTS: usize = 40;
/// Characters of a text on one line, and of a command.
const LINE: usize = 400;
const COMMAND: usize = 2_000;

/// The only script that the page's own security policy lets run.
const SCRIPT: &str = include_str!("templates/report.js");

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    job: String,
    verdict: &'static str,
    sentence: String,
    exit_code: u8,
    exit_meaning: &'static str,
    about: Vec<String>,
    is_stopped: bool,
    bars: Vec<Bar>,
    moves: Option<Moves>,
    first: Vec<Entry>,
    others: Vec<Entry>,
    left_out: String,
    trees: Vec<Tree>,
    jobs: Vec<Job>,
    tests: Option<Tests>,
    has_tests: bool,
    made_by: String,
    script: &'static str,
    script_hash: String,
}

/// A job's section.
struct Job {
    name: String,
    verdict: &'static str,
    headline: String,
    stopped: String,
    stopped_help: String,
    changes: Vec<Grid>,
    tables: Vec<Grid>,
    plan: Vec<String>,
    deliveries: Vec<String>,
    waived: Vec<Waiver>,
    waived_left_out: String,
    notes: Vec<String>,
    totals: Vec<(String, String)>,
    sources: Vec<String>,
    is_empty: bool,
}

/// All tests by name.
struct Tests {
    states: Vec<StateFilter>,
    rows: Vec<TestRow>,
    left_out: String,
    /// Whether they are few enough to be shown at once.
    is_open: bool,
}

/// The listed tests that ended in one way.
struct StateFilter {
    word: &'static str,
    amount: String,
}

/// A test by name.
struct TestRow {
    word: &'static str,
    name: String,
    within: String,
    time: String,
}

/// Findings of one cause.
struct Entry {
    anchor: String,
    rank: u8,
    severity: &'static str,
    rule: String,
    job: String,
    title: String,
    owners: String,
    places: Vec<Place>,
    steps: Vec<Vec<(bool, String)>>,
    path: Vec<String>,
    detail: String,
    others: Vec<Other>,
    others_left_out: String,
}

/// Where a finding stands.
struct Place {
    name: String,
    link: Option<String>,
}

/// Another finding of the same cause.
struct Other {
    title: String,
    place: Option<Place>,
    detail: String,
}

/// A table of the job's own.
struct Grid {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    left_out: String,
    note: String,
}

/// A cell of it.
struct Cell {
    /// The column it is in, which narrow screens show beside it.
    label: String,
    text: String,
    is_code: bool,
}

/// A waived finding.
struct Waiver {
    title: String,
    terms: String,
    reason: String,
}

/// A promotion's colours, the live one marked.
struct Moves {
    from: String,
    to: String,
    state: String,
    is_done: bool,
}

/// What the jobs have left to show of what a page may hold.
struct Room {
    excerpts: usize,
    tables: usize,
}

/// The document as an HTML page.
pub fn html(document: &Document<'_>) -> String {
    let report = document.report;
    let mut room = Room { excerpts: EXCERPTS, tables: TABLES };
    let reports = document.reports();
    let groups = groups(document);
    let shown = groups.iter().take(FINDINGS).enumerate();
    let mut first: Vec<Entry> =
        shown.map(|(at, group)| entry(document, group, format!("f{at}"), &mut room)).collect();
    let others = first.split_off(first.len().min(FIRST));
    let hidden: usize = groups.iter().skip(FINDINGS).map(|group| group.findings().count()).sum();
    let page = Page {
        job: line(&report.job),
        verdict: report.verdict.as_str(),
        sentence: sentence(document),
        exit_code: report.exit_code,
        exit_meaning: meaning(report),
        about: document.revision.words().iter().map(|word| line(word)).collect(),
        is_stopped: reports.iter().any(|report| report.error.is_some()),
        bars: bars(document),
        moves: reports.iter().find_map(moves),
        first,
        others,
        left_out: more(hidden),
        trees: document.bill.map(|bill| trees(&bill.files, &found(&groups))).unwrap_or_default(),
        jobs: reports.iter().map(|report| job(report, &mut room)).collect(),
        tests: tests(document),
        has_tests: reports.iter().any(|report| report.totals.contains_key("tests")),
        made_by: line(&format!("{} {}", report.provenance.tool, report.provenance.version)),
        script: SCRIPT,
        script_hash: script_hash(),
    };
    // Writing to a string can't fail, and the template calls nothing that can.
    page.render().unwrap_or_default()
}

/// The open findings by the package that they are about, with the entry that shows each.
fn found<'a>(groups: &[Group<'a>]) -> FoundBy<'a> {
    let mut found = FoundBy::new();
    for (at, group) in groups.iter().enumerate() {
        let anchor = (at < FINDINGS).then(|| format!("f{at}"));
        group.findings().for_each(|finding| note(&mut found, finding, anchor.as_deref()));
    }
    found
}

/// The SHA-256 of the script of every report, as a content security policy names it.
fn script_hash() -> String {
    STANDARD.encode(Sha256::digest(SCRIPT))
}

/// Where the script of a report comes from, for the content security policy of who serves reports: no other script runs under it.
pub fn script_source() -> String {
    format!("'sha256-{}'", script_hash())
}

/// All tests by name, as far as the page has room for them.
fn tests(document: &Document<'_>) -> Option<Tests> {
    let cases = document.cases;
    if cases.is_empty() {
        return None;
    }
    let mut room = TESTS;
    let mut rows = Vec::new();
    for case in &cases.listed {
        let (name, within) = (line(&case.name), line(&case.within));
        let Some(left) = room.checked_sub(name.len() + within.len()) else { break };
        room = left;
        #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
        let time = case.micros.map(|micros| duration(micros as f64 / 1e6)).unwrap_or_default();
        rows.push(TestRow { word: case.state.as_str(), name, within, time });
    }
    let mut states = TestState::ALL;
    states.sort_by_key(|state| std::cmp::Reverse(state.rank()));
    let of = |state: TestState| rows.iter().filter(|row| row.word == state.as_str()).count();
    let states = states.into_iter().map(|state| (state, of(state))).filter(|(_, amount)| *amount > 0);
    let states = states
        .map(|(state, amount)| StateFilter { word: state.as_str(), amount: number(amount as u64) })
        .collect();
    let left_out = cases.left_out.saturating_add((cases.listed.len() - rows.len()) as u64);
    Some(Tests {
        states,
        is_open: rows.len() <= FEW_TESTS,
        rows,
        left_out: if left_out == 0 { String::new() } else { number(left_out) },
    })
}

/// A job's section, out of what room is left.
fn job(report: &Report, room: &mut Room) -> Job {
    let waived: Vec<&Finding> = report.waived().collect();
    let failure = report.error.as_ref();
    let message = failure.map(|failure| line(&failure.message)).unwrap_or_default();
    let mut job = Job {
        name: line(&report.job),
        verdict: report.verdict.as_str(),
        headline: line(&report.headline),
        stopped_help: failure.map(|failure| line(&failure.help)).unwrap_or_default(),
        stopped: message,
        changes: tables(report, true, room),
        tables: tables(report, false, room),
        plan: plan(report).iter().map(|step| line(step)).collect(),
        deliveries: deliveries(report).iter().map(|delivery| line(delivery)).collect(),
        waived: waived.iter().take(LISTED).filter_map(|finding| waiver(finding)).collect(),
        waived_left_out: more(waived.len().saturating_sub(LISTED)),
        notes: report.notes.iter().take(LISTED).map(|note| line(note)).collect(),
        totals: totals(report).iter().map(|(name, value)| (line(name), line(value))).collect(),
        sources: sources(report),
        is_empty: false,
    };
    job.is_empty = job.stopped.is_empty()
        && job.changes.is_empty()
        && job.tables.is_empty()
        && job.plan.is_empty()
        && job.deliveries.is_empty()
        && job.waived.is_empty()
        && job.notes.is_empty()
        && job.totals.is_empty()
        && job.sources.is_empty();
    job
}

/// Findings of one cause; their excerpts are left out once the page is full.
fn entry(document: &Document<'_>, group: &Group<'_>, anchor: String, room: &mut Room) -> Entry {
    let first = group.first;
    let detail = detail(first, room);
    let other = |finding: &&Finding| Other {
        title: line(&finding.title),
        place: place(document, finding),
        // What is the same for all stands once.
        detail: if finding.detail == first.detail { String::new() } else { self::detail(finding, room) },
    };
    let others: Vec<Other> = group.others.iter().take(OTHERS).map(other).collect();
    let steps = group.steps();
    Entry {
        anchor,
        rank: rank(first.severity),
        severity: first.severity.as_str(),
        rule: line(&first.rule),
        job: if document.jobs.len() > 1 { line(&group.job.job) } else { String::new() },
        title: line(&first.title),
        owners: line(&owners(&first.subject)),
        places: place(document, first).into_iter().collect(),
        steps: steps.iter().take(OTHERS).map(|step| pieces(&line(step))).collect(),
        path: path(&first.subject).iter().map(|step| line(step)).collect(),
        detail,
        others,
        others_left_out: more(group.others.len().saturating_sub(OTHERS)),
    }
}

/// Where a finding stands, linked where the host has a page for it.
fn place(document: &Document<'_>, finding: &Finding) -> Option<Place> {
    let location = finding.location.as_ref()?;
    let link = (document.link)(location).filter(|link| link.starts_with("http"));
    Some(Place { name: line(&location.to_string()), link })
}

/// The text of a finding, as far as the page has room for it.
fn detail(finding: &Finding, room: &mut Room) -> String {
    let way = path(&finding.subject);
    let way = if way.len() == 1 { DIRECT.to_owned() } else { format!("through {}", way.join(" → ")) };
    let mut lines = excerpt(&finding.detail, 60, LINE);
    // How a package got in stands above, as crumbs.
    lines.retain(|line| *line != way);
    let mut detail = terminal(&lines.join("\n"));
    if detail.len() > room.excerpts {
        "left out, because this page has a limit: see report.json".clone_into(&mut detail);
    }
    room.excerpts = room.excerpts.saturating_sub(detail.len());
    detail
}

/// Zero for the worst, so that sorting upwards shows it first.
const fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 0,
        Severity::High => 1,
        Severity::Medium => 2,
        Severity::Low => 3,
        Severity::Info => 4,
    }
}

/// Pieces of a text and whether each is code: between paired back-ticks, or a command after one word and a colon.
fn pieces(text: &str) -> Vec<(bool, String)> {
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len() > 1 && pieces.len() % 2 == 1 {
        return pieces.iter().enumerate().map(|(at, piece)| (at % 2 == 1, (*piece).to_owned())).collect();
    }
    match text.split_once(": ") {
        Some((word, command)) if !word.is_empty() && !word.contains(' ') => {
            vec![(false, format!("{word}: ")), (true, command.to_owned())]
        }
        _ => vec![(false, text.to_owned())],
    }
}

fn waiver(finding: &Finding) -> Option<Waiver> {
    let waived = finding.waived.as_ref()?;
    Some(Waiver { title: line(&finding.title), terms: line(&waived.terms()), reason: line(&waived.reason) })
}

/// The job's own tables: those about what changed and what to do next, or the others.
fn tables(report: &Report, leads: bool, room: &mut Room) -> Vec<Grid> {
    let is_first = |table: &Table| table.leads || table.has_commands();
    let tables = Table::all(&report.details).into_iter().filter(|table| is_first(table) == leads);
    tables.take(LISTED).map(|table| grid(&table, room)).collect()
}

/// A table as the page draws it; bars and commands are code. Once the page is full, rows are only counted.
fn grid(table: &Table, room: &mut Room) -> Grid {
    let columns: Vec<String> = table.columns.iter().map(|column| line(column)).collect();
    let cell = |(label, text): (&String, &String)| {
        let is_command = label == Table::COMMAND;
        let is_bar = label.is_empty();
        let longest = if is_command { COMMAND } else { LINE };
        Cell { label: label.clone(), text: terminal_line(&cut(text, longest)), is_code: is_command || is_bar }
    };
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for row in table.rows.iter().take(LISTED) {
        let cells: Vec<Cell> = columns.iter().zip(row).map(cell).collect();
        let size = cells.iter().map(|cell| cell.text.len() + cell.label.len() + 40).sum();
        let Some(left) = room.tables.checked_sub(size) else { break };
        room.tables = left;
        rows.push(cells);
    }
    let left_out = table.left_out.saturating_add((table.rows.len() - rows.len()) as u64);
    Grid {
        title: line(&table.title),
        rows,
        columns,
        left_out: if left_out == 0 { String::new() } else { number(left_out) },
        note: line(&table.note),
    }
}

/// From where to where traffic went, where the details say so.
fn moves(report: &Report) -> Option<Moves> {
    let get = |name: &str| report.details.get(name).and_then(|value| value.as_str()).map(line);
    let (from, to) = (get("from")?, get("to")?);
    let state = get("state")?;
    let is_done = state == "promoted";
    Some(Moves { from, to, state, is_done })
}

/// What the verdict was made from, a line each.
fn sources(report: &Report) -> Vec<String> {
    let from = &report.provenance;
    let inputs = from.inputs.iter().take(LISTED).map(|input| {
        format!("{}, {}, sha256 {}", cut(&input.path, LINE / 2), bytes(input.bytes), cut(&input.sha256, 64))
    });
    let policy = from.policy_sha256.iter().map(|policy| format!("devops.toml, sha256 {policy}"));
    let data = from.data.iter().take(LISTED).map(|(name, value)| format!("{name}: {}", fact(value)));
    let more = from.inputs.len().saturating_sub(LISTED);
    let more = (more > 0).then(|| format!("and {more} more inputs"));
    policy.chain(data).chain(inputs).chain(more).map(|source| line(&source)).collect()
}

/// How many were left out, or nothing.
fn more(amount: usize) -> String {
    if amount == 0 { String::new() } else { number(amount as u64) }
}

/// A foreign text on one line.
fn line(text: &str) -> String {
    terminal_line(&cut(text, LINE))
}

//! What a terminal shows: the verdict, the worst findings with their next step, how it ended. Fits 80 columns.

use anstyle::{AnsiColor, Color, Style};

use super::Document;
use super::excerpt::{cut, excerpt, wrap};
use super::facts::{deliveries, meaning, owners, plan};
use crate::core::escape::terminal_line;
use crate::core::words::number;
use crate::core::{Finding, Report, Severity, Table, Verdict};

/// Columns that text is wrapped to.
const WIDTH: usize = 80;
/// Lines of a detail that are shown.
const DETAIL: usize = 6;
/// Findings shown in full of a single job, and of each job of a run.
const SINGLE: usize = 10;
const MANY: usize = 5;
/// Waived findings and notes that are listed.
const LISTED: usize = 10;
/// Characters of a foreign text that are looked at for one line.
const LONGEST: usize = 400;

/// Characters of a command.
const COMMAND: usize = 2_000;

/// How much a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The verdict line.
    Verdict,
    /// The verdict, the findings with their next step, what was waived and how it ended.
    Findings,
}

/// The report for a terminal, with colours that the printer strips where they don't belong.
pub fn text(document: &Document<'_>, detail: Detail) -> String {
    let report = document.report;
    let width = report.job.chars().count();
    if detail == Detail::Verdict {
        return verdict_line(report, width);
    }
    match document.jobs {
        [] | [_] if is_silent(report) => verdict_line(report, width),
        [] | [_] => {
            let mut text = block(document, report, SINGLE);
            text.push('\n');
            text.push_str(&ending(document));
            text
        }
        jobs => run(document, jobs),
    }
}

/// Each job that has more to say than its verdict, then one line a job, then how it ended.
fn run(document: &Document<'_>, jobs: &[Report]) -> String {
    let mut text = String::new();
    for job in jobs.iter().filter(|job| !is_silent(job)) {
        text.push_str(&block(document, job, MANY));
        text.push('\n');
    }
    let width = jobs.iter().map(|job| job.job.chars().count()).max().unwrap_or(0);
    for job in jobs {
        text.push_str(&verdict_line(job, width));
    }
    text.push_str(&notes(document.report));
    text.push('\n');
    text.push_str(&ending(document));
    text
}

/// Whether the verdict line says all there is.
fn is_silent(report: &Report) -> bool {
    report.findings.is_empty()
        && report.notes.is_empty()
        && report.error.is_none()
        && report.verdict == Verdict::Pass
        && report.exit_code == 0
        && Table::all(&report.details).iter().all(|table| !table.leads)
        && plan(report).is_empty()
        && deliveries(report).is_empty()
}

/// `test-gate  fail   2 failed of 1,204 tests`, the job padded to `width`.
fn verdict_line(report: &Report, width: usize) -> String {
    let style = verdict_style(report.verdict);
    let bold = Style::new().bold();
    let (job, verdict) = (terminal_line(&report.job), report.verdict);
    if report.headline.is_empty() {
        return format!("{bold}{job:<width$}{bold:#}  {style}{verdict}{style:#}\n");
    }
    let headline = hanging(&report.headline, width + 9);
    format!("{bold}{job:<width$}{bold:#}  {style}{verdict:<5}{style:#}  {headline}\n")
}

/// What changed, a line each: the first two columns of the tables about it.
fn changes(report: &Report) -> String {
    let tables = Table::all(&report.details);
    let rows = tables.iter().filter(|table| table.leads).flat_map(|table| table.rows.iter().take(LISTED));
    rows.map(|row| {
        let cells: Vec<String> = row.iter().take(2).map(|cell| terminal_line(cell)).collect();
        let indent = report.job.chars().count() + 9;
        format!("{:indent$}{}\n", "", hanging(&cells.join(": "), indent))
    })
    .collect()
}

/// A job's verdict and what made it.
fn block(document: &Document<'_>, report: &Report, limit: usize) -> String {
    let mut text = verdict_line(report, report.job.chars().count());
    text.push_str(&changes(report));
    text.push_str(&failure(report));
    let open: Vec<&Finding> = report.open().collect();
    let shown: Vec<&Finding> = open.iter().copied().take(limit).collect();
    text.push_str(&findings(&shown));
    if open.len() > shown.len() {
        let more = number((open.len() - shown.len()) as u64);
        let page = document.page.map(|page| format!(": see {}", terminal_line(page))).unwrap_or_default();
        text.push_str(&format!("\nand {more} more{page}\n"));
    }
    text.push_str(&commands(report));
    text.push_str(&section("plan", &plan(report), true));
    text.push_str(&section("delivered", &deliveries(report), false));
    text.push_str(&waived(report));
    text.push_str(&notes(report));
    text
}

/// Commands to copy, each on one line of its own whatever its length.
fn commands(report: &Report) -> String {
    let mut text = String::new();
    let tables = Table::all(&report.details);
    for table in tables.iter().filter(|table| table.has_commands()).take(LISTED) {
        text.push_str(&format!("\n{}\n", terminal_line(&cut(&table.title, WIDTH))));
        for command in table.rows.iter().take(LISTED).filter_map(|row| row.last()) {
            text.push_str(&format!("      {}\n", terminal_line(&cut(command, COMMAND))));
        }
        if table.rows.len() > LISTED {
            text.push_str(&format!("      and {} more\n", number((table.rows.len() - LISTED) as u64)));
        }
        if !table.note.is_empty() {
            text.push_str(&format!("      {}\n", hanging(&table.note, 6)));
        }
    }
    text
}

/// What else there is to know, a line each.
fn notes(report: &Report) -> String {
    let shown = report.notes.iter().take(LISTED);
    let mut text: String = shown.map(|note| format!("note  {}\n", hanging(note, 6))).collect();
    if !text.is_empty() {
        text.insert(0, '\n');
    }
    if report.notes.len() > LISTED {
        text.push_str(&format!("      and {} more\n", number((report.notes.len() - LISTED) as u64)));
    }
    text
}

/// What stopped the job, where the headline does not say it already, and what to do.
fn failure(report: &Report) -> String {
    let Some(failure) = &report.error else { return String::new() };
    let mut text = String::new();
    if failure.message != report.headline {
        text.push_str(&format!("      {}\n", hanging(&failure.message, 6)));
    }
    if !failure.help.is_empty() {
        text.push_str(&format!("      help: {}\n", hanging(&failure.help, 12)));
    }
    text
}

/// Findings as blocks, with severities and rules in columns.
fn findings(shown: &[&Finding]) -> String {
    let width = shown.iter().map(|finding| finding.severity.as_str().len()).max().unwrap_or(0);
    let rules = shown.iter().map(|finding| finding.rule.chars().count()).max().unwrap_or(0).min(24);
    shown.iter().map(|finding| format!("\n{}", one(finding, width, rules))).collect()
}

/// A finding: what, then where and how it shows, then what to do.
fn one(finding: &Finding, width: usize, rules: usize) -> String {
    let style = severity_style(finding.severity);
    let bold = Style::new().bold();
    let rule = cut(&terminal_line(&cut(&finding.rule, LONGEST)), 40);
    let indent = width + 2;
    let title = hanging(&finding.title, indent + rules.max(rule.chars().count()) + 2);
    let mut text =
        format!("{style}{:<width$}{style:#}  {rule:<rules$}  {bold}{title}{bold:#}\n", finding.severity);
    let margin = " ".repeat(indent);
    for line in body(finding, WIDTH - indent) {
        text.push_str(&format!("{margin}{line}\n"));
    }
    if !finding.help.is_empty() {
        text.push_str(&format!("{margin}{}\n", help(&finding.help, indent)));
    }
    text
}

/// Where it is, lines of its detail, the first of them beside the place where it fits, and who owns the test.
fn body(finding: &Finding, width: usize) -> Vec<String> {
    let place = finding.location.as_ref().map(|location| terminal_line(&cut(&location.to_string(), LONGEST)));
    let mut detail = excerpt(&finding.detail, DETAIL, LONGEST).into_iter().map(|line| terminal_line(&line));
    // The first line says why, so that it is shown whole; the others are cut where they don't fit.
    let mut lines = detail.next().map(|first| wrap(&first, width)).unwrap_or_default();
    lines.extend(detail.map(|line| cut(&line, width)));
    if let Some(place) = place {
        match lines.first_mut() {
            Some(first) if place.chars().count() + 3 + first.chars().count() <= width => {
                *first = format!("{place}   {first}");
            }
            _ => lines.insert(0, place),
        }
    }
    let owners = owners(&finding.subject);
    if !owners.is_empty() {
        lines.push(terminal_line(&cut(&format!("owners: {owners}"), LONGEST)));
    }
    lines
}

/// The next step; a command after a single word and a colon stays on one line, so that it can be copied.
fn help(help: &str, indent: usize) -> String {
    let is_command = help.split_once(": ").is_some_and(|(word, _)| !word.contains(' '));
    if is_command { terminal_line(&cut(help, LONGEST)) } else { hanging(help, indent) }
}

/// What was accepted, by whom, until when and why.
fn waived(report: &Report) -> String {
    let waived: Vec<&Finding> = report.waived().collect();
    let lines: Vec<String> = waived.iter().take(LISTED).map(|finding| waiver(finding)).collect();
    let amount = number(waived.len() as u64);
    match lines.as_slice() {
        [] => String::new(),
        [only] if waived.len() == 1 => format!("\nwaived 1: {}\n", hanging(only, 10)),
        several => {
            let listed: String = several.iter().map(|line| format!("      {}\n", hanging(line, 8))).collect();
            let more = waived.len() - several.len();
            let more =
                if more > 0 { format!("      and {} more\n", number(more as u64)) } else { String::new() };
            format!("\nwaived {amount}:\n{listed}{more}")
        }
    }
}

/// `title (until 2026-12-31, owner ops: reason)`.
fn waiver(finding: &Finding) -> String {
    let title = cut(&finding.title, LONGEST);
    match &finding.waived {
        Some(waived) => {
            let (owner, reason) = (cut(&waived.owner, 80), cut(&waived.reason, LONGEST));
            format!("{title} (until {}, owner {owner}: {reason})", cut(&waived.expires, 20))
        }
        None => title,
    }
}

/// A named list, numbered where its order matters, or nothing.
fn section(name: &str, lines: &[String], is_numbered: bool) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let gap = if index == 0 { format!("\n{name}\n") } else { String::new() };
        let mark = if is_numbered { format!("{:>4}  ", index + 1) } else { " ".repeat(6) };
        text.push_str(&format!("{gap}{mark}{}\n", hanging(line, 6)));
    }
    text
}

/// The exit code with its meaning, where to read more, and what explains the worst finding.
fn ending(document: &Document<'_>) -> String {
    let report = document.report;
    let style = verdict_style(report.verdict);
    let meaning = meaning(report);
    let page = document.page.map(|page| format!(". report {}", terminal_line(page))).unwrap_or_default();
    let mut text = format!("{style}exit {}{style:#}, {meaning}{page}\n", report.exit_code);
    let worst = document.open().into_iter().find(|finding| document.rule(&finding.rule).is_some());
    if let Some(finding) = worst {
        let (program, rule) = (document.program, terminal_line(&finding.rule));
        text.push_str(&format!("help   {program} explain {rule}\n"));
    }
    text
}

/// Foreign prose in lines of the terminal's width, all but the first indented.
fn hanging(text: &str, indent: usize) -> String {
    let safe = terminal_line(&cut(text, LONGEST));
    wrap(&safe, WIDTH.saturating_sub(indent).max(24)).join(&format!("\n{}", " ".repeat(indent)))
}

/// Colour is only a second cue: the word says the same.
fn verdict_style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Warn => AnsiColor::Yellow,
        Verdict::Fail | Verdict::Error => AnsiColor::Red,
    };
    Style::new().bold().fg_color(Some(Color::Ansi(color)))
}

fn severity_style(severity: Severity) -> Style {
    let color = match severity {
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low => AnsiColor::Cyan,
        Severity::Info => AnsiColor::BrightBlack,
    };
    Style::new().fg_color(Some(Color::Ansi(color)))
}

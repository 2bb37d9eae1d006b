//! `summary.md`: the job summary, in the Markdown that GitHub and GitLab both render.

use super::Document;
use super::chart::{bars, live};
use super::escape::{
    Markdown, MarkdownBlock, MarkdownCell, MarkdownLink, Number, Page, Safe, Summary as Kind,
};
use super::excerpt::{cut, excerpt};
use super::facts::{deliveries, fact, owners, plan, totals};
use super::groups::{Group, distinct, groups};
use super::sentence::sentence;
use devops_core::words::{bytes, count, number};
use devops_core::{Finding, Location, Report, Severity, Table, Verdict};

/// Where GitHub drops a summary whole is 1,048,576 bytes, and it loses content near that; see runner#4337.
const LIMIT: usize = 1_000_000;
/// Room kept for saying what was left out, and for the provenance.
const RESERVE: usize = 10_000;
/// Findings that say what to do first, and those in the table.
const FIRST: usize = 3;
const FINDINGS: usize = 17;
/// Places and next steps of one entry.
const STEPS: usize = 3;
/// Characters of a bar.
const BLOCKS: usize = 20;
/// Rows of a job's own table.
const ROWS: usize = 50;
/// Characters of a command that is a block of its own.
const COMMAND: usize = 2_000;
/// Waived findings, notes and steps that are listed.
const LISTED: usize = 50;
/// Characters of a title, of a next step, of an excerpt's line; lines of an excerpt.
const TITLE: usize = 300;
const HELP: usize = 500;
const LINE: usize = 300;
const LINES: usize = 30;

/// The document in Markdown, at most 1,000,000 bytes.
pub fn markdown(document: &Document<'_>) -> String {
    let report = document.report;
    let groups = groups(document);
    let (first, others) = groups.split_at(groups.len().min(FIRST));
    let mut page = Page::new();
    page.put("## ").put(Markdown::of(&sentence(document))).put("\n\n");
    page.put(about(document));
    let mut left_out: Vec<&'static str> = Vec::new();
    let sections = [
        ("the jobs", jobs(document)),
        ("errors", failures(document)),
        ("numbers", numbers(document)),
        ("what to do first", what_first(document, first)),
        ("what changed", tables(document, |table| table.leads)),
        ("the table of findings", findings(document, others)),
        ("commands", tables(document, |table| !table.leads && table.has_commands())),
        ("excerpts", excerpts(others)),
        ("tables", tables(document, |table| !table.leads && !table.has_commands())),
        ("plans and deliveries", steps(document)),
        ("totals", all_totals(document)),
        ("waived findings", waived(report)),
        ("notes", notes(document)),
    ];
    for (name, section) in sections {
        if page.len() + section.len() + RESERVE > LIMIT {
            left_out.push(name);
        } else {
            page.put(section);
        }
    }
    for name in left_out {
        page.put("Left out, because a summary has a limit: ").put(name).put(".\n\n");
    }
    page.put(provenance(report));
    page.finish()
}

/// The verdict's word, the job, and what was judged.
fn about(document: &Document<'_>) -> Page<Kind> {
    let report = document.report;
    let mut page = Page::new();
    page.put("**").put(verdict(report.verdict)).put("**, ").put(text(&report.job)).put(", exit ");
    page.put(u64::from(report.exit_code));
    for word in document.revision.words() {
        page.put(" · ").put(text(&word));
    }
    page.put("\n\n");
    if document.jobs.len() < 2 && !report.headline.is_empty() {
        let headline = document.jobs.first().unwrap_or(report);
        page.put(Markdown::of(&cut(&headline.headline, HELP))).put("\n\n");
    }
    page
}

/// The numbers that matter, drawn as bars of characters, for hosts show neither pictures nor styles of a summary.
fn numbers(document: &Document<'_>) -> Page<Kind> {
    let mut page = Page::new();
    let bars = bars(document);
    let live = live(document);
    if bars.is_empty() && live.is_none() {
        return page;
    }
    page.put("|");
    for bar in &bars {
        page.put(" ").put(bar.name).put(" |");
    }
    if live.is_some() {
        page.put(" Live colour |");
    }
    page.put("\n|");
    for _ in 0..bars.len() + usize::from(live.is_some()) {
        page.put(" :-- |");
    }
    page.put("\n|");
    for bar in &bars {
        if bar.is_share() {
            page.put(" `");
            for block in 0..BLOCKS {
                page.put(if block < bar.good(BLOCKS) { "█" } else { "░" });
            }
            page.put("`<br>");
        }
        page.put(" ").put(Markdown::of(&bar.legend())).put(" |");
    }
    if let Some(live) = live {
        page.put(" ").put(text(&live)).put(" |");
    }
    page.put("\n\n");
    page
}

/// What to do first: the worst findings with why, where and the next step, each with its excerpt.
fn what_first(document: &Document<'_>, groups: &[Group<'_>]) -> Page<Kind> {
    let mut page = Page::new();
    if groups.is_empty() {
        return page;
    }
    page.put("### What to do first\n\n");
    for (index, group) in groups.iter().enumerate() {
        page.put("**").put(index + 1).put(".** ").put(severity(group.severity())).put(": **");
        page.put(text(&group.title())).put("**<br>");
        let places = places(document, group);
        if places.len() > 0 {
            page.put(places).put(" · ");
        }
        page.put(rule_and_owners(group));
        for step in group.steps().iter().take(STEPS) {
            page.put("<br>").put(MarkdownCell::of(&cut(step, HELP)));
        }
        page.put("\n\n");
        let mut details: Vec<&str> = Vec::new();
        for finding in group.findings().take(STEPS) {
            let is_said = group.reason().is_empty() && finding.detail.lines().nth(1).is_none();
            if !is_said && !finding.detail.trim().is_empty() && !details.contains(&finding.detail.as_str()) {
                details.push(&finding.detail);
                let lines = excerpt(&finding.detail, LINES, LINE);
                page.put(MarkdownBlock::of(&lines.join("\n"))).put("\n\n");
            }
        }
    }
    page
}

/// The rule of an entry, and who owns what it is about.
fn rule_and_owners(group: &Group<'_>) -> Page<Kind> {
    let mut page = Page::new();
    page.put(text(&group.first.rule));
    let owners = owners(&group.first.subject);
    if !owners.is_empty() {
        page.put(", owners ").put(text(&owners));
    }
    page
}

/// Where an entry stands: some places, and how many more.
fn places(document: &Document<'_>, group: &Group<'_>) -> Page<Kind> {
    let mut page = Page::new();
    let known = distinct(group.findings().filter_map(|finding| finding.location.as_ref()));
    for (index, location) in known.iter().take(STEPS).enumerate() {
        page.put(if index == 0 { "" } else { ", " }).put(place(document, location));
    }
    if known.len() > STEPS {
        page.put(" and ").put(Number(known.len() - STEPS)).put(" more");
    }
    page
}

/// A short foreign text.
fn text(text: &str) -> Markdown {
    Markdown::of(&cut(text, TITLE))
}

/// A verdict as a word of ours.
const fn verdict(verdict: Verdict) -> &'static str {
    verdict.as_str()
}

/// One line a job, where there are several.
fn jobs(document: &Document<'_>) -> Page<Kind> {
    let mut page = Page::new();
    if document.jobs.len() < 2 {
        return page;
    }
    page.put("| Job | Verdict | Result |\n| :-- | :-- | :-- |\n");
    for job in document.jobs {
        page.put("| ").put(text(&job.job)).put(" | ").put(verdict(job.verdict)).put(" | ");
        page.put(text(&job.headline)).put(" |\n");
    }
    page.put("\n");
    page
}

/// What stopped a job, and what to do.
fn failures(document: &Document<'_>) -> Page<Kind> {
    let mut page = Page::new();
    for report in document.reports() {
        let Some(failure) = &report.error else { continue };
        page.put("**").put(text(&report.job)).put(" could not judge**, exit ");
        page.put(u64::from(failure.code));
        // A single job's headline has just said what happened.
        if document.jobs.len() > 1 || failure.message != document.report.headline {
            page.put(": ").put(Markdown::of(&cut(&failure.message, HELP)));
        }
        if !failure.help.is_empty() {
            page.put("<br>").put(Markdown::of(&cut(&failure.help, HELP)));
        }
        page.put("\n\n");
    }
    page
}

/// The other findings, with where they are and what to do.
fn findings(document: &Document<'_>, groups: &[Group<'_>]) -> Page<Kind> {
    let mut page = Page::new();
    if groups.is_empty() {
        return page;
    }
    page.put("### Other findings\n\n| # | Severity | What | Where | Next step |\n| --: | :-- | :-- | :-- | :-- |\n");
    for (index, group) in groups.iter().take(FINDINGS).enumerate() {
        page.put("| ").put(FIRST + index + 1).put(" | ").put(severity(group.severity())).put(" | ");
        page.put(MarkdownCell::of(&cut(&group.title(), TITLE)));
        let why = group.why();
        if !why.is_empty() {
            page.put("<br>").put(MarkdownCell::of(&why));
        }
        page.put("<br><sub>")
            .put(rule_and_owners(group))
            .put("</sub> | ")
            .put(places(document, group))
            .put(" | ");
        for (index, step) in group.steps().iter().take(STEPS).enumerate() {
            page.put(if index == 0 { "" } else { "<br>" }).put(MarkdownCell::of(&cut(step, HELP)));
        }
        page.put(" |\n");
    }
    let hidden: usize = groups.iter().skip(FINDINGS).map(|group| group.findings().count()).sum();
    if hidden > 0 {
        page.put("\nand ").put(Number(hidden)).put(" more, in the report files.\n");
    }
    page.put("\n");
    page
}

/// A severity as a word of ours.
const fn severity(severity: Severity) -> &'static str {
    severity.as_str()
}

/// A place, linked where the host has a page for it.
fn place(document: &Document<'_>, location: &Location) -> Page<Kind> {
    let mut page = Page::new();
    let name = text(&location.to_string());
    match (document.link)(location) {
        Some(target) if target.len() < 2_000 => {
            page.put("[").put(name).put("](").put(MarkdownLink::of(&target)).put(")");
        }
        _ => {
            page.put(name);
        }
    }
    page
}

/// What the details of the findings in the table say beyond it, folded.
fn excerpts(groups: &[Group<'_>]) -> Page<Kind> {
    let mut page = Page::new();
    for (index, group) in groups.iter().take(FINDINGS).enumerate() {
        let mut lines = excerpt(&group.first.detail, LINES, LINE);
        let why = group.why();
        if lines.first().is_some_and(|line| line.trim() == why) {
            lines.remove(0);
        }
        if lines.iter().any(|line| !line.trim().is_empty()) {
            page.put("**").put(FIRST + index + 1).put("**\n\n");
            page.put(MarkdownBlock::of(&lines.join("\n"))).put("\n\n");
        }
    }
    if page.len() == 0 {
        return page;
    }
    let mut folded = Page::new();
    folded.put("<details><summary>Details by number</summary>\n\n").put(page).put("</details>\n\n");
    folded
}

/// The tables of the jobs that are wanted here.
fn tables(document: &Document<'_>, is_wanted: impl Fn(&Table) -> bool) -> Page<Kind> {
    let mut page = Page::new();
    let tables = document.reports().iter().flat_map(|report| Table::all(&report.details));
    for table in tables.filter(is_wanted).take(LISTED) {
        page.put("**").put(text(&table.title)).put("**\n\n");
        if table.has_commands() {
            commands(&mut page, &table);
            continue;
        }
        page.put("|");
        for column in &table.columns {
            page.put(" ").put(MarkdownCell::of(&cut(column, TITLE))).put(" |");
        }
        page.put("\n|");
        for _ in &table.columns {
            page.put(" :-- |");
        }
        page.put("\n");
        for row in table.rows.iter().take(ROWS) {
            page.put("|");
            for cell in row.iter().take(table.columns.len()) {
                page.put(" ").put(MarkdownCell::of(&cut(cell, HELP))).put(" |");
            }
            page.put("\n");
        }
        below(&mut page, &table);
    }
    page
}

/// Commands as blocks, because a host shows them as they are and copies them whole.
fn commands(page: &mut Page<Kind>, table: &Table) {
    for command in table.rows.iter().take(ROWS).filter_map(|row| row.last()) {
        page.put(MarkdownBlock::of(&cut(command, COMMAND))).put("\n\n");
    }
    below(page, table);
}

/// What a table leaves out, and how to read it.
fn below(page: &mut Page<Kind>, table: &Table) {
    let left_out = table.left_out.saturating_add(table.rows.len().saturating_sub(ROWS) as u64);
    if left_out > 0 {
        page.put("\nand ").put(Markdown::of(&number(left_out))).put(" more, in the report files.\n");
    }
    if !table.note.is_empty() {
        page.put("\n").put(Markdown::of(&cut(&table.note, HELP))).put("\n");
    }
    page.put("\n");
}

/// What promotions and annotations would do or did.
fn steps(document: &Document<'_>) -> Page<Kind> {
    let mut page = Page::new();
    for report in document.reports() {
        for (name, lines) in [("plan", plan(report)), ("delivered", deliveries(report))] {
            if !lines.is_empty() {
                page.put("**").put(text(&report.job)).put("**, ").put(name).put(":\n\n");
                for line in lines.iter().take(LISTED) {
                    page.put("1. ").put(text(line)).put("\n");
                }
                page.put("\n");
            }
        }
    }
    page
}

/// A job's counts as a table of one row.
fn all_totals(document: &Document<'_>) -> Page<Kind> {
    let mut page = Page::new();
    for report in document.reports() {
        let cells = totals(report);
        if cells.is_empty() {
            continue;
        }
        page.put("| ").put(text(&report.job)).put(" |");
        for (name, _) in &cells {
            page.put(" ").put(text(name)).put(" |");
        }
        page.put("\n| :-- |").put(rules(cells.len())).put("\n| total |");
        for (_, value) in &cells {
            page.put(" ").put(text(value)).put(" |");
        }
        page.put("\n\n");
    }
    page
}

/// The line between a table's head and body.
fn rules(columns: usize) -> Page<Kind> {
    let mut page = Page::new();
    for _ in 0..columns {
        page.put(" --: |");
    }
    page
}

/// What was accepted, by whom, until when and why.
fn waived(report: &Report) -> Page<Kind> {
    let waived: Vec<&Finding> = report.waived().collect();
    let mut page = Page::new();
    if waived.is_empty() {
        return page;
    }
    page.put("**Waived** (").put(Number(waived.len())).put(")\n\n");
    for finding in waived.iter().take(LISTED) {
        page.put("- ").put(text(&finding.title));
        if let Some(waiver) = &finding.waived {
            page.put(" (").put(text(&waiver.terms())).put(": ").put(text(&waiver.reason)).put(")");
        }
        page.put("\n");
    }
    more(&mut page, waived.len());
    page.put("\n");
    page
}

/// What was not checked, and other notes.
fn notes(document: &Document<'_>) -> Page<Kind> {
    let mut page = Page::new();
    for report in document.reports().iter().filter(|report| !report.notes.is_empty()) {
        page.put("**Notes** of ").put(text(&report.job)).put("\n\n");
        for note in report.notes.iter().take(LISTED) {
            page.put("- ").put(Markdown::of(&cut(note, HELP))).put("\n");
        }
        more(&mut page, report.notes.len());
        page.put("\n");
    }
    page
}

/// How many items a list leaves out.
fn more(page: &mut Page<Kind>, amount: usize) {
    if amount > LISTED {
        page.put("- and ").put(Number(amount - LISTED)).put(" more\n");
    }
}

/// Where the verdict came from.
fn provenance(report: &Report) -> impl Safe<Kind> {
    let from = &report.provenance;
    let mut page = Page::new();
    page.put("<sub>").put(Markdown::of(&cut(&format!("{} {}", from.tool, from.version), TITLE)));
    if !from.inputs.is_empty() {
        let size = from.inputs.iter().map(|input| input.bytes).fold(0, u64::saturating_add);
        let inputs = format!(", {} ({})", count(from.inputs.len() as u64, "input"), bytes(size));
        page.put(Markdown::of(&inputs));
    }
    if let Some(policy) = &from.policy_sha256 {
        page.put(", policy ").put(Markdown::of(&cut(policy, 13)));
    }
    for (name, value) in from.data.iter().take(10) {
        let data = format!(", {} {}", name.replace('_', " "), cut(&fact(value), 100));
        page.put(Markdown::of(&cut(&data, TITLE)));
    }
    page.put("</sub>\n");
    page
}

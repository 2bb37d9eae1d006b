//! What a terminal shows: the verdict and what to do first, a line per job, the other findings, how it ended.

use anstyle::{AnsiColor, Color, Style};

use super::Document;
use super::columns::{columns, fit, lines, wrap};
use super::excerpt::{cut, excerpt};
use super::facts::{deliveries, meaning, owners, plan, state};
use super::groups::{self, Group};
use super::sentence::sentence;
use devops_core::escape::terminal_line;
use devops_core::words::number;
use devops_core::{Finding, Report, Severity, Table, Verdict, Waived};

/// Lines of a detail that are shown.
const DETAIL: usize = 6;
const WHOLE_DETAIL: usize = 60;
/// Entries that are shown of a single job.
const SINGLE: usize = 10;
/// Lines of a run, so that it fits one screen, and those that its findings get at least.
const SCREEN: usize = 45;
const LEAST: usize = 6;
/// Entries that are shown where everything is asked for.
const ALL: usize = 1_000;
/// Waived findings, notes, steps and commands that are listed.
const LISTED: usize = 10;
/// Commands of a job that are listed where a run has several jobs.
const COMMANDS: usize = 2;
/// Characters of a foreign text that are looked at for one line, and of a command.
const LONGEST: usize = 400;
const COMMAND: usize = 2_000;
/// Columns that a text has at least, however far it is indented.
const NARROW: usize = 24;

/// How much a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The verdict line.
    Verdict,
    /// What fits one screen: the verdict, what to do first, a line per job, findings with their next step, how it ended.
    Findings,
    /// Everything: each finding with its detail, waivers with their reasons, notes, plans and deliveries.
    Everything,
}

/// The report for a terminal of this many columns, with colours that the printer strips where they don't belong.
pub fn text(document: &Document<'_>, detail: Detail, width: usize) -> String {
    let report = document.report;
    let screen = Screen { document, is_whole: detail == Detail::Everything, width };
    match (detail, document.jobs) {
        (Detail::Verdict, _) => screen.verdict_line(report, columns(&report.job)),
        (_, []) => screen.single(report),
        (_, [only]) => screen.single(only),
        (_, jobs) => screen.run(jobs),
    }
}

/// A terminal.
struct Screen<'a> {
    document: &'a Document<'a>,
    is_whole: bool,
    width: usize,
}

impl Screen<'_> {
    /// One job: its verdict, its findings as they are, and what belongs to them.
    fn single(&self, report: &Report) -> String {
        let mut text = self.verdict_line(report, columns(&report.job));
        if is_silent(report) && !self.is_whole {
            return text;
        }
        text.push_str(&self.changes(report));
        text.push_str(&self.failure(report, 6));
        let groups = groups::of(report);
        text.push_str(&self.blocks(&groups, if self.is_whole { ALL } else { SINGLE }));
        text.push_str(&self.commands(report, LISTED));
        text.push_str(&self.steps(report));
        text.push_str(&self.waived(report, None));
        text.push_str(&self.notes(report, false));
        if !std::ptr::eq(report, self.document.report) && report.notes != self.document.report.notes {
            text.push_str(&self.notes(self.document.report, false));
        }
        text.push('\n');
        text.push_str(&self.ending());
        text
    }

    /// Several jobs: what it comes to, what to do first, a line per job, the other findings in short.
    fn run(&self, jobs: &[Report]) -> String {
        let report = self.document.report;
        let style = verdict_style(report.verdict);
        let bold = Style::new().bold();
        let indent = columns(report.verdict.as_str()) + 2;
        let sentence = self.hanging(&sentence(self.document), indent);
        let mut text = format!("{style}{}{style:#}  {sentence}\n", report.verdict);
        let groups = groups::groups(self.document);
        let shown: Vec<&Group<'_>> =
            groups.iter().filter(|group| group.severity() > Severity::Info || self.is_whole).collect();
        let layout = Layout::of(&shown);
        // What stopped a job comes before what others found.
        let stopped = jobs.iter().find(|job| job.error.is_some());
        let (first, others) = match (stopped, shown.split_first()) {
            (None, Some((first, others))) if !self.is_whole => (Some(*first), others),
            _ => (None, shown.as_slice()),
        };
        if let Some(first) = first {
            text.push_str(&format!("\n{bold}What to do first{bold:#}\n{}", self.entry(first, &layout)));
        }
        text.push('\n');
        text.push_str(&self.jobs(jobs));
        let rest = self.rest(jobs);
        if self.is_whole {
            text.push_str(&self.blocks(&groups, ALL));
        } else {
            let taken = text.matches('\n').count() + rest.matches('\n').count() + 2;
            text.push_str(&self.entries(others, &layout, SCREEN.saturating_sub(taken).max(LEAST)));
        }
        text + &rest
    }

    /// What follows the findings of several jobs.
    fn rest(&self, jobs: &[Report]) -> String {
        let report = self.document.report;
        let limit = if self.is_whole { LISTED } else { COMMANDS };
        let mut text: String = jobs.iter().map(|job| self.commands(job, limit)).collect();
        // What a promotion did is its own report's matter; what it would do is what a dry run is for.
        let is_planned = |job: &&Report| self.is_whole || state(job).is_none_or(|state| state == "planned");
        text.extend(jobs.iter().filter(is_planned).map(|job| self.steps(job)));
        let width = jobs.iter().map(|job| columns(&job.job)).max().unwrap_or(0);
        let waived: String = jobs.iter().map(|job| self.waived(job, Some(width))).collect();
        text.push_str(&if waived.is_empty() { waived } else { format!("\n{waived}") });
        text.push_str(&self.notes(report, false));
        if self.is_whole {
            text.extend(jobs.iter().map(|job| self.notes(job, true)));
        }
        text.push('\n');
        text.push_str(&self.ending());
        text
    }

    /// A line per job, and what stopped it where something did.
    fn jobs(&self, jobs: &[Report]) -> String {
        let width = jobs.iter().map(|job| columns(&job.job)).max().unwrap_or(0);
        let mut text = String::new();
        for job in jobs {
            text.push_str(&self.verdict_line(job, width));
            text.push_str(&self.failure(job, width + 9));
            if self.is_whole {
                text.push_str(&self.changes(job));
            }
        }
        text
    }

    /// `test-gate  fail   2 failed of 1,204 tests`, the job padded to `width`.
    fn verdict_line(&self, report: &Report, width: usize) -> String {
        let style = verdict_style(report.verdict);
        let bold = Style::new().bold();
        let (job, verdict) = (padded(&terminal_line(&report.job), width), report.verdict);
        if report.headline.is_empty() {
            return format!("{bold}{job}{bold:#}  {style}{verdict}{style:#}\n");
        }
        let headline = self.hanging(&report.headline, width + 9);
        format!("{bold}{job}{bold:#}  {style}{verdict:<5}{style:#}  {headline}\n")
    }

    /// What changed, a line each: the first two columns of the tables about it.
    fn changes(&self, report: &Report) -> String {
        let tables = Table::all(&report.details);
        let rows = tables.iter().filter(|table| table.leads).flat_map(|table| table.rows.iter().take(LISTED));
        let line = |row: &Vec<String>| {
            let cells: Vec<&str> = row.iter().take(2).map(String::as_str).collect();
            let indent = columns(&report.job) + 9;
            format!("{:indent$}{}\n", "", self.hanging(&cells.join(": "), indent))
        };
        rows.map(line).collect()
    }

    /// What stopped the job, where the headline does not say it already, and what to do.
    fn failure(&self, report: &Report, indent: usize) -> String {
        let Some(failure) = &report.error else { return String::new() };
        let mut text = String::new();
        if failure.message != report.headline {
            text.push_str(&format!("{:indent$}{}\n", "", self.hanging(&failure.message, indent)));
        }
        if !failure.help.is_empty() {
            text.push_str(&format!("{:indent$}help: {}\n", "", self.hanging(&failure.help, indent + 6)));
        }
        text
    }

    /// Entries in short, in at most so many lines, and how many more there are of each severity.
    fn entries(&self, groups: &[&Group<'_>], layout: &Layout, limit: usize) -> String {
        let mut text = String::new();
        let mut left = limit;
        let mut rest = groups.iter().peekable();
        while let Some(group) = rest.peek() {
            let entry = self.entry(group, layout);
            let Some(room) = left.checked_sub(entry.matches('\n').count()) else { break };
            left = room;
            text.push_str(&entry);
            rest.next();
        }
        let hidden: Vec<Severity> =
            rest.flat_map(|group| group.findings().map(|finding| finding.severity)).collect();
        if !hidden.is_empty() {
            text.push_str(&format!("{}\n", self.hanging(&more(&hidden), 0)));
        }
        if text.is_empty() { text } else { format!("\n{text}") }
    }

    /// An entry in short: what, where and why, what to do.
    fn entry(&self, group: &Group<'_>, layout: &Layout) -> String {
        let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
        let style = severity_style(group.severity());
        let margin = layout.severity + 2;
        let rule = fit(&terminal_line(&cut(&group.first.rule, LONGEST)), layout.rule);
        let room = self.width.saturating_sub(margin).max(NARROW);
        let beside = room.saturating_sub(columns(&rule) + 2).max(NARROW);
        let title = terminal_line(&cut(&group.title(), LONGEST));
        let mut titles = lines(&title, beside, 2).into_iter();
        let first = titles.next().unwrap_or_default();
        let mut text = format!(
            "{style}{:<2$}{style:#}  {bold}{}{bold:#}  {dim}{rule}{dim:#}\n",
            group.severity(),
            padded(&first, beside),
            layout.severity,
        );
        let mut below: Vec<String> = titles.map(|title| format!("{bold}{title}{bold:#}")).collect();
        let places = terminal_line(&group.places());
        let step = group.steps().first().copied().unwrap_or_default();
        let safe = terminal_line(&cut(step, LONGEST));
        let is_short = !step.is_empty() && columns(&places) + 3 + columns(&safe) <= room;
        if group.severity() <= Severity::Low && is_short {
            // What is minor takes two lines.
            below.push(beside_place(&places, &safe));
        } else {
            let reason = beside_place(&places, &terminal_line(&group.reason()));
            below.extend((!reason.is_empty()).then(|| fit(&reason, room)));
            if !step.is_empty() && group.severity() > Severity::Low {
                below.extend(if is_command(step) { vec![safe] } else { lines(&safe, room, 2) });
            }
        }
        text.extend(below.iter().map(|line| format!("{:margin$}{line}\n", "")));
        text
    }

    /// Findings in full, with severities and rules in columns, and how many more there are.
    fn blocks(&self, groups: &[Group<'_>], limit: usize) -> String {
        let shown: Vec<&Group<'_>> = groups.iter().take(limit).collect();
        let layout = Layout::of(&shown);
        let mut text: String =
            shown.iter().map(|group| format!("\n{}", self.block(group, &layout))).collect();
        let hidden = groups.iter().skip(limit).flat_map(Group::findings).count();
        if hidden > 0 {
            let page = self.document.page.map(|page| format!(": see {}", terminal_line(page)));
            text.push_str(&format!("\nand {} more{}\n", number(hidden as u64), page.unwrap_or_default()));
        }
        text
    }

    /// A finding in full: what, then where and how it shows, then what to do.
    fn block(&self, group: &Group<'_>, layout: &Layout) -> String {
        let finding = group.first;
        let style = severity_style(finding.severity);
        let bold = Style::new().bold();
        let rule = cut(&terminal_line(&cut(&finding.rule, LONGEST)), 40);
        let indent = layout.severity + 2;
        let title = if self.is_whole { finding.title.clone() } else { group.title() };
        let title = self.hanging(&title, indent + layout.rule.max(columns(&rule)) + 2);
        let rule = padded(&rule, layout.rule);
        let mut text = format!(
            "{style}{:<1$}{style:#}  {rule}  {bold}{title}{bold:#}\n",
            finding.severity, layout.severity
        );
        let margin = " ".repeat(indent);
        let room = self.width.saturating_sub(indent).max(NARROW);
        let places = if self.is_whole { String::new() } else { group.places() };
        for line in self.body(finding, &places, room) {
            text.push_str(&format!("{margin}{line}\n"));
        }
        let mut steps = group.steps();
        steps.truncate(if self.is_whole { LISTED } else { 1 });
        for step in steps {
            let step = if is_command(step) {
                terminal_line(&cut(step, LONGEST))
            } else {
                self.hanging(step, indent)
            };
            text.push_str(&format!("{margin}{step}\n"));
        }
        for other in group.others.iter().filter(|_| self.is_whole) {
            text.push_str(&format!("{margin}also  {}\n", self.hanging(&other.title, indent + 6)));
            // What is the same for all stands once.
            let detail = if other.detail == finding.detail { String::new() } else { other.detail.clone() };
            let other = Finding { detail, ..(*other).clone() };
            for line in self.body(&other, "", room.saturating_sub(6)) {
                text.push_str(&format!("{margin}      {line}\n"));
            }
        }
        text
    }

    /// Where it is, lines of its detail, the first of them beside the place where it fits, and who owns the test.
    fn body(&self, finding: &Finding, places: &str, width: usize) -> Vec<String> {
        let own = finding.location.as_ref().map(ToString::to_string).unwrap_or_default();
        let place = terminal_line(&cut(if places.is_empty() { &own } else { places }, LONGEST));
        let limit = if self.is_whole { WHOLE_DETAIL } else { DETAIL };
        let detail = excerpt(&finding.detail, limit, LONGEST);
        let mut detail = detail.into_iter().map(|line| terminal_line(&line));
        // The first line says why, so that it is shown whole; the others are cut where they don't fit.
        let mut lines = detail.next().map(|first| wrap(&first, width)).unwrap_or_default();
        lines.extend(detail.map(|line| fit(&line, width)));
        if !place.is_empty() {
            match lines.first_mut() {
                Some(first) if columns(&place) + 3 + columns(first) <= width => {
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

    /// Commands to copy, each on one line of its own whatever its length.
    fn commands(&self, report: &Report, limit: usize) -> String {
        let mut text = String::new();
        let tables = Table::all(&report.details);
        for table in tables.iter().filter(|table| table.has_commands()).take(limit) {
            text.push_str(&format!("\n{}\n", fit(&terminal_line(&cut(&table.title, LONGEST)), self.width)));
            for command in table.rows.iter().take(limit).filter_map(|row| row.last()) {
                text.push_str(&format!("      {}\n", terminal_line(&cut(command, COMMAND))));
            }
            if table.rows.len() > limit {
                text.push_str(&format!("      and {} more\n", number((table.rows.len() - limit) as u64)));
            }
            if !table.note.is_empty() {
                text.push_str(&format!("      {}\n", self.hanging(&table.note, 6)));
            }
        }
        text
    }

    /// What a promotion would do, where it has not done it or went wrong, and where a record went if not everywhere.
    fn steps(&self, report: &Report) -> String {
        let is_good = report.verdict == Verdict::Pass && !self.is_whole;
        let is_open = matches!(state(report), None | Some("planned"));
        let (plan, deliveries) = (plan(report), deliveries(report));
        let plan = if is_good && !(is_open && deliveries.is_empty()) { Vec::new() } else { plan };
        let deliveries = if is_good { Vec::new() } else { deliveries };
        let (mut of, mut by) = (String::from("plan"), String::from("delivered"));
        if self.document.jobs.len() > 1 {
            // Several jobs may have a plan.
            let job = terminal_line(&report.job);
            of.push_str(&format!(" of {job}"));
            by.push_str(&format!(" by {job}"));
        }
        self.section(&of, &plan, true) + &self.section(&by, &deliveries, false)
    }

    /// A named list, numbered where its order matters, or nothing.
    fn section(&self, name: &str, items: &[String], is_numbered: bool) -> String {
        let mut text = String::new();
        for (index, line) in items.iter().enumerate() {
            let gap = if index == 0 { format!("\n{name}\n") } else { String::new() };
            let mark = if is_numbered { format!("{:>4}  ", index + 1) } else { " ".repeat(6) };
            text.push_str(&format!("{gap}{mark}{}\n", self.hanging(line, 6)));
        }
        text
    }

    /// What was accepted and by whom, on one line; where everything is asked for, each with its reason. In a run the line starts with
    /// the job, padded to `width`.
    fn waived(&self, report: &Report, width: Option<usize>) -> String {
        let waived: Vec<&Finding> = report.waived().collect();
        if waived.is_empty() {
            return String::new();
        }
        let (start, gap) = match width {
            Some(width) => (format!("{}  ", padded(&terminal_line(&report.job), width)), ""),
            None => (String::new(), "\n"),
        };
        let amount = number(waived.len() as u64);
        if self.is_whole {
            let line = |finding: &&Finding| format!("      {}\n", self.hanging(&waiver(finding), 8));
            let listed: String = waived.iter().take(LISTED * LISTED).map(line).collect();
            return format!("{gap}{start}{amount} waived\n{listed}");
        }
        let titles: Vec<String> = waived.iter().take(LISTED).map(|finding| accepted(finding)).collect();
        let line = terminal_line(&format!("{amount} waived: {}", titles.join("; ")));
        format!("{gap}{start}{}\n", fit(&line, self.width.saturating_sub(columns(&start)).max(NARROW)))
    }

    /// What else there is to know, a line each.
    fn notes(&self, report: &Report, is_named: bool) -> String {
        let limit = if self.is_whole { LISTED * LISTED } else { LISTED };
        let shown = report.notes.iter().take(limit);
        let of = if is_named { format!("{}: ", report.job) } else { String::new() };
        let line = |note: &String| format!("note  {}\n", self.hanging(&format!("{of}{note}"), 6));
        let mut text: String = shown.map(line).collect();
        if !text.is_empty() {
            text.insert(0, '\n');
        }
        if report.notes.len() > limit {
            text.push_str(&format!("      and {} more\n", number((report.notes.len() - limit) as u64)));
        }
        text
    }

    /// The exit code with its meaning, where to read more, and what explains the worst finding.
    fn ending(&self) -> String {
        let report = self.document.report;
        let style = verdict_style(report.verdict);
        let meaning = meaning(report);
        let page = self.document.page.map(|page| format!(". report {}", terminal_line(page)));
        let page = page.unwrap_or_default();
        let mut text = format!("{style}exit {}{style:#}, {meaning}{page}\n", report.exit_code);
        let worst =
            self.document.open().into_iter().find(|finding| self.document.rule(&finding.rule).is_some());
        if let Some(finding) = worst {
            let (program, rule) = (self.document.program, terminal_line(&finding.rule));
            text.push_str(&format!("help   {program} explain {rule}\n"));
        }
        text
    }

    /// Foreign prose in lines of the terminal's width, all but the first indented.
    fn hanging(&self, text: &str, indent: usize) -> String {
        let safe = terminal_line(&cut(text, LONGEST));
        let room = self.width.saturating_sub(indent).max(NARROW);
        wrap(&safe, room).join(&format!("\n{}", " ".repeat(indent)))
    }
}

/// Columns of the entries that stand under each other.
struct Layout {
    severity: usize,
    rule: usize,
}

impl Layout {
    fn of(groups: &[&Group<'_>]) -> Self {
        let severity = groups.iter().map(|group| group.severity().as_str().len()).max();
        let rule = groups.iter().map(|group| columns(&cut(&group.first.rule, LONGEST))).max();
        Self { severity: severity.unwrap_or(0), rule: rule.unwrap_or(0).min(24) }
    }
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

/// `and 12 more: 3 medium, 9 low; shown with --verbose`.
fn more(hidden: &[Severity]) -> String {
    let of = |severity: &Severity| hidden.iter().filter(|other| *other == severity).count() as u64;
    let parts: Vec<String> = Severity::ALL
        .iter()
        .filter(|severity| of(severity) > 0)
        .map(|severity| format!("{} {severity}", number(of(severity))))
        .collect();
    format!("and {} more: {}; shown with --verbose", number(hidden.len() as u64), parts.join(", "))
}

/// A text after the places it is about, where there are any.
fn beside_place(places: &str, text: &str) -> String {
    match (places.is_empty(), text.is_empty()) {
        (false, false) => format!("{places}   {text}"),
        (true, _) => text.to_owned(),
        (false, true) => places.to_owned(),
    }
}

/// Whether a next step is a command: what follows a single word and a colon.
fn is_command(step: &str) -> bool {
    step.split_once(": ").is_some_and(|(word, _)| !word.contains(' '))
}

/// `title (owner, until 2026-12-31)`.
fn accepted(finding: &Finding) -> String {
    let title = cut(&finding.title, LONGEST / 4);
    match &finding.waived {
        Some(Waived { owner, stated_in: Some(document), .. }) => {
            format!("{title} ({}, in {})", cut(owner, 80), cut(document, 80))
        }
        Some(Waived { owner, expires: Some(expires), .. }) => {
            format!("{title} ({}, until {})", cut(owner, 80), cut(expires, 20))
        }
        Some(Waived { owner, .. }) => format!("{title} ({})", cut(owner, 80)),
        None => title,
    }
}

/// `title (until 2026-12-31, owner ops: reason)`.
fn waiver(finding: &Finding) -> String {
    let title = cut(&finding.title, LONGEST);
    match &finding.waived {
        Some(waived) => {
            let (terms, reason) = (cut(&waived.terms(), LONGEST), cut(&waived.reason, LONGEST));
            format!("{title} ({terms}: {reason})")
        }
        None => title,
    }
}

/// A text with spaces behind it up to this many columns.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
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

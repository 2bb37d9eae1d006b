//! Annotations as GitHub's workflow commands; a runner shows ten of each level and drops the rest unsaid.

use super::Document;
use super::escape::{Commands, GhData, GhProperty, Page};
use super::excerpt::{cut, excerpt};
use super::facts::owners;
use devops_core::words::count;
use devops_core::{Finding, Report, Severity};

/// Annotations of one level that a step may have.
const LIMIT: usize = 10;
/// Characters of a title and of a message.
const TITLE: usize = 200;
const MESSAGE: usize = 2_000;

/// How loud an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Notice];

    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Error,
            Severity::Medium | Severity::Low => Self::Warning,
            Severity::Info => Self::Notice,
        }
    }

    const fn command(self) -> &'static str {
        match self {
            Self::Error => "::error ",
            Self::Warning => "::warning ",
            Self::Notice => "::notice ",
        }
    }
}

/// An annotation before it is escaped.
struct Annotation<'a> {
    level: Level,
    finding: Option<&'a Finding>,
    title: String,
    message: String,
}

/// The document as annotations, worst first; the last one says how many were left out.
pub fn github(document: &Document<'_>) -> String {
    let open = document.open();
    let stopped: Vec<Annotation<'_>> = document.reports().iter().filter_map(failure).collect();
    let mut shown = Vec::new();
    let mut left_out = 0;
    for level in Level::ALL {
        let room = if level == Level::Error { LIMIT.saturating_sub(stopped.len()) } else { LIMIT };
        let all: Vec<&Finding> =
            open.iter().copied().filter(|finding| Level::of(finding.severity) == level).collect();
        left_out += all.len().saturating_sub(room);
        shown.extend(all.into_iter().take(room).map(|finding| annotation(finding, level)));
    }
    left_out += stopped.len().saturating_sub(LIMIT);
    let mut all: Vec<Annotation<'_>> = stopped.into_iter().take(LIMIT).chain(shown).collect();
    if let (true, Some(last)) = (left_out > 0, all.last_mut()) {
        let where_to = document.page.map_or_else(|| "the job summary".to_owned(), str::to_owned);
        let findings = count(left_out as u64, "more finding");
        last.message.push_str(&format!("\n\nand {findings} that did not fit here: see {where_to}"));
    }
    let mut page = Page::new();
    for annotation in &all {
        write(&mut page, annotation);
    }
    page.finish()
}

/// What stopped a job.
fn failure(report: &Report) -> Option<Annotation<'_>> {
    let failure = report.error.as_ref()?;
    let message = [failure.message.as_str(), failure.help.as_str()].join("\n");
    Some(Annotation {
        level: Level::Error,
        finding: None,
        title: format!("{} could not judge", report.job),
        message: cut(message.trim_end(), MESSAGE),
    })
}

fn annotation(finding: &Finding, level: Level) -> Annotation<'_> {
    let mut lines = excerpt(&finding.detail, 20, 400);
    let owners = owners(&finding.subject);
    if !owners.is_empty() {
        lines.push(format!("owners: {owners}"));
    }
    if !finding.help.is_empty() {
        lines.push(cut(&finding.help, 400));
    }
    if lines.is_empty() {
        lines.push(cut(&finding.title, TITLE));
    }
    let title = cut(&format!("{}: {}", finding.rule, finding.title), TITLE);
    Annotation { level, finding: Some(finding), title, message: cut(&lines.join("\n"), MESSAGE) }
}

fn write(page: &mut Page<Commands>, annotation: &Annotation<'_>) {
    page.put(annotation.level.command());
    if let Some(location) = annotation.finding.and_then(|finding| finding.location.as_ref()) {
        page.put("file=").put(GhProperty::of(&cut(&location.path, 400))).put(",");
        if let Some(line) = location.line.filter(|line| *line > 0) {
            page.put("line=").put(line).put(",");
            if let Some(column) = location.column.filter(|column| *column > 0) {
                page.put("col=").put(column).put(",");
            }
        }
    }
    page.put("title=").put(GhProperty::of(&annotation.title));
    page.put("::").put(GhData::of(&annotation.message)).put("\n");
}

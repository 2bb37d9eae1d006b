//! `report.junit.xml`: each finding as a test case, for hosts that show test results.

use super::Document;
use super::escape::{Markup, Page, Xml};
use super::excerpt::{cut, excerpt, why};
use super::facts::owners;
use devops_core::words::count;
use devops_core::{Finding, Report};

/// Findings of a job that become test cases; GitLab and Jenkins get slow far earlier than this is reached.
const LIMIT: usize = 5_000;
/// Lines and characters of a detail.
const LINES: usize = 200;
const LINE: usize = 1_000;
/// Characters of a title or name.
const NAME: usize = 500;

/// The document as `JUnit` XML: open findings failed, waived ones were skipped, a job without findings passed.
pub fn junit(document: &Document<'_>) -> String {
    let reports = document.reports();
    let mut page = Page::new();
    page.put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"");
    page.put(name(&document.report.job)).put("\">\n");
    for report in reports {
        suite(&mut page, report);
    }
    page.put("</testsuites>\n");
    page.finish()
}

/// A job as a suite.
fn suite(page: &mut Page<Markup>, report: &Report) {
    let shown: Vec<&Finding> = report.findings.iter().take(LIMIT).collect();
    let left_out = report.findings.len() - shown.len();
    let failures = shown.iter().filter(|finding| finding.is_open()).count();
    let skipped = shown.len() - failures;
    let errors = usize::from(report.error.is_some());
    let whole = usize::from(shown.is_empty() || errors > 0);
    page.put("  <testsuite name=\"").put(name(&report.job)).put("\" tests=\"").put(shown.len() + whole);
    page.put("\" failures=\"").put(failures).put("\" errors=\"").put(errors);
    page.put("\" skipped=\"").put(skipped).put("\">\n");
    if whole > 0 {
        of_job(page, report);
    }
    for finding in shown {
        case(page, finding);
    }
    if left_out > 0 {
        let said = format!("{} left out, the worst are here", count(left_out as u64, "finding"));
        page.put("    <system-out>").put(Xml::of(&said)).put("</system-out>\n");
    }
    page.put("  </testsuite>\n");
}

/// The case that stands for the job as a whole: passed, or why it could not judge.
fn of_job(page: &mut Page<Markup>, report: &Report) {
    page.put("    <testcase classname=\"").put(name(&report.job)).put("\" name=\"verdict\"");
    let Some(failure) = &report.error else {
        page.put("/>\n");
        return;
    };
    page.put(">\n      <error type=\"exit ").put(u64::from(failure.code)).put("\" message=\"");
    page.put(name(&failure.message)).put("\">").put(Xml::of(&cut(&failure.help, LINE)));
    page.put("</error>\n    </testcase>\n");
}

/// A finding: failed if it is open, skipped if it is waived.
fn case(page: &mut Page<Markup>, finding: &Finding) {
    page.put("    <testcase classname=\"").put(name(&finding.rule));
    page.put("\" name=\"").put(name(&finding.title)).put("\"");
    if let Some(location) = &finding.location {
        page.put(" file=\"").put(name(&location.path)).put("\"");
        if let Some(line) = location.line.filter(|line| *line > 0) {
            page.put(" line=\"").put(line).put("\"");
        }
    }
    page.put(">\n");
    if let Some(waived) = &finding.waived {
        let by = format!("waived, {}: {}", waived.terms(), waived.reason);
        page.put("      <skipped message=\"").put(name(&by)).put("\"/>\n");
    } else {
        page.put("      <failure type=\"").put(finding.severity.as_str());
        let why = why(finding);
        let message = if why.is_empty() { &finding.title } else { &why };
        page.put("\" message=\"").put(name(message)).put("\">");
        page.put(Xml::of(&body(finding))).put("</failure>\n");
    }
    page.put("    </testcase>\n");
}

/// Where it is, what happened and what to do.
fn body(finding: &Finding) -> String {
    let mut lines = excerpt(&finding.detail, LINES, LINE);
    if let Some(location) = &finding.location {
        lines.insert(0, cut(&location.to_string(), NAME));
    }
    let owners = owners(&finding.subject);
    if !owners.is_empty() {
        lines.push(format!("owners: {owners}"));
    }
    if !finding.help.is_empty() {
        lines.push(cut(&finding.help, LINE));
    }
    lines.join("\n")
}

/// A foreign text as an attribute's value.
fn name(text: &str) -> Xml {
    Xml::of(&cut(text, NAME).lines().collect::<Vec<_>>().join(" "))
}

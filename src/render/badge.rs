//! `badge.svg`: the verdict as a small picture for a page of the project.

use super::Document;
use super::escape::{Markup, Page, Xml};
use super::facts::total;
use devops_core::words::{count, number};
use devops_core::{Report, Verdict};

/// Width of a character of Verdana at 11 pixels, in tenths of a pixel: a generous mean, because nothing can be measured here.
const CHARACTER: usize = 70;
/// Space around a text.
const MARGIN: usize = 12;

/// The document as a badge: the job, then what counts most of it.
pub fn badge(document: &Document<'_>) -> String {
    let report = document.report;
    let (label, text) = (report.job.as_str(), said(report));
    let (left, right) = (width(label), width(&text));
    let colour = match report.verdict {
        Verdict::Pass => "#176b3a",
        Verdict::Warn => "#855400",
        Verdict::Fail | Verdict::Error => "#b3201b",
    };
    let mut page: Page<Markup> = Page::new();
    page.put("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"").put(left + right);
    page.put("\" height=\"20\" role=\"img\" aria-label=\"").put(Xml::of(label)).put(": ").put(Xml::of(&text));
    page.put("\">\n  <title>").put(Xml::of(label)).put(": ").put(Xml::of(&text)).put("</title>\n");
    page.put("  <rect width=\"").put(left).put("\" height=\"20\" fill=\"#444\"/>\n");
    page.put("  <rect x=\"").put(left).put("\" width=\"").put(right).put("\" height=\"20\" fill=\"");
    page.put(colour).put("\"/>\n");
    page.put("  <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\" text-anchor=\"middle\">\n");
    page.put("    <text x=\"").put(left / 2).put("\" y=\"14\">").put(Xml::of(label)).put("</text>\n");
    page.put("    <text x=\"").put(left + right / 2).put("\" y=\"14\">").put(Xml::of(&text)).put("</text>\n");
    page.put("  </g>\n</svg>\n");
    page.finish()
}

/// The number that counts most, in words.
fn said(report: &Report) -> String {
    let verdict = report.verdict.as_str();
    let Some(tests) = total(report, "tests").filter(|_| report.verdict != Verdict::Error) else {
        return verdict.to_owned();
    };
    let red = total(report, "failed").unwrap_or(0).saturating_add(total(report, "errored").unwrap_or(0));
    if red > 0 {
        format!("{verdict}, {} of {} red", number(red), number(tests))
    } else {
        format!("{verdict}, {}", count(tests, "test"))
    }
}

/// Pixels a text takes.
fn width(text: &str) -> usize {
    text.chars().count() * CHARACTER / 10 + MARGIN
}

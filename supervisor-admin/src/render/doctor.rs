//! What `doctor` found, a line each, and below it what to do about it.

use super::paint::{Tone, paint};
use crate::{
    doctor::{Finding, Level},
    output::one_line,
    views::DoctorView,
};

/// Every finding, and a last line that counts.
pub fn doctor(view: &DoctorView, coloured: bool) -> String {
    let mut text: String = view.findings.iter().map(|finding| line(finding, coloured)).collect();
    let count = |level| view.findings.iter().filter(|finding| finding.level == level).count();
    let (warnings, faults) = (count(Level::Warn), count(Level::Fail));
    let (summary, tone) = match (faults, warnings) {
        (0, 0) => ("nothing is wrong".to_owned(), Tone::Good),
        (0, warnings) => (format!("warnings: {warnings}"), Tone::Busy),
        (faults, warnings) => (format!("faults: {faults}, warnings: {warnings}"), Tone::Bad),
    };
    text.push_str(&paint(&summary, Some(tone), coloured));
    text.push('\n');
    text
}

fn line(finding: &Finding, coloured: bool) -> String {
    let (word, tone) = match finding.level {
        Level::Ok => ("ok  ", Some(Tone::Good)),
        Level::Skipped => ("skip", None),
        Level::Warn => ("warn", Some(Tone::Busy)),
        Level::Fail => ("FAIL", Some(Tone::Bad)),
    };
    let advice =
        finding.advice.as_ref().map(|advice| format!("                    > {}\n", one_line(advice)));
    let (word, text) = (paint(word, tone, coloured), one_line(&finding.text));
    format!("{word}  {:<12}  {text}\n{}", finding.check.as_str(), advice.unwrap_or_default())
}

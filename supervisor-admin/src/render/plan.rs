//! A plan, as a difference: `+` what comes, `~` what is replaced, `-` what goes, `=` what stays.

use super::paint::{Tone, paint};
use crate::{
    output::one_line,
    views::{ChangeView, PlanView, StepView},
};

/// How much of a commit is shown.
const SHORT: usize = 12;

/// Services with what happens to them and why, then the steps.
pub fn plan(view: &PlanView, coloured: bool) -> String {
    let mut text = format!("app {}, {}\n", view.app_id, releases(view));
    for service in &view.services {
        let (sign, tone, what) = change(service);
        text.push_str(&paint(&format!("{sign} {}: {what}", one_line(&service.name)), tone, coloured));
        text.push('\n');
    }
    if !view.changes {
        text.push_str("nothing to do\n");
        return text;
    }
    text.push_str("\nsteps\n");
    let shown = view.steps.iter().filter(|step| step.step != "record");
    for (number, step) in shown.enumerate() {
        let (sign, tone) = sign(step.step);
        let line = format!("{sign} {:>2}. {}", number + 1, one_line(&words(step)));
        text.push_str(&paint(&line, tone, coloured));
        text.push('\n');
    }
    for lock in &view.held_off_by {
        let line = format!("held off by the app's update lock {}: --force overrides it", one_line(lock));
        text.push_str(&paint(&line, Some(Tone::Bad), coloured));
        text.push('\n');
    }
    if let Some(what) = &view.apply_waits_for {
        let line =
            format!("after the pulls it waits for {}: `update --apply` carries it out", one_line(what));
        text.push_str(&paint(&line, Some(Tone::Busy), coloured));
        text.push('\n');
    }
    text
}

fn releases(view: &PlanView) -> String {
    let short = |commit: &str| one_line(&commit.chars().take(SHORT).collect::<String>());
    match view.stored_commit.as_deref() {
        None => format!("new, commit {}", short(&view.commit)),
        Some(stored) if stored == view.commit => format!("commit {}", short(stored)),
        Some(stored) => format!("commit {} to {}", short(stored), short(&view.commit)),
    }
}

fn change(service: &ChangeView) -> (char, Option<Tone>, String) {
    let (sign, tone, word) = match service.change {
        "create" => ('+', Tone::Good, "created"),
        "recreate" => ('~', Tone::Busy, "recreated"),
        "remove" => ('-', Tone::Bad, "removed"),
        "start" => ('+', Tone::Good, "started"),
        "stop" => ('-', Tone::Bad, "stopped"),
        "connect" => ('~', Tone::Busy, "connected"),
        "wait" => return ('=', Some(Tone::Busy), "waits until a frontend has told the API key".to_owned()),
        _ => return ('=', None, "unchanged".to_owned()),
    };
    let because = service.reason.as_deref().map(|why| format!(" because {}", one_line(why)));
    (sign, Some(tone), format!("{word}{}", because.unwrap_or_default()))
}

fn sign(step: &str) -> (char, Option<Tone>) {
    match step.split('-').next() {
        Some("pull" | "create" | "start" | "connect") => ('+', Some(Tone::Good)),
        Some("stop" | "remove" | "empty" | "forget") => ('-', Some(Tone::Bad)),
        Some(_) | None => (' ', None),
    }
}

/// A step in a few words: `remove container 0123456789ab of web`.
pub fn words(step: &StepView) -> String {
    let mut text = step.step.replace('-', " ");
    if let Some(object) = &step.object {
        text.push(' ');
        text.push_str(object);
    }
    if let Some(service) = &step.service {
        text.push_str(" of ");
        text.push_str(service);
    }
    text
}

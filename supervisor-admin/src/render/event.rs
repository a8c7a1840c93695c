//! One event, in one line.

use super::{
    paint::{Tone, paint},
    plan::words,
};
use crate::{
    output::one_line,
    views::{EventView, WhatView},
};

/// When, which app, and what.
pub fn event(view: &EventView, coloured: bool) -> String {
    let (text, tone) = said(&view.what);
    let app = view.app_id.map(|id| format!("app {id}: ")).unwrap_or_default();
    let time = view.time.as_deref().unwrap_or("-");
    format!("{time}  {app}{}\n", paint(&one_line(&text), tone, coloured))
}

/// What happened, in words, and their colour.
pub fn said(what: &WhatView) -> (String, Option<Tone>) {
    match what {
        WhatView::ActionAccepted { action, force } => {
            (format!("{action} accepted{}", if *force { ", forced" } else { "" }), None)
        }
        WhatView::StepBegun { step, number, of, reason } => {
            let because = reason.as_ref().map(|why| format!(", because {why}")).unwrap_or_default();
            (format!("[{number}/{of}] {}{because}", words(step)), Some(Tone::Busy))
        }
        WhatView::StepEnded { step, duration_ms, error: None } => {
            (format!("done in {duration_ms} ms: {}", words(step)), None)
        }
        WhatView::StepEnded { step, error: Some(error), .. } => {
            (format!("failed: {}: {error}", words(step)), Some(Tone::Bad))
        }
        WhatView::PullProgress { image, percent, .. } => {
            (format!("pull {image} {percent}%"), Some(Tone::Busy))
        }
        WhatView::ContainerChanged { service, container_id, happening, exit_code, health } => {
            let of = service.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
            let (word, tone) = container(happening, *exit_code, health.as_deref());
            (format!("container {container_id}{of} {word}"), tone)
        }
        WhatView::LocksChanged { change } => (format!("update locks {change}"), None),
        WhatView::CycleEnded { error: None } => ("as it should be".to_owned(), Some(Tone::Good)),
        WhatView::CycleEnded { error: Some(error) } => (format!("failed: {error}"), Some(Tone::Bad)),
        WhatView::EngineChanged { available: true } => {
            ("container engine available".to_owned(), Some(Tone::Good))
        }
        WhatView::EngineChanged { available: false } => ("container engine gone".to_owned(), Some(Tone::Bad)),
        WhatView::CallEnded { uid, role, method, outcome, duration_ms, request_id } => (
            format!("{method} by uid {uid} ({role}): {outcome} in {duration_ms} ms, request {request_id}"),
            None,
        ),
        WhatView::ReleasePassed { commit } => {
            (format!("release {commit} runs as it should"), Some(Tone::Good))
        }
        WhatView::ReleaseFailed { commit, restored_commit, reason } => {
            let instead = match restored_commit {
                Some(restored) => format!("{restored} takes its place"),
                None => "nothing may take its place".to_owned(),
            };
            (format!("release {commit} was given up, {instead}: {reason}"), Some(Tone::Bad))
        }
        WhatView::EventsMissed { count } => {
            (format!("{count} events missed: this reader is too slow"), Some(Tone::Bad))
        }
        WhatView::Unknown => ("something that this release does not know".to_owned(), None),
    }
}

fn container(happening: &str, exit_code: Option<i32>, health: Option<&str>) -> (String, Option<Tone>) {
    match (happening, exit_code) {
        ("die", Some(0)) => ("ended with exit code 0".to_owned(), Some(Tone::Busy)),
        ("die", Some(code)) => (format!("died with exit code {code}"), Some(Tone::Bad)),
        ("die", None) => ("died".to_owned(), Some(Tone::Bad)),
        ("create", _) => ("was made".to_owned(), None),
        ("start", _) => ("started".to_owned(), Some(Tone::Good)),
        ("destroy", _) => ("was removed".to_owned(), None),
        ("pause", _) => ("was paused".to_owned(), Some(Tone::Busy)),
        ("unpause", _) => ("goes on".to_owned(), Some(Tone::Good)),
        ("health", _) => {
            let health = health.unwrap_or("unknown");
            let tone = if health == "unhealthy" { Tone::Bad } else { Tone::Good };
            (format!("is {health}"), Some(tone))
        }
        (other, _) => (other.to_owned(), None),
    }
}

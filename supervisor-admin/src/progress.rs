//! What core does with an app while the tool waits for it: a bar on a terminal, plain lines elsewhere.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};
use supervisor_proto::{
    client::{CallError, CoreClient},
    ids::AppId,
    v1,
};

use crate::{
    output::{Output, one_line},
    render,
    views::{EventView, WhatView},
};

const FRAME: Duration = Duration::from_millis(100);
const WORKING: &str = "{spinner} {msg}";
const PULLING: &str = "{spinner} {msg} [{bar:30}] {pos}%";

/// Waits for `action`; meanwhile a person sees what core does with the app. Progress is a courtesy: when it
/// cannot be had, the action goes on without.
pub async fn shown<T>(
    client: &CoreClient,
    output: &mut Output,
    app_id: AppId,
    request_id: &str,
    action: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    if output.is_json() {
        return action.await;
    }
    // Before the action, so that none of its steps is missed.
    let following = client.follow(v1::FollowRequest { app_id: app_id.get() }, request_id);
    let Ok(mut events) = Box::pin(following).await else { return action.await };
    let bar = io::stderr().is_terminal().then(|| Bar::new(app_id));
    let mut action = Box::pin(action);
    let mut follows = true;
    let answer = loop {
        tokio::select! {
            // What has come is shown before the answer.
            biased;
            event = events.message(), if follows => match event {
                Ok(Some(event)) => show(output, bar.as_ref(), app_id, &EventView::from(event).what),
                Ok(None) | Err(_) => follows = false,
            },
            answer = &mut action => break answer,
        }
    };
    if let Some(bar) = bar {
        bar.line.finish_and_clear();
    }
    answer
}

fn show(output: &mut Output, bar: Option<&Bar>, app_id: AppId, what: &WhatView) {
    match bar {
        Some(bar) => bar.show(what),
        None => line(output, app_id, what),
    }
}

/// Steps and failures, a line each.
fn line(output: &mut Output, app_id: AppId, what: &WhatView) {
    let text = match what {
        WhatView::StepBegun { .. } | WhatView::CycleEnded { error: Some(_) } => render::said(what).0,
        _ => return,
    };
    // A reader that went away does not end the action.
    drop(output.error_bytes(format!("app {app_id}: {}\n", one_line(&text)).as_bytes()));
}

/// How much has come, for people.
fn of(done_bytes: u64, total_bytes: u64) -> String {
    format!("{} of {}", DecimalBytes(done_bytes), DecimalBytes(total_bytes))
}

struct Bar {
    app_id: AppId,
    line: ProgressBar,
}

impl Bar {
    fn new(app_id: AppId) -> Self {
        let bar = Self { app_id, line: ProgressBar::new(100) };
        bar.working("waiting");
        bar.line.enable_steady_tick(FRAME);
        bar
    }

    fn show(&self, what: &WhatView) {
        match what {
            WhatView::PullProgress { image, percent, done_bytes, total_bytes } => {
                self.style(PULLING);
                self.line.set_position((*percent).into());
                let size = total_bytes.map(|all| format!(" {}", of(*done_bytes, all))).unwrap_or_default();
                self.line.set_message(format!("app {}: pull {}{size}", self.app_id, one_line(image)));
            }
            WhatView::StepBegun { .. } | WhatView::CycleEnded { .. } => self.working(&render::said(what).0),
            _ => {}
        }
    }

    fn working(&self, text: &str) {
        self.style(WORKING);
        self.line.set_message(format!("app {}: {}", self.app_id, one_line(text)));
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.line.set_style(style.progress_chars("=> "));
        }
    }
}

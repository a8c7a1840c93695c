//! Live progress on a terminal while core works on an app.

use std::{
    convert::Infallible,
    io::{self, IsTerminal as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use supervisor_proto::{
    client::{CallError, CoreClient},
    ids::AppId,
    v1,
};

use crate::{output::Output, output::one_line, views::activity_word};

const FRAME: Duration = Duration::from_millis(100);

/// Waits for `action`; meanwhile a person at a terminal sees what core does with the app.
pub async fn shown<T>(
    client: &CoreClient,
    output: &Output,
    app_id: AppId,
    request_id: &str,
    action: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    if output.is_json() || !io::stderr().is_terminal() {
        return action.await;
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar.set_message(format!("app {app_id}: waiting"));
    bar.enable_steady_tick(FRAME);
    let answer = tokio::select! {
        biased;
        answer = action => answer,
        never = follow(client, &bar, app_id, request_id) => match never {},
    };
    bar.finish_and_clear();
    answer
}

/// Shows every state until it is dropped. Progress is a courtesy: when it cannot be had, the action
/// goes on without.
async fn follow(client: &CoreClient, bar: &ProgressBar, app_id: AppId, request_id: &str) -> Infallible {
    if let Ok(mut states) = client.watch(v1::WatchRequest {}, request_id).await {
        while let Ok(Some(state)) = states.message().await {
            if let Some(app) = state.apps.iter().find(|app| app.app_id == app_id.get()) {
                bar.set_message(line(app));
            }
        }
    }
    std::future::pending().await
}

fn line(app: &v1::AppState) -> String {
    let percent = app.download_progress_percent.map(|percent| format!(" {percent}%")).unwrap_or_default();
    let error =
        if app.last_error.is_empty() { String::new() } else { format!(" ({})", one_line(&app.last_error)) };
    let id = app.app_id;
    format!("app {id}: {}{percent}{error}", activity_word(app.activity()))
}

//! How terminals end.

use std::time::Duration;

use serde_json::json;
use supervisor_frontend::{server::Limits, terminal::lifetime::Allowance};
use supervisor_proto::v1::terminal_ended::Reason;

use crate::support::terminal::{APP, Stage};

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(20);
/// Long enough to open a terminal in.
const MOMENT: Duration = Duration::from_secs(5);

async fn stage(unused: Duration, idle: Duration) -> Stage {
    Stage::with(Limits::default(), |config| config.tty_allowance = Allowance { unused, idle }).await
}

#[tokio::test]
async fn shell_that_ends_is_told_with_its_reason_after_its_last_output() {
    for (reason, exit_code, word) in [
        (Reason::Exited, Some(3), "exited"),
        (Reason::ContainerStopped, None, "container-stopped"),
        (Reason::AppRestarted, None, "app-restarted"),
        (Reason::AppPurged, None, "app-purged"),
        (Reason::AppUpdated, None, "app-updated"),
        (Reason::AppStopped, None, "app-stopped"),
        (Reason::AppRemoved, None, "app-removed"),
        (Reason::ShuttingDown, None, "core-stopping"),
        (Reason::EngineLost, None, "engine-lost"),
    ] {
        let mut stage = Stage::new().await;
        let (page, mut tab, shell) = stage.open().await;
        shell.write("last words").await;
        shell.end(reason, exit_code).await;
        tab.screen(b"last words").await;
        let told = tab.until("ended").await;
        assert_eq!(told, json!({"type": "ended", "reason": word, "exitCode": exit_code}));
        assert_eq!(tab.closed().await, Some(1000));
        let mut late = page.tab().await;
        late.screen(b"last words").await;
        assert_eq!(late.until("ended").await, told);
    }
}

#[tokio::test]
async fn spawn_after_the_shell_ended_gives_a_new_terminal() {
    let mut stage = Stage::new().await;
    let before = stage.spawn().await;
    let (_, mut tab, shell) = stage.open().await;
    shell.end(Reason::Exited, Some(0)).await;
    tab.until("ended").await;
    assert_ne!(stage.spawn().await, before);
    let (_, mut tab, shell) = stage.open().await;
    shell.write("new").await;
    tab.screen(b"new").await;
}

#[tokio::test]
async fn despawn_ends_the_stream_to_core_and_tells_the_tab() {
    let mut stage = Stage::new().await;
    let (_, mut tab, mut shell) = stage.open().await;
    stage.frontend.post_json("/v1/despawn-tty", APP).await;
    assert_eq!(tab.until("ended").await["reason"], "despawned");
    assert!(shell.is_ended().await);
}

#[tokio::test]
async fn core_that_dies_ends_the_terminal_and_the_page_is_told() {
    let mut stage = Stage::new().await;
    let (_, mut tab, _shell) = stage.open().await;
    stage.core.kill();
    assert_eq!(tab.until("ended").await["reason"], "core-lost");
}

#[tokio::test]
async fn frontend_that_stops_ends_its_terminals() {
    let mut stage = Stage::new().await;
    let (_, mut tab, mut shell) = stage.open().await;
    stage.frontend.stop().await;
    assert!(shell.is_ended().await);
    let _ = tab.closed().await;
}

#[tokio::test]
async fn terminal_that_nobody_opens_expires() {
    let stage = stage(SHORT, LONG).await;
    let link = stage.spawn().await;
    while link.get(&format!("/{}", link.token)).await.status == 200 {}
    assert_ne!(stage.spawn().await.token, link.token);
}

#[tokio::test]
async fn terminal_without_tabs_expires_and_its_shell_ends() {
    let mut stage = stage(LONG, MOMENT).await;
    let (page, tab, mut shell) = stage.open().await;
    drop(tab);
    assert!(shell.is_ended().await);
    while crate::support::terminal::get(page.address, &page.path, &[]).await.status == 200 {}
}

#[tokio::test]
async fn terminal_in_which_nothing_happens_expires_under_its_tab() {
    let mut stage = stage(LONG, MOMENT).await;
    let (_page, mut tab, mut shell) = stage.open().await;
    assert!(shell.is_ended().await);
    let _ = tab.closed().await;
}

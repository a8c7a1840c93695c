//! The cloud's variables that concern the supervisor take effect while it runs, by both of their names.

use std::time::Duration;

use supervisor_frontend::cloud::status::Standing;
use tokio::time::Instant;

use super::stage::{Client, FLEET, Stage};
use crate::support::core::Call;

const PREFIXES: [&str; 2] = ["RESIN_SUPERVISOR_", "BALENA_SUPERVISOR_"];

/// The fleet sets the variable, or takes it away, and the device asks.
fn set(stage: &Stage, client: &Client, name: &str, value: Option<&str>) {
    stage.cloud.configure(name, value);
    client.nudges.nudge(false);
}

#[tokio::test]
async fn switches_reach_core_at_once_and_come_back_on_by_both_names() {
    let (mut stage, client) = Stage::settled().await;
    for prefix in PREFIXES {
        for (enabled, value) in [(false, Some("0")), (true, None)] {
            set(&stage, &client, &format!("{prefix}CONNECTIVITY_CHECK"), value);
            assert_eq!(stage.core.next().await.0, Call::Heartbeat { enabled }, "{prefix}");
            set(&stage, &client, &format!("{prefix}VPN_CONTROL"), value);
            assert_eq!(stage.core.next().await.0, Call::Vpn { enabled }, "{prefix}");
        }
    }
}

#[tokio::test]
async fn lock_override_applies_what_is_in_force_once_more_with_force_by_both_names() {
    for prefix in PREFIXES {
        let (mut stage, client) = Stage::settled().await;
        set(&stage, &client, &format!("{prefix}OVERRIDE_LOCK"), Some("true"));
        let (app, _, force) = stage.applied().await;
        assert_eq!((app, force), (FLEET, true), "{prefix}");
        set(&stage, &client, &format!("{prefix}OVERRIDE_LOCK"), None);
        let second = stage.release("registry/v2/bb");
        client.nudges.nudge(false);
        assert_eq!(stage.applied().await, (FLEET, second, false), "{prefix}");
    }
}

#[tokio::test]
async fn log_control_and_instant_update_are_told_to_their_parts_by_both_names() {
    for prefix in PREFIXES {
        let (stage, client) = Stage::settled().await;
        let mut settings = client.settings.clone();
        for (is_on, value) in [(false, Some("off")), (true, None)] {
            stage.cloud.configure(&format!("{prefix}INSTANT_UPDATE_TRIGGER"), value);
            set(&stage, &client, &format!("{prefix}LOG_CONTROL"), value);
            let told = settings.wait_for(|told| told.logs == is_on && told.instant_update == is_on);
            tokio::time::timeout(crate::support::http::PATIENCE, told).await.expect(prefix).unwrap();
        }
    }
}

/// How often the device asks a cloud that is away for a day; its waits grow up to the interval.
async fn questions_in_a_day(client: &Client) -> usize {
    let mut failures = client.board.follow();
    tokio::time::pause();
    let end = Instant::now() + Duration::from_hours(24);
    client.nudges.nudge(false);
    let mut count = 0;
    while tokio::time::timeout_at(end, failures.changed()).await.is_ok() {
        count += 1;
    }
    tokio::time::resume();
    count
}

#[tokio::test]
async fn poll_interval_counts_from_the_next_question_on_by_both_names() {
    for prefix in PREFIXES {
        let (mut stage, client) = Stage::settled().await;
        let hour = Duration::from_hours(1);
        set(&stage, &client, &format!("{prefix}POLL_INTERVAL"), Some("3600000"));
        let mut settings = client.settings.clone();
        let told = settings.wait_for(|told| told.poll_interval == hour);
        tokio::time::timeout(crate::support::http::PATIENCE, told).await.expect(prefix).unwrap();
        client.until(|status| status.standing == Standing::Connected).await;
        stage.cloud.pause();
        // With the fleet's minute before there would be a thousand at least.
        let count = questions_in_a_day(&client).await;
        assert!((20..120).contains(&count), "{prefix} {count}");
    }
}

//! `TTY_TUNNEL_COMMAND`, with commands that only say that they are tunnels.

use std::{fs, time::Duration};

use rustix::process::{Pid, test_kill_process};
use supervisor_frontend::{server::Limits, terminal::TerminalLimits};

use crate::{
    support::terminal::{APP, Stage, get},
    tables::TEXT,
};

/// Enough for any tunnel that says something.
const LONG: Duration = Duration::from_mins(1);
/// Enough for one to say something that is no URL.
const SHORT: Duration = Duration::from_secs(5);

async fn stage(command: &str) -> Stage {
    stage_with(command, LONG).await
}

async fn stage_with(command: &str, tunnel_deadline: Duration) -> Stage {
    let limits = TerminalLimits { tunnel_deadline, ..TerminalLimits::default() };
    let command = command.parse().unwrap();
    let limits = Limits { terminal: limits, ..Limits::default() };
    Stage::with(limits, |config| config.tunnel = Some(command)).await
}

async fn url(stage: &Stage) -> String {
    let answer = stage.frontend.post_json("/v1/spawn-tty", APP).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[tokio::test]
async fn spawn_with_a_tunnel_answers_the_first_url_that_it_prints() {
    let stage =
        stage("sh -c 'echo starting; echo \"url=https://t.example.org:99/\" >&2; exec sleep 600'").await;
    let first = url(&stage).await;
    let token = first.strip_prefix("https://t.example.org:99/").unwrap();
    assert_eq!(token.len(), 64);
    assert_eq!(url(&stage).await, first);
}

#[tokio::test]
async fn spawn_gives_the_tunnel_the_terminals_port() {
    let stage = stage("sh -c 'echo http://127.0.0.1:{port}; exec sleep 600'").await;
    let url = url(&stage).await;
    let link = crate::support::terminal::Link::of(&url);
    assert_eq!(get(link.address, &format!("/{}", link.token), &[]).await.status, 200);
}

#[tokio::test]
async fn spawn_with_a_tunnel_that_fails_answers_503_with_its_last_line() {
    for (command, message) in [
        ("sh -c 'echo one; echo \"no route: $((1+1))_x\" >&2; exit 1'", "The tunnel ended: no route: 2-x"),
        ("true", "The tunnel ended: it said nothing"),
        ("/nonexistent/tunnel", "The tunnel command could not be started"),
        ("sh -c 'echo waiting; exec sleep 600'", "The tunnel gave no URL in time: waiting"),
        ("sh -c 'echo http://a/b; exec sleep 600'", "The tunnel gave no URL in time: http://a/b"),
        (
            "sh -c 'echo http://a_b.example.org; exec sleep 600'",
            "The tunnel's URL has characters that an answer cannot carry",
        ),
    ] {
        let stage = stage_with(command, if message.contains("in time") { SHORT } else { LONG }).await;
        let answer = stage.frontend.post_json("/v1/spawn-tty", APP).await;
        assert_eq!(answer.seen(), (503, TEXT, message), "{command}");
    }
}

#[tokio::test]
async fn tunnel_and_all_that_it_started_are_killed_with_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let command = format!(
        "sh -c 'sleep 600 & echo $! >{0}; echo $$ >>{0}; echo http://t.example.org; wait'",
        pids.display()
    );
    let stage = stage(&command).await;
    url(&stage).await;
    let pids: Vec<Pid> = fs::read_to_string(pids)
        .unwrap()
        .lines()
        .map(|line| Pid::from_raw(line.parse().unwrap()).unwrap())
        .collect();
    assert_eq!(pids.len(), 2);
    assert!(pids.iter().all(|pid| test_kill_process(*pid).is_ok()));
    stage.frontend.post_json("/v1/despawn-tty", APP).await;
    let gone = async {
        // Orphans are reaped by whoever adopts them, so one may stay as a zombie.
        while pids.iter().any(|pid| is_running(*pid)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::http::PATIENCE, gone).await.expect("something lives on");
}

fn is_running(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[tokio::test]
async fn tunnel_that_dies_ends_the_terminal_and_the_next_spawn_makes_another() {
    let folder = tempfile::tempdir().unwrap();
    let go = folder.path().join("go");
    let command =
        format!("sh -c 'echo http://t.example.org; while [ ! -e {} ]; do sleep 0.05; done'", go.display());
    let stage = stage(&command).await;
    let first = url(&stage).await;
    fs::write(&go, "").unwrap();
    let replaced = async { while url(&stage).await == first {} };
    tokio::time::timeout(crate::support::http::PATIENCE, replaced).await.expect("the dead one stays");
}

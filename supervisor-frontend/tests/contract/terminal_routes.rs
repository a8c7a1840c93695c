//! `POST /v1/spawn-tty` and `POST /v1/despawn-tty`.

use std::net::{SocketAddr, TcpListener};

use supervisor_frontend::server::Limits;
use supervisor_proto::v1::{AppState, AppsState, ErrorReason, terminal_ended::Reason};

use crate::{
    support::{
        frontend::{Device, FORM},
        port::Port,
        terminal::{APP, Link, Stage},
    },
    tables::TEXT,
};

#[tokio::test]
async fn spawn_answers_a_url_that_the_clouds_proxy_lets_through() {
    let stage = Stage::new().await;
    let answer = stage.frontend.post_json("/v1/spawn-tty", APP).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(TEXT)));
    assert!(answer.body.chars().all(|c| c.is_ascii_alphanumeric() || ":/.".contains(c)), "{}", answer.body);
    let link = Link::of(&answer.body);
    assert_eq!(link.token.len(), 64);
    assert!(link.token.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
    assert_ne!(link.address.port(), stage.frontend.address().port());
}

#[tokio::test]
async fn spawn_while_the_terminal_lives_answers_the_same_url_and_apps_have_their_own() {
    let stage = Stage::new().await;
    let first = stage.spawn().await;
    assert_eq!(stage.spawn().await, first);
    let by_form = stage.frontend.call("POST", "/v1/spawn-tty", &[FORM], Some(b"appId=2167")).await;
    assert_eq!(Link::of(&by_form.body), first);
    let other = stage.frontend.post_json("/v1/spawn-tty", r#"{"appId":7}"#).await;
    assert_eq!(Link::of(&other.body).address, first.address);
    assert_ne!(Link::of(&other.body).token, first.token);
}

#[tokio::test]
async fn spawn_for_another_service_replaces_the_terminal_and_opens_there() {
    let mut stage = Stage::new().await;
    let first = stage.spawn().await;
    let named = r#"{"appId":2167,"serviceName":"side"}"#;
    let second = Link::of(&stage.frontend.post_json("/v1/spawn-tty", named).await.body);
    assert_ne!(first, second);
    assert_eq!(stage.spawn().await, second, "without a name any service will do");
    let mut tab = second.page().await.tab().await;
    tab.say(crate::support::terminal::SIZE).await;
    assert_eq!(stage.core.shell().await.open.service, "side");
}

#[tokio::test]
async fn spawn_for_the_service_that_core_chose_answers_the_same_url() {
    let mut stage = Stage::new().await;
    let first = stage.spawn().await;
    let (_, _tab, _shell) = stage.open().await;
    let of = |name: &str| format!(r#"{{"appId":2167,"serviceName":"{name}"}}"#);
    let again = stage.frontend.post_json("/v1/spawn-tty", &of("main")).await;
    assert_eq!(Link::of(&again.body), first);
    let other = stage.frontend.post_json("/v1/spawn-tty", &of("side")).await;
    assert_ne!(Link::of(&other.body), first);
}

#[tokio::test]
async fn despawn_ends_the_terminal_and_answers_the_same_without_one() {
    let stage = Stage::new().await;
    let link = stage.spawn().await;
    for _ in 0..2 {
        assert_eq!(stage.frontend.post_json("/v1/despawn-tty", APP).await.seen(), (200, "", ""));
    }
    assert_eq!(link.get(&format!("/{}", link.token)).await.status, 404);
    assert_ne!(stage.spawn().await.token, link.token);
}

#[tokio::test]
async fn terminal_routes_for_what_is_not_there_answer_404() {
    let stage = Stage::new().await;
    for path in ["/v1/spawn-tty", "/v1/despawn-tty"] {
        let answer = stage.frontend.post_json(path, r#"{"appId":1}"#).await;
        assert_eq!(answer.seen(), (404, TEXT, "App not found"), "{path}");
    }
    let answer = stage.frontend.post_json("/v1/spawn-tty", r#"{"appId":2167,"serviceName":"none"}"#).await;
    assert_eq!(answer.seen(), (404, TEXT, "Service not found"));
    let answer = stage.frontend.post_json("/v1/spawn-tty", r#"{"appId":2167,"serviceName":"../x"}"#).await;
    assert_eq!(answer.seen(), (400, TEXT, "Invalid service name"));
}

#[tokio::test]
async fn terminal_routes_that_core_refuses_answer_by_its_reason_and_despawn_still_ends_it() {
    let stage = Stage::new().await;
    let link = stage.spawn().await;
    stage.core.script(|script| script.failure = Some((ErrorReason::PeerDenied, "", "x")));
    for path in ["/v1/spawn-tty", "/v1/despawn-tty"] {
        let answer = stage.frontend.post_json(path, APP).await;
        assert_eq!(answer.seen(), (503, TEXT, "Supervisor core refuses this frontend"), "{path}");
    }
    assert_eq!(link.get(&format!("/{}", link.token)).await.status, 404);
}

#[tokio::test]
async fn spawn_with_the_terminals_port_taken_answers_503_and_the_api_lives_on() {
    let held = Port::take();
    let (holder, port) = (TcpListener::bind(held.address).unwrap(), held.number());
    let stage = Stage::with(Limits::default(), |config| config.tty_port = port).await;
    let answer = stage.frontend.post_json("/v1/spawn-tty", APP).await;
    assert_eq!(answer.seen(), (503, TEXT, "The terminal's port cannot be listened on, see TTY-LISTEN-PORT"));
    assert_eq!(stage.frontend.get("/ping").await.body, "OK");
    drop(holder);
    assert_eq!(stage.spawn().await.address.port(), port);
}

#[tokio::test]
async fn spawn_with_listed_interfaces_names_an_address_of_theirs_and_a_taken_port_as_such() {
    let held = Port::take();
    let (holder, port) = (TcpListener::bind(held.address).unwrap(), held.number());
    // Listeners of interfaces want a port that is known before.
    let api = Port::take();
    let stage = Stage::with(Limits::default(), |config| {
        (config.listen, config.tty_port) = (SocketAddr::from(([0, 0, 0, 0], api.number())), port);
        config.interfaces = Some("lo".parse().unwrap());
    });
    let stage = stage.await;
    let answer = stage.frontend.post_json("/v1/spawn-tty", APP).await;
    assert_eq!(answer.seen(), (503, TEXT, "The terminal's port cannot be listened on, see TTY-LISTEN-PORT"));
    drop(holder);
    assert_eq!(stage.spawn().await.address, SocketAddr::from(([127, 0, 0, 1], port)));
}

#[tokio::test]
async fn loops_of_the_terminals_are_watched_from_the_first_one_on() {
    let stage = Stage::new().await;
    let resting = || -> Vec<&'static str> {
        let hearts = stage.frontend.running.hearts().into_iter();
        hearts.filter(|(_, heart)| heart.is_at_rest()).map(|(name, _)| name).collect()
    };
    assert_eq!(resting(), ["terminal", "terminal-http"]);
    let link = stage.spawn().await;
    assert_eq!(link.get("/").await.status, 404);
    assert!(resting().is_empty(), "{:?}", resting());
}

#[tokio::test]
async fn spawn_beyond_the_limit_answers_503_until_one_is_ended() {
    let stage = Stage::new().await;
    let apps = (1..=9).map(|app_id| AppState { app_id, ..AppState::default() }).collect();
    stage.core.shared.apps.send_replace(AppsState { apps, engine_available: true });
    let body = |app_id: u64| format!(r#"{{"appId":{app_id}}}"#);
    for app_id in 1..=8 {
        assert_eq!(stage.frontend.post_json("/v1/spawn-tty", &body(app_id)).await.status, 200);
    }
    assert_eq!(stage.frontend.post_json("/v1/spawn-tty", &body(9)).await.status, 503);
    stage.frontend.post_json("/v1/despawn-tty", &body(1)).await;
    assert_eq!(stage.frontend.post_json("/v1/spawn-tty", &body(9)).await.status, 200);
}

#[tokio::test]
async fn terminals_that_are_over_do_not_count_towards_the_limit() {
    let mut stage = Stage::new().await;
    let (_, mut tab, shell) = stage.open().await;
    shell.end(Reason::Exited, Some(0)).await;
    tab.until("ended").await;
    let apps = (1..=8).map(|app_id| AppState { app_id, ..AppState::default() }).collect();
    stage.core.shared.apps.send_replace(AppsState { apps, engine_available: true });
    for app_id in 1..=8 {
        let body = format!(r#"{{"appId":{app_id}}}"#);
        assert_eq!(stage.frontend.post_json("/v1/spawn-tty", &body).await.status, 200);
    }
}

#[tokio::test]
async fn terminals_port_is_closed_until_the_first_terminal() {
    let port = Port::take();
    let device = Device::new();
    let frontend = device.frontend_of(Limits::default(), |config| config.tty_port = port.number()).await;
    assert_eq!(frontend.get("/ping").await.status, 200);
    assert!(tokio::net::TcpStream::connect(port.address).await.is_err());
}

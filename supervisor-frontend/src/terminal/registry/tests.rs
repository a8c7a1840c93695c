use std::sync::Weak;

use tokio::task::yield_now;

use super::*;

fn terminals() -> Arc<Terminals> {
    let settings = Settings {
        core_socket: "/nonexistent/core.sock".into(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        interfaces: None,
        tunnel: None,
        allowance: Allowance { unused: Duration::from_mins(10), idle: Duration::from_mins(30) },
        limits: TerminalLimits::default(),
    };
    let (sessions, site) = (Mutex::default(), Mutex::default());
    Arc::new(Terminals { settings, sessions, site, turn: Semaphore::new(1), hearts: Hearts::default() })
}

fn add(terminals: &Arc<Terminals>, app: AppId) -> Weak<Session> {
    let wish = Wish { app, app_name: "demo".to_owned(), service: None };
    terminals.add(wish, "http://device", None, &Handle::current()).unwrap();
    Arc::downgrade(&terminals.sessions()[&app])
}

/// Lets all tasks run until each of them waits.
async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn terminal_that_is_despawned_gives_its_memory_back_at_once() {
    let (terminals, app) = (terminals(), AppId::new(7).unwrap());
    let session = add(&terminals, app);
    settle().await;
    assert!(session.upgrade().is_some());
    terminals.despawn(app);
    settle().await;
    assert!(session.upgrade().is_none());
}

#[tokio::test(start_paused = true)]
async fn terminal_that_is_over_gives_its_memory_back_when_another_needs_the_room() {
    let terminals = terminals();
    let sessions: Vec<_> =
        (1..=SESSIONS_MAX as u64).map(|id| add(&terminals, AppId::new(id).unwrap())).collect();
    assert!(matches!(terminals.make_room(), Err(SpawnError::TooMany)));
    let [first, .., last] = &*sessions else { panic!("too few") };
    first.upgrade().unwrap().end(Ending::Exited, Some(0));
    settle().await;
    assert!(first.upgrade().is_some(), "how it ended can still be read");
    terminals.make_room().unwrap();
    settle().await;
    assert!(first.upgrade().is_none() && last.upgrade().is_some());
}

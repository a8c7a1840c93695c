//! The first start of several apps on an engine that has no supervisor network yet. Alone in its file: the
//! network has to be absent, and other tests' apps are on it.

use std::thread;

use supervisor_tests::Result;
use supervisor_tests::engine::Engine;
use supervisor_tests::live::Supervisor;
use supervisor_tests::live_app::LiveApp;

#[test]
fn apps_that_start_at_once_share_the_network_that_none_has_made_yet() -> Result<()> {
    let supervisor = Supervisor::start(&[])?;
    supervisor.client()?;
    let engine = Engine::default();
    let named = engine.docker(&["network", "ls", "-q", "--filter", "name=^supervisor0$"])?;
    if !named.is_empty() {
        engine.docker(&["network", "rm", "supervisor0"])?;
    }

    let apps: Vec<Result<String>> = thread::scope(|scope| {
        let starts: Vec<_> =
            (0..4).map(|_| scope.spawn(|| LiveApp::apply(&supervisor)?.container())).collect();
        starts.into_iter().map(|start| start.join().expect("no panic")).collect()
    });

    for app in apps {
        assert!(!app?.is_empty());
    }
    let networks = engine.docker(&["network", "ls", "-q", "--filter", "name=^supervisor0$"])?;
    assert_eq!(networks.lines().count(), 1, "{}", supervisor.logs());
    Ok(())
}

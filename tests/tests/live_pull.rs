//! A missing image is pulled, and the API shows how far it is.

use std::time::Duration;

use supervisor_tests::Result;
use supervisor_tests::compose::one_service;
use supervisor_tests::engine::Engine;
use supervisor_tests::live::Supervisor;
use supervisor_tests::registry::{Registry, forget};
use supervisor_tests::registry_gate::RegistryGate;
use supervisor_tests::scratch::unique_app_id;
use supervisor_tests::wait::{check, wait_until};

const LIMIT: Duration = Duration::from_mins(2);
const MEBIBYTE: u64 = 1 << 20;

#[test]
fn missing_image_is_pulled_with_progress_and_runs() -> Result<()> {
    let registry = Registry::start()?;
    let gate = RegistryGate::before(&registry.address())?;
    // However fast the machine is, the pull lasts until it has been seen.
    gate.hold_after(MEBIBYTE);
    let image =
        registry.push("supervisor-test-app", "pulled:1")?.replace(&registry.address(), &gate.address());
    let supervisor = Supervisor::start(&[])?;
    let client = supervisor.client()?;
    let engine = Engine::default();
    let app_id = unique_app_id();

    let seen = std::thread::scope(|scope| {
        let applied = scope.spawn(|| supervisor.apply(app_id, &one_service(&image, &[])));
        let seen = wait_until("the download in /v1/device", LIMIT, || {
            let body = client.get("/v1/device")?.body;
            let state: serde_json::Value = serde_json::from_str(&body)?;
            let field = |name| state.get(name).cloned().unwrap_or_default();
            check(field("status") == "Downloading" && field("download_progress").is_u64(), body)
        });
        gate.open();
        applied.join().map_err(|_| "the applying thread panicked")??;
        seen
    });
    let running = wait_until("the app", LIMIT, || engine.running_service(app_id, "main"));
    let logs = supervisor.logs();
    drop(supervisor);
    drop(forget(&image));

    seen.map_err(|error| format!("{error}\n{logs}"))?;
    running.map(drop)
}

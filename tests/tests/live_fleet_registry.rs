//! A registry that asks the fleet's cloud who may pull.

use fake_cloud::FakeCloud;
use serde_json::json;
use supervisor_tests::Result;
use supervisor_tests::command::run;
use supervisor_tests::registry::{Registry, forget};
use supervisor_tests::wait::check;

const UUID: &str = "77cbf8a128f9462ea978baadf773817e";
const KEY: &str = "8d9a6c83d825b1ea7fac577d2ece0088";

/// Proves the tests' own cloud and registry by the engine's own client.
#[test]
fn fleet_registry_gives_an_image_to_its_device_and_to_nobody_else() -> Result<()> {
    let cloud = FakeCloud::start()?;
    cloud.add_device(UUID, KEY);
    let registry = Registry::start()?;
    let path = registry.hold("supervisor-test-app", "v2/38abb14dd0bb7211f4728b3b0402eddd")?;
    let (_guard, address) = registry.guarded_by(&cloud)?;
    let image = format!("{address}/{path}");
    cloud.release(json!({ "services": { "main": { "image": image } } }));

    check(run(&["docker", "pull", "-q", &image]).is_err(), "pulled without credentials")?;
    let login = |key: &str| run(&["docker", "login", "-u", &format!("d_{UUID}"), "-p", key, &address]);
    check(login("0000").is_err(), "logged in with a wrong key")?;
    login(KEY)?;
    let pulled = run(&["docker", "pull", "-q", &image]);
    run(&["docker", "logout", &address])?;
    drop(forget(&image));
    pulled.map(drop)
}

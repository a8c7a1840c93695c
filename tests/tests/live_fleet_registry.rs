//! A registry that asks the fleet's cloud who may pull.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fake_cloud::FakeCloud;
use serde_json::json;
use supervisor_tests::Result;
use supervisor_tests::command::run;
use supervisor_tests::registry::{Registry, forget};
use supervisor_tests::scratch::Folder;
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
    let folder = Folder::new()?;
    let pull = |key: &str| {
        fs::write(folder.join("config.json"), logged_in(&address, key))?;
        run(&["docker", "--config", &folder.path().to_string_lossy(), "pull", "-q", &image])
    };
    check(pull("0000").is_err(), "pulled with a wrong key")?;
    let pulled = pull(KEY);
    drop(forget(&image));
    pulled.map(drop)
}

/// The client's settings after a login, which some engines make by HTTPS only.
fn logged_in(address: &str, key: &str) -> String {
    let auth = STANDARD.encode(format!("d_{UUID}:{key}"));
    json!({ "auths": { address: { "auth": auth } } }).to_string()
}

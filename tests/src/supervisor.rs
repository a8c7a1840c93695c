//! The supervisor's two containers on a device, and the local tool in one of them.

use std::time::Duration;

use crate::Result;
use crate::curl::Client;
use crate::device::Device;
use crate::wait::{check, wait_until};

const READY: Duration = Duration::from_mins(2);
const FOLDER: &str = "/opt/supervisor";
/// The folder of the LED's stand-in.
pub const LED: &str = "/var/lib/led";

/// The images that a device needs.
const IMAGES: [&str; 3] =
    ["supervisor-core:latest", "supervisor-frontend:latest", "supervisor-test-app:latest"];

/// Brings the images and the project's own compose files onto the device and starts both containers.
pub fn install(device: &Device) -> Result<()> {
    device.load_images(&IMAGES)?;
    device.write(&format!("{FOLDER}/compose.yaml"), include_str!("../../compose.yaml"))?;
    device.write(&format!("{FOLDER}/compose.led.yaml"), include_str!("../../docs/compose.led.yaml"))?;
    // The LED's stand-in, writable for the frontend's group as a host rule would make it.
    device.shell(&format!(
        "mkdir -p {LED} && echo 0 >{LED}/brightness && chgrp -R 65532 {LED} && chmod -R g+w {LED}"
    ))?;
    up(device)
}

/// `docker-compose up` as the README has it.
pub fn up(device: &Device) -> Result<()> {
    let files = format!("-f {FOLDER}/compose.yaml -f {FOLDER}/compose.led.yaml");
    device.shell(&format!("LED_FOLDER={LED} docker-compose -p supervisor {files} up -d 2>&1")).map(drop)
}

/// `supervisor-admin` with these words, in the core's container.
pub fn admin(device: &Device, words: &str) -> Result<String> {
    device.shell(&format!("docker exec -i supervisor-core /supervisor-admin {words}"))
}

/// Applies a compose file to the device as its administrator does.
pub fn apply(device: &Device, app_id: u64, compose: &str) -> Result<()> {
    device.write("/tmp/app/compose.yaml", compose)?;
    admin(device, &format!("app apply /mnt/root/tmp/app/compose.yaml --app-id {app_id} --name demo"))
        .map(drop)
}

/// A client on this machine, over the device's network; returns when the API answers.
pub fn client(device: &Device) -> Result<Client> {
    let key = wait_until("the API key", READY, || admin(device, "key show"))?;
    let base = format!("http://{}:48484", device.address()?);
    let client = Client { launcher: vec![], base, key };
    wait_until("the API", READY, || check(client.get("/ping")?.body == "OK", "/ping is not OK"))?;
    Ok(client)
}

/// A shell line in the app's container, where the seed's variables are set.
pub fn in_app(device: &Device, container: &str, line: &str) -> Result<String> {
    device.engine().shell(container, line)
}

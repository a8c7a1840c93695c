//! Reboots and power-offs through the device's real logind.

use std::process::ExitCode;
use std::time::Duration;

use supervisor_tests::app::App;
use supervisor_tests::device::Device;
use supervisor_tests::supervisor::client;
use supervisor_tests::wait::{check, wait_until};
use supervisor_tests::{Result, suite};

const DONE: &str = r#"{"Data":"OK","Error":""}"#;
const SOON: Duration = Duration::from_mins(2);
/// What the device's container exits with.
const REBOOTED: i32 = 129;
const POWERED_OFF: i32 = 130;

fn main() -> ExitCode {
    suite::run(&[
        ("reboot_from_app_reboots_and_the_app_runs_again", reboot_from_app_reboots_and_the_app_runs_again),
        ("shutdown_from_network_powers_off", shutdown_from_network_powers_off),
        ("reboot_while_locked_is_423_and_force_reboots", reboot_while_locked_is_423_and_force_reboots),
    ])
}

fn reboot_from_app_reboots_and_the_app_runs_again(device: &Device) -> Result<()> {
    let app = App::apply(device, 2167)?;
    app.leave("kept")?;
    let starts = app.starts()?;

    assert_eq!(app.seed("POST", "/v1/reboot", "")?, format!("{DONE}|202"));

    assert_eq!(device.wait_until_off()?, REBOOTED);
    device.switch_on()?;
    wait_until("the app's next start", SOON, || check(app.starts()? > starts, "not started again"))?;
    assert!(app.has("kept")?);
    assert_eq!(client(device)?.get("/ping")?.body, "OK");
    assert_eq!(app.seed("GET", "/ping", "")?, "OK|200");
    Ok(())
}

fn shutdown_from_network_powers_off(device: &Device) -> Result<()> {
    let app = App::apply(device, 2167)?;
    let answer = client(device)?.post_empty("/v1/shutdown")?;
    assert_eq!((answer.status, answer.body.as_str()), (202, DONE));
    assert_eq!(device.wait_until_off()?, POWERED_OFF);
    device.switch_on()?;
    app.container().map(drop)
}

fn reboot_while_locked_is_423_and_force_reboots(device: &Device) -> Result<()> {
    let app = App::apply(device, 2167)?;
    app.shell("touch /tmp/balena/updates.lock")?;
    let client = client(device)?;

    let refused = client.post_empty("/v1/reboot")?;
    assert_eq!(refused.status, 423);
    assert!(refused.body.starts_with(r#"{"Data":"Error","Error":""#), "{}", refused.body);

    assert_eq!(client.post("/v1/reboot", r#"{"force": true}"#)?.status, 202);
    assert_eq!(device.wait_until_off()?, REBOOTED);
    device.switch_on()?;
    app.container().map(drop)
}

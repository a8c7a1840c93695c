//! The seed's examples on the small device, from its network and from inside the app.

use std::process::ExitCode;
use std::time::Duration;

use supervisor_tests::app::App;
use supervisor_tests::device::Device;
use supervisor_tests::supervisor::{LED, client};
use supervisor_tests::wait::{check, wait_until};
use supervisor_tests::{Result, suite};

const SOON: Duration = Duration::from_mins(2);

fn main() -> ExitCode {
    suite::run(&[
        ("ping_from_network_and_app_answers_ok", ping_from_network_and_app_answers_ok),
        ("blink_from_app_drives_the_led", blink_from_app_drives_the_led),
        ("update_from_app_answers_204", update_from_app_answers_204),
        (
            "restart_from_network_gives_new_container_with_its_data",
            restart_from_network_gives_new_container_with_its_data,
        ),
        ("restart_from_app_gives_new_container", restart_from_app_gives_new_container),
        (
            "purge_from_network_empties_data_and_runs_app_again",
            purge_from_network_empties_data_and_runs_app_again,
        ),
        ("tcp_ping_from_app_switches_off_and_on", tcp_ping_from_app_switches_off_and_on),
        ("device_from_app_tells_state", device_from_app_tells_state),
        ("regenerated_key_reaches_the_app", regenerated_key_reaches_the_app),
        ("unknown_app_is_404", unknown_app_is_404),
    ])
}

fn ping_from_network_and_app_answers_ok(device: &Device) -> Result<()> {
    let app = App::apply(device, 2167)?;
    assert_eq!(client(device)?.get("/ping")?.body, "OK");
    assert_eq!(app.seed("GET", "/ping", "")?, "OK|200");
    Ok(())
}

fn blink_from_app_drives_the_led(device: &Device) -> Result<()> {
    let app = App::apply(device, 2167)?;
    // On the device itself: from here each look may take longer than a light.
    let look = format!("read light <{LED}/brightness; [ \"$light\" = $wanted ]");
    let watch = format!(
        "touch /run/watching; for wanted in 1 0 1; do until {look}; do :; done; done; touch /run/blinked"
    );
    device.shell(&format!(
        "rm -f /run/watching /run/blinked; (timeout 300 sh -c '{watch}') >/dev/null 2>&1 &"
    ))?;
    let is_there = |file: &str| wait_until(file, SOON, || device.shell(&format!("test -e {file}")).map(drop));
    is_there("/run/watching")?;
    assert_eq!(app.seed("POST", "/v1/blink", "")?, "|200");
    is_there("/run/blinked")
}

fn update_from_app_answers_204(device: &Device) -> Result<()> {
    let app = App::apply(device, 2167)?;
    assert_eq!(app.seed("POST", "/v1/update", r#"{"force": true}"#)?, "|204");
    Ok(())
}

fn restart_from_network_gives_new_container_with_its_data(device: &Device) -> Result<()> {
    let app = App::apply(device, 2167)?;
    app.leave("kept")?;
    let before = app.container()?;
    let answer = client(device)?.post("/v1/restart", &app.body())?;
    assert_eq!((answer.status, answer.body.as_str()), (200, "OK"));
    assert_ne!(app.container()?, before);
    assert!(app.has("kept")?);
    Ok(())
}

/// The answer may not reach the app: the restart ends the process that asked.
fn restart_from_app_gives_new_container(device: &Device) -> Result<()> {
    let app = App::apply(device, 2167)?;
    let before = app.container()?;
    drop(app.seed("POST", "/v1/restart", &app.body()));
    app.container_after(&before).map(drop)
}

fn purge_from_network_empties_data_and_runs_app_again(device: &Device) -> Result<()> {
    let app = App::apply(device, 2167)?;
    app.leave("gone")?;
    let before = app.container()?;
    let answer = client(device)?.post("/v1/purge", &app.body())?;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"Data":"OK","Error":""}"#));
    assert_ne!(app.container()?, before);
    assert!(!app.has("gone")?);
    assert_eq!(app.starts()?, 1);
    Ok(())
}

fn tcp_ping_from_app_switches_off_and_on(device: &Device) -> Result<()> {
    let app = App::apply(device, 2167)?;
    for method in ["DELETE", "DELETE", "POST", "POST"] {
        assert_eq!(app.seed(method, "/v1/tcp-ping", "")?, "|204");
    }
    Ok(())
}

fn device_from_app_tells_state(device: &Device) -> Result<()> {
    let app = App::apply(device, 2167)?;
    let address = device.address()?;
    wait_until("the idle state", SOON, || {
        let text = app.seed("GET", "/v1/device", "")?;
        let (body, code) = text.rsplit_once('|').ok_or("no status code")?;
        check(code == "200", text.as_str())?;
        let state: serde_json::Value = serde_json::from_str(body)?;
        let field = |name| state.get(name).cloned().unwrap_or_default();
        let starts = |name, start: &str| field(name).as_str().is_some_and(|text| text.starts_with(start));
        let as_expected = field("api_port") == 48484
            && field("status") == "Idle"
            && field("download_progress").is_null()
            && starts("os_version", "Debian")
            && starts("supervisor_version", supervisor_proto::REPORTED_VERSION)
            && field("ip_address").as_str().is_some_and(|all| all.split(' ').any(|one| one == address));
        check(as_expected, body)
    })
}

fn regenerated_key_reaches_the_app(device: &Device) -> Result<()> {
    let app = App::apply(device, 2167)?;
    let old = client(device)?;
    let answer = old.post_empty("/v1/regenerate-api-key")?;
    assert_eq!((answer.status, answer.body.len()), (200, 64));
    assert_eq!(old.get("/ping")?.status, 401);
    assert_eq!(old.with_key(&answer.body).get("/ping")?.status, 200);
    wait_until("the new key in the app", SOON, || {
        check(app.shell("echo $RESIN_SUPERVISOR_API_KEY")? == answer.body, "the old key")
    })?;
    assert_eq!(app.seed("GET", "/ping", "")?, "OK|200");
    Ok(())
}

fn unknown_app_is_404(device: &Device) -> Result<()> {
    let client = client(device)?;
    assert_eq!(client.post("/v1/restart", r#"{"appId": 9999}"#)?.status, 404);
    assert_eq!(client.post("/v1/purge", r#"{"appId": 9999}"#)?.status, 404);
    Ok(())
}

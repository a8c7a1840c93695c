//! Reboot and shutdown through a real bus, up to a logind that only notes what it is told.

use std::time::Duration;

use supervisor_tests::Result;
use supervisor_tests::bus::Bus;
use supervisor_tests::live::Supervisor;
use supervisor_tests::wait::{check, wait_until};

const SOON: Duration = Duration::from_mins(2);
const DONE: &str = r#"{"Data":"OK","Error":""}"#;

fn supervisor_on(bus: &Bus) -> Result<Supervisor> {
    Supervisor::start(&[("DBUS_SYSTEM_BUS_ADDRESS", &bus.address()), ("POWER_DELAY_MS", "50")])
}

#[test]
fn reboot_and_shutdown_with_logind_reach_it_once() -> Result<()> {
    let bus = Bus::with_logind()?;
    let supervisor = supervisor_on(&bus)?;
    let client = supervisor.client()?;
    for (path, call) in [("/v1/reboot", "Reboot False"), ("/v1/shutdown", "PowerOff False")] {
        let answer = client.post_empty(path)?;
        assert_eq!((answer.status, answer.body.as_str()), (202, DONE), "{}", supervisor.logs());
        wait_until(call, SOON, || check(bus.calls(call) == 1, supervisor.logs()))?;
    }
    assert_eq!(bus.calls("Reboot False"), 1, "{}", supervisor.logs());
    Ok(())
}

#[test]
fn reboot_without_logind_is_500() -> Result<()> {
    let bus = Bus::start()?;
    let supervisor = supervisor_on(&bus)?;
    let client = supervisor.client()?;
    let cases = [("/v1/reboot", "reboot"), ("/v1/shutdown", "shut down")];
    for (path, verb) in cases {
        let answer = client.post_empty(path)?;
        let expected = format!(r#"{{"Data":"Error","Error":"Logind unavailable, cannot {verb}."}}"#);
        assert_eq!((answer.status, answer.body), (500, expected), "{}", supervisor.logs());
    }
    Ok(())
}

#[test]
fn reboot_after_the_bus_restarted_reaches_logind() -> Result<()> {
    let mut bus = Bus::with_logind()?;
    let supervisor = supervisor_on(&bus)?;
    let client = supervisor.client()?;
    bus.stop_daemon();
    assert_eq!(client.post_empty("/v1/reboot")?.status, 500);
    bus.start_daemon()?;
    bus.start_logind("{}")?;
    wait_until("the bus to be used again", SOON, || {
        check(client.post_empty("/v1/reboot")?.status == 202, supervisor.logs())
    })?;
    wait_until("the reboot", SOON, || check(bus.calls("Reboot False") == 1, supervisor.logs()))
}

#[test]
fn reboot_that_logind_would_ask_about_is_500_without_a_call() -> Result<()> {
    let mut bus = Bus::start()?;
    bus.start_logind(r#"{"CanReboot": "challenge"}"#)?;
    let supervisor = supervisor_on(&bus)?;
    let answer = supervisor.client()?.post_empty("/v1/reboot")?;
    assert_eq!(answer.status, 500, "{}", answer.body);
    assert_eq!(bus.calls("Reboot False"), 0);
    Ok(())
}

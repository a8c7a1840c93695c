//! The power adapter against a logind that the test plays, on a private bus.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod private_bus;

use std::{error::Error as _, time::Duration};

use supervisor_core::{
    adapters::{
        bus::{BusError, SystemBus},
        logind::Logind,
        systemd::SystemState,
    },
    ports::power::{PowerAction, PowerError, PowerManager as _},
};
use tokio::sync::watch;
use zbus::{Connection, connection, fdo};

use self::private_bus::Bus;

/// Long enough for a busy machine; the cases that miss a deadline set a short one.
const PATIENT: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(500);
/// Enough for a call to get there.
const NOT_LONG: Duration = Duration::from_secs(5);

fn logind(bus: &Bus, deadline: Duration) -> Logind {
    Logind::new(SystemBus::new(Some(bus.address())).with_deadline(deadline))
}

/// What the played logind does.
#[derive(Clone)]
enum Mood {
    Answers(&'static str),
    Denies,
    WantsAnAdministrator,
    Hangs,
}

#[derive(Clone)]
struct Login1 {
    mood: Mood,
    calls: watch::Sender<Vec<String>>,
}

impl Login1 {
    async fn answer(&self, call: String) -> fdo::Result<String> {
        self.calls.send_modify(|calls| calls.push(call));
        match self.mood {
            Mood::Answers(answer) => Ok(answer.to_owned()),
            Mood::Denies => Err(fdo::Error::AccessDenied("Permission denied".to_owned())),
            Mood::WantsAnAdministrator => {
                Err(fdo::Error::InteractiveAuthorizationRequired("Interactive".to_owned()))
            }
            Mood::Hangs => std::future::pending().await,
        }
    }
}

#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Login1 {
    async fn can_reboot(&self) -> fdo::Result<String> {
        self.answer("CanReboot".to_owned()).await
    }

    async fn can_power_off(&self) -> fdo::Result<String> {
        self.answer("CanPowerOff".to_owned()).await
    }

    async fn reboot(&self, interactive: bool) -> fdo::Result<()> {
        self.answer(format!("Reboot({interactive})")).await.map(drop)
    }

    async fn power_off(&self, interactive: bool) -> fdo::Result<()> {
        self.answer(format!("PowerOff({interactive})")).await.map(drop)
    }
}

/// A logind on a bus.
struct Served {
    calls: watch::Receiver<Vec<String>>,
    _connection: Connection,
}

impl Served {
    async fn on(bus: &Bus, mood: Mood) -> Self {
        let (sender, calls) = watch::channel(Vec::new());
        let connection = connection::Builder::address(bus.address().as_str())
            .method_timeout(PATIENT)
            .serve_at("/org/freedesktop/login1", Login1 { mood, calls: sender })
            .name("org.freedesktop.login1")
            .build()
            .await
            .unwrap();
        Self { calls, _connection: connection }
    }

    fn calls(&self) -> Vec<String> {
        self.calls.borrow().clone()
    }
}

/// What the adapter gives as the reason.
#[track_caller]
fn assert_unavailable(result: Result<(), PowerError>) -> String {
    match result {
        Err(error @ PowerError::Unavailable(_)) => error.source().unwrap().to_string(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_refused(result: Result<(), PowerError>, expected: &str) {
    match result {
        Err(PowerError::Refused { why, .. }) => assert_eq!(why, expected),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn check_and_execute_when_logind_says_yes_call_it_not_interactively() {
    let bus = Bus::started();
    let served = Served::on(&bus, Mood::Answers("yes")).await;
    let logind = logind(&bus, PATIENT);
    for action in [PowerAction::Reboot, PowerAction::PowerOff] {
        logind.check(action).await.unwrap();
        logind.execute(action).await.unwrap();
    }
    assert_eq!(served.calls(), ["CanReboot", "Reboot(false)", "CanPowerOff", "PowerOff(false)"]);
}

#[tokio::test]
async fn check_of_any_other_answer_is_refused_in_our_words() {
    for (answer, why) in [
        ("na", "this device does not support it"),
        ("no", "its policy forbids it"),
        ("challenge", "an administrator has to confirm it"),
        ("inhibited", "a program on the device holds it off"),
        ("YES", "it gave an unknown answer"),
    ] {
        let bus = Bus::started();
        let _served = Served::on(&bus, Mood::Answers(answer)).await;
        assert_refused(logind(&bus, PATIENT).check(PowerAction::PowerOff).await, why);
    }
}

#[tokio::test]
async fn execute_that_logind_denies_is_refused() {
    for (mood, why) in [
        (Mood::Denies, "access is denied"),
        (Mood::WantsAnAdministrator, "an administrator has to confirm it"),
    ] {
        let bus = Bus::started();
        let served = Served::on(&bus, mood).await;
        assert_refused(logind(&bus, PATIENT).execute(PowerAction::Reboot).await, why);
        assert_eq!(served.calls(), ["Reboot(false)"]);
    }
}

#[tokio::test]
async fn check_without_logind_on_the_bus_is_unavailable_until_it_appears() {
    let bus = Bus::started();
    let logind = logind(&bus, PATIENT);
    assert_unavailable(logind.check(PowerAction::Reboot).await);
    let _served = Served::on(&bus, Mood::Answers("yes")).await;
    logind.check(PowerAction::Reboot).await.unwrap();
}

#[tokio::test]
async fn check_without_bus_is_unavailable_until_it_appears() {
    let mut bus = Bus::absent();
    let logind = logind(&bus, PATIENT);
    let why = assert_unavailable(logind.check(PowerAction::Reboot).await);
    assert_eq!(why, "cannot connect to the system bus");
    assert_unavailable(logind.execute(PowerAction::Reboot).await);
    bus.start();
    let _served = Served::on(&bus, Mood::Answers("yes")).await;
    logind.check(PowerAction::Reboot).await.unwrap();
}

#[tokio::test]
async fn execute_after_the_bus_restarted_dials_again_and_reboots_once() {
    let mut bus = Bus::started();
    let before = Served::on(&bus, Mood::Answers("yes")).await;
    let logind = logind(&bus, PATIENT);
    logind.check(PowerAction::Reboot).await.unwrap();
    bus.stop();
    bus.start();
    let after = Served::on(&bus, Mood::Answers("yes")).await;
    logind.execute(PowerAction::Reboot).await.unwrap();
    assert_eq!(before.calls(), ["CanReboot"]);
    assert_eq!(after.calls(), ["Reboot(false)"]);
}

#[tokio::test]
async fn execute_when_logind_hangs_is_unavailable_by_the_deadline_and_not_repeated() {
    let bus = Bus::started();
    let served = Served::on(&bus, Mood::Hangs).await;
    let why = assert_unavailable(logind(&bus, NOT_LONG).execute(PowerAction::Reboot).await);
    assert!(why.contains("5000 ms"), "{why}");
    assert_eq!(served.calls(), ["Reboot(false)"]);
}

#[tokio::test]
async fn execute_when_the_bus_dies_under_the_call_is_unavailable_and_not_repeated() {
    let mut bus = Bus::started();
    let mut served = Served::on(&bus, Mood::Hangs).await;
    let logind = logind(&bus, PATIENT);
    let reboot = tokio::spawn(async move { logind.execute(PowerAction::Reboot).await });
    served.calls.wait_for(|calls| !calls.is_empty()).await.unwrap();
    bus.stop();
    bus.start();
    let after = Served::on(&bus, Mood::Answers("yes")).await;
    assert_unavailable(reboot.await.unwrap());
    assert_eq!(served.calls(), ["Reboot(false)"]);
    assert!(after.calls().is_empty());
}

#[tokio::test]
async fn check_over_a_socket_that_never_answers_is_unavailable_by_the_deadline() {
    let bus = Bus::absent();
    let _silent = std::os::unix::net::UnixListener::bind(bus.socket()).unwrap();
    let why = assert_unavailable(logind(&bus, SHORT).check(PowerAction::Reboot).await);
    assert!(why.contains("500 ms"), "{why}");
}

#[tokio::test]
async fn check_of_an_address_that_is_none_is_unavailable() {
    let logind = Logind::new(SystemBus::new(Some("nonsense".to_owned())));
    assert_unavailable(logind.check(PowerAction::Reboot).await);
}

struct Systemd1 {
    state: &'static str,
    version: &'static str,
}

#[zbus::interface(name = "org.freedesktop.systemd1.Manager")]
impl Systemd1 {
    #[zbus(property)]
    fn system_state(&self) -> String {
        self.state.to_owned()
    }

    #[zbus(property)]
    fn version(&self) -> String {
        self.version.to_owned()
    }
}

#[tokio::test]
async fn system_state_is_what_systemd_says() {
    let bus = Bus::started();
    let shared = SystemBus::new(Some(bus.address())).with_deadline(PATIENT);
    assert!(matches!(SystemState::query(&shared).await, Err(BusError::Call(_))));
    let _systemd = connection::Builder::address(bus.address().as_str())
        .serve_at("/org/freedesktop/systemd1", Systemd1 { state: "degraded", version: "252" })
        .name("org.freedesktop.systemd1")
        .build()
        .await
        .unwrap();
    let state = SystemState::query(&shared).await.unwrap();
    assert_eq!(state, SystemState { state: "degraded".to_owned(), version: "252".to_owned() });
}

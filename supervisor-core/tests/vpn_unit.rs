//! The VPN's adapter against a systemd that the test plays, on a private bus.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod private_bus;

use std::time::Duration;

use supervisor_core::{
    adapters::{bus::SystemBus, vpn_unit::VpnUnit},
    ports::vpn::{Vpn as _, VpnError, VpnOutcome},
};
use tokio::sync::watch;
use zbus::{Connection, DBusError, OwnedObjectPath, connection, fdo};

use self::private_bus::Bus;

const PATIENT: Duration = Duration::from_secs(30);
/// Enough for a call to get there.
const NOT_LONG: Duration = Duration::from_secs(5);

/// What systemd answers that the bus' own vocabulary does not have.
#[derive(Debug, DBusError)]
#[zbus(prefix = "org.freedesktop.systemd1")]
enum Refusal {
    #[zbus(error)]
    ZBus(zbus::Error),
    NoSuchUnit(String),
    UnitMasked(String),
}

#[derive(Clone, Copy)]
enum Mood {
    Queues,
    KnowsNoUnit,
    HasItMasked,
    Hangs,
}

struct Systemd1 {
    mood: Mood,
    calls: watch::Sender<Vec<String>>,
}

impl Systemd1 {
    async fn queue(&self, call: String) -> Result<OwnedObjectPath, Refusal> {
        self.calls.send_modify(|calls| calls.push(call));
        match self.mood {
            Mood::Queues => Ok(OwnedObjectPath::try_from("/org/freedesktop/systemd1/job/7").unwrap()),
            Mood::KnowsNoUnit => Err(Refusal::NoSuchUnit("not loaded".to_owned())),
            Mood::HasItMasked => Err(Refusal::UnitMasked("masked".to_owned())),
            Mood::Hangs => std::future::pending().await,
        }
    }
}

#[zbus::interface(name = "org.freedesktop.systemd1.Manager")]
impl Systemd1 {
    async fn start_unit(&self, name: &str, mode: &str) -> Result<OwnedObjectPath, Refusal> {
        self.queue(format!("start {name} {mode}")).await
    }

    async fn stop_unit(&self, name: &str, mode: &str) -> Result<OwnedObjectPath, Refusal> {
        self.queue(format!("stop {name} {mode}")).await
    }
}

async fn served(bus: &Bus, mood: Mood) -> (watch::Receiver<Vec<String>>, Connection) {
    let (sender, calls) = watch::channel(Vec::new());
    let connection = connection::Builder::address(bus.address().as_str())
        .serve_at("/org/freedesktop/systemd1", Systemd1 { mood, calls: sender })
        .name("org.freedesktop.systemd1")
        .build()
        .await
        .unwrap();
    (calls, connection)
}

fn vpn(bus: &Bus, deadline: Duration) -> VpnUnit {
    VpnUnit::new(SystemBus::new(Some(bus.address())).with_deadline(deadline), "openvpn.service".to_owned())
}

#[track_caller]
fn assert_refused(answer: &Result<VpnOutcome, VpnError>, expected: &str) {
    match answer {
        Err(VpnError::Refused { unit, why }) => {
            assert_eq!((unit.as_str(), *why), ("openvpn.service", expected));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn set_starts_and_stops_the_unit() {
    let bus = Bus::started();
    let (calls, _systemd) = served(&bus, Mood::Queues).await;
    let vpn = vpn(&bus, PATIENT);
    assert_eq!(vpn.set(true).await.unwrap(), VpnOutcome::Accepted);
    assert_eq!(vpn.set(false).await.unwrap(), VpnOutcome::Accepted);
    assert_eq!(*calls.borrow(), ["start openvpn.service replace", "stop openvpn.service replace"]);
}

#[tokio::test]
async fn set_of_a_unit_that_the_host_does_not_have_is_absence_and_no_failure() {
    let bus = Bus::started();
    let (_calls, _systemd) = served(&bus, Mood::KnowsNoUnit).await;
    for up in [true, false] {
        assert_eq!(vpn(&bus, PATIENT).set(up).await.unwrap(), VpnOutcome::Absent);
    }
}

#[tokio::test]
async fn set_of_a_masked_unit_is_refused_in_our_words() {
    let bus = Bus::started();
    let (_calls, _systemd) = served(&bus, Mood::HasItMasked).await;
    assert_refused(&vpn(&bus, PATIENT).set(true).await, "the unit is masked");
}

/// Its answer is of the bus' own vocabulary.
struct Denying(&'static str);

#[zbus::interface(name = "org.freedesktop.systemd1.Manager")]
impl Denying {
    fn stop_unit(&self, name: &str, mode: &str) -> fdo::Result<OwnedObjectPath> {
        Err(fdo::Error::AccessDenied(format!("{} {name} {mode}", self.0)))
    }
}

#[tokio::test]
async fn set_without_the_right_to_is_refused_in_our_words() {
    let bus = Bus::started();
    let builder = connection::Builder::address(bus.address().as_str());
    let builder =
        builder.serve_at("/org/freedesktop/systemd1", Denying("no")).name("org.freedesktop.systemd1");
    let _systemd = builder.build().await.unwrap();
    assert_refused(&vpn(&bus, PATIENT).set(false).await, "access is denied");
}

#[tokio::test]
async fn set_without_a_bus_or_an_answer_is_unavailable_by_the_deadline() {
    let absent = vpn(&Bus::absent(), PATIENT).set(true).await;
    assert!(matches!(absent, Err(VpnError::Unavailable(_))), "{absent:?}");
    let bus = Bus::started();
    let nobody = vpn(&bus, PATIENT).set(true).await;
    assert!(matches!(nobody, Err(VpnError::Unavailable(_))), "{nobody:?}");
    let (calls, _systemd) = served(&bus, Mood::Hangs).await;
    let silent = vpn(&bus, NOT_LONG).set(true).await;
    assert!(matches!(silent, Err(VpnError::Unavailable(_))), "{silent:?}");
    assert_eq!(calls.borrow().len(), 1);
}

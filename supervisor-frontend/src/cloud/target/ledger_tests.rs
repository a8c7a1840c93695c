use supervisor_proto::v1::{AppState, Service};

use super::*;
use crate::cloud::target::device_target::Departed;

fn app(app_id: u64, image: &str) -> Arc<Target> {
    let service = Service { image: image.to_owned(), ..Service::default() };
    Arc::new(Target { app_id, services: [("main".to_owned(), service)].into(), ..Target::default() })
}

fn target<const N: usize>(apps: [(&str, Arc<Target>); N]) -> DeviceTarget {
    let apps: BTreeMap<_, _> = apps.map(|(uuid, app)| (uuid.to_owned(), app)).into();
    DeviceTarget { named: apps.keys().cloned().collect(), apps, ..DeviceTarget::default() }
}

fn known<const N: usize>(apps: [(u64, &str, Applier); N]) -> AppsState {
    let state = |(app_id, uuid, by): (u64, &str, Applier)| AppState {
        app_id,
        app_uuid: uuid.to_owned(),
        applied_by: by.into(),
        ..AppState::default()
    };
    AppsState { apps: apps.map(state).into(), engine_available: true }
}

fn orders(ledger: &Ledger, target: &DeviceTarget) -> Vec<Order> {
    ledger.orders(target, &CloudSettings::default(), &AppsState::default(), false)
}

fn take_all(ledger: &mut Ledger, target: &DeviceTarget) -> usize {
    let orders = orders(ledger, target);
    let count = orders.len();
    for order in orders {
        ledger.note(order, Reply::Taken);
    }
    count
}

#[test]
fn app_is_told_once_a_session_and_again_when_it_changes() {
    let mut ledger = Ledger::default();
    let both = target([("a", app(1, "x")), ("b", app(2, "x"))]);
    assert_eq!(take_all(&mut ledger, &both), 2);
    assert_eq!(take_all(&mut ledger, &both), 0);
    let changed = target([("a", app(1, "y")), ("b", app(2, "x"))]);
    assert_eq!(take_all(&mut ledger, &changed), 1);
    assert_eq!(take_all(&mut Ledger::default(), &changed), 2, "another session");
}

#[test]
fn refused_app_is_not_told_again_until_it_changes_and_shows() {
    let mut ledger = Ledger::default();
    let one = target([("a", app(1, "x"))]);
    for order in orders(&ledger, &one) {
        ledger.note(order, Reply::Refused("not granted".to_owned()));
    }
    assert!(ledger.has_refusals());
    assert_eq!(orders(&ledger, &one), []);
    assert_eq!(ledger.refused(&one)["a"], "not granted");
    assert_eq!(ledger.refused_releases(&one)["a"], one.apps["a"].commit);
    ledger.forget_refusals();
    assert_eq!(take_all(&mut ledger, &one), 1);
    assert!(ledger.refused(&one).is_empty() && ledger.refused_releases(&one).is_empty());
}

#[test]
fn lock_override_tells_an_app_once_more_with_force_and_its_end_tells_nothing() {
    let mut ledger = Ledger::default();
    let one = target([("a", app(1, "x"))]);
    take_all(&mut ledger, &one);
    let over = CloudSettings { override_lock: true, ..CloudSettings::default() };
    let forced = ledger.orders(&one, &over, &AppsState::default(), false);
    assert!(matches!(forced.as_slice(), [Order::Apply { force: true, .. }]), "{forced:?}");
    for order in forced {
        ledger.note(order, Reply::Taken);
    }
    assert_eq!(ledger.orders(&one, &over, &AppsState::default(), false), []);
    assert_eq!(orders(&ledger, &one), []);
}

#[test]
fn app_of_the_cloud_that_left_the_target_is_removed_once() {
    let mut ledger = Ledger::default();
    let left = DeviceTarget { departed: Departed::Of(["gone".to_owned()].into()), ..target([]) };
    let apps = known([(7, "gone", Applier::Frontend)]);
    let orders = ledger.orders(&left, &CloudSettings::default(), &apps, false);
    assert_eq!(orders, [Order::Remove { app_id: 7, force: false }]);
    for order in orders {
        ledger.note(order, Reply::Taken);
    }
    assert_eq!(ledger.orders(&left, &CloudSettings::default(), &apps, false), []);
}

#[test]
fn app_that_no_target_of_this_device_named_or_that_is_the_owners_stays() {
    let left =
        DeviceTarget { departed: Departed::Of(["gone".to_owned()].into()), ..target([("a", app(9, "x"))]) };
    let mut ledger = Ledger::default();
    take_all(&mut ledger, &left);
    for (id, uuid, by) in [
        (7, "of another cloud", Applier::Frontend),
        (7, "", Applier::Frontend),
        (7, "gone", Applier::Admin),
        (7, "gone", Applier::Unspecified),
        // Its number now belongs to an app of the target.
        (9, "gone", Applier::Frontend),
    ] {
        let orders = ledger.orders(&left, &CloudSettings::default(), &known([(id, uuid, by)]), false);
        assert_eq!(orders, [], "{id} {uuid} {by:?}");
    }
}

#[test]
fn variables_are_for_services_whose_labels_say_nothing() {
    let settings = CloudSettings {
        update_strategy: Some("hand-over".to_owned()),
        handover_timeout: Some("5000".to_owned()),
        ..CloudSettings::default()
    };
    let mut own = app(1, "x");
    let labels = &mut Arc::make_mut(&mut own).services.get_mut("main").unwrap().labels;
    labels.insert("io.resin.update.strategy".to_owned(), "kill-then-download".to_owned());
    let labels = |target: &Arc<Target>| target.services["main"].labels.clone();

    let plain = labels(&with_defaults(&app(1, "x"), &settings));
    assert_eq!(plain["io.balena.update.strategy"], "hand-over");
    assert_eq!(plain["io.balena.update.handover-timeout"], "5000");
    let kept = labels(&with_defaults(&own, &settings));
    assert_eq!(kept["io.resin.update.strategy"], "kill-then-download");
    assert!(!kept.contains_key("io.balena.update.strategy"));
    assert_eq!(with_defaults(&own, &CloudSettings::default()), own);
}

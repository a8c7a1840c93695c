use super::*;
use crate::domain::{
    intent::{Action, edit},
    observed::ContainerState,
    record::AppliedBy,
    test_samples::{container, name, record, rendered, service, target},
};

fn departure(action: &Action) -> Departure {
    let before = record([("web", service())]);
    let spec = rendered(&before).services[&name("web")].spec.clone();
    let seen = container("c1", &spec, ContainerState::Running, 0);
    why(&edit(&before, action).unwrap(), &seen)
}

#[test]
fn departure_is_named_by_what_the_record_now_says() {
    assert_eq!(departure(&Action::Restart(vec![])), Departure::Restarted);
    assert_eq!(departure(&Action::Purge), Departure::Purged);
    assert_eq!(departure(&Action::Stop(vec![])), Departure::Stopped);
    assert_eq!(departure(&Action::Remove), Departure::Removed);
    let mut other = service();
    other.image = "demo:2".to_owned();
    assert_eq!(
        departure(&Action::Apply(Box::new(target([("web", other)])), AppliedBy::Admin)),
        Departure::Updated
    );
    assert_eq!(
        departure(&Action::Apply(Box::new(target([("db", service())])), AppliedBy::Admin)),
        Departure::Updated
    );
}

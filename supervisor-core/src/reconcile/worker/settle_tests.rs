use super::*;
use crate::ports::engine::EngineSaid;

#[test]
fn wait_grows_with_every_failure_and_is_never_longer_than_the_longest() {
    let waits: Vec<Duration> = (0..10).map(backoff).collect();
    assert_eq!(waits.get(1), Some(&RETRY_FIRST));
    assert!(waits.is_sorted() && waits.last() == Some(&RETRY_LONGEST), "{waits:?}");
    assert_eq!(backoff(u32::MAX), RETRY_LONGEST);
}

#[test]
fn space_is_looked_for_often_only_where_it_is_known_how_much_is_needed() {
    let (image, reserve_bytes) = ("far:1".to_owned(), 1);
    let known = CoreError::NoSpace { image, needed_bytes: 3, free_bytes: 2, reserve_bytes };
    let engines = |why| {
        let (image, said) = ("far:1".to_owned(), EngineSaid(String::new()));
        CoreError::Engine(EngineError::NotPulled { image, why, said })
    };
    assert_eq!(wait_for_space(&known), Some(LOOK_FOR_SPACE));
    assert_eq!(wait_for_space(&engines(NotPulled::NoSpace)), Some(RETRY_NO_SPACE));
    assert_eq!(wait_for_space(&engines(NotPulled::Busy)), None);
    assert_eq!(wait_for_space(&CoreError::Cancelled), None);
}

use super::*;

fn fetching(done_bytes: u64, total_bytes: u64) -> Work {
    Work::Fetching { done_bytes, total_bytes }
}

#[test]
fn percent_counts_bytes_over_all_layers() {
    let mut layers = Layers::default();
    layers.update("a", Work::Waiting);
    layers.update("b", Work::Waiting);
    assert_eq!(layers.pulled(), Pulled::default());
    layers.update("a", fetching(50, 100));
    assert_eq!(layers.pulled().percent(), 25, "b counts as large as a");
    layers.update("b", fetching(0, 300));
    assert_eq!(layers.pulled().percent(), 12);
    layers.update("a", Work::Fetched);
    layers.update("b", fetching(200, 300));
    let pulled = layers.pulled();
    assert_eq!((pulled.percent(), pulled.done_bytes, pulled.total_bytes), (75, 300, 400));
}

#[test]
fn percent_stays_under_a_hundred_until_the_pull_has_ended() {
    let mut layers = Layers::default();
    layers.update("a", Work::Complete);
    assert_eq!(layers.pulled().percent(), 99);
}

#[test]
fn layer_that_is_told_of_again_from_its_beginning_loses_nothing() {
    let mut layers = Layers::default();
    layers.update("a", fetching(90, 100));
    layers.update("a", fetching(10, 100));
    assert_eq!(layers.pulled().done_bytes, 90);
}

#[test]
fn needed_bytes_are_what_is_to_be_fetched_and_unpacked_of_known_layers() {
    let mut layers = Layers::default();
    layers.update("a", Work::Waiting);
    assert_eq!(layers.pulled().needed_bytes, 0);
    layers.update("a", fetching(0, 100));
    assert_eq!(layers.pulled().needed_bytes, 300);
    layers.update("a", fetching(40, 100));
    assert_eq!(layers.pulled().needed_bytes, 260);
    layers.update("a", Work::Fetched);
    assert_eq!(layers.pulled().needed_bytes, 200);
    layers.update("a", Work::Unpacking { done_bytes: 75, total_bytes: 100 });
    assert_eq!(layers.pulled().needed_bytes, 50);
    layers.update("a", Work::Complete);
    assert_eq!(layers.pulled().needed_bytes, 0);
}

#[test]
fn sizes_that_no_sum_can_hold_are_still_a_percentage_and_never_little() {
    let mut layers = Layers::default();
    for id in ["a", "b", "c"] {
        layers.update(id, fetching(1, u64::MAX));
    }
    assert!(layers.pulled().percent() <= 99);
    assert_eq!(layers.pulled().needed_bytes, u64::MAX);
}

#[test]
fn whole_image_counts_packed_and_unpacked_also_where_layers_have_come() {
    let mut layers = Layers::default();
    layers.update("a", fetching(100, 100));
    layers.update("a", Work::Complete);
    layers.update("b", fetching(20, 50));
    let pulled = layers.pulled();
    assert_eq!((pulled.needed_bytes, pulled.whole_bytes), (30 + 2 * 50, 3 * 150));
    layers.update("b", Work::Complete);
    assert_eq!((layers.pulled().needed_bytes, layers.pulled().whole_bytes), (0, 3 * 150));
}

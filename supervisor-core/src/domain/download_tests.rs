use proptest::prelude::*;

use super::*;

fn pulled(done_bytes: u64, total_bytes: u64) -> Pulled {
    Pulled { done_bytes, total_bytes, needed_bytes: 0, whole_bytes: 0 }
}

fn expecting(images: &[&str]) -> Download {
    let mut download = Download::default();
    download.expect(&images.iter().copied().collect());
    download
}

#[test]
fn percent_is_of_the_bytes_of_all_images() {
    let mut download = expecting(&["a", "b"]);
    assert_eq!(download.reached(), Reached::default());
    download.begin("a");
    download.go_on("a", pulled(50, 100));
    assert_eq!(download.reached(), Reached { percent: 25, done_bytes: 50, total_bytes: 200 });
    download.is_here("a");
    download.begin("b");
    download.go_on("b", pulled(0, 300));
    assert_eq!(download.reached().total_bytes, 400);
    download.go_on("b", pulled(200, 300));
    assert_eq!(download.reached(), Reached { percent: 75, done_bytes: 300, total_bytes: 400 });
    download.go_on("b", pulled(300, 300));
    assert_eq!(download.reached().percent, 99);
    download.is_here("b");
    assert_eq!(download.reached().percent, 100);
}

#[test]
fn percent_of_one_image_is_its_own() {
    let mut download = expecting(&["a", "b"]);
    download.begin("a");
    download.go_on("a", pulled(60, 100));
    assert_eq!((download.percent_of("a"), download.percent_of("b")), (Some(60), Some(0)));
    assert_eq!(download.percent_of("c"), None);
    download.is_here("a");
    assert_eq!(download.percent_of("a"), Some(100));
}

#[test]
fn pull_that_begins_again_goes_on_from_what_has_come() {
    let mut download = expecting(&["a"]);
    download.begin("a");
    download.go_on("a", pulled(60, 100));
    assert_eq!(download.reached().percent, 60);
    download.begin("a");
    assert_eq!(download.reached().percent, 60);
    download.go_on("a", pulled(0, 40));
    assert_eq!(download.reached().percent, 60);
    download.go_on("a", pulled(20, 40));
    assert_eq!(download.reached(), Reached { percent: 80, done_bytes: 80, total_bytes: 100 });
}

#[test]
fn image_that_a_later_plan_does_not_pull_is_here() {
    let mut download = expecting(&["a", "b"]);
    download.expect(&["b"].into());
    assert_eq!(download.reached().percent, 50);
    download.expect(&BTreeSet::new());
    assert_eq!(download.reached().percent, 100);
}

#[test]
fn engine_that_tells_no_bytes_makes_progress_by_images() {
    let mut download = expecting(&["a", "b"]);
    download.begin("a");
    download.is_here("a");
    assert_eq!(download.reached(), Reached { percent: 50, done_bytes: 0, total_bytes: 0 });
}

#[test]
fn image_whose_layers_were_all_here_weighs_nothing_beside_others() {
    let mut download = expecting(&["a", "b"]);
    download.is_here("a");
    download.go_on("b", pulled(10, 100));
    assert_eq!(download.reached(), Reached { percent: 10, done_bytes: 10, total_bytes: 100 });
}

proptest! {
    #[test]
    fn percent_and_bytes_never_fall_and_are_whole_only_at_the_end(
        events in prop::collection::vec((0..3_usize, 0..4_u8, 0..1000_u64, 0..1000_u64), 1..60)
    ) {
        let names = ["a", "b", "c"];
        let mut download = expecting(&names);
        let (mut before, mut here) = (Reached::default(), BTreeSet::new());
        for (image, kind, done, total) in events {
            let name = names[image];
            match kind {
                0 => download.begin(name),
                3 => {
                    download.is_here(name);
                    here.insert(name);
                }
                _ => download.go_on(name, pulled(done.min(total), total)),
            }
            let now = download.reached();
            prop_assert!(now.percent >= before.percent && now.done_bytes >= before.done_bytes);
            prop_assert!(now.total_bytes >= now.done_bytes);
            prop_assert_eq!(now.percent == 100, here.len() == names.len());
            before = now;
        }
    }
}

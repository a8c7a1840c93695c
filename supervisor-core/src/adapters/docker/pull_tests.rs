use super::*;

fn line(id: &str, status: &str, current: u64, total: u64) -> PullLine {
    let text = serde_json::json!({
        "id": id, "status": status, "progressDetail": { "current": current, "total": total },
    });
    serde_json::from_value(text).unwrap()
}

#[test]
fn percent_counts_bytes_over_all_layers() {
    let mut layers = Layers::default();
    layers.update(&line("a", "Pulling fs layer", 0, 0));
    layers.update(&line("b", "Pulling fs layer", 0, 0));
    assert_eq!(layers.percent(), 0);
    layers.update(&line("a", "Downloading", 50, 100));
    assert_eq!(layers.percent(), 25, "b counts as large as a");
    layers.update(&line("b", "Downloading", 0, 300));
    assert_eq!(layers.percent(), 12);
    layers.update(&line("a", "Download complete", 0, 0));
    layers.update(&line("b", "Downloading", 200, 300));
    assert_eq!(layers.percent(), 75);
}

#[test]
fn percent_stays_under_a_hundred_until_the_pull_has_ended() {
    let mut layers = Layers::default();
    layers.update(&line("a", "Pull complete", 0, 0));
    assert_eq!(layers.percent(), 99);
}

#[test]
fn percent_ignores_layers_that_are_here_and_lines_without_layer() {
    let mut layers = Layers::default();
    layers.update(&line("a", "Already exists", 0, 0));
    layers.update(&line("", "Pulling from demo", 0, 0));
    layers.update(&line("b", "Downloading", 1, 2));
    assert_eq!(layers.percent(), 50);
}

#[test]
fn percent_of_sizes_that_no_sum_can_hold_is_still_a_percentage() {
    let mut layers = Layers::default();
    for id in ["a", "b", "c"] {
        layers.update(&line(id, "Downloading", u64::MAX, u64::MAX));
    }
    assert!(layers.percent() <= 99);
}

#[test]
fn reference_without_tag_asks_for_latest_only() {
    assert_eq!(split_reference("demo"), ("demo", "latest"));
    assert_eq!(split_reference("host:5000/demo"), ("host:5000/demo", "latest"));
    assert_eq!(split_reference("host:5000/demo:1"), ("host:5000/demo", "1"));
    assert_eq!(split_reference("demo@sha256:ab"), ("demo", "sha256:ab"));
}

use super::*;
use crate::ports::engine::NotPulled;

fn line(status: &str, current: u64, total: u64) -> PullLine {
    let text = serde_json::json!({
        "id": "a", "status": status, "progressDetail": { "current": current, "total": total },
    });
    serde_json::from_value(text).unwrap()
}

#[test]
fn line_about_a_layer_is_understood_and_any_other_says_nothing() {
    assert_eq!(work(&line("Waiting", 0, 0)), Some(Work::Waiting));
    assert_eq!(work(&line("Downloading", 1, 2)), Some(Work::Fetching { done_bytes: 1, total_bytes: 2 }));
    assert_eq!(work(&line("Verifying Checksum", 0, 0)), Some(Work::Fetched));
    assert_eq!(work(&line("Extracting", 1, 2)), Some(Work::Unpacking { done_bytes: 1, total_bytes: 2 }));
    assert_eq!(work(&line("Pull complete", 0, 0)), Some(Work::Complete));
    for status in ["Already exists", "Pulling from demo", "Digest: sha256:ab", ""] {
        assert_eq!(work(&line(status, 0, 0)), None, "{status}");
    }
}

#[test]
fn refusal_that_is_understood_names_the_image_and_why() {
    let refused = |message: &str| EngineError::Refused {
        action: ACTION.to_owned(),
        status: 500,
        message: message.to_owned(),
    };
    let error = in_our_words("demo:1", refused("unauthorized: authentication required"));
    assert!(matches!(
        error,
        EngineError::NotPulled { image, why: NotPulled::Denied, .. } if image == "demo:1"
    ));
    let other = in_our_words("demo:1", refused("invalid reference format"));
    assert!(matches!(&other, EngineError::Refused { status: 500, action, .. } if action.contains("demo:1")));
}

#[test]
fn reference_without_tag_asks_for_latest_only() {
    assert_eq!(split_reference("demo"), ("demo", "latest"));
    assert_eq!(split_reference("host:5000/demo"), ("host:5000/demo", "latest"));
    assert_eq!(split_reference("host:5000/demo:1"), ("host:5000/demo", "1"));
    assert_eq!(split_reference("demo@sha256:ab"), ("demo", "sha256:ab"));
}

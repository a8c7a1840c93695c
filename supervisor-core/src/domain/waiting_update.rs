//! An update that is downloaded now and carried out later. Until then the record's target is the release that
//! runs: restart, purge and stop are about that one.

use serde::{Deserialize, Serialize};

use super::{
    apply_time::{ApplyTime, Moment, Verdict, decide, times_of},
    record::{AppRecord, AppliedBy},
    settings::is_default,
    target::Target,
    update_strategy::UpdateStrategy,
};

/// The next target of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingUpdate {
    /// What the app should be then.
    pub target: Target,
    /// Who applied it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub applied_by: AppliedBy,
    /// On which boot it came; empty: nobody knows.
    pub boot_id: String,
    /// Somebody has said that it is to be carried out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub called: bool,
}

impl WaitingUpdate {
    /// Whether it may be carried out, once it is downloaded.
    pub fn verdict(&self, now_s: u64, clock_is_right: bool, boot_id: &str) -> Verdict {
        if self.called {
            return Verdict::Due;
        }
        let moment = Moment { now_s, clock_is_right, boot_id, came_on_boot: &self.boot_id };
        decide(&times_of(&self.target), moment)
    }

    /// Whether the time of the day is in question.
    pub fn asks_the_clock(&self) -> bool {
        times_of(&self.target).iter().any(|time| matches!(time, ApplyTime::Window(_)))
    }

    /// Images that are fetched beforehand: not those that come when the old container, or its image, is gone.
    pub fn downloads(&self) -> Vec<&str> {
        let services = self.target.services.values();
        let first = services.filter(|s| !s.stopped && UpdateStrategy::of(s).downloads_first());
        let mut images: Vec<&str> = first.map(|service| service.image.as_str()).collect();
        images.sort_unstable();
        images.dedup();
        images
    }
}

/// The record with `next`, which is the record after `target` was applied, put off where the target's labels ask for
/// that. What runs already, and an app's first release, is not put off.
pub fn put_off(
    current: &AppRecord,
    next: AppRecord,
    target: &Target,
    by: AppliedBy,
    boot_id: &str,
) -> AppRecord {
    let is_first = current.removed || current.target.services.is_empty();
    let changes = next.target != current.target && !is_first;
    if !changes || times_of(target).is_empty() {
        return AppRecord { waiting: None, ..next };
    }
    if current.waiting.as_ref().is_some_and(|w| w.target == *target && w.applied_by == by) {
        return current.clone();
    }
    let update =
        WaitingUpdate { target: target.clone(), applied_by: by, boot_id: boot_id.to_owned(), called: false };
    AppRecord { waiting: Some(Box::new(update)), ..current.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        intent::{Action, edit},
        target::Service,
        test_samples::{record, service, target},
    };

    fn release(image: &str, apply: &str) -> Target {
        let labels = [("io.supervisor.update.apply".to_owned(), apply.to_owned())].into();
        target([("web", Service { image: image.to_owned(), labels, ..service() })])
    }

    fn apply(current: &AppRecord, target: &Target) -> AppRecord {
        let action = Action::Apply(Box::new(target.clone()), AppliedBy::Admin);
        put_off(current, edit(current, &action).unwrap(), target, AppliedBy::Admin, "boot")
    }

    #[test]
    fn target_that_asks_for_a_later_time_waits_and_the_old_one_stays() {
        let before = record([("web", service())]);
        let after = apply(&before, &release("demo:2", "reboot"));
        assert_eq!(after.target, before.target);
        assert_eq!(after.waiting.unwrap().downloads(), ["demo:2"]);
    }

    #[test]
    fn same_target_again_changes_nothing_of_what_waits() {
        let waiting = apply(&record([("web", service())]), &release("demo:2", "reboot"));
        let mut called = waiting.clone();
        called.waiting.as_mut().unwrap().called = true;
        assert_eq!(apply(&called, &release("demo:2", "reboot")), called);
    }

    #[test]
    fn newer_target_takes_the_place_of_what_waits() {
        let waiting = apply(&record([("web", service())]), &release("demo:2", "reboot"));
        let newer = apply(&waiting, &release("demo:3", "on-call"));
        assert_eq!(newer.waiting.unwrap().target, release("demo:3", "on-call"));
        let now = apply(&waiting, &release("demo:3", "now"));
        assert_eq!((now.waiting, now.target), (None, release("demo:3", "now")));
    }

    #[test]
    fn first_release_of_a_fleet_that_had_none_waits_for_nothing() {
        let first = release("demo:1", "on-call");
        let after = apply(&record([]), &first);
        assert_eq!((after.waiting, after.target), (None, first));
    }

    #[test]
    fn target_that_runs_already_ends_the_waiting_for_another() {
        let before = record([("web", Service { image: "demo:1".to_owned(), ..service() })]);
        let waiting = apply(&before, &release("demo:2", "reboot"));
        assert_eq!(apply(&waiting, &before.target), before);
    }

    #[test]
    fn image_that_comes_when_the_old_one_is_gone_is_not_fetched_beforehand() {
        let mut next = release("demo:2", "reboot");
        let labels = &mut next.services.values_mut().next().unwrap().labels;
        labels.insert("io.balena.update.strategy".to_owned(), "delete-then-download".to_owned());
        let waiting = apply(&record([("web", service())]), &next).waiting.unwrap();
        assert!(waiting.downloads().is_empty());
    }

    #[test]
    fn update_that_was_called_for_is_due_whatever_its_time() {
        let mut waiting =
            *apply(&record([("web", service())]), &release("demo:2", "reboot")).waiting.unwrap();
        assert_ne!(waiting.verdict(0, true, "boot"), Verdict::Due);
        waiting.called = true;
        assert_eq!(waiting.verdict(0, true, "boot"), Verdict::Due);
    }
}

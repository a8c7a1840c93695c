use super::*;
use crate::domain::{
    observed::Observed,
    plan::plan,
    record::{AppRecord, PurgePhase},
    step::Step,
    test_samples::{record, rendered, volume},
};

fn options(pairs: &[(&str, &str)]) -> VolumeOptions {
    let driver_options = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    VolumeOptions { driver_options: driver_options.collect(), ..VolumeOptions::default() }
}

fn record_with(options: VolumeOptions) -> AppRecord {
    let mut record = record([]);
    record.target.app.volumes.insert(volume("store"), Volume::Configured(options));
    record
}

/// The plan's steps when the volume is there, made with options of this fingerprint.
fn steps(record: &AppRecord, made_with: &str) -> Vec<Step> {
    let volumes = BTreeMap::from([("2167_store".to_owned(), made_with.to_owned())]);
    plan(record, &rendered(record), &Observed { volumes, ..Observed::default() }).steps
}

const BIND: &[(&str, &str)] = &[("type", "none"), ("o", "bind"), ("device", "/srv")];
const TMPFS: &[(&str, &str)] = &[("type", "tmpfs"), ("device", "tmpfs")];

#[test]
fn fingerprint_tells_driver_and_options_and_nothing_else() {
    let plain = VolumeOptions {
        name: "n".to_owned(),
        driver: "local".to_owned(),
        labels: [("a".to_owned(), "b".to_owned())].into(),
        ..VolumeOptions::default()
    };
    assert_eq!(plain.fingerprint(), "");
    let other = VolumeOptions { driver: "other".to_owned(), ..VolumeOptions::default() };
    let all = [other.fingerprint(), options(BIND).fingerprint(), options(TMPFS).fingerprint()];
    assert!(all.iter().all(|one| !one.is_empty()) && all[0] != all[1] && all[1] != all[2], "{all:?}");
    let said = VolumeOptions { driver: "local".to_owned(), ..options(BIND) };
    assert_eq!(said.fingerprint(), options(BIND).fingerprint());
}

#[test]
fn volume_with_the_same_options_needs_nothing() {
    for options in [options(BIND), options(TMPFS), VolumeOptions::default()] {
        assert_eq!(steps(&record_with(options.clone()), &options.fingerprint()), []);
    }
}

#[test]
fn volume_with_other_options_is_asked_about_before_anything_is_taken_away() {
    let create = Step::CreateVolume { volume: "2167_store".to_owned() };
    assert_eq!(steps(&record_with(options(BIND)), ""), std::slice::from_ref(&create));
    assert_eq!(steps(&record_with(VolumeOptions::default()), "other"), [create]);
}

#[test]
fn purge_makes_a_volume_anew_where_the_engine_keeps_its_data_and_leaves_others() {
    let remove = Step::RemoveVolume { volume: "2167_store".to_owned() };
    let elsewhere = VolumeOptions { driver: "nfs".to_owned(), ..VolumeOptions::default() };
    let named =
        VolumeOptions { labels: [("a".to_owned(), "b".to_owned())].into(), ..VolumeOptions::default() };
    for (options, purged) in
        [(options(BIND), false), (elsewhere, false), (options(TMPFS), true), (named, true)]
    {
        let fingerprint = options.fingerprint();
        let mut record = record_with(options);
        record.purge = Some(PurgePhase::Requested);
        let steps = steps(&record, &fingerprint);
        assert_eq!(steps.contains(&remove), purged, "{steps:?}");
        let made = steps.iter().filter(|step| matches!(step, Step::CreateVolume { .. })).count();
        assert_eq!(made, usize::from(purged), "{steps:?}");
    }
}

#[test]
fn purge_with_changed_options_makes_the_volume_with_the_new_ones() {
    let mut record = record_with(options(TMPFS));
    record.purge = Some(PurgePhase::Requested);
    let steps = steps(&record, "other");
    let position = |wanted: &Step| steps.iter().position(|step| step == wanted).unwrap();
    let volume = "2167_store".to_owned();
    let removed = position(&Step::RemoveVolume { volume: volume.clone() });
    assert!(removed < position(&Step::CreateVolume { volume }), "{steps:?}");
    assert_eq!(steps.iter().filter(|step| matches!(step, Step::CreateVolume { .. })).count(), 1);
}

#[test]
fn purge_of_a_volume_whose_data_was_somewhere_else_leaves_it_also_when_the_target_forgot() {
    let mut record = record_with(VolumeOptions::default());
    record.purge = Some(PurgePhase::Requested);
    let elsewhere = VolumeOptions { driver: "nfs".to_owned(), ..VolumeOptions::default() };
    for made in [elsewhere, options(BIND)] {
        let steps = steps(&record, &made.fingerprint());
        let remove = Step::RemoveVolume { volume: "2167_store".to_owned() };
        assert!(!steps.contains(&remove), "{steps:?}");
    }
}

#[test]
fn labels_of_the_owner_never_replace_the_supervisor_s() {
    let own = VolumeOptions {
        labels: [(labels::APP_ID.to_owned(), "1".to_owned()), ("mine".to_owned(), "yes".to_owned())].into(),
        ..VolumeOptions::default()
    };
    let ownership = BTreeMap::from([(labels::APP_ID.to_owned(), "2167".to_owned())]);
    let all = OwnVolume::new(own, ownership).labels;
    assert_eq!(all.get(labels::APP_ID).map(String::as_str), Some("2167"));
    assert_eq!(all.get("mine").map(String::as_str), Some("yes"));
}

#[test]
fn volume_that_binds_a_folder_of_the_hosts_is_not_kept_by_the_engine_whatever_its_type() {
    for bound in ["bind", "rbind", "ro,bind", "size=1m,rbind,ro"] {
        let bound = options(&[("type", "tmpfs"), ("o", bound), ("device", "/")]);
        assert!(!bound.is_kept_by_engine(), "{bound:?}");
    }
    let memory = options(&[("type", "tmpfs"), ("o", "size=1m,uid=1000"), ("device", "tmpfs")]);
    assert!(memory.is_kept_by_engine());
}

use std::{collections::BTreeMap, fs};

use super::*;
use crate::domain::{
    record::PurgePhase,
    target::{AppFacts, Target},
};

fn record(id: u64, name: &str) -> AppRecord {
    let app = AppFacts {
        app_id: AppId::new(id).unwrap(),
        name: name.to_owned(),
        commit: "c".to_owned(),
        app_uuid: "u".to_owned(),
        release_id: 1,
        volumes: BTreeMap::new(),
        networks: BTreeMap::new(),
    };
    AppRecord::new(Target { app, services: BTreeMap::new() }, "0".repeat(32))
}

fn open(folder: &Path) -> Loaded {
    load(folder, "fresh").unwrap()
}

#[tokio::test]
async fn record_saved_comes_back_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let store = FileStore::new(folder.path().to_owned());
    store.save_app(&record(2167, "demo")).await.unwrap();
    assert_eq!(open(folder.path()).apps, [record(2167, "demo")]);
}

#[tokio::test]
async fn record_deleted_stays_away_with_its_copy() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let store = FileStore::new(folder.path().to_owned());
    store.save_app(&record(1, "a")).await.unwrap();
    store.save_app(&record(1, "b")).await.unwrap();
    store.delete_app(AppId::new(1).unwrap()).await.unwrap();
    assert!(open(folder.path()).apps.is_empty());
    store.delete_app(AppId::new(1).unwrap()).await.unwrap();
}

#[tokio::test]
async fn record_truncated_at_every_length_is_set_aside_and_recovered() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let store = FileStore::new(folder.path().to_owned());
    store.save_app(&record(1, "old")).await.unwrap();
    store.save_app(&record(1, "new")).await.unwrap();
    let path = folder.path().join("apps/1.json");
    let last = folder.path().join("apps/1.json.last");
    let (whole, copy) = (fs::read(&path).unwrap(), fs::read(&last).unwrap());
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        fs::write(&last, &copy).unwrap();
        assert_eq!(open(folder.path()).provisional, [record(1, "old")], "cut at {length}");
        let aside = folder.path().join("apps/1.json.damaged-1");
        assert_eq!(fs::read(&aside).unwrap(), &whole[..length]);
        fs::remove_file(aside).unwrap();
    }
}

#[tokio::test]
async fn record_damaged_with_its_copy_is_left_to_adoption() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    FileStore::new(folder.path().to_owned()).save_app(&record(1, "a")).await.unwrap();
    fs::write(folder.path().join("apps/1.json"), b"\xff\xff").unwrap();
    fs::write(folder.path().join("apps/1.json.last"), b"{}").unwrap();
    let loaded = open(folder.path());
    assert!(loaded.apps.is_empty() && loaded.provisional.is_empty());
}

#[tokio::test]
async fn record_recovered_from_its_copy_never_purges_again() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let store = FileStore::new(folder.path().to_owned());
    let purging = AppRecord { purge: Some(PurgePhase::Requested), removed: true, ..record(1, "a") };
    store.save_app(&purging).await.unwrap();
    store.save_app(&record(1, "a")).await.unwrap();
    fs::write(folder.path().join("apps/1.json"), b"").unwrap();
    let recovered = open(folder.path()).provisional;
    assert_eq!((recovered[0].purge, recovered[0].removed), (None, false));
}

#[test]
fn instance_once_stored_wins_over_a_fresh_one() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(load(folder.path(), "first").unwrap().instance, "first");
    assert_eq!(load(folder.path(), "second").unwrap().instance, "first");
}

#[test]
fn every_file_truncated_at_every_length_never_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    for name in ["instance.json", "api-access.json", "power.json"] {
        let whole = fs::read(folder.path().join("instance.json")).unwrap();
        for length in 0..whole.len() {
            fs::write(folder.path().join(name), &whole[..length]).unwrap();
            load(folder.path(), "fresh").unwrap();
        }
    }
}

#[test]
fn file_of_a_newer_release_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let path = folder.path().join("instance.json");
    let text = fs::read_to_string(&path).unwrap().replace("\"format\":1", "\"format\":2");
    fs::write(&path, &text).unwrap();
    let refused = load(folder.path(), "fresh").map(|loaded| loaded.instance);
    assert!(matches!(refused, Err(StoreError::Newer { found: 2, known: FORMAT, .. })), "{refused:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn write_that_cannot_succeed_leaves_the_old_value() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let store = FileStore::new(folder.path().to_owned());
    store.save_app(&record(1, "old")).await.unwrap();
    // A folder in the temporary file's place stands for a full disk: the write fails before the rename.
    fs::create_dir(folder.path().join("apps/1.json.new")).unwrap();
    assert!(matches!(store.save_app(&record(1, "new")).await, Err(StoreError::Io { .. })));
    assert_eq!(open(folder.path()).apps, [record(1, "old")]);
}

#[tokio::test]
async fn images_that_core_has_pulled_are_remembered_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = || FileStore::new(folder.path().to_owned());
    open(folder.path());
    assert_eq!(store().pulled_images().await.unwrap(), BTreeSet::new());
    for image in ["a:1", "b:1", "a:1"] {
        store().add_pulled_image(image).await.unwrap();
    }
    store().remove_pulled_image("a:1").await.unwrap();
    assert_eq!(store().pulled_images().await.unwrap(), BTreeSet::from(["b:1".to_owned()]));
    fs::write(folder.path().join("images.json"), "{").unwrap();
    assert_eq!(store().pulled_images().await.unwrap(), BTreeSet::new());
}

#[tokio::test]
async fn all_apps_are_told_unless_one_of_them_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let store = FileStore::new(folder.path().to_owned());
    assert_eq!(store.all_apps().await.unwrap(), Some(Vec::new()));
    store.save_app(&record(1, "a")).await.unwrap();
    store.save_app(&record(2, "b")).await.unwrap();
    assert_eq!(store.all_apps().await.unwrap(), Some(vec![record(1, "a"), record(2, "b")]));
    fs::write(folder.path().join("apps/2.json"), "damage").unwrap();
    assert_eq!(store.all_apps().await.unwrap(), None);
}

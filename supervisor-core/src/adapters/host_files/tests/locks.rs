//! Update locks: an app's and ours.

use super::*;

const DATA_LOCK: &str = "resin-data/2167/resin-updates.lock";

const ALL_LOCKS: [&str; 5] = [
    DATA_LOCK,
    "tmp/balena-supervisor/services/2167/db/resin-updates.lock",
    "tmp/balena-supervisor/services/2167/db/updates.lock",
    "tmp/balena-supervisor/services/2167/main/resin-updates.lock",
    "tmp/balena-supervisor/services/2167/main/updates.lock",
];

#[tokio::test]
async fn take_locks_creates_every_lock_with_the_token_and_release_removes_them() {
    let host = Host::new();
    host.take(&token()).await.unwrap();
    assert_eq!(host.entries(), ALL_LOCKS);
    for lock in ALL_LOCKS {
        assert_eq!(fs::read_to_string(host.at(lock)).unwrap(), token().as_str());
        assert_eq!(fs::metadata(host.at(lock)).unwrap().mode() & 0o7777, 0o644);
    }
    host.release(&token()).await.unwrap();
    assert!(host.entries().is_empty());
}

#[tokio::test]
async fn take_locks_when_an_app_holds_one_is_locked_by_its_path_in_the_app_and_takes_none() {
    for (lock, in_app) in [
        (DATA_LOCK, "/data/resin-updates.lock"),
        ("tmp/balena-supervisor/services/2167/db/updates.lock", "/tmp/balena/updates.lock"),
        ("tmp/balena-supervisor/services/2167/main/resin-updates.lock", "/tmp/resin/resin-updates.lock"),
    ] {
        let host = Host::prepared().await;
        fs::write(host.at(lock), "").unwrap();
        assert_locked(host.take(&token()).await, in_app);
        assert_eq!(host.entries(), [lock]);
    }
}

#[tokio::test]
async fn take_locks_counts_an_entry_of_any_type_as_the_apps_lock() {
    let host = Host::prepared().await;
    let lock = host.data().join("resin-updates.lock");
    let ours_elsewhere = host.at("/ours");
    fs::write(&ours_elsewhere, token().as_str()).unwrap();
    let plant: [fn(&Path, &Path); 6] = [
        |lock, _| fs::create_dir(lock).unwrap(),
        |lock, _| mkfifo(lock),
        |lock, _| symlink("/nowhere", lock).unwrap(),
        |lock, ours| symlink(ours, lock).unwrap(),
        |lock, _| fs::write(lock, "x".repeat(32)).unwrap(),
        |lock, _| drop(std::os::unix::net::UnixListener::bind(lock).unwrap()),
    ];
    for plant in plant {
        plant(&lock, &ours_elsewhere);
        let before = identity(&lock);
        assert_locked(host.take(&token()).await, "/data/resin-updates.lock");
        host.release(&token()).await.unwrap();
        assert_eq!(identity(&lock), before);
        assert_eq!(host.entries(), [DATA_LOCK]);
        if lock.symlink_metadata().unwrap().is_dir() {
            fs::remove_dir(&lock).unwrap();
        } else {
            fs::remove_file(&lock).unwrap();
        }
    }
    assert!(ours_elsewhere.exists());
}

#[tokio::test]
async fn take_locks_counts_a_device_as_the_apps_lock() {
    let host = Host::prepared().await;
    let lock = host.data().join("resin-updates.lock");
    let done = Command::new("mknod").arg(&lock).args(["c", "5", "0"]).status().unwrap();
    assert!(done.success());
    assert_locked(host.take(&token()).await, "/data/resin-updates.lock");
}

#[tokio::test]
async fn take_locks_after_a_crash_counts_our_own_as_taken() {
    let host = Host::prepared().await;
    fs::write(host.at(DATA_LOCK), token().as_str()).unwrap();
    fs::write(host.lock_folder("db").join("updates.lock"), token().as_str()).unwrap();
    host.take(&token()).await.unwrap();
    assert_eq!(host.entries(), ALL_LOCKS);
    host.take(&token()).await.unwrap();
}

#[tokio::test]
async fn locks_of_another_token_are_an_apps_and_stay() {
    let host = Host::new();
    host.take(&other_token()).await.unwrap();
    assert_locked(host.take(&token()).await, "/data/resin-updates.lock");
    host.release(&token()).await.unwrap();
    assert_eq!(host.entries(), ALL_LOCKS);
}

#[tokio::test]
async fn temporary_files_of_a_crash_do_not_stand_in_the_way_and_are_removed() {
    let host = Host::prepared().await;
    let leftover = format!(".supervisor-lock-{}", token().as_str());
    for folder in [host.data(), host.lock_folder("main")] {
        fs::write(folder.join(&leftover), "half").unwrap();
    }
    host.release(&token()).await.unwrap();
    assert!(host.entries().is_empty());
    fs::write(host.data().join(&leftover), "half").unwrap();
    host.take(&token()).await.unwrap();
    assert_eq!(host.entries(), ALL_LOCKS);
}

#[tokio::test]
async fn release_locks_without_folders_is_fine_and_creates_none() {
    let host = Host::new();
    host.release(&token()).await.unwrap();
    assert_eq!(fs::read_dir(host.root.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn release_locks_goes_on_after_a_folder_that_is_not_safe() {
    let host = Host::new();
    host.take(&token()).await.unwrap();
    let main = host.lock_folder("main");
    fs::rename(&main, host.at("/away")).unwrap();
    symlink(host.at("/away"), &main).unwrap();
    assert_unsafe(host.release(&token()).await, "/tmp/balena-supervisor/services/2167/main");
    assert!(!host.at(DATA_LOCK).exists());
    assert!(!host.lock_folder("db").join("updates.lock").exists());
    assert!(host.at("/away/updates.lock").exists());
}

#[tokio::test]
async fn take_locks_on_a_full_disk_is_an_io_error_and_leaves_nothing() {
    let host = Host::prepared().await;
    let _mount = Mount::new(&["-t", "tmpfs", "-o", "size=4096", "none"], &host.data());
    fs::write(host.data().join("filler"), "x".repeat(4096)).unwrap();
    match host.take(&token()).await {
        Err(HostFilesError::Io { source, .. }) => {
            assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(host.entries(), ["resin-data/2167/filler"]);
}

#[tokio::test]
async fn take_locks_at_once_by_two_gives_them_to_one() {
    let host = Host::prepared().await;
    let (token, other) = (token(), other_token());
    let (first, second) = tokio::join!(host.take(&token), host.take(&other));
    let winners = [first.is_ok(), second.is_ok()];
    let holders = [&token, &other].map(|token| {
        ALL_LOCKS
            .iter()
            .filter(|lock| fs::read_to_string(host.at(lock)).is_ok_and(|t| t == token.as_str()))
            .count()
    });
    assert_eq!(holders, winners.map(|won| if won { 5 } else { 0 }));
    assert_ne!(winners, [true, true]);
}

#[tokio::test]
async fn held_locks_tell_ours_from_an_apps_with_owner_and_time_and_change_nothing() {
    let host = Host::prepared().await;
    host.take(&token()).await.unwrap();
    let theirs = host.at("tmp/balena-supervisor/services/2167/db/updates.lock");
    fs::remove_file(&theirs).unwrap();
    fs::write(&theirs, "mine").unwrap();
    std::os::unix::fs::chown(&theirs, Some(1234), None).unwrap();
    let locks = host.held(Some(&token())).await.unwrap();
    let foreign: Vec<_> = locks.iter().filter(|lock| !lock.ours).collect();
    assert_eq!((locks.len(), foreign.len()), (5, 1));
    assert_eq!((foreign[0].path.as_str(), foreign[0].uid), ("/tmp/balena/updates.lock", 1234));
    assert_eq!(foreign[0].host_path, "/tmp/balena-supervisor/services/2167/db/updates.lock");
    assert!(foreign[0].since_s > 0);
    assert_eq!(host.entries(), ALL_LOCKS);
    assert!(host.held(None).await.unwrap().iter().all(|lock| !lock.ours));
}

#[tokio::test]
async fn held_locks_where_no_folder_is_are_none_and_none_is_made() {
    let host = Host::new();
    assert!(host.held(Some(&token())).await.unwrap().is_empty());
    assert!(host.entries().is_empty());
}

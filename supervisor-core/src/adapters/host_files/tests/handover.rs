//! What a new container says in its lock folder.

use super::*;

async fn has_taken_over(host: &Host) -> bool {
    host.files.has_taken_over(app(), &services()[0]).await.unwrap()
}

#[tokio::test]
async fn either_file_says_that_the_new_container_has_taken_over_until_it_is_cleared() {
    for file in ["handover-complete", "resin-kill-me"] {
        let host = Host::prepared().await;
        assert!(!has_taken_over(&host).await);
        fs::write(host.lock_folder(services()[0].as_str()).join(file), "").unwrap();
        assert!(has_taken_over(&host).await, "{file}");
        host.files.clear_taken_over(app(), &services()[0]).await.unwrap();
        assert!(!has_taken_over(&host).await, "{file}");
    }
}

#[tokio::test]
async fn file_of_another_service_says_nothing() {
    let host = Host::prepared().await;
    fs::write(host.lock_folder(services()[1].as_str()).join("handover-complete"), "").unwrap();
    assert!(!has_taken_over(&host).await);
}

#[tokio::test]
async fn hand_over_follows_no_symlink() {
    let host = Host::prepared().await;
    let elsewhere = host.at("/elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("handover-complete"), "").unwrap();
    let folder = host.lock_folder(services()[0].as_str());
    symlink(elsewhere.join("handover-complete"), folder.join("resin-kill-me")).unwrap();
    host.files.clear_taken_over(app(), &services()[0]).await.unwrap();
    assert!(elsewhere.join("handover-complete").exists());
    assert!(!has_taken_over(&host).await);

    fs::remove_dir(&folder).unwrap();
    symlink(&elsewhere, &folder).unwrap();
    assert!(host.files.has_taken_over(app(), &services()[0]).await.is_err());
    assert!(host.files.clear_taken_over(app(), &services()[0]).await.is_err());
    assert!(elsewhere.join("handover-complete").exists());
}

#[tokio::test]
async fn absent_lock_folder_says_nothing() {
    let host = Host::new();
    assert!(!has_taken_over(&host).await);
    host.files.clear_taken_over(app(), &services()[0]).await.unwrap();
}

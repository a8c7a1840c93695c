//! Where paths lead.

use super::*;

#[tokio::test]
async fn plain_path_leads_to_itself_and_an_absent_one_nowhere() {
    let host = Host::prepared().await;
    fs::write(host.data().join("file"), "").unwrap();
    for path in ["/resin-data/2167", "/resin-data/2167/file", "/resin-data/"] {
        let expected = path.trim_end_matches('/').to_owned();
        assert_eq!(host.files.follow(path).await.unwrap(), Some(expected), "{path}");
    }
    assert_eq!(host.files.follow("/resin-data/9/x").await.unwrap(), None);
}

#[tokio::test]
async fn symlink_is_followed_below_the_hosts_root() {
    let host = Host::prepared().await;
    symlink("/resin-data/2167", host.at("/resin-data/9")).unwrap();
    symlink("../../../../..", host.data().join("up")).unwrap();
    let leads = |path: &'static str| host.files.follow(path);
    assert_eq!(leads("/resin-data/9").await.unwrap().as_deref(), Some("/resin-data/2167"));
    assert_eq!(leads("/resin-data/2167/up").await.unwrap().as_deref(), Some("/"));
    assert_eq!(leads("/resin-data/9/up/resin-data").await.unwrap().as_deref(), Some("/resin-data"));
}

#[tokio::test]
async fn what_cannot_be_followed_is_an_error() {
    let host = Host::prepared().await;
    symlink("loop", host.data().join("loop")).unwrap();
    fs::write(host.data().join("file"), "").unwrap();
    for path in ["/resin-data/2167/loop", "/resin-data/2167/file/x", "/resin-data/../etc"] {
        assert!(host.files.follow(path).await.is_err(), "{path}");
    }
}

#[tokio::test]
async fn link_of_proc_is_not_followed() {
    let files = LinuxHostFiles::new(PathBuf::from("/"), PathBuf::from(DATA_PATH));
    for path in ["/proc/self/root", "/proc/self/root/etc", "/proc/1/cwd", "/proc/self/fd/0"] {
        assert!(files.follow(path).await.is_err(), "{path}");
    }
}

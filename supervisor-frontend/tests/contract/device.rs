//! `GET /v1/device`.

use supervisor_proto::v1::{Activity, AppState, AppsState};

use crate::{
    support::{core::FakeCore, frontend::Device},
    tables::GO,
};

#[tokio::test]
async fn device_without_core_shows_what_is_known() {
    let device = Device::new();
    let frontend = device.frontend().await;
    let response = frontend.get("/v1/device").await;
    assert_eq!(response.seen().0, 200);
    assert_eq!(response.header("content-type"), Some(GO));
    let port = frontend.address().port();
    let start = format!(r#"{{"api_port":{port},"ip_address":"#);
    assert!(response.body.starts_with(&start), "{}", response.body);
    let middle = format!(
        r#""status":"Idle","download_progress":null,"os_version":"Resin OS 1.0.4 (fido)","supervisor_version":"{}","commit":null,"mac_address":"#,
        supervisor_proto::REPORTED_VERSION
    );
    assert!(response.body.contains(&middle), "{}", response.body);
    let end = concat!(
        r#","update_pending":false,"update_downloaded":false,"update_failed":false,"#,
        r#""cloud":{"state":"unmanaged","answered_s_ago":null,"last_error":null,"refused_apps":{},"api_key_reported":true}}"#
    );
    assert!(response.body.ends_with(end), "{}", response.body);
}

#[tokio::test]
async fn device_with_a_busy_app_shows_what_core_streamed() {
    let device = Device::new();
    let mut core = FakeCore::start(&device.socket());
    let frontend = device.frontend().await;
    core.linked().await;
    let app = AppState {
        app_id: 2167,
        commit: "c0ffee".into(),
        activity: Activity::Downloading.into(),
        download_progress_percent: Some(84),
        update_pending: true,
        ..AppState::default()
    };
    core.shared.apps.send_replace(AppsState { apps: vec![app], engine_available: true });
    let expected = r#""status":"Downloading","download_progress":84,"#;
    let busy = frontend.until_device(|body| body.contains(expected)).await;
    assert!(busy.contains(r#""commit":"c0ffee""#), "{busy}");
    assert!(
        busy.contains(r#""update_pending":true,"update_downloaded":false,"update_failed":false"#),
        "{busy}"
    );
    core.kill();
    // Nobody works on the app any more; what is known of it stays.
    let left =
        frontend.until_device(|body| body.contains(r#""status":"Idle","download_progress":null,"#)).await;
    assert!(left.contains(r#""commit":"c0ffee""#) && left.contains(r#""update_pending":true"#), "{left}");
}

//! Reports to a cloud of the contract.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use fake_cloud::{Device, FakeCloud, Fault, Route, World};
use serde_json::{Value, json};
use supervisor_frontend::{
    auth::{api_key::ApiKey, key_ring::KeyRing},
    cloud::{
        api::{ApiClient, Trust},
        identity::{DeviceKey, Identity},
        report::{Reporter, Sight, schedule::Timing},
        settings::CloudSettings,
        status::CloudBoard,
    },
    core_link::apps_states::LastState,
    device::DeviceFacts,
};
use supervisor_proto::v1::{AppState, Applier, AppsState, ServiceState};
use tokio::{sync::watch, task::JoinHandle};

use crate::support::http::PATIENCE;

const UUID: &str = "77cbf8a128f9462ea978baadf773817e";
const KEY: &str = "8d9a6c83d825b1ea7fac577d2ece0088";
const IMAGE: &str = "registry/v2/aa";

/// A device that reports as fast as it may.
struct Reporting {
    cloud: Arc<FakeCloud>,
    states: watch::Sender<LastState>,
    keys: Arc<KeyRing>,
    board: CloudBoard,
    /// What was said of the API's key, one after the other.
    key_words: Arc<Mutex<Vec<bool>>>,
    task: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Drop for Reporting {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn start(cloud: FakeCloud, first: Arc<AppsState>) -> Reporting {
    cloud.add_device(UUID, KEY);
    let folder = tempfile::tempdir().unwrap();
    let identity =
        Identity { uuid: UUID.to_owned(), key: DeviceKey::new(KEY.to_owned()), device_id: Some(1) };
    let states = watch::Sender::new(Some(first));
    let keys = Arc::new(KeyRing::open(folder.path()));
    let key_words = Arc::new(Mutex::new(Vec::new()));
    let words = key_words.clone();
    let board = CloudBoard::default();
    let sight = Sight {
        client: ApiClient::new(cloud.url().parse().unwrap(), &Trust::nobody(), "Supervisor/test").unwrap(),
        identity: watch::Sender::new(Some(Arc::new(identity))).subscribe(),
        settings: watch::Sender::new(CloudSettings {
            poll_interval: Duration::ZERO,
            ..CloudSettings::default()
        })
        .subscribe(),
        states: states.subscribe(),
        standing: board.follow(),
        keys: keys.clone(),
        device: Arc::new(DeviceFacts::read(48484, &folder.path().join("os-release"))),
        os_variant: Some("dev"),
        storage: folder.path().to_owned(),
        key_reported: Box::new(move |is_reported| words.lock().unwrap().push(is_reported)),
        timing: Timing {
            spacing: Duration::from_millis(1),
            metrics: Duration::from_hours(1),
            backoff: Duration::from_millis(5),
        },
    };
    let task = tokio::spawn(Reporter::new(sight).run());
    Reporting { cloud: Arc::new(cloud), states, keys, board, key_words, task, _folder: folder }
}

fn running(cloud: &FakeCloud, commit: &str, image: &str) -> Arc<AppsState> {
    let service = ServiceState {
        name: "main".to_owned(),
        image: image.to_owned(),
        should_run: true,
        container_state: "running".to_owned(),
        ..ServiceState::default()
    };
    let app = AppState {
        app_id: cloud.fleet_id(),
        app_uuid: cloud.fleet_uuid().to_owned(),
        commit: commit.to_owned(),
        applied_by: Applier::Frontend.into(),
        services: vec![service],
        ..AppState::default()
    };
    Arc::new(AppsState { apps: vec![app], engine_available: true })
}

fn release(cloud: &FakeCloud) -> String {
    cloud.release(json!({ "services": { "main": { "image": IMAGE } } }))
}

impl Reporting {
    /// Waits, on a thread of its own, until the cloud holds what `look` finds.
    async fn until<T: Send + 'static>(&self, look: impl FnMut(&World) -> Option<T> + Send + 'static) -> T {
        let cloud = self.cloud.clone();
        let found = tokio::task::spawn_blocking(move || cloud.wait(PATIENCE, look)).await.unwrap();
        found.expect("the cloud was not told")
    }

    async fn until_device<T: Send + 'static>(
        &self,
        mut look: impl FnMut(&Device) -> Option<T> + Send + 'static,
    ) -> T {
        self.until(move |world| world.devices().next().and_then(&mut look)).await
    }

    async fn until_runs(&self, commit: &str) {
        let commit = commit.to_owned();
        self.until_device(move |device| (device.service_status(&commit, "main")? == "Running").then_some(()))
            .await;
    }
}

#[tokio::test]
async fn report_after_the_start_is_whole_and_the_next_has_only_what_changed() {
    let cloud = FakeCloud::start().unwrap();
    let (first, second) = (release(&cloud), release(&cloud));
    let state = running(&cloud, &first, IMAGE);
    let device = start(cloud, state);
    device.until_runs(&first).await;
    device.states.send_replace(Some(running(&device.cloud, &second, IMAGE)));
    device.until_runs(&second).await;
    let reports = device.until_device(|device| Some(device.reports.clone())).await;
    let names = |report: &Value| report.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let all = names(&reports[0]);
    for name in
        ["api_port", "api_secret", "supervisor_version", "status", "apps", "memory_total", "storage_total"]
    {
        assert!(all.iter().any(|known| known == name), "{name} is not in {all:?}");
    }
    assert_eq!(reports.len(), 2);
    assert_eq!(names(&reports[1]), ["apps"]);
    assert_eq!(reports[1]["apps"][device.cloud.fleet_uuid()]["release_uuid"], json!(second));
}

#[tokio::test]
async fn release_that_core_refuses_is_told_as_soon_as_it_does() {
    let cloud = FakeCloud::start().unwrap();
    let (first, second) = (release(&cloud), release(&cloud));
    let state = running(&cloud, &first, IMAGE);
    let device = start(cloud, state);
    device.until_runs(&first).await;
    let refused = [(device.cloud.fleet_uuid().to_owned(), second.clone())];
    device.board.set_refused_releases(refused.into());
    device
        .until_device(move |device| {
            (device.release(&second)?.get("update_status")? == "rejected").then_some(())
        })
        .await;
    device.until_runs(&first).await;
}

#[tokio::test]
async fn apps_that_the_cloud_does_not_know_do_not_hold_up_the_rest_and_are_told_later() {
    let cloud = FakeCloud::start().unwrap();
    let unknown = &release(&FakeCloud::start().unwrap());
    let state = running(&cloud, unknown, IMAGE);
    let device = start(cloud, state);
    device.until_device(|device| device.reported("api_secret").map(drop)).await;
    assert!(device.until_device(|device| Some(device.reported("apps").is_none())).await);
    assert_eq!(release(&device.cloud), *unknown);
    device.until_runs(unknown).await;
}

#[tokio::test]
async fn apps_that_are_too_large_for_the_cloud_do_not_hold_up_the_rest() {
    let cloud = FakeCloud::start().unwrap();
    let commit = release(&cloud);
    let state = running(&cloud, &commit, &"x".repeat(600 << 10));
    let device = start(cloud, state);
    device.until_device(|device| device.reported("api_secret").map(drop)).await;
    assert!(device.until_device(|device| Some(device.reported("apps").is_none())).await);
    device.states.send_replace(Some(running(&device.cloud, &commit, IMAGE)));
    device.until_runs(&commit).await;
}

#[tokio::test]
async fn report_that_fails_is_told_again_until_it_is_accepted() {
    let cloud = FakeCloud::start().unwrap();
    let commit = release(&cloud);
    let state = running(&cloud, &commit, IMAGE);
    cloud.fail(
        Route::Report,
        [
            Fault::Status(503, None),
            Fault::Status(429, Some(0)),
            Fault::Closed,
            Fault::Lost,
            Fault::Status(500, None),
        ],
    );
    let device = start(cloud, state);
    device.until_runs(&commit).await;
    device
        .until(|world| {
            (world.requests(Route::Report).filter(|seen| seen.status == 200).count() > 1).then_some(())
        })
        .await;
}

#[tokio::test]
async fn report_without_core_leaves_the_apps_as_the_cloud_has_them() {
    let cloud = FakeCloud::start().unwrap();
    let commit = release(&cloud);
    let state = running(&cloud, &commit, IMAGE);
    let device = start(cloud, state);
    device.until_runs(&commit).await;
    device.states.send_replace(None);
    device.keys.rotate().unwrap();
    let reports =
        device.until_device(|device| (device.reports.len() > 1).then(|| device.reports.clone())).await;
    assert!(reports[1].get("api_secret").is_some() && reports[1].get("apps").is_none(), "{:?}", reports[1]);
}

#[tokio::test]
async fn regenerated_key_is_told_and_counts_as_unreported_until_the_cloud_has_it() {
    let cloud = FakeCloud::start().unwrap();
    let state = running(&cloud, &release(&cloud), IMAGE);
    let device = start(cloud, state);
    let key = |key: ApiKey| json!(key.expose());
    let old = key(device.keys.key().unwrap());
    device.until_device(move |device| (*device.reported("api_secret")? == old).then_some(())).await;
    device.cloud.fail(Route::Report, [Fault::Status(503, None)]);
    device.key_words.lock().unwrap().clear();
    let new = key(device.keys.rotate().unwrap());
    device.until_device(move |device| (*device.reported("api_secret")? == new).then_some(())).await;
    let said = async {
        while device.key_words.lock().unwrap().last() != Some(&true) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, said).await.expect("the key never counted as reported");
    assert!(device.key_words.lock().unwrap().contains(&false));
}

#[tokio::test]
async fn requests_carry_the_devices_key_and_are_never_empty() {
    let cloud = FakeCloud::start().unwrap();
    let commit = release(&cloud);
    let state = running(&cloud, &commit, IMAGE);
    let device = start(cloud, state);
    device.until_runs(&commit).await;
    device
        .until(|world| {
            for seen in world.requests(Route::Report) {
                assert_eq!(seen.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
                assert_eq!(seen.header("content-type"), Some("application/json"));
                let body: Value = serde_json::from_slice(&seen.body).unwrap();
                assert!(body[UUID].as_object().is_some_and(|fields| !fields.is_empty()));
            }
            Some(())
        })
        .await;
}

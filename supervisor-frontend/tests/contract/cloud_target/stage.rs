//! A device of a cloud: the parts of the client that ask for the target, and all that they stand on.

use std::{fs, os::unix::fs::MetadataExt as _, path::PathBuf, sync::Arc};

use fake_cloud::{FakeCloud, Route, World};
use serde_json::{Value, json};
use supervisor_frontend::{
    cloud::{
        CloudView,
        api::{ApiClient, Trust},
        identity::{DeviceKey, Identity},
        settings::CloudSettings,
        status::{CloudBoard, CloudStatus, Standing},
        target::{self, CoreSide, cache::TargetCache, nudge::Nudges},
    },
    core_link::apps_states::AppsStates,
};
use supervisor_proto::client::CoreClient;
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::support::{
    core::{Call, FakeCore},
    http::PATIENCE,
};

pub const UUID: &str = "77cbf8a128f9462ea978baadf773817e";
pub const KEY: &str = "8d9a6c83d825b1ea7fac577d2ece0088";
pub const FLEET: u64 = 1667;

/// Everything outlives the client, which is started and stopped as a test wants.
pub struct Stage {
    pub cloud: FakeCloud,
    pub core: FakeCore,
    folder: TempDir,
    pub states: AppsStates,
    pub sessions: watch::Sender<u64>,
}

/// A running client.
pub struct Client {
    pub nudges: Arc<Nudges>,
    pub board: CloudBoard,
    pub settings: watch::Receiver<CloudSettings>,
    task: JoinHandle<()>,
}

impl Stage {
    /// The cloud knows the device, and core is there.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let core = FakeCore::start(&folder.path().join("core.sock"));
        let cloud = FakeCloud::start().unwrap();
        cloud.add_device(UUID, KEY);
        Self { cloud, core, folder, states: AppsStates::default(), sessions: watch::Sender::new(1) }
    }

    /// A device that runs a release.
    pub async fn settled() -> (Self, Client) {
        let mut stage = Self::new();
        stage.release("registry/v2/aa");
        let client = stage.client();
        stage.applied().await;
        client.until(|status| status.standing == Standing::Connected).await;
        (stage, client)
    }

    pub fn client(&self) -> Client {
        self.client_of(UUID, KEY)
    }

    pub fn client_of(&self, uuid: &str, key: &str) -> Client {
        let api =
            ApiClient::new(self.cloud.url().parse().unwrap(), &Trust::nobody(), "Supervisor/test").unwrap();
        let view = CloudView::default();
        let core = CoreSide {
            client: Arc::new(CoreClient::new(&self.folder.path().join("core.sock"), "test")),
            sessions: self.sessions.subscribe(),
            states: self.states.follow(),
        };
        let key = DeviceKey::new(key.to_owned());
        let identity = Identity { uuid: uuid.to_owned(), key, device_id: None };
        let identity = watch::channel(Some(Arc::new(identity))).1;
        let cache = TargetCache::new(&self.state_dir());
        let run = target::run(api, cache, CloudSettings::default(), core, view.clone(), identity);
        Client {
            nudges: view.nudges.clone(),
            board: view.board.clone(),
            settings: view.settings.subscribe(),
            task: tokio::spawn(run),
        }
    }

    pub fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The file that the target is kept in: which file, and when it was last changed.
    pub fn kept(&self) -> Option<(u64, i64, i64)> {
        let kept = fs::metadata(self.state_dir().join("target")).ok()?;
        Some((kept.ino(), kept.mtime(), kept.mtime_nsec()))
    }

    /// A release whose only service runs this image.
    pub fn release(&self, image: &str) -> String {
        self.cloud.release(json!({ "services": { "main": { "image": image } } }))
    }

    /// How many questions for the target there were.
    pub fn questions(&self) -> usize {
        self.cloud.look(|world| world.requests(Route::State).filter(|seen| seen.status != 0).count())
    }

    /// Waits until the cloud has seen what the test wants.
    pub async fn cloud_saw<T>(&self, what: impl Fn(&World) -> Option<T>) -> T {
        let seen = async {
            loop {
                match self.cloud.look(&what) {
                    Some(found) => return found,
                    None => tokio::task::yield_now().await,
                }
            }
        };
        timeout(PATIENCE, seen).await.expect("the cloud never saw it")
    }

    /// Core's next call, which is to apply a target: app, commit and force.
    pub async fn applied(&mut self) -> (u64, String, bool) {
        match self.core.next().await.0 {
            Call::Apply { app_id, commit, force, no_wait: true } => (app_id, commit, force),
            other => panic!("{other:?}"),
        }
    }
}

impl Client {
    /// Asks once more, and waits for what the board says then.
    pub async fn ask(&self, wanted: impl Fn(&CloudStatus) -> bool) -> CloudStatus {
        self.nudges.nudge(false);
        self.until(wanted).await
    }

    pub async fn until(&self, wanted: impl Fn(&CloudStatus) -> bool) -> CloudStatus {
        let mut board = self.board.follow();
        let status = timeout(PATIENCE, board.wait_for(wanted)).await;
        status.expect("the board never says so").unwrap().clone()
    }

    /// As after a kill.
    pub async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// What else a cloud may want to run.
pub fn app(id: u64, image: &str) -> Value {
    json!({ "id": id, "name": "other", "is_host": false, "class": "app", "releases": { "0ther": {
        "id": 5, "services": { "main": { "id": 6, "image_id": 7, "image": image, "environment": {}, "labels": {} } },
    } } })
}

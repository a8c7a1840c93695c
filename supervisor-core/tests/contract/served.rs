//! A running server.

use std::{path::PathBuf, sync::Arc, time::Duration};

use supervisor_core::{
    actions::{
        api_access::ApiAccessKeeper,
        device_identity::DeviceIdentityKeeper,
        diagnose::{Diagnosis, Surroundings},
        power::{Boot, PowerActions},
        registry_access::RegistryAccessKeeper,
        terminal::Terminals,
    },
    grpc::{
        roles::RolePolicy,
        server::{ServeError, Services, serve},
        socket,
    },
    heartbeat::{ConnectivityState, Machine},
    policy_file::PolicyFile,
};
use supervisor_proto::client::CoreClient;
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};
use tonic::transport::{Channel, Endpoint};

use crate::fakes::{FakeDevice, World};

pub const FRONTEND_UID: u32 = 65532;
pub const ADMIN_GID: u32 = 4242;

/// A server behind which a fake device is; the tests themselves run as root.
pub struct Served {
    pub world: World,
    pub connectivity: watch::Sender<ConnectivityState>,
    pub folder: TempDir,
    pub task: JoinHandle<Result<(), ServeError>>,
}

impl Served {
    pub fn new() -> Self {
        Self::on(World::new())
    }

    pub fn on(world: World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = socket::bind(&folder.path().join("run/core.sock"), 0).unwrap();
        let store = || Arc::<FakeDevice>::clone(&world.device);
        let reconciler = || Arc::clone(&world.reconciler);
        let boot = Boot { id: "boot".to_owned() };
        let delay = Duration::from_hours(1);
        let (connectivity, states) = watch::channel(Machine::new(None, true).state().clone());
        let api_access = Arc::new(ApiAccessKeeper::new(store(), reconciler(), world.api.clone()));
        let surroundings = Surroundings {
            host_root: "/mnt/root".into(),
            data_path: "/resin-data".into(),
            state_dir: "/state".into(),
        };
        let diagnosis = Diagnosis::new(reconciler(), store(), store(), Arc::clone(&api_access), surroundings);
        let services = Services {
            diagnosis: Arc::new(diagnosis),
            socket_gid: FRONTEND_UID,
            policy_file: PolicyFile::default(),
            reconciler: reconciler(),
            power: Arc::new(PowerActions::new(store(), reconciler(), store(), boot, delay)),
            terminals: Arc::new(Terminals::new(reconciler(), store())),
            api_access,
            registry_access: Arc::new(RegistryAccessKeeper::new(reconciler(), world.registry.clone())),
            identity: Arc::new(DeviceIdentityKeeper::new(
                store(),
                reconciler(),
                world.facts.clone(),
                store(),
                true,
            )),
            heartbeat_switch: watch::channel(true).0,
            vpn: store(),
            connectivity: states,
            closing: world.closing.subscribe(),
        };
        let policy = RolePolicy { frontend_uid: FRONTEND_UID, admin_gid: Some(ADMIN_GID) };
        let task = tokio::spawn(serve(listener, policy, services));
        Self { world, connectivity, folder, task }
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("run/core.sock")
    }

    pub fn client(&self) -> CoreClient {
        CoreClient::new(&self.socket(), "test")
    }

    pub async fn channel(&self) -> Channel {
        let endpoint = Endpoint::try_from(format!("unix://{}", self.socket().display())).unwrap();
        endpoint.connect().await.unwrap()
    }
}

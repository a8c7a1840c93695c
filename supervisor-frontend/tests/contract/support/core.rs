//! A core that does what the test says and tells what it was asked for.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use supervisor_proto::{
    CONTRACT_VERSION,
    v1::{self, ErrorReason},
};
use tokio::{
    net::UnixListener,
    sync::{broadcast, mpsc, oneshot, watch},
};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Code, Status, transport::Server};

use super::{http::PATIENCE, shell::Shell};

/// A call as the fake core saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Hello,
    SetApiAccess {
        api_key: String,
        port: u32,
    },
    Power {
        off: bool,
        force: bool,
    },
    Restart {
        app_id: u64,
        force: bool,
    },
    /// An action on some services of an app only.
    Service {
        verb: &'static str,
        app_id: u64,
        services: Vec<String>,
        force: bool,
    },
    Stop {
        app_id: u64,
        force: bool,
    },
    Start {
        app_id: u64,
        force: bool,
    },
    Purge {
        app_id: u64,
        force: bool,
    },
    Update {
        force: bool,
        cancel: bool,
        apply: bool,
    },
    /// A target that the cloud wants.
    Apply {
        app_id: u64,
        commit: String,
        force: bool,
        no_wait: bool,
    },
    Remove {
        app_id: u64,
        force: bool,
    },
    Heartbeat {
        enabled: bool,
    },
    /// The device's key is noted as it came.
    Record {
        uuid: String,
        key: String,
        device_id: u64,
    },
    RegistryAccess {
        api_host: String,
        username: String,
        password: String,
    },
    Vpn {
        enabled: bool,
    },
}

/// What the fake core is to do.
#[derive(Clone)]
pub struct Script {
    pub contract_version: u32,
    /// The answer to every action; hello, key and streams are not concerned.
    pub failure: Option<(ErrorReason, &'static str, &'static str)>,
    /// Actions never answer.
    pub hangs: bool,
    /// What an action changes before it answers.
    pub on_action: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Default for Script {
    fn default() -> Self {
        Self { contract_version: CONTRACT_VERSION, failure: None, hangs: false, on_action: None }
    }
}

/// The part that the services share.
#[derive(Clone)]
pub struct Shared {
    pub script: Arc<Mutex<Script>>,
    pub calls: mpsc::UnboundedSender<(Call, Option<String>)>,
    pub apps: watch::Sender<v1::AppsState>,
    /// What describing an app answers, by app; others are unknown. It leaves no [`Call`].
    pub described: Arc<Mutex<BTreeMap<u64, v1::AppDescription>>>,
    /// Every target that was to be applied, in full.
    pub applied: Arc<Mutex<Vec<v1::Target>>>,
    pub connectivity: watch::Sender<v1::ConnectivityState>,
    pub rotations: broadcast::Sender<v1::RotationRequested>,
    /// What the apps say; whoever follows hears it all, from the beginning.
    pub journal: watch::Sender<Vec<v1::JournalLine>>,
    /// From when on the journal was asked for. It leaves no [`Call`].
    pub journal_asked: watch::Sender<Vec<u64>>,
    /// How many lines of it have been handed to a follower's connection, which holds less than half a megabyte.
    pub journal_handed: watch::Sender<usize>,
    pub shells: mpsc::UnboundedSender<Shell>,
}

impl Shared {
    /// Notes an action and carries out the script.
    pub async fn act(&self, call: Call, request_id: Option<String>) -> Result<(), Status> {
        self.calls.send((call, request_id)).unwrap();
        let script = self.script.lock().unwrap().clone();
        if script.hangs {
            std::future::pending::<()>().await;
        }
        if let Some(change) = script.on_action {
            change();
        }
        self.fail()
    }

    /// Fails if the script says so.
    pub fn fail(&self) -> Result<(), Status> {
        let failure = self.script.lock().unwrap().failure;
        match failure {
            None => Ok(()),
            Some((reason, subject, message)) => {
                Err(supervisor_proto::reason::status(Code::Aborted, reason, subject, message))
            }
        }
    }
}

pub struct FakeCore {
    end: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    pub shared: Shared,
    calls: mpsc::UnboundedReceiver<(Call, Option<String>)>,
    shells: mpsc::UnboundedReceiver<Shell>,
}

impl FakeCore {
    pub fn start(socket: &Path) -> Self {
        Self::start_with(socket, Script::default())
    }

    pub fn start_with(socket: &Path, script: Script) -> Self {
        let (sender, calls) = mpsc::unbounded_channel();
        let (shell_sender, shells) = mpsc::unbounded_channel();
        let online = v1::ConnectivityState { online: true, ..v1::ConnectivityState::default() };
        let shared = Shared {
            script: Arc::new(Mutex::new(script)),
            calls: sender,
            apps: watch::Sender::new(v1::AppsState::default()),
            described: Arc::default(),
            applied: Arc::default(),
            connectivity: watch::Sender::new(online),
            rotations: broadcast::Sender::new(4),
            journal: watch::Sender::default(),
            journal_asked: watch::Sender::default(),
            journal_handed: watch::Sender::default(),
            shells: shell_sender,
        };
        let _ = std::fs::remove_file(socket);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = {
            let _context = runtime.enter();
            UnixListener::bind(socket).unwrap()
        };
        let services = shared.clone();
        let (end, ended) = oneshot::channel();
        let thread = thread::spawn(move || {
            // Connections end with the runtime, in the middle of whatever they do.
            runtime.block_on(async {
                tokio::select! {
                    served = serve(listener, services) => served.unwrap(),
                    _ = ended => {}
                }
            });
        });
        Self { end: Some((end, thread)), shared, calls, shells }
    }

    /// The next call but greetings, of which each connection begins with one; with the request id it came with.
    pub async fn next(&mut self) -> (Call, Option<String>) {
        loop {
            let call = self.next_or_greeting().await;
            if call.0 != Call::Hello {
                return call;
            }
        }
    }

    /// The next call, or the greeting that a connection begins with.
    pub async fn next_or_greeting(&mut self) -> (Call, Option<String>) {
        tokio::time::timeout(PATIENCE, self.calls.recv()).await.expect("core was not called").unwrap()
    }

    /// How many calls there were that the test has not taken.
    pub fn calls_waiting(&self) -> usize {
        self.calls.len()
    }

    /// The next shell that is opened.
    pub async fn shell(&mut self) -> Shell {
        tokio::time::timeout(PATIENCE, self.shells.recv()).await.expect("no shell was opened").unwrap()
    }

    /// How many shells were opened that the test has not taken.
    pub fn shells_waiting(&self) -> usize {
        self.shells.len()
    }

    /// The next call that is `wanted`; others are passed over.
    pub async fn until(&mut self, wanted: impl Fn(&Call) -> bool) -> (Call, Option<String>) {
        loop {
            let found = self.next().await;
            if wanted(&found.0) {
                return found;
            }
        }
    }

    /// Waits until the frontend's link is up and has told its key, which it returns.
    pub async fn linked(&mut self) -> String {
        match self.until(|call| matches!(call, Call::SetApiAccess { .. })).await.0 {
            Call::SetApiAccess { api_key, .. } => api_key,
            other => panic!("{other:?}"),
        }
    }

    pub fn script(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.shared.script.lock().unwrap());
    }

    /// Dies as after `kill -9`: every connection breaks, nothing is answered any more.
    pub fn kill(mut self) {
        self.shut_down();
    }

    fn shut_down(&mut self) {
        if let Some((end, thread)) = self.end.take() {
            let _ = end.send(());
            thread.join().unwrap();
        }
    }
}

async fn serve(listener: UnixListener, services: Shared) -> Result<(), tonic::transport::Error> {
    Server::builder()
        .add_service(v1::contract_server::ContractServer::new(services.clone()))
        .add_service(v1::power_server::PowerServer::new(services.clone()))
        .add_service(v1::apps_server::AppsServer::new(services.clone()))
        .add_service(v1::inspection_server::InspectionServer::new(services.clone()))
        .add_service(v1::journal_server::JournalServer::new(services.clone()))
        .add_service(v1::terminal_server::TerminalServer::new(services.clone()))
        .add_service(v1::connectivity_server::ConnectivityServer::new(services.clone()))
        .add_service(v1::device_identity_server::DeviceIdentityServer::new(services.clone()))
        .add_service(v1::registry_server::RegistryServer::new(services.clone()))
        .add_service(v1::api_access_server::ApiAccessServer::new(services))
        .serve_with_incoming(UnixListenerStream::new(listener))
        .await
}

impl Drop for FakeCore {
    fn drop(&mut self) {
        self.shut_down();
    }
}

//! The typed client that the frontend and the local tool share: dials core's socket, checks the
//! contract's version, gives every call a deadline and turns every failure into a [`CallError`].

mod call_error;
mod calls;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Mutex;
/// What core says one after the other.
pub use tonic::Streaming;
use tonic::{
    Request, Response, Status,
    metadata::MetadataValue,
    transport::{Channel, Endpoint},
};

pub use self::call_error::CallError;
use crate::{
    CONTRACT_VERSION, REQUEST_ID_METADATA,
    v1::{self, contract_client::ContractClient},
};

/// How long dialling may take, and then the contract check.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a call may wait for a connection, whoever dials it.
const CHANNEL_TIMEOUT: Duration = Duration::from_secs(2 * CONNECT_TIMEOUT.as_secs());
/// How long a call may take that does no work on containers.
pub const QUICK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long opening a terminal may take: core waits for the engine, and for a shell in the container.
pub const TERMINAL_OPENING_TIMEOUT: Duration = Duration::from_secs(40);
/// What core may send ahead of a client that does not read its terminal.
const TERMINAL_WINDOW_BYTES: u32 = 128 << 10;
/// How long a call may take that waits for containers; core answers before it.
pub const ACTION_TIMEOUT: Duration = Duration::from_mins(15);

/// A client of core's socket. It dials when first used, keeps the connection, and dials anew after
/// the connection was lost; cheap to share behind an `Arc`.
///
/// The runtime of the first call drives the connection: calls from another one take two hops between threads more.
#[derive(Debug)]
pub struct CoreClient {
    socket: PathBuf,
    name: String,
    held: Mutex<Option<Held>>,
    /// Held while dialling for calls, across its awaits: who comes meanwhile shall wait for that connection.
    dialling: Mutex<()>,
    /// How many connections were given up, by this client or by one beside it.
    losses: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Held {
    channel: Channel,
    /// What `losses` was before it was dialled.
    losses: u64,
}

/// Which core a connection reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// Core's own version.
    pub core_version: String,
    /// The role that core gives this process.
    pub role: v1::Role,
}

impl CoreClient {
    /// A client for the socket at `socket`; `name` is what core logs of this program.
    pub fn new(socket: &Path, name: impl Into<String>) -> Self {
        Self {
            socket: socket.to_owned(),
            name: name.into(),
            held: Mutex::default(),
            dialling: Mutex::default(),
            losses: Arc::default(),
        }
    }

    /// A client of the same core with a connection of its own, for another runtime. When one of the two gives its
    /// connection up, so does the other.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self {
            socket: self.socket.clone(),
            name: self.name.clone(),
            held: Mutex::default(),
            dialling: Mutex::default(),
            losses: Arc::clone(&self.losses),
        }
    }

    /// Dials, and tells who answered.
    pub async fn hello(&self) -> Result<Hello, CallError> {
        self.dial_and_hold().await.map(|(_, hello)| hello)
    }

    /// Drops the connection, so that the next call dials anew.
    pub async fn disconnect(&self) {
        self.losses.fetch_add(1, Ordering::Release);
        *self.held.lock().await = None;
    }

    async fn dial_with(
        &self,
        settings: impl FnOnce(Endpoint) -> Endpoint,
    ) -> Result<(Channel, Hello), CallError> {
        let unreachable = |source| CallError::Unreachable { socket: self.socket.clone(), source };
        let endpoint = Endpoint::try_from(format!("unix://{}", self.socket.display()))
            .map_err(unreachable)?
            .connect_timeout(CONNECT_TIMEOUT);
        let endpoint = settings(endpoint);
        let channel = endpoint.connect().await.map_err(unreachable)?;
        let mut request =
            Request::new(v1::HelloRequest { contract_version: CONTRACT_VERSION, client: self.name.clone() });
        request.set_timeout(CONNECT_TIMEOUT);
        let reply = within(CONNECT_TIMEOUT, ContractClient::new(channel.clone()).hello(request)).await?;
        if reply.contract_version != CONTRACT_VERSION {
            return Err(CallError::ContractMismatch { theirs: reply.contract_version });
        }
        let role = reply.role();
        Ok((channel, Hello { core_version: reply.core_version, role }))
    }

    /// A connection of its own, on which core sends little ahead of who does not read.
    async fn channel_apart(&self) -> Result<Channel, CallError> {
        let bounded = |endpoint: Endpoint| endpoint.initial_stream_window_size(TERMINAL_WINDOW_BYTES);
        self.dial_with(bounded).await.map(|(channel, _)| channel)
    }

    /// After a call that broke off the next one dials anew.
    async fn kept<T>(&self, answer: Result<T, CallError>) -> Result<T, CallError> {
        if matches!(answer, Err(CallError::Interrupted(_))) {
            self.disconnect().await;
        }
        answer
    }

    /// The connection, which one call dials for all that want it at that time.
    async fn channel(&self) -> Result<Channel, CallError> {
        if let Some(channel) = self.held().await {
            return Ok(channel);
        }
        let dialled = async {
            let _dialling = self.dialling.lock().await;
            match self.held().await {
                Some(channel) => Ok(channel),
                None => self.dial_and_hold().await.map(|(channel, _)| channel),
            }
        };
        // Nobody waits longer for the others' attempts than for an own one.
        tokio::time::timeout(CHANNEL_TIMEOUT, dialled).await.unwrap_or_else(|_| Err(too_late()))
    }

    async fn dial_and_hold(&self) -> Result<(Channel, Hello), CallError> {
        let losses = self.losses.load(Ordering::Acquire);
        let (channel, hello) = self.dial_with(|endpoint| endpoint).await?;
        *self.held.lock().await = Some(Held { channel: channel.clone(), losses });
        Ok((channel, hello))
    }

    async fn held(&self) -> Option<Channel> {
        let held = self.held.lock().await;
        let held = held.as_ref().filter(|held| held.losses == self.losses.load(Ordering::Acquire));
        held.map(|held| held.channel.clone())
    }
}

/// A request that core's log shows under this id.
fn named<T>(message: T, request_id: &str) -> Request<T> {
    let mut request = Request::new(message);
    if let Ok(value) = MetadataValue::try_from(request_id) {
        request.metadata_mut().insert(REQUEST_ID_METADATA, value);
    }
    request
}

async fn within<T>(
    deadline: Duration,
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, CallError> {
    match tokio::time::timeout(deadline, call).await {
        Ok(answer) => answer.map(Response::into_inner).map_err(CallError::from),
        Err(_) => Err(too_late()),
    }
}

fn too_late() -> CallError {
    CallError::Interrupted(Box::new(Status::deadline_exceeded("no answer in time")))
}

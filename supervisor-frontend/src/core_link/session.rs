//! One connection to core, from the greeting to its end.

use std::{convert::Infallible, sync::Arc, time::Duration};

use supervisor_proto::{
    client::CallError,
    v1::{
        AppsState, ConnectivityState, ErrorReason, RotationRequested, SetApiAccessRequest,
        WatchConnectivityRequest, WatchRequest, WatchRotationsRequest,
    },
};
use tokio::{task::spawn_blocking, time::timeout};
use tonic::Streaming;

use super::{AppsSummary, CoreLink, KeyChanges, LinkError};
use crate::error_chain::chain;

/// What core's log shows for calls that no HTTP request caused.
const REQUEST_ID: &str = "link";
/// How long a new key may take to reach the disk.
const DISK_DEADLINE: Duration = Duration::from_secs(30);

struct Streams {
    apps: Option<Streaming<AppsState>>,
    connectivity: Option<Streaming<ConnectivityState>>,
    rotations: Option<Streaming<RotationRequested>>,
}

impl CoreLink {
    /// Greets core, tells it the key, and follows its streams until one of them ends.
    pub(super) async fn session(&self) -> Result<Infallible, LinkError> {
        let mut keys = self.keys.changes();
        let hello = self.client.hello().await?;
        log::info!("core link up core_version={} role={}", hello.core_version, hello.role.as_str_name());
        let mut streams = self.open().await?;
        self.tell_key(&mut keys).await?;
        self.pass_on_update().await?;
        self.presence.came();
        loop {
            tokio::select! {
                state = next(&mut streams.apps) => {
                    let state = state?;
                    self.apps.send_replace(Arc::new(AppsSummary::of(&state)));
                    self.states.keep(state);
                }
                state = next(&mut streams.connectivity) => self.led.set_online(state?.online),
                request = next(&mut streams.rotations) => {
                    request?;
                    // After a failure core is told nothing, or it would take the old key for a new one.
                    if self.rotate().await {
                        self.tell_key(&mut keys).await?;
                    }
                }
                () = keys.changed() => self.tell_key(&mut keys).await?,
                () = self.updates.added() => self.pass_on_update().await?,
            }
        }
    }

    async fn open(&self) -> Result<Streams, LinkError> {
        let client = &self.client;
        Ok(Streams {
            apps: permitted("Apps.Watch", client.watch(WatchRequest {}, REQUEST_ID).await)?,
            connectivity: permitted(
                "Connectivity.WatchConnectivity",
                client.watch_connectivity(WatchConnectivityRequest {}, REQUEST_ID).await,
            )?,
            rotations: permitted(
                "ApiAccess.WatchRotations",
                client.watch_rotations(WatchRotationsRequest {}, REQUEST_ID).await,
            )?,
        })
    }

    async fn tell_key(&self, keys: &mut KeyChanges) -> Result<(), LinkError> {
        let Some(key) = keys.take() else { return Ok(()) };
        let message = SetApiAccessRequest { api_key: key.expose().to_owned(), port: u32::from(self.port) };
        permitted("ApiAccess.SetApiAccess", self.client.set_api_access(message, REQUEST_ID).await)?;
        Ok(())
    }

    /// Whether there is a new key, or the fixed one again.
    async fn rotate(&self) -> bool {
        let keys = self.keys.clone();
        match timeout(DISK_DEADLINE, spawn_blocking(move || keys.rotate())).await {
            Ok(Ok(Ok(_))) => return true,
            Ok(Ok(Err(error))) => {
                log::error!("API key not rotated, the old one stays error='{}'", chain(&error));
            }
            Ok(Err(error)) => log::error!("API key not rotated error='{error}'"),
            Err(_) => log::error!("API key not rotated in time, the disk does not answer"),
        }
        false
    }

    /// Passes on what is pending. A wish that core may not have heard is kept: hearing it twice does
    /// no harm.
    async fn pass_on_update(&self) -> Result<(), LinkError> {
        let Some(wish) = self.updates.take() else { return Ok(()) };
        match self.client.update(wish.into(), REQUEST_ID).await {
            Ok(_) => Ok(()),
            Err(error @ CallError::Refused { .. }) if !is_passing(&error) => {
                log::error!("core refused the update error='{}'", chain(&error));
                Ok(())
            }
            Err(error) => {
                self.updates.put_back(wish);
                Err(error.into())
            }
        }
    }
}

/// Whether asking again later can help.
fn is_passing(error: &CallError) -> bool {
    matches!(
        error.reason(),
        Some(
            ErrorReason::StoreUnavailable
                | ErrorReason::EngineUnavailable
                | ErrorReason::StillInProgress
                | ErrorReason::Internal
        )
    )
}

/// Goes on without what this process has no role for: run as root in a lab, core takes the frontend
/// for an administrator.
fn permitted<T>(method: &str, outcome: Result<T, CallError>) -> Result<Option<T>, LinkError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.reason() == Some(ErrorReason::PeerDenied) => {
            log::warn!("core does not permit this process method={method} error='{error}'");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn next<T>(stream: &mut Option<Streaming<T>>) -> Result<T, LinkError> {
    match stream {
        None => std::future::pending().await,
        Some(stream) => match stream.message().await {
            Ok(Some(item)) => Ok(item),
            Ok(None) => Err(LinkError::Closed),
            Err(status) => Err(LinkError::Broken(Box::new(status))),
        },
    }
}

//! Puts the parts together and runs them until asked to stop.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use supervisor_proto::client::CoreClient;
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    auth::key_ring::KeyRing,
    cloud::{self, CloudHandle, CloudView, Surroundings},
    config::Config,
    core_link::CoreLink,
    device::DeviceFacts,
    health::{self, Health},
    http::request_id::RequestIds,
    led::{self, LedHandle, file::LedFile},
    services::Services,
    serving::{ApiRecipe, Entrance, Serving},
    terminal::{
        TerminalLimits,
        registry::{Hearts, Terminals},
    },
    watchdog::Heart,
};

const CLIENT_NAME: &str = concat!("supervisor-frontend/", env!("CARGO_PKG_VERSION"));

/// How long the network's other side may take. The defaults are for devices; tests shorten them.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a request's head.
    pub head_deadline: Duration,
    /// For a request's body.
    pub body_deadline: Duration,
    /// For the next request on a connection.
    pub keep_alive: Duration,
    /// For requests in flight, once the server is asked to stop.
    pub drain: Duration,
    /// For core's absence, before that makes the supervisor unhealthy.
    pub core_absence: Duration,
    /// Of the terminals.
    pub terminal: TerminalLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_deadline: Duration::from_secs(5),
            body_deadline: Duration::from_secs(10),
            keep_alive: Duration::from_secs(15),
            drain: Duration::from_secs(20),
            core_absence: health::CORE_ABSENCE,
            terminal: TerminalLimits::default(),
        }
    }
}

/// A server that answers.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<()>>,
    terminals: Arc<Terminals>,
    link: JoinHandle<()>,
    cloud: CloudHandle,
    led: JoinHandle<()>,
    worker_heart: Heart,
    main_heart: Heart,
    beating: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Signs of life of all loops, with their names, for the watchdog.
    pub fn hearts(&self) -> Vec<(&'static str, Heart)> {
        let Hearts { thread, worker } = self.terminals.hearts().clone();
        vec![
            ("main", self.main_heart.clone()),
            ("http", self.worker_heart.clone()),
            ("terminal", thread),
            ("terminal-http", worker),
        ]
    }

    /// The cloud client.
    pub const fn cloud(&self) -> &CloudHandle {
        &self.cloud
    }

    /// Finishes the requests in flight and stops.
    pub async fn stop(self) -> io::Result<()> {
        self.terminals.stop().await;
        self.cloud.stop().await;
        // Should the task have ended by itself, its outcome says why.
        let _ = self.stop.send(());
        let outcome = self.serving.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        // Only now: requests in flight still go by what the link knows of core, and it passes on the updates they ask for.
        self.link.abort();
        self.beating.abort();
        // The light goes off when the last handle is gone; it has its own deadline for the file.
        let _ = self.link.await;
        let _ = tokio::time::timeout(Duration::from_secs(2), self.led).await;
        outcome
    }
}

/// Starts everything; returns when the API answers. A port that something else holds is waited for.
pub async fn start(config: &Config, limits: Limits) -> io::Result<Running> {
    let entrance = Entrance::open(config).await?;
    let address = entrance.address()?;
    let keys = Arc::new(key_ring(config));
    let core = Arc::new(CoreClient::new(&config.core_socket, CLIENT_NAME));
    let (led, wishes) = LedHandle::new();
    let (link, link_handle) = CoreLink::new(core.clone(), keys.clone(), address.port(), led.clone());
    let device = Arc::new(DeviceFacts::read(address.port(), &config.os_release));
    let surroundings = Surroundings {
        core: core.clone(),
        sessions: link_handle.sessions(),
        states: link_handle.states().clone(),
        keys: keys.clone(),
        device: device.clone(),
    };
    let view = CloudView::default();
    let main_heart = Heart::default();
    let terminals = Terminals::new(config, limits.terminal);
    let services = Services {
        keys,
        core,
        link: link_handle,
        cloud: view.clone(),
        led,
        device,
        health: Health { main: main_heart.clone(), core_absence: limits.core_absence },
        terminals: terminals.clone(),
        request_ids: Arc::new(RequestIds::new()),
        body_deadline: limits.body_deadline,
    };
    let worker_heart = Heart::default();
    let recipe = ApiRecipe { services, limits, heart: worker_heart.clone() };
    let serving = Serving::start(recipe, entrance)?;
    let (stop, stopped) = oneshot::channel();
    log::info!("listening address={address}");
    warn_of_openness(config);
    Ok(Running {
        address,
        stop,
        serving: tokio::spawn(serving.run(stopped)),
        terminals,
        // Before the link, so that it misses none of what core says.
        cloud: cloud::start(config.cloud.clone(), surroundings, view),
        link: tokio::spawn(link.run()),
        led: tokio::spawn(led::engine::run(wishes, LedFile::new(&config.led_file))),
        worker_heart,
        beating: tokio::spawn(main_heart.clone().beat(|| {})),
        main_heart,
    })
}

fn key_ring(config: &Config) -> KeyRing {
    match &config.fixed_key {
        Some(key) => KeyRing::fixed(key.clone()),
        None => KeyRing::open(&config.state_dir),
    }
}

/// The API is plain HTTP, and open to whoever reaches it: nobody shall find that out by accident.
fn warn_of_openness(config: &Config) {
    match &config.interfaces {
        None if config.listen.ip().is_loopback() => {}
        None => log::warn!("LISTEN_INTERFACES is not set: every network that reaches this port may call"),
        Some(names) if names.have_loopback() => {}
        Some(_) => log::warn!(
            "LISTEN_INTERFACES has no lo: the healthcheck and apps on the host's network cannot call"
        ),
    }
}

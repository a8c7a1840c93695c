//! Puts the parts together and runs them until asked to stop.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{App, HttpServer, dev::ServerHandle, middleware::from_fn, web};
use supervisor_proto::client::CoreClient;
use tokio::task::JoinHandle;

use crate::{
    auth::key_ring::KeyRing,
    config::Config,
    core_link::CoreLink,
    device::DeviceFacts,
    health::{self, Health},
    http::{gate::gate, listener, request_id::RequestIds},
    led::{self, LedHandle, file::LedFile},
    routes,
    services::Services,
    watchdog::Heart,
};

const CLIENT_NAME: &str = concat!("supervisor-frontend/", env!("CARGO_PKG_VERSION"));
/// Each connection may hold a head of 128 KiB, so their number is what bounds the memory.
const MAX_CONNECTIONS: usize = 128;
/// Blocking work is rare: a key, an address lookup. It waits for its turn.
const BLOCKING_THREADS: usize = 2;

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
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_deadline: Duration::from_secs(5),
            body_deadline: Duration::from_secs(10),
            keep_alive: Duration::from_secs(15),
            drain: Duration::from_secs(20),
            core_absence: health::CORE_ABSENCE,
        }
    }
}

/// A server that answers.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    handle: ServerHandle,
    server: JoinHandle<io::Result<()>>,
    link: JoinHandle<()>,
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

    /// Beats while the thread that works on requests turns.
    pub fn worker_heart(&self) -> Heart {
        self.worker_heart.clone()
    }

    /// Beats while the thread that everything was started on turns.
    pub fn main_heart(&self) -> Heart {
        self.main_heart.clone()
    }

    /// Finishes the requests in flight and stops.
    pub async fn stop(self) -> io::Result<()> {
        self.handle.stop(true).await;
        // Only now: requests in flight may still need the connection that the link's task drives.
        self.link.abort();
        self.beating.abort();
        let outcome = self.server.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        // The light goes off when the last handle is gone; it has its own deadline for the file.
        let _ = self.link.await;
        let _ = tokio::time::timeout(Duration::from_secs(2), self.led).await;
        outcome
    }
}

/// Starts everything; returns when the API answers. A port that something else holds is waited for.
pub async fn start(config: &Config, limits: Limits) -> io::Result<Running> {
    let listener = listener::bind(config.listen).await?;
    let address = listener.local_addr()?;
    let keys = Arc::new(match &config.fixed_key {
        Some(key) => KeyRing::fixed(key.clone()),
        None => KeyRing::open(&config.state_dir),
    });
    let core = Arc::new(CoreClient::new(&config.core_socket, CLIENT_NAME));
    let (led, wishes) = LedHandle::new();
    let (link, link_handle) = CoreLink::new(core.clone(), keys.clone(), address.port(), led.clone());
    let main_heart = Heart::default();
    let services = web::Data::new(Services {
        keys,
        core,
        link: link_handle,
        led,
        device: DeviceFacts::read(address.port(), &config.os_release),
        health: Health { main: main_heart.clone(), core_absence: limits.core_absence },
        request_ids: RequestIds::new(),
        body_deadline: limits.body_deadline,
    });
    let worker_heart = Heart::default();
    let server = serve(listener, services, limits, worker_heart.clone())?;
    let handle = server.handle();
    let server = tokio::spawn(server);
    log::info!("listening address={address}");
    Ok(Running {
        address,
        handle,
        server,
        link: tokio::spawn(link.run()),
        led: tokio::spawn(led::engine::run(wishes, LedFile::new(&config.led_file))),
        worker_heart,
        beating: tokio::spawn(main_heart.clone().beat(|| {})),
        main_heart,
    })
}

fn serve(
    listener: std::net::TcpListener,
    services: web::Data<Services>,
    limits: Limits,
    heart: Heart,
) -> io::Result<actix_web::dev::Server> {
    let app = move || {
        // The factory runs once, on the worker's thread.
        actix_web::rt::spawn(heart.clone().beat(|| {}));
        App::new().app_data(services.clone()).wrap(from_fn(gate)).configure(routes::configure)
    };
    Ok(HttpServer::new(app)
        .workers(1)
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .max_connections(MAX_CONNECTIONS)
        .client_request_timeout(limits.head_deadline)
        .client_disconnect_timeout(Duration::from_secs(2))
        .keep_alive(limits.keep_alive)
        .shutdown_timeout(limits.drain.as_secs())
        .tcp_nodelay(true)
        .disable_signals()
        .listen(listener)?
        .run())
}

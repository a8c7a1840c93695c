//! The terminal's own listener: the page, its assets and its WebSocket, and nothing else.

mod assets;
mod gate;
mod origin;
mod page;
mod socket;

use std::{
    io,
    net::TcpListener,
    sync::{Arc, Weak},
    time::Duration,
};

use actix_web::{App, dev, middleware::from_fn, web};
use tokio::{runtime::Handle, sync::oneshot, task::JoinHandle, time::timeout};

use super::{
    registry::{Hearts, Settings, SpawnError, Terminals},
    thread::TerminalThread,
};
use crate::{
    http::{
        on_demand::{self, Bounds},
        request_id::RequestIds,
    },
    serving::{Entrance, Recipe, Serving},
    watchdog::Heart,
};

const BOUNDS: Bounds = Bounds {
    // A browser opens a handful for each tab.
    connections: 64,
    blocking_threads: 1,
    head_deadline: Duration::from_secs(5),
    keep_alive: Duration::from_secs(15),
    // Tabs do not end by themselves, so there is no use in waiting for them.
    drain: Duration::from_secs(1),
};
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// The running listener and its thread.
#[derive(Debug)]
pub(super) struct Site {
    port: u16,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    thread: TerminalThread,
}

/// Shared by the routes. The terminals own this, so it does not keep them.
pub(super) struct Shared {
    terminals: Weak<Terminals>,
    request_ids: RequestIds,
}

impl Site {
    /// Opens it at once, or says why not.
    pub(super) async fn open(
        settings: &Settings,
        hearts: Hearts,
        terminals: Weak<Terminals>,
    ) -> Result<Self, SpawnError> {
        let thread = TerminalThread::start().map_err(SpawnError::Port)?;
        let (listen, interfaces) = (settings.listen, settings.interfaces.clone());
        let (stop, stopped) = oneshot::channel();
        thread.handle().spawn(hearts.thread.beat(|| {}));
        let opening = thread.handle().spawn(async move {
            let entrance = Entrance::open_now(listen, interfaces).map_err(SpawnError::Port)?;
            if !entrance.is_open() {
                let port_taken = entrance.failure().map(|kind| SpawnError::Port(kind.into()));
                return Err(port_taken.unwrap_or(SpawnError::NoInterface));
            }
            let port = entrance.address().map_err(SpawnError::Port)?.port();
            let shared = web::Data::new(Shared { terminals, request_ids: RequestIds::new() });
            let serving = Serving::start(TerminalRecipe { shared, heart: hearts.worker }, entrance)
                .map_err(SpawnError::Port)?;
            Ok((port, serving))
        });
        let (port, serving) = opening.await.map_err(|error| SpawnError::Port(io::Error::other(error)))??;
        let serving = thread.handle().spawn(async move {
            if let Err(error) = serving.run(stopped).await {
                log::error!("terminal's listener ended error='{error}'");
            }
        });
        log::info!("terminal listening address={listen} port={port}");
        Ok(Self { port, stop, serving, thread })
    }

    /// Where it listens.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Where the terminals' tasks run.
    pub(super) const fn handle(&self) -> &Handle {
        self.thread.handle()
    }

    /// Closes the listener and what is connected to it.
    pub(super) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = timeout(STOP_DEADLINE, self.serving).await;
    }
}

struct TerminalRecipe {
    shared: web::Data<Shared>,
    heart: Heart,
}

impl Recipe for TerminalRecipe {
    fn server(&self, listeners: Vec<TcpListener>) -> io::Result<dev::Server> {
        let (shared, heart) = (self.shared.clone(), self.heart.clone());
        let app = move || {
            // On the thread of the requests.
            actix_web::rt::spawn(heart.clone().beat(|| {}));
            App::new().app_data(shared.clone()).wrap(from_fn(gate::gate)).configure(configure)
        };
        on_demand::server(listeners, BOUNDS, app)
    }

    fn heart(&self) -> Heart {
        self.heart.clone()
    }
}

fn configure(app: &mut web::ServiceConfig) {
    app.route("/s/{id}/", web::get().to(page::by_id))
        .route("/s/{id}/alive", web::get().to(socket::alive))
        .route("/s/{id}/socket", web::get().to(socket::open))
        .route("/assets/{version}/{name}", web::get().to(assets::get))
        .route("/{token}", web::get().to(page::by_token))
        .default_service(web::to(page::gone));
}

impl Shared {
    fn terminals(&self) -> Option<Arc<Terminals>> {
        self.terminals.upgrade()
    }
}

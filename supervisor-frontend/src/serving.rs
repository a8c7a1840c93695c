//! The HTTP server over listeners that may come and go.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use actix_web::{App, dev, dev::ServerHandle, middleware::from_fn, web};
use tokio::{sync::oneshot, task::JoinHandle, time::sleep};

use crate::{
    config::Config,
    http::{
        gate::gate,
        listener,
        on_demand::{self, Bounds},
    },
    interfaces::{Doors, InterfaceNames},
    routes,
    server::Limits,
    services::Services,
    watchdog::Heart,
};

/// Each connection may hold a head of 128 KiB, so their number is what bounds the memory.
const MAX_CONNECTIONS: usize = 128;
/// Blocking work is rare: a key, an address lookup. It waits for its turn.
const BLOCKING_THREADS: usize = 2;
/// Between two attempts to begin the next server, which fail for want of threads or file descriptors.
const RETRY_DELAY: Duration = Duration::from_secs(5);

/// Where the API listens.
#[derive(Debug)]
pub enum Entrance {
    /// One listener for all interfaces.
    Everywhere(TcpListener),
    /// One for each of the interfaces that the owner named.
    Interfaces(SocketAddr, Doors),
}

impl Entrance {
    /// Opens it as the settings say. A port that something else holds is waited for.
    pub async fn open(config: &Config) -> io::Result<Self> {
        Ok(match &config.interfaces {
            None => Self::Everywhere(listener::bind(config.listen).await?),
            Some(names) => Self::Interfaces(config.listen, Doors::open(config.listen, names.clone())?),
        })
    }

    /// Opens it without waiting for a port that something else holds.
    pub fn open_now(listen: SocketAddr, interfaces: Option<InterfaceNames>) -> io::Result<Self> {
        Ok(match interfaces {
            None => Self::Everywhere(listener::listen(listen, None)?),
            Some(names) => Self::Interfaces(listen, Doors::open(listen, names)?),
        })
    }

    /// Whether there is a listener now.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Everywhere(_) => true,
            Self::Interfaces(_, doors) => doors.are_open(),
        }
    }

    /// Why some interface that is there could not be listened on.
    pub fn failure(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Everywhere(_) => None,
            Self::Interfaces(_, doors) => doors.failure(),
        }
    }

    /// The address and port.
    pub fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Everywhere(listener) => listener.local_addr(),
            Self::Interfaces(address, _) => Ok(*address),
        }
    }

    fn listeners(&self) -> io::Result<Vec<TcpListener>> {
        match self {
            Self::Everywhere(listener) => Ok(vec![listener.try_clone()?]),
            Self::Interfaces(_, doors) => doors.listeners(),
        }
    }

    async fn changed(&mut self) {
        match self {
            Self::Everywhere(_) => std::future::pending().await,
            Self::Interfaces(_, doors) => doors.changed().await,
        }
    }
}

/// What each server is made from.
pub trait Recipe: Send {
    /// A server over these listeners.
    fn server(&self, listeners: Vec<TcpListener>) -> io::Result<dev::Server>;
    /// Beats while the thread that works on requests turns.
    fn heart(&self) -> Heart;
}

/// What each server of the API is made from.
#[derive(Debug)]
pub struct ApiRecipe {
    /// What the routes work with.
    pub services: Services,
    /// How long the network's other side may take.
    pub limits: Limits,
    /// Beats while the thread that works on requests turns.
    pub heart: Heart,
}

/// The server over the listeners that there are. A server's listeners cannot be changed, so when they do the
/// next server begins on all of them, and then the one before finishes its requests.
#[derive(Debug)]
pub struct Serving<R> {
    recipe: R,
    entrance: Entrance,
    current: Generation,
    /// The current one is not over the listeners that there are.
    is_outdated: bool,
}

#[derive(Debug)]
enum Generation {
    Server(ServerHandle, JoinHandle<io::Result<()>>),
    /// There is no interface to listen on, and no thread that could beat.
    Idle(JoinHandle<()>),
}

impl<R: Recipe> Serving<R> {
    /// Answers when this returns.
    pub fn start(recipe: R, entrance: Entrance) -> io::Result<Self> {
        let current = Generation::start(&recipe, &entrance)?;
        Ok(Self { recipe, entrance, current, is_outdated: false })
    }

    /// Serves until told to stop, and then finishes the requests in flight.
    pub async fn run(mut self, mut stop: oneshot::Receiver<()>) -> io::Result<()> {
        loop {
            tokio::select! {
                () = self.entrance.changed() => self.replace(),
                () = sleep(RETRY_DELAY), if self.is_outdated => self.replace(),
                _ = &mut stop => break,
            }
        }
        let Self { entrance, current, .. } = self;
        // Nobody else is let in while the requests in flight are finished.
        drop(entrance);
        current.end().await
    }

    fn replace(&mut self) {
        let next = Generation::start(&self.recipe, &self.entrance);
        self.is_outdated = next.is_err();
        match next {
            Ok(next) => {
                let before = std::mem::replace(&mut self.current, next);
                // In the background; its outcome is only that requests took too long.
                tokio::spawn(before.end());
            }
            Err(error) => {
                log::error!("server over other interfaces not started, trying again error='{error}'");
            }
        }
    }
}

impl Recipe for ApiRecipe {
    fn server(&self, listeners: Vec<TcpListener>) -> io::Result<dev::Server> {
        let (services, heart) = (web::Data::new(self.services.for_a_thread()), self.heart.clone());
        let app = move || {
            // On the thread of the requests.
            actix_web::rt::spawn(heart.clone().beat(|| {}));
            App::new().app_data(services.clone()).wrap(from_fn(gate)).configure(routes::configure)
        };
        let bounds = Bounds {
            connections: MAX_CONNECTIONS,
            blocking_threads: BLOCKING_THREADS,
            head_deadline: self.limits.head_deadline,
            keep_alive: self.limits.keep_alive,
            drain: self.limits.drain,
        };
        on_demand::server(listeners, bounds, app)
    }

    fn heart(&self) -> Heart {
        self.heart.clone()
    }
}

impl Generation {
    fn start(recipe: &impl Recipe, entrance: &Entrance) -> io::Result<Self> {
        let listeners = entrance.listeners()?;
        if listeners.is_empty() {
            return Ok(Self::Idle(tokio::spawn(recipe.heart().beat(|| {}))));
        }
        let server = recipe.server(listeners)?;
        Ok(Self::Server(server.handle(), tokio::spawn(server)))
    }

    async fn end(self) -> io::Result<()> {
        match self {
            Self::Server(handle, task) => {
                handle.stop(true).await;
                task.await.unwrap_or_else(|error| Err(io::Error::other(error)))
            }
            Self::Idle(beating) => {
                beating.abort();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    /// Fails so many times.
    struct Stubborn(Arc<AtomicUsize>);

    impl Recipe for Stubborn {
        fn server(&self, listeners: Vec<TcpListener>) -> io::Result<dev::Server> {
            let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if left.is_ok() {
                return Err(io::Error::other("no thread"));
            }
            let mut server = actix_web::HttpServer::new(App::new).workers(1).disable_signals();
            for listener in listeners {
                server = server.listen(listener)?;
            }
            Ok(server.run())
        }

        fn heart(&self) -> Heart {
            Heart::default()
        }
    }

    #[actix_web::test]
    async fn server_that_could_not_begin_is_tried_again() {
        let failures = Arc::new(AtomicUsize::new(0));
        let entrance = Entrance::open_now(SocketAddr::from(([127, 0, 0, 1], 0)), None).unwrap();
        let mut serving = Serving::start(Stubborn(failures.clone()), entrance).unwrap();
        failures.store(2, Ordering::SeqCst);
        tokio::time::pause();
        serving.replace();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(serving.run(stopped));
        sleep(RETRY_DELAY * 3).await;
        assert_eq!(failures.load(Ordering::SeqCst), 0, "not tried again");
        tokio::time::resume();
        stop.send(()).unwrap();
        running.await.unwrap().unwrap();
    }
}

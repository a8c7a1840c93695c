//! All terminals: one for each app at most, and the listener that they share.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use supervisor_proto::ids::{AppId, ServiceName};
use tokio::{runtime::Handle, sync::Semaphore, time::timeout};

use super::{
    SESSIONS_MAX, TerminalLimits,
    ending::Ending,
    host,
    lifetime::Allowance,
    session::{Identity, Session},
    site::Site,
    token::Token,
    tunnel::{Tunnel, TunnelError, command::TunnelCommand},
};
use crate::{config::Config, device::addresses::Addresses, interfaces::InterfaceNames, watchdog::Heart};

/// How long a request waits while another one opens a terminal.
const TURN: Duration = Duration::from_secs(30);

/// Why there is no terminal. What it displays is for the client who asked.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// [`SESSIONS_MAX`] are open.
    #[error("{SESSIONS_MAX} terminals are open, as many as allowed: end one with despawn-tty")]
    TooMany,
    /// Another terminal is being opened, and that takes too long.
    #[error("Another terminal is being opened")]
    Busy,
    /// The listener's port is taken, or its address is not there.
    #[error("The terminal's port cannot be listened on, see TTY-LISTEN-PORT")]
    Port(#[source] io::Error),
    /// No interface of `LISTEN_INTERFACES` is there.
    #[error("No interface of LISTEN-INTERFACES is there")]
    NoInterface,
    /// No interface that is listened on has an address that the URL could have; brackets, which an IPv6 address needs, are outside the
    /// characters that an answer can carry.
    #[error("The device has no IPv4 address for the terminal's URL")]
    NoAddress,
    /// The owner's tunnel failed.
    #[error(transparent)]
    Tunnel(#[from] TunnelError),
    /// The kernel gave no random bytes.
    #[error("No randomness for the terminal's URL")]
    Randomness(#[from] getrandom::Error),
}

/// The app that a terminal is asked for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Its id.
    pub app: AppId,
    /// Its name, for the page.
    pub app_name: String,
    /// The service; `None`: core chooses.
    pub service: Option<ServiceName>,
}

/// What terminals are made with.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) core_socket: PathBuf,
    pub(super) listen: SocketAddr,
    pub(super) interfaces: Option<InterfaceNames>,
    pub(super) tunnel: Option<TunnelCommand>,
    pub(super) allowance: Allowance,
    pub(super) limits: TerminalLimits,
}

/// All terminals. Nothing is listened on before the first.
#[derive(Debug)]
pub struct Terminals {
    settings: Settings,
    sessions: Mutex<BTreeMap<AppId, Arc<Session>>>,
    site: Mutex<Option<Site>>,
    turn: Semaphore,
    hearts: Hearts,
}

/// Signs of life of what terminals run on, once there is one.
#[derive(Debug, Clone)]
pub struct Hearts {
    /// Of the shells' streams and the tunnels.
    pub thread: Heart,
    /// Of the listener's worker, and so of the tabs.
    pub worker: Heart,
}

impl Default for Hearts {
    fn default() -> Self {
        Self { thread: Heart::resting(), worker: Heart::resting() }
    }
}

impl Terminals {
    /// None yet.
    pub fn new(config: &Config, limits: TerminalLimits) -> Arc<Self> {
        Arc::new(Self {
            settings: Settings {
                core_socket: config.core_socket.clone(),
                listen: SocketAddr::new(config.listen.ip(), config.tty_port),
                interfaces: config.interfaces.clone(),
                tunnel: config.tunnel.clone(),
                allowance: config.tty_allowance,
                limits,
            },
            sessions: Mutex::default(),
            site: Mutex::default(),
            turn: Semaphore::new(1),
            hearts: Hearts::default(),
        })
    }

    /// For the watchdog.
    pub const fn hearts(&self) -> &Hearts {
        &self.hearts
    }

    /// The URL of the app's terminal: of the one that lives, or of a new one.
    pub async fn spawn(self: &Arc<Self>, wish: Wish, device: &Addresses) -> Result<String, SpawnError> {
        let turn = timeout(TURN, self.turn.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(SpawnError::Busy) };
        if let Some(url) = self.living(&wish) {
            return Ok(url);
        }
        self.make_room()?;
        let (runtime, port) = self.open_site().await?;
        let tunnel = match &self.settings.tunnel {
            Some(command) => {
                Some(Tunnel::open(command, port, self.settings.limits.tunnel_deadline, &runtime).await?)
            }
            None => None,
        };
        let base = if let Some(tunnel) = &tunnel {
            tunnel.url().to_owned()
        } else {
            let (listen, interfaces) = (self.settings.listen.ip(), self.settings.interfaces.as_ref());
            let host = host::of(listen, interfaces, device).ok_or(SpawnError::NoAddress)?;
            format!("http://{host}:{port}")
        };
        self.add(wish, &base, tunnel, &runtime)
    }

    /// Ends the app's terminal, if there is one.
    pub fn despawn(&self, app: AppId) {
        self.remove(app, Ending::Despawned);
    }

    /// Ends all terminals and their listener.
    pub async fn stop(&self) {
        let sessions = std::mem::take(&mut *self.sessions());
        for session in sessions.into_values() {
            session.end(Ending::FrontendStopping, None);
        }
        let site = self.site.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(site) = site {
            site.stop().await;
        }
    }

    /// Times that the tabs keep.
    pub(super) const fn limits(&self) -> TerminalLimits {
        self.settings.limits
    }

    /// The terminal whose URL has this token. Every one is compared, in constant time.
    pub(super) fn by_token(&self, presented: &str) -> Option<Arc<Session>> {
        let sessions = self.sessions();
        let mut found = None;
        for session in sessions.values() {
            if session.identity.token.matches(presented) {
                found = Some(session.clone());
            }
        }
        found
    }

    /// The terminal of that id, which is no secret.
    pub(super) fn by_id(&self, id: &str) -> Option<Arc<Session>> {
        self.sessions().values().find(|session| session.identity.id == id).cloned()
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<AppId, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The URL of the terminal that is wished for, if it lives. A dead one goes, and one of another service.
    fn living(&self, wish: &Wish) -> Option<String> {
        let known = self.sessions().get(&wish.app).cloned()?;
        let fits = wish.service.as_ref().is_none_or(|service| known.is_of(service.as_str()));
        if fits && !known.is_over() {
            return Some(known.identity.url.clone());
        }
        self.remove(wish.app, Ending::Replaced);
        None
    }

    /// Forgets those that are over, if there is no room otherwise.
    fn make_room(&self) -> Result<(), SpawnError> {
        let mut sessions = self.sessions();
        if sessions.len() >= SESSIONS_MAX {
            sessions.retain(|_, session| {
                let is_over = session.is_over();
                if is_over {
                    session.look_again();
                }
                !is_over
            });
        }
        if sessions.len() < SESSIONS_MAX { Ok(()) } else { Err(SpawnError::TooMany) }
    }

    fn remove(&self, app: AppId, why: Ending) {
        let removed = self.sessions().remove(&app);
        if let Some(session) = removed {
            session.end(why, None);
        }
    }

    async fn open_site(self: &Arc<Self>) -> Result<(Handle, u16), SpawnError> {
        if let Some(site) = &*self.site.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok((site.handle().clone(), site.port()));
        }
        let site = Site::open(&self.settings, self.hearts.clone(), Arc::downgrade(self)).await?;
        let opened = (site.handle().clone(), site.port());
        *self.site.lock().unwrap_or_else(PoisonError::into_inner) = Some(site);
        Ok(opened)
    }

    fn add(
        self: &Arc<Self>,
        wish: Wish,
        base: &str,
        tunnel: Option<Tunnel>,
        runtime: &Handle,
    ) -> Result<String, SpawnError> {
        let token = Token::draw()?;
        let url = format!("{base}/{}", token.expose());
        let identity = Identity {
            id: format!("{:016x}", getrandom::u64()?),
            app: wish.app,
            app_name: wish.app_name,
            service: wish.service.map(String::from).unwrap_or_default(),
            token,
            cookie: Token::draw()?,
            url: url.clone(),
        };
        log::info!("terminal made app_id={} session={}", identity.app, identity.id);
        let tunnel_end = tunnel.as_ref().map(Tunnel::end);
        let core_socket = self.settings.core_socket.clone();
        let session = Arc::new(Session::new(identity, core_socket, tunnel, runtime.clone()));
        if let Some(end) = tunnel_end {
            let session = Arc::downgrade(&session);
            runtime.spawn(async move {
                end.await;
                if let Some(session) = session.upgrade() {
                    session.end(Ending::TunnelEnded, None);
                }
            });
        }
        self.sessions().insert(wish.app, session.clone());
        runtime.spawn(expire(Arc::downgrade(self), session));
        Ok(url)
    }

    /// Forgets the session, unless the app has another one by now.
    fn forget(&self, session: &Arc<Session>) {
        let mut sessions = self.sessions();
        if is_in(&sessions, session) {
            sessions.remove(&session.identity.app);
        }
    }
}

fn is_in(sessions: &BTreeMap<AppId, Arc<Session>>, session: &Arc<Session>) -> bool {
    sessions.get(&session.identity.app).is_some_and(|known| Arc::ptr_eq(known, session))
}

/// Waits until nobody has used the terminal for too long. One that is over is kept for a while too, for tabs
/// that come back to read how it ended; one that was forgotten, with its output, is not.
async fn expire(terminals: std::sync::Weak<Terminals>, session: Arc<Session>) {
    loop {
        let known = terminals.upgrade().filter(|terminals| is_in(&terminals.sessions(), &session));
        let Some(allowance) = known.map(|terminals| terminals.settings.allowance) else { return };
        let end = session.lifetime(|lifetime| lifetime.ends_at(allowance));
        if end <= Instant::now() {
            break;
        }
        // Keystrokes and output only move the end; that is seen when the time has come.
        let _ = tokio::time::timeout_at(end.into(), session.usage_changed()).await;
    }
    session.end(Ending::Expired, None);
    if let Some(terminals) = terminals.upgrade() {
        terminals.forget(&session);
    }
}

#[cfg(test)]
mod tests;

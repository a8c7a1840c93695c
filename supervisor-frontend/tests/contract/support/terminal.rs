//! A terminal as its user has it: the URL, the page, the tabs.

use std::net::SocketAddr;

use supervisor_frontend::{config::Config, server::Limits};
use supervisor_proto::v1::{AppState, AppsState, ServiceState};

use super::{
    core::FakeCore,
    frontend::{Device, Frontend},
    http::{Connection, Response, request},
    shell::Shell,
    websocket::WebSocket,
};

pub const APP: &str = r#"{"appId":2167}"#;
pub const SIZE: &str = r#"{"type":"resize","rows":24,"columns":80}"#;

/// Core knows app 2167, `demo`, with the services `main` and `side`, and app 7.
pub fn with_apps(core: &FakeCore) {
    let service = |name: &str| ServiceState { name: name.to_owned(), ..ServiceState::default() };
    let services = vec![service("main"), service("side")];
    let demo = AppState { app_id: 2167, name: "demo".into(), services, ..AppState::default() };
    let other = AppState { app_id: 7, name: "other".into(), ..AppState::default() };
    core.shared.apps.send_replace(AppsState { apps: vec![demo, other], engine_available: true });
}

/// Frontend and core.
pub struct Stage {
    /// Kept for its folder.
    _device: Device,
    pub core: FakeCore,
    pub frontend: Frontend,
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(Limits::default(), |_| {}).await
    }

    pub async fn with(limits: Limits, change: impl FnOnce(&mut Config)) -> Self {
        let device = Device::new();
        let mut core = FakeCore::start(&device.socket());
        with_apps(&core);
        let frontend = device.frontend_of(limits, change).await;
        core.linked().await;
        Self { _device: device, core, frontend }
    }

    pub async fn spawn(&self) -> Link {
        let answer = self.frontend.post_json("/v1/spawn-tty", APP).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        Link::of(&answer.body)
    }

    /// A terminal with one tab whose shell is open.
    pub async fn open(&mut self) -> (Page, WebSocket, Shell) {
        let page = self.spawn().await.page().await;
        let mut tab = page.tab().await;
        tab.say(SIZE).await;
        let shell = self.core.shell().await;
        shell.opened().await;
        tab.until("opened").await;
        (page, tab, shell)
    }
}

/// What spawn answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub address: SocketAddr,
    pub token: String,
}

impl Link {
    pub fn of(url: &str) -> Self {
        let rest = url.strip_prefix("http://").unwrap();
        let (address, token) = rest.split_once('/').unwrap();
        Self { address: address.parse().unwrap(), token: token.to_owned() }
    }

    pub async fn get(&self, path: &str) -> Response {
        get(self.address, path, &[]).await
    }

    /// Opens it as a browser does.
    pub async fn page(&self) -> Page {
        let answer = self.get(&format!("/{}", self.token)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = answer.header("set-cookie").unwrap();
        let (cookie, attributes) = cookie.split_once("; ").unwrap();
        let path = attributes.split("; ").find_map(|attribute| attribute.strip_prefix("Path=")).unwrap();
        Page {
            address: self.address,
            cookie: format!("Cookie: {cookie}"),
            path: path.to_owned(),
            answer: answer.clone(),
        }
    }
}

/// The page, with what the browser keeps of it.
pub struct Page {
    pub address: SocketAddr,
    pub cookie: String,
    pub path: String,
    pub answer: Response,
}

impl Page {
    pub fn socket(&self) -> String {
        format!("{}socket", self.path)
    }

    pub fn origin(&self) -> String {
        format!("Origin: http://{}", self.address)
    }

    /// A tab that shows it.
    pub async fn tab(&self) -> WebSocket {
        let headers = [self.cookie.as_str(), &self.origin()];
        let (status, socket) = WebSocket::connect(self.address, &self.socket(), &headers).await;
        socket.unwrap_or_else(|| panic!("refused with {status}"))
    }
}

pub async fn get(address: SocketAddr, path: &str, headers: &[&str]) -> Response {
    let mut connection = Connection::open(address).await;
    connection.write(request("GET", path, headers, None)).await;
    // Assets are compressed, no text.
    connection.read(path.starts_with("/assets/")).await.expect("closed without an answer")
}

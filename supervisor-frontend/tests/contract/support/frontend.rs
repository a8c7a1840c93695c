//! A frontend in a folder of its own.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use supervisor_frontend::{
    auth::api_key::ApiKey,
    cloud::CloudConfig,
    config::Config,
    server::{self, Limits, Running},
    terminal::lifetime::Allowance,
};
use tempfile::TempDir;

use super::http::{Connection, Response, request};

pub const KEY: &str = "bananas";
pub const JSON: &str = "Content-Type: application/json";
pub const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

/// The folder outlives the frontends and cores that are started in it.
pub struct Device {
    folder: TempDir,
}

impl Device {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("led"), "0").unwrap();
        std::fs::write(folder.path().join("os-release"), "PRETTY_NAME=\"Resin OS 1.0.4 (fido)\"\n").unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn socket(&self) -> PathBuf {
        self.path("core.sock")
    }

    pub fn config(&self) -> Config {
        Config {
            core_socket: self.socket(),
            state_dir: self.path("state"),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            interfaces: None,
            tty_port: 0,
            tty_allowance: Allowance { unused: Duration::from_mins(10), idle: Duration::from_mins(30) },
            tunnel: None,
            fixed_key: None,
            cloud: CloudConfig {
                api_endpoint: None,
                config_json: self.path("config.json"),
                extra_authorities: None,
                state_dir: self.path("state"),
                poll_interval: None,
                os_release: self.path("os-release"),
            },
            led_file: self.path("led"),
            os_release: self.path("os-release"),
            log_filter: "info".to_owned(),
        }
    }

    /// A frontend with the fixed key [`KEY`].
    pub async fn frontend(&self) -> Frontend {
        self.frontend_with(Limits::default()).await
    }

    pub async fn frontend_with(&self, limits: Limits) -> Frontend {
        self.frontend_of(limits, |_| {}).await
    }

    /// The same with other settings.
    pub async fn frontend_of(&self, limits: Limits, change: impl FnOnce(&mut Config)) -> Frontend {
        let mut config = Config { fixed_key: Some(ApiKey::parse(KEY).unwrap()), ..self.config() };
        change(&mut config);
        Frontend { running: server::start(&config, limits).await.unwrap() }
    }

    /// A frontend that keeps its own key in its state directory.
    pub async fn frontend_with_own_key(&self) -> Frontend {
        Frontend { running: server::start(&self.config(), Limits::default()).await.unwrap() }
    }

    pub fn stored_key(&self) -> String {
        std::fs::read_to_string(self.path("state/api-key")).unwrap().trim_end().to_owned()
    }
}

pub struct Frontend {
    pub running: Running,
}

impl Frontend {
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// Sends one request as it stands.
    pub async fn raw(&self, bytes: Vec<u8>) -> Response {
        let head_only = bytes.starts_with(b"HEAD ");
        let mut connection = Connection::open(self.address()).await;
        connection.write(bytes).await;
        connection.read(head_only).await.expect("closed without an answer")
    }

    /// A request with the key.
    pub async fn call(&self, method: &str, path: &str, headers: &[&str], body: Option<&[u8]>) -> Response {
        self.raw(request(method, &format!("{path}?apikey={KEY}"), headers, body)).await
    }

    pub async fn post_json(&self, path: &str, body: &str) -> Response {
        self.call("POST", path, &[JSON], Some(body.as_bytes())).await
    }

    pub async fn get(&self, path: &str) -> Response {
        self.call("GET", path, &[], None).await
    }

    pub async fn stop(self) {
        self.running.stop().await.unwrap();
    }
}

pub fn short_body_deadline() -> Limits {
    Limits { body_deadline: Duration::from_millis(50), ..Limits::default() }
}

impl Frontend {
    /// Asks for the device's state until it is as wanted: the stream from core takes its time.
    pub async fn until_device(&self, wanted: impl Fn(&str) -> bool) -> String {
        let asked = async {
            loop {
                let body = self.get("/v1/device").await.body;
                if wanted(&body) {
                    return body;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(super::http::PATIENCE, asked).await.expect("the state never came")
    }
}

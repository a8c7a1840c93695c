//! shiplift's transport, and nothing else of shiplift: one call, one bounded answer, one deadline.

use std::{path::Path, sync::Mutex, time::Duration};

use futures_util::{StreamExt, pin_mut};
use hyper014::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{answers::Version, dialect::Dialect, path::Query};
use crate::ports::engine::EngineError;

/// How long a call may take that the engine answers from its memory.
pub const QUICK: Duration = Duration::from_secs(30);
/// How long a call may take that works on file systems or networks.
pub const SLOW: Duration = Duration::from_mins(2);
/// How long a stream that should be moving may stand still.
pub const STALLED: Duration = Duration::from_mins(5);

/// An answer larger than this is refused: no engine of a device sends one.
const MAX_ANSWER_BYTES: usize = 32 << 20;
/// Pieces of a stream that may wait for their reader.
const STREAM_DEPTH: usize = 8;

/// One request.
pub struct Call<'a> {
    /// HTTP method.
    pub method: Method,
    /// What comes before the path, where it is not the API version that both sides speak.
    pub prefix: Option<&'static str>,
    /// Path and query, without the version.
    pub path: String,
    /// JSON body.
    pub body: Option<Value>,
    /// The value of `X-Registry-Auth`: a secret.
    pub registry_auth: Option<String>,
    /// What the call does, in our words, to follow "refused to".
    pub action: &'a str,
}

impl<'a> Call<'a> {
    /// A request without a body.
    pub fn new(method: Method, path: String, action: &'a str) -> Self {
        Self { method, prefix: None, path, body: None, registry_auth: None, action }
    }

    /// The same request with a JSON body.
    pub fn json(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// The same request to an API of the engine's own.
    pub fn of(self, prefix: &'static str) -> Self {
        Self { prefix: Some(prefix), ..self }
    }
}

/// The way to one engine.
#[derive(Debug)]
pub struct Transport {
    inner: shiplift::transport::Transport,
    /// What the engine said of itself; asked for anew after the engine was away.
    dialect: Mutex<Option<Dialect>>,
}

/// Pieces of a long answer.
pub type Pieces = mpsc::Receiver<Result<hyper014::body::Bytes, shiplift::Error>>;

impl Transport {
    /// The way to the engine behind `socket`.
    pub fn new(socket: &Path) -> Self {
        #[expect(clippy::default_trait_access, reason = "the connector's type is not shiplift's to name")]
        let connector = Default::default();
        // No idle connections: a pooled one is dead after the engine restarts.
        let client = hyper014::Client::builder().pool_max_idle_per_host(0).build(connector);
        let path = socket.to_string_lossy().into_owned();
        Self { inner: shiplift::transport::Transport::Unix { client, path }, dialect: Mutex::new(None) }
    }

    /// Makes a call and parses the answer.
    pub async fn get<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        deadline: Duration,
    ) -> Result<T, EngineError> {
        let action = call.action.to_owned();
        let text = self.call(call, deadline).await?;
        serde_json::from_slice(&text)
            .map_err(|source| EngineError::Malformed { action, source: Box::new(source) })
    }

    /// Makes a call; the answer's bytes.
    pub async fn call(&self, call: Call<'_>, deadline: Duration) -> Result<Vec<u8>, EngineError> {
        let work = async {
            let prefix = self.dialect().await?.prefix;
            self.raw(call.prefix.unwrap_or(&prefix), call).await
        };
        let result = tokio::time::timeout(deadline, work)
            .await
            .unwrap_or_else(|elapsed| Err(EngineError::Unavailable(Box::new(elapsed))));
        if matches!(result, Err(EngineError::Unavailable(_))) {
            self.forget_dialect();
        }
        result
    }

    /// Makes a call whose answer goes on; ends when either side does.
    pub async fn stream(&self, call: Call<'_>) -> Result<Pieces, EngineError> {
        let prefix = self.known_dialect().await?.prefix;
        let (sender, receiver) = mpsc::channel(STREAM_DEPTH);
        let inner = self.inner.clone();
        let (method, path) = (call.method, format!("{prefix}{}", call.path));
        let headers = call.registry_auth.map(|value| vec![(REGISTRY_AUTH, value)]);
        tokio::spawn(async move {
            let pieces = inner.stream_chunks(method, path, None::<(String, mime::Mime)>, headers);
            pin_mut!(pieces);
            loop {
                let piece = tokio::select! {
                    piece = pieces.next() => piece,
                    () = sender.closed() => None,
                };
                let Some(piece) = piece else { break };
                if sender.send(piece).await.is_err() {
                    break;
                }
            }
        });
        Ok(receiver)
    }

    async fn raw(&self, prefix: &str, call: Call<'_>) -> Result<Vec<u8>, EngineError> {
        let body = call.body.map(|body| (body.to_string(), mime::APPLICATION_JSON));
        let path = format!("{prefix}{}", call.path);
        let pieces = self.inner.stream_chunks(call.method, path, body, NO_HEADERS);
        pin_mut!(pieces);
        let mut answer = Vec::new();
        while let Some(piece) = pieces.next().await {
            answer.extend_from_slice(&piece.map_err(|error| failure(error, call.action))?);
            if answer.len() > MAX_ANSWER_BYTES {
                let source = format!("it is longer than {MAX_ANSWER_BYTES} bytes").into();
                return Err(EngineError::Malformed { action: call.action.to_owned(), source });
            }
        }
        Ok(answer)
    }

    /// The same way, for a task of its own.
    pub fn shared(&self) -> shiplift::transport::Transport {
        self.inner.clone()
    }

    /// How to talk to the engine, asked within a deadline where it is not known.
    pub async fn known_dialect(&self) -> Result<Dialect, EngineError> {
        tokio::time::timeout(QUICK, self.dialect())
            .await
            .unwrap_or_else(|elapsed| Err(EngineError::Unavailable(Box::new(elapsed))))
    }

    async fn dialect(&self) -> Result<Dialect, EngineError> {
        let known = self.dialect.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let call = Call::new(Method::GET, "/version".to_owned(), "tell its version");
        let text = self.raw("", call).await?;
        let version: Version = serde_json::from_slice(&text).map_err(|source| EngineError::Malformed {
            action: "tell its version".to_owned(),
            source: Box::new(source),
        })?;
        let chosen = Dialect::from(&version);
        log::info!("engine connected version={} api={}", version.engine, chosen.prefix);
        *self.dialect.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(chosen.clone());
        Ok(chosen)
    }

    fn forget_dialect(&self) {
        *self.dialect.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }
}

/// Where the engine takes name and password for a registry from.
const REGISTRY_AUTH: &str = "X-Registry-Auth";
const NO_HEADERS: Option<Vec<(&'static str, String)>> = None;

/// The one map from shiplift's errors to ours.
pub fn failure(error: shiplift::Error, action: &str) -> EngineError {
    match error {
        shiplift::Error::Fault { code, message } => {
            EngineError::Refused { action: action.to_owned(), status: code.as_u16(), message }
        }
        source @ (shiplift::Error::SerdeJsonError(_)
        | shiplift::Error::Encoding(_)
        | shiplift::Error::InvalidResponse(_)) => {
            EngineError::Malformed { action: action.to_owned(), source: Box::new(source) }
        }
        source @ (shiplift::Error::Hyper(_)
        | shiplift::Error::Http(_)
        | shiplift::Error::IO(_)
        | shiplift::Error::ConnectionNotUpgraded) => EngineError::Unavailable(Box::new(source)),
    }
}

/// Success for a refusal with one of these statuses: the engine is already as wanted.
pub fn already(result: Result<Vec<u8>, EngineError>, statuses: &[u16]) -> Result<(), EngineError> {
    match result {
        Err(EngineError::Refused { status, .. }) if statuses.contains(&status) => Ok(()),
        other => other.map(drop),
    }
}

/// The `filters` value that asks for all of these labels.
pub fn label_filter(labels: &[(&str, &str)]) -> Query {
    let wanted: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Query::new().add("filters", &serde_json::json!({ "label": wanted }).to_string())
}

//! The client: one server, one User-Agent, deadlines and bounded bodies.

use std::time::{Duration, SystemTime};

use reqwest::{Client, Method, RequestBuilder, Response, header::HeaderValue, redirect::Policy};
use tokio::time::timeout;

use super::{ApiEndpoint, CloudFailure, Trust, retry_after};

/// How long a connection may take, TLS included.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(20);
/// How long a body may stand still.
pub const IDLE_DEADLINE: Duration = Duration::from_secs(30);
/// How long a request may take from its sending to the last byte of the answer, unless it says otherwise with
/// [`RequestBuilder::timeout`].
pub const REQUEST_DEADLINE: Duration = Duration::from_mins(2);
/// A connection that nobody uses is closed after so long: shorter than what servers and gateways keep.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// Requests to the cloud's API. A clone shares the connections.
#[derive(Debug, Clone)]
pub struct ApiClient {
    http: Client,
    endpoint: ApiEndpoint,
}

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ApiClientError {
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// HTTP cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] reqwest::Error),
}

impl ApiClient {
    /// A client of this server. Redirects are not followed: what carries a key goes where the owner said and nowhere
    /// else. Proxies of the environment are not used.
    pub fn new(endpoint: ApiEndpoint, trust: &Trust, user_agent: &str) -> Result<Self, ApiClientError> {
        let http = Client::builder()
            .tls_backend_preconfigured(trust.tls().map_err(ApiClientError::Tls)?)
            .user_agent(header_value(user_agent))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_DEADLINE)
            .timeout(REQUEST_DEADLINE)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(1)
            .build()
            .map_err(ApiClientError::Http)?;
        Ok(Self { http, endpoint })
    }

    /// The server.
    pub const fn endpoint(&self) -> &ApiEndpoint {
        &self.endpoint
    }

    /// A GET of `path`, which begins with a slash.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A POST to `path`, which begins with a slash.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// A PATCH of `path`, which begins with a slash.
    pub fn patch(&self, path: &str) -> RequestBuilder {
        self.request(Method::PATCH, path)
    }

    /// Another server of the same owner, with the same connections, trust and deadlines.
    #[must_use]
    pub fn of(&self, endpoint: ApiEndpoint) -> Self {
        Self { http: self.http.clone(), endpoint }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.endpoint.at(path))
    }
}

/// The answer if it is a success (2xx); else its status, and what it asks for.
pub fn success(response: Response) -> Result<Response, CloudFailure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    Err(CloudFailure::Status {
        status: status.as_u16(),
        retry_after: retry_after::of(response.headers(), SystemTime::now()),
    })
}

/// The whole body, decompressed, if it has at most `limit` bytes.
pub async fn read_body(mut response: Response, limit: usize) -> Result<Vec<u8>, CloudFailure> {
    let mut body = Vec::new();
    loop {
        let chunk = timeout(IDLE_DEADLINE, response.chunk()).await.map_err(|_| CloudFailure::Timeout)??;
        let Some(chunk) = chunk else { return Ok(body) };
        if chunk.len() > limit.saturating_sub(body.len()) {
            return Err(CloudFailure::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
}

/// The visible ASCII of the text.
fn header_value(text: &str) -> HeaderValue {
    let visible: String = text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
    HeaderValue::from_str(&visible).unwrap_or_else(|_| HeaderValue::from_static("Supervisor"))
}

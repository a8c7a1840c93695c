//! The layer over every method: takes the caller from the kernel, decides by [`roles`](super::roles), and
//! leaves the audit line. A method that it does not let through is never reached.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use http::{Request, Response};
use supervisor_proto::{REQUEST_ID_METADATA, reason, v1::ErrorReason};
use tonic::{Code, Status, body::Body, transport::server::UdsConnectInfo};
use tower::{Layer, Service};

use super::{
    audit,
    roles::{Role, RolePolicy, may_call, rule},
};
use crate::event_feed::EventFeed;

/// Longest request id that is taken over; an own one is not longer.
const MAX_REQUEST_ID_BYTES: usize = 64;

/// Who calls, for the services behind the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The caller's role.
    pub role: Role,
    /// The caller's user.
    pub uid: u32,
    /// The caller's process; `None` when it is in another pid namespace.
    pub pid: Option<i32>,
    /// The id that also stands in the frontend's log; `-` without one.
    pub request_id: String,
}

/// Makes gates.
#[derive(Debug, Clone)]
pub struct GateLayer {
    /// Which uids and gids have which role.
    pub policy: RolePolicy,
    /// Where audited calls are told, besides the log.
    pub feed: EventFeed,
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate { policy: self.policy, feed: self.feed.clone(), inner }
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Gate<S> {
    policy: RolePolicy,
    feed: EventFeed,
    inner: S,
}

impl<S> Gate<S> {
    fn admit(&self, request: &Request<Body>) -> Result<Caller, Status> {
        let method = request.uri().path();
        let peer = request.extensions().get::<UdsConnectInfo>().and_then(|info| info.peer_cred);
        let Some(peer) = peer else {
            log::warn!("call refused, the kernel does not tell the caller method={}", printable(method));
            return Err(denied("the caller is not known"));
        };
        let pid = peer.pid().filter(|pid| *pid != 0);
        let role = self.policy.role(peer.uid(), peer.gid());
        match role {
            Some(role) if may_call(role, method) => {
                Ok(Caller { role, uid: peer.uid(), pid, request_id: request_id(request) })
            }
            Some(_) | None => {
                log::warn!(
                    "call refused uid={} gid={} pid={} role={} method={}",
                    peer.uid(),
                    peer.gid(),
                    audit::pid(pid),
                    role.map_or("none", Role::name),
                    printable(method)
                );
                Err(denied(if role.is_some() {
                    "this role may not do that"
                } else {
                    "this user has no role"
                }))
            }
        }
    }
}

fn denied(message: &str) -> Status {
    reason::status(Code::PermissionDenied, ErrorReason::PeerDenied, "", message)
}

/// A request id is printed, so it may only hold what cannot end or forge a line.
fn request_id(request: &Request<Body>) -> String {
    let text = request.headers().get(REQUEST_ID_METADATA).and_then(|value| value.to_str().ok()).unwrap_or("");
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if plain && !text.is_empty() && text.len() <= MAX_REQUEST_ID_BYTES {
        text.to_owned()
    } else {
        "-".to_owned()
    }
}

fn printable(method: &str) -> String {
    method.chars().filter(char::is_ascii_graphic).take(128).collect()
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<S> Service<Request<Body>> for Gate<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let caller = match self.admit(&request) {
            Ok(caller) => caller,
            Err(status) => {
                let refused: Response<Body> = status.into_http();
                return Box::pin(async move { Ok(refused) });
            }
        };
        let method = request.uri().path().to_owned();
        let audited = rule(&method).is_some_and(|rule| rule.audited);
        request.extensions_mut().insert(caller.clone());
        let (begun, feed) = (Instant::now(), self.feed.clone());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let line = audited.then(|| audit::Line::new(caller, method, begun, feed));
            let response = answer.await?;
            if let Some(line) = line {
                line.end(response.headers());
            }
            Ok(response)
        })
    }
}

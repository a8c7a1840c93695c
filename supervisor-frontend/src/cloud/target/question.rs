//! One question to the cloud for what should run.

use std::time::Duration;

use reqwest::{
    Response, StatusCode,
    header::{ETAG, HeaderMap, IF_NONE_MATCH},
};

use super::{MAX_BODY_BYTES, device_target::BadTarget};
use crate::cloud::{
    api::{ApiClient, CloudFailure, read_body, success},
    identity::Identity,
    status::Standing,
};

/// How long a question may take in all; a large target over a slow line needs it.
const DEADLINE: Duration = Duration::from_mins(2);
/// A longer mark is not kept.
const MAX_ETAG_BYTES: usize = 256;

/// What a question brought.
#[derive(Debug)]
pub(super) enum Answer {
    /// The target is as it was.
    Unchanged,
    /// This is the target.
    Target {
        /// The mark of this state of it.
        etag: Option<String>,
        /// As it came.
        body: Vec<u8>,
    },
}

/// Why there is no answer that could be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// The key is refused.
    #[error("the cloud does not accept the device's key")]
    Unauthorised,
    /// The cloud has no such device.
    #[error("the cloud does not know this device, or has deleted it; what it last wanted stays in force")]
    UnknownDevice,
    /// There was no answer, or one of no use.
    #[error(transparent)]
    Failed(#[from] CloudFailure),
    /// The answer is no target.
    #[error("the cloud's target is not understood, the last good one stays in force")]
    NotUnderstood(#[from] BadTarget),
}

impl NoAnswer {
    /// How the device stands with its cloud then.
    pub(super) const fn standing(&self) -> Standing {
        match self {
            Self::Unauthorised => Standing::Unauthorised,
            Self::UnknownDevice => Standing::UnknownDevice,
            Self::Failed(_) | Self::NotUnderstood(_) => Standing::Unreachable,
        }
    }

    /// When the cloud wants to be asked again, if it says so.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed(failure) => failure.retry_after(),
            Self::Unauthorised | Self::UnknownDevice | Self::NotUnderstood(_) => None,
        }
    }
}

/// Asks; `mark` is that of the state that is known.
pub(super) async fn ask(
    client: &ApiClient,
    identity: &Identity,
    mark: Option<&str>,
) -> Result<Answer, NoAnswer> {
    let path = format!("/device/v3/{}/state", identity.uuid);
    let mut request = client.get(&path).bearer_auth(identity.key.expose()).timeout(DEADLINE);
    if let Some(mark) = mark {
        request = request.header(IF_NONE_MATCH, mark);
    }
    let response = request.send().await.map_err(CloudFailure::from)?;
    match response.status() {
        // A device that the server does not know gets a 304 too, without a mark.
        StatusCode::NOT_MODIFIED if mark.is_some() && etag(response.headers()).is_some() => {
            Ok(Answer::Unchanged)
        }
        StatusCode::NOT_MODIFIED => Err(NoAnswer::UnknownDevice),
        StatusCode::UNAUTHORIZED => Err(NoAnswer::Unauthorised),
        _ => Ok(target(success(response)?).await?),
    }
}

async fn target(response: Response) -> Result<Answer, CloudFailure> {
    let etag = etag(response.headers());
    Ok(Answer::Target { etag, body: read_body(response, MAX_BODY_BYTES).await? })
}

fn etag(headers: &HeaderMap) -> Option<String> {
    let mark = headers.get(ETAG)?.to_str().ok()?;
    (mark.len() <= MAX_ETAG_BYTES).then(|| mark.to_owned())
}

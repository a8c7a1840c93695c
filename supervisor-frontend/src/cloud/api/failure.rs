//! Why a request to the cloud brought nothing.

use std::{error::Error, io, time::Duration};

/// What every part of the cloud client has to tell apart. No text of the server's, no URL, no key is in it.
#[derive(Debug, thiserror::Error)]
pub enum CloudFailure {
    /// No connection, no such name, or the connection was lost.
    #[error("the server cannot be reached")]
    Network(#[source] Box<dyn Error + Send + Sync>),
    /// A deadline passed.
    #[error("the server did not answer in time")]
    Timeout,
    /// The server's certificate is not trusted, or TLS failed in another way.
    #[error("no trusted connection to the server")]
    Tls(#[source] Box<dyn Error + Send + Sync>),
    /// The server refuses, or fails itself.
    #[error("the server answered {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// How long the server asks to wait, at most a day.
        retry_after: Option<Duration>,
    },
    /// More than is read of an answer.
    #[error("the server's answer has more than {limit} bytes")]
    TooLarge {
        /// What would have been read.
        limit: usize,
    },
    /// The answer's encoding or content is wrong.
    #[error("the server's answer is not understood")]
    NotUnderstood(#[source] Box<dyn Error + Send + Sync>),
    /// The request cannot be written down, so it was not sent.
    #[error("the request cannot be sent")]
    Unsendable(#[source] Box<dyn Error + Send + Sync>),
}

impl CloudFailure {
    /// The HTTP status, if the server gave one.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::Network(_)
            | Self::Timeout
            | Self::Tls(_)
            | Self::TooLarge { .. }
            | Self::NotUnderstood(_)
            | Self::Unsendable(_) => None,
        }
    }

    /// How long the server asks to wait.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Network(_)
            | Self::Timeout
            | Self::Tls(_)
            | Self::TooLarge { .. }
            | Self::NotUnderstood(_)
            | Self::Unsendable(_) => None,
        }
    }
}

impl From<reqwest::Error> for CloudFailure {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_timeout() {
            Self::Timeout
        } else if error.is_builder() {
            Self::Unsendable(Box::new(error))
        } else if is_tls(&error) {
            Self::Tls(Box::new(error))
        } else if error.is_decode() && !is_lost(&error) {
            Self::NotUnderstood(Box::new(error))
        } else {
            Self::Network(Box::new(error))
        }
    }
}

fn is_tls(error: &reqwest::Error) -> bool {
    causes(error).any(<dyn Error>::is::<rustls::Error>)
}

/// A connection that ends in the middle of a body is no fault of the body's.
fn is_lost(error: &reqwest::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof))
}

/// All causes, also those inside an I/O error, which its `source` passes over.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

//! How calls to the engine fail, and why images do not come.

use std::error::Error;

/// A call to the engine that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nothing answers on the engine's socket, the answer broke off, or it did not come in time.
    #[error("the container engine is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The engine answered with an error.
    #[error("the container engine refused to {action}: {message}")]
    Refused {
        /// What was asked for, in our words.
        action: String,
        /// HTTP status of the answer.
        status: u16,
        /// What the engine said.
        message: String,
    },
    /// An image was not fetched, for a reason that is understood.
    #[error("image {image} was not pulled: {why}")]
    NotPulled {
        /// The image.
        image: String,
        /// Why, in our words.
        why: NotPulled,
        /// In the engine's.
        #[source]
        said: EngineSaid,
    },
    /// The engine's answer is not understood.
    #[error("the container engine's answer to {action} is not understood")]
    Malformed {
        /// What was asked for, in our words.
        action: String,
        /// What the parser said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Why an image was not fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPulled {
    /// The registry wants a name and a password, or others.
    #[error("the registry does not allow it; name and password are missing, wrong, or not for this image")]
    Denied,
    /// There is no such image.
    #[error("the registry has no such image")]
    Absent,
    /// The connection ended before the image had come.
    #[error("the registry closed the connection (the pull is tried again)")]
    Closed,
    /// Nothing that the engine trusts answers.
    #[error("the registry cannot be reached")]
    Unreachable,
    /// The registry asks for patience.
    #[error("the registry wants fewer requests")]
    Busy,
    /// The engine's file system is full.
    #[error("the engine has no space left")]
    NoSpace,
}

/// The engine's own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EngineSaid(pub String);

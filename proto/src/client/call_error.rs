//! Why a call did not succeed.

use std::path::PathBuf;

use tonic::Status;

use crate::{CONTRACT_VERSION, reason, v1::ErrorReason};

/// A call that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nothing answers on the socket: the request was not sent.
    #[error("core does not answer on {}", socket.display())]
    Unreachable {
        /// The socket that was dialled.
        socket: PathBuf,
        /// What the transport said.
        #[source]
        source: tonic::transport::Error,
    },
    /// Core speaks another version of the contract.
    #[error(
        "core speaks contract {theirs}, this program {CONTRACT_VERSION}: install the same release of both"
    )]
    ContractMismatch {
        /// Core's version of the contract.
        theirs: u32,
    },
    /// Core answered with a reason.
    #[error("{message}")]
    Refused {
        /// Why, for programs.
        reason: ErrorReason,
        /// What it is about; may be empty.
        subject: String,
        /// Why, for people.
        message: String,
    },
    /// The connection ended or the deadline passed after the request was sent: whether it was
    /// carried out is unknown.
    #[error("core did not finish its answer")]
    Interrupted(#[source] Box<Status>),
}

impl CallError {
    /// The reason that core gave, if it gave one.
    pub fn reason(&self) -> Option<ErrorReason> {
        match self {
            Self::Refused { reason, .. } => Some(*reason),
            Self::Unreachable { .. } | Self::ContractMismatch { .. } | Self::Interrupted(_) => None,
        }
    }
}

impl From<Status> for CallError {
    fn from(status: Status) -> Self {
        match reason::detail(&status) {
            Some(detail) => Self::Refused {
                reason: detail.reason(),
                subject: detail.subject,
                message: status.message().to_owned(),
            },
            None => Self::Interrupted(Box::new(status)),
        }
    }
}

//! What `doctor` has found out, before anything is made of it.

use std::path::PathBuf;

use supervisor_proto::{
    client::Hello,
    v1::{AppsState, ConnectivityState, ExamineReply},
};

use crate::cloud_standing::CloudStanding;

/// Everything.
#[derive(Debug)]
pub struct Facts {
    /// What this process sees itself.
    pub local: LocalFacts,
    /// What core says, or why it says nothing.
    pub core: Result<CoreFacts, CoreTrouble>,
}

/// What this process sees itself, with or without a core.
#[derive(Debug, Clone)]
pub struct LocalFacts {
    /// Who calls.
    pub uid: u32,
    /// Their primary group.
    pub gid: u32,
    /// Where core should listen.
    pub socket: PathBuf,
    /// What is there.
    pub socket_file: SocketFile,
    /// A process of the name `supervisor-core`.
    pub core_pid: Option<u32>,
    /// What systemd says of `supervisor-core.service`; `None` without systemd or without the unit.
    pub core_unit: Option<UnitState>,
    /// The LED's file.
    pub led_path: PathBuf,
    /// What is there; `None`: nothing, or it cannot be seen.
    pub led: Option<FileFacts>,
    /// The clock's time, seconds since 1970.
    pub now_s: u64,
}

/// What is in the socket's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketFile {
    /// Its folder may not be entered.
    Hidden,
    /// Nothing.
    Missing,
    /// Something else.
    NotASocket,
    /// A socket.
    Socket {
        /// The socket itself.
        file: FileFacts,
        /// The folder that it is in.
        folder: FileFacts,
    },
}

/// Who may do what with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileFacts {
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
}

/// A unit of systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitState {
    /// `active`, `failed`, `inactive`, …
    pub active: String,
    /// `success`, `exit-code`, `signal`, …
    pub result: String,
}

/// Why core says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CoreTrouble {
    /// Nobody listens on the socket, or there is none.
    Unreachable,
    /// This user may not open the socket.
    Closed,
    /// It was opened, but this user has no role.
    NoRole,
    /// Core speaks another version of the contract; the sentence says which.
    OtherContract(String),
    /// It was reached and gave no proper answer.
    Silent(String),
}

/// What core says; each part for itself, so that one that fails hides no other.
#[derive(Debug)]
pub struct CoreFacts {
    /// Who it is, and what it takes this caller for.
    pub hello: Hello,
    /// Apps and whether the engine answers.
    pub apps: Result<AppsState, String>,
    /// The heartbeat.
    pub connectivity: Result<ConnectivityState, String>,
    /// What only core can see.
    pub examined: Result<ExamineReply, String>,
    /// How the device stands with its cloud, or why that cannot be said.
    pub cloud: Result<CloudStanding, String>,
}

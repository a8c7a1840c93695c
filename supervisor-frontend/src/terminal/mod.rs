//! The web terminal: a shell in an app's container, in a browser.
//!
//! `POST /v1/spawn-tty` makes a session and answers its URL. The terminal has its own listener, its own thread
//! and, for each shell, its own connection to core, so that whatever a shell writes leaves the API alone. The
//! shell is opened by the first tab and lives on without one; its recent output is kept for tabs that come later.

pub mod ending;
pub mod escape;
pub mod frame;
mod host;
pub mod lifetime;
pub mod recent;
pub mod registry;
pub mod session;
mod shell;
pub mod site;
mod tab;
mod thread;
pub mod token;
pub mod tunnel;

use std::time::Duration;

/// So many terminals may be open at once, each of another app.
pub const SESSIONS_MAX: usize = 8;
/// So many tabs may show one terminal.
pub const TABS_MAX: usize = 8;
/// The longest frame from a tab, in bytes; core takes as much in one message.
pub const FRAME_MAX_BYTES: usize = 64 * 1024;
/// Messages to a shell that have not been passed on: together at most 512 KiB. A tab that sends more waits.
pub const INPUT_QUEUE: usize = 8;
/// The recent output that each terminal keeps, in bytes. What tabs have not been sent yet is part of it.
pub const RECENT_BYTES: usize = 256 * 1024;
/// A shell whose output is so far ahead of every tab, in bytes, waits for the first of them.
pub const AHEAD_BYTES: u64 = 128 * 1024;
/// Output in one frame to a tab, in bytes. Up to 32 frames of each tab wait for its socket.
pub const OUTPUT_FRAME_BYTES: usize = 8 * 1024;

/// Times that tests shorten.
#[derive(Debug, Clone, Copy)]
pub struct TerminalLimits {
    /// For a tunnel to say its URL.
    pub tunnel_deadline: Duration,
    /// How often a tab's browser is asked whether it is there; after three times without a word it is not.
    pub ping_interval: Duration,
}

impl Default for TerminalLimits {
    fn default() -> Self {
        Self { tunnel_deadline: Duration::from_secs(20), ping_interval: Duration::from_secs(15) }
    }
}

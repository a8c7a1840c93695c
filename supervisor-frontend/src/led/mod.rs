//! The identification light: a pure pattern, an engine that follows the clock, a file.

pub mod engine;
pub mod file;
pub mod pattern;

use tokio::sync::watch;

/// What the light is to show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// How often identification has been asked for.
    identifications: u64,
    /// The device has lost its connection.
    offline: bool,
}

/// Tells the light's engine what to show; cheap to share.
#[derive(Debug, Clone)]
pub struct LedHandle(watch::Sender<Wish>);

impl LedHandle {
    /// A handle, and what its engine listens to.
    pub fn new() -> (Self, watch::Receiver<Wish>) {
        let (sender, receiver) = watch::channel(Wish::default());
        (Self(sender), receiver)
    }

    /// Identifies the device for 15 s from now.
    pub fn identify(&self) {
        self.0.send_modify(|wish| wish.identifications = wish.identifications.wrapping_add(1));
    }

    /// Shows, or stops to show, that the device is offline.
    pub fn set_online(&self, online: bool) {
        self.0.send_if_modified(|wish| std::mem::replace(&mut wish.offline, !online) == online);
    }
}

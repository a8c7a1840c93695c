//! Listening on some network interfaces only (`LISTEN_INTERFACES`).
//!
//! Linux answers for every address of the machine on every interface (the "weak host model"): the address
//! that a client connected to does not tell where it came from. A listener that is bound to the interface
//! itself does (`SO_BINDTODEVICE`): the kernel gives it only what came in there, and refuses the rest when
//! nothing else listens. Since Linux 5.7 that needs no privilege, and it leaves iptables alone. Such a listener
//! is as good as dead once its interface is gone, so each interface that comes gets a new one.
//!
//! Calls of the machine to itself count as the interface's that has the address: 127.0.0.1 is `lo`.

mod changes;
mod doors;
mod names;

pub use doors::Doors;
pub use names::{InterfaceNames, InvalidNames};

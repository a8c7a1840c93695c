//! Tells when interfaces may have come or gone.

use std::{io, os::unix::net::UnixDatagram as StdDatagram, time::Duration};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, bind, netlink::SocketAddrNetlink, socket_with},
};
use tokio::{net::UnixDatagram, time::timeout};

/// `RTMGRP_LINK` (`rtnetlink(7)`): interfaces that come, go or are renamed.
const LINKS: u32 = 1;
/// How often to look where the kernel tells of changes: messages can get lost.
const SLOW: Duration = Duration::from_secs(30);
/// How often to look where it does not.
const FAST: Duration = Duration::from_secs(5);

/// The kernel's messages about interfaces; what they say is not read, only that there are some.
#[derive(Debug)]
pub(super) struct Changes(Option<UnixDatagram>);

impl Changes {
    /// Listens; where that is not permitted, the interfaces are looked at from time to time.
    pub(super) fn watch() -> Self {
        match open() {
            Ok(socket) => Self(Some(socket)),
            Err(error) => {
                log::warn!("changes of interfaces are not told, looking every 5 s error='{error}'");
                Self(None)
            }
        }
    }

    /// Waits until it is time to look; not long when something is `due` anyway.
    pub(super) async fn next(&mut self, due: bool) {
        let Some(socket) = &self.0 else { return tokio::time::sleep(FAST).await };
        match timeout(if due { FAST } else { SLOW }, receive(socket)).await {
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(error)) => {
                log::warn!("changes of interfaces are no longer told, looking every 5 s error='{error}'");
                self.0 = None;
            }
        }
    }
}

/// A netlink socket in a Unix datagram's clothes: receiving is the same system call, and tokio takes in
/// sockets of the types it knows without `unsafe`.
fn open() -> io::Result<UnixDatagram> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    // No protocol is number 0, which here is NETLINK_ROUTE.
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
    bind(&socket, &SocketAddrNetlink::new(0, LINKS))?;
    UnixDatagram::from_std(StdDatagram::from(socket))
}

/// Returns when there was a message, and all that came with it are gone.
async fn receive(socket: &UnixDatagram) -> io::Result<()> {
    let mut message = [0_u8; 64];
    let mut received = socket.recv(&mut message).await;
    loop {
        match received {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            // Messages that found no room are changes, too.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::NOBUFS) => {}
            Err(error) => return Err(error),
        }
        received = socket.try_recv(&mut message);
    }
}

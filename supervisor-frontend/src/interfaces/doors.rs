//! One listener for each interface that is there.

use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, TcpListener},
};

use rustix::net::netdevice::name_to_index;

use super::{InterfaceNames, changes::Changes};
use crate::http::listener;

/// Listeners of one address and port, kept in step with the named interfaces.
#[derive(Debug)]
pub struct Doors {
    address: SocketAddr,
    names: InterfaceNames,
    open: BTreeMap<String, Door>,
    /// Why some interface that is there could not be listened on.
    failure: Option<io::ErrorKind>,
    changes: Changes,
    /// What interfaces are asked for with.
    probe: std::net::UdpSocket,
}

#[derive(Debug)]
struct Door {
    /// Of the interface: one that comes again has another, and its old listener hears nothing.
    index: u32,
    listener: TcpListener,
}

impl Doors {
    /// Opens those whose interfaces are there.
    pub fn open(address: SocketAddr, names: InterfaceNames) -> io::Result<Self> {
        let probe = std::net::UdpSocket::bind((std::net::Ipv4Addr::UNSPECIFIED, 0))?;
        // Before the first look, so that no change falls between the two.
        let changes = Changes::watch();
        let mut doors = Self { address, names, open: BTreeMap::new(), failure: None, changes, probe };
        doors.look();
        Ok(doors)
    }

    /// Whether there is a listener.
    pub fn are_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Why some interface that is there could not be listened on.
    pub const fn failure(&self) -> Option<io::ErrorKind> {
        self.failure
    }

    /// Waits until there are other listeners than before.
    pub async fn changed(&mut self) {
        loop {
            self.changes.next(self.failure.is_some()).await;
            if self.look() {
                return;
            }
        }
    }

    /// The listeners, for a server to use beside this; the kernel's sockets live as long as either.
    pub fn listeners(&self) -> io::Result<Vec<TcpListener>> {
        self.open.values().map(|door| door.listener.try_clone()).collect()
    }

    /// Opens and closes what is due, and tells whether anything was.
    fn look(&mut self) -> bool {
        let present: BTreeMap<&str, u32> =
            self.names.iter().filter_map(|name| Some((name, self.index(name)?))).collect();
        let before = self.open.len();
        self.open.retain(|name, door| present.get(name.as_str()) == Some(&door.index));
        let mut changed = self.open.len() != before;
        self.failure = None;
        for (name, index) in present {
            if self.open.contains_key(name) {
                continue;
            }
            match listener::listen(self.address, Some(name)) {
                Ok(listener) => {
                    self.open.insert(name.to_owned(), Door { index, listener });
                    changed = true;
                }
                Err(error) => {
                    log::warn!("not listening, trying again interface={name} error='{error}'");
                    self.failure = Some(error.kind());
                }
            }
        }
        if changed {
            self.tell();
        }
        changed
    }

    fn index(&self, name: &str) -> Option<u32> {
        name_to_index(&self.probe, name).ok()
    }

    fn tell(&self) {
        let (open, closed): (Vec<&str>, Vec<&str>) =
            self.names.iter().partition(|name| self.open.contains_key(*name));
        let (address, open, closed) = (self.address, open.join(","), closed.join(","));
        log::info!("listening on interfaces address={address} open={open} absent={closed}");
    }
}

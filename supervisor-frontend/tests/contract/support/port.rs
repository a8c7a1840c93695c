//! Ports that are known before somebody listens on them.

use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};

/// A port of loopback that is held while nobody listens: the system gives it to nobody who asks for any. Whoever lets
/// others use an address again (`SO_REUSEADDR`), as listeners do, can listen on it.
pub struct Port {
    _held: Socket,
    pub address: SocketAddr,
}

impl Port {
    pub fn take() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let held = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        held.set_reuse_address(true).unwrap();
        held.bind(&any.into()).unwrap();
        let address = held.local_addr().unwrap().as_socket().unwrap();
        Self { _held: held, address }
    }

    pub fn number(&self) -> u16 {
        self.address.port()
    }
}

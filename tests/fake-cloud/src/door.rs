//! Where the server listens: a port that stays its own while it is away.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use socket2::{Domain, Socket, Type};

/// Connections that wait to be taken.
const BACKLOG: i32 = 1024;

/// A port that is held, whether somebody listens or not: the system gives it to nobody else meanwhile.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    _held: Socket,
}

impl Door {
    /// Takes the port; 0: any free one.
    pub fn take(address: SocketAddr) -> io::Result<Self> {
        let held = bound(address)?;
        let address = held.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { address, _held: held })
    }

    /// Address and port.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens; who connects before that, or after the listener has gone, is refused.
    pub fn listen(&self) -> io::Result<TcpListener> {
        let socket = bound(self.address)?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    }
}

/// Several sockets of one port, of which one listens.
fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

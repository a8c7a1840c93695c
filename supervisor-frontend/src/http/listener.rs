//! The listening sockets of the API and of the terminal.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};

const BACKLOG: i32 = 256;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);
/// How long a client may take nothing of what is sent to it, or acknowledge nothing, until its connection ends.
const CLIENT_STUCK: Duration = Duration::from_mins(1);

/// Binds `address`, waiting as long as something else holds it. The port lies in the kernel's
/// ephemeral range, so a client that polls it before it listens can connect to itself and hold it;
/// an address may also appear only when its interface comes up.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let mut wait = FIRST_RETRY;
    loop {
        match listen(address, None) {
            Ok(listener) => return Ok(listener),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable) =>
            {
                log::warn!(
                    "bind failed, trying again address={address} wait_ms={} error='{error}'",
                    wait.as_millis()
                );
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LAST_RETRY);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Binds `address`, for what comes in on `interface` only, if one is named.
pub fn listen(address: SocketAddr, interface: Option<&str>) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // TCP_USER_TIMEOUT (tcp(7)), which connections have from their listener.
    socket.set_tcp_user_timeout(Some(CLIENT_STUCK))?;
    // Without CAP_NET_RAW the kernel permits this once for each socket.
    socket.bind_device(interface.map(str::as_bytes))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bind_of_a_held_port_succeeds_when_it_becomes_free() {
        let holder = listen(SocketAddr::from(([127, 0, 0, 1], 0)), None).unwrap();
        let address = holder.local_addr().unwrap();
        let waiting = tokio::spawn(bind(address));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(holder);
        assert_eq!(waiting.await.unwrap().unwrap().local_addr().unwrap(), address);
    }

    #[tokio::test]
    async fn bind_of_port_0_takes_any_free_port() {
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        assert_ne!(listener.local_addr().unwrap().port(), 0);
    }

    #[test]
    fn connection_of_a_listener_ends_when_its_client_is_stuck() {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0)), None).unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (connection, _) = listener.accept().unwrap();
        let timeout = socket2::SockRef::from(&connection).tcp_user_timeout().unwrap();
        assert_eq!(timeout, Some(CLIENT_STUCK));
    }
}

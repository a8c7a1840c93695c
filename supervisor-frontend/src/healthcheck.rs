//! `supervisor-frontend healthcheck`: asks the API on this machine whether it is alive, for container
//! images that hold nothing but this binary.

use std::{
    io::{self, Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use crate::{
    auth::{
        api_key::ApiKey,
        key_file::{KeyFile, KeyStoreError},
    },
    config::Config,
};

const DEADLINE: Duration = Duration::from_secs(4);
const ANSWER_MAX_BYTES: usize = 1024;

/// Why the API does not count as alive.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// The key file cannot be read.
    #[error("no key to ask with")]
    Key(#[from] KeyStoreError),
    /// There is no whole key in the key file.
    #[error("no key to ask with: FRONTEND_STATE_DIR holds none")]
    NoKey,
    /// Nothing answers in time.
    #[error("no answer from {address}")]
    Silent {
        /// Who was asked.
        address: SocketAddr,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// Something else answers, or not well.
    #[error("{address} did not answer 200")]
    WrongAnswer {
        /// Who was asked.
        address: SocketAddr,
    },
}

/// Asks `GET /ping`.
pub fn check(config: &Config) -> Result<(), Unhealthy> {
    let key = match &config.fixed_key {
        Some(key) => key.clone(),
        None => stored_key(config)?,
    };
    let address = SocketAddr::new(reachable(config.listen.ip()), config.listen.port());
    let answer = ask(address, &key).map_err(|source| Unhealthy::Silent { address, source })?;
    if answer.starts_with(b"HTTP/1.1 200 ") { Ok(()) } else { Err(Unhealthy::WrongAnswer { address }) }
}

fn stored_key(config: &Config) -> Result<ApiKey, Unhealthy> {
    KeyFile::new(&config.state_dir).peek()?.ok_or(Unhealthy::NoKey)
}

/// The loopback address where the API listens everywhere.
fn reachable(listen: IpAddr) -> IpAddr {
    match listen {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

fn ask(address: SocketAddr, key: &ApiKey) -> io::Result<Vec<u8>> {
    let started = Instant::now();
    let left = || {
        DEADLINE.checked_sub(started.elapsed()).filter(|left| !left.is_zero()).ok_or(io::ErrorKind::TimedOut)
    };
    let mut stream = TcpStream::connect_timeout(&address, DEADLINE)?;
    stream.set_write_timeout(Some(left()?))?;
    let request = format!(
        "GET /ping HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        key.expose()
    );
    stream.write_all(request.as_bytes())?;
    let (mut answer, mut chunk) = (Vec::new(), [0_u8; 256]);
    while answer.len() < ANSWER_MAX_BYTES {
        stream.set_read_timeout(Some(left()?))?;
        match stream.read(&mut chunk)? {
            0 => break,
            read => answer.extend(chunk.iter().take(read)),
        }
    }
    Ok(answer)
}

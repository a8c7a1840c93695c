//! What the heartbeat looks at: the network and the VPN's status folder.

use std::{
    io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use rustix::fs::{Access, AtFlags, CWD};
use tokio::net::TcpStream;

use super::endpoint::Endpoint;

/// Reaches the cloud, or not. The caller sets the deadline.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Opens a connection and closes it.
    async fn connect(&self, endpoint: &Endpoint) -> io::Result<()>;
}

/// A TCP connection that carries no data.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpConnector;

#[async_trait]
impl Connector for TcpConnector {
    async fn connect(&self, endpoint: &Endpoint) -> io::Result<()> {
        TcpStream::connect((endpoint.host(), endpoint.port())).await.map(drop)
    }
}

/// Tells whether the VPN is up.
pub trait VpnStatus: Send + Sync {
    /// Must not block.
    fn is_active(&self) -> bool;
}

/// The VPN client's status folder: a file `active` in it means that the VPN is up.
#[derive(Debug, Clone)]
pub struct VpnStatusFolder {
    active: PathBuf,
}

impl VpnStatusFolder {
    /// `folder` is the host's path, `host_root` where this process sees the host's `/`.
    pub fn new(host_root: &Path, folder: &Path) -> Self {
        let below = folder.strip_prefix("/").unwrap_or(folder);
        Self { active: host_root.join(below).join("active") }
    }
}

impl VpnStatus for VpnStatusFolder {
    fn is_active(&self) -> bool {
        // The folder is below /run, in memory: asking for one name there does not wait for a disk.
        rustix::fs::accessat(CWD, &self.active, Access::EXISTS, AtFlags::empty()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vpn_is_active_while_the_file_exists() {
        let host = tempfile::tempdir().unwrap();
        let folder = host.path().join("run/openvpn/vpn_status");
        let vpn = VpnStatusFolder::new(host.path(), Path::new("/run/openvpn/vpn_status"));
        assert!(!vpn.is_active());
        std::fs::create_dir_all(&folder).unwrap();
        assert!(!vpn.is_active());
        std::fs::write(folder.join("active"), "").unwrap();
        assert!(vpn.is_active());
    }

    #[tokio::test]
    async fn tcp_connector_reaches_a_listener_and_fails_without_one() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let endpoint: Endpoint = url.parse().unwrap();
        TcpConnector.connect(&endpoint).await.unwrap();
        drop(listener);
        assert!(TcpConnector.connect(&endpoint).await.is_err());
    }
}

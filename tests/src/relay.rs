//! An OpenSSH server that others may be reached through: what an owner would have on the internet, here on loopback.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::command::run;
use crate::process::Process;
use crate::scratch::{Folder, free_port};
use crate::wait::wait_until;

const READY: Duration = Duration::from_mins(2);

/// The server, with keys that are worth nothing elsewhere; it ends with its owner.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    outside: u16,
    _server: Process,
    folder: Folder,
}

impl Relay {
    /// Starts it; `uid` is the user who will log in, and reads the key for that.
    pub fn start(uid: u32) -> Result<Self> {
        let folder = Folder::new()?;
        for name in ["host", "user"] {
            run(&["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", &folder.join(name)])?;
        }
        let (port, outside) = (free_port()?, free_port()?);
        fs::write(folder.path().join("config"), configuration(&folder, port, outside))?;
        // The server wants it, and makes it only when it is started by its own unit.
        fs::create_dir_all("/run/sshd")?;
        let mut command = Command::new("/usr/sbin/sshd");
        command.args(["-D", "-e", "-f", &folder.join("config")]);
        let server = Process::start(&mut command, &folder.path().join("sshd.log"))?;
        wait_until("the relay", READY, || Ok(TcpStream::connect(("127.0.0.1", port))?))?;
        std::os::unix::fs::chown(folder.path().join("user"), Some(uid), None)?;
        fs::set_permissions(folder.path().join("user"), fs::Permissions::from_mode(0o600))?;
        Ok(Self { port, outside, _server: server, folder })
    }

    /// Where the tunnel's other end is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.outside)
    }

    /// A `TTY_TUNNEL_COMMAND`: the client says the URL itself, once it is logged in.
    pub fn tunnel_command(&self) -> String {
        format!(
            "ssh -N -F none -p {} -i {} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes \
             -o ExitOnForwardFailure=yes -o PermitLocalCommand=yes -o 'LocalCommand=echo {}' \
             -R {}:127.0.0.1:{{port}} root@127.0.0.1",
            self.port,
            self.folder.join("user"),
            self.url(),
            self.outside
        )
    }
}

fn configuration(folder: &Folder, port: u16, outside: u16) -> String {
    format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
         PermitRootLogin yes\nPasswordAuthentication no\n\
         KbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\nAllowTcpForwarding remote\n\
         PermitListen {outside}\n",
        folder.join("host"),
        folder.join("user.pub")
    )
}

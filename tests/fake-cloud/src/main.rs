//! A cloud by hand: prints where it is and the key that registers devices, and serves until Ctrl-C.

use std::{error::Error, fs, io::Write as _, net::SocketAddr, path::PathBuf};

use clap::Parser;
use fake_cloud::FakeCloud;

/// Serves openBalena's contract with devices for one fleet, on loopback, for tests by hand.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:48480")]
    listen: SocketAddr,
    /// JSON file with services, volumes and networks, in the form of the target state: the release to run
    #[arg(long)]
    release: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let cloud = FakeCloud::start_at(arguments.listen)?;
    if let Some(path) = arguments.release {
        cloud.release(serde_json::from_slice(&fs::read(path)?)?);
    }
    let mut out = std::io::stdout();
    writeln!(out, "url {}", cloud.url())?;
    writeln!(out, "provisioning-key {}", cloud.provisioning_key())?;
    writeln!(out, "fleet {}", cloud.fleet_id())?;
    loop {
        std::thread::park();
    }
}

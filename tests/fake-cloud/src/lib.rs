//! A server of openBalena's contract with devices, as far as one device can see it, on loopback.
//!
//! What it answers, to the byte where bytes matter, was recorded with a real server; a test tells it what to
//! hold, how to fail, and asks what it was told.
//!
//! ```no_run
//! use serde_json::json;
//!
//! let cloud = fake_cloud::FakeCloud::start()?;
//! let commit = cloud.release(json!({ "services": { "main": { "image": "registry/v2/aa" } } }));
//! // … a device registers with cloud.provisioning_key(), polls, and runs it …
//! let seen = cloud.wait(std::time::Duration::from_secs(30), |world| {
//!     world.devices().next().filter(|device| device.reported("status").is_some()).map(|device| device.uuid.clone())
//! });
//! # Ok::<(), std::io::Error>(())
//! ```

mod answer;
mod body;
mod door;
mod exchange;
mod fault;
mod logs;
mod register;
mod report;
mod route;
mod seen;
mod serve;
mod server;
mod shared;
mod signer;
mod state;
mod token;
mod world;

pub use fault::Fault;
pub use route::Route;
pub use seen::Seen;
pub use server::FakeCloud;
pub use world::{Device, LogLine, Release, World};

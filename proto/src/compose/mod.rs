//! From a compose-shaped JSON value to the wire's [`Target`](crate::v1::Target).
//!
//! Pure: no files, no YAML, no engine. A local compose file is read with [`read_document`]; one
//! service object, as a cloud target's `composition` carries it, with [`read_service`]. Whatever is
//! not carried out is refused by name, never ignored, and all refusals of a document are reported
//! together. [`read_device_state`] reads all apps of a cloud's target state.
//!
//! Format: <https://docs.docker.com/reference/compose-file/>

mod attachments;
mod checks;
mod command;
mod depends_on;
mod deploy;
mod device;
mod document;
mod duration;
mod env_file;
pub mod fields;
mod healthcheck;
mod host_list;
mod list;
mod logging;
mod networks;
mod number;
mod pairs;
mod place;
mod ports;
mod privilege;
mod profiles;
mod reader;
mod refusal;
mod resource;
mod restart;
mod service;
mod settings;
mod signal;
mod target_state;
mod tmpfs;
mod variables;
mod volume;
mod volumes;

#[cfg(test)]
mod tests;

pub use document::{Document, read_document};
pub use env_file::{EnvFile, EnvLineError, env_files, parse_env, put_environment};
pub use profiles::select_profiles;
pub use reader::Dollars;
pub use refusal::{Refusal, Refusals};
pub use service::read_service;
pub use target_state::{App, DeviceState, read_app, read_device_state};
pub use variables::{Lookup, substitute};

//! The outside world as it is: files, D-Bus, the engine, the kernel. Each adapter implements a port or
//! answers one question.

pub mod boot_id;
pub mod bus;
pub mod clock;
pub mod config_file;
pub mod docker;
pub mod host_facts;
pub mod host_files;
pub mod logind;
pub mod store;
pub mod systemd;
pub mod userns;
pub mod vpn_unit;

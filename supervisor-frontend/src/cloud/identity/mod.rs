//! Who the device is to its cloud: the owner's `config.json`, and what provisioning yields.

pub mod config_json;
mod device;
pub mod introduction;
pub mod keeper;
mod provisioning;
pub mod record;
pub mod register;
pub mod retry;

pub use device::{DeviceKey, Identity};
pub use provisioning::Known;

//! A device for tests: engine, files, store and logind in memory, every call of which can be made to fail,
//! to hang, or to be the last before a crash. Test crates of this package use it as well.

#![allow(dead_code, unused_imports, reason = "each of the test programs that share it uses a part")]

mod clock;
mod containers;
mod device;
mod engine;
mod exec;
mod host;
mod images;
mod output;
mod targets;
mod volumes;
mod world;

pub use self::{
    device::{Behaviour, FakeDevice, FakeVolume, Fault},
    host::DATA_LOCK,
    targets::*,
    world::{INSTANCE, World},
};

//! What the tests stand on: a fake core, a raw HTTP client, a frontend in a folder of its own.

pub mod core;
pub mod frontend;
pub mod http;
pub mod port;
pub mod services;
pub mod shell;
pub mod terminal;
pub mod websocket;

//! The parsers of what strangers send: each takes any bytes, must not panic, hang or hoard, and must keep its word
//! about what it lets through. `scripts/fuzz` runs a fuzzer over them, the tests run the seeds.

mod body;
mod credentials;
mod escape;
mod frame;
mod names;
mod target_state;

/// What is fuzzed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folder of seeds.
    pub name: &'static str,
    /// Panics where the parser breaks its word.
    pub check: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 6] = [
    Target { name: "frame", check: frame::check },
    Target { name: "escape", check: escape::check },
    Target { name: "body", check: body::check },
    Target { name: "credentials", check: credentials::check },
    Target { name: "names", check: names::check },
    Target { name: "target-state", check: target_state::check },
];

/// The one of that name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}

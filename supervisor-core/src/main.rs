//! The root daemon's entry point.

fn main() {}

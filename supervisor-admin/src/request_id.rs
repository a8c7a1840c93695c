//! The id under which core's log shows a call of this tool.

/// A new id: 64 random bits, or the process id where the kernel gives none.
pub fn new() -> String {
    let number = getrandom::u64().unwrap_or_else(|_| std::process::id().into());
    format!("admin-{number:016x}")
}

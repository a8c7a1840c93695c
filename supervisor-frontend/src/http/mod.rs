//! What happens to every request, whatever its route: identity, access, the log line, limits.

pub mod access_log;
pub mod gate;
pub mod listener;
pub mod on_demand;
pub mod path;
pub mod request_id;

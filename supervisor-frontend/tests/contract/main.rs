//! The frontend over a real TCP socket, against a core over a real Unix socket.

// Marked as tests, so that helpers beside the test functions may unwrap too.
#[cfg(test)]
mod access;
#[cfg(test)]
mod apps;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod cloud_identity;
#[cfg(test)]
mod cloud_key_exchange;
#[cfg(test)]
mod cloud_logs;
#[cfg(test)]
mod cloud_report;
#[cfg(test)]
mod cloud_target;
#[cfg(test)]
mod cloud_update;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod device;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod healthy;
#[cfg(test)]
mod link;
#[cfg(test)]
mod process;
#[cfg(test)]
mod remote;
#[cfg(test)]
mod routing;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tables;
mod terminal_ends;
#[cfg(test)]
mod terminal_hostile;
#[cfg(test)]
mod terminal_page;
#[cfg(test)]
mod terminal_routes;
#[cfg(test)]
mod terminal_shell;
#[cfg(test)]
mod tunnel;
#[cfg(test)]
mod v2;

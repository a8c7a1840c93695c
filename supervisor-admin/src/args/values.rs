//! What a value on the command line may be.

use std::{convert::Infallible, path::PathBuf};

use log::LevelFilter;
use supervisor_proto::ids::{AppId, InvalidId, ServiceName};

pub(super) const DEFAULT_SOCKET: &str = "/run/supervisor/core.sock";
pub(super) const DEFAULT_LED: &str = "/sys/class/leds/led0/brightness";
pub(super) const DEFAULT_LOG: &str = "info";

/// Launch scripts pass empty variables: they count as unset.
#[allow(clippy::unnecessary_wraps, reason = "the signature that clap asks of a value parser")]
pub(super) fn socket(text: &str) -> Result<PathBuf, Infallible> {
    Ok(PathBuf::from(if text.is_empty() { DEFAULT_SOCKET } else { text }))
}

#[allow(clippy::unnecessary_wraps, reason = "the signature that clap asks of a value parser")]
pub(super) fn led(text: &str) -> Result<PathBuf, Infallible> {
    Ok(PathBuf::from(if text.is_empty() { DEFAULT_LED } else { text }))
}

/// `level`, `module` or `module=level`, separated by commas.
pub(super) fn log_filter(text: &str) -> Result<String, &'static str> {
    let text = if text.is_empty() { DEFAULT_LOG } else { text };
    let fits = |directive: &str| match directive.split_once('=') {
        Some((module, level)) => !module.is_empty() && level.parse::<LevelFilter>().is_ok(),
        None => !directive.is_empty(),
    };
    if text.split(',').all(fits) {
        Ok(text.to_owned())
    } else {
        Err("SUPERVISOR_LOG is error, warn, info, debug, trace or off, or module=level, separated by commas")
    }
}

pub(super) fn app_name(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.len() > 255 || text.contains(char::is_control) {
        Err("a name has 1 to 255 bytes and no control character")
    } else {
        Ok(text.to_owned())
    }
}

pub(super) fn app_id(text: &str) -> Result<AppId, InvalidId> {
    AppId::parse(text)
}

pub(super) fn service(text: &str) -> Result<ServiceName, InvalidId> {
    ServiceName::parse(text)
}

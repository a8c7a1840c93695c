//! What a value on the command line may be.

use std::{
    convert::Infallible,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

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

/// A time in RFC 3339, or how long ago; milliseconds since 1970.
pub(super) fn since_ms(text: &str) -> Result<u64, &'static str> {
    let ago = humantime::parse_duration(text).ok().map(|ago| SystemTime::now().checked_sub(ago));
    let time = ago.unwrap_or_else(|| humantime::parse_rfc3339_weak(text).ok());
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .ok_or("expected a time such as 2026-11-24T16:00:00Z, or how long ago, such as 10m or 2h")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_time_or_how_long_ago() {
        assert_eq!(since_ms("2023-11-14T22:13:20.123Z"), Ok(1_700_000_000_123));
        assert_eq!(since_ms("2023-11-14 22:13:20"), Ok(1_700_000_000_000));
        let (hour, day) = (since_ms("1h").unwrap(), since_ms("24h").unwrap());
        assert!((82_000_000..84_000_000).contains(&(hour - day)), "{hour} {day}");
        for text in ["", "yesterday", "10", "1960-01-01T00:00:00Z", "600years"] {
            since_ms(text).unwrap_err();
        }
    }
}

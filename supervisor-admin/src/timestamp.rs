//! Times for people and programs: RFC 3339 in UTC, as in core's log, so that the two can be laid side by side.

use std::time::{Duration, UNIX_EPOCH};

use humantime::{format_rfc3339_millis, format_rfc3339_seconds};

/// The year 9999's end: what the format can say.
const LATEST_S: u64 = 253_402_300_799;

/// For example `2026-11-24T16:53:40.123Z`.
pub fn of_ms(ms: u64) -> String {
    format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(ms.min(LATEST_S * 1000))).to_string()
}

/// For example `2026-11-24T16:53:40Z`.
pub fn of_s(s: u64) -> String {
    format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(s.min(LATEST_S))).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_rfc_3339_in_utc_whatever_the_number() {
        assert_eq!(of_ms(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
        assert_eq!(of_s(0), "1970-01-01T00:00:00Z");
        assert_eq!(of_s(u64::MAX), "9999-12-31T23:59:59Z");
        assert_eq!(of_ms(u64::MAX), "9999-12-31T23:59:59.000Z");
    }
}

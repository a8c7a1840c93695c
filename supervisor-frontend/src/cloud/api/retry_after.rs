//! When a server asks to be asked again (`Retry-After`, RFC 9110 §10.2.3).

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

/// No server keeps a device away for longer.
const LONGEST: Duration = Duration::from_hours(24);

/// How long the server asks to wait. A date counts from the server's own clock where it tells it: the device's
/// may be wrong by years.
pub(super) fn of(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = text(headers.get(RETRY_AFTER))?;
    let asked = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => until(value, headers, now)?,
    };
    Some(asked.min(LONGEST))
}

fn until(date: &str, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let at = httpdate::parse_http_date(date).ok()?;
    let clock = text(headers.get(DATE)).and_then(|date| httpdate::parse_http_date(date).ok());
    Some(at.duration_since(clock.unwrap_or(now)).unwrap_or_default())
}

fn text(value: Option<&HeaderValue>) -> Option<&str> {
    value?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(retry_after: &str, date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, retry_after.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        of(&headers, httpdate::parse_http_date("Tue, 24 Nov 2026 20:00:00 GMT").unwrap())
    }

    #[test]
    fn retry_after_in_seconds_is_taken_up_to_a_day() {
        assert_eq!(asked("10", None), Some(Duration::from_secs(10)));
        assert_eq!(asked(" 0 ", None), Some(Duration::ZERO));
        assert_eq!(asked("99999999999", None), Some(LONGEST));
    }

    #[test]
    fn retry_after_as_a_date_counts_from_the_server_s_clock() {
        let date = "Thu, 01 Jan 1970 00:02:00 GMT";
        assert_eq!(asked(date, Some("Thu, 01 Jan 1970 00:00:30 GMT")), Some(Duration::from_secs(90)));
        assert_eq!(asked(date, None), Some(Duration::ZERO), "it is past");
        assert_eq!(asked("Tue, 24 Nov 2026 20:01:00 GMT", None), Some(Duration::from_mins(1)));
    }

    #[test]
    fn retry_after_that_is_neither_says_nothing() {
        for text in ["", "soon", "-1", "1.5"] {
            assert_eq!(asked(text, None), None, "{text}");
        }
        assert_eq!(of(&HeaderMap::new(), SystemTime::UNIX_EPOCH), None);
    }
}

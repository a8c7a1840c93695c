//! Durations in words: `1h30m`, `10s`, `1.5s`, `250ms`.
//! <https://docs.docker.com/reference/compose-file/extension/#specifying-durations>

/// The engine counts nanoseconds in 63 bits.
const MAX_MS: u64 = i64::MAX as u64 / 1_000_000;

/// Milliseconds of a duration such as `1m30s`.
pub fn parse(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let mut micros: u64 = 0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after, |c| c.is_ascii_alphabetic() || c == 'µ');
        micros = micros.checked_add(part(number, unit_micros(unit)?)?)?;
        rest = after;
    }
    (micros.is_multiple_of(1000) && micros / 1000 <= MAX_MS).then_some(micros / 1000)
}

fn split(text: &str, inside: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !inside(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn unit_micros(unit: &str) -> Option<u64> {
    match unit {
        "us" | "µs" => Some(1),
        "ms" => Some(1000),
        "s" => Some(1_000_000),
        "m" => Some(60_000_000),
        "h" => Some(3_600_000_000),
        _ => None,
    }
}

/// `number`, which may have a fraction, times `unit`.
fn part(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut micros = whole.checked_mul(unit)?;
    let mut scale = u128::from(unit);
    let mut exact: u128 = 0;
    let mut divisor: u128 = 1;
    for digit in fraction.chars() {
        divisor = divisor.checked_mul(10)?;
        exact = exact.checked_mul(10)?.checked_add(u128::from(digit.to_digit(10)?))?;
    }
    scale = scale.checked_mul(exact)?;
    if !scale.is_multiple_of(divisor) {
        return None;
    }
    micros = micros.checked_add(u64::try_from(scale / divisor).ok()?)?;
    Some(micros)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn duration_of_known_units_is_milliseconds() {
        for (text, ms) in [
            ("0", 0),
            ("0s", 0),
            ("250ms", 250),
            ("90s", 90_000),
            ("1m30s", 90_000),
            ("1.5s", 1500),
            (".5s", 500),
            ("1h", 3_600_000),
            ("3000us", 3),
            ("1h5m30s20ms", 3_930_020),
        ] {
            assert_eq!(parse(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn duration_of_anything_else_is_refused() {
        for text in [
            "",
            "10",
            "s",
            "-1s",
            "1 s",
            "1d",
            "1x",
            "1..5s",
            ".s",
            "500us",
            "1.0005ms",
            "99999999999h",
            "99999999999999999999s",
            "٣s",
            "1s ",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

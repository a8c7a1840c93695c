//! Numbers of compose: sizes with units, parts of processors, whole numbers with a sign.

use serde_json::Value;

use super::reader::{Node, Reader};

/// The engine counts in 63 bits.
const MAX: u64 = i64::MAX as u64;
const NANO: u32 = 9;

/// Bytes: a whole number, or a number with a unit from `b` to `tb`, in powers of 1024.
/// <https://docs.docker.com/reference/compose-file/extension/#specifying-byte-values>
pub(super) fn bytes(reader: &mut Reader, node: &Node<'_>) -> Option<u64> {
    let text = node.scalar(reader)?;
    let parsed = parse_bytes(&text);
    if parsed.is_none() {
        reader.note(&node.path, "must be a size such as 512m, 1gb or a whole number of bytes");
    }
    parsed
}

/// The same, or -1 for no limit.
pub(super) fn bytes_or_unlimited(reader: &mut Reader, node: &Node<'_>) -> Option<i64> {
    if is_minus_one(node) {
        return Some(-1);
    }
    bytes(reader, node).and_then(|bytes| i64::try_from(bytes).ok())
}

/// Processors, as `0.5`, in thousand-millionths.
pub(super) fn nano_cpus(reader: &mut Reader, node: &Node<'_>) -> Option<u64> {
    let text = node.scalar(reader)?;
    let parsed = scaled(&text, NANO);
    if parsed.is_none() {
        reader.note(&node.path, "must be a number of processors such as 0.5, with at most nine decimals");
    }
    parsed
}

/// A whole number, also in quotes.
pub(super) fn whole(reader: &mut Reader, node: &Node<'_>) -> Option<i64> {
    let parsed = match node.value {
        Value::Number(number) => number.as_i64(),
        Value::String(_) => node.text(reader)?.parse().ok(),
        _ => None,
    };
    if parsed.is_none() {
        reader.note(&node.path, "must be a whole number");
    }
    parsed
}

/// A whole number from 0 on, also in quotes.
pub(super) fn amount(reader: &mut Reader, node: &Node<'_>) -> Option<u64> {
    let value = whole(reader, node)?;
    match u64::try_from(value) {
        Ok(value) => Some(value),
        Err(_) => reader.refuse(&node.path, "must not be negative"),
    }
}

/// A whole number between two bounds, also in quotes.
pub(super) fn between(reader: &mut Reader, node: &Node<'_>, low: i32, high: i32) -> Option<i32> {
    let value = whole(reader, node)?;
    match i32::try_from(value) {
        Ok(value) if (low..=high).contains(&value) => Some(value),
        _ => reader.refuse(&node.path, format!("must be a whole number from {low} to {high}")),
    }
}

fn is_minus_one(node: &Node<'_>) -> bool {
    node.value.as_i64() == Some(-1) || node.value.as_str() == Some("-1")
}

fn parse_bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let shift = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" => 10,
        "m" | "mb" => 20,
        "g" | "gb" => 30,
        "t" | "tb" => 40,
        _ => return None,
    };
    // A fraction of bytes is cut off, as the engine's own tools do.
    let millionths = scaled(number, 6)?;
    let bytes = (u128::from(millionths) << shift) / 1_000_000;
    u64::try_from(bytes).ok().filter(|bytes| *bytes <= MAX)
}

/// A decimal number times `10^decimals`, exactly.
fn scaled(text: &str, decimals: u32) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    let places = u32::try_from(fraction.len()).ok()?;
    if whole.is_empty() || !digits(whole) || !digits(fraction) || places > decimals {
        return None;
    }
    let fraction: u64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let scale = 10_u64.checked_pow(decimals)?;
    let part = fraction.checked_mul(10_u64.checked_pow(decimals - places)?)?;
    whole.parse::<u64>().ok()?.checked_mul(scale)?.checked_add(part).filter(|value| *value <= MAX)
}

#[cfg(test)]
mod tests {
    use super::{parse_bytes, scaled};

    #[test]
    fn size_of_known_units_is_bytes() {
        for (text, bytes) in [
            ("0", 0),
            ("1024", 1024),
            ("64b", 64),
            ("2k", 2048),
            ("64m", 64 << 20),
            ("64MB", 64 << 20),
            ("1.5g", 3 << 29),
            ("2 gb", 2 << 30),
            ("1t", 1 << 40),
        ] {
            assert_eq!(parse_bytes(text), Some(bytes), "{text}");
        }
    }

    #[test]
    fn size_of_anything_else_is_refused() {
        for text in ["", "m", "-1", "1x", "1mib", "1..5m", "99999999999t", "1e3", "0x10"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }

    #[test]
    fn processors_are_counted_exactly() {
        for (text, nano) in
            [("0.5", 500_000_000), ("2", 2_000_000_000), ("0.000000001", 1), ("1.50", 1_500_000_000)]
        {
            assert_eq!(scaled(text, 9), Some(nano), "{text}");
        }
        for text in ["", ".5", "0.0000000001", "-1", "a", "1e1", "99999999999999"] {
            assert_eq!(scaled(text, 9), None, "{text}");
        }
    }
}

//! The middle of what was measured.

use std::time::Duration;

/// The median; of nothing, not a number.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The middle duration in milliseconds.
pub fn median_ms(values: impl IntoIterator<Item = Duration>) -> f64 {
    median(values.into_iter().map(|value| value.as_secs_f64() * 1e3).collect())
}

/// The median of the ratios, pair by pair: drift of the machine's speed falls out.
pub fn median_ratio(pairs: &[(f64, f64)]) -> f64 {
    median(pairs.iter().map(|(ours, reference)| ours / reference).collect())
}

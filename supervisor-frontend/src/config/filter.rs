//! Whether a log filter can be understood; `env_logger` ignores what it does not understand.

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Accepts levels and `target=level` pairs, separated by commas.
pub(super) fn is_valid(filter: &str) -> bool {
    filter.split(',').all(|directive| {
        let (target, level) = directive.rsplit_once('=').unwrap_or(("any", directive));
        !target.trim().is_empty() && LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_of_levels_and_pairs_is_valid() {
        for text in ["info", "WARN", "off", "info,supervisor_frontend::led=trace", "actix_server=warn"] {
            assert!(is_valid(text), "{text}");
        }
    }

    #[test]
    fn filter_with_a_typing_error_is_not() {
        for text in ["inof", "", "info,", "=info", "a=b", "a="] {
            assert!(!is_valid(text), "{text}");
        }
    }
}

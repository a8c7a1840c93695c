//! The version that this supervisor tells others: apps, API clients and the cloud.

/// `13.99.0+<own release>`, at most 20 characters.
///
/// A client's gate asks for `9.7.0` or newer before it uses the API, and a cloud replaces a supervisor whose version is that
/// of a release it manages. So it is in the line that first spoke this contract of the cloud, with a minor number that was
/// never released there. The build part tells our releases apart and does not take part in the comparison.
pub const REPORTED_VERSION: &str = concat!("13.99.0+", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use super::*;

    /// What the cloud keeps of a version; the rest is cut off.
    const LONGEST: usize = 20;

    fn numbers(version: &str) -> Vec<u32> {
        version.split('.').map(|part| part.parse().unwrap()).collect()
    }

    #[test]
    fn reported_version_passes_the_gates_and_names_our_release() {
        let (compared, build) = REPORTED_VERSION.split_once('+').unwrap();
        assert!(numbers(compared) >= numbers("9.7.0"));
        assert_eq!(build, env!("CARGO_PKG_VERSION"));
        assert!(build.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-'));
    }

    #[test]
    fn reported_version_fits_into_what_the_cloud_keeps() {
        assert!(REPORTED_VERSION.len() <= LONGEST, "{REPORTED_VERSION}");
    }
}

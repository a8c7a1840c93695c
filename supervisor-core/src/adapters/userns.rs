//! User-namespace remapping: with it, the uids that the kernel reports for a socket's peers are not the ones
//! that the configuration names, so roles cannot be told apart.

use std::io;

/// See <https://man7.org/linux/man-pages/man7/user_namespaces.7.html>.
const UID_MAP_PATH: &str = "/proc/self/uid_map";

/// Every uid but the invalid last one.
const ALL_UIDS: u32 = u32::MAX;

/// This process cannot tell its peers' uids.
#[derive(Debug, thiserror::Error)]
pub enum UserNamespaceError {
    /// The kernel's file cannot be read.
    #[error("cannot read {UID_MAP_PATH}")]
    Read(#[source] io::Error),
    /// The uids here are not the host's.
    #[error(
        "user namespaces are remapped (uid_map is {uid_map:?}): the callers' uids cannot be trusted, so run the \
         supervisor without remapping, with Docker's `userns_mode: host`"
    )]
    Remapped {
        /// The map, on one line.
        uid_map: String,
    },
}

/// Success if every uid here is the same uid on the host.
pub fn check() -> Result<(), UserNamespaceError> {
    check_map(&std::fs::read_to_string(UID_MAP_PATH).map_err(UserNamespaceError::Read)?)
}

/// [`check`] on the text of a `uid_map`: lines of first uid inside, first uid outside, count.
pub fn check_map(uid_map: &str) -> Result<(), UserNamespaceError> {
    let mut numbers = uid_map.split_whitespace().map(str::parse::<u32>);
    let first_four = [numbers.next(), numbers.next(), numbers.next(), numbers.next()];
    if first_four == [Some(Ok(0)), Some(Ok(0)), Some(Ok(ALL_UIDS)), None] {
        return Ok(());
    }
    let uid_map = uid_map.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(UserNamespaceError::Remapped { uid_map })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_map_is_fine() {
        assert!(check_map("         0          0 4294967295\n").is_ok());
    }

    #[test]
    fn any_other_map_is_refused_and_shown() {
        for text in [
            "",
            "0 100000 65536\n",
            "0 0 65536\n",
            "0 0 1000\n1000 1000 4294966295\n",
            "1 1 4294967295\n",
            "0 0 4294967295 0\n",
            "x 0 4294967295\n",
        ] {
            assert!(check_map(text).is_err(), "{text:?}");
        }
        let error = check_map("0 100000 65536\n").unwrap_err();
        assert!(error.to_string().contains("0 100000 65536"));
    }

    #[test]
    fn this_test_runs_without_remapping() {
        assert!(check().is_ok());
    }
}

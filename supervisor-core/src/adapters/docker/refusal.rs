//! Why an engine refuses, where only its words tell. Each engine has words of its own, and some of them codes
//! of their own: Podman says 500 where Docker says 403 or 409.

use crate::ports::engine::NotPulled;

/// Another network has these addresses.
pub fn is_subnet_taken(message: &str) -> bool {
    says(message, &["pool overlaps", "is already used on the host or by another config"])
}

/// There is a network of that name.
pub fn is_network_there(message: &str) -> bool {
    says(message, &["already exists"])
}

/// The container is on the network.
pub fn is_connected(message: &str) -> bool {
    says(message, &["already exists in network", "is already connected"])
}

/// Containers are on the network.
pub fn is_network_used(message: &str) -> bool {
    says(message, &["active endpoints", "associated containers"])
}

/// The engine is about to remove the container.
pub fn is_being_removed(message: &str) -> bool {
    says(message, &["already in progress"])
}

/// The object of the call is not there; a 404 without these words means that the engine has no such call.
pub fn is_container_absent(message: &str) -> bool {
    says(message, &["no such container"])
}

/// The container's program is not in its image, or is none.
pub fn is_no_program(message: &str) -> bool {
    let words =
        ["invoke a command that was not found", "open executable: permission denied", "is not executable"];
    says(message, &words)
}

/// The process that was started in a container is not known any more.
pub fn is_process_absent(message: &str) -> bool {
    says(message, &["no such exec"])
}

/// Why a pull was refused, where the engine's words tell.
pub fn why_not_pulled(message: &str) -> Option<NotPulled> {
    let reasons: [(&[&str], NotPulled); 6] = [
        (&["no space left on device"], NotPulled::NoSpace),
        (&["toomanyrequests", "too many requests"], NotPulled::Busy),
        (
            &[
                "unauthorized",
                "no basic auth credentials",
                "authentication required",
                "invalid username/password",
                "access denied",
                "denied:",
                "403 forbidden",
            ],
            NotPulled::Denied,
        ),
        (&["manifest unknown", "name unknown", "not found"], NotPulled::Absent),
        (
            &["connection reset", "unexpected eof", "server closed idle connection", "broken pipe"],
            NotPulled::Closed,
        ),
        (
            &[
                "connection refused",
                "no such host",
                "no route to host",
                "network is unreachable",
                "i/o timeout",
                "handshake timeout",
                "deadline exceeded",
                "request canceled while waiting",
                "x509:",
                "http response to https client",
                "server misbehaving",
                "502 bad gateway",
                "503 service unavailable",
                "504 gateway timeout",
            ],
            NotPulled::Unreachable,
        ),
    ];
    let known = reasons.into_iter().find(|(words, _)| says(message, words)).map(|(_, why)| why);
    // Three letters are found in other words too, so only as the last one.
    let ends = || message.split_whitespace().next_back().is_some_and(|last| last == "EOF");
    known.or_else(|| ends().then_some(NotPulled::Closed))
}

fn says(message: &str, any: &[&str]) -> bool {
    let message = message.to_lowercase();
    any.iter().any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Docker 20.10, 26.1 and 28.5, Podman 4.3 and 5.4 said it.
    #[test]
    fn refusal_in_each_engines_words_is_understood() {
        for message in [
            "Pool overlaps with other one on this address space",
            "invalid pool request: Pool overlaps with other one on this address space",
            "subnet 10.114.104.0/25 is already used on the host or by another config",
        ] {
            assert!(is_subnet_taken(message), "{message}");
        }
        for message in
            ["network with name n1 already exists", "network name n1 already used: network already exists"]
        {
            assert!(is_network_there(message), "{message}");
        }
        for message in [
            "endpoint with name c1 already exists in network n1",
            "container bed575f2 is already connected to network \"n1\": network is already connected",
            "container 74b9164d is already connected to network n1: network is already connected",
        ] {
            assert!(is_connected(message), "{message}");
        }
        for message in [
            "error while removing network: network n1 id 2ca045084a5c has active endpoints",
            "error while removing network: network n1 has active endpoints (name:\"c1\" id:\"0aa3b3c9ab69\")",
            "\"n1\" has associated containers with it. Use -f to forcibly delete containers and pods",
        ] {
            assert!(is_network_used(message), "{message}");
        }
        for message in [
            "No such container: nothere",
            "no container with name or ID \"nothere\" found: no such container",
        ] {
            assert!(is_container_absent(message), "{message}");
        }
        for message in
            ["No such exec instance: 5f888b7c", "retrieving exec session 5f888b7c: no such exec session"]
        {
            assert!(is_process_absent(message), "{message}");
        }
        for message in [
            "crun: executable file `/no/such/program` not found in $PATH: No such file or directory: OCI runtime \
             attempted to invoke a command that was not found",
            "crun: open executable: Permission denied: OCI permission denied",
            "crun: the path `/a` exists but it is not executable: Operation not permitted: OCI permission denied",
        ] {
            assert!(is_no_program(message), "{message}");
        }
    }

    /// As Docker 20.10 and 26.1, Podman 4.3 and 5.4 said it.
    #[test]
    fn pull_that_is_refused_in_each_engines_words_is_understood() {
        for (message, why) in [
            ("Head \"http://127.0.0.1:5000/v2/a/manifests/1\": no basic auth credentials", NotPulled::Denied),
            ("unauthorized: authentication required", NotPulled::Denied),
            (
                "pull access denied for a, repository does not exist or may require 'docker login': denied: \
                 requested access to the resource is denied",
                NotPulled::Denied,
            ),
            ("unable to retrieve auth token: invalid username/password: unauthorized", NotPulled::Denied),
            (
                "manifest for 127.0.0.1:5000/a:9 not found: manifest unknown: manifest unknown",
                NotPulled::Absent,
            ),
            (
                "Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
                NotPulled::Unreachable,
            ),
            (
                "Get \"https://r.invalid/v2/\": dial tcp: lookup r.invalid: no such host",
                NotPulled::Unreachable,
            ),
            ("EOF", NotPulled::Closed),
            ("Get \"https://r.example.org/v2/a/blobs/sha256:ab\": EOF", NotPulled::Closed),
            ("download failed after attempts=6: unexpected EOF", NotPulled::Closed),
            ("read tcp 10.0.0.2:4711->10.0.0.1:443: read: connection reset by peer", NotPulled::Closed),
            ("toomanyrequests: You have reached your pull rate limit", NotPulled::Busy),
            ("write /var/lib/docker/tmp/GetImageBlob1: no space left on device", NotPulled::NoSpace),
        ] {
            assert_eq!(why_not_pulled(message), Some(why), "{message}");
        }
        for other in ["invalid reference format", "no such repository: geofences"] {
            assert_eq!(why_not_pulled(other), None, "{other}");
        }
    }

    #[test]
    fn refusal_for_another_reason_is_not_mistaken() {
        let other = "permission denied";
        assert!(!is_subnet_taken(other) && !is_network_there(other) && !is_connected(other));
        assert!(!is_network_used(other) && !is_being_removed(other) && !is_container_absent("Not Found"));
        assert!(!is_no_program(
            "crun: setrlimit `RLIMIT_NPROC`: Operation not permitted: OCI permission denied"
        ));
        assert!(!is_no_program(other) && !is_process_absent(other));
    }
}

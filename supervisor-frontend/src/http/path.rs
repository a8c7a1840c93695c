//! Paths as the original's router took them: in any case, with or without one trailing slash.

use actix_web::{
    dev::ServiceRequest,
    http::{Uri, uri::PathAndQuery},
};

/// The only path that wants no key: whoever watches over the process has none.
const OPEN: &str = "/v1/healthy";

/// Whether `path`, in any spelling that leads to its route, wants no key.
pub fn is_open(path: &str) -> bool {
    path.strip_suffix('/').unwrap_or(path).eq_ignore_ascii_case(OPEN)
}

/// Rewrites the request's path to the spelling of the route table, where it differs.
pub fn normalise(request: &mut ServiceRequest) {
    let Some(path) = canonical(request.path()) else { return };
    // The query has been looked at before and is of no use to any route.
    let Ok(path_and_query) = PathAndQuery::try_from(path) else { return };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(path_and_query);
    let Ok(uri) = Uri::from_parts(parts) else { return };
    request.match_info_mut().get_mut().update(&uri);
    request.head_mut().uri = uri;
}

/// `None` when `path` is in its canonical spelling already.
fn canonical(path: &str) -> Option<String> {
    let trimmed = path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path);
    if trimmed.len() == path.len() && !path.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    Some(trimmed.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_in_another_case_or_with_a_slash_is_made_canonical() {
        assert_eq!(canonical("/Ping/").as_deref(), Some("/ping"));
        assert_eq!(canonical("/V1/DEVICE").as_deref(), Some("/v1/device"));
    }

    #[test]
    fn path_of_health_alone_is_open_in_every_spelling_of_its_route() {
        for path in ["/v1/healthy", "/V1/Healthy", "/v1/healthy/"] {
            assert!(is_open(path), "{path}");
        }
        for path in [
            "",
            "/",
            "/ping",
            "/v1/healthy//",
            "/v1/healthy/x",
            "/v1/health",
            "//v1/healthy",
            "/v1/healthy%2f",
        ] {
            assert!(!is_open(path), "{path}");
        }
    }

    #[test]
    fn path_in_canonical_spelling_is_left_alone() {
        for path in ["/ping", "/", "/v1/device"] {
            assert_eq!(canonical(path), None, "{path}");
        }
    }
}

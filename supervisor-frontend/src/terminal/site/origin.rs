//! Whether a WebSocket was asked for by this site's own page.

use actix_web::http::header::{HOST, HeaderMap, ORIGIN};

/// Whether the one `Origin` names the one `Host` that the request came to. Browsers always send both; a page of
/// another site cannot change either.
pub(super) fn is_own(headers: &HeaderMap) -> bool {
    let (Some(origin), Some(host)) = (only(headers, &ORIGIN), only(headers, &HOST)) else { return false };
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

fn only<'a>(headers: &'a HeaderMap, name: &actix_web::http::header::HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn own(host: &str, origins: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.append(HOST, HeaderValue::from_str(host).unwrap());
        for origin in origins {
            headers.append(ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        is_own(&headers)
    }

    #[test]
    fn origin_of_the_same_host_and_port_is_own() {
        assert!(own("device:48485", &["http://device:48485"]));
        assert!(own("x.example.org", &["https://X.example.org"]));
    }

    #[test]
    fn origin_that_is_missing_other_or_repeated_is_not_own() {
        let own_origin = "http://device:48485";
        for origins in [
            &[][..],
            &["null"],
            &["http://device"],
            &["http://device:48484"],
            &["http://evil.example.org"],
            &["device:48485"],
            &["ftp://device:48485"],
            &[own_origin, own_origin],
        ] {
            assert!(!own("device:48485", origins), "{origins:?}");
        }
    }
}

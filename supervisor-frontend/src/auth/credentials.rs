//! Where a request may carry its key: `?apikey=` once, or one `Authorization` header.

use std::borrow::Cow;

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use percent_encoding::percent_decode_str;

/// The query parameter's name; only this spelling counts.
const PARAMETER: &[u8] = b"apikey";
const SCHEMES: [&str; 2] = ["ApiKey", "Bearer"];

/// The key that a request presents. `None` when it presents none, or more than one: two parameters
/// or two headers would leave open which of them a proxy in front has looked at.
pub fn presented<'a>(query: &'a str, headers: &'a HeaderMap) -> Option<Cow<'a, [u8]>> {
    let mut in_query = query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        is_parameter(name).then_some(value)
    });
    match in_query.next() {
        Some(value) => {
            if in_query.next().is_some() {
                return None;
            }
            non_empty(percent_decode_str(value).into())
        }
        None => in_header(headers),
    }
}

fn is_parameter(name: &str) -> bool {
    // Decoded too: `%61pikey` is a second `apikey` for any proxy that decodes names.
    name.as_bytes() == PARAMETER
        || (name.contains('%') && percent_decode_str(name).eq(PARAMETER.iter().copied()))
}

fn in_header(headers: &HeaderMap) -> Option<Cow<'_, [u8]>> {
    let mut values = headers.get_all(AUTHORIZATION);
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
    let known = SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme));
    if known { non_empty(Cow::Borrowed(key.trim_matches(' ').as_bytes())) } else { None }
}

fn non_empty(key: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn key(query: &str, authorization: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        presented(query, &headers).map(|key| String::from_utf8_lossy(&key).into_owned())
    }

    #[test]
    fn query_with_one_key_presents_it_decoded() {
        assert_eq!(key("apikey=K", &[]), Some("K".into()));
        assert_eq!(key("a=b&apikey=%4B&c", &[]), Some("K".into()));
    }

    #[test]
    fn query_with_repeated_or_empty_key_presents_nothing() {
        for query in ["apikey=K&apikey=K", "apikey=K&%61pikey=K", "apikey=", "apikey", "apikey=K&apikey"] {
            assert_eq!(key(query, &["Bearer K"]), None, "{query}");
        }
    }

    #[test]
    fn query_with_another_spelling_leaves_it_to_the_header() {
        for query in ["ApiKey=K", "APIKEY=K", "apiKey=K", "apikey[]=K", ""] {
            assert_eq!(key(query, &[]), None, "{query}");
            assert_eq!(key(query, &["Bearer H"]), Some("H".into()), "{query}");
        }
    }

    #[test]
    fn header_with_a_known_scheme_in_any_case_presents_its_key() {
        for header in ["ApiKey K", "apikey K", "Bearer K", "BEARER  K "] {
            assert_eq!(key("", &[header]), Some("K".into()), "{header}");
        }
    }

    #[test]
    fn header_of_another_form_presents_nothing() {
        for headers in [&["Basic K"][..], &["K"], &["Bearer"], &["Bearer "], &["Bearer K", "Bearer K"]] {
            assert_eq!(key("", headers), None, "{headers:?}");
        }
    }

    #[test]
    fn header_beside_a_key_in_the_query_does_not_count() {
        assert_eq!(key("apikey=wrong", &["Bearer K"]), Some("wrong".into()));
    }
}

//! Reads a request's body off the wire within its limits.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    error::PayloadError,
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap},
    web,
};
use futures_util::StreamExt as _;

use super::request::{Malformed, RequestBody, Syntax};

/// The longest body that is read, in bytes.
pub const BODY_MAX_BYTES: usize = 102_400;

/// Why a body was not understood.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Longer than [`BODY_MAX_BYTES`].
    #[error("body is longer than {BODY_MAX_BYTES} bytes")]
    TooLarge,
    /// It did not arrive in time.
    #[error("body did not arrive in time")]
    TooSlow,
    /// A content encoding or a charset that is not understood.
    #[error("unsupported content encoding or charset")]
    Unsupported,
    /// The connection broke, or its framing did.
    #[error("body did not arrive whole")]
    Incomplete(#[source] PayloadError),
    /// It arrived, and says nothing sensible.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Reads and parses the body of `request`. A body of another content type counts as none.
pub async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    deadline: Duration,
) -> Result<RequestBody, BodyError> {
    let headers = request.headers();
    if !is_identity(headers) {
        return Err(BodyError::Unsupported);
    }
    if announced_length(headers).is_some_and(|length| length > BODY_MAX_BYTES as u64) {
        return Err(BodyError::TooLarge);
    }
    let syntax = syntax(headers)?;
    let bytes = tokio::time::timeout(deadline, collect(payload)).await.map_err(|_| BodyError::TooSlow)??;
    Ok(match syntax {
        Some(syntax) => RequestBody::parse(syntax, &bytes)?,
        None => RequestBody::default(),
    })
}

async fn collect(mut payload: web::Payload) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(BodyError::Incomplete)?;
        if bytes.len() + chunk.len() > BODY_MAX_BYTES {
            return Err(BodyError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn is_identity(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .all(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

fn syntax(headers: &HeaderMap) -> Result<Option<Syntax>, BodyError> {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return Ok(None);
    };
    let mut parts = value.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let syntax = if kind.eq_ignore_ascii_case("application/json") {
        Syntax::Json
    } else if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Syntax::Form
    } else {
        return Ok(None);
    };
    if parts.all(is_utf8_or_no_charset) { Ok(Some(syntax)) } else { Err(BodyError::Unsupported) }
}

fn is_utf8_or_no_charset(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return true };
    let value = value.trim().trim_matches('"');
    !name.trim().eq_ignore_ascii_case("charset")
        || ["utf-8", "utf8", "us-ascii"].iter().any(|known| known.eq_ignore_ascii_case(value))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn syntax_of(content_type: &str) -> Result<Option<Syntax>, BodyError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        syntax(&headers)
    }

    #[test]
    fn content_type_of_json_or_form_is_known_in_any_case() {
        for text in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf8\""]
        {
            assert!(matches!(syntax_of(text), Ok(Some(Syntax::Json))), "{text}");
        }
        assert!(matches!(syntax_of("application/x-www-form-urlencoded"), Ok(Some(Syntax::Form))));
    }

    #[test]
    fn content_type_of_anything_else_means_no_body() {
        for text in ["text/plain", "application/jsonx", "", ";", "application/octet-stream; charset=latin1"] {
            assert!(matches!(syntax_of(text), Ok(None)), "{text}");
        }
        assert!(matches!(syntax(&HeaderMap::new()), Ok(None)));
    }

    #[test]
    fn charset_other_than_utf8_is_unsupported() {
        assert!(matches!(syntax_of("application/json; charset=latin1"), Err(BodyError::Unsupported)));
    }
}

//! Answers in the server's own forms.

use std::io::Write as _;

use actix_web::{HttpResponse, HttpResponseBuilder, http::StatusCode};
use base64::Engine as _;
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Answers at least so long are packed for whoever takes gzip.
const PACKED_FROM_BYTES: usize = 1024;

/// A status alone.
pub fn bare(status: u16) -> HttpResponse {
    builder(status).finish()
}

/// Text as the framework sends it, which is HTML.
pub fn text(status: u16, text: &str) -> HttpResponse {
    builder(status).content_type("text/html; charset=utf-8").body(text.to_owned())
}

/// JSON with its `ETag`; packed if it is long and the client takes that.
pub fn json(status: u16, body: &Value, takes_gzip: bool) -> HttpResponse {
    let text = body.to_string();
    let mut answer = builder(status);
    answer.content_type("application/json; charset=utf-8");
    answer.insert_header(("ETag", etag(&text)));
    if takes_gzip && text.len() >= PACKED_FROM_BYTES {
        answer.insert_header(("Content-Encoding", "gzip"));
        return answer.body(gzip(text.as_bytes()));
    }
    answer.body(text)
}

/// The refusal of a request without a key that counts.
pub fn key_required() -> HttpResponse {
    json(401, &serde_json::json!({ "error": "API key required" }), false)
}

pub fn builder(status: u16) -> HttpResponseBuilder {
    HttpResponseBuilder::new(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
}

/// A weak one: the length in hexadecimal digits, and a hash in 27 characters.
pub fn etag(text: &str) -> String {
    let hash = base64::engine::general_purpose::STANDARD_NO_PAD.encode(Sha256::digest(text));
    format!("W/\"{:x}-{}\"", text.len(), hash.chars().take(27).collect::<String>())
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = packed.write_all(bytes);
    packed.finish().unwrap_or_default()
}

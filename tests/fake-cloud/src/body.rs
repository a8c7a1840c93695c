//! Bodies of requests.

use std::io::Read as _;

use actix_web::{http::header::HeaderMap, web};
use flate2::read::GzDecoder;
use futures_util::StreamExt as _;

/// The server's limit, unpacked.
pub const LIMIT_BYTES: usize = 512 << 10;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// More than the limit.
    TooLarge,
    /// The connection ended, or the body is not what it says.
    Broken,
}

/// The whole body, unpacked.
pub async fn read(headers: &HeaderMap, mut payload: web::Payload) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(piece) = payload.next().await {
        body.extend_from_slice(&piece.map_err(|_| BodyError::Broken)?);
        if body.len() > LIMIT_BYTES {
            return Err(BodyError::TooLarge);
        }
    }
    if !is_gzip(headers) {
        return Ok(body);
    }
    let mut unpacked = Vec::new();
    let limit = LIMIT_BYTES as u64 + 1;
    GzDecoder::new(body.as_slice()).take(limit).read_to_end(&mut unpacked).map_err(|_| BodyError::Broken)?;
    if unpacked.len() > LIMIT_BYTES { Err(BodyError::TooLarge) } else { Ok(unpacked) }
}

/// Whether the client packed it.
pub fn is_gzip(headers: &HeaderMap) -> bool {
    headers.get("content-encoding").is_some_and(|value| value == "gzip")
}

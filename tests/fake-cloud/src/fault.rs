//! How the server may fail.

use std::time::Duration;

/// One failure of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// This status without a body, and `Retry-After` in seconds.
    Status(u16, Option<u64>),
    /// The right answer, so much later.
    Slow(Duration),
    /// No answer at all; the connection stays open.
    Silent,
    /// Half of the right answer's body, then the connection breaks.
    Truncated,
    /// The connection ends before an answer.
    Closed,
    /// Status 200 with this body as JSON.
    Body(Vec<u8>),
    /// Status 200 with a gzip body that unpacks to so many bytes of blanks.
    GzipBomb(usize),
    /// Status 304 without an `ETag`, as for a deleted device.
    NotModified,
    /// The request is carried out, and then the connection ends without an answer.
    Lost,
}

//! One stream: a request whose body is made as it is sent.

use std::{
    convert::Infallible,
    io::{self, Write as _},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use flate2::{Compression, write::GzEncoder};
use futures_util::{
    StreamExt as _,
    stream::{self, Stream},
};
use reqwest::{
    Body,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until, timeout},
};

use super::{Timing, buffer::Buffer};
use crate::cloud::{
    api::{ApiClient, CloudFailure, read_body, success},
    identity::Identity,
};

/// The server takes no other, with no parameter either.
const NDJSON: &str = "application/x-ndjson";
/// Of lines, before they are packed.
const PIECE_BYTES: usize = 32 << 10;
const MAX_ANSWER_BYTES: usize = 4096;
/// How much longer than its body a request may take.
const ANSWER_DEADLINE: Duration = Duration::from_mins(1);

/// The cloud did not take a stream to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    /// It refused, or failed.
    #[error(transparent)]
    Cloud(#[from] CloudFailure),
    /// It was content before the device had said all, so nobody knows what it took.
    #[error("the server answered before the end of the stream")]
    Early,
}

impl UploadError {
    /// How long the server asks to wait.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Cloud(failure) => failure.retry_after(),
            Self::Early => None,
        }
    }
}

/// Sends what is in the buffer and what comes, until nothing has come for a while. The body is asked for only once
/// there is a connection, so that an attempt in vain takes no lines; those of the last piece of a stream that breaks off
/// count as lost.
pub(super) async fn upload(
    client: &ApiClient,
    identity: &Identity,
    buffer: &Arc<Buffer>,
    timing: Timing,
) -> Result<(), UploadError> {
    let (is_ended, last_lines) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let packing = Packing {
        buffer: Arc::clone(buffer),
        encoder: Some(GzEncoder::new(Vec::new(), Compression::fast())),
        timing,
        next: Instant::now(),
        end: Instant::now() + timing.longest,
        is_ended: Arc::clone(&is_ended),
        last_lines: Arc::clone(&last_lines),
    };
    let uploaded = send(client, identity, timing, packing).await;
    let uploaded = uploaded
        .and_then(|()| if is_ended.load(Ordering::Acquire) { Ok(()) } else { Err(UploadError::Early) });
    if uploaded.is_err() {
        // The body is gone by now, and takes no more.
        buffer.lost(last_lines.load(Ordering::Acquire));
    }
    uploaded
}

async fn send(
    client: &ApiClient,
    identity: &Identity,
    timing: Timing,
    packing: Packing,
) -> Result<(), UploadError> {
    // The body ends with this call; else it would go on taking lines after an early answer.
    let (_in_progress, over) = oneshot::channel::<()>();
    let request = client
        .post(&format!("/device/v2/{}/log-stream", identity.uuid))
        .bearer_auth(identity.key.expose())
        .header(CONTENT_TYPE, NDJSON)
        .header(CONTENT_ENCODING, "gzip")
        .timeout(timing.longest + ANSWER_DEADLINE)
        .body(Body::wrap_stream(packing.into_stream().take_until(over)));
    // An answer before the end says why the server wants no more.
    let answer = success(request.send().await.map_err(CloudFailure::from)?)?;
    let _ = read_body(answer, MAX_ANSWER_BYTES).await;
    Ok(())
}

struct Packing {
    buffer: Arc<Buffer>,
    /// None once the end is written.
    encoder: Option<GzEncoder<Vec<u8>>>,
    timing: Timing,
    /// No piece before this.
    next: Instant,
    /// The stream ends then.
    end: Instant,
    /// Set with the last piece.
    is_ended: Arc<AtomicBool>,
    /// Lines of the last piece, which a stream that breaks off may not have brought across.
    last_lines: Arc<AtomicU64>,
}

impl Packing {
    fn into_stream(self) -> impl Stream<Item = Result<Vec<u8>, Infallible>> {
        stream::unfold(self, |mut packing| async { packing.piece().await.map(|piece| (Ok(piece), packing)) })
    }

    /// The next piece of the body; none after the last.
    async fn piece(&mut self) -> Option<Vec<u8>> {
        let mut encoder = self.encoder.take()?;
        sleep_until(self.next).await;
        let now = Instant::now();
        let idle = self.timing.idle.min(self.end.saturating_duration_since(now));
        if now >= self.end || timeout(idle, self.buffer.filled()).await.is_err() {
            self.is_ended.store(true, Ordering::Release);
            // A piece in memory cannot fail to be written.
            return encoder.finish().ok();
        }
        let taken = self.buffer.take(PIECE_BYTES, now_ms());
        self.last_lines.store(taken.lines, Ordering::Release);
        let piece = pack(&mut encoder, &taken.text).ok()?;
        self.next = Instant::now() + self.timing.spacing;
        self.encoder = Some(encoder);
        Some(piece)
    }
}

/// Packed so that the other side can read all of it now.
fn pack(encoder: &mut GzEncoder<Vec<u8>>, lines: &[u8]) -> io::Result<Vec<u8>> {
    encoder.write_all(lines)?;
    encoder.flush()?;
    Ok(std::mem::take(encoder.get_mut()))
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::cloud::{api::Trust, identity::DeviceKey};

    async fn listening() -> (TcpListener, ApiClient) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        (listener, ApiClient::new(endpoint, &Trust::nobody(), "Supervisor/test").unwrap())
    }

    fn identity() -> Identity {
        let key = DeviceKey::new("k".to_owned());
        Identity { uuid: "77cb".to_owned(), key, device_id: None }
    }

    #[tokio::test]
    async fn lines_of_the_piece_with_which_a_stream_breaks_off_are_counted_as_left_out() {
        let (listener, client) = listening().await;
        let buffer = Arc::new(Buffer::default());
        buffer.lost(2);
        for _ in 0..3 {
            buffer.push(b"{}\n".to_vec());
        }
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut read = Vec::new();
            while !read.ends_with(b"\x1f\x8b") {
                read.push(connection.read_u8().await.unwrap());
            }
        });
        let uploaded = upload(&client, &identity(), &buffer, Timing::default()).await;
        assert!(matches!(uploaded, Err(UploadError::Cloud(_))), "{uploaded:?}");
        assert_eq!(buffer.take(usize::MAX, 0).lines, 5);
    }

    #[tokio::test]
    async fn answer_before_the_end_of_the_stream_is_a_failure() {
        let (listener, client) = listening().await;
        let identity = identity();
        let buffer = Arc::new(Buffer::default());
        let hasty = tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            connection.read_u8().await.unwrap();
            connection.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").await.unwrap();
            // Until the other side has enough of it.
            let _ = tokio::io::copy(&mut connection, &mut tokio::io::sink()).await;
        });
        let uploaded = upload(&client, &identity, &buffer, Timing::default()).await;
        hasty.abort();
        assert!(matches!(uploaded, Err(UploadError::Early)), "{uploaded:?}");
    }
}

//! Connections that stop speaking HTTP: bytes in both directions, with bounded queues between them and
//! whoever asked, so that either side waits for the other.

use std::io;

use futures_util::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};

use super::transport::{Call, QUICK, Transport, failure};
use crate::ports::engine::EngineError;

/// Pieces that may wait in each direction.
const QUEUE_DEPTH: usize = 4;
/// Largest piece that is read at once.
const READ_BYTES: usize = 16 << 10;

/// Both directions of an upgraded connection. It closes when `output` is dropped.
pub struct Duplex {
    /// Bytes for the engine; dropping it closes this direction only.
    pub input: mpsc::Sender<Vec<u8>>,
    /// Bytes of the engine.
    pub output: mpsc::Receiver<io::Result<Vec<u8>>>,
}

impl Transport {
    /// Makes a call whose connection goes on as a stream of bytes.
    pub async fn upgrade(&self, call: Call<'_>) -> Result<Duplex, EngineError> {
        let prefix = self.known_dialect().await?.prefix;
        let (input, incoming) = mpsc::channel(QUEUE_DEPTH);
        let (outgoing, output) = mpsc::channel(QUEUE_DEPTH);
        let (opened, opening) = oneshot::channel();
        let (inner, path) = (self.shared(), format!("{prefix}{}", call.path));
        let body = call.body.map(|body| (body.to_string(), mime::APPLICATION_JSON));
        // The stream borrows from the transport, so that both live in the task.
        tokio::spawn(async move {
            match inner.stream_upgrade(call.method, path, body).await {
                // Whoever asked may have stopped waiting.
                Ok(stream) => {
                    if opened.send(Ok(())).is_ok() {
                        relay(stream, incoming, outgoing).await;
                    }
                }
                Err(error) => drop(opened.send(Err(error))),
            }
        });
        let late = |elapsed| EngineError::Unavailable(Box::new(elapsed));
        match tokio::time::timeout(QUICK, opening).await.map_err(late)? {
            Ok(Ok(())) => Ok(Duplex { input, output }),
            Ok(Err(error)) => Err(not_upgraded(error, call.action)),
            Err(gone) => Err(EngineError::Unavailable(Box::new(gone))),
        }
    }
}

/// The transport does not tell with which status the engine answered instead.
fn not_upgraded(error: shiplift::Error, action: &str) -> EngineError {
    match error {
        shiplift::Error::ConnectionNotUpgraded => EngineError::Refused {
            action: action.to_owned(),
            status: 400,
            message: "it did not hand over the connection".to_owned(),
        },
        other => failure(other, action),
    }
}

async fn relay(
    stream: impl AsyncRead + AsyncWrite,
    mut incoming: mpsc::Receiver<Vec<u8>>,
    outgoing: mpsc::Sender<io::Result<Vec<u8>>>,
) {
    let (mut reader, mut writer) = stream.split();
    let writing = async {
        while let Some(bytes) = incoming.recv().await {
            if writer.write_all(&bytes).await.is_err() || writer.flush().await.is_err() {
                break;
            }
        }
        // A direction that cannot be closed is a connection that has ended, which the reader sees.
        drop(writer.close().await);
        std::future::pending::<()>().await;
    };
    let reading = async {
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let piece = match reader.read(&mut buffer).await {
                Ok(0) => break,
                Ok(length) => Ok(buffer.get(..length).unwrap_or_default().to_vec()),
                Err(error) => Err(error),
            };
            let broken = piece.is_err();
            if outgoing.send(piece).await.is_err() || broken {
                break;
            }
        }
    };
    tokio::select! {
        () = writing => {}
        () = reading => {}
        () = outgoing.closed() => {}
    }
}

//! An engine that gives recorded answers over a real socket.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

use super::DockerEngine;

/// A request's beginning without the API version, e.g. `GET /networks`, the answer's status and its body.
pub type Recording = (&'static str, u16, &'static str);

/// The engine, and what it was asked.
pub struct Recorded {
    /// The adapter that talks to it.
    pub engine: DockerEngine,
    /// The requests' first lines.
    pub asked: Arc<Mutex<Vec<String>>>,
    /// What the adapter takes for the host's `/`.
    pub host_root: tempfile::TempDir,
}

impl Recorded {
    /// Serves the recordings; those of one request in their order, the last of them again and again, and
    /// 404 for anything else.
    pub fn serve(mut recordings: Vec<Recording>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                answer(stream, &mut recordings, &heard).await;
            }
        });
        let engine = DockerEngine::new(&socket, folder.path().to_owned());
        Self { engine, asked, host_root: folder }
    }
}

async fn answer(mut stream: UnixStream, recordings: &mut Vec<Recording>, asked: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await.unwrap();
        if count == 0 {
            return;
        }
        request.extend_from_slice(&piece[..count]);
    }
    let text = String::from_utf8_lossy(&request);
    let line = text.lines().next().unwrap().replacen("/v1.41/", "/", 1);
    let (status, body) = next(recordings, &line).unwrap_or((404, "Not Found"));
    asked.lock().unwrap().push(line);
    let head = format!(
        "HTTP/1.1 {status} As-Recorded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
}

fn next(recordings: &mut Vec<Recording>, line: &str) -> Option<(u16, &'static str)> {
    let fits = |(beginning, ..): &Recording| line.starts_with(beginning);
    let first = recordings.iter().position(fits)?;
    let (_, status, body) = recordings[first];
    if recordings.iter().skip(first + 1).any(fits) {
        recordings.remove(first);
    }
    Some((status, body))
}

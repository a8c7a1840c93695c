//! A raw HTTP/1.1 client: what it sends is what the test wrote.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A bound against tests that would hang for ever; nothing is measured with it.
pub const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Status, content type and body: what a golden test compares.
    pub fn seen(&self) -> (u16, &str, &str) {
        (self.status, self.header("content-type").unwrap_or(""), &self.body)
    }
}

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), buffer: vec![] }
    }

    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        // The server may answer and close before it has read everything.
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Reads one response; `None` when the server closed instead.
    pub async fn read(&mut self, head_only: bool) -> Option<Response> {
        tokio::time::timeout(PATIENCE, self.read_response(head_only)).await.expect("no answer")
    }

    /// Whether the server has closed the connection.
    pub async fn is_closed(&mut self) -> bool {
        tokio::time::timeout(PATIENCE, async { !self.more().await })
            .await
            .expect("neither closed nor answered")
    }

    async fn read_response(&mut self, head_only: bool) -> Option<Response> {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if !self.more().await {
                return None;
            }
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut response = Response { status, headers, body: String::new() };
        let length: usize = response.header("content-length").map_or(0, |text| text.parse().unwrap());
        if !head_only {
            while self.buffer.len() < length {
                assert!(self.more().await, "body cut short: {response:?}");
            }
            response.body = String::from_utf8(self.buffer.drain(..length).collect()).unwrap();
        }
        Some(response)
    }

    async fn more(&mut self) -> bool {
        let mut chunk = [0; 4096];
        match self.stream.read(&mut chunk).await {
            Ok(0) | Err(_) => false,
            Ok(read) => {
                self.buffer.extend_from_slice(&chunk[..read]);
                true
            }
        }
    }
}

/// Writes a request; a body gets its length.
pub fn request(method: &str, target: &str, headers: &[&str], body: Option<&[u8]>) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: device\r\n");
    let length = body.map(|body| format!("Content-Length: {}", body.len()));
    for header in headers.iter().copied().chain(length.as_deref()) {
        head.extend([header, "\r\n"]);
    }
    [head.as_bytes(), b"\r\n", body.unwrap_or_default()].concat()
}

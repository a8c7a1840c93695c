//! A raw WebSocket client (RFC 6455): what it sends is what the test wrote, also where that is wrong.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::http::PATIENCE;

pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const MASK: [u8; 4] = [1, 2, 3, 4];

#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    Json(Value),
    Bytes(Vec<u8>),
    Closed(Option<u16>),
}

pub struct WebSocket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl WebSocket {
    /// The status of the handshake, and the socket where that is 101.
    pub async fn connect(address: SocketAddr, path: &str, headers: &[&str]) -> (u16, Option<Self>) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut head = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n"
        );
        for header in headers {
            head.extend([header, "\r\n"]);
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut socket = Self { stream, buffer: vec![] };
        let end = loop {
            if let Some(end) = socket.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(socket.more().await, "closed without an answer");
        };
        let head = String::from_utf8(socket.buffer.drain(..end).collect()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, (status == 101).then_some(socket))
    }

    pub async fn say(&mut self, json: &str) {
        self.frame(0x80 | TEXT, json.as_bytes()).await;
    }

    pub async fn keys(&mut self, bytes: &[u8]) {
        self.frame(0x80 | BINARY, bytes).await;
    }

    /// One masked frame with this first byte.
    pub async fn frame(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match payload.len() {
            length @ ..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            length @ ..0x1_0000 => {
                frame.push(0xfe);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            length => {
                frame.push(0xff);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(MASK);
        frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.raw(&frame).await;
    }

    pub async fn raw(&mut self, bytes: &[u8]) {
        // The server may have closed.
        let _ = self.stream.write_all(bytes).await;
    }

    /// The next message; pings are answered.
    pub async fn next(&mut self) -> Message {
        timeout(PATIENCE, self.receive()).await.expect("no message")
    }

    /// Passes messages over until one is JSON of this type.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Message::Json(json) if json["type"] == kind => return json,
                Message::Closed(code) => panic!("closed with {code:?} before {kind}"),
                Message::Json(_) | Message::Bytes(_) => {}
            }
        }
    }

    /// Collects what the screen shows until it contains `wanted`; a replay begins anew.
    pub async fn screen(&mut self, wanted: &[u8]) -> Vec<u8> {
        let (mut shown, mut looked_at) = (vec![], 0);
        loop {
            match self.next().await {
                Message::Bytes(bytes) => shown.extend(bytes),
                Message::Json(json) if json["type"] == "replay" => (shown, looked_at) = (vec![], 0),
                Message::Json(_) => {}
                Message::Closed(code) => panic!("closed with {code:?}"),
            }
            if shown[looked_at..].windows(wanted.len()).any(|window| window == wanted) {
                return shown;
            }
            looked_at = shown.len().saturating_sub(wanted.len());
        }
    }

    /// The code that the server closes with.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Message::Closed(code) = self.next().await {
                return code;
            }
        }
    }

    /// The code that the server closes with while its pings are not answered.
    pub async fn closed_without_pongs(&mut self) -> Option<u16> {
        loop {
            match timeout(PATIENCE, self.read_frame()).await.expect("not closed") {
                Some((CLOSE, payload)) => {
                    return payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                }
                Some(_) => {}
                None => return None,
            }
        }
    }

    /// Answers so many pings, whatever else comes.
    pub async fn answer_pings(&mut self, count: usize) {
        let mut answered = 0;
        while answered < count {
            match timeout(PATIENCE, self.read_frame()).await.expect("no ping") {
                Some((PING, payload)) => {
                    self.frame(0x8a, &payload).await;
                    answered += 1;
                }
                Some((CLOSE, _)) | None => panic!("closed after {answered} pings"),
                Some(_) => {}
            }
        }
    }

    async fn receive(&mut self) -> Message {
        loop {
            let Some((kind, payload)) = self.read_frame().await else { return Message::Closed(None) };
            match kind {
                TEXT => return Message::Json(serde_json::from_slice(&payload).unwrap()),
                BINARY => return Message::Bytes(payload),
                CLOSE => {
                    let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                    return Message::Closed(code);
                }
                PING => self.frame(0x8a, &payload).await,
                other => panic!("frame of kind {other}"),
            }
        }
    }

    async fn read_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let head = self.take(2).await?;
        let length = match head[1] {
            126 => u16::from_be_bytes(self.take(2).await?.try_into().unwrap()).into(),
            127 => u64::from_be_bytes(self.take(8).await?.try_into().unwrap()),
            short => u64::from(short),
        };
        let payload = self.take(usize::try_from(length).unwrap()).await?;
        Some((head[0] & 0x0f, payload))
    }

    async fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < count {
            if !self.more().await {
                return None;
            }
        }
        Some(self.buffer.drain(..count).collect())
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

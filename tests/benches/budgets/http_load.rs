//! A plain HTTP client that costs little: kept-alive connections, one request at a time on each.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use supervisor_tests::Result;

const PATIENCE: Duration = Duration::from_mins(1);
const BUFFER_BYTES: usize = 16 << 10;

/// A request, ready to be sent.
#[derive(Debug, Clone)]
pub struct Call {
    /// Whom it is for.
    pub address: SocketAddr,
    /// Head and body.
    text: String,
}

impl Call {
    /// A request without a body.
    pub fn new(address: SocketAddr, method: &str, target: &str) -> Self {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n");
        Self { address, text: head }
    }

    /// A POST with a JSON body.
    pub fn with_json(address: SocketAddr, target: &str, body: &serde_json::Value) -> Self {
        let body = body.to_string();
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Self { address, text: head }
    }
}

/// A kept-alive connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Dials.
    pub fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: vec![0; BUFFER_BYTES] })
    }

    /// Sends one request and reads the whole answer; its body.
    pub fn exchange(&mut self, call: &Call) -> Result<String> {
        self.stream.write_all(call.text.as_bytes())?;
        let mut filled = 0;
        loop {
            let rest = self.buffer.get_mut(filled..).filter(|rest| !rest.is_empty());
            let got = self.stream.read(rest.ok_or("an answer too large for this load")?)?;
            if got == 0 {
                return Err("the server closed the connection".into());
            }
            filled += got;
            let text = std::str::from_utf8(self.buffer.get(..filled).unwrap_or_default())?;
            if let Some(body) = whole(text)? {
                return Ok(body.to_owned());
            }
        }
    }
}

/// The body of an answer that is complete; anything but a success is an error: it would be measured for nothing.
fn whole(text: &str) -> Result<Option<&str>> {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Ok(None) };
    if !head.starts_with("HTTP/1.1 2") {
        return Err(format!("not a success: {text}").into());
    }
    let length = head.lines().filter_map(|line| line.split_once(':'));
    let length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map(|(_, value)| value.trim().parse()).next().unwrap_or(Ok(0))?;
    Ok((body.len() >= length).then_some(body))
}

/// Requests per second over so many connections.
pub fn throughput(call: &Call, connections: usize, time: Duration) -> Result<f64> {
    let until = Instant::now() + time;
    let counts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(move || -> Result<u64> {
                    let mut connection = Connection::open(call.address)?;
                    let mut count = 0;
                    while Instant::now() < until {
                        connection.exchange(call)?;
                        count += 1;
                    }
                    Ok(count)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "a thread panicked")?)
            .collect::<Result<Vec<u64>>>()
    })?;
    #[allow(clippy::cast_precision_loss, reason = "counts of a benchmark")]
    Ok(counts.iter().sum::<u64>() as f64 / time.as_secs_f64())
}

/// How long each of `times` requests took, one after the other.
pub fn serial(call: &Call, times: usize) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(call.address)?;
    (0..times)
        .map(|_| {
            let begun = Instant::now();
            connection.exchange(call)?;
            Ok(begun.elapsed())
        })
        .collect()
}

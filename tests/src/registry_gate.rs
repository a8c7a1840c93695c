//! A gate before a registry: it notes what is asked for, and lets through only as much as a test wants.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::Result;
use crate::wait::{check, wait_until};

/// Longest head of a request or an answer.
const MAX_HEAD_BYTES: u64 = 64 << 10;
/// Between two looks at whether somebody who is kept waiting has gone.
const LOOK: Duration = Duration::from_millis(20);
/// What a slow caller gets between two looks.
const TRICKLE_BYTES: u64 = 16 << 10;
const LIMIT: Duration = Duration::from_mins(5);

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// e.g. `GET`.
    pub method: String,
    /// With the query.
    pub path: String,
    /// Who the caller says it is: a name, without its password, or how else it says so. An engine that has no name
    /// may send an empty one.
    pub caller: Option<String>,
    /// The first byte that is wanted of a blob; none: all of it.
    pub from_byte: Option<u64>,
}

impl Asked {
    fn read(head: &str) -> Self {
        let mut words = head.split_whitespace();
        let mut next = || words.next().unwrap_or_default().to_owned();
        let (method, path) = (next(), next());
        let header = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(':'));
            let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.trim().to_owned())
        };
        let caller = header("authorization").map(|value| name_of(&value)).filter(|name| !name.is_empty());
        let from_byte = header("range").and_then(|range| {
            let (from, _) = range.strip_prefix("bytes=")?.split_once('-')?;
            from.parse().ok()
        });
        Self { method, path, caller, from_byte }
    }

    /// Whether a layer or a configuration is fetched.
    pub fn is_blob(&self) -> bool {
        self.method == "GET" && self.path.contains("/blobs/")
    }
}

/// The name of basic authentication; of any other kind the kind itself.
fn name_of(authorization: &str) -> String {
    let (scheme, word) = authorization.split_once(' ').unwrap_or((authorization, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return scheme.to_owned();
    }
    let bytes = STANDARD.decode(word).unwrap_or_default();
    let pair = String::from_utf8_lossy(&bytes);
    pair.split_once(':').map_or(pair.as_ref(), |(name, _)| name).to_owned()
}

/// How blobs come through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Passage {
    #[default]
    Open,
    /// After so many bytes nothing more comes until the gate is opened.
    Held(u64),
    /// It comes as slowly as over a bad line.
    Slow,
    /// Nobody is answered, and whoever waits is cut off.
    Closed,
}

#[derive(Debug, Default)]
struct State {
    asked: Vec<Asked>,
    /// Paths of blobs.
    passed: Vec<String>,
    passage: Passage,
    /// Callers who wait for the rest of a blob.
    waiting: usize,
    ended: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The passage, after it has changed or some time has passed.
    fn wait_for_change(&self) -> Passage {
        let waited = self.changed.wait_timeout(self.state(), LOOK);
        waited.unwrap_or_else(PoisonError::into_inner).0.passage
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state());
        self.changed.notify_all();
        changed
    }
}

/// The gate; it ends with its owner.
#[derive(Debug)]
pub struct RegistryGate {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl RegistryGate {
    /// A gate before the registry at `upstream`, under the same address of this machine.
    pub fn before(upstream: &str) -> Result<Self> {
        Self::at(Ipv4Addr::LOCALHOST, upstream)
    }

    /// The same under an address that is not the registry's, though it is this machine's too.
    pub fn elsewhere(upstream: &str) -> Result<Self> {
        Self::at(Ipv4Addr::new(127, 0, 0, 2), upstream)
    }

    fn at(address: Ipv4Addr, upstream: &str) -> Result<Self> {
        let listener = TcpListener::bind((IpAddr::V4(address), 0))?;
        let (address, shared) = (listener.local_addr()?, Arc::new(Shared::default()));
        let (of_thread, upstream) = (Arc::clone(&shared), upstream.to_owned());
        let thread = std::thread::spawn(move || {
            for caller in listener.incoming() {
                if of_thread.state().ended {
                    break;
                }
                let (shared, upstream) = (Arc::clone(&of_thread), upstream.clone());
                // What fails here fails for the caller, who says so.
                std::thread::spawn(move || caller.and_then(|caller| serve(&shared, &caller, &upstream)));
            }
        });
        Ok(Self { shared, address, thread: Some(thread) })
    }

    /// Host and port, as images name it.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Everything that has been asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.state().asked.clone()
    }

    /// How often each blob was asked for, the layers of an image among them.
    pub fn blobs(&self) -> Vec<Asked> {
        self.asked().into_iter().filter(Asked::is_blob).collect()
    }

    /// How many of these blobs have come through to their last byte.
    pub fn passed(&self, blobs: &[Asked]) -> usize {
        let state = self.shared.state();
        blobs.iter().filter(|blob| state.passed.contains(&blob.path)).count()
    }

    /// Of each blob only so many bytes come through until [`Self::open`].
    pub fn hold_after(&self, bytes: u64) {
        self.shared.change(|state| state.passage = Passage::Held(bytes));
    }

    /// Blobs come at less than a megabyte a second: enough for an engine to have something to tell its caller, and
    /// to see that it has gone.
    pub fn slow(&self) {
        self.shared.change(|state| state.passage = Passage::Slow);
    }

    /// The registry is away: nobody gets an answer, or the rest of one.
    pub fn close(&self) {
        self.shared.change(|state| state.passage = Passage::Closed);
    }

    /// Everything comes through.
    pub fn open(&self) {
        self.shared.change(|state| state.passage = Passage::Open);
    }

    /// Waits until a caller waits for the rest of a blob.
    pub fn wait_until_held(&self) -> Result<()> {
        wait_until("a download at the gate", LIMIT, || {
            let waiting = self.shared.state().waiting;
            check(waiting > 0, format!("{:?}", self.asked()))
        })
    }

    /// Waits until whoever waited has given up.
    pub fn wait_until_left(&self) -> Result<()> {
        wait_until("nobody at the gate", LIMIT, || {
            let waiting = self.shared.state().waiting;
            check(waiting == 0, format!("{waiting} wait"))
        })
    }
}

impl Drop for RegistryGate {
    fn drop(&mut self) {
        self.shared.change(|state| (state.ended, state.passage) = (true, Passage::Open));
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// One request and its answer, with connections of their own.
fn serve(shared: &Shared, mut caller: &TcpStream, upstream: &str) -> io::Result<()> {
    let head = read_head(&mut BufReader::new(caller))?;
    if shared.state().passage == Passage::Closed {
        return Ok(());
    }
    let asked = Asked::read(&head);
    let blob = asked.is_blob().then(|| asked.path.clone());
    shared.change(|state| state.asked.push(asked));
    let mut registry = TcpStream::connect(upstream)?;
    registry.write_all(with_close(&head).as_bytes())?;
    let mut answer = BufReader::new(registry);
    caller.write_all(read_head(&mut answer)?.as_bytes())?;
    if blob.is_some() {
        pass_blob(shared, caller, &mut answer)?;
    }
    io::copy(&mut answer, &mut caller)?;
    shared.change(|state| state.passed.extend(blob));
    caller.shutdown(Shutdown::Both)
}

/// As much of a blob as may come before the gate is looked at again.
fn pass_blob(shared: &Shared, mut caller: &TcpStream, answer: &mut impl BufRead) -> io::Result<()> {
    let bytes = match shared.state().passage {
        Passage::Open | Passage::Closed => return Ok(()),
        Passage::Held(bytes) => bytes,
        Passage::Slow => 0,
    };
    io::copy(&mut answer.by_ref().take(bytes), &mut caller)?;
    if answer.fill_buf()?.is_empty() {
        return Ok(());
    }
    shared.change(|state| state.waiting += 1);
    let waited = wait_until_open(shared, caller, answer);
    shared.change(|state| state.waiting -= 1);
    waited
}

/// An error: the caller has gone, or is to go.
fn wait_until_open(shared: &Shared, mut caller: &TcpStream, answer: &mut impl BufRead) -> io::Result<()> {
    loop {
        match shared.wait_for_change() {
            Passage::Open => return Ok(()),
            Passage::Closed => return Err(io::ErrorKind::ConnectionAborted.into()),
            Passage::Held(_) if has_gone(caller)? => return Err(io::ErrorKind::ConnectionAborted.into()),
            Passage::Held(_) => {}
            Passage::Slow => {
                if io::copy(&mut answer.by_ref().take(TRICKLE_BYTES), &mut caller)? == 0 {
                    return Ok(());
                }
            }
        }
    }
}

fn has_gone(caller: &TcpStream) -> io::Result<bool> {
    caller.set_nonblocking(true)?;
    let read = caller.peek(&mut [0]);
    caller.set_nonblocking(false)?;
    match read {
        Ok(bytes) => Ok(bytes == 0),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

fn read_head(from: &mut impl BufRead) -> io::Result<String> {
    let mut head = String::new();
    let mut from = from.take(MAX_HEAD_BYTES);
    while !head.ends_with("\r\n\r\n") {
        if from.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

/// The same request, and none after it on this connection.
fn with_close(head: &str) -> String {
    let kept = head.trim_end().lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let lines: Vec<&str> = kept.chain(["Connection: close", "", ""]).collect();
    lines.join("\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "GET /v2/a/blobs/sha256:01 HTTP/1.1\r\nHost: r:5000\r\nAuthorization: Basic bmFtZTpzZWNyZXQ=\r\n\
                        range: bytes=17-\r\nConnection: keep-alive\r\n\r\n";

    #[test]
    fn request_is_noted_without_its_secret() {
        let asked = Asked::read(HEAD);
        assert!(asked.is_blob());
        assert_eq!((asked.caller.as_deref(), asked.from_byte), (Some("name"), Some(17)));
        let told = format!("{asked:?}");
        assert!(!told.contains("secret") && !told.contains("bmFtZTpzZWNyZXQ="), "{told}");
    }

    #[test]
    fn empty_name_is_none_and_a_token_is_told_by_its_kind() {
        let head = |value: &str| format!("GET /v2/ HTTP/1.1\r\nAuthorization: {value}\r\n\r\n");
        assert_eq!(Asked::read(&head("Basic Og==")).caller, None);
        assert_eq!(Asked::read(&head("Bearer abc")).caller.as_deref(), Some("Bearer"));
    }

    #[test]
    fn request_goes_on_with_a_connection_of_its_own() {
        let sent = with_close(HEAD);
        assert!(sent.ends_with("\r\nConnection: close\r\n\r\n") && !sent.contains("keep-alive"), "{sent}");
        assert_eq!(Asked::read(&sent), Asked::read(HEAD));
    }
}

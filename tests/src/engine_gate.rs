//! A socket between core and its engine at which requests can be held: what core is about to do, or has just done,
//! lasts for as long as a test wants, whatever the machine's speed.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::Result;
use crate::scratch::Folder;

const LIMIT: Duration = Duration::from_mins(5);
const MAX_HEAD_BYTES: usize = 64 << 10;

/// Where a request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The engine has not heard of it.
    Request,
    /// The engine has done it, and core has no answer.
    Answer,
}

/// Told a request's method and path, such as `DELETE /v1.41/containers/0a?v=true`.
type Picks = Box<dyn Fn(&str) -> bool + Send>;

#[derive(Default)]
struct Gate {
    closed: Option<(Hold, Picks)>,
    /// How often it was opened.
    opened: u64,
    /// A request is held.
    holds: bool,
}

#[derive(Default)]
struct Shared {
    gate: Mutex<Gate>,
    changed: Condvar,
}

/// The socket, over an engine's own.
pub struct EngineGate {
    folder: Folder,
    shared: Arc<Shared>,
}

impl fmt::Debug for EngineGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineGate").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl EngineGate {
    /// Listens, and passes everything on to the engine's socket.
    pub fn before(engine: &str) -> Result<Self> {
        let gate = Self { folder: Folder::new()?, shared: Arc::default() };
        let listener = UnixListener::bind(gate.socket())?;
        let (shared, engine) = (Arc::clone(&gate.shared), engine.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (shared, engine) = (Arc::clone(&shared), engine.clone());
                // A failure shows in the connection, which ends.
                thread::spawn(move || drop(shared.serve(client, &engine)));
            }
        });
        Ok(gate)
    }

    /// Its path.
    pub fn socket(&self) -> String {
        self.folder.join("engine.sock")
    }

    /// From now on, until `open`, holds the requests whose method and path `picks` picks.
    pub fn close(&self, hold: Hold, picks: impl Fn(&str) -> bool + Send + 'static) {
        self.shared.lock().closed = Some((hold, Box::new(picks)));
    }

    /// Waits until a request is held.
    pub fn wait(&self) -> Result<()> {
        let wait = self.shared.changed.wait_timeout_while(self.shared.lock(), LIMIT, |gate| !gate.holds);
        let (gate, _) = wait.unwrap_or_else(PoisonError::into_inner);
        if gate.holds { Ok(()) } else { Err("no such request of core's came to the engine".into()) }
    }

    /// Lets everything pass. What was held of a program that is gone has never been sent.
    pub fn open(&self) {
        let mut gate = self.shared.lock();
        *gate = Gate { opened: gate.opened + 1, ..Gate::default() };
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Core makes one request on each connection.
    fn serve(&self, mut client: UnixStream, engine: &str) -> Result<()> {
        let mut engine = UnixStream::connect(engine)?;
        let mut head = read_head(&mut client)?;
        let (hold, opened) = self.picked(&head);
        if hold == Some(Hold::Request) {
            self.hold(opened);
            if !is_there(&mut client, &mut head)? {
                return Ok(());
            }
        }
        engine.write_all(&head)?;
        let (mut from, mut to) = (client.try_clone()?, engine.try_clone()?);
        thread::spawn(move || {
            drop(std::io::copy(&mut from, &mut to));
            drop(to.shutdown(Shutdown::Write));
        });
        if hold == Some(Hold::Answer) {
            let mut first = vec![0; MAX_HEAD_BYTES];
            let length = engine.read(&mut first)?;
            self.hold(opened);
            client.write_all(first.get(..length).unwrap_or_default())?;
        }
        let copied = std::io::copy(&mut engine, &mut client);
        drop(client.shutdown(Shutdown::Both));
        drop(engine.shutdown(Shutdown::Both));
        copied.map(drop).map_err(Into::into)
    }

    /// Whether and where a request is held, and how often the gate had been opened by then.
    fn picked(&self, head: &[u8]) -> (Option<Hold>, u64) {
        let line = String::from_utf8_lossy(head.split(|byte| *byte == b'\r').next().unwrap_or_default());
        let request = line.rsplit_once(' ').map_or("", |(request, _)| request);
        let gate = self.lock();
        let hold = gate.closed.as_ref().filter(|(_, picks)| picks(request)).map(|(hold, _)| *hold);
        (hold, gate.opened)
    }

    /// Until the gate is opened, which it may have been since it was looked at.
    fn hold(&self, opened: u64) {
        let mut gate = self.lock();
        if gate.opened == opened {
            gate.holds = true;
            self.changed.notify_all();
            drop(self.changed.wait_while(gate, |gate| gate.opened == opened));
        }
    }
}

/// Everything up to the empty line, and what came with it.
fn read_head(client: &mut UnixStream) -> Result<Vec<u8>> {
    let (mut head, mut piece) = (Vec::new(), [0; 4096]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = client.read(&mut piece)?;
        if length == 0 || head.len() > MAX_HEAD_BYTES {
            return Err("no request".into());
        }
        head.extend_from_slice(piece.get(..length).unwrap_or_default());
    }
    Ok(head)
}

/// Whether the other side has its end open still; what it has sent meanwhile is kept.
fn is_there(client: &mut UnixStream, head: &mut Vec<u8>) -> Result<bool> {
    let mut byte = [0];
    client.set_nonblocking(true)?;
    let read = client.read(&mut byte);
    client.set_nonblocking(false)?;
    match read {
        Ok(0) => Ok(false),
        Ok(_) => {
            head.extend(byte);
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(error.into()),
    }
}

//! A network between a browser and a device that can be cut and mended: a TCP proxy on loopback.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::Result;

/// The proxy; it ends with its owner.
#[derive(Debug)]
pub struct Cable {
    here: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    is_cut: bool,
    is_over: bool,
    ends: Vec<TcpStream>,
}

impl Cable {
    /// Passes every connection on to `device`.
    pub fn to(device: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let cable = Self { here: listener.local_addr()?, state: Arc::default() };
        let state = Arc::clone(&cable.state);
        thread::spawn(move || accept(&listener, device, &state));
        Ok(cable)
    }

    /// Where a browser reaches the device through it.
    pub fn address(&self) -> SocketAddr {
        self.here
    }

    /// Every connection breaks, and none can be made.
    pub fn cut(&self) {
        with(&self.state, |state| {
            state.is_cut = true;
            state.break_all();
        });
    }

    /// Connections can be made again.
    pub fn mend(&self) {
        with(&self.state, |state| state.is_cut = false);
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        with(&self.state, |state| {
            state.is_over = true;
            state.break_all();
        });
        // The listener wakes up, and sees it.
        drop(TcpStream::connect(self.here));
    }
}

impl State {
    fn break_all(&mut self) {
        for end in self.ends.drain(..) {
            drop(end.shutdown(Shutdown::Both));
        }
    }
}

fn with<T>(state: &Mutex<State>, act: impl FnOnce(&mut State) -> T) -> T {
    act(&mut state.lock().unwrap_or_else(PoisonError::into_inner))
}

fn accept(listener: &TcpListener, device: SocketAddr, state: &Mutex<State>) {
    for near in listener.incoming() {
        if with(state, |state| state.is_over) {
            return;
        }
        drop(near.and_then(|near| connect(near, device, state)));
    }
}

fn connect(near: TcpStream, device: SocketAddr, state: &Mutex<State>) -> io::Result<()> {
    let far = TcpStream::connect(device)?;
    let ends = [near.try_clone()?, far.try_clone()?];
    // In one step with the look at it: no connection is made during a cut.
    let is_cut = with(state, |state| {
        if !state.is_cut {
            state.ends.extend(ends);
        }
        state.is_cut
    });
    if is_cut {
        return Ok(());
    }
    for (mut from, mut to) in [(near.try_clone()?, far.try_clone()?), (far, near)] {
        thread::spawn(move || {
            drop(io::copy(&mut from, &mut to));
            drop(to.shutdown(Shutdown::Write));
        });
    }
    Ok(())
}

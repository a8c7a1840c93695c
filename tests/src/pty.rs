//! A program on a terminal: keys in, screen out.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::spawn;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::Result;
use crate::wait::wait_until;

const LIMIT: Duration = Duration::from_mins(2);

/// A program on a terminal; it ends with its owner.
#[derive(Debug)]
pub struct Screen {
    keyboard: File,
    shown: Receiver<Vec<u8>>,
    child: Child,
}

impl Screen {
    /// Starts it on a terminal of this size.
    pub fn start(command: &mut Command, rows: u16, columns: u16) -> Result<Self> {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&keyboard)?;
        unlockpt(&keyboard)?;
        tcsetwinsize(&keyboard, size(rows, columns))?;
        let name = ptsname(&keyboard, Vec::new())?.into_string()?;
        let side = || -> Result<Stdio> {
            Ok(OwnedFd::from(File::options().read(true).write(true).open(&name)?).into())
        };
        command.stdin(side()?).stdout(side()?).stderr(side()?).env("TERM", "xterm");
        let child = command.spawn()?;
        // The command would keep the terminal open after the child's end.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let keyboard = File::from(keyboard);
        let mut screen = keyboard.try_clone()?;
        // A screen that nobody looks at fills up, as a person's does.
        let (sender, shown) = sync_channel(1);
        spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = screen.read(&mut buffer) {
                if length == 0 || sender.send(buffer.get(..length).unwrap_or_default().to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Self { keyboard, shown, child })
    }

    /// Types.
    pub fn keys(&mut self, keys: &[u8]) -> Result<()> {
        Ok(self.keyboard.write_all(keys)?)
    }

    /// Whether this terminal itself shows what is typed; a program that takes every key as it comes turns that off.
    pub fn echoes(&self) -> Result<bool> {
        Ok(tcgetattr(&self.keyboard)?.local_modes.contains(LocalModes::ECHO))
    }

    /// Another size, and the signal that tells it.
    pub fn resize(&mut self, rows: u16, columns: u16) -> Result<()> {
        tcsetwinsize(&self.keyboard, size(rows, columns))?;
        self.signal(Signal::WINCH)
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).ok_or("no process id")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Reads until `text` has been shown; gives all that was.
    pub fn until(&mut self, text: &str) -> Result<String> {
        let end = Instant::now() + LIMIT;
        let mut seen = Vec::new();
        let mut looked_at = 0;
        // What has been looked at once is not looked at again: a flood may come before.
        while !holds(seen.get(looked_at..).unwrap_or_default(), text) {
            looked_at = (seen.len() + 1).saturating_sub(text.len());
            let left = end.saturating_duration_since(Instant::now());
            let piece = self.shown.recv_timeout(left);
            seen.extend(piece.map_err(|_| format!("no {text:?} in {:?}", String::from_utf8_lossy(&seen)))?);
        }
        Ok(String::from_utf8_lossy(&seen).into_owned())
    }

    /// The rest of what is shown, and the exit code.
    pub fn end(mut self) -> Result<(String, Option<i32>)> {
        let end = Instant::now() + LIMIT;
        let mut seen = Vec::new();
        while let Ok(piece) = self.shown.recv_timeout(end.saturating_duration_since(Instant::now())) {
            seen.extend(piece);
        }
        // It closes the terminal a moment before it is gone.
        let status =
            wait_until("the program's end", LIMIT, || Ok(self.child.try_wait()?.ok_or("it runs")?))?;
        Ok((String::from_utf8_lossy(&seen).into_owned(), status.code()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

//! The light as a file of the kernel's LED class
//! (<https://docs.kernel.org/leds/leds-class.html>).

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{task::spawn_blocking, time::timeout};

use super::engine::Output;

/// A light that takes longer to switch is left behind; the pattern goes on.
const WRITE_DEADLINE: Duration = Duration::from_secs(1);

/// A brightness file. That it is missing or not writable is logged once: most devices have no light.
#[derive(Debug)]
pub struct LedFile {
    path: PathBuf,
    reported: bool,
}

impl LedFile {
    /// The light behind `path`; nothing is opened yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), reported: false }
    }
}

impl Output for LedFile {
    async fn set(&mut self, on: bool) {
        let path = self.path.clone();
        let failure = match timeout(WRITE_DEADLINE, spawn_blocking(move || write(&path, on))).await {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "not written in time".to_owned(),
        };
        if !std::mem::replace(&mut self.reported, true) {
            log::warn!("no light to blink path={} error='{failure}'", self.path.display());
        }
    }
}

fn write(path: &Path, on: bool) -> io::Result<()> {
    let digit: &[u8] = if on { b"1" } else { b"0" };
    OpenOptions::new().write(true).truncate(true).open(path)?.write_all(digit)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn file_holds_one_digit_after_each_write() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("brightness");
        fs::write(&path, "255\n").unwrap();
        let mut led = LedFile::new(&path);
        led.set(true).await;
        assert_eq!(fs::read(&path).unwrap(), b"1");
        led.set(false).await;
        assert_eq!(fs::read(&path).unwrap(), b"0");
    }

    #[tokio::test]
    async fn file_that_is_missing_is_not_created_and_reported_once() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("brightness");
        let mut led = LedFile::new(&path);
        assert!(!led.reported);
        led.set(true).await;
        led.set(false).await;
        assert!(led.reported);
        assert!(!path.exists());
    }
}

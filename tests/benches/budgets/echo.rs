//! How long keys take to be shown by the terminal of a container.

use std::time::{Duration, Instant};

use supervisor_tests::{Result, pty::Screen, wait::check, web_tab::WebTab};

/// Keys differ from their neighbours: an echo that came late is not taken for another's.
const KEYS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
/// The shell makes way for a program that reads lines: the kernel's terminal in the container echoes.
const BEGIN: &[u8] = b"echo re''ady; exec cat\r";
const BEGUN: &str = "ready\r\n";

/// Where keys go and their echo comes from.
pub trait Keyboard {
    /// Types.
    fn type_keys(&mut self, keys: &[u8]) -> Result<()>;
    /// Returns when this has been shown.
    fn wait_for(&mut self, text: &str) -> Result<()>;
}

impl Keyboard for Screen {
    fn type_keys(&mut self, keys: &[u8]) -> Result<()> {
        self.keys(keys)
    }

    fn wait_for(&mut self, text: &str) -> Result<()> {
        self.until(text).map(drop)
    }
}

impl Keyboard for WebTab {
    fn type_keys(&mut self, keys: &[u8]) -> Result<()> {
        self.keys(keys)
    }

    fn wait_for(&mut self, text: &str) -> Result<()> {
        self.until(text).map(drop)
    }
}

/// A terminal whose keys are measured.
pub struct Echo<'terminal> {
    keyboard: &'terminal mut dyn Keyboard,
    times: Vec<Duration>,
}

impl<'terminal> Echo<'terminal> {
    /// Of one with a shell at its prompt.
    pub fn begin(keyboard: &'terminal mut dyn Keyboard) -> Result<Self> {
        keyboard.type_keys(BEGIN)?;
        keyboard.wait_for(BEGUN)?;
        Ok(Self { keyboard, times: Vec::new() })
    }

    /// Types so many keys, each when the one before has been shown.
    pub fn round(&mut self, keys: usize) -> Result<()> {
        for &key in KEYS.iter().cycle().take(keys) {
            let begun = Instant::now();
            self.keyboard.type_keys(&[key])?;
            self.keyboard.wait_for(char::from(key).encode_utf8(&mut [0; 4]))?;
            self.times.push(begun.elapsed());
        }
        Ok(())
    }

    /// The middle, and what one in a hundred keys exceeds.
    pub fn figures(mut self) -> Result<String> {
        self.times.sort_unstable();
        let at = |hundredth: usize| self.times.get(self.times.len() * hundredth / 100);
        let (Some(p50), Some(p99)) = (at(50), at(99)) else { return Err("no key was typed".into()) };
        let ms = |time: &Duration| time.as_secs_f64() * 1e3;
        Ok(format!("p50 {:.2} ms, p99 {:.2} ms", ms(p50), ms(p99)))
    }
}

/// The echo must be the container's.
pub fn check_silent(screen: &Screen) -> Result<()> {
    check(!screen.echoes()?, "the local terminal echoes")
}

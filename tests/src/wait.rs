//! Waits for a condition of another system: bounded, never for a fixed time.

use std::time::{Duration, Instant};

use crate::Result;

const PAUSE: Duration = Duration::from_millis(50);
const SHORT_PAUSE: Duration = Duration::from_millis(1);

/// Polls until `probe` gives a value; fails with what was waited for and the last reason why not.
pub fn wait_until<T>(what: &str, limit: Duration, probe: impl FnMut() -> Result<T>) -> Result<T> {
    wait(what, limit, PAUSE, probe)
}

/// The same for a moment that passes quickly.
pub fn wait_closely<T>(what: &str, limit: Duration, probe: impl FnMut() -> Result<T>) -> Result<T> {
    wait(what, limit, SHORT_PAUSE, probe)
}

fn wait<T>(what: &str, limit: Duration, pause: Duration, mut probe: impl FnMut() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        match probe() {
            Ok(value) => return Ok(value),
            Err(reason) if start.elapsed() >= limit => {
                return Err(format!("waited {limit:?} for {what}: {reason}").into());
            }
            Err(_) => std::thread::sleep(pause),
        }
    }
}

/// For `wait_until`: the condition as a probe's answer, with what was seen instead.
pub fn check(condition: bool, otherwise: impl Into<String>) -> Result<()> {
    if condition { Ok(()) } else { Err(otherwise.into().into()) }
}

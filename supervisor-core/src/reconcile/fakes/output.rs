//! What the fake device's containers write.

use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::device::State;
use crate::{
    domain::observed::ContainerId,
    ports::engine::{EngineError, Output, Reading},
};

/// When every container said its line.
const SAID_AT: &str = "2001-01-01T00:00:00.5Z";

impl State {
    /// A greeting, and what a test has it say; followed, it ends on the test's word.
    pub fn output_of(
        &mut self,
        id: &ContainerId,
        reading: Reading,
    ) -> BoxStream<'static, Result<Output, EngineError>> {
        let time = if reading.timed { format!("{SAID_AT} ") } else { String::new() };
        let lines = std::iter::once(format!("{time}hello from {id}")).chain(self.also_said.iter().cloned());
        let written = |line| Ok(Output { is_stderr: false, bytes: format!("{line}\n").into_bytes() });
        let said = stream::iter(lines.map(written).collect::<Vec<_>>());
        self.output_asked = Some(reading);
        let end = self.output_end.take();
        let more = stream::pending().take_until(async {
            match end {
                Some(end) => drop(end.await),
                None => std::future::pending().await,
            }
        });
        if reading.follow { said.chain(more).boxed() } else { said.boxed() }
    }
}

//! Events: `GET /events`, JSON objects one after another.

use std::collections::VecDeque;

use futures_util::stream::{self, BoxStream, StreamExt};
use hyper014::Method;
use serde_json::json;
use supervisor_proto::ids::AppId;

use super::{
    answers::Event,
    path::Query,
    transport::{Call, Pieces, Transport, failure},
};
use crate::{
    domain::labels,
    ports::engine::{EngineError, EngineEvent},
};

/// A line longer than this is dropped; no event comes near it.
const MAX_LINE_BYTES: usize = 1 << 20;

/// What changes a plan or what `watch` shows. `remove` and `died` are Podman's words.
const INTERESTING: [&str; 9] =
    ["create", "start", "die", "died", "destroy", "remove", "pause", "unpause", "health_status"];

/// Starts to listen.
pub async fn listen(
    transport: &Transport,
    (label, value): (&str, &str),
    since_s: u64,
) -> Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError> {
    let filters =
        json!({ "type": ["container"], "event": INTERESTING, "label": [format!("{label}={value}")] })
            .to_string();
    let query = Query::new().add("since", &since_s.to_string()).add("filters", &filters);
    let pieces = transport.stream(Call::new(Method::GET, format!("/events{query}"), "tell events")).await?;
    let state = Listener { pieces, lines: Lines::default(), ready: VecDeque::new() };
    Ok(stream::unfold(state, |mut state| async { state.next().await.map(|item| (item, state)) }).boxed())
}

struct Listener {
    pieces: Pieces,
    lines: Lines,
    ready: VecDeque<EngineEvent>,
}

impl Listener {
    async fn next(&mut self) -> Option<Result<EngineEvent, EngineError>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            match self.pieces.recv().await? {
                Ok(piece) => self.ready.extend(self.lines.push(&piece).iter().filter_map(|line| parse(line))),
                Err(error) => return Some(Err(failure(error, "tell events"))),
            }
        }
    }
}

fn parse(line: &[u8]) -> Option<EngineEvent> {
    let event: Event = serde_json::from_slice(line).ok()?;
    let app = event.actor.attributes.get(labels::APP_ID)?;
    Some(EngineEvent { app: AppId::parse(app).ok()? })
}

/// Puts pieces of any size together to lines.
#[derive(Debug, Default)]
pub struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The lines that `piece` completes.
    pub fn push(&mut self, piece: &[u8]) -> Vec<Vec<u8>> {
        self.rest.extend_from_slice(piece);
        let mut lines = Vec::new();
        while let Some(end) = self.rest.iter().position(|b| *b == b'\n') {
            let rest = self.rest.split_off(end + 1);
            lines.push(std::mem::replace(&mut self.rest, rest));
        }
        if self.rest.len() > MAX_LINE_BYTES {
            self.rest.clear();
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_were_cut() {
        let text = b"{\"a\":1}\n{\"b\":\"\xc3\xa4\"}\nrest";
        for cut in 0..text.len() {
            let mut lines = Lines::default();
            let mut all = lines.push(&text[..cut]);
            all.extend(lines.push(&text[cut..]));
            assert_eq!(all, [b"{\"a\":1}\n".to_vec(), b"{\"b\":\"\xc3\xa4\"}\n".to_vec()], "cut at {cut}");
        }
    }

    #[test]
    fn line_without_end_is_dropped_before_it_fills_the_memory() {
        let mut lines = Lines::default();
        assert!(lines.push(&vec![b'x'; MAX_LINE_BYTES + 1]).is_empty());
        assert!(lines.rest.is_empty());
    }

    #[test]
    fn event_of_an_app_is_told_and_anything_else_is_not() {
        let event = br#"{"Type":"container","Actor":{"ID":"x","Attributes":{"io.balena.app-id":"7"}}}"#;
        assert_eq!(parse(event), Some(EngineEvent { app: AppId::new(7).unwrap() }));
        for other in [
            &b"{}"[..],
            b"",
            b"[]",
            br#"{"Actor":{"Attributes":{"io.balena.app-id":"x"}}}"#,
            br#"{"Actor":null}"#,
        ] {
            assert_eq!(parse(other), None);
        }
    }
}

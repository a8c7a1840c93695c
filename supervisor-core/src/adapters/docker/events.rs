//! Events: `GET /events`, JSON objects one after another.

use std::collections::VecDeque;

use futures_util::stream::{self, BoxStream, StreamExt};
use hyper014::Method;
use serde_json::json;
use supervisor_proto::ids::{AppId, ServiceName};

use super::{
    answers::Event,
    path::Query,
    transport::{Call, Pieces, Transport, failure},
};
use crate::{
    domain::{event::Happening, labels, observed::ContainerId},
    ports::engine::{EngineError, EngineEvent},
};

/// A line longer than this is dropped; no event comes near it.
const MAX_LINE_BYTES: usize = 1 << 20;

const NS_PER_MS: u64 = 1_000_000;

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
    let attribute = |name: &str| event.actor.attributes.get(name).map(String::as_str);
    Some(EngineEvent {
        app: AppId::parse(attribute(labels::APP_ID)?).ok()?,
        service: attribute(labels::SERVICE_NAME).and_then(|name| ServiceName::parse(name).ok()),
        happening: happening(&event.action, &event.health_status, || {
            // Podman's word is the second.
            attribute("exitCode")
                .or_else(|| attribute("containerExitCode"))
                .and_then(|code| code.parse().ok())
        })?,
        time_ms: event.time_ns / NS_PER_MS,
        container: ContainerId(event.actor.id),
    })
}

fn happening(action: &str, health: &str, exit_code: impl FnOnce() -> Option<i32>) -> Option<Happening> {
    Some(match action {
        "create" => Happening::Created,
        "start" => Happening::Started,
        "die" | "died" => Happening::Died { exit_code: exit_code() },
        "destroy" | "remove" => Happening::Destroyed,
        "pause" => Happening::Paused,
        "unpause" => Happening::Unpaused,
        "health_status" => Happening::Health(health.to_owned()),
        other => Happening::Health(other.strip_prefix("health_status: ")?.trim().to_owned()),
    })
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

    fn event(action: &str, more: &str) -> Option<EngineEvent> {
        let line = format!(
            r#"{{"Type":"container","Action":"{action}","timeNano":5000000,"Actor":{{"ID":"x","Attributes":{{
                "io.balena.app-id":"7","io.balena.service-name":"web"{more}}}}}}}"#
        );
        parse(line.as_bytes())
    }

    #[test]
    fn event_of_an_app_tells_whose_container_it_was_when_and_what_happened() {
        let told = event("die", r#","exitCode":"137""#).unwrap();
        assert_eq!((told.app, told.time_ms), (AppId::new(7).unwrap(), 5));
        assert_eq!(told.service, Some(ServiceName::parse("web").unwrap()));
        assert_eq!(told.container, ContainerId("x".to_owned()));
        assert_eq!(told.happening, Happening::Died { exit_code: Some(137) });
    }

    #[test]
    fn every_event_that_is_asked_for_is_understood() {
        for action in INTERESTING {
            assert!(event(action, "").is_some(), "{action}");
        }
        let health = event("health_status: unhealthy", "").unwrap().happening;
        assert_eq!(health, Happening::Health("unhealthy".to_owned()));
    }

    #[test]
    fn health_that_podman_tells_beside_the_action_is_understood() {
        let line = br#"{"Action":"health_status","Actor":{"ID":"x","Attributes":{"io.balena.app-id":"7"}},"HealthStatus":"starting"}"#;
        assert_eq!(parse(line).unwrap().happening, Happening::Health("starting".to_owned()));
    }

    #[test]
    fn event_of_nobodys_container_and_what_is_no_event_is_not_told() {
        for other in [
            &b"{}"[..],
            b"",
            b"[]",
            br#"{"Action":"die","Actor":{"Attributes":{"io.balena.app-id":"x"}}}"#,
            br#"{"Action":"die","Actor":null}"#,
        ] {
            assert_eq!(parse(other), None);
        }
        assert_eq!(event("attach", ""), None);
    }
}

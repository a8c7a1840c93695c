//! A container's output: `GET /containers/{id}/logs`, in frames; as it is where the container has a terminal.
//! <https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach>

use std::collections::VecDeque;

use futures_util::stream::{self, BoxStream, StreamExt};
use hyper014::Method;

use super::{
    answers::Inspected,
    frames::Frames,
    path::{Query, segment},
    transport::{Call, Pieces, QUICK, Transport, failure},
};
use crate::{
    domain::observed::ContainerId,
    ports::engine::{EngineError, Output, Reading},
};

const NS_PER_S: u64 = 1_000_000_000;

/// Starts to read.
pub async fn read(
    transport: &Transport,
    id: &ContainerId,
    reading: Reading,
) -> Result<BoxStream<'static, Result<Output, EngineError>>, EngineError> {
    let path = format!("/containers/{}/json", segment(&id.0));
    let found: Inspected = transport.get(Call::new(Method::GET, path, "inspect a container"), QUICK).await?;
    let tail = reading.tail.map_or_else(|| "all".to_owned(), |lines| lines.to_string());
    let flag = |wanted: bool| if wanted { "true" } else { "false" };
    let mut query = Query::new()
        .add("stdout", "true")
        .add("stderr", "true")
        .add("follow", flag(reading.follow))
        .add("timestamps", flag(reading.timed))
        .add("tail", &tail);
    if let Some(since_ns) = reading.since_ns {
        query = query.add("since", &format!("{}.{:09}", since_ns / NS_PER_S, since_ns % NS_PER_S));
    }
    let path = format!("/containers/{}/logs{query}", segment(&id.0));
    let pieces = transport.stream(Call::new(Method::GET, path, "tell a container's output")).await?;
    let form = if found.config.tty { Form::Raw } else { Form::Frames(Frames::default()) };
    let state = Reader { pieces, form, ready: VecDeque::new() };
    Ok(stream::unfold(state, |mut state| async { state.next().await.map(|item| (item, state)) }).boxed())
}

struct Reader {
    pieces: Pieces,
    form: Form,
    ready: VecDeque<Output>,
}

/// How the engine sends the output.
#[derive(Debug)]
enum Form {
    /// As the terminal showed it; a terminal has one stream.
    Raw,
    /// Both streams, told apart.
    Frames(Frames),
}

impl Form {
    fn push(&mut self, piece: &[u8]) -> Vec<Output> {
        match self {
            Self::Raw if piece.is_empty() => Vec::new(),
            Self::Raw => vec![Output { is_stderr: false, bytes: piece.to_vec() }],
            Self::Frames(frames) => frames.push(piece),
        }
    }
}

impl Reader {
    async fn next(&mut self) -> Option<Result<Output, EngineError>> {
        loop {
            if let Some(output) = self.ready.pop_front() {
                return Some(Ok(output));
            }
            match self.pieces.recv().await? {
                Ok(piece) => self.ready.extend(self.form.push(&piece)),
                Err(error) => return Some(Err(failure(error, "tell a container's output"))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_a_terminal_is_passed_on_as_it_is() {
        let text = b"\x01\0\0\0\0\0\0\x03out";
        assert_eq!(Form::Raw.push(text), [Output { is_stderr: false, bytes: text.to_vec() }]);
        assert!(Form::Raw.push(b"").is_empty());
    }
}

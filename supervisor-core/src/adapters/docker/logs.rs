//! A container's output: `GET /containers/{id}/logs`, in frames, as our containers have no terminal.

use std::collections::VecDeque;

use futures_util::stream::{self, BoxStream, StreamExt};
use hyper014::Method;

use super::{
    frames::Frames,
    path::{Query, segment},
    transport::{Call, Pieces, Transport, failure},
};
use crate::{
    domain::observed::ContainerId,
    ports::engine::{EngineError, Output},
};

/// Starts to read.
pub async fn read(
    transport: &Transport,
    id: &ContainerId,
    follow: bool,
    tail: Option<u32>,
) -> Result<BoxStream<'static, Result<Output, EngineError>>, EngineError> {
    let tail = tail.map_or_else(|| "all".to_owned(), |lines| lines.to_string());
    let query = Query::new()
        .add("stdout", "true")
        .add("stderr", "true")
        .add("follow", if follow { "true" } else { "false" })
        .add("tail", &tail);
    let path = format!("/containers/{}/logs{query}", segment(&id.0));
    let pieces = transport.stream(Call::new(Method::GET, path, "tell a container's output")).await?;
    let state = Reader { pieces, frames: Frames::default(), ready: VecDeque::new() };
    Ok(stream::unfold(state, |mut state| async { state.next().await.map(|item| (item, state)) }).boxed())
}

struct Reader {
    pieces: Pieces,
    frames: Frames,
    ready: VecDeque<Output>,
}

impl Reader {
    async fn next(&mut self) -> Option<Result<Output, EngineError>> {
        loop {
            if let Some(output) = self.ready.pop_front() {
                return Some(Ok(output));
            }
            match self.pieces.recv().await? {
                Ok(piece) => self.ready.extend(self.frames.push(&piece)),
                Err(error) => return Some(Err(failure(error, "tell a container's output"))),
            }
        }
    }
}

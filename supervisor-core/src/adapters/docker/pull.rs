//! Fetching an image: `POST /images/create`.

use hyper014::Method;

use super::{
    answers::PullLine,
    events::Lines,
    images::id_of,
    path::Query,
    refusal::why_not_pulled,
    registry_auth,
    transport::{Call, STALLED, Transport, failure},
};
use crate::{
    domain::{
        layers::{Layers, Pulled, Work},
        registry_access::Credentials,
    },
    ports::engine::{EngineError, EngineSaid, Progress},
};

const ACTION: &str = "pull an image";

/// `POST /images/create`, to its end.
pub async fn pull(
    transport: &Transport,
    image: &str,
    credentials: Option<Credentials<'_>>,
    progress: Progress<'_>,
) -> Result<(), EngineError> {
    follow(transport, image, credentials, progress).await.map_err(|error| in_our_words(image, error))?;
    // A pull whose stream broke off is told from a whole one only by its result.
    match id_of(transport, image).await? {
        Some(_) => Ok(()),
        None => Err(EngineError::Unavailable("the pull broke off".into())),
    }
}

async fn follow(
    transport: &Transport,
    image: &str,
    credentials: Option<Credentials<'_>>,
    progress: Progress<'_>,
) -> Result<(), EngineError> {
    let (name, tag) = split_reference(image);
    let path = format!("/images/create{}", Query::new().add("fromImage", name).add("tag", tag));
    let mut call = Call::new(Method::POST, path, ACTION);
    call.registry_auth = credentials.map(registry_auth::header);
    let mut pieces = transport.stream(call).await?;
    let (mut lines, mut layers, mut told) = (Lines::default(), Layers::default(), Pulled::default());
    loop {
        let next = tokio::time::timeout(STALLED, pieces.recv());
        let Some(piece) = next.await.map_err(|e| EngineError::Unavailable(Box::new(e)))? else {
            return Ok(());
        };
        for line in lines.push(&piece.map_err(|error| failure(error, ACTION))?) {
            let Ok(line) = serde_json::from_slice::<PullLine>(&line) else { continue };
            if !line.error.is_empty() {
                // The engine answers 200 and says in the stream that the pull failed.
                let action = ACTION.to_owned();
                return Err(EngineError::Refused { action, status: 500, message: line.error });
            }
            if let Some(work) = work(&line) {
                layers.update(&line.id, work);
            }
            let pulled = layers.pulled();
            if pulled != told {
                told = pulled;
                progress(told);
            }
        }
    }
}

/// A refusal in our words, where its own are understood, and with the image in any case.
fn in_our_words(image: &str, error: EngineError) -> EngineError {
    match error {
        EngineError::Refused { status, message, .. } => match why_not_pulled(&message) {
            Some(why) => EngineError::NotPulled { image: image.to_owned(), why, said: EngineSaid(message) },
            None => EngineError::Refused { action: format!("pull image {image}"), status, message },
        },
        other @ (EngineError::Unavailable(_)
        | EngineError::NotPulled { .. }
        | EngineError::Malformed { .. }) => other,
    }
}

/// What a line says of a layer; none: it is about none, or about one that is here already and needs no bytes.
fn work(line: &PullLine) -> Option<Work> {
    let (done_bytes, total_bytes) = (line.progress_detail.current, line.progress_detail.total);
    match line.status.as_str() {
        "Pulling fs layer" | "Waiting" => Some(Work::Waiting),
        "Downloading" => Some(Work::Fetching { done_bytes, total_bytes }),
        "Verifying Checksum" | "Download complete" => Some(Work::Fetched),
        "Extracting" => Some(Work::Unpacking { done_bytes, total_bytes }),
        "Pull complete" => Some(Work::Complete),
        _ => None,
    }
}

/// Name, and tag or digest. Without either the engine would fetch every tag there is.
fn split_reference(image: &str) -> (&str, &str) {
    if let Some((name, digest)) = image.split_once('@') {
        return (name, digest);
    }
    match image.rsplit_once(':') {
        // A colon before a slash belongs to a port.
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        Some(_) | None => (image, "latest"),
    }
}

#[cfg(test)]
#[path = "pull_tests.rs"]
mod tests;

//! Images: `/images/…`, and a pull's progress.

use std::collections::BTreeMap;

use hyper014::Method;
use serde_json::Value;

use super::{
    answers::PullLine,
    events::Lines,
    path::{Query, reference},
    transport::{Call, QUICK, SLOW, STALLED, Transport, already, failure},
};
use crate::ports::engine::{EngineError, ImageRemoval, Progress};

/// `GET /images/{name}/json`.
pub async fn has_image(transport: &Transport, image: &str) -> Result<bool, EngineError> {
    let path = format!("/images/{}/json", reference(image));
    let found: Result<Value, _> =
        transport.get(Call::new(Method::GET, path, "inspect an image"), QUICK).await;
    match found {
        Ok(_) => Ok(true),
        Err(EngineError::Refused { status: 404, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// `DELETE /images/{name}`: never by force, which would take it from under a stopped container.
pub async fn remove_image(transport: &Transport, image: &str) -> Result<ImageRemoval, EngineError> {
    let path = format!("/images/{}", reference(image));
    match transport.call(Call::new(Method::DELETE, path, "remove an image"), SLOW).await {
        Err(EngineError::Refused { status: 409, .. }) => Ok(ImageRemoval::InUse),
        other => already(other, &[404]).map(|()| ImageRemoval::Gone),
    }
}

/// `POST /images/create`.
pub async fn pull(transport: &Transport, image: &str, progress: Progress<'_>) -> Result<(), EngineError> {
    let (name, tag) = split_reference(image);
    let path = format!("/images/create{}", Query::new().add("fromImage", name).add("tag", tag));
    let mut pieces = transport.stream(Call::new(Method::POST, path, "pull an image")).await?;
    let (mut lines, mut layers, mut told) = (Lines::default(), Layers::default(), 0);
    progress(0);
    loop {
        let next = tokio::time::timeout(STALLED, pieces.recv());
        let Some(piece) = next.await.map_err(|e| EngineError::Unavailable(Box::new(e)))? else { break };
        for line in lines.push(&piece.map_err(|error| failure(error, "pull an image"))?) {
            let Ok(line) = serde_json::from_slice::<PullLine>(&line) else { continue };
            if !line.error.is_empty() {
                // Podman answers 200 and says in the stream that the pull failed.
                let action = "pull an image".to_owned();
                return Err(EngineError::Refused { action, status: 500, message: line.error });
            }
            layers.update(&line);
            if layers.percent() > told {
                told = layers.percent();
                progress(told);
            }
        }
    }
    // A pull whose stream broke off is told from a whole one only by its result.
    if has_image(transport, image).await? {
        progress(100);
        return Ok(());
    }
    Err(EngineError::Unavailable("the pull broke off".into()))
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

#[derive(Debug, Default, Clone, Copy)]
struct Layer {
    current: u64,
    total: u64,
    done: bool,
}

/// What is known of an image's layers.
#[derive(Debug, Default)]
struct Layers(BTreeMap<String, Layer>);

impl Layers {
    fn update(&mut self, line: &PullLine) {
        let layer = match line.status.as_str() {
            "Pulling fs layer" | "Waiting" => self.0.entry(line.id.clone()).or_default(),
            "Downloading" => {
                let layer = self.0.entry(line.id.clone()).or_default();
                layer.total = layer.total.max(line.progress_detail.total);
                layer.current = layer.current.max(line.progress_detail.current);
                layer
            }
            "Verifying Checksum" | "Download complete" | "Extracting" | "Pull complete" => {
                let layer = self.0.entry(line.id.clone()).or_default();
                layer.done = true;
                layer
            }
            // Layers that are here already need no bytes.
            _ => return,
        };
        if layer.done {
            layer.total = layer.total.max(1);
            layer.current = layer.total;
        }
    }

    /// By bytes over all layers; a layer of unknown size counts as the mean of the others. 100 is left to
    /// the end of the pull.
    fn percent(&self) -> u32 {
        let known: Vec<&Layer> = self.0.values().filter(|layer| layer.total > 0).collect();
        let (Ok(count), Ok(all)) = (u64::try_from(known.len()), u64::try_from(self.0.len())) else {
            return 0;
        };
        // The sizes are the registry's word, which may be anything.
        let sum = |bytes: &dyn Fn(&Layer) -> u64| {
            known.iter().fold(0, |sum: u64, layer| sum.saturating_add(bytes(layer)))
        };
        let total = sum(&|layer| layer.total);
        let current = sum(&|layer| layer.current.min(layer.total));
        if count == 0 || total == 0 {
            return 0;
        }
        let estimate = total.saturating_mul(all) / count;
        u32::try_from(current.saturating_mul(100) / estimate.max(1)).unwrap_or(99).min(99)
    }
}

#[cfg(test)]
#[path = "pull_tests.rs"]
mod tests;

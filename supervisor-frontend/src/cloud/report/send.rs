//! One report on its way.

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::difference::{APPS, Fields};
use crate::cloud::{
    api::{ApiClient, CloudFailure, read_body, success},
    identity::Identity,
};

const PATH: &str = "/device/v3/state";
/// The answer has no body worth reading; reading it frees the connection for the next request.
const MAX_ANSWER_BYTES: usize = 4096;

/// What became of a report.
#[derive(Debug)]
pub enum Outcome {
    /// The cloud has taken it over.
    Accepted,
    /// The cloud does not take these apps: a release or an image that it does not know, or too much of them.
    AppsRefused(CloudFailure),
    /// It did not arrive, or the cloud does not take it for another reason.
    Failed(CloudFailure),
}

/// Sends it and waits for the answer. Every deadline is the client's.
pub async fn send(client: &ApiClient, identity: &Identity, told: &Fields) -> Outcome {
    match attempt(client, identity, told).await {
        Ok(()) => Outcome::Accepted,
        Err(failure) if told.contains_key(APPS) && blames_the_body(&failure) => Outcome::AppsRefused(failure),
        Err(failure) => Outcome::Failed(failure),
    }
}

async fn attempt(client: &ApiClient, identity: &Identity, told: &Fields) -> Result<(), CloudFailure> {
    let body: Value = json!({ identity.uuid.as_str(): told });
    let request = client.patch(PATH).bearer_auth(identity.key.expose());
    let request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
    let answer = success(request.send().await?)?;
    // It is accepted, whatever comes of the rest.
    let _ = read_body(answer, MAX_ANSWER_BYTES).await;
    Ok(())
}

/// A wrong type (400), something unknown (401, as for a wrong key), or too much (413).
fn blames_the_body(failure: &CloudFailure) -> bool {
    matches!(failure.status(), Some(400 | 401 | 413))
}

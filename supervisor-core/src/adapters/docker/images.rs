//! Images that are there: `/images/…`.

use std::collections::BTreeSet;

use hyper014::Method;

use super::{
    answers::{ContainerItem, ImageAnswer},
    path::{Query, reference},
    transport::{Call, QUICK, SLOW, Transport},
};
use crate::ports::engine::{EngineError, ImageRemoval};

/// `GET /images/{name}/json`.
pub async fn id_of(transport: &Transport, image: &str) -> Result<Option<String>, EngineError> {
    let path = format!("/images/{}/json", reference(image));
    let found: Result<ImageAnswer, _> =
        transport.get(Call::new(Method::GET, path, "inspect an image"), QUICK).await;
    match found {
        Ok(answer) => Ok(Some(answer.id)),
        Err(EngineError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `GET /containers/json`, of all containers.
pub async fn in_use(transport: &Transport) -> Result<BTreeSet<String>, EngineError> {
    let path = format!("/containers/json{}", Query::new().add("all", "true"));
    let items: Vec<ContainerItem> =
        transport.get(Call::new(Method::GET, path, "list containers"), QUICK).await?;
    Ok(items.into_iter().map(|item| item.image_id).collect())
}

/// `DELETE /images/{name}`.
pub async fn remove(transport: &Transport, image: &str) -> Result<ImageRemoval, EngineError> {
    let call = Call::new(Method::DELETE, format!("/images/{}", reference(image)), "remove an image");
    match transport.call(call, SLOW).await {
        Ok(_) | Err(EngineError::Refused { status: 404, .. }) => Ok(ImageRemoval::Gone),
        Err(EngineError::Refused { status: 409, .. }) => Ok(ImageRemoval::InUse),
        Err(error) => Err(error),
    }
}

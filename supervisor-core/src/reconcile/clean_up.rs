//! Removes images that core has pulled and that nothing wants any more, after updates have settled.

use std::{collections::BTreeSet, sync::Arc};

use super::{Context, Reconciler};
use crate::{
    closing::closed,
    domain::{
        image_cleanup::{Images, wanted_images},
        record::AppRecord,
    },
    error::{CoreError, chain},
    ports::engine::{EngineError, ImageRemoval},
};

/// Cleans up at the start, and whenever there may be more to remove or a need of space; what is left is looked at
/// again at the next occasion.
pub async fn follow(reconciler: Arc<Reconciler>) {
    let context = reconciler.context();
    loop {
        if let Err(error) = clean_up(&reconciler).await {
            log::warn!("images not cleaned up error='{}'", chain(&error));
        }
        tokio::select! {
            () = context.settled.notified() => {}
            () = closed(context.closing.clone()) => return,
        }
    }
}

/// One look at everything that core has pulled.
pub async fn clean_up(reconciler: &Reconciler) -> Result<(), CoreError> {
    let context = reconciler.context();
    let Some(images) = look(reconciler).await? else { return Ok(()) };
    for image in images.pulled.iter().filter(|image| images.may_go(image)) {
        match remove(context, image, images.ids.contains_key(image)).await {
            Ok(()) => {}
            // Without an engine the others would not go either.
            Err(error @ CoreError::Engine(EngineError::Unavailable(_))) => return Err(error),
            // One that does not go is no reason to keep the others.
            Err(error) => log::warn!("image not removed image={image} error='{}'", chain(&error)),
        }
    }
    Ok(())
}

async fn remove(context: &Context, image: &str, is_there: bool) -> Result<(), CoreError> {
    if is_there {
        match context.engine.remove_image(image).await? {
            ImageRemoval::Gone => log::info!("image removed image={image}"),
            ImageRemoval::InUse => return Ok(()),
        }
    }
    Ok(context.store.remove_pulled_image(image).await?)
}

/// None: there is nothing that may go, or not everything is known that may be wanted.
async fn look(reconciler: &Reconciler) -> Result<Option<Images>, CoreError> {
    let context = reconciler.context();
    let pulled = context.store.pulled_images().await?;
    if pulled.is_empty() {
        return Ok(None);
    }
    let Some(records) = context.store.all_apps().await? else { return Ok(None) };
    let wanted: BTreeSet<String> = records.iter().flat_map(wanted_images).collect();
    if pulled.is_subset(&wanted) {
        return Ok(None);
    }
    see(context, pulled, wanted).await.map(Some)
}

/// What the engine has of these images.
async fn see(
    context: &Context,
    pulled: BTreeSet<String>,
    wanted: BTreeSet<String>,
) -> Result<Images, CoreError> {
    let mut images = Images { pulled, wanted, ..Images::default() };
    for image in images.pulled.union(&images.wanted) {
        if let Some(id) = context.engine.image_id(image).await? {
            images.ids.insert(image.clone(), id);
        }
    }
    images.in_use = context.engine.images_in_use().await?;
    Ok(images)
}

/// Whether an image that `leaving` leaves behind may go at once. Its target has been applied, and no longer names
/// the image; the release before it does, and is pulled again if it has to come back.
pub(super) async fn may_leave(
    context: &Context,
    leaving: &AppRecord,
    image: &str,
) -> Result<bool, CoreError> {
    if !context.store.pulled_images().await?.contains(image) {
        return Ok(false);
    }
    let Some(records) = context.store.all_apps().await? else { return Ok(false) };
    let others = records.iter().filter(|record| record.app_id() != leaving.app_id()).flat_map(wanted_images);
    let waiting = leaving.waiting.iter().flat_map(|update| update.target.services.values());
    let wanted = others.chain(waiting.map(|service| service.image.clone())).collect();
    let images = see(context, BTreeSet::from([image.to_owned()]), wanted).await?;
    Ok(images.may_go(image))
}

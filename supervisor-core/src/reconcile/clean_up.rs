//! Removes images that core has pulled and that nothing wants any more, after updates have settled.

use std::{collections::BTreeSet, sync::Arc};

use super::{Context, Reconciler};
use crate::{
    closing::closed,
    domain::image_cleanup::{Images, wanted_images},
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
    let mut images = Images { pulled, wanted, ..Images::default() };
    for image in images.pulled.union(&images.wanted) {
        if let Some(id) = context.engine.image_id(image).await? {
            images.ids.insert(image.clone(), id);
        }
    }
    images.in_use = context.engine.images_in_use().await?;
    Ok(Some(images))
}

//! Removes images that core has pulled and that nothing wants any more, after updates have settled.

use std::{collections::BTreeSet, sync::Arc};

use super::Reconciler;
use crate::{
    closing::closed,
    domain::image_cleanup::{Images, wanted_images},
    error::{CoreError, chain},
    ports::engine::ImageRemoval,
};

/// Cleans up whenever an app has settled; what is left is looked at again after the next.
pub async fn follow(reconciler: Arc<Reconciler>) {
    let context = reconciler.context();
    loop {
        tokio::select! {
            () = context.settled.notified() => {}
            () = closed(context.closing.clone()) => return,
        }
        if let Err(error) = clean_up(&reconciler).await {
            log::warn!("images not cleaned up error='{}'", chain(&error));
        }
    }
}

/// One look at everything that core has pulled.
pub async fn clean_up(reconciler: &Reconciler) -> Result<(), CoreError> {
    let context = reconciler.context();
    let Some(images) = look(reconciler).await? else { return Ok(()) };
    for image in images.pulled.iter().filter(|image| images.may_go(image)) {
        if images.ids.contains_key(image) {
            match context.engine.remove_image(image).await? {
                ImageRemoval::Gone => log::info!("image removed image={image}"),
                ImageRemoval::InUse => continue,
            }
        }
        context.store.remove_pulled_image(image).await?;
    }
    Ok(())
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

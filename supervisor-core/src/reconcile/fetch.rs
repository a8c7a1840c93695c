//! Fetches an image: with the name and password of the cloud's registry, only where it fits on the disk, shown as
//! it goes on, and ended where somebody asks for that.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use supervisor_proto::ids::{AppId, ServiceName};
use tokio::sync::watch;

use super::{Context, cancellation::Hearing, status::Activity};
use crate::{
    closing::closed,
    domain::{
        download::{Download, Reached},
        event::What,
        layers::Pulled,
        record::AppRecord,
        target::Target,
    },
    error::CoreError,
};

/// How often the disk is looked at while an image comes, beside whenever more is known of its size.
const SPACE_INTERVAL: Duration = Duration::from_millis(250);
/// Progress is told for each percent, and for so many bytes.
const TOLD_BYTES: u64 = 1 << 20;

/// What fetching an image for an app takes.
pub struct Fetcher<'a> {
    /// What every worker shares.
    pub context: &'a Context,
    /// The app.
    pub app: AppId,
    /// Its target, whose images they are; none where they are those of an update that waits.
    pub target: Option<&'a Target>,
    /// Ends it, where somebody asks for that; also before it begins.
    pub cancelled: &'a Hearing,
    /// How far the update's images are.
    pub download: &'a Mutex<Download>,
}

impl<'a> Fetcher<'a> {
    /// Of the app's own target.
    pub const fn of_target(
        context: &'a Context,
        record: &'a AppRecord,
        cancelled: &'a Hearing,
        download: &'a Mutex<Download>,
    ) -> Self {
        Self { context, app: record.app_id(), target: Some(&record.target), cancelled, download }
    }

    /// Fetches one image.
    pub async fn fetch(&self, image: &str) -> Result<(), CoreError> {
        if self.cancelled.is_said() {
            return Err(CoreError::Cancelled);
        }
        let root = self.room(image).await?;
        self.context.store.add_pulled_image(image).await?;
        let access = self.context.registry.borrow().clone();
        let credentials = access.as_deref().and_then(|access| access.of_image(image));
        let (seen, sizes) = watch::channel(Pulled::default());
        let progress = |pulled: Pulled| {
            self.show_download(image, |download| download.go_on(image, pulled));
            seen.send_replace(pulled);
        };
        self.show_download(image, |download| download.begin(image));
        tokio::select! {
            // What was said before the pull begins, goes before it.
            biased;
            () = self.cancelled.said() => return Err(CoreError::Cancelled),
            () = closed(self.context.closing.clone()) => return Err(CoreError::ShuttingDown),
            error = self.until_too_large(root.as_deref(), image, sizes) => return Err(error),
            result = self.context.engine.pull(image, credentials, &progress) => result?,
        }
        self.show_download(image, |download| download.is_here(image));
        Ok(())
    }

    /// Fails where an image that did not fit still does not. Nobody is told then that it is being fetched.
    pub async fn look_for_room(&self, image: &str) -> Result<(), CoreError> {
        if self.download.lock().unwrap_or_else(PoisonError::into_inner).lacked_room(image) {
            self.room(image).await?;
        }
        Ok(())
    }

    /// Where the image will be, if that can be seen; it has room there.
    async fn room(&self, image: &str) -> Result<Option<PathBuf>, CoreError> {
        let root = self.context.space.data_root(self.context.engine.as_ref()).await;
        let known = self.download.lock().unwrap_or_else(PoisonError::into_inner).needed_bytes(image);
        if let Some(root) = &root {
            self.context.space.check(root, image, known).await.inspect_err(|_| self.lacks_room(image))?;
        }
        Ok(root)
    }

    fn lacks_room(&self, image: &str) {
        self.download.lock().unwrap_or_else(PoisonError::into_inner).lacks_room(image);
    }

    /// Resolves when what is still to come does not fit. The engine gives up a pull that is dropped, and what it
    /// has unpacked of it.
    async fn until_too_large(
        &self,
        root: Option<&Path>,
        image: &str,
        mut sizes: watch::Receiver<Pulled>,
    ) -> CoreError {
        let Some(root) = root else { return std::future::pending().await };
        let mut known = 0;
        loop {
            let grown = sizes.wait_for(|pulled| pulled.needed_bytes > known);
            if known == 0 {
                // Nothing is known until the first layer comes, and there is nothing to look for.
                let _ = grown.await;
            } else {
                let _ = tokio::time::timeout(SPACE_INTERVAL, grown).await;
            }
            let pulled = *sizes.borrow_and_update();
            known = pulled.needed_bytes;
            if let Err(error) = self.context.space.check(root, image, known).await {
                // The engine may drop what has come, so the next pull needs all of it.
                self.show_download(image, |download| download.needs(image, pulled.whole_bytes));
                self.lacks_room(image);
                return error;
            }
        }
    }

    fn show_download(&self, image: &str, change: impl FnOnce(&mut Download)) {
        let (before, reached, by_service) = {
            let mut download = self.download.lock().unwrap_or_else(PoisonError::into_inner);
            let before = download.told();
            change(&mut download);
            (before, download.reached(), self.target.map(|target| by_service(target, &download)))
        };
        let is_new = reached.percent != before.percent
            || reached.done_bytes / TOLD_BYTES != before.done_bytes / TOLD_BYTES
            || reached.done_bytes == 0;
        self.context.status.update(self.app, |status| match &by_service {
            Some(by_service) => {
                status.activity = Activity::Downloading(reached.percent);
                status.show_downloads(by_service);
            }
            None => status.waiting_percent = Some(reached.percent),
        });
        if is_new {
            let Reached { percent, done_bytes, total_bytes } = reached;
            let image = || image.to_owned();
            let what = || What::PullProgress { image: image(), percent, done_bytes, total_bytes };
            self.context.events.tell(self.app, what);
        }
    }
}

fn by_service(target: &Target, download: &Download) -> BTreeMap<ServiceName, u32> {
    let services = target.services.iter();
    services
        .filter_map(|(name, service)| Some((name.clone(), download.percent_of(&service.image)?)))
        .collect()
}

//! Fetches an image: with the name and password of the cloud's registry, shown as it goes on, and ended where
//! somebody asks for that.

use super::{execute::Executor, status::Activity};
use crate::{
    closing::closed,
    domain::{event::What, layers::Pulled},
    error::CoreError,
};

impl Executor<'_> {
    /// `Step::PullImage`.
    pub(super) async fn pull(&self, image: &str) -> Result<(), CoreError> {
        self.tell_percent(image, 0);
        let access = self.context.registry.borrow().clone();
        let credentials = access.as_deref().and_then(|access| access.of_image(image));
        let progress = |pulled: Pulled| self.tell_percent(image, pulled.percent());
        tokio::select! {
            result = self.context.engine.pull(image, credentials, &progress) => result?,
            () = closed(self.context.closing.clone()) => return Err(CoreError::ShuttingDown),
            () = self.cancel.notified() => return Err(CoreError::Cancelled),
        }
        self.tell_percent(image, 100);
        Ok(())
    }

    fn tell_percent(&self, image: &str, percent: u32) {
        self.show(Activity::Downloading(percent));
        self.context.events.tell(self.app(), || What::PullProgress { image: image.to_owned(), percent });
    }
}

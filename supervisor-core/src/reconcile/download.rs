//! Images of an update that waits for its time. They are fetched beside whatever else is done for the app: a caller,
//! a release on trial and a reboot do not wait for a slow network.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    task::JoinSet,
    time::{Duration, Instant},
};

use super::{
    Context,
    cancellation::{Cancels, Hearing},
    fetch::Fetcher,
    step_told::Told,
};
use crate::{
    domain::{download::Download, step::Step, waiting_update::WaitingUpdate},
    error::CoreError,
};

/// Images that the update needs and that are not here.
pub async fn absent_images(context: &Context, update: &WaitingUpdate) -> Result<Vec<String>, CoreError> {
    let mut absent = Vec::new();
    for image in update.downloads() {
        if !context.engine.has_image(image).await? {
            absent.push(image.to_owned());
        }
    }
    Ok(absent)
}

/// When the next attempt may begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Next {
    /// As soon as images are missing.
    #[default]
    AtOnce,
    /// Then, or when somebody asks.
    At(Instant),
    /// When somebody asks.
    WhenAsked,
}

/// The download of one app's waiting update. It ends when this is dropped.
#[derive(Debug, Default)]
pub struct WaitingDownload {
    /// All images of the update that are fetched beforehand.
    images: Vec<String>,
    /// What ends it; none: nobody has asked for it since all of it was here, or looked what is missing.
    hearing: Option<Hearing>,
    /// At most one.
    task: JoinSet<Result<(), CoreError>>,
    progress: Arc<Mutex<Download>>,
    next: Next,
    /// The update may be carried out as soon as it is here.
    is_due: bool,
    attempts: u32,
    error: String,
    /// By what that is known again.
    known_by: String,
}

impl WaitingDownload {
    /// Only this update's download goes on.
    pub fn only_of(&mut self, update: Option<&WaitingUpdate>) {
        let images = update.map(WaitingUpdate::downloads).unwrap_or_default();
        if self.images != images {
            let images = images.into_iter().map(ToOwned::to_owned).collect();
            *self = Self { images, ..Self::default() };
        }
    }

    /// All of it is here.
    pub fn is_here(&mut self) {
        let images = std::mem::take(&mut self.images);
        *self = Self { images, ..Self::default() };
    }

    /// It is looked after: what is said from now on counts for it.
    pub fn listen(&mut self, cancels: &Cancels) -> Hearing {
        self.hearing.get_or_insert_with(|| cancels.listen()).clone()
    }

    /// Whether it was cancelled, and nobody has asked for it since.
    pub fn is_cancelled(&self) -> bool {
        self.hearing.as_ref().is_some_and(Hearing::is_said)
    }

    /// Begins to fetch these images, unless that goes on already or rests after an attempt. One that was cancelled
    /// ends at once, as one does that is cancelled later.
    pub fn begin(
        &mut self,
        context: &Arc<Context>,
        cancelled: Hearing,
        update: &WaitingUpdate,
        absent: Vec<String>,
    ) {
        if self.next != Next::AtOnce || self.goes_on() {
            return;
        }
        let missing = absent.iter().map(String::as_str).collect();
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).expect(&missing);
        let context = Arc::clone(context);
        let (app, progress) = (update.target.app.app_id, Arc::clone(&self.progress));
        self.task.spawn(async move {
            let (context, cancelled, download) = (&*context, &cancelled, &*progress);
            fetch_all(&Fetcher { context, app, target: None, cancelled, download }, absent).await
        });
    }

    /// Whether images are coming.
    pub fn goes_on(&self) -> bool {
        !self.task.is_empty()
    }

    /// How an attempt ended; never, while there is none.
    pub async fn ended(&mut self) -> Result<(), CoreError> {
        match self.task.join_next().await {
            Some(Ok(result)) => {
                self.attempts = self.attempts.saturating_add(1);
                result
            }
            // It is never broken off but with all of this.
            Some(Err(_)) => Err(CoreError::ShuttingDown),
            None => std::future::pending().await,
        }
    }

    /// How many attempts have ended since all of it was here last.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The next attempt begins so much later; none: when somebody asks for it.
    pub fn rest(&mut self, wait: Option<Duration>) {
        self.next = wait.map_or(Next::WhenAsked, |wait| Next::At(Instant::now() + wait));
    }

    /// Whether its time has come. When it comes, nobody has to ask.
    pub fn due(&mut self, is_due: bool, cancels: &Cancels) {
        if is_due && !self.is_due {
            self.wake(cancels);
        }
        self.is_due = is_due;
    }

    /// The next attempt begins at once, whatever was cancelled before.
    pub fn wake(&mut self, cancels: &Cancels) {
        if self.is_cancelled() {
            // Another word of that kind is news again.
            self.known_by.clear();
        }
        self.next = Next::AtOnce;
        self.hearing = Some(cancels.listen());
    }

    /// It is looked after now. A rest is over when somebody asks; one after a failure also in its time, or where
    /// something is not as it was.
    pub fn look(&mut self, is_asked: bool, is_changed: bool, cancels: &Cancels) {
        if is_asked {
            self.wake(cancels);
        } else if self.look_at().is_some_and(|at| is_changed || at <= Instant::now()) {
            self.next = Next::AtOnce;
        }
    }

    /// When to look after it again.
    pub const fn look_at(&self) -> Option<Instant> {
        match self.next {
            Next::At(at) => Some(at),
            Next::AtOnce | Next::WhenAsked => None,
        }
    }

    /// How the last attempt failed, one sentence, and by what that is known again. Whether that is news.
    pub fn fail(&mut self, error: &str, known_by: String) -> bool {
        error.clone_into(&mut self.error);
        let is_new = self.known_by != known_by;
        self.known_by = known_by;
        is_new
    }

    /// How the last attempt failed; empty: it did not.
    pub fn error(&self) -> &str {
        &self.error
    }
}

async fn fetch_all(fetcher: &Fetcher<'_>, images: Vec<String>) -> Result<(), CoreError> {
    let (app, of) = (fetcher.app, images.len());
    if fetcher.cancelled.is_said() {
        return Err(CoreError::Cancelled);
    }
    for (index, image) in images.into_iter().enumerate() {
        fetcher.look_for_room(&image).await?;
        let step = Step::PullImage { image: image.clone() };
        let told = Told { app, step: &step, number: index + 1, of };
        let begun = told.begin(fetcher.context, String::new);
        let result = fetcher.fetch(&image).await;
        told.end(fetcher.context, begun, &result);
        result?;
    }
    Ok(())
}

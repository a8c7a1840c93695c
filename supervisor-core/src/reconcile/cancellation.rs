//! The word that ends an update's download. It counts from the moment on at which the update is asked for until all of it is
//! here, between two images and between two attempts as well, and it holds until somebody asks for the update again.

use tokio::{
    sync::watch,
    time::{Duration, Instant},
};

/// Where the word is said.
#[derive(Debug, Default)]
pub struct Cancels(watch::Sender<u64>);

impl Cancels {
    /// Ends every download that listens.
    pub fn say(&self) {
        self.0.send_modify(|said| *said = said.wrapping_add(1));
    }

    /// Hears what is said from now on.
    pub fn listen(&self) -> Hearing {
        let said = self.0.subscribe();
        let before = *said.borrow();
        Hearing { before, said }
    }
}

/// What one download hears.
#[derive(Debug, Clone)]
pub struct Hearing {
    before: u64,
    said: watch::Receiver<u64>,
}

impl Hearing {
    /// Whether it has been said.
    pub fn is_said(&self) -> bool {
        *self.said.borrow() != self.before
    }

    /// Resolves when it is, or has been, said; never, where nobody can say it any more.
    pub async fn said(&self) {
        let mut said = self.said.clone();
        if said.wait_for(|said| *said != self.before).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What the download of an app's own target hears. One that was cancelled stays so until it is asked for, or until it has
/// rested for a while.
#[derive(Debug, Default)]
pub struct Cancellation {
    /// None, once all of it is here.
    hearing: Option<Hearing>,
    again_at: Option<Instant>,
}

impl Cancellation {
    /// Listens, if it does not do so already.
    pub fn hear(&mut self, cancels: &Cancels) -> Hearing {
        self.hearing.get_or_insert_with(|| cancels.listen()).clone()
    }

    /// Whether the download was cancelled.
    pub fn is_said(&self) -> bool {
        self.hearing.as_ref().is_some_and(Hearing::is_said)
    }

    /// What was said before now does not count any more.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// It begins anew by itself so much later; the first such word counts.
    pub fn rest(&mut self, wait: Duration) {
        self.again_at.get_or_insert_with(|| Instant::now() + wait);
    }

    /// When it begins anew by itself.
    pub const fn again_at(&self) -> Option<Instant> {
        self.again_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn word_is_heard_by_whoever_listened_before_and_by_nobody_else() {
        let cancels = Cancels::default();
        cancels.say();
        let (first, mut own) = (cancels.listen(), Cancellation::default());
        own.hear(&cancels);
        assert!(!first.is_said() && !own.is_said());
        cancels.say();
        let second = cancels.listen();
        first.said().await;
        assert!(first.is_said() && own.hear(&cancels).is_said() && !second.is_said());
        own.forget();
        assert!(!own.hear(&cancels).is_said());
    }
}

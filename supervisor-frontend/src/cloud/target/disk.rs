//! Work that blocks on the disk: on a thread for that, and waited for no longer than [`DEADLINE`].

use std::time::Duration;

use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use super::cache::CacheError;
use crate::error_chain::chain;

/// How long the disk may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// One piece of work that may be wanted again before the disk has answered: it is then waited for once more, and not begun
/// anew, so that a disk that hangs holds one thread.
#[derive(Debug)]
pub struct Work<T>(Option<JoinHandle<Result<T, CacheError>>>);

impl<T> Default for Work<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Send + 'static> Work<T> {
    /// What came of the work under way, or else of `work`; an error is a sentence for the log.
    pub async fn done(
        &mut self,
        work: impl FnOnce() -> Result<T, CacheError> + Send + 'static,
    ) -> Result<T, String> {
        let under_way = self.0.get_or_insert_with(|| spawn_blocking(work));
        let Ok(ended) = timeout(DEADLINE, under_way).await else {
            return Err("the disk does not answer".to_owned());
        };
        self.0 = None;
        match ended {
            Ok(done) => done.map_err(|error| chain(&error).to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_hangs_is_waited_for_again_and_not_begun_anew() {
        let (answer, answered) = mpsc::channel();
        let mut work = Work::default();
        let hangs = work.done(move || Ok(answered.recv().unwrap()));
        let (late, ()) = tokio::join!(hangs, tokio::time::advance(2 * DEADLINE));
        late.unwrap_err();
        let (late, ()) = tokio::join!(work.done(|| Ok("anew")), tokio::time::advance(2 * DEADLINE));
        late.unwrap_err();
        answer.send("at last").unwrap();
        assert_eq!(work.done(|| Ok("anew")).await.unwrap(), "at last");
        assert_eq!(work.done(|| Ok("next")).await.unwrap(), "next");
    }
}

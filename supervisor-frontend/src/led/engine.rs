//! Follows the clock and writes the light's changes; sleeps for good when nothing is to be shown.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{Wish, pattern::Pattern};

const IDENTIFY_FOR: Duration = Duration::from_secs(15);
/// After an identification the offline pattern starts with its pause, so that the two can be told
/// apart.
const INTO_PAUSE: Duration = Duration::from_millis(1600);

/// Where the light's state goes.
pub trait Output {
    /// Switches the light.
    fn set(&mut self, on: bool) -> impl Future<Output = ()>;
}

/// Runs until every handle is gone; the light is off then.
pub async fn run(mut wishes: watch::Receiver<Wish>, mut output: impl Output) {
    let mut engine = Engine { wish: Wish::default(), identify_until: None, shown: None, lit: false };
    // What was wished for before this task had its first turn counts too.
    engine.take(*wishes.borrow_and_update(), Instant::now());
    loop {
        let next = engine.step(Instant::now(), &mut output).await;
        tokio::select! {
            changed = wishes.changed() => {
                if changed.is_err() {
                    break;
                }
                let wish = *wishes.borrow_and_update();
                engine.take(wish, Instant::now());
            }
            () = at(next) => {}
        }
    }
    engine.light(false, &mut output).await;
}

async fn at(next: Option<Instant>) {
    match next {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

struct Engine {
    wish: Wish,
    identify_until: Option<Instant>,
    /// The running pattern and when it started.
    shown: Option<(Pattern, Instant)>,
    lit: bool,
}

impl Engine {
    fn take(&mut self, wish: Wish, now: Instant) {
        if wish.identifications != self.wish.identifications {
            self.identify_until = Some(now + IDENTIFY_FOR);
        }
        self.wish = wish;
    }

    /// Brings the light to what it is to be at `now`; tells when to look again.
    async fn step(&mut self, now: Instant, output: &mut impl Output) -> Option<Instant> {
        let identified = self.identify_until.is_some_and(|until| until <= now);
        if identified {
            self.identify_until = None;
        }
        let wanted = match (self.identify_until, self.wish.offline) {
            (Some(_), _) => Some(Pattern::Identify),
            (None, true) => Some(Pattern::Offline),
            (None, false) => None,
        };
        if wanted != self.shown.map(|(pattern, _)| pattern) {
            let start = if identified { now.checked_sub(INTO_PAUSE).unwrap_or(now) } else { now };
            self.shown = wanted.map(|pattern| (pattern, start));
        }
        let Some((pattern, since)) = self.shown else {
            self.light(false, output).await;
            return None;
        };
        let (on, stays) = pattern.at(now.saturating_duration_since(since));
        self.light(on, output).await;
        let next = now + stays;
        Some(self.identify_until.map_or(next, |until| next.min(until)))
    }

    async fn light(&mut self, on: bool, output: &mut impl Output) {
        if self.lit != on {
            self.lit = on;
            output.set(on).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::led::LedHandle;

    #[derive(Clone)]
    struct Recorder {
        start: Instant,
        edges: Arc<Mutex<Vec<(u128, bool)>>>,
    }

    impl Output for Recorder {
        async fn set(&mut self, on: bool) {
            self.edges.lock().unwrap().push((self.start.elapsed().as_millis(), on));
        }
    }

    impl Recorder {
        fn edges(&self) -> Vec<(u128, bool)> {
            self.edges.lock().unwrap().clone()
        }
    }

    fn start() -> (LedHandle, Recorder, tokio::task::JoinHandle<()>) {
        let (handle, wishes) = LedHandle::new();
        let recorder = Recorder { start: Instant::now(), edges: Arc::default() };
        let task = tokio::spawn(run(wishes, recorder.clone()));
        (handle, recorder, task)
    }

    /// Moves the paused clock to `ms` after the start, past every edge before.
    async fn until(recorder: &Recorder, ms: u64) {
        sleep_until(recorder.start + Duration::from_millis(ms)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn identify_blinks_for_15_seconds_and_ends_dark() {
        let (handle, recorder, _task) = start();
        handle.identify();
        until(&recorder, 60_000).await;
        let edges = recorder.edges();
        let expected: Vec<(u128, bool)> = (0..=75).map(|i| (i * 200, i % 2 == 0)).collect();
        assert_eq!(edges, expected);
        assert_eq!(edges.last(), Some(&(15_000, false)));
    }

    #[tokio::test(start_paused = true)]
    async fn identify_again_while_it_runs_restarts_the_15_seconds() {
        let (handle, recorder, _task) = start();
        handle.identify();
        until(&recorder, 10_050).await;
        handle.identify();
        until(&recorder, 60_000).await;
        let last = *recorder.edges().last().unwrap();
        assert_eq!(last, (25_000, false));
    }

    #[tokio::test(start_paused = true)]
    async fn offline_pattern_runs_until_online_and_ends_dark() {
        let (handle, recorder, _task) = start();
        handle.set_online(false);
        until(&recorder, 2_700).await;
        handle.set_online(true);
        until(&recorder, 60_000).await;
        let expected = [
            (0, true),
            (200, false),
            (400, true),
            (600, false),
            (800, true),
            (1000, false),
            (1200, true),
            (1400, false),
            (2600, true),
            (2700, false),
        ];
        assert_eq!(recorder.edges(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn offline_pattern_resumes_after_an_identification() {
        let (handle, recorder, _task) = start();
        handle.set_online(false);
        handle.identify();
        until(&recorder, 17_000).await;
        let after: Vec<_> = recorder.edges().into_iter().filter(|(ms, _)| *ms >= 15_000).collect();
        assert_eq!(
            after,
            [
                (15_000, false),
                (16_000, true),
                (16_200, false),
                (16_400, true),
                (16_600, false),
                (16_800, true)
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn light_is_off_when_the_last_handle_goes() {
        let (handle, recorder, task) = start();
        handle.identify();
        until(&recorder, 100).await;
        drop(handle);
        task.await.unwrap();
        assert_eq!(recorder.edges(), [(0, true), (100, false)]);
    }
}

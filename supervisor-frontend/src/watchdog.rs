//! Ends the process when its loops stand still, so that whoever started it starts it again.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How often loops beat and how often the watchdog looks.
pub const BEAT_INTERVAL: Duration = Duration::from_secs(10);
/// So many looks in a row without a beat, 30 s, mean that a loop is stuck.
const LOOKS_WITHOUT_BEAT: u32 = 3;
/// A loop that has not beaten for so long is stuck.
pub const STUCK_AFTER: Duration = Duration::from_secs(BEAT_INTERVAL.as_secs() * LOOKS_WITHOUT_BEAT as u64);
/// How long the last log line may take.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The process's exit code when a loop was stuck.
const EXIT_STUCK: i32 = 70;

/// A loop's sign of life.
#[derive(Debug, Clone)]
pub struct Heart(Arc<Pulse>);

#[derive(Debug)]
struct Pulse {
    beats: AtomicU64,
    born: Instant,
    /// Of the last beat, in milliseconds since `born`.
    last_ms: AtomicU64,
    /// So many loops beat it now.
    loops: AtomicUsize,
    /// Its loop need not be there.
    may_rest: bool,
}

impl Default for Heart {
    /// Of a loop that is there from now on.
    fn default() -> Self {
        Self::new(false)
    }
}

impl Heart {
    fn new(may_rest: bool) -> Self {
        Self(Arc::new(Pulse {
            beats: AtomicU64::new(0),
            born: Instant::now(),
            last_ms: AtomicU64::new(0),
            loops: AtomicUsize::new(0),
            may_rest,
        }))
    }

    /// Of a loop that begins later and may end: nobody waits for a beat before and after.
    pub fn resting() -> Self {
        Self::new(true)
    }

    /// Whether nobody waits for a beat. A loop that is stuck does not end.
    pub fn is_at_rest(&self) -> bool {
        self.0.may_rest && self.0.loops.load(Ordering::Relaxed) == 0
    }

    /// Beats for as long as the loop it runs on turns. Never returns.
    pub async fn beat(self, mut also: impl FnMut()) {
        let _counted = Counted::new(&self.0);
        let mut interval = tokio::time::interval(BEAT_INTERVAL);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            self.0.beats.fetch_add(1, Ordering::Relaxed);
            self.0.last_ms.store(self.age_ms(), Ordering::Relaxed);
            also();
        }
    }

    fn beats(&self) -> u64 {
        self.0.beats.load(Ordering::Relaxed)
    }

    /// Time since the last beat. Time that the machine is suspended does not count.
    pub fn silence(&self) -> Duration {
        Duration::from_millis(self.age_ms().saturating_sub(self.0.last_ms.load(Ordering::Relaxed)))
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.0.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A loop that beats, until it is dropped.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(pulse: &'a Pulse) -> Self {
        pulse.loops.fetch_add(1, Ordering::Relaxed);
        Self(&pulse.loops)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts looks without a beat. Looks are counted, not seconds: after a suspended machine or a
/// stopped process goes on, the loops get their turn before they are judged.
#[derive(Debug, Default)]
struct Judge {
    last: u64,
    still: u32,
}

impl Judge {
    fn finds_stuck(&mut self, heart: &Heart) -> bool {
        if heart.is_at_rest() {
            self.still = 0;
            return false;
        }
        self.is_stuck(heart.beats())
    }

    fn is_stuck(&mut self, beats: u64) -> bool {
        if beats == self.last {
            self.still += 1;
        } else {
            (self.last, self.still) = (beats, 0);
        }
        self.still >= LOOKS_WITHOUT_BEAT
    }
}

/// Starts the thread that looks after `hearts`, each with a name for the last log line. It ends when
/// the process does.
pub fn start(hearts: Vec<(&'static str, Heart)>) -> io::Result<()> {
    let watch = move || {
        let mut judged: Vec<_> =
            hearts.into_iter().map(|(name, heart)| (name, heart, Judge::default())).collect();
        loop {
            thread::sleep(BEAT_INTERVAL);
            for (name, heart, judge) in &mut judged {
                if judge.finds_stuck(heart) {
                    end(name);
                }
            }
        }
    };
    thread::Builder::new().name("watchdog".to_owned()).stack_size(64 * 1024).spawn(watch).map(drop)
}

/// Says why and ends. The line is written by a thread of its own: a log that nobody reads may be
/// what the loop is stuck on, and must not stop the watchdog too.
fn end(name: &'static str) -> ! {
    let line = move || {
        log::error!("watchdog ended the process: a loop is stuck loop={name} exit_code={EXIT_STUCK}");
    };
    if thread::Builder::new().spawn(line).is_ok() {
        thread::sleep(LAST_WORDS);
    }
    std::process::exit(EXIT_STUCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judge_of_a_beating_loop_is_content() {
        let mut judge = Judge::default();
        assert!((1..100).all(|beats| !judge.is_stuck(beats / 2)));
    }

    #[test]
    fn judge_of_a_silent_loop_finds_it_stuck_at_the_third_look() {
        let mut judge = Judge::default();
        assert!(!judge.is_stuck(5));
        let looks: Vec<bool> = (0..3).map(|_| judge.is_stuck(5)).collect();
        assert_eq!(looks, [false, false, true]);
    }

    #[test]
    fn judge_of_a_loop_that_resumes_starts_over() {
        let mut judge = Judge::default();
        judge.is_stuck(1);
        judge.is_stuck(1);
        judge.is_stuck(1);
        assert!(!judge.is_stuck(2));
        assert!(!judge.is_stuck(2));
    }

    #[tokio::test(start_paused = true)]
    async fn heart_beats_once_per_interval() {
        let heart = Heart::default();
        let task = tokio::spawn(heart.clone().beat(|| {}));
        tokio::time::sleep(BEAT_INTERVAL * 3 + Duration::from_secs(1)).await;
        assert_eq!(heart.beats(), 4);
        task.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn heart_that_may_rest_is_judged_only_while_its_loop_is_there() {
        let (heart, mut judge) = (Heart::resting(), Judge::default());
        assert!((0..10).all(|_| !judge.finds_stuck(&heart)), "before its loop begins");
        let task = tokio::spawn(heart.clone().beat(|| {}));
        tokio::task::yield_now().await;
        let looks: Vec<bool> = (0..4).map(|_| judge.finds_stuck(&heart)).collect();
        assert_eq!(looks, [false, false, false, true], "a loop that does not turn");
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert!(!judge.finds_stuck(&heart), "after its end");
    }

    #[test]
    fn heart_of_a_loop_that_has_to_be_there_is_never_at_rest() {
        assert!(!Heart::default().is_at_rest());
    }
}

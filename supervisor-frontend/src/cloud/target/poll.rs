//! Asks the cloud what should run, again and again, one question at a time.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    cache::{CacheError, Cached, Head, Named, TargetCache},
    device_target::{BadTarget, Departed, DeviceTarget},
    nudge::Nudges,
    question::{self, Answer, NoAnswer},
    schedule::{Draw, Outcome, Schedule},
};
use crate::{
    cloud::{
        api::ApiClient,
        identity::Identity,
        settings::{CloudSettings, WrongValue},
        status::{CloudBoard, Standing},
    },
    error_chain::chain,
};

/// How long the disk may take.
const DISK_DEADLINE: Duration = Duration::from_secs(30);
/// Nudges do not make questions follow each other faster.
const SPACING: Duration = Duration::from_millis(200);
/// Apps of this target and earlier ones that are remembered; a device runs a few.
const MAX_REMEMBERED: usize = 512;
/// The longest uuid of an app; the contract's own have 32 digits.
const MAX_APP_UUID: usize = 64;

/// What the poll works with, whoever the device is.
#[derive(Debug, Clone)]
pub struct Poll {
    /// The cloud.
    pub client: ApiClient,
    /// What is in force without it.
    pub cache: TargetCache,
    /// What holds where the cloud's variables say nothing.
    pub defaults: CloudSettings,
    /// Wishes for a question now.
    pub nudges: Arc<Nudges>,
    /// Told how it goes.
    pub board: CloudBoard,
    /// Told the target.
    pub targets: watch::Sender<Option<Arc<DeviceTarget>>>,
    /// Told what the cloud's variables say.
    pub settings: Arc<watch::Sender<CloudSettings>>,
}

/// The poll of one identity.
#[derive(Debug)]
struct Poller<'a> {
    poll: &'a Poll,
    identity: &'a Identity,
    known: Option<Cached>,
    /// Apps of earlier targets, while no target is known.
    earlier: Named,
    is_unsaved: bool,
    told_wrong: Vec<WrongValue>,
    told_error: Option<String>,
}

impl Poll {
    /// Asks for as long as it is not dropped.
    pub async fn run(&self, identity: &Identity) {
        let mut poller = Poller {
            poll: self,
            identity,
            known: None,
            earlier: Named::default(),
            is_unsaved: false,
            told_wrong: Vec::new(),
            told_error: None,
        };
        self.board.set_standing(Standing::Connecting);
        poller.load().await;
        let mut schedule = Schedule::new(self.settings.borrow().poll_interval);
        let is_patient = !self.settings.borrow().instant_update;
        let mut wait = schedule.first(poller.known.is_some(), is_patient, draw());
        loop {
            log::debug!("next question for the target in_s={}", wait.as_secs());
            tokio::select! {
                () = sleep(wait) => {}
                () = self.nudges.wanted() => {}
            }
            let spaced = Instant::now() + SPACING;
            let outcome = poller.ask().await;
            schedule.set_interval(self.settings.borrow().poll_interval);
            wait = schedule.after(outcome, draw());
            sleep_until(spaced).await;
        }
    }
}

impl Poller<'_> {
    /// Puts the kept target in force, if it is of this device and this cloud.
    async fn load(&mut self) {
        let cache = self.poll.cache.clone();
        let cached = match on_disk(move || cache.load()).await {
            Ok(Some(cached)) => cached,
            Ok(None) => return self.load_earlier().await,
            Err(error) => {
                log::error!("kept target is lost, the cloud is asked again error='{error}'");
                return self.earlier.lost = true;
            }
        };
        if !self.is_mine(&cached.head) {
            return;
        }
        match DeviceTarget::read(&cached.body, &self.identity.uuid) {
            Ok(target) => {
                log::info!("kept target in force apps={}", target.apps.len());
                self.put_in_force(target, &cached.head.named);
                self.known = Some(cached);
            }
            // A newer release may have written it, or an older one understood more.
            Err(error) => {
                log::warn!("kept target not understood error='{}'", chain(&error));
                self.earlier = cached.head.named;
            }
        }
    }

    /// Which apps a target named that could not be kept. Without a word of that either, it may have been any.
    async fn load_earlier(&mut self) {
        let cache = self.poll.cache.clone();
        self.earlier = match on_disk(move || cache.load_outdated()).await {
            Ok(Some(head)) if self.is_mine(&head) => head.named,
            Ok(Some(_)) => Named::default(),
            Ok(None) => Named { lost: true, ..Named::default() },
            Err(error) => {
                log::error!("apps of the target before are lost error='{error}'");
                Named { lost: true, ..Named::default() }
            }
        };
    }

    fn is_mine(&self, head: &Head) -> bool {
        head.uuid == self.identity.uuid && head.endpoint == self.endpoint()
    }

    async fn ask(&mut self) -> Outcome {
        let force = self.poll.nudges.take_force();
        let answered = match self.question().await {
            Ok(Answer::Unchanged) => {
                self.save_again().await;
                Ok(())
            }
            Ok(Answer::Target { etag, body }) => self.accept(etag, body, force).await.map_err(NoAnswer::from),
            Err(error) => Err(error),
        };
        match answered {
            Ok(()) => {
                if self.told_error.take().is_some() || self.poll.board.read().answered_at.is_none() {
                    log::info!("cloud answers endpoint={}", self.endpoint());
                }
                self.poll.board.answered();
                Outcome::Answered
            }
            Err(error) => {
                let text = chain(&error).to_string();
                self.poll.board.failed(error.standing(), &text);
                // Once per reason, not once per question.
                if self.told_error.as_deref() != Some(text.as_str()) {
                    log::warn!("no target from the cloud error='{text}'");
                    self.told_error = Some(text);
                }
                Outcome::Failed { retry_after: error.retry_after() }
            }
        }
    }

    async fn question(&self) -> Result<Answer, NoAnswer> {
        let mark = self.known.as_ref().and_then(|known| known.head.etag.as_deref());
        question::ask(&self.poll.client, self.identity, mark).await
    }

    /// Takes over a target that is understood; one that is not changes nothing.
    async fn accept(&mut self, etag: Option<String>, body: Vec<u8>, force: bool) -> Result<(), BadTarget> {
        if let Some(known) = self.known.as_mut().filter(|known| known.body == body) {
            known.head.etag = etag;
            self.save_again().await;
            return Ok(());
        }
        let mut target = DeviceTarget::read(&body, &self.identity.uuid)?;
        target.is_forced = force;
        let earlier =
            self.known.take().map_or_else(|| std::mem::take(&mut self.earlier), |known| known.head.named);
        let named = remembered(&target.named, &earlier);
        let (endpoint, uuid) = (self.endpoint(), self.identity.uuid.clone());
        self.known = Some(Cached { head: Head { endpoint, uuid, etag, named }, body });
        self.is_unsaved = true;
        self.save_again().await;
        log::info!("target changed apps={} refused={}", target.apps.len(), target.refused.len());
        if let Some(known) = &self.known {
            self.put_in_force(target, &known.head.named.clone());
        }
        Ok(())
    }

    /// Settings first: they say how the apps are applied.
    fn put_in_force(&mut self, mut target: DeviceTarget, named: &Named) {
        target.departed = if named.lost {
            Departed::Any
        } else {
            Departed::Of(named.apps.difference(&target.named).cloned().collect())
        };
        let (settings, wrong) = CloudSettings::read(&target.config, &self.poll.defaults);
        for value in wrong.iter().filter(|value| !self.told_wrong.contains(value)) {
            log::warn!("configuration variable ignored name={} expected='{}'", value.name, value.expected);
        }
        self.told_wrong = wrong;
        self.poll.settings.send_if_modified(|now| std::mem::replace(now, settings.clone()) != settings);
        self.poll.targets.send_replace(Some(Arc::new(target)));
    }

    /// Writes what is not on disk yet. Where that cannot be done an older target must not come back after a restart, only
    /// its apps: core keeps its own word of what it runs, and the cloud is asked.
    async fn save_again(&mut self) {
        let Some(known) = self.known.as_ref().filter(|_| self.is_unsaved) else { return };
        let (cache, known) = (self.poll.cache.clone(), known.clone());
        let stored = on_disk(move || cache.store(&known).inspect_err(|_| cache.outdate())).await;
        match stored {
            Ok(()) => self.is_unsaved = false,
            Err(error) => log::error!("target in force, but not kept over a restart error='{error}'"),
        }
    }

    fn endpoint(&self) -> String {
        self.poll.client.endpoint().to_string()
    }
}

/// What is kept of the apps that targets have named, those of now first. What cannot be an app's uuid is not kept.
fn remembered(now: &BTreeSet<String>, earlier: &Named) -> Named {
    let is_uuid = |uuid: &&String| {
        (1..=MAX_APP_UUID).contains(&uuid.len()) && uuid.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let all = now.iter().chain(earlier.apps.difference(now));
    Named { apps: all.filter(is_uuid).take(MAX_REMEMBERED).cloned().collect(), lost: earlier.lost }
}

/// Does what blocks on a thread for that, for so long at most.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CacheError> + Send + 'static,
) -> Result<T, String> {
    match timeout(DISK_DEADLINE, spawn_blocking(work)).await {
        Ok(Ok(done)) => done.map_err(|error| chain(&error).to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the disk does not answer".to_owned()),
    }
}

fn draw() -> Draw {
    // Without randomness the middle is as good as any: other devices have theirs.
    Draw::from_bits(getrandom::u64().unwrap_or(1 << 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_that_are_remembered_are_bounded_and_those_of_now_come_first() {
        let uuids =
            |range: std::ops::Range<usize>| range.map(|n| format!("{n:032x}")).collect::<BTreeSet<_>>();
        let wrong = [String::new(), "no-uuid".to_owned(), "a".repeat(MAX_APP_UUID + 1)];
        let now: BTreeSet<String> = uuids(500..505).into_iter().chain(wrong).collect();
        let after = |apps, lost| remembered(&now, &Named { apps, lost });
        let kept = after(uuids(0..3 * MAX_REMEMBERED), false).apps;
        assert_eq!(kept.len(), MAX_REMEMBERED);
        assert!(kept.is_superset(&uuids(500..505)));
        let apps = &uuids(0..2) | &uuids(500..505);
        assert_eq!(after(uuids(0..2), true), Named { apps, lost: true }, "what is lost stays so");
    }
}

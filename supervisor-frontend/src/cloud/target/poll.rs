//! Asks the cloud what should run, again and again, one question at a time.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use super::{
    cache::{Cached, Head, Named, TargetCache},
    device_target::{BadTarget, Departed, DeviceTarget},
    disk::Work,
    nudge::Nudges,
    past::{Past, recall, remembered},
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

/// Nudges do not make questions follow each other faster.
const SPACING: Duration = Duration::from_millis(200);

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
    /// Apps of targets before this life; none: the disk has not told yet.
    earlier: Option<Named>,
    reading: Work<Past>,
    setting_aside: Work<()>,
    is_unsaved: bool,
    told_wrong: Vec<WrongValue>,
    told_error: Option<String>,
    told_unread: Option<String>,
}

impl Poll {
    /// Asks for as long as it is not dropped.
    pub async fn run(&self, identity: &Identity) {
        let mut poller = Poller {
            poll: self,
            identity,
            known: None,
            earlier: None,
            reading: Work::default(),
            setting_aside: Work::default(),
            is_unsaved: false,
            told_wrong: Vec::new(),
            told_error: None,
            told_unread: None,
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
    /// Puts the kept target in force, if it is of this device and this cloud. While the disk does not tell, nothing is
    /// concluded from that.
    async fn load(&mut self) {
        let (cache, uuid, endpoint) = (self.poll.cache.clone(), self.identity.uuid.clone(), self.endpoint());
        let is_mine = move |head: &Head| head.uuid == uuid && head.endpoint == endpoint;
        let past = match self.reading.done(move || recall(&cache, is_mine)).await {
            Ok(past) => past,
            Err(error) => return self.tell_unread(error),
        };
        if self.told_unread.take().is_some() {
            log::info!("kept target could be read after all");
        }
        match past {
            Past::Target(kept) if self.known.is_none() => {
                match DeviceTarget::read(&kept.body, &self.identity.uuid) {
                    Ok(target) => {
                        log::info!("kept target in force apps={}", target.apps.len());
                        self.put_in_force(target, &kept.head.named);
                        self.earlier = Some(Named::default());
                        self.known = Some(kept);
                    }
                    // A newer release may have written it, or an older one understood more.
                    Err(error) => {
                        log::warn!("kept target not understood error='{}'", chain(&error));
                        self.earlier = Some(kept.head.named);
                    }
                }
            }
            Past::Target(kept) => self.remember(kept.head.named).await,
            Past::Named(named) => self.remember(named).await,
        }
    }

    /// It is tried again with each question, and told once for each reason.
    fn tell_unread(&mut self, error: String) {
        if self.told_unread.as_ref() != Some(&error) {
            log::error!("kept target cannot be read, no app is removed for that error='{error}'");
            self.told_unread = Some(error);
        }
    }

    /// Which apps targets before this life have named. The cloud may have given its word meanwhile.
    async fn remember(&mut self, earlier: Named) {
        let Some(known) = &mut self.known else {
            self.earlier = Some(earlier);
            return;
        };
        let named = remembered(&known.head.named.apps, &earlier);
        known.head.named.clone_from(&named);
        (self.earlier, self.is_unsaved) = (Some(earlier), true);
        self.save_again().await;
        self.poll.targets.send_if_modified(|target| {
            target.as_mut().is_some_and(|target| {
                let target = Arc::make_mut(target);
                // A caller's force is for the target as it came, not for what goes now.
                target.is_forced = false;
                target.departed = departed(target, &named);
                true
            })
        });
    }

    async fn ask(&mut self) -> Outcome {
        if self.earlier.is_none() {
            self.load().await;
        }
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
        let earlier = self.known.take().map(|known| known.head.named).or_else(|| self.earlier.clone());
        let earlier = earlier.unwrap_or_default();
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
        target.departed = departed(&target, named);
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
        if self.earlier.is_none() {
            // Only there it says whom earlier targets have named, and it may be read later: set aside, not replaced.
            let set_aside = move || {
                cache.outdate();
                Ok(())
            };
            if let Err(error) = self.setting_aside.done(set_aside).await {
                log::error!("kept target not set aside error='{error}'");
            }
            return;
        }
        let stored = Work::default().done(move || cache.store(&known).inspect_err(|_| cache.outdate())).await;
        match stored {
            Ok(()) => self.is_unsaved = false,
            Err(error) => log::error!("target in force, but not kept over a restart error='{error}'"),
        }
    }

    fn endpoint(&self) -> String {
        self.poll.client.endpoint().to_string()
    }
}

/// Apps that have left, by what is known of earlier targets.
fn departed(target: &DeviceTarget, named: &Named) -> Departed {
    if named.lost {
        return Departed::Any;
    }
    Departed::Of(named.apps.difference(&target.named).cloned().collect())
}

fn draw() -> Draw {
    // Without randomness the middle is as good as any: other devices have theirs.
    Draw::from_bits(getrandom::u64().unwrap_or(1 << 63))
}

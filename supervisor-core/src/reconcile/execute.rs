//! Carries out the steps of a plan, one after the other, each harmless when repeated.

use std::{
    collections::BTreeMap,
    sync::{Mutex, atomic::Ordering},
    time::Duration,
};

use supervisor_proto::ids::{AppId, ServiceName};
use tokio::sync::mpsc;

use super::{
    Context,
    cancellation::Hearing,
    clean_up::may_leave,
    cycle::Signals,
    fetch::Fetcher,
    handover::Handovers,
    status::Activity,
    warrant::{self, Subject},
    worker::Command,
};
use crate::{
    domain::{
        departure,
        download::Download,
        explain::{Explanation, Explanations},
        labels,
        network::Endpoint,
        observed::ContainerId,
        record::{AppRecord, PurgePhase},
        step::Step,
        target::{DEFAULT_STOP_GRACE_MS, RestartPolicy},
        update_strategy::UpdateStrategy,
        wanted::Wanted,
    },
    error::CoreError,
    ports::engine::{EngineError, ImageRemoval, NetworkRemoval},
};

/// What carrying out one step takes.
pub struct Executor<'a> {
    /// What every worker shares.
    pub context: &'a Context,
    /// The app's record, as it is on disk.
    pub record: &'a mut AppRecord,
    /// The record, rendered.
    pub wanted: &'a Wanted,
    /// Why the plan touches each service.
    pub why: &'a Explanations,
    /// What others may change meanwhile.
    pub signals: &'a Signals,
    /// What the worker is asked meanwhile.
    pub commands: &'a mpsc::Receiver<Command>,
    /// How far the update's images are.
    pub download: &'a Mutex<Download>,
    /// What ends it.
    pub cancelled: &'a Hearing,
    /// Containers that earlier steps of the plan have made.
    pub made: &'a mut BTreeMap<ServiceName, ContainerId>,
    /// Which new containers run beside their predecessor, and since when.
    pub handovers: &'a mut Handovers,
}

impl Executor<'_> {
    pub(super) fn app(&self) -> AppId {
        self.record.app_id()
    }

    pub(super) fn show(&self, activity: Activity) {
        self.context.status.update(self.app(), |status| {
            status.activity = activity;
            status.show_downloads(&BTreeMap::new());
        });
    }

    /// Carries out one step.
    pub async fn execute(&mut self, step: &Step) -> Result<(), CoreError> {
        let engine = self.context.engine.as_ref();
        match step {
            Step::PullImage { image } => self.fetch(image).await?,
            Step::StopContainer { id, service } => self.stop(id, service.as_ref()).await?,
            Step::RemoveContainer { id, service } => self.remove(id, service.as_ref()).await?,
            Step::RemoveImage { image } => self.remove_image(image).await?,
            Step::RenameContainer { id, name, .. } => engine.rename(id, name).await?,
            Step::AwaitHandover { service, timeout_ms } => self.await_handover(service, *timeout_ms).await?,
            Step::EmptyData => self.context.files.empty_data(self.app()).await?,
            Step::RemoveVolume { volume } => match engine.remove_volume(volume).await {
                Err(source @ EngineError::Refused { status: 409, .. }) => {
                    return Err(CoreError::VolumeInUse { volume: volume.clone(), source });
                }
                other => other?,
            },
            Step::RecordEmptied => self.save(|record| record.purge = Some(PurgePhase::Emptied)).await?,
            Step::CreateSupervisorNetwork => {
                engine.create_supervisor_network(&self.shared_ownership()).await?;
            }
            Step::CreateVolume { volume } => {
                if let Some(own) = self.wanted.volumes.get(volume) {
                    self.permit(Subject::Volume(volume)).await?;
                    engine.create_volume(volume, own).await?;
                }
            }
            Step::CreateNetwork { network } => self.create_network(network).await?,
            Step::CreateContainer { service } => self.create(service).await?,
            Step::ConnectNetwork { service, id, network } => {
                if let Some(id) = self.container(service, id.as_ref()) {
                    self.permit(Subject::Service(service)).await?;
                    engine.connect(&self.endpoint(service, network), &id).await?;
                }
            }
            Step::StartContainer { service, id } => self.start(service, id.as_ref()).await?,
            Step::CloseIntents => {
                self.save(|record| {
                    record.purge = None;
                    record.override_locks = false;
                    record.leaving_images.clear();
                })
                .await?;
            }
            Step::RemoveNetwork { network } => self.remove_network(network).await?,
            Step::ForgetApp => self.context.store.delete_app(self.app()).await?,
        }
        Ok(())
    }

    async fn fetch(&self, image: &str) -> Result<(), CoreError> {
        Fetcher::of_target(self.context, self.record, self.cancelled, self.download).fetch(image).await
    }

    /// Until the successor has taken over, or there is something else to do for the app.
    async fn await_handover(&mut self, service: &ServiceName, timeout_ms: u64) -> Result<(), CoreError> {
        let (app, signals, commands) = (self.app(), self.signals, self.commands);
        let is_called_away = || !commands.is_empty() || signals.apply.load(Ordering::Relaxed);
        self.handovers.wait(self.context, app, service, timeout_ms, is_called_away).await
    }

    async fn save(&mut self, change: impl FnOnce(&mut AppRecord)) -> Result<(), CoreError> {
        let mut next = self.record.clone();
        change(&mut next);
        self.context.store.save_app(&next).await?;
        *self.record = next;
        Ok(())
    }

    /// The last word of the owner's policy before the engine is told.
    async fn permit(&self, subject: Subject<'_>) -> Result<(), CoreError> {
        warrant::permit(self.context, self.record, self.wanted, &[subject]).await
    }

    fn grace(&self, service: Option<&ServiceName>) -> Duration {
        let wanted = service.and_then(|name| self.wanted.services.get(name));
        Duration::from_millis(wanted.map_or(DEFAULT_STOP_GRACE_MS, |s| s.spec.stop_grace_ms))
    }

    /// Whoever has a terminal in a container learns why it goes.
    fn tell_inside(&self, id: &ContainerId) {
        self.context.attachments.tell(id, |container| departure::why(self.record, container));
    }

    /// The engine starts containers of policy `always` after its own restart, stopped or not; so the policy
    /// goes first.
    async fn stop(&self, id: &ContainerId, service: Option<&ServiceName>) -> Result<(), CoreError> {
        self.show(Activity::Stopping);
        self.tell_inside(id);
        self.context.engine.set_restart(id, RestartPolicy::No).await?;
        Ok(self.context.engine.stop(id, self.grace(service)).await?)
    }

    async fn remove(&self, id: &ContainerId, service: Option<&ServiceName>) -> Result<(), CoreError> {
        self.show(Activity::Stopping);
        self.tell_inside(id);
        self.context.engine.stop(id, self.grace(service)).await?;
        Ok(self.context.engine.remove(id).await?)
    }

    /// One that core did not pull, or that something else names or uses, stays: that is no reason to leave the app
    /// without its new release.
    async fn remove_image(&mut self, image: &str) -> Result<(), CoreError> {
        let (context, app) = (self.context, self.app());
        if !may_leave(context, self.record, image).await? {
            log::warn!("image left, it is not core's alone app_id={app} image={image}");
            let left = image.to_owned();
            return self.save(|record| record.leaving_images.retain(|image| *image != left)).await;
        }
        match context.engine.remove_image(image).await? {
            ImageRemoval::Gone => context.store.remove_pulled_image(image).await?,
            ImageRemoval::InUse => log::warn!("image left, a container uses it app_id={app} image={image}"),
        }
        Ok(())
    }

    async fn create(&mut self, service: &ServiceName) -> Result<(), CoreError> {
        self.show(Activity::Installing);
        let Some(wanted) = self.wanted.services.get(service) else { return Ok(()) };
        for volume in &wanted.external_volumes {
            // The engine would make it: a mistyped name would look like lost data.
            let Some(made) = self.context.engine.volume(volume).await? else {
                return Err(CoreError::NoSuchVolume { volume: volume.clone() });
            };
            self.permit(Subject::MadeVolume { service, name: volume, made: &made }).await?;
        }
        if !wanted.external_networks.is_empty() {
            let there = self.context.engine.networks().await?;
            let absent = wanted.external_networks.iter().find(|n| !there.iter().any(|seen| seen.name == **n));
            if let Some(network) = absent {
                return Err(CoreError::NoSuchNetwork { network: network.clone() });
            }
        }
        self.context.files.prepare(self.app(), std::slice::from_ref(service)).await?;
        let mut spec = wanted.spec.clone();
        if let Some(why) = self.why.get(service).map(Explanation::because) {
            spec.labels.insert(labels::MADE_BECAUSE.to_owned(), why);
        }
        // What is sent is asked about, with this label.
        let mut final_word = self.wanted.clone();
        if let Some(service) = final_word.services.get_mut(service) {
            service.spec = spec.clone();
        }
        warrant::permit(self.context, self.record, &final_word, &[Subject::Service(service)]).await?;
        let id = self.context.engine.create(&spec).await?;
        self.made.insert(service.clone(), id);
        Ok(())
    }

    fn container(&self, service: &ServiceName, known: Option<&ContainerId>) -> Option<ContainerId> {
        known.or_else(|| self.made.get(service)).cloned()
    }

    async fn start(&mut self, service: &ServiceName, known: Option<&ContainerId>) -> Result<(), CoreError> {
        self.show(Activity::Starting);
        let Some(id) = self.container(service, known) else { return Ok(()) };
        self.permit(Subject::Service(service)).await?;
        if let Some(UpdateStrategy::HandOver { .. }) = self.wanted.services.get(service).map(|s| s.strategy) {
            self.handovers.begin(self.context, self.app(), service).await?;
        }
        let engine = self.context.engine.as_ref();
        if let (Some(known), Some(wanted)) = (known, self.wanted.services.get(service)) {
            // It may have been stopped by us, which took its policy away.
            engine.set_restart(known, wanted.spec.restart).await?;
        }
        match engine.start(&id).await {
            // The lock folder lies in /tmp and is gone after a boot.
            Err(EngineError::Refused { .. }) if known.is_some() => {
                self.context.files.prepare(self.app(), std::slice::from_ref(service)).await?;
                Ok(engine.start(&id).await?)
            }
            other => Ok(other?),
        }
    }

    fn endpoint(&self, service: &ServiceName, network: &str) -> Endpoint {
        let wanted = self.wanted.services.get(service).map(|s| s.spec.connections()).unwrap_or_default();
        wanted.into_iter().find(|e| e.network == network).unwrap_or_else(|| Endpoint::plain(network))
    }

    async fn create_network(&self, network: &str) -> Result<(), CoreError> {
        self.permit(Subject::Network(network)).await?;
        let options = self.wanted.networks.get(network).cloned().unwrap_or_default();
        let labels = labels::of_network(&self.context.instance, self.app(), &options);
        Ok(self.context.engine.create_network(network, &options, &labels).await?)
    }

    /// An app that goes leaves a network to whoever is on it; one that stays needs it gone, or else says so.
    async fn remove_network(&self, network: &str) -> Result<(), CoreError> {
        match self.context.engine.remove_network(network).await? {
            NetworkRemoval::Gone => Ok(()),
            NetworkRemoval::InUse if self.record.removed => {
                log::warn!("network left, others use it network={network}");
                Ok(())
            }
            NetworkRemoval::InUse => Err(CoreError::NetworkInUse { network: network.to_owned() }),
        }
    }

    fn ownership(&self) -> BTreeMap<String, String> {
        labels::ownership(&self.context.instance, self.app())
    }

    /// The supervisor's network belongs to no app.
    fn shared_ownership(&self) -> BTreeMap<String, String> {
        let mut all = self.ownership();
        all.remove(labels::APP_ID);
        all
    }
}

//! The owner's policy over what an app would have made. A target that the owner applied needs no warrant.

use std::collections::{BTreeMap, BTreeSet};

use supervisor_proto::{ids::ServiceName, policy::Policy};

use super::{Context, Reconciler, observe::render_for};
use crate::{
    domain::{
        labels,
        network::Endpoint,
        observed::{Container, ContainerId, Observed},
        policy::{AppRequests, Connect, Judge, Place, Places, Refusal, Refusals, ServiceRequests},
        record::{AppRecord, AppliedBy},
        step::Step,
        target::Target,
        volume::MadeVolume,
        wanted::{Wanted, WantedService},
    },
    error::CoreError,
    ports::engine::Change,
};

/// The frontend's API and terminal, at their defaults.
const OWN_PORTS: [u16; 2] = [48484, 48485];

/// Something that a step of a plan makes, joins or starts.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// The container of a service, with its networks and volumes.
    Service(&'a ServiceName),
    /// A volume by the engine's name.
    Volume(&'a str),
    /// A volume that is there and that a service would mount.
    MadeVolume {
        /// The service.
        service: &'a ServiceName,
        /// The volume by the engine's name.
        name: &'a str,
        /// What it was made with.
        made: &'a MadeVolume,
    },
    /// A network by the engine's name.
    Network(&'a str),
}

impl<'a> Subject<'a> {
    /// What a step needs a warrant for; none where it only takes something away.
    fn of(step: &'a Step) -> Option<Self> {
        match step {
            Step::CreateContainer { service }
            | Step::ConnectNetwork { service, .. }
            | Step::StartContainer { service, .. } => Some(Self::Service(service)),
            Step::CreateVolume { volume } => Some(Self::Volume(volume)),
            Step::CreateNetwork { network } => Some(Self::Network(network)),
            // The supervisor's own network has nothing in it of a target's.
            Step::CreateSupervisorNetwork
            | Step::PullImage { .. }
            | Step::RemoveImage { .. }
            | Step::RenameContainer { .. }
            | Step::AwaitHandover { .. }
            | Step::StopContainer { .. }
            | Step::RemoveContainer { .. }
            | Step::EmptyData
            | Step::RemoveVolume { .. }
            | Step::RecordEmptied
            | Step::CloseIntents
            | Step::RemoveNetwork { .. }
            | Step::ForgetApp => None,
        }
    }
}

/// Asks before a plan is begun: an app that may not be made anew is not taken down for it.
pub async fn permit_plan(
    context: &Context,
    record: &AppRecord,
    wanted: &Wanted,
    steps: &[Step],
) -> Result<(), CoreError> {
    let subjects: Vec<Subject<'_>> = steps.iter().filter_map(Subject::of).collect();
    permit(context, record, wanted, &subjects).await
}

/// Asks right before the engine is told: policy and host may have changed since the plan was begun.
pub async fn permit(
    context: &Context,
    record: &AppRecord,
    wanted: &Wanted,
    subjects: &[Subject<'_>],
) -> Result<(), CoreError> {
    if record.applied_by == AppliedBy::Admin || subjects.is_empty() {
        return Ok(());
    }
    let evidence = Evidence::gather(context, record, wanted).await;
    let policy = context.policy.borrow().clone();
    let judge = evidence.judge(&policy);
    let mut all: Vec<Refusal> = Vec::new();
    for subject in subjects {
        let refusals = match subject {
            Subject::Service(name) => judge.service(name),
            Subject::Volume(name) => judge.volume(name),
            Subject::MadeVolume { service, name, made } => judge.made_volume(service, name, made),
            Subject::Network(name) => judge.network(name),
        };
        for refusal in refusals {
            if !all.contains(&refusal) {
                all.push(refusal);
            }
        }
    }
    if all.is_empty() { Ok(()) } else { Err(CoreError::NotGranted(Refusals(all))) }
}

/// Asks about a whole app, before another target takes the place of its record's.
pub async fn permit_app(context: &Context, record: &AppRecord) -> Result<(), CoreError> {
    if record.applied_by == AppliedBy::Admin {
        return Ok(());
    }
    let wanted = render_for(context, record, &Observed::default());
    let evidence = Evidence::gather(context, record, &wanted).await;
    let policy = context.policy.borrow().clone();
    let refusals = evidence.judge(&policy).app();
    if refusals.is_empty() { Ok(()) } else { Err(CoreError::NotGranted(Refusals(refusals))) }
}

impl Reconciler {
    /// Whether role frontend may apply a target.
    pub async fn permit_target(&self, target: &Target) -> Result<(), CoreError> {
        let refusals = self.examine(target).await;
        if refusals.is_empty() { Ok(()) } else { Err(CoreError::NotGranted(Refusals(refusals))) }
    }

    /// What today's policy would refuse of a container that role frontend had made, and of what it mounts.
    /// None: it is not known to be the frontend's, or its labels do not tell what it was made from.
    pub async fn examine_container(&self, container: &Container) -> Result<Option<Vec<Refusal>>, CoreError> {
        let by_frontend =
            container.labels.get(labels::APPLIED_BY).is_some_and(|by| by == labels::BY_FRONTEND);
        let made_from = labels::made_from(container).filter(|_| by_frontend);
        let Some(target) = made_from.filter(|target| container.app == Some(target.app.app_id)) else {
            return Ok(None);
        };
        let context = self.context();
        let record = of_frontend(&target);
        let wanted = render_for(context, &record, &Observed::default());
        let evidence = Evidence::gather(context, &record, &wanted).await;
        let policy = context.policy.borrow().clone();
        let judge = evidence.judge(&policy);
        let mut refusals = Vec::new();
        for (name, service) in &wanted.services {
            refusals.extend(judge.service(name));
            for volume in &service.external_volumes {
                let made = context.engine.volume(volume).await?;
                refusals.extend(made.iter().flat_map(|made| judge.made_volume(name, volume, made)));
            }
        }
        Ok(Some(refusals))
    }

    /// What would be refused of a target if role frontend applied it. Needs no engine.
    pub async fn examine(&self, target: &Target) -> Vec<Refusal> {
        let context = self.context();
        let record = of_frontend(target);
        let wanted = render_for(context, &record, &Observed::default());
        let evidence = Evidence::gather(context, &record, &wanted).await;
        let policy = context.policy.borrow().clone();
        evidence.judge(&policy).app()
    }
}

fn of_frontend(target: &Target) -> AppRecord {
    AppRecord { applied_by: AppliedBy::Frontend, ..AppRecord::new(target.clone(), String::new()) }
}

/// Everything that a decision stands on but the policy itself.
pub struct Evidence {
    requests: AppRequests,
    places: Places,
    own_ports: BTreeSet<u16>,
}

impl Evidence {
    /// Renders what would be sent, and follows the paths in it on the host.
    pub async fn gather(context: &Context, record: &AppRecord, wanted: &Wanted) -> Self {
        let requests = requests(context, record, wanted);
        let mut leads = BTreeMap::new();
        for path in Places::in_question(&requests, &context.data_path) {
            let place = match context.files.follow(&path).await {
                Ok(Some(found)) => Place::At(found),
                Ok(None) => Place::Absent,
                Err(error) => {
                    log::debug!("path not followed app_id={} error='{error}'", record.app_id());
                    Place::Unknown
                }
            };
            leads.insert(path, place);
        }
        let places = Places { data_path: context.data_path.clone(), leads };
        let api_port = context.api.borrow().as_ref().map(|access| access.port);
        let own_ports = OWN_PORTS.into_iter().chain(api_port).collect();
        Self { requests, places, own_ports }
    }

    /// Who decides on it.
    pub fn judge<'a>(&'a self, policy: &'a Policy) -> Judge<'a> {
        Judge { policy, requests: &self.requests, places: &self.places, own_ports: &self.own_ports }
    }
}

fn requests(context: &Context, record: &AppRecord, wanted: &Wanted) -> AppRequests {
    let engine = context.engine.as_ref();
    let volumes = wanted.volumes.iter();
    let networks = wanted.networks.iter();
    AppRequests {
        app: record.app_id(),
        services: wanted
            .services
            .iter()
            .map(|(name, service)| (name.clone(), of_service(context, service)))
            .collect(),
        volumes: volumes
            .map(|(name, volume)| (name.clone(), engine.body_of(Change::Volume { name, volume })))
            .collect(),
        networks: networks
            .map(|(name, options)| {
                let labels = &labels::of_network(&context.instance, record.app_id(), options);
                (name.clone(), engine.body_of(Change::Network { name, options, labels }))
            })
            .collect(),
    }
}

fn of_service(context: &Context, service: &WantedService) -> ServiceRequests {
    let engine = context.engine.as_ref();
    let not_made_yet = ContainerId(String::new());
    let connect = |endpoint: &Endpoint| Connect {
        network: endpoint.network.clone(),
        body: engine.body_of(Change::Connection { endpoint, container: &not_made_yet }),
    };
    ServiceRequests {
        create: engine.body_of(Change::Container(&service.spec)),
        connects: service.spec.connections().iter().map(connect).collect(),
    }
}

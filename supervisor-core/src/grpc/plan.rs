//! Plans on the wire.

use supervisor_proto::v1::{self, service_change, step::Kind};

use crate::domain::{
    explain::{Change, Explanation},
    step::Step,
};

/// Translates a step.
pub fn step_to_wire(step: &Step) -> v1::Step {
    let (kind, service, object) = match step {
        Step::PullImage { image } => (Kind::PullImage, None, image.clone()),
        Step::StopContainer { id, service } => (Kind::StopContainer, service.as_ref(), id.to_string()),
        Step::RemoveContainer { id, service } => (Kind::RemoveContainer, service.as_ref(), id.to_string()),
        Step::RemoveImage { image } => (Kind::RemoveImage, None, image.clone()),
        Step::RenameContainer { id, service, .. } => (Kind::RenameContainer, Some(service), id.to_string()),
        Step::AwaitHandover { service, .. } => (Kind::AwaitHandover, Some(service), String::new()),
        Step::EmptyData => (Kind::EmptyData, None, String::new()),
        Step::RemoveVolume { volume } => (Kind::RemoveVolume, None, volume.clone()),
        Step::RecordEmptied | Step::CloseIntents => (Kind::Record, None, String::new()),
        Step::CreateSupervisorNetwork => {
            (Kind::CreateNetwork, None, crate::domain::wanted::SUPERVISOR_NETWORK.to_owned())
        }
        Step::CreateNetwork { network } => (Kind::CreateNetwork, None, network.clone()),
        Step::CreateVolume { volume } => (Kind::CreateVolume, None, volume.clone()),
        Step::CreateContainer { service } => (Kind::CreateContainer, Some(service), String::new()),
        Step::ConnectNetwork { service, network, .. } => {
            (Kind::ConnectNetwork, Some(service), network.clone())
        }
        Step::StartContainer { service, .. } => (Kind::StartContainer, Some(service), String::new()),
        Step::RemoveNetwork { network } => (Kind::RemoveNetwork, None, network.clone()),
        Step::ForgetApp => (Kind::ForgetApp, None, String::new()),
    };
    v1::Step { kind: kind.into(), service: service.map(ToString::to_string).unwrap_or_default(), object }
}

/// Translates what happens to a service.
pub fn change_to_wire(name: &str, explanation: &Explanation) -> v1::ServiceChange {
    let change = match explanation.change {
        Change::None => service_change::Change::None,
        Change::Create => service_change::Change::Create,
        Change::Recreate => service_change::Change::Recreate,
        Change::Remove => service_change::Change::Remove,
        Change::Start => service_change::Change::Start,
        Change::Stop => service_change::Change::Stop,
        Change::Connect => service_change::Change::Connect,
        Change::Wait => service_change::Change::Wait,
    };
    v1::ServiceChange {
        name: name.to_owned(),
        change: change.into(),
        changed_fields: explanation.changed_fields().to_vec(),
        reason: explanation.because(),
    }
}

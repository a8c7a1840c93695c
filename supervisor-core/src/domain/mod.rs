//! The pure heart of core: what should run, what runs, and the steps from one to the other.
//! Nothing here knows tokio, tonic, the engine's wire format or the file system.

pub mod apply_time;
pub mod config_edit;
pub mod confinement;
pub mod container;
pub mod departure;
pub mod dependency;
pub mod difference;
pub mod download;
pub mod engine_kind;
pub mod environment;
pub mod event;
pub mod explain;
pub mod host_access;
pub mod ignored_fields;
pub mod image_cleanup;
pub mod intent;
pub mod journal;
pub mod labels;
pub mod layers;
pub mod local_ids;
pub mod network;
pub mod observed;
pub mod order;
pub mod plan;
pub mod policy;
pub mod preview;
pub mod record;
pub mod registry_access;
pub mod replacement;
pub mod rollout;
pub mod settings;
pub mod size;
pub mod standing;
pub mod starts;
pub mod step;
pub mod target;
pub mod trial;
pub mod update_strategy;
pub mod volume;
pub mod waiting_update;
pub mod wanted;
pub mod wanted_networks;

#[cfg(test)]
mod settings_tests;
#[cfg(test)]
mod test_samples;
#[cfg(test)]
mod test_scenario;
#[cfg(test)]
mod test_world;
#[cfg(test)]
mod upgrade_tests;

//! How a device comes to be known by its cloud: what to do next, given what is known and what was heard. Pure; the
//! [`keeper`](super::keeper) carries it out.
//!
//! ```text
//! Save ─▶ Register ─201──────────────────────────▶ Keep ─▶ done
//!            │ 409: is it us, whose answer was lost?   ▲
//!            └──▶ LookUp ──yes─────────────────────────┤
//!                   │ no: another key is known there   │
//!                   └──▶ Exchange ──────200────────────┘
//!                           └─ refused: name and key are drawn anew, if both were drawn here; else again later
//! ```
//!
//! Every step may be repeated: after a crash the record that is on disk leads back into the same line.

use super::{
    config_json::{DeviceConfig, ProvisioningKey},
    device::{DeviceKey, Identity},
    record::{Record, Registered},
};

/// Name and key as the kernel's random bytes gave them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// 32 hexadecimal digits.
    pub uuid: String,
    /// 32 hexadecimal digits.
    pub key: DeviceKey,
}

/// A device that its cloud knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who it is.
    pub identity: Identity,
    /// When this program registered it, in seconds since 1970; `None`: the owner's `config.json` says who it is.
    pub registered_at_s: Option<u64>,
}

/// How it stands when the process starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The cloud knows the device.
    Known(Known),
    /// It is to be registered.
    Unregistered(Box<Provisioning>),
    /// It cannot be registered: this key of `config.json` is missing.
    Lacking(&'static str),
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Write the record, and tell whether it is on disk.
    Save(Record),
    /// Ask the cloud to register the device.
    Register(Request),
    /// Ask the cloud, with the device's own key, whether it knows the device by it.
    LookUp(Record),
    /// Ask the cloud, with the provisioning key, to accept the device's key.
    Exchange(Record, ProvisioningKey),
    /// Nothing: the device is known.
    Done(Known),
}

/// What the device asks for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// May register devices.
    pub provisioning_key: ProvisioningKey,
    /// The fleet's number.
    pub application: u64,
    /// The slug of the kind of device.
    pub device_type: String,
    /// Who made `config.json`.
    pub user: Option<u64>,
    /// The device's name.
    pub uuid: String,
    /// Its key.
    pub key: DeviceKey,
}

/// What came of a step. A failure to reach anybody is none of these: the step is simply done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The record is on disk.
    Saved,
    /// The cloud registered the device (201).
    Registered {
        /// Its number.
        device_id: u64,
        /// The key that counts; the server may choose another one.
        key: DeviceKey,
    },
    /// Name or key is taken (409).
    Conflict,
    /// The cloud knows the device by its key.
    Known {
        /// Its number, if the server tells it.
        device_id: Option<u64>,
    },
    /// The cloud does not know the device by its key.
    Unknown,
    /// The key is accepted.
    Exchanged {
        /// The device's number.
        device_id: u64,
    },
    /// The key is not accepted.
    ExchangeRefused,
}

/// What comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next step, at once.
    Now,
    /// The next step, after a wait: the cloud knows the uuid of `config.json`, but not by this key.
    Later,
    /// Name and key were drawn anew: the next step, after a wait.
    DrawnAnew,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Save,
    Register,
    LookUp,
    Exchange,
    Keep(Registered),
    Done(Registered),
}

/// The way to a registered device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioning {
    stage: Stage,
    record: Record,
    fleet_key: ProvisioningKey,
    application: u64,
    device_type: String,
    user: Option<u64>,
    /// Where to go once the record is on disk.
    saved: Stage,
    /// Neither the name nor the key is the owner's word.
    own: bool,
}

/// How the device stands with the cloud at `endpoint`, by the owner's word, the record and, for what neither has,
/// `drawn`.
pub fn begin(endpoint: &str, config: DeviceConfig, record: Option<&Record>, drawn: Drawn) -> Standing {
    let fleet_key = match (&config.uuid, &config.device_api_key, config.api_key) {
        (Some(uuid), Some(key), None) => {
            let (uuid, key) = (uuid.clone(), key.clone());
            let identity = Identity { uuid, key, device_id: config.device_id };
            return Standing::Known(Known { identity, registered_at_s: None });
        }
        (_, _, key) => key,
    };
    // The key is told to no other server than the one that it was drawn for.
    let here = record.filter(|record| {
        record.api_endpoint == endpoint
            && config.uuid.as_ref().is_none_or(|uuid| *uuid == record.uuid)
            && config.device_api_key.as_ref().is_none_or(|key| *key == record.key)
    });
    if let Some(record) = here
        && let Some(registered) = record.registered
    {
        return Standing::Known(known(record, registered));
    }
    let Some(fleet_key) = fleet_key else { return Standing::Lacking("apiKey") };
    let Some(application) = config.application_id else { return Standing::Lacking("applicationId") };
    let own = config.uuid.is_none() && config.device_api_key.is_none();
    let registered_before = !own && config.registered_at.is_some() && config.device_id.is_some();
    let is_saved = here.is_some();
    let chosen = Record {
        api_endpoint: endpoint.to_owned(),
        uuid: config.uuid.or_else(|| record.map(|r| r.uuid.clone())).unwrap_or(drawn.uuid),
        key: config.device_api_key.or_else(|| here.map(|r| r.key.clone())).unwrap_or(drawn.key),
        registered: None,
    };
    let saved = if registered_before { Stage::LookUp } else { Stage::Register };
    Standing::Unregistered(Box::new(Provisioning {
        stage: if is_saved { saved } else { Stage::Save },
        record: chosen,
        fleet_key,
        application,
        device_type: config.device_type.unwrap_or_else(|| default_device_type().to_owned()),
        user: config.user_id,
        saved,
        own,
    }))
}

fn known(record: &Record, registered: Registered) -> Known {
    let identity =
        Identity { uuid: record.uuid.clone(), key: record.key.clone(), device_id: registered.device_id };
    Known { identity, registered_at_s: Some(registered.at_s) }
}

/// A device type that every cloud of the contract has, for this architecture.
pub const fn default_device_type() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "generic-aarch64"
    } else if cfg!(target_arch = "arm") {
        "raspberrypi3"
    } else {
        "generic-amd64"
    }
}

impl Provisioning {
    /// What to do now.
    pub fn step(&self) -> Step {
        let record = self.record.clone();
        match self.stage {
            Stage::Save => Step::Save(record),
            Stage::Keep(registered) => Step::Save(Record { registered: Some(registered), ..record }),
            Stage::Register => Step::Register(Request {
                provisioning_key: self.fleet_key.clone(),
                application: self.application,
                device_type: self.device_type.clone(),
                user: self.user,
                uuid: record.uuid,
                key: record.key,
            }),
            Stage::LookUp => Step::LookUp(record),
            Stage::Exchange => Step::Exchange(record, self.fleet_key.clone()),
            Stage::Done(registered) => Step::Done(known(&record, registered)),
        }
    }

    /// Takes what came of the step; `now_s` is seconds since 1970, `drawn` what to take should the cloud have no place
    /// for the name and key that were drawn before. What does not belong to the step changes nothing.
    pub fn heard(&mut self, heard: Heard, now_s: u64, drawn: Drawn) -> Next {
        match (self.stage, heard) {
            (Stage::Save, Heard::Saved) => self.stage = self.saved,
            (Stage::Keep(registered), Heard::Saved) => self.stage = Stage::Done(registered),
            (Stage::Register, Heard::Registered { device_id, key }) => {
                self.record.key = key;
                self.keep(Some(device_id), now_s);
            }
            (Stage::Register, Heard::Conflict) => self.stage = Stage::LookUp,
            (Stage::LookUp, Heard::Known { device_id }) => self.keep(device_id, now_s),
            (Stage::LookUp, Heard::Unknown) => self.stage = Stage::Exchange,
            (Stage::Exchange, Heard::Exchanged { device_id }) => self.keep(Some(device_id), now_s),
            (Stage::Exchange, Heard::ExchangeRefused) if self.own => {
                self.record.uuid = drawn.uuid;
                self.record.key = drawn.key;
                (self.stage, self.saved) = (Stage::Save, Stage::Register);
                return Next::DrawnAnew;
            }
            (Stage::Exchange, Heard::ExchangeRefused) => {
                // The owner may have deleted the device there by then.
                (self.stage, self.saved) = (Stage::Register, Stage::Register);
                return Next::Later;
            }
            (
                Stage::Save
                | Stage::Register
                | Stage::LookUp
                | Stage::Exchange
                | Stage::Keep(_)
                | Stage::Done(_),
                Heard::Saved
                | Heard::Registered { .. }
                | Heard::Conflict
                | Heard::Known { .. }
                | Heard::Unknown
                | Heard::Exchanged { .. }
                | Heard::ExchangeRefused,
            ) => {}
        }
        Next::Now
    }

    fn keep(&mut self, device_id: Option<u64>, at_s: u64) {
        self.stage = Stage::Keep(Registered { device_id, at_s });
    }
}

#[cfg(test)]
#[path = "provisioning_tests.rs"]
mod tests;

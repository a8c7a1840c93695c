//! Carries out what provisioning asks for, however long that takes.

use std::time::{Duration, SystemTime};

use tokio::{
    task::spawn_blocking,
    time::{sleep, timeout},
};

use super::{
    config_json::DeviceConfig,
    device::DeviceKey,
    provisioning::{Drawn, Heard, Known, Next, Provisioning, Standing, Step, begin},
    record::{Record, RecordError, RecordFile},
    register::{self, Facts},
    retry::{Retry, random},
};
use crate::{
    cloud::api::{ApiClient, CloudFailure},
    error_chain::chain,
};

/// How long the disk may take.
const DISK_DEADLINE: Duration = Duration::from_secs(30);

/// Makes the device known to its cloud.
#[derive(Debug)]
pub struct Keeper {
    /// The cloud.
    pub client: ApiClient,
    /// The owner's word.
    pub config: DeviceConfig,
    /// What the cloud is told of the device.
    pub facts: Facts,
    /// Where what was drawn is kept.
    pub file: RecordFile,
}

/// Why a step could not be done; it is done again.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Cloud(#[from] CloudFailure),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("the disk does not answer")]
    Disk,
    #[error("cannot draw random bytes")]
    Random(#[source] getrandom::Error),
}

/// `config.json` does not say who the device is, and lacks this key that registering takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lacking(pub &'static str);

/// Waits after trouble, and tells of the same trouble once.
struct Patience {
    retry: Retry,
    reported: Option<String>,
}

impl Keeper {
    /// Returns when the device is known to its cloud, or where the owner has not given what that takes.
    pub async fn provision(self) -> Result<Known, Lacking> {
        let mut patience = Patience { retry: Retry::new(self.config.bootstrap_retry_delay), reported: None };
        let standing = loop {
            match self.standing().await {
                Ok(standing) => break standing,
                Err(trouble) => patience.after(&trouble).await,
            }
        };
        match standing {
            Standing::Known(known) => Ok(known),
            Standing::Unregistered(provisioning) => Ok(self.carry_out(*provisioning, patience).await),
            Standing::Lacking(key) => Err(Lacking(key)),
        }
    }

    async fn standing(&self) -> Result<Standing, Trouble> {
        let file = self.file.clone();
        let record = on_disk(move || file.load()).await?;
        Ok(begin(&self.client.endpoint().to_string(), self.config.clone(), record.as_ref(), draw()?))
    }

    async fn carry_out(&self, mut provisioning: Provisioning, mut patience: Patience) -> Known {
        loop {
            let outcome = match provisioning.step() {
                Step::Done(known) => return known,
                step => self.step(step).await,
            };
            let drawn = draw();
            match outcome.and_then(|heard| Ok((heard, drawn?))) {
                Err(trouble) => patience.after(&trouble).await,
                Ok((heard, drawn)) => match provisioning.heard(heard, now_s(), drawn) {
                    Next::Now => {}
                    Next::Later => {
                        log::error!(
                            "the cloud knows this uuid of config.json by another key: delete the device there, or give \
                             config.json its key"
                        );
                        patience.rest(None).await;
                    }
                    Next::DrawnAnew => {
                        log::warn!(
                            "the cloud has no place for this device's uuid and key, new ones are drawn"
                        );
                        patience.rest(None).await;
                    }
                },
            }
        }
    }

    async fn step(&self, step: Step) -> Result<Heard, Trouble> {
        Ok(match step {
            Step::Save(record) => self.save(record).await?,
            Step::Register(request) => register::register(&self.client, &request, &self.facts).await?,
            Step::LookUp(record) => register::look_up(&self.client, &record).await?,
            Step::Exchange(record, key) => register::exchange(&self.client, &record, &key).await?,
            Step::Done(_) => Heard::Saved,
        })
    }

    async fn save(&self, record: Record) -> Result<Heard, Trouble> {
        let file = self.file.clone();
        let registered = record.registered.is_some();
        let uuid = record.uuid.clone();
        on_disk(move || file.store(&record)).await?;
        if registered {
            log::info!("device registered uuid={uuid} cloud={}", self.client.endpoint());
        }
        Ok(Heard::Saved)
    }
}

impl Patience {
    async fn after(&mut self, trouble: &Trouble) {
        let text = chain(trouble).to_string();
        if self.reported.as_deref() == Some(text.as_str()) {
            log::debug!("device not registered yet error='{text}'");
        } else {
            log::warn!("device not registered yet, tried again error='{text}'{}", advice(trouble));
            self.reported = Some(text);
        }
        let asked = match trouble {
            Trouble::Cloud(failure) => failure.retry_after(),
            Trouble::Record(_) | Trouble::Disk | Trouble::Random(_) => None,
        };
        self.rest(asked).await;
    }

    async fn rest(&mut self, asked: Option<Duration>) {
        sleep(self.retry.wait(asked, random())).await;
    }
}

/// What the owner may have to put right.
fn advice(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Cloud(CloudFailure::Status { status: 401 | 403, .. }) => {
            " advice='is apiKey of config.json a provisioning key of the fleet applicationId?'"
        }
        Trouble::Cloud(CloudFailure::Status { status: 404, .. }) => {
            " advice='does the server have deviceType of config.json, and is apiEndpoint its API?'"
        }
        Trouble::Cloud(CloudFailure::Tls(_)) => {
            " advice='is the clock right, and balenaRootCA of config.json the server's authority?'"
        }
        Trouble::Record(_) => " advice='let this user write FRONTEND_STATE_DIR'",
        Trouble::Cloud(
            CloudFailure::Network(_)
            | CloudFailure::Timeout
            | CloudFailure::Status { .. }
            | CloudFailure::TooLarge { .. }
            | CloudFailure::NotUnderstood(_)
            | CloudFailure::Unsendable(_),
        )
        | Trouble::Disk
        | Trouble::Random(_) => "",
    }
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RecordError> + Send + 'static,
) -> Result<T, Trouble> {
    match timeout(DISK_DEADLINE, spawn_blocking(work)).await {
        Ok(Ok(outcome)) => Ok(outcome?),
        Ok(Err(_)) | Err(_) => Err(Trouble::Disk),
    }
}

fn draw() -> Result<Drawn, Trouble> {
    Ok(Drawn { uuid: drawn_digits()?, key: DeviceKey::new(drawn_digits()?) })
}

/// 32 hexadecimal digits, as the contract's own devices draw for their uuid and for their key.
fn drawn_digits() -> Result<String, Trouble> {
    let mut bytes = [0_u8; size_of::<u128>()];
    getrandom::fill(&mut bytes).map_err(Trouble::Random)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

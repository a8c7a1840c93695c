//! Who the device is in its fleet: told by the frontend that registered it, kept for the apps, and written into the owner's
//! `config.json` where the owner allows it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    domain::{
        config_edit::{RegisteredDevice, edited, names_another},
        environment::DeviceFacts,
    },
    error::{CoreError, chain},
    ports::{
        config_file::ConfigFile,
        store::{Store, StoredDevice},
    },
    reconcile::Reconciler,
};

/// What became of the owner's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigJson {
    /// The owner does not allow it.
    NotAllowed,
    /// It said all of it already.
    Unchanged,
    /// It says all of it now.
    Written,
    /// It could not be done; the log says why.
    Failed,
}

/// What is known of the device.
pub struct DeviceIdentityKeeper {
    store: Arc<dyn Store>,
    reconciler: Arc<Reconciler>,
    current: watch::Sender<DeviceFacts>,
    file: Arc<dyn ConfigFile>,
    is_file_writable: bool,
}

impl DeviceIdentityKeeper {
    /// The keeper of `current`, which the workers follow, and of the owner's file.
    pub fn new(
        store: Arc<dyn Store>,
        reconciler: Arc<Reconciler>,
        current: watch::Sender<DeviceFacts>,
        file: Arc<dyn ConfigFile>,
        is_file_writable: bool,
    ) -> Self {
        Self { store, reconciler, current, file, is_file_writable }
    }

    /// Takes what the frontend tells. What is known already is not written again.
    pub async fn record(&self, device: RegisteredDevice) -> Result<ConfigJson, CoreError> {
        let text = match self.file.read().await {
            Ok(text) => text,
            Err(error) => {
                log::warn!("config.json not read error='{}'", chain(&error));
                None
            }
        };
        if text.is_some_and(|text| names_another(&text, device.uuid())) {
            return Err(CoreError::InvalidField {
                field: "uuid".to_owned(),
                problem: "config.json names another device, and the owner's word counts".to_owned(),
            });
        }
        self.tell_apps(device.uuid()).await?;
        Ok(self.tell_owner(device).await)
    }

    async fn tell_apps(&self, uuid: &str) -> Result<(), CoreError> {
        if self.current.borrow().uuid.as_deref() == Some(uuid) {
            return Ok(());
        }
        self.store.save_device(&StoredDevice { uuid: uuid.to_owned() }).await?;
        self.current.send_replace(DeviceFacts { uuid: Some(uuid.to_owned()) });
        log::info!("device known to its fleet uuid={uuid}");
        self.reconciler.look_again();
        Ok(())
    }

    async fn tell_owner(&self, device: RegisteredDevice) -> ConfigJson {
        if !self.is_file_writable {
            return ConfigJson::NotAllowed;
        }
        let uuid = device.uuid().to_owned();
        match self.file.edit(Box::new(move |text| edited(text, &device))).await {
            Ok(true) => {
                log::info!("config.json names the registered device now uuid={uuid}");
                ConfigJson::Written
            }
            Ok(false) => ConfigJson::Unchanged,
            Err(error) => {
                log::error!("config.json not written error='{}'", chain(&error));
                ConfigJson::Failed
            }
        }
    }
}

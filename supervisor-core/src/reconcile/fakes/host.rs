//! The fake device's files, store and logind.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use supervisor_proto::ids::{AppId, ServiceName};

use super::device::{FakeDevice, Fault, State};
use crate::{
    domain::record::AppRecord,
    ports::{
        config_file::{ConfigFile, ConfigFileError, Edit},
        host_facts::{ClockUnknown, DiskSpace, HostFacts},
        host_files::{HeldLock, HostFiles, HostFilesError, LockToken},
        power::{PowerAction, PowerError, PowerManager},
        store::{PowerIntent, Store, StoreError, StoredApiAccess, StoredDevice},
        vpn::{Vpn, VpnError, VpnOutcome},
    },
};

/// The app's own lock, as the app sees it.
pub const DATA_LOCK: &str = "/data/resin-updates.lock";

fn paths(services: &[ServiceName]) -> Vec<String> {
    let of_services = services.iter().map(|name| format!("/tmp/balena/updates.lock of {name}"));
    std::iter::once(DATA_LOCK.to_owned()).chain(of_services).collect()
}

fn files_failed(_: Fault) -> HostFilesError {
    HostFilesError::Io {
        action: "change",
        path: "/resin-data".to_owned(),
        source: io::ErrorKind::ReadOnlyFilesystem.into(),
    }
}

fn disk_full(_: Fault) -> StoreError {
    StoreError::Io {
        action: "write",
        path: PathBuf::from("/store"),
        source: io::ErrorKind::StorageFull.into(),
    }
}

impl State {
    fn free_of_mounts(&self, app: AppId) -> Result<(), HostFilesError> {
        match self.mounted.get(&app) {
            Some(path) => Err(HostFilesError::MountPoint { path: path.clone() }),
            None => Ok(()),
        }
    }

    fn take(&mut self, app: AppId, services: &[ServiceName], token: &str) -> Result<(), HostFilesError> {
        let wanted = paths(services).into_iter().map(|path| (app, path));
        let wanted: Vec<(AppId, String)> = wanted.collect();
        let foreign = wanted.iter().find(|at| self.locks.get(*at).is_some_and(|held| held != token));
        if let Some((_, path)) = foreign {
            return Err(HostFilesError::Locked { path: path.clone() });
        }
        self.locks.extend(wanted.into_iter().map(|at| (at, token.to_owned())));
        Ok(())
    }
}

#[async_trait]
impl HostFiles for FakeDevice {
    async fn prepare(&self, app: AppId, _services: &[ServiceName]) -> Result<(), HostFilesError> {
        self.call("prepare".to_owned(), files_failed, |state| {
            state.data.entry(app).or_default();
            Ok(())
        })
        .await
    }

    async fn follow(&self, path: &str) -> Result<Option<String>, HostFilesError> {
        let planted = self.state().planted.get(path).cloned();
        Ok(Some(planted.unwrap_or_else(|| path.to_owned())))
    }

    async fn check_data(&self, app: AppId) -> Result<(), HostFilesError> {
        self.call("check data".to_owned(), files_failed, |state| state.free_of_mounts(app)).await
    }

    async fn empty_data(&self, app: AppId) -> Result<(), HostFilesError> {
        self.call("empty data".to_owned(), files_failed, |state| {
            state.free_of_mounts(app)?;
            state.emptied += 1;
            state.data.insert(app, BTreeSet::new());
            state.locks.remove(&(app, DATA_LOCK.to_owned()));
            Ok(())
        })
        .await
    }

    async fn take_locks(
        &self,
        app: AppId,
        services: &[ServiceName],
        token: &LockToken,
    ) -> Result<(), HostFilesError> {
        let name = format!("take locks {app}");
        self.call(name, files_failed, |state| state.take(app, services, token.as_str())).await
    }

    async fn held_locks(
        &self,
        app: AppId,
        _services: &[ServiceName],
        token: Option<&LockToken>,
    ) -> Result<Vec<HeldLock>, HostFilesError> {
        self.call(format!("look at locks {app}"), files_failed, |state| {
            let of_app = state.locks.iter().filter(|((of, _), _)| *of == app);
            let held = of_app.map(|((_, path), held)| HeldLock {
                path: path.clone(),
                host_path: format!("/host{path}"),
                ours: token.is_some_and(|token| token.as_str() == held),
                since_s: 1_700_000_000,
                uid: 1000,
            });
            Ok(held.collect())
        })
        .await
    }

    async fn has_taken_over(&self, app: AppId, service: &ServiceName) -> Result<bool, HostFilesError> {
        let key = (app, service.clone());
        self.call("look for a hand-over".to_owned(), files_failed, |state| {
            Ok(state.taken_over.contains(&key))
        })
        .await
    }

    async fn clear_taken_over(&self, app: AppId, service: &ServiceName) -> Result<(), HostFilesError> {
        let key = (app, service.clone());
        self.call("clear a hand-over".to_owned(), files_failed, |state| {
            state.taken_over.remove(&key);
            Ok(())
        })
        .await
    }

    async fn release_locks(
        &self,
        app: AppId,
        services: &[ServiceName],
        token: &LockToken,
    ) -> Result<(), HostFilesError> {
        self.call(format!("release locks {app}"), files_failed, |state| {
            let named = paths(services);
            state.locks.retain(|(of, path), held| {
                *of != app || !named.contains(path) || held.as_str() != token.as_str()
            });
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl Store for FakeDevice {
    async fn read_app(&self, app: AppId) -> Result<Option<AppRecord>, StoreError> {
        self.call("read app".to_owned(), disk_full, |state| Ok(state.records.get(&app).cloned())).await
    }

    async fn save_app(&self, record: &AppRecord) -> Result<(), StoreError> {
        self.call("save app".to_owned(), disk_full, |state| {
            state.records.insert(record.app_id(), record.clone());
            Ok(())
        })
        .await
    }

    async fn delete_app(&self, app: AppId) -> Result<(), StoreError> {
        self.call("delete app".to_owned(), disk_full, |state| {
            state.records.remove(&app);
            Ok(())
        })
        .await
    }

    async fn all_apps(&self) -> Result<Option<Vec<AppRecord>>, StoreError> {
        self.call("all apps".to_owned(), disk_full, |state| {
            Ok(Some(state.records.values().cloned().collect()))
        })
        .await
    }

    async fn pulled_images(&self) -> Result<BTreeSet<String>, StoreError> {
        self.call("pulled images".to_owned(), disk_full, |state| Ok(state.noted_images.clone())).await
    }

    async fn add_pulled_image(&self, image: &str) -> Result<(), StoreError> {
        self.call(format!("note image {image}"), disk_full, |state| {
            state.noted_images.insert(image.to_owned());
            Ok(())
        })
        .await
    }

    async fn remove_pulled_image(&self, image: &str) -> Result<(), StoreError> {
        self.call(format!("forget image {image}"), disk_full, |state| {
            state.noted_images.remove(image);
            Ok(())
        })
        .await
    }

    async fn save_api_access(&self, access: &StoredApiAccess) -> Result<(), StoreError> {
        self.call("save api access".to_owned(), disk_full, |state| {
            state.api_access = Some(access.clone());
            Ok(())
        })
        .await
    }

    async fn save_device(&self, device: &StoredDevice) -> Result<(), StoreError> {
        self.call("save device".to_owned(), disk_full, |state| {
            state.device_uuid = Some(device.uuid.clone());
            Ok(())
        })
        .await
    }

    async fn save_power(&self, intent: Option<&PowerIntent>) -> Result<(), StoreError> {
        let name = if intent.is_some() { "save power" } else { "delete power" };
        self.call(name.to_owned(), disk_full, |state| {
            state.power = intent.cloned();
            Ok(())
        })
        .await
    }
}

fn no_power(action: PowerAction) -> impl Fn(Fault) -> PowerError {
    move |fault| {
        if fault == Fault::Refused {
            PowerError::Refused { action, why: "it says no".to_owned() }
        } else {
            PowerError::Unavailable("no bus".into())
        }
    }
}

#[async_trait]
impl PowerManager for FakeDevice {
    async fn check(&self, action: PowerAction) -> Result<(), PowerError> {
        self.call(format!("can {action}"), no_power(action), |_| Ok(())).await
    }

    async fn execute(&self, action: PowerAction) -> Result<(), PowerError> {
        self.call(format!("do {action}"), no_power(action), |_| Ok(())).await
    }
}

#[async_trait]
impl Vpn for FakeDevice {
    async fn set(&self, up: bool) -> Result<VpnOutcome, VpnError> {
        let away = |_| VpnError::Unavailable("no bus".into());
        self.call(format!("VPN up={up}"), away, |_| Ok(VpnOutcome::Accepted)).await
    }
}

#[async_trait]
impl HostFacts for FakeDevice {
    async fn disk_space(&self, path: &Path) -> io::Result<DiskSpace> {
        let absent = |_| io::ErrorKind::NotFound.into();
        self.call(format!("disk space {}", path.display()), absent, |state| {
            Ok(DiskSpace { free_bytes: state.free_bytes, total_bytes: 100, free_inodes: 4, total_inodes: 10 })
        })
        .await
    }

    async fn is_clock_synchronised(&self) -> Result<bool, ClockUnknown> {
        self.call("clock".to_owned(), |_| ClockUnknown("no bus".into()), |_| Ok(true)).await
    }
}

#[async_trait]
impl ConfigFile for FakeDevice {
    async fn read(&self) -> Result<Option<String>, ConfigFileError> {
        self.call("read config.json".to_owned(), read_only, |state| Ok(state.config_json.clone())).await
    }

    async fn edit(&self, edit: Edit) -> Result<bool, ConfigFileError> {
        let text = self.state().config_json.clone().ok_or(ConfigFileError::Absent)?;
        let Some(new) = edit(&text)? else { return Ok(false) };
        self.call("write config.json".to_owned(), read_only, |state| {
            state.config_json = Some(new);
            Ok(true)
        })
        .await
    }
}

fn read_only(_: Fault) -> ConfigFileError {
    ConfigFileError::Io { action: "write", source: io::ErrorKind::ReadOnlyFilesystem.into() }
}

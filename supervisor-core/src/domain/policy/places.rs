//! Where paths of the host lead, and which of them apps can plant symlinks in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use supervisor_proto::{
    ids::{AppId, ServiceName},
    policy::HostPath,
};

use super::{bind, requests::AppRequests};
use crate::domain::wanted::{LOCK_FOLDERS, lock_folder};

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// To this path, which has no symlink in it.
    At(String),
    /// Nothing is there, as far as core sees the host.
    Absent,
    /// It cannot be followed.
    Unknown,
}

/// The host's paths that a decision is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// The folder whose `<appId>` folders are the apps' `/data`.
    pub data_path: String,
    /// Where each path leads, followed by directory handles.
    pub leads: BTreeMap<String, Place>,
}

impl Places {
    /// Which paths have to be followed to decide about these requests.
    pub fn in_question(requests: &AppRequests, data_path: &str) -> BTreeSet<String> {
        let named = requests.services.values().flat_map(|service| sources(&service.create));
        let roots = [data_path.trim_end_matches('/').to_owned(), LOCK_FOLDERS.to_owned()];
        named.filter(|path| HostPath::parse(path).is_ok()).chain(roots).collect()
    }

    /// Whether `path` is the app's own data folder, or the service's own lock folder, and nobody has put
    /// something else in its place.
    pub(super) fn is_own(&self, path: &str, app: AppId, service: &ServiceName) -> Option<bool> {
        let data_path = self.data_path.trim_end_matches('/');
        let (root, below) = if path == format!("{data_path}/{app}") {
            (data_path, format!("/{app}"))
        } else if path == lock_folder(app, service) {
            (LOCK_FOLDERS, format!("/{app}/{service}"))
        } else {
            return None;
        };
        Some(match (self.leads.get(root), self.leads.get(path)) {
            (Some(Place::At(root)), Some(Place::At(found))) => *found == format!("{root}{below}"),
            // Core makes it before a container is made.
            (Some(Place::At(_) | Place::Absent), Some(Place::Absent)) => true,
            _ => false,
        })
    }

    /// Whether `path`, or where it leads, lies inside a folder that an app can write in, so that the app
    /// can put a symlink there after this has been decided.
    pub(super) fn can_hold_planted_links(&self, path: &str) -> bool {
        let led = match self.leads.get(path) {
            Some(Place::At(found)) => Some(found.as_str()),
            Some(Place::Unknown) => return true,
            Some(Place::Absent) | None => None,
        };
        std::iter::once(path).chain(led).any(|path| self.is_inside_app_folder(path))
    }

    fn is_inside_app_folder(&self, path: &str) -> bool {
        // `<data>/<app>/…` and `<locks>/<app>/<service>/…`: the folders themselves are root's to replace.
        let depths = [(self.data_path.trim_end_matches('/'), 1), (LOCK_FOLDERS, 2)];
        depths.into_iter().any(|(root, names)| {
            let led = match self.leads.get(root) {
                Some(Place::At(found)) => found.as_str(),
                _ => root,
            };
            [root, led].into_iter().any(|root| {
                let below = path.strip_prefix(root).and_then(|rest| rest.strip_prefix('/'));
                below.is_some_and(|rest| rest.split('/').filter(|part| !part.is_empty()).count() > names)
            })
        })
    }
}

/// Host paths that a container would have.
fn sources(create: &Value) -> Vec<String> {
    let host = create.get("HostConfig").unwrap_or(&Value::Null);
    let list = |key: &str| host.get(key).and_then(Value::as_array).into_iter().flatten();
    let mounted = list("Mounts").filter_map(|mount| mount.get("Source")?.as_str());
    let bound = list("Binds").filter_map(Value::as_str).filter_map(|text| bind::source(text));
    mounted.chain(bound).map(str::to_owned).collect()
}

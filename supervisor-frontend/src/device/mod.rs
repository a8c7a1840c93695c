//! What `/v1/device` says of the device itself.

pub mod addresses;
pub mod os_version;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use addresses::Addresses;

/// Addresses older than this are looked up again, when somebody asks.
const REFRESH_INTERVAL: Duration = Duration::from_secs(30);
/// How long a request waits for the lookup before it is answered with what was known.
const REFRESH_DEADLINE: Duration = Duration::from_secs(2);

/// Facts that are read at start, and addresses that are looked up when asked for.
#[derive(Debug)]
pub struct DeviceFacts {
    port: u16,
    os_version: Option<String>,
    cache: Mutex<Option<(Instant, Arc<Addresses>)>>,
    refreshing: AtomicBool,
}

impl DeviceFacts {
    /// Reads the host's version; blocks on one small file.
    pub fn read(port: u16, os_release: &Path) -> Self {
        Self {
            port,
            os_version: os_version::read(os_release),
            cache: Mutex::default(),
            refreshing: AtomicBool::new(false),
        }
    }

    /// The API's port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The host's `PRETTY_NAME`.
    pub fn os_version(&self) -> Option<&str> {
        self.os_version.as_deref()
    }

    /// The device's addresses, at most 30 s old. The lookup blocks, so it runs on a
    /// thread of its own, and one at a time.
    pub async fn addresses(&self) -> Arc<Addresses> {
        let (known, fresh) = self.cached();
        if fresh || self.refreshing.swap(true, Ordering::AcqRel) {
            return known;
        }
        let _refreshing = Refreshing(&self.refreshing);
        let lookup = tokio::task::spawn_blocking(addresses::look_up);
        let found = tokio::time::timeout(REFRESH_DEADLINE, lookup).await;
        let addresses = match found {
            Ok(Ok(Ok(addresses))) => Arc::new(addresses),
            Ok(Ok(Err(error))) => {
                log::warn!("network interfaces not listed error='{error}'");
                known
            }
            Ok(Err(_)) | Err(_) => known,
        };
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        *cache = Some((Instant::now(), addresses.clone()));
        addresses
    }

    fn cached(&self) -> (Arc<Addresses>, bool) {
        match &*self.cache.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((at, known)) => (known.clone(), at.elapsed() < REFRESH_INTERVAL),
            None => (Arc::default(), false),
        }
    }
}

/// Ends the lookup also when the request that waits for it is dropped.
struct Refreshing<'a>(&'a AtomicBool);

impl Drop for Refreshing<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

//! What the disk tells of targets before this life of the frontend.

use std::collections::BTreeSet;

use super::cache::{CacheError, Cached, Head, Named, TargetCache};

/// Apps of this target and earlier ones that are remembered; a device runs a few.
const MAX_REMEMBERED: usize = 512;
/// The longest uuid of an app; the contract's own have 32 digits.
const MAX_APP_UUID: usize = 64;

/// What there was.
#[derive(Debug, PartialEq, Eq)]
pub enum Past {
    /// The target that was in force.
    Target(Cached),
    /// None that is in force now. These apps a cloud has named to this device, be it another cloud, or the same one when it
    /// knew the device by another uuid.
    Named(Named),
}

/// Reads what is kept; `is_mine` knows this device and its cloud. Where nothing is kept, or what is kept is damaged, a
/// cloud may have named any app. An error is the disk's: nothing is known then, and it may pass.
pub fn recall(cache: &TargetCache, is_mine: impl Fn(&Head) -> bool) -> Result<Past, CacheError> {
    let named = match cache.load() {
        Ok(Some(kept)) if is_mine(&kept.head) => return Ok(Past::Target(kept)),
        Ok(Some(kept)) => Ok(Some(kept.head)),
        Ok(None) => cache.load_outdated(),
        Err(error) => Err(error),
    };
    match named {
        Ok(Some(head)) => Ok(Past::Named(head.named)),
        Ok(None) => Ok(Past::Named(lost())),
        Err(error @ CacheError::Damaged { .. }) => {
            log::error!("kept target is lost, the cloud is asked again error='{error}'");
            Ok(Past::Named(lost()))
        }
        Err(error @ CacheError::Disk { .. }) => Err(error),
    }
}

/// What is kept of the apps that targets have named, those of now first. What cannot be an app's uuid is not kept.
pub fn remembered(now: &BTreeSet<String>, earlier: &Named) -> Named {
    let is_uuid = |uuid: &&String| {
        (1..=MAX_APP_UUID).contains(&uuid.len()) && uuid.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let all = now.iter().chain(earlier.apps.difference(now));
    Named { apps: all.filter(is_uuid).take(MAX_REMEMBERED).cloned().collect(), lost: earlier.lost }
}

fn lost() -> Named {
    Named { lost: true, ..Named::default() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn kept(uuid: &str) -> Cached {
        let named = Named { apps: ["a1".to_owned()].into(), lost: false };
        let head = Head { endpoint: "https://x".to_owned(), uuid: uuid.to_owned(), etag: None, named };
        Cached { head, body: Vec::new() }
    }

    #[test]
    fn kept_target_is_in_force_for_its_own_device_and_names_its_apps_for_any_other() {
        let root = tempfile::tempdir().unwrap();
        let cache = TargetCache::new(root.path());
        let recalled = |uuid: &str| recall(&cache, |head| head.uuid == uuid).unwrap();
        assert_eq!(recalled("77cb"), Past::Named(lost()), "nothing is kept");
        cache.store(&kept("77cb")).unwrap();
        assert_eq!(recalled("77cb"), Past::Target(kept("77cb")));
        assert_eq!(recalled("0000"), Past::Named(kept("77cb").head.named));
        cache.outdate();
        assert_eq!(recalled("77cb"), Past::Named(kept("77cb").head.named));
    }

    #[test]
    fn damage_is_a_loss_and_a_disk_that_does_not_tell_is_an_error() {
        for name in ["target", "target.outdated"] {
            let root = tempfile::tempdir().unwrap();
            let (cache, path) = (TargetCache::new(root.path()), root.path().join(name));
            fs::write(&path, "torn").unwrap();
            assert_eq!(recall(&cache, |_| true).unwrap(), Past::Named(lost()), "{name}");
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
            assert!(matches!(recall(&cache, |_| true), Err(CacheError::Disk { .. })), "{name}");
        }
    }

    #[test]
    fn apps_that_are_remembered_are_bounded_and_those_of_now_come_first() {
        let uuids =
            |range: std::ops::Range<usize>| range.map(|n| format!("{n:032x}")).collect::<BTreeSet<_>>();
        let wrong = [String::new(), "no-uuid".to_owned(), "a".repeat(MAX_APP_UUID + 1)];
        let now: BTreeSet<String> = uuids(500..505).into_iter().chain(wrong).collect();
        let after = |apps, lost| remembered(&now, &Named { apps, lost });
        let kept = after(uuids(0..3 * MAX_REMEMBERED), false).apps;
        assert_eq!(kept.len(), MAX_REMEMBERED);
        assert!(kept.is_superset(&uuids(500..505)));
        let apps = &uuids(0..2) | &uuids(500..505);
        assert_eq!(after(uuids(0..2), true), Named { apps, lost: true }, "what is lost stays so");
    }
}

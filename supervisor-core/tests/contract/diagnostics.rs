//! `Diagnostics` over the contract: facts of every part, whatever is broken.

use supervisor_proto::{
    policy,
    v1::{ExamineReply, ExamineRequest, SetApiAccessRequest},
};

use crate::{
    fakes::{APP, DATA_LOCK, Fault, World, app},
    served::{ADMIN_GID, FRONTEND_UID, Served},
};

async fn examined(served: &Served) -> ExamineReply {
    served.client().examine(ExamineRequest {}, "-").await.unwrap()
}

#[tokio::test]
async fn facts_of_a_sound_device_are_complete() {
    let served = Served::on(World::with_app(APP).await);
    let reply = examined(&served).await;
    let engine = reply.engine.unwrap();
    assert_eq!(
        (engine.problem.as_str(), engine.version.as_str(), engine.api_version.as_str()),
        ("", "20.10", "1.41")
    );
    assert_eq!((engine.storage_driver.as_str(), engine.data_root.as_str()), ("overlay2", "/var/lib/docker"));
    let power = reply.power.unwrap();
    assert_eq!((power.reboot_problem, power.power_off_problem), (String::new(), String::new()));
    assert!(reply.clock.unwrap().synchronised);
    let roles = reply.roles.unwrap();
    assert_eq!(
        (roles.frontend_uid, roles.admin_gid, roles.socket_gid),
        (FRONTEND_UID, Some(ADMIN_GID), FRONTEND_UID)
    );
    let disks: Vec<_> = reply.disks.iter().map(|disk| (disk.what.as_str(), disk.path.as_str())).collect();
    assert_eq!(
        disks,
        [("app data", "/resin-data"), ("core state", "/state"), ("engine data", "/var/lib/docker")]
    );
    assert!(reply.disks.iter().all(|disk| disk.free_bytes == 40 && disk.problem.is_empty()));
    assert!(reply.locks.is_empty() && reply.lock_problems.is_empty());
    for seen in
        ["disk space /mnt/root/resin-data", "disk space /state", "disk space /mnt/root/var/lib/docker"]
    {
        assert_eq!(served.world.device.count(seen), 1, "{seen}");
    }
}

#[tokio::test]
async fn one_dead_part_hides_no_other() {
    for (broken, is_told) in [
        ("info", (|reply| !reply.engine.as_ref().unwrap().problem.is_empty()) as fn(&ExamineReply) -> bool),
        ("can reboot", |reply| !reply.power.as_ref().unwrap().reboot_problem.is_empty()),
        ("can power-off", |reply| !reply.power.as_ref().unwrap().power_off_problem.is_empty()),
        ("clock", |reply| !reply.clock.as_ref().unwrap().problem.is_empty()),
        ("disk space /state", |reply| reply.disks.iter().any(|disk| disk.not_visible)),
        ("look at locks", |reply| !reply.lock_problems.is_empty()),
    ] {
        let served = Served::on(World::with_app(APP).await);
        served.world.device.fault_on(broken, Fault::Absent);
        let reply = examined(&served).await;
        assert!(is_told(&reply), "{broken}: {reply:?}");
        let problems = [
            !reply.engine.unwrap().problem.is_empty(),
            !reply.power.as_ref().unwrap().reboot_problem.is_empty(),
            !reply.power.unwrap().power_off_problem.is_empty(),
            !reply.clock.unwrap().problem.is_empty(),
            reply.disks.iter().any(|disk| !disk.problem.is_empty()),
            !reply.lock_problems.is_empty(),
        ];
        assert_eq!(problems.iter().filter(|problem| **problem).count(), 1, "{broken}");
    }
}

#[tokio::test(start_paused = true)]
async fn part_that_hangs_is_told_after_its_deadline() {
    let served = Served::new();
    served.world.device.fault_on("can reboot", Fault::Paused);
    let reply = examined(&served).await;
    assert!(reply.power.unwrap().reboot_problem.contains("no answer within"));
    assert!(reply.engine.unwrap().problem.is_empty());
}

#[tokio::test]
async fn policy_is_told_with_the_grants_that_are_in_force() {
    let served = Served::new();
    let before = examined(&served).await.policy.unwrap();
    assert_eq!((before.path.as_str(), before.grants, before.reload_problem.as_str()), ("", 0, ""));
    let grant = "[[grant]]\napp = 7\nservice = \"web\"\nimage = \"acme/web\"\nprivileged = true\n";
    served.world.policy.send_replace(policy::parse(grant).unwrap());
    assert_eq!(examined(&served).await.policy.unwrap().grants, 1);
}

#[tokio::test]
async fn update_locks_are_told_with_their_owner_and_ours_from_the_apps() {
    let served = Served::on(World::with_app(APP).await);
    served.world.device.lock(APP);
    let ours = served.world.device.record(APP).lock_token;
    let at = (app(APP), "/tmp/balena/updates.lock of main".to_owned());
    served.world.device.state().locks.insert(at, ours);
    let locks = examined(&served).await.locks;
    let told: Vec<_> = locks.iter().map(|lock| (lock.path.as_str(), lock.ours)).collect();
    assert_eq!(told, [(DATA_LOCK, false), ("/tmp/balena/updates.lock of main", true)]);
    assert_eq!((locks[0].app_id, locks[0].uid, locks[0].since_s), (APP, 1000, 1_700_000_000));
}

#[tokio::test]
async fn frontend_is_told_by_its_key_and_its_connection() {
    let served = Served::new();
    let absent = examined(&served).await.frontend.unwrap();
    assert_eq!((absent.connected, absent.key_known, absent.port), (false, false, 0));
    served.world.api.send_replace(Some(crate::fakes::api("key")));
    let known = examined(&served).await.frontend.unwrap();
    assert_eq!((known.connected, known.key_known, known.port), (false, true, 48484));
    // Role admin may not speak for the frontend.
    let request = SetApiAccessRequest { api_key: "other".to_owned(), port: 1 };
    served.client().set_api_access(request, "-").await.unwrap_err();
}

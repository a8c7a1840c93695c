//! The states of an update. Each function brings an update to its state, where something holds it, has somebody
//! killed there, lets it go, and tells the release that it is to end with.

use std::fs;

use fake_cloud::Route;
use supervisor_tests::Result;
use supervisor_tests::engine_gate::Hold;
use supervisor_tests::fleet::LIMIT;
use supervisor_tests::live::has_words;
use supervisor_tests::wait::{check, wait_until};

use super::scene::{Party, Release, Scene};

pub type State = fn(&mut Scene) -> Result<String>;

/// By the names in the documentation.
pub const STATES: [(&str, State); 16] = [
    ("fetched", fetched),
    ("asked for", asked_for),
    ("fetching for later", fetching_for_later),
    ("waiting for its time", waiting_for_its_time),
    ("pulling", pulling),
    ("waiting for a lock", waiting_for_a_lock),
    ("stopping", stopping),
    ("removing", removing),
    ("removing the image", removing_the_image),
    ("pulling without a container", pulling_without_a_container),
    ("creating", creating),
    ("starting", starting),
    ("handing over", handing_over),
    ("on trial", on_trial),
    ("going back", going_back),
    ("cleaning up", cleaning_up),
];

const ANY: Release<'_> = Release { labels: &[], check: None };

fn fetched(scene: &mut Scene) -> Result<String> {
    let client = scene.fleet.client()?;
    scene.fleet.supervisor.kill_core();
    let commit = scene.offer(ANY);
    let asked = scene.fleet.cloud.look(|world| world.requests(Route::State).count());
    client.post("/v1/update", "{}")?;
    let asks = |world: &fake_cloud::World| (world.requests(Route::State).count() > asked).then_some(());
    scene.fleet.cloud.wait(LIMIT, asks).ok_or("the frontend does not ask")?;
    scene.kill();
    if scene.party != Party::Core {
        scene.fleet.supervisor.start_core()?;
    }
    scene.bring_back()?;
    // A frontend that was killed may not have had time to keep the answer.
    scene.fleet.nudge("{}")?;
    Ok(commit)
}

fn asked_for(scene: &mut Scene) -> Result<String> {
    let (log, before) = (scene.fleet.supervisor.core_log(), scene.fleet.supervisor.core_log_bytes());
    // Said when the target is stored, and before the engine is asked anything for it.
    scene.gate.close(Hold::Request, move |_| has_words(&log, before, "action=apply"));
    let commit = scene.release(ANY)?;
    scene.kill_at_gate()?;
    Ok(commit)
}

/// One that is carried out when somebody calls for it.
const ON_CALL: Release<'_> = Release { labels: &[("io.supervisor.update.apply", "on-call")], check: None };

fn waits_downloaded(scene: &Scene, commit: &str) -> Result<()> {
    scene.fleet.app_shows("an update that is downloaded and waits", |app| {
        app["update_downloaded"] == true
            && app["apply_waits_for"].is_string()
            && app["waiting_commit"] == commit
    })
}

fn fetching_for_later(scene: &mut Scene) -> Result<String> {
    let old = scene.commit()?;
    scene.take_new_image()?;
    scene.fleet.hold_registry()?;
    let before = scene.fleet.supervisor.core_log_bytes();
    let commit = scene.release(ON_CALL)?;
    scene.fleet.supervisor.wait_for_core_log(before, "step='pull image")?;
    scene.kill_and_bring_back()?;
    scene.container(&old)?;
    scene.fleet.app_shows("an update that is being fetched", |app| {
        app["update_downloaded"] == false && app["waiting_commit"] == commit
    })?;
    scene.fleet.let_registry_go()?;
    waits_downloaded(scene, &commit)?;
    scene.container(&old)?;
    scene.fleet.nudge(r#"{"apply": true}"#)?;
    Ok(commit)
}

fn waiting_for_its_time(scene: &mut Scene) -> Result<String> {
    let old = scene.commit()?;
    scene.take_new_image()?;
    let commit = scene.release(ON_CALL)?;
    waits_downloaded(scene, &commit)?;
    scene.kill_and_bring_back()?;
    scene.container(&old)?;
    waits_downloaded(scene, &commit)?;
    scene.fleet.nudge(r#"{"apply": true}"#)?;
    Ok(commit)
}

fn pulling(scene: &mut Scene) -> Result<String> {
    scene.take_new_image()?;
    scene.fleet.hold_registry()?;
    let before = scene.fleet.supervisor.core_log_bytes();
    let commit = scene.release(ANY)?;
    scene.fleet.supervisor.wait_for_core_log(before, "step='pull image")?;
    scene.kill_and_bring_back()?;
    scene.fleet.let_registry_go()?;
    Ok(commit)
}

fn waiting_for_a_lock(scene: &mut Scene) -> Result<String> {
    let old = scene.commit()?;
    let lock = scene.fleet.locks("main").join("updates.lock");
    fs::write(&lock, "")?;
    let commit = scene.release(ANY)?;
    let waits = |scene: &Scene| {
        scene.fleet.app_shows("an update that is locked", |app| {
            app["commit"] == commit && app["last_error"].as_str().is_some_and(|e| e.contains("locked"))
        })
    };
    waits(scene)?;
    scene.kill_and_bring_back()?;
    scene.container(&old)?;
    waits(scene)?;
    fs::remove_file(&lock)?;
    Ok(commit)
}

fn stopping(scene: &mut Scene) -> Result<String> {
    let (stay, terminating) = (scene.data("stay"), scene.data("terminating"));
    drop(fs::remove_file(&terminating));
    fs::write(&stay, "")?;
    let commit = scene.release(ANY)?;
    wait_until("the app's TERM", LIMIT, || check(terminating.exists(), scene.fleet.supervisor.logs()))?;
    scene.kill();
    if scene.party == Party::Engine {
        // It does not come back before what it ran has ended.
        fs::remove_file(&stay)?;
        scene.bring_back()?;
    } else {
        scene.bring_back()?;
        fs::remove_file(&stay)?;
    }
    Ok(commit)
}

fn removing(scene: &mut Scene) -> Result<String> {
    killed_after(scene, ANY, |request| request.starts_with("DELETE ") && request.contains("/containers/"))
}

fn removing_the_image(scene: &mut Scene) -> Result<String> {
    let old = name_of(&scene.image);
    scene.take_new_image()?;
    let release = Release { labels: &[("io.balena.update.strategy", "delete-then-download")], ..ANY };
    killed_after(scene, release, move |request| request.starts_with("DELETE ") && request.contains(&old))
}

fn pulling_without_a_container(scene: &mut Scene) -> Result<String> {
    scene.take_new_image()?;
    scene.fleet.hold_registry()?;
    let before = scene.fleet.supervisor.core_log_bytes();
    let commit =
        scene.release(Release { labels: &[("io.balena.update.strategy", "kill-then-download")], ..ANY })?;
    scene.fleet.supervisor.wait_for_core_log(before, "step='pull image")?;
    check(scene.fleet.containers()?.is_empty(), "the old container is still there")?;
    scene.kill_and_bring_back()?;
    scene.fleet.let_registry_go()?;
    Ok(commit)
}

fn creating(scene: &mut Scene) -> Result<String> {
    killed_after(scene, ANY, |request| request.contains("/containers/create"))
}

fn starting(scene: &mut Scene) -> Result<String> {
    killed_after(scene, ANY, |request| request.ends_with("/start"))
}

fn handing_over(scene: &mut Scene) -> Result<String> {
    let labels =
        [("io.balena.update.strategy", "hand-over"), ("io.balena.update.handover-timeout", "3600000")];
    let commit = scene.release(Release { labels: &labels, ..ANY })?;
    let both = |scene: &Scene| {
        wait_until("old and new container", LIMIT, || {
            let label = format!("label=io.balena.app-id={}", scene.fleet.app_id);
            let running = scene.fleet.engine.docker(&["ps", "-q", "--filter", &label])?;
            check(running.lines().count() == 2, running)
        })
        .map_err(|error| scene.fleet.explain(&error))
    };
    both(scene)?;
    scene.kill_and_bring_back()?;
    both(scene)?;
    let done = scene.fleet.locks("main").join("handover-complete");
    wait_until("the old container's end", LIMIT, || {
        // One that is there before a container starts is taken away.
        fs::write(&done, "")?;
        let names = scene.fleet.containers()?;
        check(names.len() == 1, format!("{names:?}"))
    })
    .map_err(|error| scene.fleet.explain(&error))?;
    drop(fs::remove_file(&done));
    Ok(commit)
}

fn on_trial(scene: &mut Scene) -> Result<String> {
    let commit = scene.release(Release {
        labels: &[("io.supervisor.update.health-timeout", "1h")],
        check: Some("test -e /data/healthy"),
    })?;
    let is_tried = |scene: &Scene| {
        scene.container(&commit)?;
        scene.fleet.app_shows("a release on trial", |app| {
            app["commit"] == commit && app["update_pending"] == false && app["running_commit"] != commit
        })
    };
    is_tried(scene)?;
    scene.kill_and_bring_back()?;
    is_tried(scene)?;
    fs::write(scene.data("healthy"), "")?;
    scene.passes(&commit)?;
    fs::remove_file(scene.data("healthy"))?;
    Ok(commit)
}

fn going_back(scene: &mut Scene) -> Result<String> {
    let good = scene.release_that_passes()?;
    let old = scene.container(&good)?;
    scene.gate.close(Hold::Answer, move |request| {
        request.starts_with("DELETE ") && request.contains("/containers/") && !request.contains(&old)
    });
    let bad = scene.release(Release {
        labels: &[("io.supervisor.update.health-timeout", "1s")],
        check: Some("false"),
    })?;
    scene.kill_at_gate()?;
    scene.fleet.reports("a release that was taken back", |device| {
        (device.release(&bad)?.get("update_status")? == "rejected").then_some(())
    })?;
    let failed = &scene.fleet.app()?["failed_release"];
    check(failed["commit"] == bad && failed["restored_commit"] == good, failed.to_string())?;
    Ok(good)
}

fn cleaning_up(scene: &mut Scene) -> Result<String> {
    let old = scene.image.clone();
    scene.take_new_image()?;
    let name = name_of(&old);
    scene.gate.close(Hold::Request, move |request| request.starts_with("DELETE ") && request.contains(&name));
    let commit = scene.release_that_passes()?;
    scene.kill_at_gate()?;
    wait_until("the old image's end", LIMIT, || {
        let is_there = scene.fleet.engine.docker(&["image", "inspect", &old]).is_ok();
        check(!is_there, scene.fleet.supervisor.logs())
    })?;
    Ok(commit)
}

/// Killed when the engine has done this for core, and core does not know yet.
fn killed_after(
    scene: &mut Scene,
    release: Release<'_>,
    what: impl Fn(&str) -> bool + Send + 'static,
) -> Result<String> {
    scene.gate.close(Hold::Answer, what);
    let commit = scene.release(release)?;
    scene.kill_at_gate()?;
    Ok(commit)
}

/// The part of an image's reference that no other has.
fn name_of(image: &str) -> String {
    image.split(['/', '@']).find(|part| part.len() == 32).unwrap_or(image).to_owned()
}

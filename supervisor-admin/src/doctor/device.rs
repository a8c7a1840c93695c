//! What core stands on: engine, power, clock, disks, frontend, policy, LED.

use supervisor_proto::v1::{
    ClockReport, ConnectivityState, DiskReport, EngineReport, ExamineReply, FrontendReport, PolicyReport,
    PowerReport,
};

use super::{
    Check, Finding,
    facts::{CoreFacts, Facts},
};

/// 2025-01-01: no release is older, so no right clock says less.
const EARLIEST_S: u64 = 1_735_689_600;
/// 2100-01-01.
const LATEST_S: u64 = 4_102_444_800;
/// A file system below this share of free space is worth a word, and below that many bytes too.
const LOW_PERCENT: u64 = 10;
const LOW_BYTES: u64 = 200 << 20;
/// Below this a purge's record or a log line may already not fit.
const EMPTY_BYTES: u64 = 8 << 20;

pub(super) fn evaluate(core: &CoreFacts) -> Vec<Finding> {
    let mut findings = match &core.examined {
        Ok(reply) => examined(reply),
        Err(why) => {
            vec![Finding::warn(Check::Examination, why.clone(), "only role admin may look at the device")]
        }
    };
    findings.push(match &core.connectivity {
        Ok(state) => connectivity(state),
        Err(why) => Finding::warn(Check::Connectivity, why.clone(), "core's log says more"),
    });
    findings
}

fn examined(reply: &ExamineReply) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(reply.engine.as_ref().map(engine));
    findings.extend(reply.power.iter().flat_map(power));
    findings.extend(reply.frontend.map(frontend));
    findings.extend(reply.roles.as_ref().map(|roles| {
        let admins = roles.admin_gid.map_or("root only".to_owned(), |gid| format!("root and group {gid}"));
        Finding::ok(
            Check::Roles,
            format!(
                "frontend is uid {}, admin is {admins}, the socket's group is {}",
                roles.frontend_uid, roles.socket_gid
            ),
        )
    }));
    findings.extend(reply.disks.iter().map(disk));
    findings.extend(reply.clock.as_ref().map(clock));
    findings.extend(reply.policy.as_ref().map(policy));
    findings
}

fn engine(report: &EngineReport) -> Finding {
    if report.problem.is_empty() {
        let EngineReport { version, api_version, storage_driver, data_root, .. } = report;
        Finding::ok(Check::Engine, format!("{version}, API {api_version}, {storage_driver} in {data_root}"))
    } else {
        Finding::fail(
            Check::Engine,
            report.problem.clone(),
            "is the engine running (`systemctl status docker`), and is DOCKER_SOCKET its socket? Core goes on by itself once it answers",
        )
    }
}

fn power(report: &PowerReport) -> Vec<Finding> {
    if report.reboot_problem.is_empty() && report.power_off_problem.is_empty() {
        return vec![Finding::ok(Check::Power, "logind allows reboot and power-off")];
    }
    let problems = [("reboot", &report.reboot_problem), ("power-off", &report.power_off_problem)];
    let failed = problems.into_iter().filter(|(_, problem)| !problem.is_empty());
    failed
        .map(|(action, problem)| {
            Finding::fail(
                Check::Power,
                format!("no {action}: {problem}"),
                "is systemd-logind running, and is the bus at DBUS_SYSTEM_BUS_ADDRESS (in a container: /run/dbus mounted)?",
            )
        })
        .collect()
}

fn frontend(report: FrontendReport) -> Finding {
    let port = report.port;
    match (report.connected, report.key_known) {
        (true, true) => Finding::ok(Check::Frontend, format!("connected, the API's port is {port}")),
        (true, false) => {
            Finding::warn(Check::Frontend, "connected, but it has told no API key yet", "look at its log")
        }
        (false, true) => Finding::warn(
            Check::Frontend,
            format!("not connected; apps keep the key it told last, port {port}"),
            "start supervisor-frontend: until then the HTTP API does not answer",
        ),
        (false, false) => Finding::fail(
            Check::Frontend,
            "not connected, and no API key is known: apps that want it wait",
            "start supervisor-frontend",
        ),
    }
}

fn disk(report: &DiskReport) -> Finding {
    let DiskReport { what, path, .. } = report;
    if report.not_visible {
        let text = format!("{what}: core does not see {path}");
        return match what.as_str() {
            "engine data" => Finding::skipped(Check::Disk, format!("{text}, so it was not looked at")),
            _ => Finding::warn(
                Check::Disk,
                text,
                "it is made with the first app; in a container, is it mounted below HOST_ROOT?",
            ),
        };
    }
    if !report.problem.is_empty() {
        return Finding::warn(
            Check::Disk,
            format!("{what}: {path}: {}", report.problem),
            "look at the file system",
        );
    }
    let text = format!("{what}: {} of {} free on {path}", size(report.free_bytes), size(report.total_bytes));
    let advice = "remove what is not needed: `docker image prune` (never volumes), old files of apps; or a larger disk";
    if report.free_bytes < EMPTY_BYTES {
        Finding::fail(Check::Disk, text, advice)
    } else if report.total_inodes > 0 && is_low(report.free_inodes, report.total_inodes) {
        let inodes =
            format!("{what}: {} of {} inodes free on {path}", report.free_inodes, report.total_inodes);
        Finding::warn(Check::Disk, inodes, "many small files use them up: remove some")
    } else if report.free_bytes < LOW_BYTES || is_low(report.free_bytes, report.total_bytes) {
        Finding::warn(Check::Disk, text, advice)
    } else {
        Finding::ok(Check::Disk, text)
    }
}

const fn is_low(free: u64, total: u64) -> bool {
    free < total / 100 * LOW_PERCENT
}

/// Binary units, as `df -h` has them.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u32); 3] = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match UNITS.iter().find(|(_, shift)| bytes >> shift > 0) {
        Some((unit, shift)) => {
            let tenths = (bytes >> (shift - 4)).saturating_mul(10) >> 4;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

fn clock(report: &ClockReport) -> Finding {
    let advice = "certificates and logs need the right time: is systemd-timesyncd or chrony running, and the network up?";
    match (report.problem.as_str(), report.synchronised) {
        ("", true) => Finding::ok(Check::Clock, "synchronised"),
        ("", false) => Finding::warn(Check::Clock, "not synchronised", advice),
        (problem, _) => Finding::skipped(Check::Clock, format!("not known whether synchronised: {problem}")),
    }
}

/// A wrong year shows without asking anybody.
pub(super) fn clock_year(now_s: u64) -> Option<Finding> {
    let is_sane = (EARLIEST_S..LATEST_S).contains(&now_s);
    (!is_sane).then(|| {
        Finding::fail(
            Check::Clock,
            format!("it says {}, which cannot be", crate::timestamp::of_s(now_s)),
            "set it: `timedatectl set-time`, or let NTP; a battery for the hardware clock keeps it over a power cut",
        )
    })
}

fn policy(report: &PolicyReport) -> Finding {
    let PolicyReport { path, grants, reload_problem } = report;
    if path.is_empty() {
        return Finding::ok(
            Check::Policy,
            "CORE_POLICY is unset: a cloud's target may run no privileged app",
        );
    }
    if reload_problem.is_empty() {
        return Finding::ok(Check::Policy, format!("CORE_POLICY is {path}, grants in force: {grants}"));
    }
    Finding::warn(
        Check::Policy,
        format!("the policy was not read again, grants in force from before: {grants}; {reload_problem}"),
        format!(
            "`supervisor-admin policy check {path}` names every mistake; then `systemctl reload supervisor-core` \
             (or `docker kill -s HUP supervisor-core`). Until it is right core does not start again"
        ),
    )
}

fn connectivity(state: &ConnectivityState) -> Finding {
    let endpoint = &state.endpoint;
    if endpoint.is_empty() {
        return Finding::ok(Check::Connectivity, "no API endpoint is configured, so nothing is checked");
    }
    match (state.vpn_active, state.heartbeat_enabled, state.online) {
        (true, _, _) => Finding::ok(Check::Connectivity, "the VPN is up, the heartbeat pauses"),
        (false, false, _) => Finding::warn(
            Check::Connectivity,
            format!("the heartbeat to {endpoint} is switched off"),
            "`supervisor-admin tcp-ping on`; a restart of core switches it on as well",
        ),
        (false, true, true) => Finding::ok(Check::Connectivity, format!("{endpoint} answers")),
        (false, true, false) => Finding::warn(
            Check::Connectivity,
            format!("{endpoint} does not answer"),
            "check cable or radio, address (`ip addr`), route (`ip route`), name service and the cloud itself",
        ),
    }
}

/// Whether the frontend could switch the LED. Blinking is a courtesy: no LED is no fault.
pub(super) fn led(facts: &Facts) -> Finding {
    let (path, led) = (facts.local.led_path.display(), facts.local.led);
    let Some(led) = led else {
        return Finding::skipped(
            Check::Led,
            format!("no {path} here: `blink` does nothing (LED_FILE names another)"),
        );
    };
    let roles = facts.core.as_ref().ok().and_then(|core| core.examined.as_ref().ok()?.roles);
    let (uid, gid) = roles.map_or((65532, 65532), |roles| (roles.frontend_uid, roles.socket_gid));
    let bits = if led.uid == uid {
        led.mode >> 6
    } else if led.gid == gid {
        led.mode >> 3
    } else {
        led.mode
    };
    if bits & 0o2 == 0 {
        Finding::warn(
            Check::Led,
            format!(
                "the frontend (uid {uid} gid {gid}) may not write {path} (uid {} gid {} mode {:04o})",
                led.uid, led.gid, led.mode
            ),
            format!("`chgrp {gid} {path} && chmod g+w {path}`, at each boot by a udev rule or tmpfiles.d"),
        )
    } else {
        Finding::ok(Check::Led, format!("the frontend may write {path}"))
    }
}

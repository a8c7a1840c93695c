//! `docs/compose.md`, the list of fields and the readers say the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::lines;
use crate::compose::{
    Refusals, env_files,
    fields::{NO_EFFECT, REFUSED, SUPPORTED},
};

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/compose.md"));

/// The rows of the page: field and support.
fn rows() -> BTreeSet<(String, String)> {
    let cell = |cells: &[&str], index: usize| cells[index].trim().trim_matches('`').to_owned();
    PAGE.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            (cell(&cells, 1), cell(&cells, 2))
        })
        .collect()
}

/// A document in which the field at `pattern` has a value that no field accepts.
fn with_nonsense(pattern: &str) -> Value {
    let mut value = json!({"nonsense": [[]]});
    for part in pattern.split('.').rev() {
        let (key, listed) = part.strip_suffix("[]").map_or((part, false), |key| (key, true));
        let key = if key == "*" { "some" } else { key };
        value = if listed { json!({key: [value]}) } else { json!({key: value}) };
    }
    value
}

/// The refusals of both readers: that of the files which a document names, and that of the document.
fn told(document: &Value) -> Vec<String> {
    let files = env_files(document).err();
    files.iter().flat_map(Refusals::iter).map(ToString::to_string).chain(lines(document)).collect()
}

fn is_unknown(pattern: &str) -> bool {
    let path = pattern.replace('*', "some").replace("[]", "[0]");
    let expected = format!("{path} is not supported yet");
    told(&with_nonsense(pattern))
        .iter()
        .any(|line| *line == expected || line.starts_with(&format!("{expected}:")))
}

#[test]
fn page_lists_exactly_the_fields_of_the_parser() {
    let supported = SUPPORTED.iter().map(|field| ((*field).to_owned(), "yes".to_owned()));
    let refused = REFUSED.iter().map(|(field, _)| ((*field).to_owned(), "refused".to_owned()));
    let no_effect = NO_EFFECT.iter().map(|(field, _)| ((*field).to_owned(), "no effect".to_owned()));
    let known: BTreeSet<_> = supported.chain(refused).chain(no_effect).collect();
    let rows = rows();
    let wrong: Vec<_> = rows.symmetric_difference(&known).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn page_gives_the_parser_s_reasons() {
    for (field, reason) in REFUSED {
        assert!(PAGE.contains(&format!("| `{field}` | refused | {reason} |")), "{field}");
    }
    for (field, reason) in NO_EFFECT {
        assert!(PAGE.contains(&format!("| `{field}` | no effect | {reason} |")), "{field}");
    }
}

#[test]
fn supported_field_is_known_to_its_reader() {
    for field in SUPPORTED.iter().chain(NO_EFFECT.iter().map(|(field, _)| field)) {
        assert!(!is_unknown(field), "{field}");
    }
}

#[test]
fn refused_field_is_refused_by_its_reader_with_the_reason() {
    for (field, reason) in REFUSED {
        assert!(is_unknown(field), "{field}");
        assert!(told(&with_nonsense(field)).iter().any(|line| line.ends_with(reason)), "{field}");
    }
}

/// Every field that the specification has for services, networks and volumes, without those inside of `build`, `configs`,
/// `secrets`, `blkio_config`, `credential_spec`, `develop` and the other fields that are one answer for all.
/// <https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json>
const OF_A_SERVICE: &str = "
    annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name
    cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec
    depends_on depends_on.*.condition depends_on.*.required depends_on.*.restart deploy deploy.endpoint_mode
    deploy.labels deploy.mode deploy.placement deploy.replicas deploy.resources deploy.resources.limits
    deploy.resources.limits.cpus deploy.resources.limits.memory deploy.resources.limits.pids
    deploy.resources.reservations deploy.resources.reservations.cpus deploy.resources.reservations.devices
    deploy.resources.reservations.devices[].capabilities deploy.resources.reservations.devices[].count
    deploy.resources.reservations.devices[].device_ids deploy.resources.reservations.devices[].driver
    deploy.resources.reservations.devices[].options deploy.resources.reservations.generic_resources
    deploy.resources.reservations.memory deploy.restart_policy deploy.rollback_config deploy.update_config develop
    device_cgroup_rules devices devices[].permissions devices[].source devices[].target dns dns_opt dns_search
    domainname entrypoint env_file env_file[].format env_file[].path env_file[].required environment expose extends external_links extra_hosts gpus gpus[].capabilities
    gpus[].count gpus[].device_ids gpus[].driver gpus[].options group_add healthcheck healthcheck.disable
    healthcheck.interval healthcheck.retries healthcheck.start_interval healthcheck.start_period healthcheck.test
    healthcheck.timeout hostname image init ipc isolation label_file labels links logging logging.driver
    logging.options mac_address mem_limit mem_reservation mem_swappiness memswap_limit models network_mode networks
    networks.*.aliases networks.*.driver_opts networks.*.gw_priority networks.*.interface_name networks.*.ipv4_address
    networks.*.ipv6_address networks.*.link_local_ips networks.*.mac_address networks.*.priority
    oom_kill_disable oom_score_adj pid pids_limit platform ports ports[].app_protocol ports[].host_ip ports[].mode
    ports[].name ports[].protocol ports[].published ports[].target post_start pre_start pre_stop privileged profiles provider
    pull_policy pull_refresh_after read_only restart runtime scale secrets security_opt shm_size stdin_open stop_grace_period
    stop_signal storage_opt sysctls tmpfs tty ulimits ulimits.* ulimits.*.hard ulimits.*.soft use_api_socket user
    userns_mode uts volumes volumes[].bind volumes[].bind.create_host_path volumes[].bind.propagation
    volumes[].bind.recursive volumes[].bind.selinux volumes[].consistency volumes[].image volumes[].read_only
    volumes[].source volumes[].target volumes[].tmpfs volumes[].tmpfs.mode volumes[].tmpfs.size volumes[].type
    volumes[].volume volumes[].volume.labels volumes[].volume.nocopy volumes[].volume.subpath volumes_from
    working_dir";
const OF_A_NETWORK: &str = "attachable driver driver_opts enable_ipv4 enable_ipv6 external internal ipam ipam.config
    ipam.config[].aux_addresses ipam.config[].gateway ipam.config[].ip_range ipam.config[].subnet ipam.driver ipam.options
    labels name";
const OF_A_VOLUME: &str = "driver driver_opts external labels name";
const OF_THE_DOCUMENT: &str = "configs include models name networks secrets services version volumes";

#[test]
fn page_has_a_row_for_every_field_of_the_specification() {
    let of_service = OF_A_SERVICE.split_whitespace().map(|field| format!("services.*.{field}"));
    let of_network = OF_A_NETWORK.split_whitespace().map(|field| format!("networks.*.{field}"));
    let of_volume = OF_A_VOLUME.split_whitespace().map(|field| format!("volumes.*.{field}"));
    let rows: BTreeSet<String> = rows().into_iter().map(|(field, _)| field).collect();
    let of_document = OF_THE_DOCUMENT.split_whitespace().map(ToOwned::to_owned);
    let all = of_document.chain(of_service).chain(of_network).chain(of_volume);
    let absent: Vec<String> = all.filter(|field| !rows.contains(field)).collect();
    assert!(absent.is_empty(), "{absent:?}");
}

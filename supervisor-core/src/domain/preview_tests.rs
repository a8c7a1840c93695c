use super::*;
use crate::domain::{
    observed::ContainerState,
    test_samples::{api, container, known, name, record, render_with, service},
};

fn render(record: &AppRecord, observed: &Observed) -> Wanted {
    render_with(record, Some(&api()), observed.supervisor_gateway)
}

#[test]
fn first_target_is_foreseen_to_its_end_although_the_network_is_not_there() {
    let record = record([("web", service())]);
    let foreseen = preview(&record, Observed::default(), &render);
    let words: Vec<String> = foreseen.steps.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "pull image demo:1",
            "create the supervisor network",
            "create network 2167_default",
            "create volume 2167_store",
            "create the container of web",
            "connect web to supervisor0",
            "start web",
        ]
    );
    assert!(!foreseen.is_disruptive);
}

#[test]
fn lost_supervisor_network_does_not_look_like_a_new_container() {
    let record = record([("web", service())]);
    let settled = render_with(&record, Some(&api()), Some(IpAddr::V4(SUPERVISOR_GATEWAY)));
    let mut here = container("c", &settled.services[&name("web")].spec, ContainerState::Running, 1);
    here.networks.remove(SUPERVISOR_NETWORK);
    let observed = Observed {
        containers: vec![here],
        volumes: settled.volumes.iter().map(|(name, v)| (name.clone(), v.fingerprint().to_owned())).collect(),
        known_networks: known(&settled),
        ..Observed::default()
    };
    let foreseen = preview(&record, observed, &render);
    let web = &foreseen.services[&name("web")];
    assert_eq!(
        (web.change, web.because()),
        (super::super::explain::Change::Connect, "a network is missing".to_owned())
    );
}

use supervisor_proto::v1::{DependencyCondition, Restart, restart::Policy};

use super::*;
use crate::grpc::target::from_wire;

fn service(restart: Option<Policy>) -> v1::Service {
    let restart = restart.map(|policy| Restart { policy: policy.into(), maximum_retry_count: 0 });
    v1::Service { image: "a".to_owned(), restart, ..Default::default() }
}

/// `web` depends on `job` in this state, where `job` is of the target.
fn target(job: Option<v1::Service>, state: State, optional: bool) -> v1::Target {
    let condition = DependencyCondition { state: state.into(), optional, restart: false };
    let web = v1::Service {
        depends_on: vec!["job".to_owned()],
        dependency_conditions: HashMap::from([("job".to_owned(), condition)]),
        ..service(None)
    };
    let job = job.map(|job| ("job".to_owned(), job));
    let services = [("web".to_owned(), web)].into_iter().chain(job).collect();
    v1::Target { app_id: 7, name: "x".to_owned(), services, ..Default::default() }
}

fn name(text: &str) -> ServiceName {
    ServiceName::parse(text).unwrap()
}

fn is_refused(target: v1::Target) -> bool {
    match from_wire(target) {
        Err(CoreError::InvalidField { field, .. }) => field == "services.web.depends_on",
        other => panic!("{other:?}"),
    }
}

#[test]
fn job_without_a_restart_policy_is_not_restarted_when_its_end_is_waited_for() {
    let read = from_wire(target(Some(service(None)), State::Completed, false)).unwrap();
    assert_eq!(read.services[&name("job")].restart, RestartPolicy::No);
    assert_eq!(read.services[&name("web")].restart, RestartPolicy::Always);
    let read = from_wire(target(Some(service(None)), State::Healthy, false)).unwrap();
    assert_eq!(read.services[&name("job")].restart, RestartPolicy::Always);
    let tries = from_wire(target(Some(service(Some(Policy::OnFailure))), State::Completed, false)).unwrap();
    assert_eq!(tries.services[&name("job")].restart, RestartPolicy::OnFailure(0));
}

#[test]
fn job_that_never_ends_is_refused_when_its_end_is_waited_for() {
    for policy in [Policy::Always, Policy::UnlessStopped] {
        assert!(is_refused(target(Some(service(Some(policy))), State::Completed, false)));
    }
}

#[test]
fn absent_dependency_is_dropped_where_it_is_optional_and_refused_otherwise() {
    let read = from_wire(target(None, State::Healthy, true)).unwrap();
    let web = &read.services[&name("web")];
    assert!(web.depends_on.is_empty() && web.conditions.is_empty());
    assert!(is_refused(target(None, State::Healthy, false)));
}

#[test]
fn condition_of_a_service_that_is_no_dependency_is_refused() {
    let mut wrong = target(Some(service(None)), State::Healthy, false);
    wrong.services.get_mut("web").unwrap().depends_on.clear();
    let refused = from_wire(wrong);
    assert!(
        matches!(refused, Err(CoreError::InvalidField { field, .. }) if field.ends_with("depends_on.job"))
    );
}

#[test]
fn condition_that_asks_for_no_more_than_a_start_is_not_stored() {
    let read = from_wire(target(Some(service(None)), State::Started, false)).unwrap();
    assert!(read.services[&name("web")].conditions.is_empty());
    assert_eq!(read.services[&name("web")].depends_on.len(), 1);
}

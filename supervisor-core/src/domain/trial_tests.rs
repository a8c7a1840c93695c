use proptest::prelude::*;

use super::*;
use crate::domain::{
    dependency::Lack,
    record::ServiceIntent,
    rollout::TIMEOUT,
    test_samples::{name, record, service},
};

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn vitals(state: ContainerState, health: &str) -> Vitals {
    let started = "1".to_owned();
    Vitals { state, started, exit_code: 0, restarts: 0, health: health.to_owned(), check: None }
}

fn running(health: &str) -> Vitals {
    vitals(ContainerState::Running, health)
}

/// One service, `main`, on trial.
struct Case {
    record: AppRecord,
    probation: Probation,
}

impl Case {
    fn of(service: Service) -> Self {
        Self { record: record([("main", service)]), probation: Probation::default() }
    }

    fn at(&mut self, now: u64, vitals: Vitals) -> Verdict {
        self.of_container(now, "c1", vitals)
    }

    fn of_container(&mut self, now: u64, id: &str, vitals: Vitals) -> Verdict {
        let all = [(name("main"), (ContainerId(id.to_owned()), vitals))].into();
        self.probation.judge(Sight { record: &self.record, vitals: &all, waits: &[] }, s(now))
    }

    fn waiting(&mut self, now: u64, lack: Lack) -> Verdict {
        let waits = [Wait { service: name("main"), dependency: name("job"), lack }];
        let sight = Sight { record: &self.record, vitals: &BTreeMap::new(), waits: &waits };
        self.probation.judge(sight, s(now))
    }
}

fn is_failed(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Failed(_))
}

#[test]
fn service_with_a_check_passes_when_it_is_healthy_and_fails_when_its_time_is_over() {
    let mut case = Case::of(service());
    assert_eq!(case.at(100, running("starting")), Verdict::Open(Some(s(160))));
    assert_eq!(case.at(159, running("unhealthy")), Verdict::Open(Some(s(160))));
    assert!(is_failed(&case.at(160, running("unhealthy"))));
    assert_eq!(case.at(161, running("healthy")), Verdict::Passed);
}

#[test]
fn time_of_a_check_is_what_all_its_tries_take() {
    let check = CheckTimes { start_period: s(20), interval: s(30), timeout: s(10), retries: 3 };
    let mut case = Case::of(service());
    let slow = || Vitals { check: Some(check), ..running("starting") };
    assert_eq!(case.at(0, slow()), Verdict::Open(Some(s(140))));
    assert!(is_failed(&case.at(140, slow())));
}

#[test]
fn time_of_the_label_counts_over_that_of_the_check() {
    let labels = [(TIMEOUT.to_owned(), "5s".to_owned())].into();
    let mut case = Case::of(Service { labels, ..service() });
    case.at(0, running("starting"));
    assert!(is_failed(&case.at(5, running("starting"))));
}

#[test]
fn service_whose_label_gives_it_less_than_ten_seconds_passes_when_it_has_run_for_that_time() {
    let labels = [(TIMEOUT.to_owned(), "5s".to_owned())].into();
    let mut case = Case::of(Service { labels, ..service() });
    assert_eq!(case.at(0, running("")), Verdict::Open(Some(s(5))));
    assert_eq!(case.at(5, running("")), Verdict::Passed);
    let mut crashing = Case::of(case.record.target.services[&name("main")].clone());
    crashing.at(0, running(""));
    assert!(!is_failed(&crashing.at(4, Vitals { started: "2".to_owned(), ..running("") })));
    assert!(is_failed(&crashing.at(5, Vitals { started: "3".to_owned(), ..running("") })));
}

#[test]
fn service_without_a_check_passes_when_it_has_run_for_ten_seconds_in_a_row() {
    let mut case = Case::of(service());
    assert_eq!(case.at(0, running("")), Verdict::Open(Some(s(10))));
    let again = || Vitals { started: "2".to_owned(), restarts: 1, ..running("") };
    assert_eq!(case.at(9, again()), Verdict::Open(Some(s(19))));
    assert_eq!(case.at(18, again()), Verdict::Open(Some(s(19))));
    assert_eq!(case.at(19, again()), Verdict::Passed);
}

#[test]
fn service_that_never_runs_for_ten_seconds_fails() {
    let mut case = Case::of(service());
    let mut last = Verdict::Passed;
    for second in (0..=60).step_by(5) {
        last = case.at(second, Vitals { started: second.to_string(), restarts: second, ..running("") });
    }
    assert!(matches!(last, Verdict::Failed(why) if why.contains("started again 60 times")));
    let mut between = Case::of(service());
    between.at(0, vitals(ContainerState::Restarting, ""));
    assert!(is_failed(&between.at(60, vitals(ContainerState::Restarting, ""))));
}

#[test]
fn new_container_has_its_own_time() {
    let mut case = Case::of(service());
    case.at(0, running("starting"));
    assert_eq!(case.of_container(59, "c2", running("starting")), Verdict::Open(Some(s(119))));
}

#[test]
fn job_passes_with_exit_code_0_and_fails_with_another() {
    let job = || Service { restart: RestartPolicy::No, ..service() };
    let ended = |exit_code| Vitals { exit_code, ..vitals(ContainerState::Exited, "") };
    assert_eq!(Case::of(job()).at(0, ended(0)), Verdict::Passed);
    assert!(is_failed(&Case::of(job()).at(0, ended(3))));
    let mut long = Case::of(job());
    assert_eq!(long.at(0, running("")), Verdict::Open(Some(s(60))));
    assert_eq!(long.at(60, running("")), Verdict::Passed);
    let mut retried = Case::of(Service { restart: RestartPolicy::OnFailure(0), ..service() });
    assert!(!is_failed(&retried.at(0, ended(3))));
    assert!(is_failed(&retried.at(60, ended(3))));
    assert_eq!(retried.at(61, ended(0)), Verdict::Passed);
}

#[test]
fn service_that_was_stopped_by_hand_leaves_the_trial_open_and_one_of_the_target_does_not() {
    for (stopped, verdict) in [(false, Verdict::Open(None)), (true, Verdict::Passed)] {
        let mut case = Case::of(Service { stopped, ..service() });
        case.record.services.insert(name("main"), ServiceIntent { generation: 1, run: false });
        assert_eq!(case.at(1000, vitals(ContainerState::Exited, "")), verdict);
    }
}

#[test]
fn service_that_waits_has_no_time_until_waiting_alone_does_not_help() {
    let mut case = Case::of(service());
    assert_eq!(case.waiting(0, Lack::End), Verdict::Open(None));
    assert_eq!(case.waiting(1000, Lack::Unhealthy), Verdict::Open(Some(s(1060))));
    assert!(is_failed(&case.waiting(1060, Lack::Unhealthy)));
    assert_eq!(case.waiting(1061, Lack::Health), Verdict::Open(None));
}

#[test]
fn container_that_was_never_started_says_nothing() {
    let mut case = Case::of(service());
    assert_eq!(case.at(1000, vitals(ContainerState::Created, "")), Verdict::Open(None));
}

#[test]
fn release_passes_only_with_all_of_its_services_and_fails_with_any() {
    let record = record([("db", service()), ("web", service())]);
    let judge = |db: &str, web: &str, now: u64, probation: &mut Probation| {
        let of =
            |service: &str, health: &str| (name(service), (ContainerId(service.to_owned()), running(health)));
        let all = [of("db", db), of("web", web)].into();
        probation.judge(Sight { record: &record, vitals: &all, waits: &[] }, s(now))
    };
    let mut probation = Probation::default();
    assert_eq!(judge("healthy", "starting", 0, &mut probation), Verdict::Open(Some(s(60))));
    assert_eq!(judge("healthy", "healthy", 1, &mut probation), Verdict::Passed);
    let mut slow = Probation::default();
    judge("healthy", "starting", 0, &mut slow);
    assert!(is_failed(&judge("healthy", "starting", 60, &mut slow)));
}

#[test]
fn service_that_was_good_has_its_time_anew_a_few_times() {
    let mut case = Case::of(service());
    case.at(0, running("starting"));
    for relapse in 1..=3 {
        let now = relapse * 100;
        assert_eq!(case.at(now, running("healthy")), Verdict::Passed);
        assert_eq!(case.at(now + 1, running("unhealthy")), Verdict::Open(Some(s(now + 61))));
    }
    assert!(is_failed(&case.at(361, running("unhealthy"))));
    let mut again = Case::of(service());
    again.at(0, running(""));
    again.at(10, running(""));
    let restarted = || Vitals { started: "2".to_owned(), restarts: 1, ..running("") };
    assert_eq!(again.at(100, restarted()), Verdict::Open(Some(s(110))));
    assert_eq!(again.at(110, restarted()), Verdict::Passed);
}

#[test]
fn refusal_that_may_pass_fails_after_a_minute_and_is_forgotten_when_it_ends() {
    let mut case = Case::of(service());
    assert_eq!(case.probation.is_refused(s(0), s(60)), Verdict::Open(Some(s(60))));
    case.probation.forget_refusal();
    assert_eq!(case.probation.is_refused(s(61), s(60)), Verdict::Open(Some(s(121))));
    assert!(is_failed(&case.probation.is_refused(s(121), s(60))));
}

proptest! {
    /// Whatever a container does, its trial ends in its time: looked at when it asks to be, it never stays open.
    #[test]
    fn trial_of_a_started_service_ends_in_its_time(
        seen in prop::collection::vec((0_u8..4, 0_u8..4, 0_u64..3), 1..80),
        job in any::<bool>(),
    ) {
        let restart = if job { RestartPolicy::OnFailure(0) } else { RestartPolicy::Always };
        let mut case = Case::of(Service { restart, ..service() });
        let mut now = s(0);
        for (state, health, started) in seen.into_iter().cycle().take(200) {
            let state = [ContainerState::Running, ContainerState::Restarting, ContainerState::Exited,
                ContainerState::Paused][usize::from(state)].clone();
            let health = ["", "starting", "healthy", "unhealthy"][usize::from(health)];
            let vitals = Vitals { started: started.to_string(), exit_code: 1, ..vitals(state, health) };
            match case.at(now.as_secs(), vitals) {
                Verdict::Open(at) => {
                    let at = at.expect("it says when to look again");
                    prop_assert!(at > now && at <= s(60));
                    now = at.min(now + s(7));
                }
                Verdict::Passed | Verdict::Failed(_) => return Ok(()),
            }
        }
        prop_assert!(false, "the trial does not end");
    }
}

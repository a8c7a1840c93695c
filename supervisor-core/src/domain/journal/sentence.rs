//! What a fleet's operator reads in an app's log about what core does with it.

use supervisor_proto::ids::ServiceName;

use crate::domain::{
    event::{Happening, LockChange, What},
    step::Step,
};

/// One sentence, and the service that it is about; `None` for what an operator need not know.
pub fn of(what: &What) -> Option<(Option<&ServiceName>, String)> {
    match what {
        What::StepBegun { step, reason, .. } => begun(step, reason).map(|text| (step.service(), text)),
        What::StepEnded { step, error, .. } => ended(step, error).map(|text| (step.service(), text)),
        What::ContainerChanged { service, happening, .. } => {
            changed(happening).map(|text| (service.as_ref(), text))
        }
        What::LocksChanged(LockChange::Overridden) => {
            Some((None, "The app's update locks are overridden".to_owned()))
        }
        What::CycleEnded { error } if !error.is_empty() => {
            Some((None, format!("Not as wanted yet: {error}")))
        }
        What::ReleasePassed { commit } => Some((None, format!("Release {commit} runs as it should"))),
        What::ReleaseFailed { commit, restored_commit, reason } => {
            let instead = match restored_commit.as_str() {
                "" => "nothing may take its place".to_owned(),
                restored => format!("{restored} takes its place"),
            };
            Some((None, format!("Release {commit} was given up, {instead}: {reason}")))
        }
        What::LocksChanged(LockChange::Taken | LockChange::Released)
        | What::CycleEnded { .. }
        | What::ActionAccepted { .. }
        | What::PullProgress { .. }
        | What::EngineChanged { .. }
        | What::CallEnded { .. } => None,
    }
}

fn begun(step: &Step, reason: &str) -> Option<String> {
    let because = |text: &str| {
        if reason.is_empty() { text.to_owned() } else { format!("{text} because {reason}") }
    };
    Some(match step {
        Step::PullImage { image } => format!("Downloading image {image}"),
        Step::StopContainer { .. } => because("Stopping"),
        Step::RemoveContainer { .. } => because("Removing the container"),
        Step::CreateContainer { .. } => because("Installing"),
        Step::StartContainer { .. } => because("Starting"),
        Step::AwaitHandover { .. } => because("Waiting for the new container to take over"),
        Step::RemoveImage { image } => format!("Removing image {image}"),
        Step::EmptyData => because("Emptying the app's data"),
        Step::RemoveVolume { .. }
        | Step::RenameContainer { .. }
        | Step::RecordEmptied
        | Step::CreateSupervisorNetwork
        | Step::CreateNetwork { .. }
        | Step::CreateVolume { .. }
        | Step::ConnectNetwork { .. }
        | Step::CloseIntents
        | Step::RemoveNetwork { .. }
        | Step::ForgetApp => return None,
    })
}

fn ended(step: &Step, error: &str) -> Option<String> {
    match step {
        _ if !error.is_empty() => Some(format!("Could not {step}: {error}")),
        Step::PullImage { image } => Some(format!("Downloaded image {image}")),
        _ => None,
    }
}

fn changed(happening: &Happening) -> Option<String> {
    match happening {
        Happening::Died { exit_code: Some(code) } => Some(format!("Exited with code {code}")),
        Happening::Died { exit_code: None } => Some("Exited".to_owned()),
        Happening::Started => Some("Started".to_owned()),
        Happening::Health(health) => Some(format!("Health is now {health}")),
        Happening::Created | Happening::Destroyed | Happening::Paused | Happening::Unpaused => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(what: &What) -> Option<String> {
        of(what).map(|(_, text)| text)
    }

    #[test]
    fn sentence_of_a_step_tells_why_and_of_what_service() {
        let service = ServiceName::parse("main").unwrap();
        let step = Step::CreateContainer { service: service.clone() };
        let what = What::StepBegun { step, number: 1, of: 2, reason: "its image changed".to_owned() };
        assert_eq!(of(&what), Some((Some(&service), "Installing because its image changed".to_owned())));
    }

    #[test]
    fn what_changes_nothing_for_an_operator_is_not_told() {
        let image = "r/v2/aa".to_owned();
        assert_eq!(text(&What::PullProgress { image, percent: 3, done_bytes: 3, total_bytes: 100 }), None);
        assert_eq!(text(&What::CycleEnded { error: String::new() }), None);
        assert_eq!(text(&What::LocksChanged(LockChange::Taken)), None);
        let done = What::StepEnded { step: Step::CloseIntents, duration_ms: 1, error: String::new() };
        assert_eq!(text(&done), None);
    }

    #[test]
    fn failures_are_told() {
        let step = Step::PullImage { image: "r/v2/aa".to_owned() };
        let failed = What::StepEnded { step, duration_ms: 1, error: "no space".to_owned() };
        assert_eq!(text(&failed).as_deref(), Some("Could not pull image r/v2/aa: no space"));
        assert!(text(&What::CycleEnded { error: "no engine".to_owned() }).is_some());
        let release = What::ReleaseFailed {
            commit: "new".to_owned(),
            restored_commit: "old".to_owned(),
            reason: "main is not healthy".to_owned(),
        };
        let said = text(&release).unwrap();
        assert!(["new", "old", "main is not healthy"].iter().all(|part| said.contains(part)), "{said}");
    }
}

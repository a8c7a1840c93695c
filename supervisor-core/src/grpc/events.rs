//! `supervisor.core.v1.Events`.

use futures_util::{StreamExt, future::ready, stream::BoxStream};
use supervisor_proto::{
    ids::AppId,
    v1::{self, FollowRequest, events_server::Events},
};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};
use tonic::{Request, Response, Status};

use super::{plan::step_to_wire, server::until_closing, status::to_status};
use crate::{
    domain::event::{Event, Happening, LockChange, What},
    error::CoreError,
    event_feed::EventFeed,
};

/// The service.
pub struct EventsService {
    /// What it passes on.
    pub feed: EventFeed,
    /// True once core is ending.
    pub closing: tokio::sync::watch::Receiver<bool>,
}

#[tonic::async_trait]
impl Events for EventsService {
    type FollowStream = BoxStream<'static, Result<v1::Event, Status>>;

    async fn follow(&self, request: Request<FollowRequest>) -> Result<Response<Self::FollowStream>, Status> {
        let app = match request.into_inner().app_id {
            0 => None,
            id => Some(AppId::new(id).map_err(|error| to_status(&CoreError::from(error)))?),
        };
        let events = BroadcastStream::new(self.feed.follow()).filter_map(move |event| {
            ready(match event {
                Ok(event) => concerns(&event, app).then(|| Ok(to_wire(event))),
                Err(BroadcastStreamRecvError::Lagged(count)) => Some(Ok(missed(count))),
            })
        });
        Ok(Response::new(until_closing(events, self.closing.clone())))
    }
}

/// Whether a follower of `app` wants to hear of the event.
fn concerns(event: &Event, app: Option<AppId>) -> bool {
    match (app, event.app) {
        (None, _) => true,
        (Some(wanted), Some(app)) => wanted == app,
        (Some(_), None) => matches!(event.what, What::EngineChanged { .. }),
    }
}

fn missed(count: u64) -> v1::Event {
    let what = v1::event::What::EventsMissed(v1::EventsMissed { count });
    v1::Event { what: Some(what), ..v1::Event::default() }
}

fn to_wire(event: Event) -> v1::Event {
    use v1::event::What as Wire;
    let what = match event.what {
        What::ActionAccepted { action, force } => {
            Wire::ActionAccepted(v1::ActionAccepted { action: action.to_owned(), force })
        }
        What::StepBegun { step, number, of, reason } => Wire::StepBegun(v1::StepBegun {
            step: Some(step_to_wire(&step)),
            number: u32::try_from(number).unwrap_or(u32::MAX),
            of: u32::try_from(of).unwrap_or(u32::MAX),
            reason,
        }),
        What::StepEnded { step, duration_ms, error } => {
            Wire::StepEnded(v1::StepEnded { step: Some(step_to_wire(&step)), duration_ms, error })
        }
        What::PullProgress { image, percent, done_bytes, total_bytes } => {
            Wire::PullProgress(v1::PullProgress { image, percent, done_bytes, total_bytes })
        }
        What::ContainerChanged { service, container, happening } => {
            let (word, exit_code, health) = happening_to_wire(happening);
            Wire::ContainerChanged(v1::ContainerChanged {
                service: service.map(|name| name.to_string()).unwrap_or_default(),
                container_id: container.to_string(),
                happening: word.to_owned(),
                exit_code,
                health,
            })
        }
        What::LocksChanged(change) => {
            Wire::LocksChanged(v1::LocksChanged { change: lock_change(change).into() })
        }
        What::CycleEnded { error } => Wire::CycleEnded(v1::CycleEnded { error }),
        What::ReleasePassed { commit } => Wire::ReleasePassed(v1::ReleasePassed { commit }),
        What::ReleaseFailed { commit, restored_commit, reason } => {
            Wire::ReleaseFailed(v1::ReleaseFailed { commit, restored_commit, reason })
        }
        What::EngineChanged { available } => Wire::EngineChanged(v1::EngineChanged { available }),
        What::CallEnded { uid, role, method, outcome, duration_ms, request_id } => {
            let role = role.to_owned();
            Wire::CallEnded(v1::CallEnded { uid, role, method, outcome, duration_ms, request_id })
        }
    };
    v1::Event { time_ms: event.time_ms, app_id: event.app.map_or(0, AppId::get), what: Some(what) }
}

fn happening_to_wire(happening: Happening) -> (&'static str, Option<i32>, String) {
    let (word, exit_code) = match happening {
        Happening::Health(health) => return ("health", None, health),
        Happening::Died { exit_code } => ("die", exit_code),
        Happening::Created => ("create", None),
        Happening::Started => ("start", None),
        Happening::Destroyed => ("destroy", None),
        Happening::Paused => ("pause", None),
        Happening::Unpaused => ("unpause", None),
    };
    (word, exit_code, String::new())
}

const fn lock_change(change: LockChange) -> v1::locks_changed::Change {
    match change {
        LockChange::Taken => v1::locks_changed::Change::Taken,
        LockChange::Released => v1::locks_changed::Change::Released,
        LockChange::Overridden => v1::locks_changed::Change::Overridden,
    }
}

#[cfg(test)]
#[path = "events_documentation_tests.rs"]
mod documentation_tests;

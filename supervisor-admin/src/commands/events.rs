//! `events`.

use supervisor_proto::{client::CallError, ids::AppId, v1::FollowRequest};

use super::Session;
use crate::{args::EventsArgs, failure::Failure, render, views::EventView};

/// Goes on until Ctrl-C, or until core ends.
pub(super) async fn run(session: &mut Session<'_>, args: &EventsArgs) -> Result<(), Failure> {
    let request = FollowRequest { app_id: args.app.map_or(0, AppId::get) };
    let mut events = session.client.follow(request, &session.request_id).await?;
    while let Some(event) = events.message().await.map_err(CallError::from)? {
        let view = EventView::from(event);
        session.output.answer(&view, |coloured| render::event(&view, coloured))?;
    }
    Err(Failure::CoreEnded)
}

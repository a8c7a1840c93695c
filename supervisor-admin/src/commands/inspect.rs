//! `app list` and `app show`.

use supervisor_proto::{ids::AppId, v1::ListRequest};

use super::Session;
use crate::{failure::Failure, render, views::AppsView};

pub(super) async fn list(session: &mut Session<'_>) -> Result<(), Failure> {
    let view = AppsView::from(session.client.list(ListRequest {}, &session.request_id).await?);
    session.output.answer(&view, |coloured| render::apps(&view, coloured))
}

pub(super) async fn show(session: &mut Session<'_>, id: AppId) -> Result<(), Failure> {
    let list = AppsView::from(session.client.list(ListRequest {}, &session.request_id).await?);
    let app = list.apps.into_iter().find(|app| app.app_id == id.get()).ok_or(Failure::NoSuchApp(id))?;
    session.output.answer(&app, |coloured| render::app(&app, coloured))
}

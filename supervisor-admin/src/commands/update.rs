//! `update`.

use supervisor_proto::v1::UpdateRequest;

use super::Session;
use crate::{args::UpdateArgs, failure::Failure, views::UpdateView};

pub(super) async fn run(session: &mut Session<'_>, update: UpdateArgs) -> Result<(), Failure> {
    let UpdateArgs { force, cancel, apply } = update;
    let request = UpdateRequest { force: force.force, cancel, apply };
    session.client.update(request, &session.request_id).await?;
    let view = UpdateView { action: "update", force: force.force, cancel, apply };
    session.output.answer(&view, |_| {
        let said = match (cancel, apply) {
            (true, _) => "running downloads are aborted\n",
            (false, true) => "what waits for its time is carried out as soon as it is downloaded\n",
            (false, false) => "every app is looked after\n",
        };
        said.to_owned()
    })
}

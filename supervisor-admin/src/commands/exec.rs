//! `app exec`.

use supervisor_proto::v1::{OpenTerminal, terminal_output::Output};

use super::{
    Session,
    attach::{Attached, exit_code},
};
use crate::{args::ExecArgs, failure::Failure};

pub(super) async fn run(session: &mut Session<'_>, args: &ExecArgs) -> Result<u8, Failure> {
    let open = OpenTerminal {
        app_id: args.id.get(),
        service: args.service.as_ref().map(ToString::to_string).unwrap_or_default(),
        command: args.command.clone(),
        ..OpenTerminal::default()
    };
    let mut attached = Attached::open(session, open).await?;
    attached.send_stdin(true);
    loop {
        match attached.next().await? {
            Output::Data(bytes) => session.output.bytes(&bytes)?,
            Output::Stderr(bytes) => session.output.error_bytes(&bytes)?,
            Output::Ended(ended) => return exit_code(ended),
            Output::Opened(_) => {}
        }
    }
}

//! One file per verb: a call, an answer.

mod apply;
mod attach;
mod control;
mod doctor;
mod events;
mod exec;
mod inspect;
mod key;
mod logs;
mod man;
mod plan;
mod policy;
mod power;
mod shell;
mod status;
mod tcp_ping;
mod update;

use clap::CommandFactory as _;
use supervisor_proto::client::CoreClient;

use crate::{
    args::{AppVerb, Args, Verb},
    failure::Failure,
    output::Output,
    request_id,
};

/// What every verb needs.
#[derive(Debug)]
struct Session<'a> {
    args: &'a Args,
    client: CoreClient,
    /// The same for all calls of this run.
    request_id: String,
    output: &'a mut Output,
}

/// Carries out the verb of the command line. The exit code is another than 0 where a verb has more than one
/// good end.
pub async fn run(args: &Args, output: &mut Output) -> Result<u8, Failure> {
    let name = concat!("supervisor-admin/", env!("CARGO_PKG_VERSION"));
    let client = CoreClient::new(&args.core_socket, name);
    let mut session = Session { args, client, request_id: request_id::new(), output };
    log::debug!("started socket={} request_id={}", args.core_socket.display(), session.request_id);
    match &args.verb {
        Verb::Doctor(doctor) => return doctor::run(&mut session, doctor).await,
        Verb::App { verb } => return app(&mut session, verb).await,
        Verb::Status => status::run(&mut session).await,
        Verb::Events(events) => events::run(&mut session, events).await,
        Verb::Update(update) => update::run(&mut session, *update).await,
        Verb::Reboot(force) => power::run(&mut session, power::Power::Reboot, *force).await,
        Verb::Shutdown(force) => power::run(&mut session, power::Power::Shutdown, *force).await,
        Verb::TcpPing { switch } => tcp_ping::run(&mut session, *switch).await,
        Verb::Key { verb } => key::run(&mut session, *verb).await,
        Verb::Policy { verb } => policy::run(&mut session, verb).await,
        Verb::Man { out_dir } => man::run(&mut session, out_dir.as_deref()),
        Verb::Completions { shell } => completions(&mut session, *shell),
    }?;
    Ok(0)
}

async fn app(session: &mut Session<'_>, verb: &AppVerb) -> Result<u8, Failure> {
    use control::Action;
    match verb {
        AppVerb::Apply(apply) => return apply::run(session, apply).await,
        AppVerb::Shell(shell) => return shell::run(session, shell).await,
        AppVerb::Exec(exec) => return exec::run(session, exec).await,
        AppVerb::Plan(plan) => return plan::run(session, plan).await,
        AppVerb::List => inspect::list(session).await,
        AppVerb::Show { id } => inspect::show(session, *id).await,
        AppVerb::Remove(app) => control::run(session, Action::Remove, app.id, app.force, &[]).await,
        AppVerb::Purge(app) => control::run(session, Action::Purge, app.id, app.force, &[]).await,
        AppVerb::Start(app) => control::run(session, Action::Start, app.id, app.force, &app.services).await,
        AppVerb::Stop(app) => control::run(session, Action::Stop, app.id, app.force, &app.services).await,
        AppVerb::Restart(app) => {
            control::run(session, Action::Restart, app.id, app.force, &app.services).await
        }
        AppVerb::Logs(logs) => logs::run(session, logs).await,
    }?;
    Ok(0)
}

fn completions(session: &mut Session<'_>, shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "supervisor-admin", &mut script);
    session.output.bytes(&script)
}

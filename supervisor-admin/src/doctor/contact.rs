//! Whether core can be reached, by whom, and if not, why.

use std::path::Path;

use supervisor_proto::v1::Role;

use super::{
    Check, Finding,
    facts::{CoreFacts, CoreTrouble, Facts, FileFacts, LocalFacts, SocketFile},
};

/// Bits that let everybody else in.
const OTHERS: u32 = 0o007;

pub(super) fn evaluate(facts: &Facts) -> Vec<Finding> {
    let local = &facts.local;
    match &facts.core {
        Ok(core) => vec![socket(local), role(local, core)],
        Err(CoreTrouble::Unreachable) => {
            let mut findings = vec![no_contact(local)];
            findings.extend(process(local));
            findings
        }
        Err(CoreTrouble::Closed) => vec![closed(local)],
        Err(CoreTrouble::NoRole) => vec![Finding::fail(
            Check::Role,
            format!("uid {} gid {} has no role", local.uid, local.gid),
            "run as root, or with ADMIN_GID as the primary group (`sg GROUP -c 'supervisor-admin …'`)",
        )],
        Err(CoreTrouble::OtherContract(sentence)) => {
            vec![Finding::fail(
                Check::Contract,
                sentence.clone(),
                "install the same release of core and of this tool",
            )]
        }
        Err(CoreTrouble::Silent(sentence)) => vec![Finding::fail(
            Check::Core,
            format!("core was reached and gave no proper answer: {sentence}"),
            "look at its log: `journalctl -u supervisor-core -n 50`, or `docker logs --tail 50 supervisor-core`",
        )],
    }
}

fn socket(local: &LocalFacts) -> Finding {
    let path = local.socket.display();
    match &local.socket_file {
        SocketFile::Socket { file, folder } if file.mode & OTHERS != 0 || folder.mode & OTHERS != 0 => {
            Finding::warn(
                Check::Socket,
                format!("{path} is open to everybody ({}, folder {})", shown(*file), shown(*folder)),
                "restart core: it puts the modes right",
            )
        }
        SocketFile::Socket { file, folder } => {
            Finding::ok(Check::Socket, format!("{path} ({}, folder {})", shown(*file), shown(*folder)))
        }
        SocketFile::Hidden | SocketFile::Missing | SocketFile::NotASocket => {
            Finding::ok(Check::Socket, format!("{path} answers"))
        }
    }
}

fn shown(file: FileFacts) -> String {
    format!("uid {} gid {} mode {:04o}", file.uid, file.gid, file.mode)
}

fn role(local: &LocalFacts, core: &CoreFacts) -> Finding {
    let who = format!("uid {} gid {}", local.uid, local.gid);
    let version = &core.hello.core_version;
    match core.hello.role {
        Role::Admin => Finding::ok(Check::Role, format!("core {version} takes you ({who}) for role admin")),
        Role::Frontend => Finding::warn(
            Check::Role,
            format!("core {version} takes you ({who}) for role frontend, which sees little"),
            "run as root, or with ADMIN_GID as the primary group",
        ),
        Role::Unspecified => Finding::fail(
            Check::Role,
            format!("core {version} gives you ({who}) no role"),
            "run as root, or with ADMIN_GID as the primary group",
        ),
    }
}

fn no_contact(local: &LocalFacts) -> Finding {
    let path = local.socket.display();
    match &local.socket_file {
        SocketFile::Hidden => closed(local),
        SocketFile::Missing if local.core_pid.is_some() => Finding::fail(
            Check::Socket,
            format!("there is no socket {path}"),
            "core runs: give this tool the CORE_SOCKET that core has (--core-socket)",
        ),
        SocketFile::Missing => {
            Finding::fail(Check::Socket, format!("there is no socket {path}"), "start core, see `process`")
        }
        SocketFile::NotASocket => Finding::fail(
            Check::Socket,
            format!("{path} is not a socket"),
            "remove it or choose another CORE_SOCKET: core refuses to replace it",
        ),
        SocketFile::Socket { .. } => Finding::fail(
            Check::Socket,
            format!("{path} is stale: nobody listens on it"),
            "start core, see `process`; it replaces the socket by itself",
        ),
    }
}

fn closed(local: &LocalFacts) -> Finding {
    let folder = local.socket.parent().unwrap_or(Path::new("/")).display();
    Finding::fail(
        Check::Socket,
        format!("uid {} gid {} may not open {}", local.uid, local.gid, local.socket.display()),
        format!(
            "run as root, or with ADMIN_GID as the primary group and SOCKET_GID as a further one (see `ls -ld {folder}`)"
        ),
    )
}

fn process(local: &LocalFacts) -> Vec<Finding> {
    let mut findings = vec![match local.core_pid {
        Some(pid) => Finding::warn(
            Check::Process,
            format!("a supervisor-core runs, pid {pid}, but does not answer here"),
            "it may have just started, or listen on another CORE_SOCKET; its log says",
        ),
        None => Finding::fail(
            Check::Process,
            "no supervisor-core runs that this process can see",
            "start it: `systemctl start supervisor-core`, or `docker compose up -d`",
        ),
    }];
    if let Some(unit) = &local.core_unit {
        let text = format!("supervisor-core.service is {} (result {})", unit.active, unit.result);
        findings.push(match unit.active.as_str() {
            "active" => Finding::ok(Check::Unit, text),
            "failed" => Finding::fail(Check::Unit, text, "`journalctl -u supervisor-core -n 50` says why"),
            _ => Finding::warn(Check::Unit, text, "`systemctl start supervisor-core`"),
        });
    }
    findings
}

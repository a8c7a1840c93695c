//! `supervisor.core.v1.Diagnostics`.

use std::sync::Arc;

use supervisor_proto::v1::{
    ClockReport, DiskReport, EngineReport, ExamineReply, ExamineRequest, FrontendReport, IgnoredFieldReport,
    LockReport, PolicyReport, PowerReport, RolesReport, diagnostics_server::Diagnostics,
};
use tonic::{Request, Response, Status};

use super::roles::RolePolicy;
use crate::{
    actions::diagnose::{Diagnosis, Disk, Examination},
    policy_file::PolicyFile,
    reconcile::Reconciler,
};

/// The service.
pub struct DiagnosticsService {
    /// What it asks.
    pub diagnosis: Arc<Diagnosis>,
    /// Whom core takes for whom.
    pub policy: RolePolicy,
    /// Group of the socket.
    pub socket_gid: u32,
    /// The owner's policy file.
    pub policy_file: PolicyFile,
    /// Whose policy is in force.
    pub reconciler: Arc<Reconciler>,
}

#[tonic::async_trait]
impl Diagnostics for DiagnosticsService {
    async fn examine(&self, _request: Request<ExamineRequest>) -> Result<Response<ExamineReply>, Status> {
        let mut reply = to_wire(self.diagnosis.examine().await);
        reply.roles = Some(RolesReport {
            frontend_uid: self.policy.frontend_uid,
            admin_gid: self.policy.admin_gid,
            socket_gid: self.socket_gid,
        });
        reply.policy = Some(self.policy_report());
        Ok(Response::new(reply))
    }
}

impl DiagnosticsService {
    fn policy_report(&self) -> PolicyReport {
        let path = self.policy_file.path.as_ref().map(|path| path.display().to_string());
        let grants = self.reconciler.context().policy.borrow().grants.len();
        PolicyReport {
            path: path.unwrap_or_default(),
            grants: u32::try_from(grants).unwrap_or(u32::MAX),
            reload_problem: self.policy_file.reload_problem(),
        }
    }
}

fn to_wire(found: Examination) -> ExamineReply {
    let engine = match found.engine {
        Ok(info) => EngineReport {
            problem: String::new(),
            version: info.version,
            api_version: info.api_version,
            storage_driver: info.storage_driver,
            data_root: info.data_root,
        },
        Err(problem) => EngineReport { problem, ..EngineReport::default() },
    };
    let locks = found.locks.into_iter().map(|(app, lock)| LockReport {
        app_id: app.get(),
        path: lock.path,
        host_path: lock.host_path,
        ours: lock.ours,
        since_s: lock.since_s,
        uid: lock.uid,
    });
    let ignored = found.ignored_fields.into_iter();
    let ignored = ignored.map(|(app, field)| IgnoredFieldReport { app_id: app.get(), field });
    ExamineReply {
        engine: Some(engine),
        power: Some(PowerReport {
            reboot_problem: found.reboot.err().unwrap_or_default(),
            power_off_problem: found.power_off.err().unwrap_or_default(),
        }),
        clock: Some(ClockReport {
            synchronised: found.clock == Ok(true),
            problem: found.clock.err().unwrap_or_default(),
        }),
        frontend: Some(FrontendReport {
            connected: found.frontend_connected,
            key_known: found.api_port.is_some(),
            port: found.api_port.unwrap_or_default().into(),
        }),
        roles: None,
        disks: found.disks.into_iter().map(disk_to_wire).collect(),
        locks: locks.collect(),
        lock_problems: found.lock_problems,
        policy: None,
        ignored_fields: ignored.collect(),
    }
}

fn disk_to_wire(disk: Disk) -> DiskReport {
    let space = disk.space.clone().unwrap_or_default();
    DiskReport {
        what: disk.what.to_owned(),
        path: disk.path,
        problem: disk.space.err().unwrap_or_default(),
        not_visible: disk.not_visible,
        free_bytes: space.free_bytes,
        total_bytes: space.total_bytes,
        free_inodes: space.free_inodes,
        total_inodes: space.total_inodes,
    }
}

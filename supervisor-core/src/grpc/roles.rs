//! Who may call what: roles by the kernel's word about the caller, and one table of every method.

use supervisor_proto::v1::Role as WireRole;

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The public HTTP process.
    Frontend,
    /// The device's owner.
    Admin,
}

impl Role {
    /// The role's name in log lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Frontend => "frontend",
            Self::Admin => "admin",
        }
    }

    /// The role on the wire.
    pub const fn to_wire(self) -> WireRole {
        match self {
            Self::Frontend => WireRole::Frontend,
            Self::Admin => WireRole::Admin,
        }
    }
}

/// Which uids and gids have which role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolePolicy {
    /// The frontend's uid.
    pub frontend_uid: u32,
    /// Primary group of administrators.
    pub admin_gid: Option<u32>,
}

impl RolePolicy {
    /// The caller's role. The frontend's uid is looked at first: whatever its gid, it is never more. A
    /// frontend that runs as uid 0 would make the rule void, so uid 0 is always the owner.
    pub fn role(self, uid: u32, gid: u32) -> Option<Role> {
        if uid == self.frontend_uid && uid != 0 {
            Some(Role::Frontend)
        } else if uid == 0 || self.admin_gid == Some(gid) {
            Some(Role::Admin)
        } else {
            None
        }
    }
}

/// Who may call a method, and whether the call leaves an audit line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Role frontend may call it.
    pub frontend: bool,
    /// It changes something, or shows a secret.
    pub audited: bool,
}

const READ: Rule = Rule { frontend: true, audited: false };
const CHANGE: Rule = Rule { frontend: true, audited: true };
/// Changes nothing, but shows what an app may keep secret.
const SHOW: Rule = Rule { frontend: true, audited: true };
const OWNER: Rule = Rule { frontend: false, audited: true };
const TOOLS: Rule = Rule { frontend: false, audited: false };

/// Every method; one without a line here is refused to everybody. Role admin may call them all, except
/// those that only make sense for the frontend itself.
const RULES: &[(&str, Rule)] = &[
    ("/supervisor.core.v1.Contract/Hello", READ),
    ("/supervisor.core.v1.Power/Reboot", CHANGE),
    ("/supervisor.core.v1.Power/PowerOff", CHANGE),
    ("/supervisor.core.v1.Apps/Apply", CHANGE),
    ("/supervisor.core.v1.Apps/List", READ),
    ("/supervisor.core.v1.Apps/Watch", READ),
    ("/supervisor.core.v1.Apps/Restart", CHANGE),
    ("/supervisor.core.v1.Apps/Purge", CHANGE),
    ("/supervisor.core.v1.Apps/Start", CHANGE),
    ("/supervisor.core.v1.Apps/Stop", CHANGE),
    ("/supervisor.core.v1.Apps/Remove", CHANGE),
    ("/supervisor.core.v1.Apps/Update", CHANGE),
    ("/supervisor.core.v1.Apps/Logs", OWNER),
    ("/supervisor.core.v1.Planner/Plan", TOOLS),
    ("/supervisor.core.v1.Policy/Explain", TOOLS),
    ("/supervisor.core.v1.Diagnostics/Examine", TOOLS),
    ("/supervisor.core.v1.Inspection/DescribeApp", SHOW),
    ("/supervisor.core.v1.Events/Follow", TOOLS),
    ("/supervisor.core.v1.Journal/Follow", SHOW),
    ("/supervisor.core.v1.Connectivity/SetHeartbeat", CHANGE),
    ("/supervisor.core.v1.Connectivity/SetVpn", CHANGE),
    ("/supervisor.core.v1.Connectivity/GetConnectivity", READ),
    ("/supervisor.core.v1.Connectivity/WatchConnectivity", READ),
    ("/supervisor.core.v1.ApiAccess/SetApiAccess", CHANGE),
    ("/supervisor.core.v1.ApiAccess/GetApiAccess", OWNER),
    ("/supervisor.core.v1.ApiAccess/RotateApiKey", OWNER),
    ("/supervisor.core.v1.ApiAccess/WatchRotations", READ),
    ("/supervisor.core.v1.Registry/SetAccess", CHANGE),
    ("/supervisor.core.v1.DeviceIdentity/Record", CHANGE),
    ("/supervisor.core.v1.Terminal/Attach", CHANGE),
    ("/grpc.health.v1.Health/Check", READ),
    ("/grpc.health.v1.Health/Watch", READ),
    ("/grpc.health.v1.Health/List", READ),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", TOOLS),
];

/// Methods of the frontend's own, which would only confuse if somebody else called them.
const FRONTEND_ONLY: &[&str] =
    &["/supervisor.core.v1.ApiAccess/SetApiAccess", "/supervisor.core.v1.ApiAccess/WatchRotations"];

/// The rule of a method, if it has one.
pub fn rule(method: &str) -> Option<Rule> {
    RULES.iter().find(|(name, _)| *name == method).map(|(_, rule)| *rule)
}

/// Whether `role` may call `method`.
pub fn may_call(role: Role, method: &str) -> bool {
    match (role, rule(method)) {
        (_, None) => false,
        (Role::Frontend, Some(found)) => found.frontend,
        (Role::Admin, Some(_)) => !FRONTEND_ONLY.contains(&method),
    }
}

#[cfg(test)]
#[path = "roles_tests.rs"]
mod tests;

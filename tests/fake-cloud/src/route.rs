//! What a device may ask for.

/// One kind of request; also what a [`Fault`](crate::Fault) is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    /// `POST /device/register`
    Register,
    /// `GET /v7/device(uuid='<uuid>')`
    Devices,
    /// `POST /api-key/device/<id>/device-key`
    KeyExchange,
    /// `GET /device/v3/<uuid>/state`
    State,
    /// `PATCH /device/v3/state`
    Report,
    /// `POST /device/v2/<uuid>/logs`
    Logs,
    /// `POST /device/v2/<uuid>/log-stream`
    LogStream,
    /// `GET /auth/v1/token`
    Token,
    /// `GET /ping`
    Ping,
    /// `GET /connectivity-check`
    Connectivity,
    /// Anything else.
    Other,
}

impl Route {
    /// The kind of a request, and the part of its path that names a device.
    pub(crate) fn of<'a>(method: &str, path: &'a str) -> (Self, &'a str) {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (method, parts.as_slice()) {
            ("POST", ["device", "register"]) => (Self::Register, ""),
            ("GET", ["v7", device]) if *device == "device" || device.starts_with("device(uuid=") => {
                (Self::Devices, device)
            }
            ("POST", ["api-key", "device", id, "device-key"]) => (Self::KeyExchange, id),
            ("GET", ["device", "v3", uuid, "state"]) => (Self::State, uuid),
            ("PATCH", ["device", "v3", "state"]) => (Self::Report, ""),
            ("POST", ["device", "v2", uuid, "logs"]) => (Self::Logs, uuid),
            ("POST", ["device", "v2", uuid, "log-stream"]) => (Self::LogStream, uuid),
            ("GET", ["auth", "v1", "token"]) => (Self::Token, ""),
            ("GET", ["ping"]) => (Self::Ping, ""),
            ("GET", ["connectivity-check"]) => (Self::Connectivity, ""),
            _ => (Self::Other, ""),
        }
    }
}

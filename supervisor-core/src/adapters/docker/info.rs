//! What the engine says about itself: `/version` and `/info`.

use hyper014::Method;

use super::{
    answers::{Info, Version},
    transport::{Call, QUICK, Transport},
};
use crate::ports::engine::{EngineError, EngineInfo};

/// `GET /version`, `GET /info`.
pub async fn info(transport: &Transport) -> Result<EngineInfo, EngineError> {
    let version: Version =
        transport.get(Call::new(Method::GET, "/version".to_owned(), "tell its version"), QUICK).await?;
    let info: Info =
        transport.get(Call::new(Method::GET, "/info".to_owned(), "describe itself"), QUICK).await?;
    Ok(EngineInfo {
        version: version.engine,
        api_version: version.newest_api,
        storage_driver: info.driver,
        data_root: info.docker_root_dir,
    })
}

//! What a compose file takes from around it: the caller's environment, `.env`, `env_file`, profiles. Files are
//! read with the caller's own rights.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use serde_json::Value;
use supervisor_proto::compose::{env_files, parse_env, put_environment, select_profiles, substitute};

use crate::failure::Failure;

/// The largest file of variables that is read, in bytes.
const MAX_BYTES: usize = 1024 * 1024;
/// Read beside the compose file, when it is there.
const DEFAULT_FILE: &str = ".env";

/// What a compose file takes from around it.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// Where relative paths of the compose file begin; none: the working folder.
    folder: PathBuf,
    /// The caller's environment over the file of variables.
    variables: BTreeMap<String, String>,
    /// The profiles that are asked for.
    profiles: BTreeSet<String>,
}

impl Surroundings {
    /// Those of `file` (`-`: standard input), with the variables of `env_file` instead of the default file's.
    pub fn of(file: &Path, env_file: Option<&Path>, profiles: &[String]) -> Result<Self, Failure> {
        let is_file = file.as_os_str() != "-";
        let folder =
            if is_file { file.parent().map(Path::to_owned).unwrap_or_default() } else { PathBuf::new() };
        let mut variables: BTreeMap<String, String> = match env_file {
            Some(path) => pairs(path)?.into_iter().collect(),
            None if is_file => optional(&folder.join(DEFAULT_FILE))?.into_iter().collect(),
            None => BTreeMap::new(),
        };
        let own = std::env::vars_os();
        variables.extend(
            own.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        );
        Ok(Self { folder, variables, profiles: profiles.iter().cloned().collect() })
    }

    /// Puts everything into `document` that it takes from around it.
    pub fn fill(&self, document: &mut Value) -> Result<(), Failure> {
        let refused = |refusals| Failure::Refused { refusals };
        substitute(document, &|name| self.variables.get(name).cloned()).map_err(refused)?;
        select_profiles(document, &self.profiles).map_err(refused)?;
        let mut by_service: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for file in env_files(document).map_err(refused)? {
            let path = self.folder.join(&file.path);
            let read = if file.required { pairs(&path)? } else { optional(&path)? };
            by_service.entry(file.service).or_default().extend(read);
        }
        for (service, pairs) in by_service {
            put_environment(document, &service, pairs);
        }
        Ok(())
    }
}

/// Nothing where there is no such file.
fn optional(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    match pairs(path) {
        Err(Failure::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other,
    }
}

fn pairs(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let text = read(path).map_err(|source| Failure::File { path: path.to_owned(), source })?;
    parse_env(&text).map_err(|source| Failure::EnvFile { path: path.to_owned(), source })
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_string(&mut text)?;
    if text.len() > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(text)
}

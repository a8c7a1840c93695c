//! The repository that an image comes from, in the one form in which two can be compared.

use std::fmt;

use serde::Deserialize;

/// Where the engine looks when a reference names no registry.
const DEFAULT_REGISTRY: &str = "docker.io";
/// Its other name.
const DEFAULT_REGISTRY_ALIAS: &str = "index.docker.io";
/// Where the default registry keeps images whose reference has one part only.
const OFFICIAL: &str = "library";
/// What an image's complete id begins with, before a colon.
const ID_ALGORITHM: &str = "sha256";

/// A registry and a repository in it, without tag and digest.
/// <https://pkg.go.dev/github.com/distribution/reference>
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Repository(String);

/// A text that names no repository, or more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an image is named by its repository, such as registry.example.org/acme/modem, without tag or digest"
)]
pub struct InvalidRepository;

impl Repository {
    /// The repository of an image reference. None for what the engine may take for an image's id: an id says
    /// nothing about where the image came from, and whoever makes an image can choose how its id begins.
    pub fn of_image(reference: &str) -> Option<Self> {
        let (named, digest) = reference.split_once('@').map_or((reference, None), |(n, d)| (n, Some(d)));
        let (name, tag) = split_tag(named);
        let may_begin_id = tag.is_none() && digest.is_none() && name.bytes().all(|b| b.is_ascii_hexdigit());
        if may_begin_id || name == ID_ALGORITHM { None } else { Self::normalised(name) }
    }

    fn normalised(name: &str) -> Option<Self> {
        let (registry, path) = match name.split_once('/') {
            Some((first, rest)) if is_registry(first) => (first, rest),
            _ => (DEFAULT_REGISTRY, name),
        };
        let registry = registry.to_ascii_lowercase();
        let registry = if registry == DEFAULT_REGISTRY_ALIAS { DEFAULT_REGISTRY } else { &registry };
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        let plain = |part: &str| !part.is_empty() && part.bytes().all(allowed) && !part.starts_with('.');
        if !path.split('/').all(plain) {
            return None;
        }
        let official = registry == DEFAULT_REGISTRY && !path.contains('/');
        let path = if official { format!("{OFFICIAL}/{path}") } else { path.to_owned() };
        Some(Self(format!("{registry}/{path}")))
    }

    /// Registry and path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A tag follows the last colon, unless that belongs to a registry's port.
fn split_tag(named: &str) -> (&str, Option<&str>) {
    match named.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        Some(_) | None => (named, None),
    }
}

fn is_registry(part: &str) -> bool {
    let plain =
        part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'));
    plain
        && (part == "localhost" || part.contains(['.', ':']) || part.bytes().any(|b| b.is_ascii_uppercase()))
}

impl TryFrom<String> for Repository {
    type Error = InvalidRepository;

    fn try_from(text: String) -> Result<Self, InvalidRepository> {
        let bare = !text.contains('@') && split_tag(&text).1.is_none();
        let found = if bare { Self::normalised(&text) } else { None };
        found.ok_or(InvalidRepository)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

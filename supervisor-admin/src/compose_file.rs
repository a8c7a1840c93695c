//! From a compose file's bytes to a document: YAML within limits, then the shared mapping.

use serde_json::Value;
use serde_saphyr::{Budget, DuplicateKeyPolicy, Options, UserMessageFormatter};
use supervisor_proto::compose::{Document, read_document};

use crate::{failure::Failure, surroundings::Surroundings};

/// The largest compose file that is read, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;
const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 100_000;
const MAX_ALIASES: usize = 1000;
const MAX_REPLAYED_EVENTS: usize = 100_000;

/// Reads a compose file: what it says depends on `bytes` and `surroundings` only, and on the files that it names.
pub fn parse(bytes: &[u8], surroundings: &Surroundings) -> Result<Document, Failure> {
    if bytes.len() > MAX_BYTES {
        return Err(Failure::TooLarge { limit_bytes: MAX_BYTES });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Failure::Yaml(error.to_string()))?;
    let mut value: Value = serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| Failure::Yaml(error.render_with_formatter(&UserMessageFormatter)))?;
    surroundings.fill(&mut value)?;
    read_document(&value).map_err(|refusals| Failure::Refused { refusals })
}

/// Compose's YAML: only `true` and `false` are booleans, so that `restart: no` is the word.
fn options() -> Options {
    let mut budget = Budget::default();
    budget.max_depth = MAX_DEPTH;
    budget.flow_nesting_limit = MAX_DEPTH;
    budget.max_nodes = MAX_NODES;
    budget.max_aliases = MAX_ALIASES;
    budget.max_anchors = MAX_ALIASES;
    budget.max_documents = 1;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.duplicate_keys = DuplicateKeyPolicy::Error;
    options.alias_limits.max_total_replayed_events = MAX_REPLAYED_EVENTS;
    options.strict_booleans = true;
    options.leading_zero_numbers_as_strings = true;
    options.underscored_numbers_as_strings = true;
    options.reject_unsupported_tags = true;
    options.with_snippet = false;
    options
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_a_document_or_a_failure(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            drop(parse(&bytes, &Surroundings::default()));
        }

        #[test]
        fn any_yaml_like_text_is_a_document_or_a_failure(
            text in "(services|web|image|ports|a|<<|- |: |:|\\n|  |&a|\\*a|\\[|\\]|\\{|\\}|,|'|\"|!x|#|\\||>|---|~|0x1|1e9){0,60}",
        ) {
            drop(parse(text.as_bytes(), &Surroundings::default()));
        }
    }

    #[test]
    fn yaml_words_and_numbers_keep_their_spelling() {
        let text =
            "services: {web: {image: a, restart: no, environment: {A: on, B: 0755, C: 1_000, D: 12, E: ~x}}}";
        let document = parse(text.as_bytes(), &Surroundings::default()).unwrap();
        let environment = &document.services["web"].environment;
        for (name, value) in [("A", "on"), ("B", "0755"), ("C", "1_000"), ("D", "12"), ("E", "~x")] {
            assert_eq!(environment[name], value);
        }
    }

    #[test]
    fn duplicate_key_is_refused() {
        let failure = parse(b"services: {web: {image: a, image: b}}", &Surroundings::default()).unwrap_err();
        assert!(matches!(failure, Failure::Yaml(_)), "{failure}");
    }
}

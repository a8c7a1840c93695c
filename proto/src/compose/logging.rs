//! `logging`. <https://docs.docker.com/reference/compose-file/services/#logging>

use super::{
    list,
    reader::{Node, Reader},
    settings,
};
use crate::v1::Logging;

/// Driver and options.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> Logging {
    let mut logging = Logging::default();
    for field in node.entries(reader) {
        match field.key {
            "driver" => logging.driver = list::filled(reader, &field).unwrap_or_default(),
            "options" => logging.options = settings::values(reader, &field),
            _ => reader.unknown(&field),
        }
    }
    logging
}

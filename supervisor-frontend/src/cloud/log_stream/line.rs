//! One line as the cloud takes it.

use serde::Serialize;
use supervisor_proto::v1::JournalLine;

const NS_PER_MS: u64 = 1_000_000;

/// The cloud drops lines with other fields or types without a word.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    message: &'a str,
    /// Milliseconds since 1970.
    timestamp: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_system: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_std_err: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_id: Option<u64>,
}

/// The line with its end; `None` for one of a service that the cloud has no number for, as it could not show it.
pub fn encode(line: &JournalLine) -> Option<Vec<u8>> {
    let service_id = (line.service_id > 0).then_some(line.service_id);
    if service_id.is_none() && !line.is_system {
        return None;
    }
    written(&Line {
        message: &line.message,
        timestamp: line.time_ns / NS_PER_MS,
        is_system: line.is_system,
        is_std_err: line.is_stderr,
        service_id,
    })
}

/// The sentence that stands for lines that found no room.
pub fn left_out(count: u64, now_ms: u64) -> Vec<u8> {
    let message = format!(
        "{count} lines were left out: they came faster than they could be sent, or were on the way when the connection broke"
    );
    written(&Line {
        message: &message,
        timestamp: now_ms,
        is_system: true,
        is_std_err: false,
        service_id: None,
    })
    .unwrap_or_default()
}

fn written(line: &Line<'_>) -> Option<Vec<u8>> {
    let mut bytes = serde_json::to_vec(line).ok()?;
    bytes.push(b'\n');
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &JournalLine) -> Option<String> {
        encode(line).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn line_of_a_service_has_the_fields_of_the_contract_and_no_others() {
        let line = JournalLine {
            app_id: 1,
            service: "main".to_owned(),
            service_id: 9,
            time_ns: 1_795_550_400_123_456_789,
            message: "a \"quoted\"\tword".to_owned(),
            ..JournalLine::default()
        };
        let expected = r#"{"message":"a \"quoted\"\tword","timestamp":1795550400123,"serviceId":9}"#;
        assert_eq!(text(&line), Some(format!("{expected}\n")));
        let error = JournalLine { is_stderr: true, ..line };
        assert!(text(&error).unwrap().contains(r#""isStdErr":true"#));
    }

    #[test]
    fn sentence_of_cores_own_needs_no_service_and_a_services_line_does() {
        let line = JournalLine { message: "x".to_owned(), ..JournalLine::default() };
        assert_eq!(text(&line), None);
        let system = JournalLine { is_system: true, ..line };
        assert_eq!(text(&system).unwrap(), "{\"message\":\"x\",\"timestamp\":0,\"isSystem\":true}\n");
    }
}

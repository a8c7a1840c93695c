//! What a request body may say, parsed once into types that cannot be wrong.

use supervisor_proto::ids::{AppId, ServiceName};

use super::{
    form, json,
    service_choice::{ServiceChoice, ServiceChoiceError},
};

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// One member of a body. Only what some route looks at is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// JSON null.
    Null,
    /// JSON true or false.
    Bool(bool),
    /// A whole number that is not negative and was written without fraction or exponent.
    Number(u64),
    /// A string; every value of a form.
    Text(String),
    /// Anything else.
    Other,
}

/// The body cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// As JSON.
    #[error("malformed JSON body")]
    Json(#[from] json::NotAnObject),
    /// As a form.
    #[error("malformed form body")]
    Form(#[from] form::InvalidForm),
}

/// Why a body names no app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppIdError {
    /// `appId` is absent or null.
    #[error("missing app id")]
    Missing,
    /// `appId` is no whole number from 1 to 2^53 - 1.
    #[error("invalid app id")]
    Invalid,
}

/// `serviceName` is there and can be no service's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid service name")]
pub struct ServiceNameError;

/// The members that routes look at; others are ignored.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RequestBody {
    app_id: Option<Value>,
    service_name: Option<Value>,
    image_id: Option<Value>,
    /// Override update locks: JSON `true` and nothing else.
    pub force: bool,
    /// Abort a running pull: JSON `true` and nothing else.
    pub cancel: bool,
    /// Carry out an update that waits for its time: JSON `true` and nothing else.
    pub apply: bool,
}

impl RequestBody {
    /// Parses a body; an empty one says nothing.
    pub fn parse(syntax: Syntax, bytes: &[u8]) -> Result<Self, Malformed> {
        let mut body = Self::default();
        if bytes.is_empty() {
            return Ok(body);
        }
        match syntax {
            Syntax::Json => json::parse(bytes, |key, value| body.set(key, value))?,
            Syntax::Form => form::parse(bytes, |name, value| body.set(name, Value::Text(value)))?,
        }
        Ok(body)
    }

    /// The app that the body names.
    pub fn app_id(&self) -> Result<AppId, AppIdError> {
        match &self.app_id {
            None | Some(Value::Null) => Err(AppIdError::Missing),
            Some(Value::Number(number)) => AppId::new(*number).map_err(|_| AppIdError::Invalid),
            Some(Value::Text(text)) => AppId::parse(text).map_err(|_| AppIdError::Invalid),
            Some(Value::Bool(_) | Value::Other) => Err(AppIdError::Invalid),
        }
    }

    /// The service that the body names.
    pub fn service(&self) -> Result<ServiceChoice, ServiceChoiceError> {
        ServiceChoice::of(self.service_name.as_ref(), self.image_id.as_ref())
    }

    /// The service that the body names, if it does.
    pub fn service_name(&self) -> Result<Option<ServiceName>, ServiceNameError> {
        match &self.service_name {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) => ServiceName::parse(text).map(Some).map_err(|_| ServiceNameError),
            Some(Value::Number(_) | Value::Bool(_) | Value::Other) => Err(ServiceNameError),
        }
    }

    fn set(&mut self, key: &str, value: Value) {
        match key {
            "appId" => self.app_id = Some(value),
            "serviceName" => self.service_name = Some(value),
            "imageId" => self.image_id = Some(value),
            "force" => self.force = value == Value::Bool(true),
            "cancel" => self.cancel = value == Value::Bool(true),
            "apply" => self.apply = value == Value::Bool(true),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json_body(text: &str) -> RequestBody {
        RequestBody::parse(Syntax::Json, text.as_bytes()).unwrap()
    }

    #[test]
    fn app_id_as_number_or_digits_is_accepted() {
        for text in [r#"{"appId":2167}"#, r#"{"appId":"2167","x":[{"a":1},{"a":2}]}"#] {
            assert_eq!(json_body(text).app_id().unwrap().get(), 2167);
        }
        let form = RequestBody::parse(Syntax::Form, b"appId=2167&force=true").unwrap();
        assert_eq!(form.app_id().unwrap().get(), 2167);
        assert!(!form.force);
    }

    #[test]
    fn app_id_absent_or_null_is_missing() {
        for text in ["{}", r#"{"appId":null}"#, r#"{"appid":1}"#, ""] {
            assert_eq!(json_body(text).app_id(), Err(AppIdError::Missing), "{text}");
        }
    }

    #[test]
    fn app_id_of_any_other_form_is_invalid() {
        let values = [
            r#""../../etc""#,
            "-1",
            "0",
            "-0",
            r#""007""#,
            "1.5",
            "1e3",
            "2167.0",
            "12345678901234567890123",
            r#""12345678901234567890123""#,
            "9007199254740992",
            "{}",
            "[1]",
            "true",
            r#""""#,
            r#"" 1""#,
            r#""+1""#,
        ];
        for value in values {
            let body = json_body(&format!(r#"{{"appId":{value}}}"#));
            assert_eq!(body.app_id(), Err(AppIdError::Invalid), "{value}");
        }
    }

    #[test]
    fn service_name_is_a_name_or_absent() {
        assert_eq!(json_body("{}").service_name(), Ok(None));
        assert_eq!(json_body(r#"{"serviceName":null}"#).service_name(), Ok(None));
        let named = json_body(r#"{"serviceName":"main"}"#).service_name().unwrap().unwrap();
        assert_eq!(named.as_str(), "main");
        for value in ["1", "true", r#""""#, r#""../x""#, r#""a b""#, "[]"] {
            let body = json_body(&format!(r#"{{"serviceName":{value}}}"#));
            assert_eq!(body.service_name(), Err(ServiceNameError), "{value}");
        }
    }

    #[test]
    fn flag_counts_only_as_json_true() {
        assert!(json_body(r#"{"force":true,"cancel":true}"#).force);
        assert!(json_body(r#"{"cancel":true}"#).cancel);
        assert!(json_body(r#"{"apply":true}"#).apply);
        for value in ["false", "1", r#""true""#, "null", "[true]", r#"{"a":true}"#] {
            assert!(!json_body(&format!(r#"{{"force":{value}}}"#)).force, "{value}");
            assert!(!json_body(&format!(r#"{{"apply":{value}}}"#)).apply, "{value}");
        }
    }

    #[test]
    fn body_that_is_no_object_is_malformed() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        for bytes in [
            &b"{"[..],
            b"[]",
            b"null",
            b"1",
            b"\"x\"",
            b" ",
            b"{}x",
            b"{\"appId\":007}",
            b"\xef\xbb\xbf{}",
            b"{\"a\":\"\xff\"}",
            b"{\"\xff\":1}",
            b"{\"a\":1,\"a\":1}",
            b"{\"appId\":1,\"appId\":2}",
            b"{\"a\":{\"b\":1,\"b\":2}}",
            b"{\"a\":\"\\ud800\"}",
            deep.as_bytes(),
        ] {
            assert!(RequestBody::parse(Syntax::Json, bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
    }

    proptest! {
        #[test]
        fn body_of_any_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = RequestBody::parse(Syntax::Json, &bytes);
            let _ = RequestBody::parse(Syntax::Form, &bytes);
        }
    }
}

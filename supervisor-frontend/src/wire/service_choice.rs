//! The service that a body names, as `POST /v2/applications/<appId>/…-service` take it.

use supervisor_proto::{ids::ServiceName, v1::ServiceDescription};

use super::request::Value;

/// By name or by the numeric id of its image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceChoice {
    /// `serviceName`; it wins over the other.
    Name(ServiceName),
    /// `imageId`, as number or as digits.
    Image(u64),
}

/// Why a body names no service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServiceChoiceError {
    /// Neither member is there.
    #[error("no service named")]
    Missing,
    /// A member is there and can be no service's.
    #[error("no service has such a name or image id")]
    Invalid,
    /// Several services have the image.
    #[error("the image id means several services")]
    Ambiguous,
}

impl ServiceChoice {
    /// From the two members of a body.
    pub(super) fn of(name: Option<&Value>, image: Option<&Value>) -> Result<Self, ServiceChoiceError> {
        let invalid = ServiceChoiceError::Invalid;
        match (given(name), given(image)) {
            (Some(Value::Text(name)), _) => ServiceName::parse(name).map(Self::Name).map_err(|_| invalid),
            (None, Some(Value::Number(id))) => Ok(Self::Image(*id)),
            (None, Some(Value::Text(digits))) => digits.parse().map(Self::Image).map_err(|_| invalid),
            (Some(_), _) | (None, Some(_)) => Err(invalid),
            (None, None) => Err(ServiceChoiceError::Missing),
        }
    }

    /// Whether this service is meant.
    pub fn means(&self, service: &ServiceDescription) -> bool {
        match self {
            Self::Name(name) => name.as_str() == service.name,
            Self::Image(id) => *id == service.image_id,
        }
    }
}

fn given(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| **value != Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    #[test]
    fn name_wins_over_the_image_and_either_does() {
        let main = ServiceChoice::Name(ServiceName::parse("main").unwrap());
        assert_eq!(ServiceChoice::of(Some(&text("main")), Some(&Value::Number(7))), Ok(main.clone()));
        assert_eq!(ServiceChoice::of(Some(&text("main")), Some(&Value::Null)), Ok(main));
        for image in [Value::Number(7), text("7")] {
            assert_eq!(ServiceChoice::of(None, Some(&image)), Ok(ServiceChoice::Image(7)));
            assert_eq!(ServiceChoice::of(Some(&Value::Null), Some(&image)), Ok(ServiceChoice::Image(7)));
        }
    }

    #[test]
    fn choice_of_nothing_or_of_what_no_service_has_is_an_error() {
        assert_eq!(ServiceChoice::of(None, Some(&Value::Null)), Err(ServiceChoiceError::Missing));
        for name in [text(""), text("../x"), Value::Number(1), Value::Bool(true), Value::Other] {
            assert_eq!(ServiceChoice::of(Some(&name), None), Err(ServiceChoiceError::Invalid), "{name:?}");
        }
        for image in [text(""), text("x"), text("-1"), Value::Bool(true), Value::Other] {
            assert_eq!(ServiceChoice::of(None, Some(&image)), Err(ServiceChoiceError::Invalid), "{image:?}");
        }
    }
}

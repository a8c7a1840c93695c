//! What a tab and this process say to each other beside the terminal's bytes: JSON in text frames.

use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};
use supervisor_proto::v1;

use super::ending::Ending;

/// The longest text frame that is read, in bytes: what is said is short.
pub const CONTROL_MAX_BYTES: usize = 256;
/// No screen has more rows or columns; programs allocate by them.
const SIZE_MAX: u16 = 1024;

/// A terminal's size in characters, each 1 to 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    rows: NonZeroU16,
    columns: NonZeroU16,
}

impl From<Size> for v1::WindowSize {
    fn from(size: Size) -> Self {
        Self { rows: size.rows.get().into(), columns: size.columns.get().into() }
    }
}

/// What a tab says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum TabSays {
    /// Its size changed. The first one opens the shell.
    Resize(Size),
    /// Its user looks at it: the terminal takes its size.
    Focus,
    /// Try again to open the shell.
    Open,
}

/// A text frame that says nothing sensible.
#[derive(Debug, thiserror::Error)]
pub enum Nonsense {
    /// Longer than anything that can be said.
    #[error("control frame of more than {CONTROL_MAX_BYTES} bytes")]
    TooLong,
    /// Something else than one JSON object. The reader of objects would take a list of their values too.
    #[error("control frame that is no object")]
    NotAnObject,
    /// Not JSON, or not what is known.
    #[error("unknown control frame")]
    Unknown(#[source] serde_json::Error),
    /// Larger than any screen.
    #[error("window size beyond {SIZE_MAX}")]
    Size,
}

impl TabSays {
    /// Reads a text frame.
    pub fn parse(text: &str) -> Result<Self, Nonsense> {
        if text.len() > CONTROL_MAX_BYTES {
            return Err(Nonsense::TooLong);
        }
        if !text.trim_ascii_start().starts_with('{') {
            return Err(Nonsense::NotAnObject);
        }
        let said = serde_json::from_str(text).map_err(Nonsense::Unknown)?;
        match said {
            Self::Resize(size) if size.rows.get() > SIZE_MAX || size.columns.get() > SIZE_MAX => {
                Err(Nonsense::Size)
            }
            Self::Resize(_) | Self::Focus | Self::Open => Ok(said),
        }
    }
}

/// What a tab is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TabHears {
    /// First of all: whose terminal this is.
    Hello {
        /// The app's id.
        app: u64,
        /// The app's name.
        name: String,
    },
    /// Nothing is open yet, or the shell is being opened.
    Opening,
    /// The shell runs.
    Opened {
        /// In the container of this service.
        service: String,
        /// What runs, e.g. `bash`.
        command: String,
    },
    /// The shell could not be opened; the tab may say `open` later.
    Refused {
        /// Why, in a sentence.
        message: String,
    },
    /// What follows is the recent output from the beginning of a screen: forget what was shown.
    Replay {
        /// So much of it, in bytes, is old: what it asks the terminal was answered back then.
        bytes: u64,
    },
    /// Whether this tab is the one that answers what programs ask the terminal. It is not, before it is told.
    Active {
        /// Whether it is.
        active: bool,
    },
    /// The terminal has this size.
    Size(Size),
    /// Said with each ping, which a page cannot see: the connection is not lost.
    Alive,
    /// The shell is gone, for good.
    Ended {
        /// Why, as a word.
        reason: Ending,
        /// Of a shell that exited by itself.
        exit_code: Option<u32>,
    },
}

impl TabHears {
    /// As a text frame.
    pub fn to_text(&self) -> String {
        // Strings and numbers only: it always succeeds.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn size(rows: u16, columns: u16) -> Size {
        Size { rows: NonZeroU16::new(rows).unwrap(), columns: NonZeroU16::new(columns).unwrap() }
    }

    #[test]
    fn control_frame_that_is_known_is_read() {
        let resize = TabSays::parse(r#"{"type":"resize","rows":24,"columns":80}"#).unwrap();
        assert_eq!(resize, TabSays::Resize(size(24, 80)));
        assert_eq!(TabSays::parse(r#"{"type":"focus"}"#).unwrap(), TabSays::Focus);
        assert_eq!(TabSays::parse(r#"{"type":"open"}"#).unwrap(), TabSays::Open);
    }

    #[test]
    fn control_frame_that_is_not_known_is_nonsense() {
        let long = format!(r#"{{"type":"focus"{}}}"#, " ".repeat(CONTROL_MAX_BYTES));
        for text in [
            "",
            "null",
            "[]",
            r#"["focus"]"#,
            r#" ["resize",24,80]"#,
            r#"{"type":"exec"}"#,
            r#"{"type":"resize"}"#,
            r#"{"type":"resize","rows":0,"columns":80}"#,
            r#"{"type":"resize","rows":-1,"columns":80}"#,
            r#"{"type":"resize","rows":1025,"columns":80}"#,
            r#"{"type":"resize","rows":24,"columns":65536}"#,
            r#"{"type":"resize","rows":2.5,"columns":80}"#,
            r#"{"type":"resize","rows":24,"columns":80,"more":1}"#,
            &long,
        ] {
            assert!(TabSays::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn messages_to_a_tab_have_their_documented_form() {
        for (message, text) in [
            (TabHears::Replay { bytes: 7 }, r#"{"type":"replay","bytes":7}"#),
            (TabHears::Active { active: true }, r#"{"type":"active","active":true}"#),
            (TabHears::Alive, r#"{"type":"alive"}"#),
            (TabHears::Size(size(24, 80)), r#"{"type":"size","rows":24,"columns":80}"#),
            (
                TabHears::Ended { reason: Ending::Exited, exit_code: Some(3) },
                r#"{"type":"ended","reason":"exited","exitCode":3}"#,
            ),
        ] {
            assert_eq!(message.to_text(), text);
        }
    }

    /// Numbers as they may stand in JSON, beyond any type of ours too.
    fn number() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<i64>().prop_map(|number| number.to_string()),
            any::<u16>().prop_map(|number| number.to_string()),
            (0..=1025_u16).prop_map(|number| number.to_string()),
            any::<f64>()
                .prop_filter("JSON's", |number| number.is_finite())
                .prop_map(|number| format!("{number:e}")),
            "-?[1-9][0-9]{0,60}(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,4})?",
        ]
    }

    /// JSON, nested more deeply than a frame can be long.
    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            number(),
            Just("null".to_owned()),
            any::<bool>().prop_map(|value| value.to_string()),
            any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
            (1..200_usize).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth))),
            (1..50_usize).prop_map(|depth| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth))),
        ];
        leaf.prop_recursive(3, 8, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
                members(inner).prop_map(|members| object(&members)),
            ]
        })
    }

    /// Members with the keys and types that are known, and others; a key may come twice.
    fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<(String, String)>> {
        let key = prop_oneof!["type|rows|columns", any::<String>()];
        let known = r#""(resize|focus|open)""#;
        prop::collection::vec((key, prop_oneof![value, known.prop_map(String::from), number()]), 0..5)
    }

    fn object(members: &[(String, String)]) -> String {
        let member =
            |(key, value): &(String, String)| format!("{}:{value}", serde_json::to_string(key).unwrap());
        format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
    }

    /// A frame of a known type, often with a size, and anything beside it, in any order.
    fn frame() -> impl Strategy<Value = Vec<(String, String)>> {
        let named = |name: &'static str| move |value: String| (name.to_owned(), value);
        let kind = r#""(resize|focus|open)""#.prop_map(named("type"));
        let size = (number().prop_map(named("rows")), number().prop_map(named("columns")));
        (kind, prop::option::of(size), prop::option::of(members(json())))
            .prop_map(|(kind, size, more)| {
                let size = size.into_iter().flat_map(|(rows, columns)| [rows, columns]);
                std::iter::once(kind).chain(size).chain(more.into_iter().flatten()).collect::<Vec<_>>()
            })
            .prop_shuffle()
    }

    /// Each key at most once, and a size within bounds.
    fn is_acceptable(members: &[(String, String)]) -> bool {
        let of = |key: &str| {
            members
                .iter()
                .filter(|(name, _)| name == key)
                .map(|(_, value)| value.as_str())
                .collect::<Vec<_>>()
        };
        let dimension = |key: &str| matches!(of(key)[..], [value] if value.parse().is_ok_and(|number: u16| (1..=SIZE_MAX).contains(&number)));
        match of("type")[..] {
            [r#""resize""#] => members.len() == 3 && dimension("rows") && dimension("columns"),
            [kind] => matches!(kind, r#""focus""# | r#""open""#),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn control_frame_of_any_text_never_panics(text in any::<String>()) {
            let _ = TabSays::parse(&text);
        }

        #[test]
        fn control_frame_of_any_json_is_read_only_when_it_is_known(members in frame()) {
            let text = object(&members);
            if TabSays::parse(&text).is_ok() {
                prop_assert!(is_acceptable(&members), "{}", text);
            }
        }

        #[test]
        fn control_frame_of_any_json_never_panics(text in json()) {
            let _ = TabSays::parse(&text);
        }

        #[test]
        fn control_frame_of_any_size_is_read_within_bounds_only(rows in any::<i32>(), columns in any::<i32>()) {
            let known = |number: i32| (1..=i32::from(SIZE_MAX)).contains(&number);
            let text = format!(r#"{{"type":"resize","rows":{rows},"columns":{columns}}}"#);
            prop_assert_eq!(TabSays::parse(&text).is_ok(), known(rows) && known(columns));
        }
    }
}

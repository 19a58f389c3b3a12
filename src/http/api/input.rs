//! The JSON that somebody sends: read once, and every mistake told with its place.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use super::super::error::Fault;
use super::super::{Error, Shared};

/// A body of JSON.
pub(super) struct Input<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Input<T> {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        let known = ["application/json", "application/merge-patch+json"];
        if !known
            .iter()
            .any(|known| essence.eq_ignore_ascii_case(known))
        {
            return Err(Error::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "Send JSON, with `Content-Type: application/json`.",
            )
            .into_response());
        }
        let body = Bytes::from_request(request, shared)
            .await
            .map_err(IntoResponse::into_response)?;
        read(&body).map_err(IntoResponse::into_response)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<Input<T>, Error> {
    let mut value: serde_json::Value = serde_json::from_slice(body).map_err(|error| {
        let sentence = format!(
            "The body is not JSON: line {}, column {}.",
            error.line(),
            error.column()
        );
        Error::new(StatusCode::BAD_REQUEST, "malformed_json", sentence)
    })?;
    // A list of values would be read as those of the keys, in their order.
    if !value.is_object() {
        return Err(invalid(vec![fault("", "wrong_form", "is a JSON object")]));
    }
    whole_numbers(&mut value);
    // Through the text again, since only so the place of a mistake is known.
    let text = value.to_string();
    let mut reader = serde_json::Deserializer::from_str(&text);
    serde_path_to_error::deserialize(&mut reader)
        .map(Input)
        .map_err(|error| {
            let pointer = pointer(error.path());
            let message = error.into_inner().to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            invalid(vec![fault(&pointer, "wrong_form", message)])
        })
}

/// To JSON Schema `1.0` is a whole number too.
fn whole_numbers(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Number(number) => {
            let text = number.to_string();
            let whole = text
                .strip_suffix(".0")
                .and_then(|text| text.parse::<i64>().ok());
            if let Some(whole) = whole {
                *number = whole.into();
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        serde_json::Value::Object(members) => members.values_mut().for_each(whole_numbers),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::String(_) => {}
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&name);
    }
    pointer
}

/// What is wrong with one value.
pub(super) fn fault(pointer: &str, code: &'static str, message: impl Into<String>) -> Fault {
    Fault {
        pointer: pointer.to_owned(),
        code,
        message: message.into(),
    }
}

/// The values cannot be taken.
pub(super) fn invalid(faults: Vec<Fault>) -> Error {
    Error::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid",
        "Some values cannot be taken; `errors` says which and why.",
    )
    .faults(faults)
}

/// Collects what is wrong with the texts of a body.
#[derive(Default)]
pub(super) struct Check(Vec<Fault>);

impl Check {
    /// A text of 1 to `most` characters that a person could have typed.
    pub(super) fn text(&mut self, pointer: &str, text: &str, most: usize) -> &mut Self {
        let sound = !text.trim().is_empty()
            && text.chars().count() <= most
            && !text.chars().any(char::is_control);
        if !sound {
            let message = format!("is 1 to {most} characters, none of them control characters");
            self.0.push(fault(pointer, "wrong_text", message));
        }
        self
    }

    /// The same where there is one.
    pub(super) fn maybe(&mut self, pointer: &str, text: Option<&String>, most: usize) -> &mut Self {
        if let Some(text) = text {
            self.text(pointer, text, most);
        }
        self
    }

    /// Notes what is wrong with a value.
    pub(super) fn wrong(&mut self, pointer: &str, code: &'static str, message: &str) {
        self.0.push(fault(pointer, code, message));
    }

    /// An error where anything is wrong.
    pub(super) fn done(&mut self) -> Result<(), Error> {
        let faults = std::mem::take(&mut self.0);
        if faults.is_empty() {
            Ok(())
        } else {
            Err(invalid(faults))
        }
    }
}

//! What the app says no to by itself, as a page.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::view::{self, Message};

/// Why the app does not do it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The request says of nobody that the gate let them through.
    NotThroughTheGate,
    /// The permission is for profiles that the person created, and this is none.
    NotOwn,
    /// The decision with the facts was no, and this is its sentence.
    Denied(String),
    /// Nobody can say whether it is allowed.
    Undecided,
    /// There is nothing.
    Absent,
    /// The form says nothing that can be used.
    Unreadable(&'static str),
    /// The call is not as far as it has to be, or further.
    OutOfTurn(&'static str),
}

impl Refusal {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NotThroughTheGate | Self::NotOwn | Self::Denied(_) => StatusCode::FORBIDDEN,
            Self::Undecided => StatusCode::SERVICE_UNAVAILABLE,
            Self::Absent => StatusCode::NOT_FOUND,
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::OutOfTurn(_) => StatusCode::CONFLICT,
        }
    }

    fn sentence(&self) -> &str {
        match self {
            Self::NotThroughTheGate => "The request did not come through the gate.",
            Self::NotOwn => {
                "You may do this with profiles that you created, and this is none of them."
            }
            Self::Denied(sentence) => sentence,
            Self::Undecided => {
                "Whether you may do this cannot be decided at the moment, so it is refused. Try again in a moment."
            }
            Self::Absent => "There is no such profile in your account.",
            Self::Unreadable(sentence) | Self::OutOfTurn(sentence) => sentence,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let title = match self {
            Self::Absent => "Nothing here",
            Self::Unreadable(_) | Self::OutOfTurn(_) => "Not like this",
            Self::NotThroughTheGate | Self::NotOwn | Self::Denied(_) | Self::Undecided => {
                "This is not possible"
            }
        };
        let text = self.sentence().to_owned();
        view::page(self.status(), &Message { title, text })
    }
}

//! What becomes of a command of the house that was refused.

use axum::http::StatusCode;

use super::super::Error;
use super::version;
use crate::app::{Forbidden, Refused, Stale};
use crate::store;

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast_ref::<Stale>() {
            Some(Stale::Gone) => return Self::not_found(),
            Some(Stale::Changed) => return version::changed(),
            None => {}
        }
        if let Some(Forbidden(sentence)) = error.downcast_ref() {
            return Self::new(StatusCode::FORBIDDEN, "forbidden", sentence.clone());
        }
        if let Some(Refused(sentence)) = error.downcast_ref() {
            return Self::new(StatusCode::CONFLICT, "refused", sentence.clone())
                .titled("This cannot be done");
        }
        if error.downcast_ref().is_some_and(store::Error::is_conflict) {
            return Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "Somebody else was changing the same at this moment. Try again.",
            )
            .titled("Try again");
        }
        Self::internal(error.as_ref())
    }
}

//! What goes wrong with a token, as OAuth says it (RFC 6749, 5.2).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::super::Error;
use crate::access::Denied;

/// An answer that is no token.
pub(in crate::http) enum Oauth {
    /// What the standard has a word for.
    Said {
        /// 400, or 401 where the credential is at fault.
        status: StatusCode,
        /// The standard's word.
        error: &'static str,
        /// Our own word, where the standard's is a wide one.
        code: &'static str,
        /// What to do.
        sentence: String,
    },
    /// Anything else.
    Other(Error),
}

impl Oauth {
    /// The request is at fault.
    pub(super) fn bad(error: &'static str, sentence: &str) -> Self {
        Self::Said {
            status: StatusCode::BAD_REQUEST,
            error,
            code: error,
            sentence: sentence.to_owned(),
        }
    }

    /// More than one credential came, so that it is not clear who asks.
    pub(super) fn ambiguous() -> Self {
        Self::Said {
            status: StatusCode::BAD_REQUEST,
            error: "invalid_request",
            code: "ambiguous_credentials",
            sentence: "send exactly one credential: the session's cookie, the headers Account-Id and Api-Key, HTTP Basic, or client_id and client_secret".to_owned(),
        }
    }

    /// The credential is at fault.
    pub(super) fn client(sentence: &str) -> Self {
        Self::Said {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            code: "invalid_client",
            sentence: sentence.to_owned(),
        }
    }
}

impl IntoResponse for Oauth {
    fn into_response(self) -> Response {
        let (status, error, code, sentence) = match self {
            Self::Said {
                status,
                error,
                code,
                sentence,
            } => (status, error, code, sentence),
            Self::Other(error) => return error.into_response(),
        };
        let body = json!({ "error": error, "error_description": sentence, "code": code });
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let schemes = HeaderValue::from_static("Basic realm=\"vestibule\", Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, schemes);
        }
        response
    }
}

impl From<Denied> for Oauth {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Store(error) => Self::Other(error.into()),
            denied @ (Denied::Wrong(_) | Denied::Network | Denied::Unknown) => {
                Self::client(&denied.to_string())
            }
        }
    }
}

impl From<Error> for Oauth {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<crate::store::Error> for Oauth {
    fn from(error: crate::store::Error) -> Self {
        Self::Other(error.into())
    }
}

impl From<crate::gate::Error> for Oauth {
    fn from(error: crate::gate::Error) -> Self {
        Self::Other(error.into())
    }
}

impl From<anyhow::Error> for Oauth {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(Error::internal(error.as_ref()))
    }
}

//! What goes wrong, for programs as a problem document (RFC 9457) and for people as a page.

use std::any::Any;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::extract::Moment;
use super::page;
use crate::access;
use crate::gate;
use crate::login;
use crate::saml::{connection, step_up};
use crate::store;

/// An answer that is no success; what caused it stays inside.
#[derive(Debug, Clone)]
pub(super) struct Error {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    sentence: String,
    reference: Option<String>,
    next: Option<Box<(&'static str, String)>>,
    faults: Vec<Fault>,
}

/// What is wrong with one value of a request.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Fault {
    /// Where it stands (RFC 6901), or the name of a parameter.
    pub pointer: String,
    /// A stable name of what is wrong.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
}

impl Error {
    /// An error with a stable code and a sentence that may be shown.
    pub(super) fn new(status: StatusCode, code: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            status,
            code,
            title: title(status),
            sentence: sentence.into(),
            reference: None,
            next: None,
            faults: Vec::new(),
        }
    }

    /// There is nothing here, or nothing that the caller may know of.
    pub(super) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing at this address. Check it, or begin at the start page.",
        )
        .next("Start page", "/")
    }

    /// Nobody is signed in.
    pub(super) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "There is no session in this browser, or it has ended.",
        )
        .next("Sign in", "/login")
    }

    /// The request did not come from one of our own pages.
    pub(super) fn foreign_origin() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "This request did not come from one of our own pages.",
        )
    }

    /// The address asks for a sign-in that there is not.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is what map_err hands over"
    )]
    pub(super) fn bad_demand(wrong: step_up::Wrong) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_demand", wrong.to_string())
            .titled("This sign-in cannot be asked for")
    }

    /// Too much of something within a minute.
    pub(super) fn too_many() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "There were too many tries from your network. Wait a minute, then try again.",
        )
    }

    /// The page's heading.
    #[must_use]
    pub(super) const fn titled(mut self, title: &'static str) -> Self {
        self.title = title;
        self
    }

    /// What is wrong with which value.
    #[must_use]
    pub(super) fn faults(mut self, faults: Vec<Fault>) -> Self {
        self.faults = faults;
        self
    }

    /// What people quote; the request id where nothing better is known.
    #[must_use]
    pub(super) fn reference(mut self, reference: String) -> Self {
        self.reference = Some(reference);
        self
    }

    /// Where to go from here.
    #[must_use]
    pub(super) fn next(mut self, label: &'static str, target: impl Into<String>) -> Self {
        self.next = Some(Box::new((label, target.into())));
        self
    }

    /// Its stable code.
    pub(super) const fn code(&self) -> &'static str {
        self.code
    }

    /// The status.
    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer, as a page or a problem document; `id` is what people quote where nothing better is known.
    pub(super) fn answer(&self, wants_page: bool, id: &str) -> Response {
        let reference = self.reference.as_deref().unwrap_or(id);
        let page = wants_page
            .then(|| page::message(self.title, &self.sentence, reference, self.next_step()));
        self.respond(page, reference)
    }

    /// The same on the host of an app; `ours` is our own address.
    pub(super) fn answer_elsewhere(&self, wants_page: bool, ours: &str) -> Response {
        let page =
            wants_page.then(|| page::elsewhere(ours, self.title, &self.sentence, self.next_step()));
        self.respond(page, "")
    }

    fn next_step(&self) -> Option<(&str, &str)> {
        self.next.as_ref().map(|next| (next.0, next.1.as_str()))
    }

    fn respond(&self, page: Option<String>, reference: &str) -> Response {
        let (kind, body) = match page {
            Some(page) => ("text/html; charset=utf-8", page),
            None => ("application/problem+json", problem(self, reference)),
        };
        let mut response = (self.status, [(header::CONTENT_TYPE, kind)], body).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            let minute = HeaderValue::from_static("60");
            response.headers_mut().insert(header::RETRY_AFTER, minute);
        }
        response
    }

    pub(super) fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side. Try again in a moment.",
        )
    }
}

const fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "This request cannot be read",
        401 => "You are not signed in",
        403 => "This is not possible",
        404 => "Nothing here",
        405 => "Not this way",
        406 | 415 => "Not in this form",
        409 => "Not connected yet",
        412 => "Changed meanwhile",
        413 => "Too large",
        422 => "Something is not right",
        428 => "Say which version",
        429 => "Too many tries",
        _ => "Something went wrong",
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::internal(&error)
    }
}

impl From<login::Error> for Error {
    fn from(error: login::Error) -> Self {
        match error {
            login::Error::NoAccount => Self::not_found(),
            login::Error::Connection(connection::Error::NotConnected) => not_connected(),
            other => Self::internal(&other),
        }
    }
}

impl From<access::Error> for Error {
    fn from(source: access::Error) -> Self {
        Self::internal(&source)
    }
}

impl From<gate::Error> for Error {
    fn from(source: gate::Error) -> Self {
        Self::internal(&source)
    }
}

impl From<tower_sessions::session::Error> for Error {
    fn from(error: tower_sessions::session::Error) -> Self {
        Self::internal(&error)
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Self {
        Self::internal(&error)
    }
}

/// The account is not connected, does not exist yet, or is switched off: the same answer for all three.
pub(super) fn not_connected() -> Error {
    Error::new(
        StatusCode::CONFLICT,
        "not_connected",
        "Nobody can sign in to this account at the moment: it is not connected to a company's sign-in. Check the address, or ask your administrator.",
    )
}

impl IntoResponse for Error {
    /// An empty answer that [`render`] fills in, since it depends on who reads it.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Fills in what an [`Error`] left empty: a page for a browser, a problem document for anybody else.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let is_for_programs = request.uri().path().starts_with("/api/");
    let (wants_page, moment) = (
        !is_for_programs && wants_page(request.method(), request.headers()),
        request.extensions().get::<Moment>().cloned(),
    );
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_text = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let is_said = kind.is_some() && !is_text;
    let error = match (response.extensions().get::<Error>(), response.status()) {
        (Some(error), _) => error.clone(),
        (None, _) if is_said => return response,
        (None, StatusCode::PAYLOAD_TOO_LARGE) => Error::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "What was sent is larger than anything that belongs here.",
        ),
        (None, StatusCode::REQUEST_TIMEOUT) => Error::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "This took too long. Try again.",
        ),
        (None, status) if status.is_client_error() || status.is_server_error() => {
            if !is_text {
                return response;
            }
            Error::new(
                status,
                "bad_request",
                "This request cannot be read. Begin again at the start page.",
            )
            .next("Start page", "/")
        }
        _ => return response,
    };
    let id = moment.map(|moment| moment.id).unwrap_or_default();
    let (mut parts, body) = error.answer(wants_page, &id).into_parts();
    let (before, _) = response.into_parts();
    for (name, value) in before.headers {
        if let Some(name) = name.filter(|name| *name != header::CONTENT_LENGTH) {
            parts.headers.entry(name).or_insert(value);
        }
    }
    Response::from_parts(parts, body)
}

fn problem(error: &Error, reference: &str) -> String {
    let mut said = json!({
        "type": format!("urn:vestibule:problem:{}", error.code),
        "title": error.title,
        "status": error.status.as_u16(),
        "detail": error.sentence,
        "instance": reference,
        "code": error.code,
    });
    if let Some(fields) = said.as_object_mut().filter(|_| !error.faults.is_empty()) {
        fields.insert("errors".to_owned(), json!(error.faults));
    }
    said.to_string()
}

fn wants_page(method: &Method, headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept.contains("text/html")
        && (method == Method::GET || method == Method::POST || method == Method::HEAD)
}

/// What a panic looks like from outside.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request ended in a panic");
    Error::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Something went wrong on our side. Try again in a moment.",
    )
    .into_response()
}

//! The pages as typed templates.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::practice::logout::Participant;
use crate::practice::persona::PERSONAS;
use crate::practice::relying_party::RelyingParty;
use crate::practice::switch::GROUPS;

/// Who do you want to be, and what shall go wrong?
#[derive(Template)]
#[template(path = "practice_sign_in.html")]
pub(super) struct SignIn {
    /// The farm's host.
    pub(super) host: String,
    /// The identifiers that the person may choose among; one where a request names it.
    pub(super) relying_parties: Vec<String>,
    /// The request's `ID`, empty where there is none.
    pub(super) in_response_to: String,
    /// What is handed back.
    pub(super) relay_state: String,
    /// The mishap that the request itself leads to, or nothing.
    pub(super) chosen: &'static str,
    /// Who signed in last, and where.
    pub(super) sessions: Vec<Participant>,
}

/// Who is trusted.
#[derive(Template)]
#[template(path = "practice_trusts.html")]
pub(super) struct Trusts {
    /// The farm's host.
    pub(super) host: String,
    /// The trusts.
    pub(super) trusts: Vec<RelyingParty>,
}

/// A form that posts itself.
#[derive(Clone, Debug, Template)]
#[template(path = "practice_delivery.html")]
pub(super) struct Delivery {
    /// The farm's host.
    pub(super) host: String,
    /// Where to.
    pub(super) action: String,
    /// `SAMLRequest` or `SAMLResponse`.
    pub(super) field: &'static str,
    /// The message, in base64.
    pub(super) token: String,
    /// What is handed back, if anything.
    pub(super) relay_state: Option<String>,
}

/// A page on which the person stays.
#[derive(Template)]
#[template(path = "practice_message.html")]
pub(super) struct Message {
    /// The farm's host.
    pub(super) host: String,
    /// The heading.
    pub(super) title: &'static str,
    /// What happened.
    pub(super) text: String,
}

pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).into_response(),
    }
}

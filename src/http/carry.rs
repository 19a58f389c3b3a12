//! Sends a browser to the identity provider with a message of ours.

use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::{Error, POLICY, page};
use crate::saml::sending::Sending;

/// What a person is on the way to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The sign-in of their company.
    SignIn,
    /// The same to try it, from a form of ours: where that leads may not leave our origin, so a page of its own goes on.
    Trial,
    /// Its sign-out, from a form of ours too.
    SignOut,
    /// Back to it with our answer.
    Back,
}

#[derive(Template)]
#[template(path = "post.html")]
struct Post<'a> {
    to: &'a str,
    action: &'a str,
    field: &'a str,
    message: &'a str,
    relay_state: Option<String>,
}

/// The redirect, or the form that posts itself and may leave for that one origin.
pub(super) fn carry(sending: Sending, way: Way) -> Result<Response, Error> {
    let (action, field, message, relay_state) = match sending {
        Sending::Redirect(location) if matches!(way, Way::Trial | Way::SignOut) => {
            return Ok(page::onward(&location)?.into_response());
        }
        Sending::Redirect(location) => return Ok(page::going_to(&location)),
        Sending::Form {
            action,
            field,
            message,
            relay_state,
        } => (action, field, message, relay_state),
    };
    let mut response = page::show(&Post {
        to: match way {
            Way::SignIn | Way::Trial => "sign-in",
            Way::SignOut | Way::Back => "sign-out",
        },
        action: &action,
        field,
        message: &message,
        relay_state,
    })?
    .into_response();
    let origin = Url::parse(&action)
        .map(|url| url.origin().ascii_serialization())
        .unwrap_or_default();
    let policy = POLICY.replace(
        "form-action 'self'",
        &format!("form-action 'self' {origin}"),
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

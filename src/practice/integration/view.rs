//! The pages of the practice integration as typed templates, and what every one of them carries.

use askama::Template;
use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use tower_http::set_header::SetResponseHeaderLayer;

use super::profile::Profile;
use super::visitor::Visitor;

const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Where everybody begins.
#[derive(Template)]
#[template(path = "integration_front.html")]
pub(super) struct Front {
    pub(super) sign_in: String,
    pub(super) home: String,
}

/// Several profiles, with every button.
#[derive(Template)]
#[template(path = "integration_list.html")]
pub(super) struct List {
    pub(super) visitor: Visitor,
    pub(super) home: String,
    pub(super) title: &'static str,
    pub(super) says: &'static str,
    pub(super) profiles: Vec<Profile>,
}

/// One profile.
#[derive(Template)]
#[template(path = "integration_one.html")]
pub(super) struct One {
    pub(super) visitor: Visitor,
    pub(super) home: String,
    pub(super) profile: Profile,
}

/// The link of a profile.
#[derive(Template)]
#[template(path = "integration_link.html")]
pub(super) struct Link {
    pub(super) visitor: Visitor,
    pub(super) home: String,
    pub(super) profile: Profile,
}

/// A page that says no.
#[derive(Template)]
#[template(path = "integration_message.html")]
pub(super) struct Message {
    pub(super) title: &'static str,
    pub(super) text: String,
}

pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).into_response(),
    }
}

/// The look of the practice ADFS, and what only these pages need.
pub(super) async fn style() -> impl IntoResponse {
    let text = concat!(
        include_str!("../pages/style.css"),
        include_str!("pages/style.css")
    );
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], text)
}

/// Pages that nobody keeps, frames, or adds to.
pub(super) fn guarded<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router
        .layer(header(CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(CACHE_CONTROL, "no-store"))
        // `no-referrer` would make browsers send `Origin: null` with the forms, which the gate refuses.
        .layer(header(REFERRER_POLICY, "same-origin"))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

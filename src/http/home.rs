//! The landing page, and the door for people who come without an account.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use url::form_urlencoded;

use super::extract::{self, SignedIn};
use super::{Error, Shared, page};
use crate::account::Slug;

/// `/` and `/login`.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(home))
        .route("/login", get(login))
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    person: String,
    client: String,
    account: String,
    stage: &'static str,
    email: Option<String>,
    subject: String,
    signed_in: String,
    until: String,
    roles: Vec<(&'static str, String)>,
    permissions: Vec<String>,
    /// Where they administer, if they may.
    portal: Option<&'static str>,
}

async fn home(
    State(shared): State<Shared>,
    signed_in: Option<SignedIn>,
) -> Result<Response, Error> {
    let Some(signed_in) = signed_in else {
        return Ok(page::going_to("/login"));
    };
    let session = signed_in.session;
    let (account, user) = shared
        .app
        .whose(&session)
        .await?
        .ok_or_else(Error::unauthenticated)?;
    let document = shared
        .app
        .document(account.id)
        .await?
        .ok_or_else(Error::unauthenticated)?;
    let permissions = shared.app.permissions(account.id, document.stage, &user)?;
    let permissions: Vec<String> = permissions.into_iter().map(str::to_owned).collect();
    let administers = permissions.iter().any(|name| name == "account:view");
    let page = Home {
        person: user.profile.name().unwrap_or_else(|| user.subject.clone()),
        client: document.client,
        account: account.slug.to_string(),
        stage: document.stage.as_str(),
        email: user.profile.email,
        subject: user.subject,
        signed_in: session.created_at.for_people(),
        until: session.expires_at.for_people(),
        permissions,
        portal: administers.then_some(super::portal::HOME),
        roles: user
            .roles
            .into_iter()
            .map(|(role, reason)| (role.as_str(), reason))
            .collect(),
    };
    Ok(page::show(&page)?.into_response())
}

#[derive(Deserialize)]
struct Door {
    account: Option<String>,
    return_to: Option<String>,
    max_age: Option<String>,
    authn_context: Option<String>,
}

impl Door {
    /// What the account's own address has to know, by the names that it has there.
    fn wishes(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("return_to", &self.return_to),
            ("max_age", &self.max_age),
            ("authn_context", &self.authn_context),
        ];
        let said = all.into_iter();
        said.filter_map(|(name, value)| Some((name, value.clone()?)))
            .collect()
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct Picker {
    wishes: Vec<(&'static str, String)>,
    wrong: bool,
    typed: String,
}

/// The only account there is, else the last one used here, else the one that is typed; unknown ones are not told from others.
async fn login(
    State(shared): State<Shared>,
    Query(door): Query<Door>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let wishes = door.wishes();
    let typed = door.account.map(|name| name.trim().to_lowercase());
    if let Some(name) = &typed {
        return match Slug::parse(name) {
            Some(slug) => Ok(page::onward(&start(&slug, &wishes))?.into_response()),
            None => Ok(page::show(&Picker {
                wishes,
                wrong: true,
                typed: name.clone(),
            })?
            .into_response()),
        };
    }
    let last = extract::cookies(&headers)
        .find(|(name, _)| *name == shared.last_cookie())
        .and_then(|(_, value)| Slug::parse(value));
    match shared.app.only_account().await?.or(last) {
        Some(slug) => Ok(page::going_to(&start(&slug, &wishes))),
        None => Ok(page::show(&Picker {
            wishes,
            wrong: false,
            typed: String::new(),
        })?
        .into_response()),
    }
}

fn start(slug: &Slug, wishes: &[(&str, String)]) -> String {
    let address = format!("/saml/{slug}/login");
    if wishes.is_empty() {
        return address;
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(wishes)
        .finish();
    format!("{address}?{query}")
}

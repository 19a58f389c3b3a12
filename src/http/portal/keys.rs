//! The keys and tokens of an account's programs: made, shown once, and taken back.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::super::api::find_credential as find;
use super::super::api::pass::{KeyCreate, KeyRevoke, KeyView};
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::fields::{Fields, refusal};
use super::frame::{Frame, at};
use super::name::name;
use super::visit::Visit;
use crate::app::NewCredential;
use crate::gate::{Credential, Kind, SCIM};
use crate::id::CredentialId;
use crate::time::{Span, Timestamp};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/accounts/{account}/keys", get(list).post(make))
        .route("/portal/accounts/{account}/keys/new", get(ask))
        .route(
            "/portal/accounts/{account}/keys/{credential}/revoke",
            post(revoke),
        )
}

#[derive(Template)]
#[template(path = "portal_keys.html")]
struct Page {
    frame: Frame,
    at: String,
    may_make: bool,
    may_revoke: bool,
    lines: Vec<Line>,
}

struct Line {
    id: CredentialId,
    name: String,
    prefix: String,
    kind: &'static str,
    may: String,
    state: &'static str,
    is_living: bool,
    made: String,
    ends: String,
    used: Option<String>,
}

impl Line {
    fn of(credential: &Credential, author: &str, now: Timestamp) -> Self {
        let state = credential.state(now);
        let may = match &credential.kind {
            Kind::Integration { scopes } | Kind::Api { scopes } => {
                scopes.iter().cloned().collect::<Vec<_>>().join(" ")
            }
            Kind::Decision { app, .. } => format!("asks about {app}"),
        };
        Self {
            id: credential.id,
            name: credential.name.clone(),
            prefix: credential.prefix.clone(),
            kind: credential.kind.as_str(),
            may,
            state: state.as_str(),
            is_living: state == crate::gate::CredentialState::Living,
            made: format!("{} by {author}", credential.created_at.for_people()),
            ends: credential.expires_at.for_people(),
            used: credential.last_used.map(Timestamp::for_people),
        }
    }
}

async fn list(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<KeyView>,
    moment: Moment,
) -> Result<Html<String>, Error> {
    let mut tx = shared.app.store.read().await?;
    let all = tx.of(pass.account.id).credentials().await?;
    drop(tx);
    let mut lines = Vec::new();
    for credential in &all {
        let author = name(&shared, &pass.account, &credential.created_by).await?;
        lines.push(Line::of(credential, &author, moment.now));
    }
    page::show(&Page {
        frame,
        at: format!("{}/keys", at(pass.account.slug.as_str())),
        may_make: pass.allows(&shared, "key:create")?,
        may_revoke: pass.allows(&shared, "key:revoke")?,
        lines,
    })
}

#[derive(Template)]
#[template(path = "portal_key.html")]
struct New {
    frame: Frame,
    at: String,
    typed: Fields,
    kinds: [(&'static str, &'static str); 3],
    wrong: Option<String>,
}

/// What a key can be for, and what it may do where nobody says otherwise.
const KINDS: [(&str, &str); 3] = [
    (
        "integration",
        "the client's server uses the platform's apps (Account-Id and Api-Key)",
    ),
    (
        "directory",
        "the client's directory keeps the people (SCIM)",
    ),
    (
        "api",
        "a program administers the account (Authorization: Bearer)",
    ),
];

/// What the keys of a client's servers may do where nobody says otherwise.
const INTEGRATION: &str = "profile:create profile:list profile:view link:copy";

fn form(frame: Frame, here: &str, typed: Fields, wrong: Option<String>) -> New {
    New {
        frame,
        at: format!("{here}/keys"),
        typed,
        kinds: KINDS,
        wrong,
    }
}

async fn ask(Visit { pass, frame }: Visit<KeyCreate>) -> Result<Html<String>, Error> {
    let here = at(pass.account.slug.as_str());
    page::show(&form(frame, &here, Fields::default(), None))
}

/// A secret that is shown once.
#[derive(Template)]
#[template(path = "portal_secret.html")]
pub(super) struct Secret {
    pub(super) frame: Frame,
    pub(super) back: String,
    pub(super) title: &'static str,
    pub(super) says: String,
    pub(super) shown: String,
}

fn wish(fields: &Fields) -> Result<NewCredential, String> {
    let words = |name: &str| -> BTreeSet<String> {
        let text = fields.get(name).split([' ', ',', '\n', '\r']);
        text.filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let mut scopes = words("scopes");
    let kind = match fields.get("kind") {
        "directory" => Kind::Api {
            scopes: [SCIM.to_owned()].into(),
        },
        "api" => Kind::Api { scopes },
        "integration" => {
            if scopes.is_empty() {
                scopes = INTEGRATION.split(' ').map(str::to_owned).collect();
            }
            Kind::Integration { scopes }
        }
        _ => return Err("say what it is for".to_owned()),
    };
    let networks = words("networks").into_iter().map(|text| {
        let wrong = format!("`{text}` is no network such as 203.0.113.0/24");
        text.parse().map_err(|_| wrong)
    });
    let days = fields.some("days").unwrap_or_else(|| "365".to_owned());
    let days = days.parse().ok().filter(|days| (1..=3650).contains(days));
    Ok(NewCredential {
        name: fields.get("name").to_owned(),
        kind,
        networks: networks.collect::<Result<_, _>>()?,
        lasts: Span::days(days.ok_or("it lasts 1 to 3650 days")?),
    })
}

async fn make(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<KeyCreate>,
    fields: Fields,
) -> Result<Response, Error> {
    let here = at(pass.account.slug.as_str());
    let wrong = match wish(&fields) {
        Ok(wish) => {
            let actor = pass.caller.actor();
            match shared
                .app
                .create_credential(&pass.account, wish, actor)
                .await
            {
                Ok((credential, secret)) => {
                    let page = page::show(&Secret {
                        frame,
                        back: format!("{here}/keys"),
                        title: "The key is made",
                        says: format!(
                            "This is the secret of {}. It is shown here once and never again; hand it over by a way that nobody else reads.",
                            credential.name
                        ),
                        shown: secret.reveal().to_owned(),
                    })?;
                    return Ok((StatusCode::CREATED, page).into_response());
                }
                Err(error) => refusal(error)?,
            }
        }
        Err(wrong) => wrong,
    };
    let page = page::show(&form(frame, &here, fields, Some(wrong)))?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn revoke(
    State(shared): State<Shared>,
    Visit { pass, .. }: Visit<KeyRevoke>,
    Path((_, credential)): Path<(String, String)>,
) -> Result<Response, Error> {
    let found = find(&shared, pass.account.id, &credential).await?;
    let actor = pass.caller.actor();
    shared.app.revoke_credential(&found, actor).await?;
    let here = at(pass.account.slug.as_str());
    Ok(page::going_to(&format!("{here}/keys?done=revoked")))
}

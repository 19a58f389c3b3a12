//! A new client: from its metadata to an account, in two steps.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::super::api::pass::AccountCreate;
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::configuration::{LARGEST, done, metadata};
use super::effect::Provider;
use super::fields::{Asked, Fields, refusal};
use super::frame::{Frame, at};
use super::visit::Visit;
use crate::account::warnings;
use crate::app::vet;
use crate::config::{AccountFile, parse_account, write_account};
use crate::role::Role;

/// The claim in which ADFS sends roles.
const ROLE_CLAIM: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/accounts/new", get(ask).post(make))
        .layer(DefaultBodyLimit::max(LARGEST))
}

#[derive(Template)]
#[template(path = "portal_new.html")]
struct Page {
    frame: Frame,
    typed: Fields,
    metadata: String,
    roles: Vec<(&'static str, &'static str, String)>,
    wrong: Option<String>,
}

/// What each role is for, as somebody is asked for the value that gives it.
const ROLES: [(Role, &str); 5] = [
    (Role::Maker, "accepts and concludes calls"),
    (Role::Checker, "creates, views and reviews profiles"),
    (Role::Auditor, "only ever views profiles"),
    (Role::LinkCreator, "creates links and sees their own"),
    (Role::UamAdmin, "manages the people of the account"),
];

fn form(frame: Frame, typed: Fields, wrong: Option<String>) -> Page {
    let given = typed.some("file").or_else(|| typed.some("metadata"));
    Page {
        frame,
        metadata: given.unwrap_or_default(),
        roles: ROLES
            .iter()
            .map(|(role, says)| (role.as_str(), *says, typed.get(role.as_str()).to_owned()))
            .collect(),
        typed,
        wrong,
    }
}

async fn ask(
    Visit { mut frame, .. }: Visit<AccountCreate>,
    Asked(typed): Asked,
) -> Result<Html<String>, Error> {
    frame.account = None;
    page::show(&form(frame, typed, None))
}

#[derive(Template)]
#[template(path = "portal_new_review.html")]
struct Review {
    frame: Frame,
    typed: Vec<(&'static str, String)>,
    slug: String,
    text: String,
    provider: Option<Provider>,
    fingerprints: Vec<String>,
    warnings: Vec<String>,
    wrong: Option<String>,
}

/// What stays hidden in the form while it is looked at.
const KEPT: [&str; 12] = [
    "client",
    "account",
    "stage",
    "uam",
    "claim",
    "maker",
    "checker",
    "auditor",
    "link_creator",
    "uam_admin",
    "return_to",
    "url",
];

/// The configuration that a form describes, written as somebody would.
fn written(typed: &Fields) -> String {
    let text = |value: &str| toml::Value::from(value).to_string();
    let claim = typed.some("claim").unwrap_or_else(|| ROLE_CLAIM.to_owned());
    let mut lines = vec![
        format!("account = {}", text(typed.get("account"))),
        format!("client = {}", text(typed.get("client"))),
        format!("stage = {}", text(typed.get("stage"))),
        format!("uam = {}", typed.get("uam") == "yes"),
        "[saml]".to_owned(),
    ];
    if let Some(url) = typed.some("url") {
        lines.push(format!("idp_metadata_url = {}", text(&url)));
    }
    if let Some(places) = typed.some("return_to") {
        let places = places.split_whitespace().map(text).collect::<Vec<_>>();
        lines.push(format!("[access]\nreturn_to = [{}]", places.join(", ")));
    }
    for (role, _) in ROLES {
        if let Some(value) = typed.some(role.as_str()) {
            lines.push(format!(
                "[[roles]]\nrole = \"{role}\"\nclaim = {}\nequals = {}",
                text(&claim),
                text(&value)
            ));
        }
    }
    lines.join("\n")
}

async fn make(
    State(shared): State<Shared>,
    Visit { pass, mut frame }: Visit<AccountCreate>,
    moment: Moment,
    typed: Fields,
) -> Result<Response, Error> {
    frame.account = None;
    if typed.get("step") == "edit" {
        return Ok(page::show(&form(frame, typed, None))?.into_response());
    }
    let again = |frame, wrong| {
        let page = page::show(&form(frame, typed.clone(), Some(wrong)))?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let document = match parse_account(&written(&typed), "the form") {
        Ok(document) => document,
        Err(wrong) => return again(frame, wrong.to_string()),
    };
    let metadata = match metadata(&shared, &typed).await {
        Ok(metadata) => metadata,
        Err(error) => return again(frame, refusal(error)?),
    };
    let file = AccountFile { document, metadata };
    let idp = match vet(&file, &shared.app.config) {
        Ok(idp) => idp,
        Err(error) => return again(frame, refusal(error)?),
    };
    let mut wrong = None;
    if typed.get("step") == "make" {
        let seen: Vec<String> = typed.all("seen").map(str::to_owned).collect();
        let (app, author) = (&shared.app, pass.caller.actor().id);
        match app.create_reviewed(&file, &seen, &author).await {
            Ok(outcome) => return Ok(done(&at(outcome.account.slug.as_str()), &outcome)),
            Err(error) => wrong = Some(refusal(error)?),
        }
    }
    let mut found = warnings(&file.document, moment.now);
    found.extend(idp.iter().flat_map(|idp| idp.warnings(moment.now)));
    let text = file.metadata.as_deref().map(String::from_utf8_lossy);
    let mut kept: Vec<_> = KEPT.map(|name| (name, typed.get(name).to_owned())).to_vec();
    kept.push(("metadata", text.map(String::from).unwrap_or_default()));
    let status = match &wrong {
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::OK,
    };
    let page = page::show(&Review {
        frame,
        slug: file.document.account.to_string(),
        text: write_account(&file.document),
        typed: kept,
        fingerprints: idp
            .iter()
            .flat_map(|idp| &idp.signing)
            .map(|key| key.certificate.fingerprint.clone())
            .collect(),
        provider: idp.map(|idp| Provider::of(&idp, moment.now)),
        warnings: found,
        wrong,
    })?;
    Ok((status, page).into_response())
}

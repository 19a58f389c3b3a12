//! Every account, for the people who run Vestibule.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::super::api::pass::AccountView;
use super::super::{Error, Shared, page};
use super::fields::Asked;
use super::frame::{Frame, at};
use super::visit::Visit;
use crate::account::{Account, Document, Slug};
use crate::id::AccountId;

/// So many stand on a page.
const SHOWN: usize = 50;

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/portal/accounts", get(list))
}

#[derive(Template)]
#[template(path = "portal_accounts.html")]
struct Page {
    frame: Frame,
    typed: String,
    lines: Vec<Line>,
    next: Option<AccountId>,
}

struct Line {
    at: String,
    client: String,
    slug: String,
    stage: &'static str,
    state: &'static str,
    is_connected: bool,
}

async fn list(
    State(shared): State<Shared>,
    Visit { pass, mut frame }: Visit<AccountView>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    if !pass.caller.is_operator() {
        return Ok(page::going_to(&at(pass.account.slug.as_str())));
    }
    frame.account = None;
    let typed = asked.get("q").to_lowercase();
    let is_name = typed.is_empty() || Slug::parse(&format!("{typed}0")).is_some();
    let after = AccountId::parse(asked.get("after"));
    let mut tx = shared.app.store.read().await?;
    let mut all: Vec<(Account, Document)> = Vec::new();
    if is_name {
        let limit = i64::try_from(SHOWN + 1).unwrap_or(i64::MAX);
        all = tx.accounts_in_force(&typed, after, limit).await?;
    }
    let is_more = all.len() > SHOWN;
    all.truncate(SHOWN);
    let next = all
        .last()
        .filter(|_| is_more)
        .map(|(account, _)| account.id);
    drop(tx);
    let line = |(account, document): (Account, Document)| Line {
        at: at(account.slug.as_str()),
        client: document.client,
        stage: document.stage.as_str(),
        state: account.state.as_str(),
        is_connected: document.saml.is_some(),
        slug: account.slug.to_string(),
    };
    Ok(page::show(&Page {
        frame,
        typed,
        lines: all.into_iter().map(line).collect(),
        next,
    })?
    .into_response())
}

//! Every account, for the people who run Vestibule.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::super::api::pass::AccountView;
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::fields::Asked;
use super::frame::{Frame, at};
use super::visit::Visit;
use crate::account::{Account, Document, Slug, State as Standing};
use crate::id::AccountId;
use crate::store::Glance;
use crate::time::Timestamp;

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
    is_bad: bool,
    last: Option<String>,
    /// How many days are left until the first of its certificates ends.
    days: Option<i64>,
}

impl Line {
    fn of((account, document): (Account, Document), glance: &Glance, now: Timestamp) -> Self {
        let (state, is_bad) = match (account.state, glance.is_connected, glance.is_offered) {
            (Standing::Disabled, ..) => ("disabled", true),
            (Standing::Enabled, _, true) => ("its metadata waits for you", true),
            (Standing::Enabled, false, false) => ("waits for its client's metadata", false),
            (Standing::Enabled, true, false) => ("connected", false),
        };
        Self {
            at: at(account.slug.as_str()),
            client: document.client,
            stage: document.stage.as_str(),
            state,
            is_bad,
            last: glance.last_sign_in.map(Timestamp::for_people),
            days: glance.first_end.map(|end| end.since(now).as_days()),
            slug: account.slug.to_string(),
        }
    }
}

async fn list(
    State(shared): State<Shared>,
    Visit { pass, mut frame }: Visit<AccountView>,
    moment: Moment,
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
    let mut lines = Vec::new();
    for known in all {
        let glance = tx.of(known.0.id).glance().await?;
        lines.push(Line::of(known, &glance, moment.now));
    }
    drop(tx);
    Ok(page::show(&Page {
        frame,
        typed,
        lines,
        next,
    })?
    .into_response())
}

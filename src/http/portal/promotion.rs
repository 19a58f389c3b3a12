//! A demo account and the client's live one, side by side, and the step from one to the other.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::super::api::pass::{Pass, RevisionMake};
use super::super::{Error, Shared, page};
use super::configuration::done;
use super::effect::{People, Row, changes, trust};
use super::fields::{Asked, Fields, refusal};
use super::frame::{Frame, at};
use super::visit::Visit;
use crate::account::{Account, Document, Stage};
use crate::app::{Consented, Effects, Promotion, Shown};

/// So many accounts are looked through in one go.
const PAGE: i64 = 500;

pub(super) fn router() -> Router<Shared> {
    Router::new().route(
        "/portal/accounts/{account}/promotion",
        get(ask).post(promote),
    )
}

#[derive(Template)]
#[template(path = "portal_promotion.html")]
struct Page {
    frame: Frame,
    at: String,
    client: String,
    /// The live accounts of the client, of which one is compared.
    choices: Vec<String>,
    side: Option<Side>,
    wrong: Option<String>,
}

/// What stands against what.
struct Side {
    to: String,
    revision: i64,
    before: i64,
    rows: Vec<Row>,
    people: People,
    trust: Vec<Row>,
    is_connected: bool,
    evidence: Vec<Seen>,
    takes_two: bool,
    subject_changes: bool,
}

impl Side {
    /// Whether all that has to be seen was seen.
    fn is_complete(&self) -> bool {
        self.evidence.iter().all(|one| one.at.is_some())
    }
}

/// What has to be seen.
struct Seen {
    name: String,
    says: String,
    at: Option<(String, String)>,
    waiver: String,
}

/// The live accounts of the client.
async fn live(shared: &Shared, client: &str) -> Result<Vec<(Account, Document)>, Error> {
    let (mut found, mut after) = (Vec::new(), None);
    let mut tx = shared.app.store.read().await?;
    loop {
        let page = tx.accounts_in_force("", after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.id);
        let is_one = |(_, document): &(Account, Document)| {
            document.stage == Stage::Live && document.client == client
        };
        found.extend(page.into_iter().filter(is_one));
    }
    Ok(found)
}

async fn view(
    shared: &Shared,
    pass: &Pass<RevisionMake>,
    frame: Frame,
    fields: &Fields,
) -> Result<Page, Error> {
    let all = live(shared, &pass.document.client).await?;
    let named = fields.get("to");
    let chosen = all
        .iter()
        .find(|(account, _)| account.slug.as_str() == named)
        .or(all.first().filter(|_| all.len() == 1));
    let (mut side, mut wrong) = (None, None);
    if let Some((account, document)) = chosen {
        match shared.app.promotion(&pass.account, account).await {
            Ok(promotion) => {
                let here = at(pass.account.slug.as_str());
                let effects = shared.app.what_if(account, &promotion.candidate).await?;
                let live = (account, document);
                side = Some(beside(&here, live, &promotion, effects, fields));
            }
            Err(error) => wrong = Some(refusal(error)?),
        }
    }
    let choices = all.iter().map(|(account, _)| account.slug.to_string());
    Ok(Page {
        frame,
        at: at(pass.account.slug.as_str()),
        client: pass.document.client.clone(),
        choices: choices.collect(),
        side,
        wrong,
    })
}

fn beside(
    here: &str,
    (to, document): (&Account, &Document),
    promotion: &Promotion,
    effects: Effects,
    fields: &Fields,
) -> Side {
    let evidence: Vec<Seen> = promotion
        .evidence
        .iter()
        .map(|one| Seen {
            name: one.of.to_string(),
            says: one.of.sentence(),
            at: one
                .attempt
                .map(|(id, when)| (format!("{here}/attempts/{id}"), when.for_people())),
            waiver: fields.get(&format!("waive-{}", one.of)).to_owned(),
        })
        .collect();
    Side {
        to: to.slug.to_string(),
        revision: promotion.revision,
        before: promotion.before,
        rows: changes(&promotion.changes),
        trust: promotion.trust.as_ref().map(trust).unwrap_or_default(),
        is_connected: promotion.is_connected,
        evidence,
        people: People::from(effects),
        takes_two: document.approvals(),
        subject_changes: promotion.candidate.claims.subject != document.claims.subject,
    }
}

async fn ask(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RevisionMake>,
    Asked(asked): Asked,
) -> Result<Html<String>, Error> {
    page::show(&view(&shared, &pass, frame, &asked).await?)
}

async fn promote(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RevisionMake>,
    fields: Fields,
) -> Result<Response, Error> {
    let app = &shared.app;
    let all = live(&shared, &pass.document.client).await?;
    let to = all
        .into_iter()
        .find(|(account, _)| account.slug.as_str() == fields.get("to"));
    let (to, _) = to.ok_or_else(Error::not_found)?;
    let seen = fields.get("revision").parse().ok();
    let seen = seen.zip(fields.get("before").parse().ok());
    let waivers = fields.beginning("waive-").filter_map(|(name, reason)| {
        let of = Shown::parse(name)?;
        Some((of, reason.to_owned()))
    });
    let consented = Consented {
        seen: Some(seen.ok_or_else(Error::not_found)?),
        waivers: waivers.collect::<BTreeMap<_, _>>(),
        new_subject: fields.get("new_subject") == "yes",
    };
    let actor = pass.caller.actor();
    match app.promote(&pass.account, &to, &consented, actor).await {
        Ok(outcome) => Ok(done(&at(to.slug.as_str()), &outcome)),
        Err(error) => {
            let wrong = refusal(error)?;
            let mut page = view(&shared, &pass, frame, &fields).await?;
            page.wrong = Some(wrong);
            Ok((StatusCode::CONFLICT, page::show(&page)?).into_response())
        }
    }
}

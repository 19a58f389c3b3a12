//! What waits for a second person, and the page on which they decide.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::super::api::Caller;
use super::super::{Error, Shared, page};
use super::effect::{self, Row, trust};
use super::fields::Fields;
use super::frame::Frame;
use super::name::name;
use super::visit::Visitor;
use crate::account::Account;
use crate::app::{Effect, Examined, Forbidden, Refused};
use crate::id::{AccountId, ProposalId};
use crate::proposal::{Proposal, State as Stands};

/// Where they are listed.
const LIST: &str = "/portal/proposals";

/// So many are shown.
const SHOWN: i64 = 200;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/proposals", get(list))
        .route("/portal/proposals/{account}/{proposal}", get(show))
        .route(
            "/portal/proposals/{account}/{proposal}/decide",
            post(decide),
        )
}

#[derive(Template)]
#[template(path = "proposals.html")]
struct List {
    frame: Frame,
    waiting: Vec<Line>,
}

struct Line {
    at: String,
    says: String,
    account: String,
    author: String,
    since: String,
    until: String,
    is_own: bool,
}

async fn list(
    State(shared): State<Shared>,
    Visitor { caller, frame }: Visitor,
) -> Result<Html<String>, Error> {
    let (session, now) = (caller.session()?, shared.app.clock.now());
    let own = &caller.present().environment.account;
    let mut tx = shared.app.store.read().await?;
    let all: Vec<(AccountId, Proposal)> = if caller.is_operator() {
        // However many roles a client asks for, what else waits is seen.
        let mut all = tx.open_proposals(now, false, SHOWN).await?;
        all.extend(tx.open_proposals(now, true, SHOWN).await?);
        all
    } else {
        let mut of = tx.of(own.id);
        let open = of.proposals(Some(Stands::Open), true, None, SHOWN).await?;
        let open = open.into_iter().filter(|proposal| proposal.is_open(now));
        open.map(|proposal| (own.id, proposal)).collect()
    };
    drop(tx);
    let mut waiting = Vec::new();
    for (account, proposal) in all {
        let mut tx = shared.app.store.read().await?;
        let Some(account) = tx.of(account).account().await? else {
            continue;
        };
        drop(tx);
        if !may(&shared, &caller, &account, &proposal).await? {
            continue;
        }
        waiting.push(Line {
            at: format!("{LIST}/{}/{}", account.slug, proposal.id),
            says: said(&shared, &account, &proposal).await?,
            author: name(&shared, &account, &proposal.author).await?,
            account: account.slug.to_string(),
            since: proposal.created_at.for_people(),
            until: proposal.expires_at.for_people(),
            is_own: proposal.is_of(session.user),
        });
    }
    page::show(&List { frame, waiting })
}

#[derive(Template)]
#[template(path = "proposal.html")]
struct Page {
    frame: Frame,
    at: String,
    says: String,
    account: String,
    client: String,
    reason: String,
    author: String,
    since: String,
    until: String,
    /// What would change, line by line: what it is, before, and after.
    changes: Vec<Row>,
    sentence: Option<&'static str>,
    fingerprints: Vec<String>,
    obstacle: Option<String>,
    is_own: bool,
    is_open: bool,
    state: &'static str,
    decided: Option<String>,
    /// Why the last try did not work.
    wrong: Option<String>,
}

async fn show(
    State(shared): State<Shared>,
    Visitor { caller, frame }: Visitor,
    Path((account, proposal)): Path<(String, String)>,
) -> Result<Response, Error> {
    let (account, examined) = find(&shared, &caller, &account, &proposal).await?;
    let page = view(&shared, &caller, frame, &account, examined).await?;
    Ok(page::show(&page)?.into_response())
}

async fn decide(
    State(shared): State<Shared>,
    Visitor { caller, frame }: Visitor,
    Path((account, proposal)): Path<(String, String)>,
    word: Fields,
) -> Result<Response, Error> {
    let (account, examined) = find(&shared, &caller, &account, &proposal).await?;
    let (app, by, id) = (&shared.app, caller.present(), examined.proposal.id);
    let (actor, comment) = (caller.actor(), word.get("comment"));
    let seen: Vec<String> = word.all("seen").map(str::to_owned).collect();
    let decided = match word.get("decision") {
        "approve" => app.approve(&account, id, by, &seen, comment, actor).await,
        "refuse" => app.refuse(&account, id, by, comment, actor).await,
        _ => return Err(Error::not_found()),
    };
    match decided {
        Ok(_) => Ok(page::going_to(LIST)),
        Err(error) if error.is::<Refused>() || error.is::<Forbidden>() => {
            let (_, examined) = find(&shared, &caller, account.slug.as_str(), &proposal).await?;
            let mut page = view(&shared, &caller, frame, &account, examined).await?;
            page.wrong = Some(error.to_string());
            Ok((StatusCode::CONFLICT, page::show(&page)?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// A proposal that the caller may decide about, or would if it were not their own; any other is not there.
async fn find(
    shared: &Shared,
    caller: &Caller,
    account: &str,
    id: &str,
) -> Result<(Account, Examined), Error> {
    caller.session()?;
    let id = ProposalId::parse(id).ok_or_else(Error::not_found)?;
    let own = &caller.present().environment.account;
    let account = if account == own.slug.as_str() {
        own.clone()
    } else if caller.is_operator() {
        let mut tx = shared.app.store.read().await?;
        tx.account(account).await?.ok_or_else(Error::not_found)?
    } else {
        return Err(Error::not_found());
    };
    let found = shared.app.proposal(&account, id).await?;
    let found = found.ok_or_else(Error::not_found)?;
    if may(shared, caller, &account, &found.proposal).await? {
        Ok((account, found))
    } else {
        Err(Error::not_found())
    }
}

async fn may(
    shared: &Shared,
    caller: &Caller,
    account: &Account,
    proposal: &Proposal,
) -> Result<bool, Error> {
    let Some(document) = shared.app.document(account.id).await? else {
        return Ok(false);
    };
    let (policy, subject) = (&shared.app.access.policy, &caller.present().subject);
    let permission = proposal.wish.permission();
    let decision = policy.administers(subject, permission, account.id, document.stage)?;
    Ok(decision.is_allowed)
}

async fn view(
    shared: &Shared,
    caller: &Caller,
    frame: Frame,
    account: &Account,
    examined: Examined,
) -> Result<Page, Error> {
    let proposal = &examined.proposal;
    let (now, person) = (shared.app.clock.now(), caller.session()?.user);
    let decided = match &proposal.decision {
        Some(decision) => Some(format!(
            "{} by {} {}",
            decision.at.for_people(),
            name(shared, account, &decision.by).await?,
            decision.comment
        )),
        None => None,
    };
    let sentence = match &examined.effect {
        Some(Effect::Keys { meaning, .. }) => Some(*meaning),
        _ => None,
    };
    Ok(Page {
        frame,
        at: format!("{LIST}/{}/{}", account.slug, proposal.id),
        says: said(shared, account, proposal).await?,
        account: account.slug.to_string(),
        client: shared.app.client(account.id).await?,
        reason: proposal.reason.clone(),
        author: name(shared, account, &proposal.author).await?,
        since: proposal.created_at.for_people(),
        until: proposal.expires_at.for_people(),
        fingerprints: proposal.wish.fingerprints().to_vec(),
        is_own: proposal.is_of(person),
        is_open: proposal.is_open(now),
        state: proposal.state.as_str(),
        decided,
        sentence,
        changes: changes(examined.effect),
        obstacle: examined.obstacle,
        wrong: None,
    })
}

/// What would change: what it is, before, and after.
fn changes(effect: Option<Effect>) -> Vec<Row> {
    let names = |roles: Vec<String>| match roles.as_slice() {
        [] => "no role".to_owned(),
        some => some.join(", "),
    };
    match effect {
        Some(Effect::Roles { before, after }) => {
            vec![("Roles".to_owned(), names(before), names(after))]
        }
        Some(Effect::Configuration {
            changes,
            identity_provider,
        }) => {
            let trust = identity_provider.iter().flat_map(|differs| trust(differs));
            effect::changes(&changes).into_iter().chain(trust).collect()
        }
        Some(Effect::IdentityProvider { pending }) => trust(&pending.difference),
        Some(Effect::Keys { .. }) | None => Vec::new(),
    }
}

/// What is asked for, with the person by their name.
async fn said(shared: &Shared, account: &Account, proposal: &Proposal) -> Result<String, Error> {
    let sentence = proposal.wish.sentence();
    let Some(user) = proposal.wish.user().map(|user| user.to_string()) else {
        return Ok(sentence);
    };
    let known = name(shared, account, &user).await?;
    Ok(sentence.replace(&user, &known))
}

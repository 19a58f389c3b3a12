//! What waits for a second person: read, approved, refused and taken back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{Error, Shared};
use super::input::Input;
use super::page::{Address, Asked, Page, Turn};
use super::pass::{Pass, RoleGrant, RoleView};
use crate::account::Account;
use crate::app::Examined;
use crate::id::ProposalId;
use crate::proposal::{self, Proposal};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(approve))
        .routes(routes!(refuse))
        .routes(routes!(withdraw))
}

/// What somebody asked for, and what became of it.
#[derive(Serialize, ToSchema)]
pub(super) struct ProposalInfo {
    /// Its id.
    id: String,
    /// `open`, `approved`, `refused`, `withdrawn` or `expired`.
    state: String,
    /// What would happen, in words.
    says: String,
    /// What is asked for: `what`, and what belongs to it.
    #[schema(value_type = Object)]
    wish: serde_json::Value,
    /// Why.
    reason: String,
    /// Who asked.
    author: String,
    /// When.
    created_at: String,
    /// From then on nobody can approve it.
    expires_at: String,
    /// Who decided.
    decided_by: Option<String>,
    /// When.
    decided_at: Option<String>,
    /// What they said about it.
    comment: Option<String>,
}

impl From<Proposal> for ProposalInfo {
    fn from(proposal: Proposal) -> Self {
        let says = proposal.wish.sentence();
        let decision = proposal.decision;
        Self {
            id: proposal.id.to_string(),
            state: proposal.state.as_str().to_owned(),
            says,
            wish: serde_json::json!(proposal.wish),
            reason: proposal.reason,
            author: proposal.author,
            created_at: proposal.created_at.to_string(),
            expires_at: proposal.expires_at.to_string(),
            decided_by: decision.as_ref().map(|decision| decision.by.clone()),
            decided_at: decision.as_ref().map(|decision| decision.at.to_string()),
            comment: decision.map(|decision| decision.comment),
        }
    }
}

/// A proposal as somebody looks at it who decides.
#[derive(Serialize, ToSchema)]
struct FullProposal {
    /// What the list says of it.
    #[serde(flatten)]
    info: ProposalInfo,
    /// The certificates that whoever approves it has compared with the client.
    fingerprints: Vec<String>,
    /// What it would change as things stand now; absent once it was decided.
    #[schema(value_type = Option<Object>)]
    effect: Option<serde_json::Value>,
    /// Why it cannot happen as things stand now.
    obstacle: Option<String>,
}

impl From<Examined> for FullProposal {
    fn from(examined: Examined) -> Self {
        Self {
            fingerprints: examined.proposal.wish.fingerprints().to_vec(),
            info: examined.proposal.into(),
            effect: examined.effect.map(|effect| serde_json::json!(effect)),
            obstacle: examined.obstacle,
        }
    }
}

/// The answer to a wish that takes two people.
pub(super) fn accepted(account: &Account, proposal: Proposal) -> Response {
    let at = format!(
        "{}/accounts/{}/proposals/{}",
        super::BASE,
        account.slug,
        proposal.id
    );
    let mut response = (StatusCode::ACCEPTED, Json(ProposalInfo::from(proposal))).into_response();
    if let Ok(at) = HeaderValue::from_str(&at) {
        response.headers_mut().insert(header::LOCATION, at);
    }
    response
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Of one state alone.
    #[param(inline, value_type = Option<StateName>)]
    state: Option<proposal::State>,
    /// How many at most; 50 where nobody says.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// What became of a proposal.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what may be asked for")]
enum StateName {
    Open,
    Approved,
    Refused,
    Withdrawn,
    Expired,
}

/// Lists the proposals of an account, newest first: those about people, and to operators those about its configuration and keys too.
#[utoipa::path(get, path = "/accounts/{account}/proposals", tag = "proposals", operation_id = "list_proposals",
    params(("account" = String, Path, description = "Its name or id."), Filter),
    responses((status = 200, body = Page<ProposalInfo>)))]
async fn list(
    State(shared): State<Shared>,
    pass: Pass<RoleView>,
    address: Address,
    Asked(filter): Asked<Filter>,
) -> Result<Response, Error> {
    let turn = Turn::new(filter.limit, filter.cursor);
    let before = turn.cursor(ProposalId::parse)?;
    let all = pass.allows(&shared, CONFIGURATION)?;
    let state = filter.state;
    let mut tx = shared.app.store.read().await?;
    let mut of = tx.of(pass.account.id);
    let found = of.proposals(state, !all, before, turn.one_more()?).await?;
    address.cut(found, &turn, |one| one.id.to_string(), ProposalInfo::from)
}

/// Who may see what would become of the configuration.
const CONFIGURATION: &str = "revision:view";

async fn find(
    shared: &Shared,
    pass: &Pass<impl super::pass::Permission>,
    id: &str,
) -> Result<Examined, Error> {
    let id = ProposalId::parse(id).ok_or_else(Error::not_found)?;
    let found = shared.app.proposal(&pass.account, id).await?;
    let found = found.ok_or_else(Error::not_found)?;
    if found.proposal.wish.user().is_some() || pass.allows(shared, CONFIGURATION)? {
        Ok(found)
    } else {
        Err(Error::not_found())
    }
}

/// Shows a proposal, and what it would change as things stand now.
#[utoipa::path(get, path = "/accounts/{account}/proposals/{proposal}", tag = "proposals", operation_id = "show_proposal",
    params(("account" = String, Path, description = "Its name or id."), ("proposal" = String, Path, description = "Its id.")),
    responses((status = 200, body = FullProposal)))]
async fn show(
    State(shared): State<Shared>,
    pass: Pass<RoleView>,
    Path((_, proposal)): Path<(String, String)>,
) -> Result<Json<FullProposal>, Error> {
    Ok(Json(find(&shared, &pass, &proposal).await?.into()))
}

/// What somebody says who decides.
#[derive(Deserialize, ToSchema)]
struct Word {
    /// What the audit keeps beside it.
    #[serde(default)]
    #[schema(max_length = 500)]
    comment: String,
    /// The certificates that were compared with the client, by their SHA-256 fingerprints.
    #[serde(default)]
    #[schema(max_items = 50)]
    fingerprints: Vec<String>,
}

/// Approves a proposal, with which it happens: a person at a session of their own, who neither asked for it nor gains by it.
#[utoipa::path(post, path = "/accounts/{account}/proposals/{proposal}/approve", tag = "proposals", operation_id = "approve_proposal",
    params(("account" = String, Path, description = "Its name or id."), ("proposal" = String, Path, description = "Its id.")),
    request_body = Word,
    responses((status = 200, body = ProposalInfo)))]
async fn approve(
    State(shared): State<Shared>,
    pass: Pass<RoleView>,
    Path((_, proposal)): Path<(String, String)>,
    Input(word): Input<Word>,
) -> Result<Json<ProposalInfo>, Error> {
    pass.caller.session()?;
    let id = find(&shared, &pass, &proposal).await?.proposal.id;
    let (app, by) = (&shared.app, pass.caller.present());
    let decided = app.approve(
        &pass.account,
        id,
        by,
        &word.fingerprints,
        &word.comment,
        pass.caller.actor(),
    );
    Ok(Json(decided.await?.into()))
}

/// Refuses a proposal: a person at a session of their own, who neither asked for it nor gains by it.
#[utoipa::path(post, path = "/accounts/{account}/proposals/{proposal}/refuse", tag = "proposals", operation_id = "refuse_proposal",
    params(("account" = String, Path, description = "Its name or id."), ("proposal" = String, Path, description = "Its id.")),
    request_body = Word,
    responses((status = 200, body = ProposalInfo)))]
async fn refuse(
    State(shared): State<Shared>,
    pass: Pass<RoleView>,
    Path((_, proposal)): Path<(String, String)>,
    Input(word): Input<Word>,
) -> Result<Json<ProposalInfo>, Error> {
    pass.caller.session()?;
    let id = find(&shared, &pass, &proposal).await?.proposal.id;
    let (app, by) = (&shared.app, pass.caller.present());
    let decided = app.refuse(&pass.account, id, by, &word.comment, pass.caller.actor());
    Ok(Json(decided.await?.into()))
}

/// Takes a proposal back; whoever may ask for it may.
#[utoipa::path(post, path = "/accounts/{account}/proposals/{proposal}/withdraw", tag = "proposals", operation_id = "withdraw_proposal",
    params(("account" = String, Path, description = "Its name or id."), ("proposal" = String, Path, description = "Its id.")),
    responses((status = 200, body = ProposalInfo)))]
async fn withdraw(
    State(shared): State<Shared>,
    pass: Pass<RoleGrant>,
    Path((_, proposal)): Path<(String, String)>,
) -> Result<Json<ProposalInfo>, Error> {
    let found = find(&shared, &pass, &proposal).await?.proposal;
    if found.wish.user().is_none() && !pass.allows(&shared, found.wish.permission())? {
        return Err(Error::not_found());
    }
    let actor = pass.caller.actor();
    let withdrawn = shared.app.withdraw(&pass.account, found.id, &actor);
    Ok(Json(withdrawn.await?.into()))
}

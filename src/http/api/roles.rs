//! The roles of a person: which, since when, and why; granted, taken away and let back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use openssl::sha::sha256;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::extract::Moment;
use super::super::{Error, Shared};
use super::input::{Check, Input};
use super::pass::{Pass, RoleGrant, RoleTake, RoleView};
use super::person::{RoleName, find};
use super::proposals::{self, ProposalInfo};
use super::version::{Seen, tag};
use crate::account::Account;
use crate::app::Wished;
use crate::grant::{self, Order, Source, Standing};
use crate::id::{UserId, hex};
use crate::role::Role;
use crate::time::{Timestamp, Until};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(grant))
        .routes(routes!(take))
        .routes(routes!(lift))
}

/// The roles of a person, and why.
#[derive(Serialize, ToSchema)]
struct RoleSet {
    /// The roles that they hold now.
    held: Vec<String>,
    /// Everything that gives a role.
    given: Vec<Given>,
    /// What a group of the client's directory gives only with a second person's yes.
    waiting: Vec<Given>,
    /// The denials that count now.
    denied: Vec<Denied>,
    /// Pairs of roles that nobody may hold together; they hold neither.
    conflicts: Vec<Vec<String>>,
}

/// What gives a role.
#[derive(Serialize, ToSchema)]
struct Given {
    /// The role.
    role: String,
    /// `rule`, by a claim of the last sign-in, `group`, by a group of the client's directory, or `grant`, by an administrator.
    by: String,
    /// The rule.
    rule: Option<String>,
    /// Who granted it.
    author: Option<String>,
    /// Why.
    reason: Option<String>,
    /// Since when it is given.
    since: String,
    /// Until when.
    until: Option<String>,
}

/// A role that somebody does not hold, whatever gives it.
#[derive(Serialize, ToSchema)]
struct Denied {
    /// The role.
    role: String,
    /// Who took it away.
    author: String,
    /// Why.
    reason: String,
    /// Since when.
    since: String,
    /// Until when.
    until: Option<String>,
}

impl From<grant::Given> for Given {
    fn from(given: grant::Given) -> Self {
        let (by, rule, author, reason) = match given.source {
            Source::Rule { rule } => ("rule", Some(rule), None, None),
            Source::Group { rule } => ("group", Some(rule), None, None),
            Source::Grant { author, reason } => ("grant", None, Some(author), Some(reason)),
        };
        Self {
            role: given.role.to_string(),
            by: by.to_owned(),
            rule,
            author,
            reason,
            since: given.since.to_string(),
            until: given.until.map(|at| at.to_string()),
        }
    }
}

impl From<Order> for Denied {
    fn from(order: Order) -> Self {
        Self {
            role: order.role.to_string(),
            author: order.author,
            reason: order.reason,
            since: order.created_at.to_string(),
            until: order.ends_at.map(|at| at.to_string()),
        }
    }
}

/// Names what is said about somebody's roles, as it is now.
pub(in super::super) fn version(standing: &Standing) -> String {
    let said = serde_json::json!(standing).to_string();
    let mut version = hex(&sha256(said.as_bytes()));
    version.truncate(16);
    version
}

fn shown(standing: Standing) -> Response {
    let tag = tag(&version(&standing));
    let names = |pair: [Role; 2]| pair.iter().map(Role::to_string).collect();
    let set = RoleSet {
        held: standing.names(),
        given: standing.given.into_iter().map(Given::from).collect(),
        waiting: standing.waiting.into_iter().map(Given::from).collect(),
        denied: standing.denied.into_iter().map(Denied::from).collect(),
        conflicts: standing.conflicts.into_iter().map(names).collect(),
    };
    (StatusCode::OK, tag, Json(set)).into_response()
}

/// The roles as they are now, or what waits for a second person.
fn answer(account: &Account, wished: Wished<Standing>) -> Response {
    match wished {
        Wished::Done(standing) => shown(standing),
        Wished::Waits(proposal) => proposals::accepted(account, *proposal),
    }
}

/// Shows the roles of a person, and what gives or denies each.
#[utoipa::path(get, path = "/accounts/{account}/users/{user}/roles", tag = "roles", operation_id = "list_roles",
    params(("account" = String, Path, description = "Its name or id."), ("user" = String, Path, description = "Their id.")),
    responses((status = 200, body = RoleSet, headers(("ETag" = String, description = "The version of what is said.")))))]
async fn list(
    State(shared): State<Shared>,
    pass: Pass<RoleView>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
) -> Result<Response, Error> {
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    Ok(shown(shared.app.standing(&pass.account, user.id).await?))
}

/// What is wished about a role.
#[derive(Deserialize, ToSchema)]
struct Wish {
    /// The role.
    #[schema(value_type = RoleName)]
    role: String,
    /// Why; the audit keeps it.
    #[schema(
        min_length = 1,
        max_length = 500,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    reason: String,
    /// Until when: a day (to its end, UTC) or an instant; for good where it is absent.
    #[schema(format = DateTime)]
    until: Option<String>,
}

impl Wish {
    fn read(&self) -> Result<(Role, Option<Timestamp>), Error> {
        let mut check = Check::default();
        check.text("/reason", &self.reason, 500);
        let role = Role::parse(&self.role);
        if role.is_none() {
            check.wrong("/role", "unknown_role", "is no role");
        }
        let until = self.until.as_deref().map(str::parse::<Until>);
        let until = until.transpose().unwrap_or_else(|message| {
            check.wrong("/until", "wrong_time", &message);
            None
        });
        check.done()?;
        let role = role.ok_or_else(Error::not_found)?;
        Ok((role, until.map(Until::at)))
    }
}

/// Whoever the address names, while what is said about their roles is what the caller has seen.
async fn seen_as(
    shared: &Shared,
    account: &Account,
    user: &str,
    seen: &Seen,
    now: Timestamp,
) -> Result<UserId, Error> {
    let user = find(shared, account.id, user, now).await?;
    let standing = shared.app.standing(account, user.id).await?;
    seen.check(&version(&standing))?;
    Ok(user.id)
}

/// Grants a person a role, until an end or for good; where that takes two people it is proposed.
#[utoipa::path(post, path = "/accounts/{account}/users/{user}/roles/grant", tag = "roles", operation_id = "grant_role",
    params(("account" = String, Path, description = "Its name or id."), ("user" = String, Path, description = "Their id."),
        ("If-Match" = String, Header, description = "The `ETag` that was read.")),
    request_body = Wish,
    responses((status = 200, body = RoleSet, headers(("ETag" = String, description = "The version of what is said."))),
        (status = 202, body = ProposalInfo, description = "A second person decides.")))]
async fn grant(
    State(shared): State<Shared>,
    pass: Pass<RoleGrant>,
    moment: Moment,
    seen: Seen,
    Path((_, user)): Path<(String, String)>,
    Input(wish): Input<Wish>,
) -> Result<Response, Error> {
    let (role, until) = wish.read()?;
    let user = seen_as(&shared, &pass.account, &user, &seen, moment.now).await?;
    let (account, actor) = (&pass.account, pass.caller.actor());
    let granted = shared
        .app
        .grant_role(account, user, role, until, &wish.reason, &actor);
    Ok(answer(&pass.account, granted.await?))
}

/// Takes a role from a person: a grant is removed, and where a claim gives the role it is denied.
#[utoipa::path(post, path = "/accounts/{account}/users/{user}/roles/take", tag = "roles", operation_id = "take_role",
    params(("account" = String, Path, description = "Its name or id."), ("user" = String, Path, description = "Their id."),
        ("If-Match" = String, Header, description = "The `ETag` that was read.")),
    request_body = Wish,
    responses((status = 200, body = RoleSet, headers(("ETag" = String, description = "The version of what is said.")))))]
async fn take(
    State(shared): State<Shared>,
    pass: Pass<RoleTake>,
    moment: Moment,
    seen: Seen,
    Path((_, user)): Path<(String, String)>,
    Input(wish): Input<Wish>,
) -> Result<Response, Error> {
    let (role, until) = wish.read()?;
    let user = seen_as(&shared, &pass.account, &user, &seen, moment.now).await?;
    let (account, actor) = (&pass.account, pass.caller.actor());
    let taken = shared
        .app
        .take_role(account, user, role, until, &wish.reason, &actor);
    Ok(shown(taken.await?))
}

/// Which denial is to be lifted.
#[derive(Deserialize, ToSchema)]
struct Lift {
    /// The role.
    #[schema(value_type = RoleName)]
    role: String,
}

/// Lifts a denial: the role comes back from whatever gives it; where that takes two people it is proposed.
#[utoipa::path(post, path = "/accounts/{account}/users/{user}/roles/lift", tag = "roles", operation_id = "lift_denial",
    params(("account" = String, Path, description = "Its name or id."), ("user" = String, Path, description = "Their id."),
        ("If-Match" = String, Header, description = "The `ETag` that was read.")),
    request_body = Lift,
    responses((status = 200, body = RoleSet, headers(("ETag" = String, description = "The version of what is said."))),
        (status = 202, body = ProposalInfo, description = "A second person decides.")))]
async fn lift(
    State(shared): State<Shared>,
    pass: Pass<RoleGrant>,
    moment: Moment,
    seen: Seen,
    Path((_, user)): Path<(String, String)>,
    Input(lift): Input<Lift>,
) -> Result<Response, Error> {
    let mut check = Check::default();
    let role = Role::parse(&lift.role);
    if role.is_none() {
        check.wrong("/role", "unknown_role", "is no role");
    }
    check.done()?;
    let role = role.ok_or_else(Error::not_found)?;
    let user = seen_as(&shared, &pass.account, &user, &seen, moment.now).await?;
    let (account, actor) = (&pass.account, pass.caller.actor());
    let lifted = shared.app.lift_denial(account, user, role, &actor);
    Ok(answer(&pass.account, lifted.await?))
}

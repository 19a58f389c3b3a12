//! The versions of an account's configuration.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{Error, Shared};
use super::page::{Address, Asked, Page, Turn};
use super::pass::{Pass, RevisionView};
use super::sessions::PageQuery;
use crate::account::{self, Revision, diff};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(compare))
}

/// A version of the configuration.
#[derive(Serialize, ToSchema)]
struct RevisionInfo {
    /// Counts from 1 in each account.
    number: i64,
    /// Who made it.
    author: String,
    /// When it was made.
    created_at: String,
    /// Whether it is in force.
    active: bool,
}

/// A version of the configuration with what it says.
#[derive(Serialize, ToSchema)]
struct FullRevision {
    /// Counts from 1 in each account.
    number: i64,
    /// Who made it.
    author: String,
    /// When it was made.
    created_at: String,
    /// Whether it is in force.
    active: bool,
    /// The configuration, as in the file of the account.
    #[schema(value_type = Object)]
    document: serde_json::Value,
    /// The descriptor of the identity provider as it was received.
    metadata: Option<String>,
}

/// One key that is not the same in both.
#[derive(Serialize, ToSchema)]
struct Change {
    /// The dotted name.
    key: String,
    /// Its value before.
    before: Option<String>,
    /// Its value after.
    after: Option<String>,
}

impl From<account::Change> for Change {
    fn from(change: account::Change) -> Self {
        Self {
            key: change.key,
            before: change.before,
            after: change.after,
        }
    }
}

/// What differs between two versions.
#[derive(Serialize, ToSchema)]
struct Difference {
    /// The number of the older one.
    from: i64,
    /// The number of the newer one.
    to: i64,
    /// What changed.
    changes: Vec<Change>,
}

/// Lists the versions of the configuration, newest first.
#[utoipa::path(get, path = "/accounts/{account}/revisions", tag = "accounts", operation_id = "list_revisions",
    params(("account" = String, Path, description = "Its name or id."), PageQuery),
    responses((status = 200, body = Page<RevisionInfo>)))]
async fn list(
    State(shared): State<Shared>,
    pass: Pass<RevisionView>,
    address: Address,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Error> {
    let turn = Turn::from(query);
    let before = turn.cursor(|text| text.parse::<i64>().ok())?;
    let mut tx = shared.app.store.read().await?;
    let mut of = tx.of(pass.account.id);
    let all = of.revisions_before(before, turn.one_more()?).await?;
    let active = pass.account.active;
    address.cut(
        all,
        &turn,
        |(number, ..)| number.to_string(),
        |(number, author, at)| RevisionInfo {
            number,
            author,
            created_at: at.to_string(),
            active: number == active,
        },
    )
}

async fn find(
    shared: &Shared,
    account: &account::Account,
    number: &str,
) -> Result<Revision, Error> {
    let number = number.parse::<i64>().map_err(|_| Error::not_found())?;
    let mut tx = shared.app.store.read().await?;
    let found = tx.of(account.id).revision(number).await?;
    found.ok_or_else(Error::not_found)
}

/// Shows a version of the configuration.
#[utoipa::path(get, path = "/accounts/{account}/revisions/{number}", tag = "accounts", operation_id = "show_revision",
    params(("account" = String, Path, description = "Its name or id."), ("number" = i64, Path, description = "Its number.")),
    responses((status = 200, body = FullRevision)))]
async fn show(
    State(shared): State<Shared>,
    pass: Pass<RevisionView>,
    Path((_, number)): Path<(String, String)>,
) -> Result<Json<FullRevision>, Error> {
    let revision = find(&shared, &pass.account, &number).await?;
    Ok(Json(FullRevision {
        number: revision.number,
        author: revision.author,
        created_at: revision.created_at.to_string(),
        active: revision.number == pass.account.active,
        document: serde_json::json!(revision.document),
        metadata: revision.metadata,
    }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Against {
    /// The version to compare with; the one before where it is absent.
    from: Option<i64>,
}

/// Shows what a version of the configuration changed.
#[utoipa::path(get, path = "/accounts/{account}/revisions/{number}/diff", tag = "accounts", operation_id = "diff_revision",
    params(("account" = String, Path, description = "Its name or id."), ("number" = i64, Path, description = "Its number."), Against),
    responses((status = 200, body = Difference)))]
async fn compare(
    State(shared): State<Shared>,
    pass: Pass<RevisionView>,
    Path((_, number)): Path<(String, String)>,
    Asked(against): Asked<Against>,
) -> Result<Json<Difference>, Error> {
    let after = find(&shared, &pass.account, &number).await?;
    let from = against.from.unwrap_or(after.number.saturating_sub(1));
    let before = find(&shared, &pass.account, &from.to_string()).await?;
    let changes = diff(&before, &after).into_iter().map(Change::from);
    Ok(Json(Difference {
        from: before.number,
        to: after.number,
        changes: changes.collect(),
    }))
}

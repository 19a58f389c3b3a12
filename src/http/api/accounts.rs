//! The accounts that somebody may know of: operators all, everybody else their own.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use openssl::sha::sha256;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{Error, Shared};
use super::page::{self, Address, Asked, Page, Turn};
use super::pass::{AccountView, Pass};
use super::version::tag;
use crate::account::{self, Account, Document};
use crate::id::{AccountId, hex};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
}

/// One environment of a client.
#[derive(Serialize, ToSchema)]
struct AccountInfo {
    /// Its id.
    id: String,
    /// Its name in addresses.
    account: String,
    /// The client's name.
    client: String,
    /// `demo`, `live` or `staff`.
    stage: String,
    /// `enabled` or `disabled`.
    state: String,
    /// Whether it has user access management.
    uam: bool,
    /// Whether it is connected to an identity provider.
    connected: bool,
    /// `jit`, `invited` or `scim`.
    provisioning: String,
    /// `claims`, `uam` or `both`.
    roles_from: String,
    /// Our SAML entity id for it.
    entity_id: String,
    /// The number of the revision in force.
    revision: i64,
    /// When it was made.
    created_at: String,
}

impl From<(Account, Document)> for AccountInfo {
    fn from((account, document): (Account, Document)) -> Self {
        let name = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            id: account.id.to_string(),
            account: account.slug.to_string(),
            client: document.client,
            stage: document.stage.as_str().to_owned(),
            state: account.state.as_str().to_owned(),
            uam: document.uam,
            connected: document.saml.is_some(),
            provisioning: name(serde_json::json!(document.users.provisioning)),
            roles_from: name(serde_json::json!(document.users.roles_from)),
            entity_id: account.entity_id,
            revision: account.active,
            created_at: account.created_at.to_string(),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// How its name begins.
    #[param(max_length = 60, pattern = "^[a-z][a-z0-9-]*$")]
    q: Option<String>,
    /// How many at most; 50 where nobody says.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Lists the accounts that the caller may know of, oldest first.
#[utoipa::path(get, path = "/accounts", tag = "accounts", operation_id = "list_accounts",
    params(Filter), responses((status = 200, body = Page<AccountInfo>)))]
async fn list(
    State(shared): State<Shared>,
    pass: Pass<AccountView>,
    address: Address,
    Asked(filter): Asked<Filter>,
) -> Result<Response, Error> {
    let turn = Turn::new(filter.limit, filter.cursor);
    let after = turn.cursor(AccountId::parse)?;
    // PostgreSQL takes no NUL in a text.
    let is_name = |begins: &String| {
        begins.len() <= 60 && account::Slug::parse(&format!("{begins}0")).is_some()
    };
    if filter.q.as_ref().is_some_and(|begins| !is_name(begins)) {
        return Err(page::wrong("q", "`q` is no beginning of a name."));
    }
    let begins = filter.q.unwrap_or_default();
    let all = if pass.caller.is_operator() {
        let mut tx = shared.app.store.read().await?;
        tx.accounts_in_force(&begins, after, turn.one_more()?)
            .await?
    } else {
        let is_wanted = pass.account.slug.as_str().starts_with(&begins)
            && after.is_none_or(|after| pass.account.id > after);
        let own = (pass.account, pass.document);
        Some(own).filter(|_| is_wanted).into_iter().collect()
    };
    address.cut(
        all,
        &turn,
        |(account, _)| account.id.to_string(),
        AccountInfo::from,
    )
}

/// Shows an account.
#[utoipa::path(get, path = "/accounts/{account}", tag = "accounts", operation_id = "show_account",
    params(("account" = String, Path, description = "Its name or id.")),
    responses((status = 200, body = AccountInfo, headers(("ETag" = String, description = "Its version.")))))]
async fn show(pass: Pass<AccountView>) -> Response {
    let info = AccountInfo::from((pass.account, pass.document));
    let said = serde_json::json!(info).to_string();
    let mut version = hex(&sha256(said.as_bytes()));
    version.truncate(16);
    (tag(&version), Json(info)).into_response()
}

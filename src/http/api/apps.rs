//! The apps that the people of an account may use.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{Error, Shared};
use super::page::{Address, Page};
use super::pass::{AccountView, Pass};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// An app behind the gate.
#[derive(Serialize, ToSchema)]
struct AppInfo {
    /// Its name.
    app: String,
    /// What its tokens are for.
    audience: String,
    /// Its hosts.
    hosts: Vec<String>,
    /// What its routes need.
    actions: Vec<String>,
}

/// Lists the apps that take the account's people and keys.
#[utoipa::path(get, path = "/accounts/{account}/apps", tag = "apps", operation_id = "list_apps",
    params(("account" = String, Path, description = "Its name or id.")),
    responses((status = 200, body = Page<AppInfo>)))]
async fn list(
    State(shared): State<Shared>,
    pass: Pass<AccountView>,
    address: Address,
) -> Result<Response, Error> {
    let (stage, slug) = (pass.document.stage, &pass.account.slug);
    let apps = shared.app.access.apps();
    let apps = apps.filter(|app| app.serves(stage, slug)).map(|app| {
        let mut actions: Vec<_> = app
            .routes
            .iter()
            .map(|route| route.action.clone())
            .collect();
        actions.sort();
        actions.dedup();
        AppInfo {
            app: app.app.to_string(),
            audience: app.audience.clone(),
            hosts: app.hosts.clone(),
            actions,
        }
    });
    Ok(address.page(apps.collect(), None))
}

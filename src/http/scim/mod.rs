//! SCIM 2.0 for the directory of one account: `/scim/v2/{account}/…` (RFC 7644).

mod answer;
mod body;
mod caller;
mod discovery;
mod groups;
mod search;
mod users;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};

use super::Shared;
use answer::Failed;

use crate::scim::Kind;

/// A body may hold as many members as a request may name.
const LARGEST: usize = 1024 * 1024;

/// Everything under `/scim/v2/{account}`.
pub(super) fn router() -> Router<Shared> {
    let discovery = Router::new()
        .route(
            "/scim/v2/{account}/ServiceProviderConfig",
            get(discovery::config),
        )
        .route("/scim/v2/{account}/ResourceTypes", get(discovery::types))
        .route(
            "/scim/v2/{account}/ResourceTypes/{id}",
            get(discovery::one_type),
        )
        .route("/scim/v2/{account}/Schemas", get(discovery::schemas))
        .route(
            "/scim/v2/{account}/Schemas/{id}",
            get(discovery::one_schema),
        );
    let users = get(users::list).post(users::create);
    let user = get(users::show)
        .put(users::replace)
        .patch(users::patch)
        .delete(users::delete);
    let groups = get(groups::list).post(groups::create);
    let group = get(groups::show)
        .put(groups::replace)
        .patch(groups::patch)
        .delete(groups::delete);
    let resources = Router::new()
        .route("/scim/v2/{account}/Users", users)
        .route("/scim/v2/{account}/Users/.search", post(search::users))
        .route("/scim/v2/{account}/Users/{id}", user)
        .route("/scim/v2/{account}/Groups", groups)
        .route("/scim/v2/{account}/Groups/.search", post(search::groups))
        .route("/scim/v2/{account}/Groups/{id}", group)
        .route("/scim/v2/{account}/.search", post(search::everything))
        .route("/scim/v2/{account}/Me", any(not_offered))
        .route("/scim/v2/{account}/Bulk", any(not_offered))
        .route("/scim/v2/{account}/{*rest}", any(nothing));
    discovery
        .merge(resources)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(LARGEST))
}

async fn wrong_method() -> Failed {
    Failed(Kind::Method.because("this address does not take requests of that kind"))
}

async fn not_offered(_: caller::Caller) -> Failed {
    Failed(
        Kind::NotOffered
            .because("this part of the standard is not offered; see /ServiceProviderConfig"),
    )
}

async fn nothing(_: caller::Caller) -> Failed {
    Failed(Kind::NotFound.because("there is nothing at this address; see /ResourceTypes"))
}

//! The trusts of the farm: who they are, and a form by which another one is imported.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::Practice;
use super::sign_in::failed;
use super::view::{Trusts, page};
use crate::practice::relying_party::RelyingParty;

/// What the page sends.
#[derive(Deserialize)]
pub(super) struct Import {
    metadata: String,
}

/// `GET /adfs/trusts`: the relying party trusts.
pub(super) async fn show(State(practice): State<Practice>) -> Response {
    let view = Trusts {
        host: practice.adfs().host().to_owned(),
        trusts: practice.trusts(),
    };
    page(StatusCode::OK, &view)
}

/// `POST /adfs/trusts`: "Import data about the relying party from a file".
pub(super) async fn import(
    State(practice): State<Practice>,
    Form(import): Form<Import>,
) -> Response {
    match RelyingParty::from_metadata(import.metadata.trim()) {
        Ok(trust) => {
            practice.trust(trust);
            show(State(practice)).await
        }
        Err(why) => failed(&practice, &format!("This cannot be imported: {why}")),
    }
}

//! Access tokens: asked for, asked about, taken back, and the keys that verify them (RFC 6749, 7662, 7009, 8414).

mod answer;
mod asked;
mod caller;
mod published;

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::Shared;
use super::extract::Moment;
use answer::Oauth;
use asked::Asked;
use caller::Caller;

use crate::access::Present;
use crate::gate::{App, Signer};

/// `/token`, `/introspect`, `/revoke` and what is published about them.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/token", post(issue))
        .route("/introspect", post(introspect))
        .route("/revoke", post(revoke))
        .route("/.well-known/jwks.json", get(published::keys))
        .route(
            "/.well-known/oauth-authorization-server/{stage}",
            get(published::metadata),
        )
}

/// How a session asks; RFC 6749 has no grant of that kind (4.5).
const SESSION_GRANT: &str = "urn:vestibule:session";
/// How a key asks.
const KEY_GRANT: &str = "client_credentials";

async fn issue(
    State(shared): State<Shared>,
    moment: Moment,
    asked: Asked,
) -> Result<Response, Oauth> {
    let caller = Caller::of(&shared, &asked, moment.now).await?;
    let grant = match caller.present().session() {
        Some(_) => SESSION_GRANT,
        None => KEY_GRANT,
    };
    match asked.form.one("grant_type")? {
        Some(asked) if asked == grant => {}
        Some(_) => {
            return Err(Oauth::bad(
                "unsupported_grant_type",
                &format!("with this credential `grant_type` is {grant}"),
            ));
        }
        None => {
            return Err(Oauth::bad(
                "invalid_request",
                &format!("`grant_type` is missing; with this credential it is {grant}"),
            ));
        }
    }
    let present = caller.present();
    if !present.may_come_from(Some(asked.address.0)) {
        return Err(Oauth::bad(
            "unauthorized_client",
            "this account is not used from this network",
        ));
    }
    let (app, permissions) = target(&shared, &asked, present)?;
    let permissions = narrowed(permissions, asked.form.one("scope")?)?;
    let scope: Vec<String> = permissions.iter().cloned().collect();
    let token = shared
        .app
        .issue(present, app, permissions, moment.now)
        .await?;
    Ok(Json(json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": Signer::life().as_seconds(),
        "scope": scope.join(" "),
    }))
    .into_response())
}

/// The app that a token is asked for, and what may be done in it; one that is not for this caller reads like none.
fn target<'s>(
    shared: &'s Shared,
    asked: &Asked,
    present: &Present,
) -> Result<(&'s App, BTreeSet<String>), Oauth> {
    let audience = match (asked.form.one("resource")?, asked.form.one("audience")?) {
        (Some(one), None) | (None, Some(one)) => one,
        (Some(_), Some(_)) => {
            return Err(Oauth::bad(
                "invalid_request",
                "say `resource` or `audience`, not both",
            ));
        }
        (None, None) => {
            return Err(Oauth::bad(
                "invalid_target",
                "`resource` is missing: the audience of the app that the token is for",
            ));
        }
    };
    let nothing = || {
        Oauth::bad(
            "invalid_target",
            "there is no app with that audience that you may use",
        )
    };
    let mut apps = shared.app.access.apps();
    let app = apps.find(|app| app.audience == audience);
    let app = app.ok_or_else(nothing)?;
    let permissions = shared.app.access.permissions(present, app)?;
    if permissions.is_empty() {
        return Err(nothing());
    }
    Ok((app, permissions))
}

fn narrowed(all: BTreeSet<String>, scope: Option<&str>) -> Result<BTreeSet<String>, Oauth> {
    let Some(scope) = scope else {
        return Ok(all);
    };
    let wished: BTreeSet<String> = scope.split_ascii_whitespace().map(str::to_owned).collect();
    if wished.is_empty() || !wished.is_subset(&all) {
        let all: Vec<String> = all.into_iter().collect();
        return Err(Oauth::bad(
            "invalid_scope",
            &format!("here you may ask for: {}", all.join(" ")),
        ));
    }
    Ok(wished)
}

async fn introspect(
    State(shared): State<Shared>,
    moment: Moment,
    asked: Asked,
) -> Result<Response, Oauth> {
    let service = caller::service(&shared, &asked, moment.now).await?;
    let token = asked.form.needed("token")?;
    let found = shared
        .app
        .introspect(token, &service.app, service.account, moment.now)
        .await?;
    let mut said = json!({ "active": found.is_some() });
    if let Some(access) = found
        && let (Some(said), Ok(serde_json::Value::Object(claims))) =
            (said.as_object_mut(), serde_json::to_value(access))
    {
        said.extend(claims);
        said.insert("token_type".to_owned(), json!("Bearer"));
    }
    Ok(Json(said).into_response())
}

async fn revoke(
    State(shared): State<Shared>,
    moment: Moment,
    asked: Asked,
) -> Result<Response, Oauth> {
    let caller = Caller::of(&shared, &asked, moment.now).await?;
    let token = asked.form.needed("token")?;
    let read = shared.app.signer(moment.now).await?.read(token, moment.now);
    // RFC 7009, 2.2: with a token that opens nothing, what was asked for is reached.
    let Ok(access) = read else {
        return Ok(StatusCode::OK.into_response());
    };
    if !caller.owns(&access) {
        return Err(Oauth::bad(
            "unauthorized_client",
            "this token was not given to this credential",
        ));
    }
    let actor = access.sub.clone();
    shared.app.revoke_token(&access, &actor, moment.now).await?;
    Ok(StatusCode::OK.into_response())
}

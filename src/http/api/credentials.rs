//! The keys and tokens of programs.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::extract::Moment;
use super::super::{Error, Shared};
use super::input::{Check, Input};
use super::page::{Address, Asked, Page, Turn};
use super::pass::{KeyCreate, KeyRevoke, KeyView, Pass};
use super::sessions::PageQuery;
use crate::app::NewCredential;
use crate::gate::{AppSlug, Credential, Kind};
use crate::id::{AccountId, CredentialId};
use crate::time::{Span, Timestamp};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
}

/// A key or token of a program, without its secret.
#[derive(Serialize, ToSchema)]
struct CredentialInfo {
    /// Its id.
    id: String,
    /// `api`, `integration` or `decision`.
    kind: String,
    /// What people call it.
    name: String,
    /// How its secret begins.
    prefix: String,
    /// What it may do.
    scopes: Vec<String>,
    /// The app about which it asks for decisions.
    app: Option<String>,
    /// The attributes of resources in which it is believed.
    trusts: Vec<String>,
    /// From where it may be used; from everywhere where it is empty.
    networks: Vec<String>,
    /// `living`, `expired` or `revoked`.
    state: String,
    /// When it was made.
    created_at: String,
    /// By whom.
    created_by: String,
    /// When it ends by itself.
    expires_at: String,
    /// When it was last used, to the minute.
    last_used: Option<String>,
    /// When it was taken back.
    revoked_at: Option<String>,
    /// The secret, in the answer to its creation and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl CredentialInfo {
    fn of(credential: Credential, now: Timestamp) -> Self {
        let state = credential.state(now).as_str().to_owned();
        let kind = credential.kind.as_str().to_owned();
        let list = |names: BTreeSet<String>| names.into_iter().collect();
        let (scopes, app, trusts) = match credential.kind {
            Kind::Api { scopes } | Kind::Integration { scopes } => (list(scopes), None, Vec::new()),
            Kind::Decision { app, trusts } => (Vec::new(), Some(app.to_string()), list(trusts)),
        };
        Self {
            id: credential.id.to_string(),
            kind,
            name: credential.name,
            prefix: credential.prefix,
            scopes,
            app,
            trusts,
            networks: credential.networks.iter().map(IpNet::to_string).collect(),
            state,
            created_at: credential.created_at.to_string(),
            created_by: credential.created_by,
            expires_at: credential.expires_at.to_string(),
            last_used: credential.last_used.map(|at| at.to_string()),
            revoked_at: credential.revoked_at.map(|at| at.to_string()),
            secret: None,
        }
    }
}

/// Lists the keys and tokens of an account, newest first.
#[utoipa::path(get, path = "/accounts/{account}/credentials", tag = "credentials", operation_id = "list_credentials",
    params(("account" = String, Path, description = "Its name or id."), PageQuery),
    responses((status = 200, body = Page<CredentialInfo>)))]
async fn list(
    State(shared): State<Shared>,
    pass: Pass<KeyView>,
    moment: Moment,
    address: Address,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Error> {
    let turn = Turn::from(query);
    let before = turn.cursor(CredentialId::parse)?;
    let mut tx = shared.app.store.read().await?;
    let mut all = tx.of(pass.account.id).credentials().await?;
    all.retain(|one| before.is_none_or(|before| one.id < before));
    address.cut(
        all,
        &turn,
        |credential| credential.id.to_string(),
        |credential| CredentialInfo::of(credential, moment.now),
    )
}

/// A key or token that is wished for.
#[derive(Deserialize, ToSchema)]
struct NewKey {
    /// `api`, a token for this API; `integration`, a key of a client's server; `decision`, one of a service that asks for decisions.
    #[schema(value_type = KindName)]
    kind: String,
    /// What people call it; the next one of a rotation has the same name.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// What it may do; not for `decision`.
    #[serde(default)]
    scopes: BTreeSet<String>,
    /// The app about which it asks; for `decision` alone.
    app: Option<String>,
    /// The attributes of resources in which it is believed; for `decision` alone.
    #[serde(default)]
    trusts: BTreeSet<String>,
    /// From where it may be used; from everywhere where it is empty.
    #[serde(default)]
    networks: Vec<String>,
    /// How many days it lasts; 365 where nobody says.
    #[schema(minimum = 1, maximum = 3650)]
    days: Option<i64>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what may be asked for")]
enum KindName {
    Api,
    Integration,
    Decision,
}

impl NewKey {
    fn read(self) -> Result<NewCredential, Error> {
        let mut check = Check::default();
        check.text("/name", &self.name, 64);
        let networks: Result<Vec<IpNet>, _> =
            self.networks.iter().map(|text| text.parse()).collect();
        let networks = networks.unwrap_or_else(|_| {
            let message = "are networks such as 203.0.113.0/24";
            check.wrong("/networks", "wrong_network", message);
            Vec::new()
        });
        let days = self.days.unwrap_or(365);
        if !(1..=3650).contains(&days) {
            check.wrong("/days", "out_of_range", "are 1 to 3650");
        }
        let app = self.app.as_deref().map(AppSlug::parse);
        let kind = match (self.kind.as_str(), app) {
            ("api", None) => Some(Kind::Api {
                scopes: self.scopes,
            }),
            ("integration", None) => Some(Kind::Integration {
                scopes: self.scopes,
            }),
            ("decision", Some(Some(app))) => Some(Kind::Decision {
                app,
                trusts: self.trusts,
            }),
            ("decision", _) => {
                check.wrong("/app", "unknown_app", "names the app about which it asks");
                None
            }
            ("api" | "integration", Some(_)) => {
                check.wrong("/app", "not_here", "belongs to keys of the kind `decision`");
                None
            }
            (_, _) => {
                check.wrong("/kind", "unknown_kind", "is api, integration or decision");
                None
            }
        };
        check.done()?;
        Ok(NewCredential {
            name: self.name,
            kind: kind.ok_or_else(Error::not_found)?,
            networks,
            lasts: Span::days(days),
        })
    }
}

/// Makes a key or token; its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/accounts/{account}/credentials", tag = "credentials", operation_id = "create_credential",
    params(("account" = String, Path, description = "Its name or id."), super::once::Key),
    request_body = NewKey,
    responses((status = 201, body = CredentialInfo)))]
async fn create(
    State(shared): State<Shared>,
    pass: Pass<KeyCreate>,
    moment: Moment,
    Input(new): Input<NewKey>,
) -> Result<Response, Error> {
    let wish = new.read()?;
    if pass.caller.program().is_some() && !matches!(wish.kind, Kind::Api { .. }) {
        return Err(Error::new(
            StatusCode::FORBIDDEN,
            "only_people",
            "A token makes API tokens with no more than it has; keys that use apps are made by a person.",
        ));
    }
    if let Kind::Api { scopes } = &wish.kind
        && let Some(more) = scopes.iter().find(|scope| !pass.caller.may_give(scope))
    {
        return Err(Error::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            format!("A token gives no more than it has, and this one has not `{more}`."),
        ));
    }
    let actor = pass.caller.actor();
    let made = shared.app.create_credential(&pass.account, wish, &actor);
    let (credential, secret) = made.await?;
    let mut info = CredentialInfo::of(credential, moment.now);
    info.secret = Some(secret.reveal().to_owned());
    Ok((StatusCode::CREATED, Json(info)).into_response())
}

/// Takes a key or token back; it opens nothing from then on.
#[utoipa::path(delete, path = "/accounts/{account}/credentials/{credential}", tag = "credentials", operation_id = "revoke_credential",
    params(("account" = String, Path, description = "Its name or id."), ("credential" = String, Path, description = "Its id.")),
    responses((status = 204)))]
async fn revoke(
    State(shared): State<Shared>,
    pass: Pass<KeyRevoke>,
    Path((_, credential)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    let found = find(&shared, pass.account.id, &credential).await?;
    let actor = pass.caller.actor();
    shared.app.revoke_credential(&found, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The key or token of the address.
pub(in super::super) async fn find(
    shared: &Shared,
    account: AccountId,
    id: &str,
) -> Result<Credential, Error> {
    let id = CredentialId::parse(id).ok_or_else(Error::not_found)?;
    let mut tx = shared.app.store.read().await?;
    let all = tx.of(account).credentials().await?;
    let found = all.into_iter().find(|one| one.id == id);
    found.ok_or_else(Error::not_found)
}

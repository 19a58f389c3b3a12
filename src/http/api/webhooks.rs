//! Addresses that are told of what happens, and what they were told.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{Error, Shared};
use super::input::{Check, Input};
use super::page::{Address, Asked, Page, Turn};
use super::pass::{Pass, WebhookChange, WebhookView};
use crate::id::{AccountId, MessageId, WebhookId};
use crate::webhook::{self, Delivery, Message, Webhook};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, delete))
        .routes(routes!(rotate))
        .routes(routes!(enable))
        .routes(routes!(disable))
        .routes(routes!(messages))
        .routes(routes!(replay))
}

/// An address that is told of what happens.
#[derive(Serialize, ToSchema)]
struct WebhookInfo {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// Where it is.
    url: String,
    /// Of what it is told.
    types: Vec<String>,
    /// `enabled` or `disabled`.
    state: String,
    /// When it was made.
    created_at: String,
    /// By whom.
    created_by: String,
    /// How many tries failed one after the other.
    failures: i64,
    /// Since when every try fails.
    failing_since: Option<String>,
    /// When it was last tried.
    last_at: Option<String>,
    /// What it answered then; absent where there was no answer.
    last_status: Option<i64>,
    /// The secret that signs, in the answer that makes it and in no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl From<Webhook> for WebhookInfo {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            name: webhook.name,
            url: webhook.url,
            types: webhook.kinds,
            state: webhook.state.as_str().to_owned(),
            created_at: webhook.created_at.to_string(),
            created_by: webhook.created_by,
            failures: webhook.failures,
            failing_since: webhook.failing_since.map(|at| at.to_string()),
            last_at: webhook.last_at.map(|at| at.to_string()),
            last_status: webhook.last_status,
            secret: None,
        }
    }
}

/// What an address was told once.
#[derive(Serialize, ToSchema)]
struct MessageInfo {
    /// Its id, which the receiver gets as `webhook-id`.
    id: String,
    /// Of what kind.
    #[serde(rename = "type")]
    kind: String,
    /// `waiting`, `delivered` or `failed`.
    state: String,
    /// When it was made.
    created_at: String,
    /// How many times it was tried.
    attempts: i64,
    /// It is not tried before.
    due_at: String,
    /// When it was last tried.
    last_at: Option<String>,
    /// What the receiver answered then.
    last_status: Option<i64>,
}

impl From<Message> for MessageInfo {
    fn from(message: Message) -> Self {
        Self {
            id: message.id.to_string(),
            kind: message.kind,
            state: message.state.as_str().to_owned(),
            created_at: message.created_at.to_string(),
            attempts: message.attempts,
            due_at: message.due_at.to_string(),
            last_at: message.last_at.map(|at| at.to_string()),
            last_status: message.last_status,
        }
    }
}

/// Lists the addresses that are told of what happens.
#[utoipa::path(get, path = "/accounts/{account}/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    params(("account" = String, Path, description = "Its name or id.")),
    responses((status = 200, body = Page<WebhookInfo>)))]
async fn list(
    State(shared): State<Shared>,
    pass: Pass<WebhookView>,
) -> Result<Json<Page<WebhookInfo>>, Error> {
    let mut tx = shared.app.store.read().await?;
    let all = tx.of(pass.account.id).webhooks().await?;
    Ok(Json(Page {
        items: all.into_iter().map(WebhookInfo::from).collect(),
        next: None,
    }))
}

/// An address that is to be told.
#[derive(Deserialize, ToSchema)]
struct NewWebhook {
    /// What people call it.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// Where it is: https, at a public address.
    #[schema(min_length = 1, max_length = 500)]
    url: String,
    /// Of what it is told, such as `user.suspended`, `user.*` or `*`.
    #[schema(min_items = 1)]
    types: Vec<String>,
}

/// Tells an address of what happens from now on; its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/accounts/{account}/webhooks", tag = "webhooks", operation_id = "create_webhook",
    params(("account" = String, Path, description = "Its name or id."), super::once::Key),
    request_body = NewWebhook,
    responses((status = 201, body = WebhookInfo)))]
async fn create(
    State(shared): State<Shared>,
    pass: Pass<WebhookChange>,
    Input(new): Input<NewWebhook>,
) -> Result<Response, Error> {
    let mut check = Check::default();
    check
        .text("/name", &new.name, 64)
        .text("/url", &new.url, 500);
    if new.types.is_empty() || new.types.iter().any(|kind| !webhook::knows(kind)) {
        check.wrong("/types", "unknown_type", "names what receivers are told of");
    }
    check.done()?;
    let actor = pass.caller.actor();
    let made = shared
        .app
        .create_webhook(&pass.account, &new.name, &new.url, new.types, &actor);
    let (webhook, secret) = made.await?;
    let mut info = WebhookInfo::from(webhook);
    info.secret = Some(secret.reveal());
    Ok((StatusCode::CREATED, Json(info)).into_response())
}

/// The webhook of the address.
pub(in super::super) async fn find(
    shared: &Shared,
    account: AccountId,
    id: &str,
) -> Result<Webhook, Error> {
    let id = WebhookId::parse(id).ok_or_else(Error::not_found)?;
    let mut tx = shared.app.store.read().await?;
    let found = tx.of(account).webhook(id).await?;
    found.ok_or_else(Error::not_found)
}

/// Shows an address that is told, and how that goes.
#[utoipa::path(get, path = "/accounts/{account}/webhooks/{webhook}", tag = "webhooks", operation_id = "show_webhook",
    params(("account" = String, Path, description = "Its name or id."), ("webhook" = String, Path, description = "Its id.")),
    responses((status = 200, body = WebhookInfo)))]
async fn show(
    State(shared): State<Shared>,
    pass: Pass<WebhookView>,
    Path((_, webhook)): Path<(String, String)>,
) -> Result<Json<WebhookInfo>, Error> {
    Ok(Json(find(&shared, pass.account.id, &webhook).await?.into()))
}

/// Removes an address with its messages.
#[utoipa::path(delete, path = "/accounts/{account}/webhooks/{webhook}", tag = "webhooks", operation_id = "delete_webhook",
    params(("account" = String, Path, description = "Its name or id."), ("webhook" = String, Path, description = "Its id.")),
    responses((status = 204)))]
async fn delete(
    State(shared): State<Shared>,
    pass: Pass<WebhookChange>,
    Path((_, webhook)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    let (account, actor) = (pass.account.id, pass.caller.actor());
    let webhook = find(&shared, account, &webhook).await?;
    let app = &shared.app;
    app.delete_webhook(account, webhook.id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes another secret, in this answer and nowhere else; for a day both sign.
#[utoipa::path(post, path = "/accounts/{account}/webhooks/{webhook}/rotate", tag = "webhooks", operation_id = "rotate_webhook",
    params(("account" = String, Path, description = "Its name or id."), ("webhook" = String, Path, description = "Its id.")),
    responses((status = 200, body = WebhookInfo)))]
async fn rotate(
    State(shared): State<Shared>,
    pass: Pass<WebhookChange>,
    Path((_, webhook)): Path<(String, String)>,
) -> Result<Json<WebhookInfo>, Error> {
    let (account, actor) = (pass.account.id, pass.caller.actor());
    let webhook = find(&shared, account, &webhook).await?;
    let app = &shared.app;
    let secret = app.rotate_webhook(account, webhook.id, &actor).await?;
    let mut info = WebhookInfo::from(webhook);
    info.secret = Some(secret.reveal());
    Ok(Json(info))
}

async fn switch(
    shared: &Shared,
    pass: &Pass<WebhookChange>,
    webhook: &str,
    state: webhook::State,
) -> Result<Json<WebhookInfo>, Error> {
    let (account, actor) = (pass.account.id, pass.caller.actor());
    let id = find(shared, account, webhook).await?.id;
    let app = &shared.app;
    app.switch_webhook(account, id, state, &actor).await?;
    Ok(Json(find(shared, account, webhook).await?.into()))
}

/// Tells an address again, from where it stopped, but of nothing older than thirty days.
#[utoipa::path(post, path = "/accounts/{account}/webhooks/{webhook}/enable", tag = "webhooks", operation_id = "enable_webhook",
    params(("account" = String, Path, description = "Its name or id."), ("webhook" = String, Path, description = "Its id.")),
    responses((status = 200, body = WebhookInfo)))]
async fn enable(
    State(shared): State<Shared>,
    pass: Pass<WebhookChange>,
    Path((_, webhook)): Path<(String, String)>,
) -> Result<Json<WebhookInfo>, Error> {
    switch(&shared, &pass, &webhook, webhook::State::Enabled).await
}

/// Tells an address nothing until it is enabled again.
#[utoipa::path(post, path = "/accounts/{account}/webhooks/{webhook}/disable", tag = "webhooks", operation_id = "disable_webhook",
    params(("account" = String, Path, description = "Its name or id."), ("webhook" = String, Path, description = "Its id.")),
    responses((status = 200, body = WebhookInfo)))]
async fn disable(
    State(shared): State<Shared>,
    pass: Pass<WebhookChange>,
    Path((_, webhook)): Path<(String, String)>,
) -> Result<Json<WebhookInfo>, Error> {
    switch(&shared, &pass, &webhook, webhook::State::Disabled).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Of one state alone.
    #[param(inline, value_type = Option<StateName>)]
    state: Option<Delivery>,
    /// How many at most; 50 where nobody says.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// What became of a message.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what may be asked for")]
enum StateName {
    Waiting,
    Delivered,
    Failed,
}

/// Lists what an address was told in the last thirty days, newest first; of an answer only the status is kept.
#[utoipa::path(get, path = "/accounts/{account}/webhooks/{webhook}/messages", tag = "webhooks", operation_id = "list_messages",
    params(("account" = String, Path, description = "Its name or id."), ("webhook" = String, Path, description = "Its id."), Filter),
    responses((status = 200, body = Page<MessageInfo>)))]
async fn messages(
    State(shared): State<Shared>,
    pass: Pass<WebhookView>,
    address: Address,
    Path((_, webhook)): Path<(String, String)>,
    Asked(filter): Asked<Filter>,
) -> Result<Response, Error> {
    let turn = Turn::new(filter.limit, filter.cursor);
    let before = turn.cursor(MessageId::parse)?;
    let state = filter.state;
    let account = pass.account.id;
    let webhook = find(&shared, account, &webhook).await?;
    let mut tx = shared.app.store.read().await?;
    let mut of = tx.of(account);
    let all = of
        .messages(webhook.id, state, before, turn.one_more()?)
        .await?;
    address.cut(all, &turn, |one| one.id.to_string(), MessageInfo::from)
}

/// What is to be sent again.
#[derive(Deserialize, ToSchema)]
struct Again {
    /// One message; all that have failed where it is absent.
    message: Option<String>,
}

/// How many messages are sent again.
#[derive(Serialize, ToSchema)]
struct Replayed {
    /// So many.
    messages: u64,
}

/// Has one message sent again, or all that have failed.
#[utoipa::path(post, path = "/accounts/{account}/webhooks/{webhook}/replay", tag = "webhooks", operation_id = "replay_messages",
    params(("account" = String, Path, description = "Its name or id."), ("webhook" = String, Path, description = "Its id.")),
    request_body = Again,
    responses((status = 200, body = Replayed)))]
async fn replay(
    State(shared): State<Shared>,
    pass: Pass<WebhookChange>,
    Path((_, webhook)): Path<(String, String)>,
    Input(again): Input<Again>,
) -> Result<Json<Replayed>, Error> {
    let (account, actor) = (pass.account.id, pass.caller.actor());
    let webhook = find(&shared, account, &webhook).await?;
    let named = again.message.as_deref().map(MessageId::parse);
    let message = match named {
        Some(None) => return Err(Error::not_found()),
        Some(known) => known,
        None => None,
    };
    let app = &shared.app;
    let messages = app.replay(account, webhook.id, message, &actor).await?;
    if message.is_some() && messages == 0 {
        return Err(Error::not_found());
    }
    Ok(Json(Replayed { messages }))
}

//! Whom an account tells of what happens, how that goes, and what can be done about it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::super::api::find_webhook as find;
use super::super::api::pass::{Pass, WebhookChange, WebhookView};
use super::super::{Error, Shared, page};
use super::fields::{Fields, refusal};
use super::frame::{Frame, at};
use super::keys::Secret;
use super::visit::Visit;
use crate::id::WebhookId;
use crate::time::Timestamp;
use crate::webhook::{KINDS, Message, State as Stands, Webhook};

/// So many messages are shown.
const SHOWN: i64 = 50;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/accounts/{account}/webhooks", get(list).post(make))
        .route(
            "/portal/accounts/{account}/webhooks/{webhook}",
            get(show).post(change),
        )
}

#[derive(Template)]
#[template(path = "portal_webhooks.html")]
struct List {
    frame: Frame,
    at: String,
    may_change: bool,
    webhooks: Vec<Webhook>,
    kinds: Vec<&'static str>,
    typed: Fields,
    wrong: Option<String>,
}

async fn listed<P>(
    shared: &Shared,
    pass: &Pass<P>,
    frame: Frame,
    typed: Fields,
    wrong: Option<String>,
) -> Result<Html<String>, Error> {
    let mut tx = shared.app.store.read().await?;
    let webhooks = tx.of(pass.account.id).webhooks().await?;
    drop(tx);
    let mut kinds: Vec<&str> = KINDS.iter().map(|(_, kind, _)| *kind).collect();
    kinds.dedup();
    page::show(&List {
        frame,
        at: format!("{}/webhooks", at(pass.account.slug.as_str())),
        may_change: pass.allows(shared, "webhook:change")?,
        webhooks,
        kinds,
        typed,
        wrong,
    })
}

async fn list(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<WebhookView>,
) -> Result<Html<String>, Error> {
    listed(&shared, &pass, frame, Fields::default(), None).await
}

async fn make(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<WebhookChange>,
    fields: Fields,
) -> Result<Response, Error> {
    let kinds = fields.get("kinds").split([' ', ',']);
    let kinds = kinds.filter(|kind| !kind.is_empty()).map(str::to_owned);
    let (app, actor) = (&shared.app, pass.caller.actor());
    let (called, url) = (fields.get("name"), fields.get("url"));
    let made = app.create_webhook(&pass.account, called, url, kinds.collect(), actor);
    match made.await {
        Ok((webhook, secret)) => {
            let page = revealed(&pass, frame, webhook.id, &secret.reveal())?;
            Ok((StatusCode::CREATED, page).into_response())
        }
        Err(error) => {
            let wrong = Some(refusal(error)?);
            let page = listed(&shared, &pass, frame, fields, wrong).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

fn revealed(
    pass: &Pass<WebhookChange>,
    frame: Frame,
    id: WebhookId,
    secret: &str,
) -> Result<Html<String>, Error> {
    page::show(&Secret {
        frame,
        back: format!("{}/webhooks/{id}", at(pass.account.slug.as_str())),
        title: "The secret of the webhook",
        says: "The receiver checks each message by it. It is shown here once and never again."
            .to_owned(),
        shown: secret.to_owned(),
    })
}

#[derive(Template)]
#[template(path = "portal_webhook.html")]
struct Page {
    frame: Frame,
    at: String,
    may_change: bool,
    webhook: Webhook,
    made: String,
    failing: Option<String>,
    last: Option<String>,
    messages: Vec<Line>,
    /// What the receiver answered to a try, or why something was refused.
    says: Option<String>,
    is_wrong: bool,
}

struct Line {
    kind: String,
    made: String,
    state: &'static str,
    attempts: i64,
    answer: String,
}

impl Line {
    fn of(message: &Message) -> Self {
        Self {
            kind: message.kind.clone(),
            made: message.created_at.for_people(),
            state: message.state.as_str(),
            attempts: message.attempts,
            answer: match (message.last_at, message.last_status) {
                (None, _) => "not tried yet".to_owned(),
                (Some(_), None) => "no answer".to_owned(),
                (Some(_), Some(status)) => status.to_string(),
            },
        }
    }
}

async fn view<P>(
    shared: &Shared,
    pass: &Pass<P>,
    frame: Frame,
    webhook: Webhook,
    (says, is_wrong): (Option<String>, bool),
) -> Result<Html<String>, Error> {
    let mut tx = shared.app.store.read().await?;
    let mut of = tx.of(pass.account.id);
    let messages = of.messages(webhook.id, None, None, SHOWN).await?;
    drop(tx);
    page::show(&Page {
        frame,
        at: format!("{}/webhooks/{}", at(pass.account.slug.as_str()), webhook.id),
        may_change: pass.allows(shared, "webhook:change")?,
        made: webhook.created_at.for_people(),
        failing: webhook.failing_since.map(Timestamp::for_people),
        last: webhook.last_at.map(Timestamp::for_people),
        messages: messages.iter().map(Line::of).collect(),
        webhook,
        says,
        is_wrong,
    })
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<WebhookView>,
    Path((_, webhook)): Path<(String, String)>,
) -> Result<Html<String>, Error> {
    let webhook = find(&shared, pass.account.id, &webhook).await?;
    view(&shared, &pass, frame, webhook, (None, false)).await
}

async fn change(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<WebhookChange>,
    Path((_, webhook)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let webhook = find(&shared, pass.account.id, &webhook).await?;
    let (app, account, id) = (&shared.app, pass.account.id, webhook.id);
    let (here, actor) = (at(pass.account.slug.as_str()), pass.caller.actor());
    match fields.get("do") {
        "enable" => {
            app.switch_webhook(account, id, Stands::Enabled, actor)
                .await?
        }
        "disable" => {
            app.switch_webhook(account, id, Stands::Disabled, actor)
                .await?
        }
        "replay" => app.replay(account, id, None, actor).await? > 0,
        "rotate" => {
            let secret = app.rotate_webhook(account, id, actor).await?;
            return Ok(revealed(&pass, frame, id, &secret.reveal())?.into_response());
        }
        "delete" => {
            app.delete_webhook(account, id, actor).await?;
            return Ok(page::going_to(&format!("{here}/webhooks?done=saved")));
        }
        "try" => {
            let said = match app.try_webhook(&pass.account, &webhook).await {
                Ok(status) => (Some(format!("The receiver answered {status}.")), false),
                Err(cause) => (
                    Some(format!("The receiver did not take it: {cause:#}.")),
                    true,
                ),
            };
            let page = view(&shared, &pass, frame, webhook, said).await?;
            return Ok(page.into_response());
        }
        _ => return Err(Error::not_found()),
    };
    Ok(page::going_to(&format!("{here}/webhooks/{id}?done=saved")))
}

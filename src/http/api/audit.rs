//! What was done and refused in an account.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{Error, Shared};
use super::page::{Address, Asked, Page, Turn, wrong};
use super::pass::{AuditView, Pass};
use crate::audit;
use crate::id::EntryId;
use crate::time::Timestamp;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// An entry of the audit.
#[derive(Serialize, ToSchema)]
struct EntryInfo {
    /// Its id.
    id: String,
    /// When it happened.
    at: String,
    /// Who did it: a person, a credential, `shell:` and a login there, or `system`.
    actor: String,
    /// From which address, where that is known; `erased` where the person was deleted.
    address: Option<String>,
    /// In which request, as the log calls it.
    request: Option<String>,
    /// What happened.
    event: String,
    /// `done` or `refused`.
    outcome: String,
    /// What it is about, by its id.
    target: Option<String>,
    /// All that belongs to that event.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// Its place in the account's chain; absent until it is sealed, within a second.
    number: Option<i64>,
    /// Its hash there.
    hash: Option<String>,
}

impl From<audit::Entry> for EntryInfo {
    fn from(entry: audit::Entry) -> Self {
        Self {
            id: entry.id.to_string(),
            at: entry.at.to_string(),
            actor: entry.actor,
            address: entry.address,
            request: entry.request,
            event: entry.event,
            outcome: entry.outcome.as_str().to_owned(),
            target: entry.target,
            detail: entry.detail,
            number: entry.number,
            hash: entry.hash,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// By whom.
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    actor: Option<String>,
    /// What happened, such as `role_granted`.
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    event: Option<String>,
    /// What it is about, by its id.
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    target: Option<String>,
    /// Not before this instant (RFC 3339, in UTC).
    #[param(format = DateTime, pattern = "Z$")]
    since: Option<String>,
    /// Before this instant (RFC 3339, in UTC).
    #[param(format = DateTime, pattern = "Z$")]
    until: Option<String>,
    /// How many at most; 50 where nobody says.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

fn text(name: &str, value: Option<String>) -> Result<Option<String>, Error> {
    // PostgreSQL takes no NUL in a text.
    let is_sound = |text: &String| text.len() <= 200 && !text.contains('\0');
    match value {
        Some(text) if !is_sound(&text) => Err(wrong(name, &format!("`{name}` is no name."))),
        sound => Ok(sound),
    }
}

fn instant(name: &str, value: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let read = |text| {
        let sentence = format!("`{name}` is an instant such as 2026-01-31T09:00:00Z.");
        Timestamp::parse(text).ok_or_else(|| wrong(name, &sentence))
    };
    value.map(read).transpose()
}

/// Lists what was done and refused, newest first; that it was read is an entry too.
#[utoipa::path(get, path = "/accounts/{account}/audit", tag = "audit", operation_id = "list_audit",
    params(("account" = String, Path, description = "Its name or id."), Filter),
    responses((status = 200, body = Page<EntryInfo>)))]
async fn list(
    State(shared): State<Shared>,
    pass: Pass<AuditView>,
    address: Address,
    Asked(asked): Asked<Filter>,
) -> Result<Response, Error> {
    let turn = Turn::new(asked.limit, asked.cursor);
    let after = turn.cursor(EntryId::parse)?;
    let filter = audit::Filter {
        actor: text("actor", asked.actor)?,
        event: text("event", asked.event)?,
        target: text("target", asked.target)?,
        since: instant("since", asked.since.as_deref())?,
        until: instant("until", asked.until.as_deref())?,
    };
    let (app, account, more) = (&shared.app, pass.account.id, turn.one_more()?);
    let entries = app.read_audit(account, &filter, after, more, pass.caller.actor());
    let name = |entry: &audit::Entry| entry.id.to_string();
    address.cut(entries.await?, &turn, name, EntryInfo::from)
}

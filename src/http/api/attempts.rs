//! Login attempts, with what is personal in them covered.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{Error, Shared};
use super::page::{Address, Asked, Page, Turn, wrong};
use super::pass::{AuditView, Pass};
use crate::attempt::{Attempt, Outcome, covered};
use crate::id::{AccountId, AttemptId};
use crate::role::Role;
use crate::saml::advice::Advice;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
}

/// A trip through the sign-in.
#[derive(Serialize, ToSchema)]
struct AttemptInfo {
    /// What people quote as the reference.
    id: String,
    /// When it ended.
    at: String,
    /// `accepted`, or the code of the rule that was broken; of a test `started`, `passed` or the code.
    outcome: String,
    /// Why the person was turned away, where the message itself was sound.
    refusal: Option<String>,
    /// Who came in.
    user: Option<String>,
    /// From where.
    address: String,
    /// The revision that it was checked against.
    revision: i64,
    /// Whether it only tried the sign-in out, and let nobody in.
    test: bool,
}

/// A trip through the sign-in, step by step.
#[derive(Serialize, ToSchema)]
struct FullAttempt {
    /// What the list says of it.
    #[serde(flatten)]
    info: AttemptInfo,
    /// What the client's administrator has to change.
    advice: Option<String>,
    /// The fingerprint of the certificate whose key verified.
    verified_by: Option<String>,
    /// The checks, in order.
    checks: Vec<Step>,
    /// The claims that came, their values covered; proved only where `verified_by` is there.
    claims: Vec<Claim>,
    /// What each rule did.
    rules: Vec<Rule>,
    /// The roles that resulted.
    roles: Vec<String>,
    /// The shape of the message, without what is secret or names somebody; of tests, and of what failed after a signature had verified.
    outline: Option<String>,
}

/// A check.
#[derive(Serialize, ToSchema)]
struct Step {
    /// Its code.
    code: String,
    /// What was checked.
    what: String,
    /// `passed`, `failed` or `not_checked`.
    #[schema(value_type = String)]
    outcome: serde_json::Value,
    /// What was found; of a check that passed it is covered.
    found: String,
    /// What was expected.
    expected: String,
}

/// A claim.
#[derive(Serialize, ToSchema)]
struct Claim {
    /// Its name.
    name: String,
    /// Its values, covered.
    values: Vec<String>,
}

/// What a rule did.
#[derive(Serialize, ToSchema)]
struct Rule {
    /// The role that it gives.
    role: String,
    /// What it says.
    says: String,
    /// Whether it gave it.
    gave: bool,
    /// Why it did not.
    because: String,
}

impl From<&Attempt> for AttemptInfo {
    fn from(attempt: &Attempt) -> Self {
        let (refusal, user) = match attempt.outcome {
            Outcome::Accepted { user } => (None, Some(user.to_string())),
            Outcome::Refused { refusal, .. } => {
                (refusal.map(|refusal| refusal.as_str().to_owned()), None)
            }
            Outcome::Started | Outcome::Passed => (None, None),
        };
        Self {
            id: attempt.id.to_string(),
            at: attempt.at.to_string(),
            outcome: attempt.outcome.as_str().to_owned(),
            refusal,
            user,
            address: attempt.address.clone(),
            revision: attempt.revision,
            test: attempt.tester.is_some(),
        }
    }
}

impl From<Attempt> for FullAttempt {
    fn from(attempt: Attempt) -> Self {
        let step = |row: &crate::saml::check::Row| {
            let passed = row.outcome == crate::saml::check::Outcome::Passed;
            Step {
                code: row.code.as_str().to_owned(),
                what: row.what.clone(),
                outcome: serde_json::json!(row.outcome),
                found: if passed {
                    covered(&row.found)
                } else {
                    row.found.clone()
                },
                expected: row.expected().to_owned(),
            }
        };
        Self {
            info: AttemptInfo::from(&attempt),
            advice: attempt.advice.as_ref().map(Advice::sentence),
            verified_by: attempt.verified_by.clone(),
            checks: attempt.rows.iter().map(step).collect(),
            claims: attempt
                .claims
                .iter()
                .map(|claim| Claim {
                    name: claim.name.clone(),
                    values: claim.values.iter().map(|value| covered(value)).collect(),
                })
                .collect(),
            rules: attempt
                .rules
                .iter()
                .map(|fired| Rule {
                    role: fired.role.to_string(),
                    says: fired.rule.clone(),
                    gave: fired.value.is_some(),
                    because: fired.because.clone(),
                })
                .collect(),
            roles: attempt.roles.keys().map(Role::to_string).collect(),
            outline: attempt.outline.clone(),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// `accepted` or `refused`.
    #[param(inline, value_type = Option<OutcomeName>)]
    outcome: Option<String>,
    /// How many at most; 50 where nobody says.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what may be asked for")]
enum OutcomeName {
    Accepted,
    Refused,
}

/// Lists the login attempts of an account, newest first.
#[utoipa::path(get, path = "/accounts/{account}/attempts", tag = "attempts", operation_id = "list_attempts",
    params(("account" = String, Path, description = "Its name or id."), Filter),
    responses((status = 200, body = Page<AttemptInfo>)))]
async fn list(
    State(shared): State<Shared>,
    pass: Pass<AuditView>,
    address: Address,
    Asked(filter): Asked<Filter>,
) -> Result<Response, Error> {
    let accepted = match filter.outcome.as_deref() {
        None => None,
        Some("accepted") => Some(true),
        Some("refused") => Some(false),
        Some(_) => return Err(wrong("outcome", "`outcome` is accepted or refused.")),
    };
    let turn = Turn::new(filter.limit, filter.cursor);
    let before = turn.cursor(AttemptId::parse)?;
    let app = &shared.app;
    let mut tx = app.store.read().await?;
    let mut of = tx.of(pass.account.id);
    let all = of
        .attempts_before(before, accepted, turn.one_more()?, &app.ring)
        .await?;
    address.cut(
        all,
        &turn,
        |attempt| attempt.id.to_string(),
        |attempt| AttemptInfo::from(&attempt),
    )
}

/// Shows a login attempt, step by step.
#[utoipa::path(get, path = "/accounts/{account}/attempts/{attempt}", tag = "attempts", operation_id = "show_attempt",
    params(("account" = String, Path, description = "Its name or id."), ("attempt" = String, Path, description = "Its reference.")),
    responses((status = 200, body = FullAttempt)))]
async fn show(
    State(shared): State<Shared>,
    pass: Pass<AuditView>,
    Path((_, attempt)): Path<(String, String)>,
) -> Result<Json<FullAttempt>, Error> {
    let attempt = find(&shared, pass.account.id, &attempt).await?;
    Ok(Json(FullAttempt::from(attempt)))
}

/// The login attempt of the address.
pub(in super::super) async fn find(
    shared: &Shared,
    account: AccountId,
    id: &str,
) -> Result<Attempt, Error> {
    let id = AttemptId::parse(id).ok_or_else(Error::not_found)?;
    let app = &shared.app;
    let found = app.store.read().await?.attempt(id, &app.ring).await?;
    let own = found.filter(|(of, _)| *of == account);
    own.map(|(_, attempt)| attempt).ok_or_else(Error::not_found)
}

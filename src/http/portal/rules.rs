//! The role rules of an account, each in fields of its own; they are reviewed like every other change of the configuration.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use toml::{Table, Value};

use super::super::api::pass::{Pass, RevisionMake};
use super::super::{Error, Shared, page};
use super::fields::{Asked, Fields};
use super::frame::{Frame, at};
use super::visit::Visit;
use crate::account::{Document, RoleRule, Stage, Test, Whom};
use crate::role::Role;

/// So many empty rules are offered beside those that there are.
const SPARE: usize = 2;

/// So many rules a form may hold.
const MOST: usize = 200;

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/portal/accounts/{account}/rules", get(show))
}

#[derive(Template)]
#[template(path = "portal_rules.html")]
struct Page {
    frame: Frame,
    at: String,
    roles: Vec<&'static str>,
    rows: Vec<Row>,
    /// Values that came lately and that no rule takes: the claim, the value, how often.
    unmapped: Vec<(String, String, usize)>,
    claims: String,
    wrong: Option<String>,
}

/// A rule in its fields; one without a value is none.
#[derive(Default)]
struct Row {
    role: String,
    how: String,
    claim: String,
    values: String,
    ignores_case: bool,
    until: String,
}

impl Row {
    fn of(rule: &RoleRule) -> Self {
        let row = Self {
            role: rule.role.to_string(),
            until: rule
                .until
                .map(|until| until.to_string())
                .unwrap_or_default(),
            ..Self::default()
        };
        match &rule.whom {
            Whom::Group(name) => Self {
                how: "group".to_owned(),
                values: name.clone(),
                ..row
            },
            Whom::Claim {
                name,
                test,
                ignore_case,
            } => {
                let (how, values) = match test {
                    Test::Equals(value) => ("any_of", value.clone()),
                    Test::AnyOf(values) => ("any_of", values.join("\n")),
                    Test::Matches(pattern) => ("matches", pattern.clone()),
                };
                Self {
                    how: how.to_owned(),
                    claim: name.clone(),
                    values,
                    ignores_case: *ignore_case,
                    ..row
                }
            }
        }
    }

    /// What stands in the fields of a number.
    fn read(fields: &Fields, number: usize) -> Option<Self> {
        let get = |name: &str| fields.get(&format!("{name}-{number}")).to_owned();
        let row = Self {
            role: get("role"),
            how: get("how"),
            claim: get("claim"),
            values: get("values"),
            ignores_case: get("case") == "yes",
            until: get("until"),
        };
        (!row.values.is_empty()).then_some(row)
    }

    /// The rule that the fields describe, as it would stand in a file.
    fn rule(&self) -> Result<RoleRule, String> {
        let mut written = Table::new();
        let mut say = |key: &str, value: Value| written.insert(key.to_owned(), value);
        let lines = self.values.lines().map(str::trim);
        let values: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        let first = values.first().copied().unwrap_or_default();
        say("role", self.role.as_str().into());
        match (self.how.as_str(), values.as_slice()) {
            ("group" | "matches", [_, _, ..]) => {
                return Err(format!(
                    "the rule for {} takes one value: give each its own rule",
                    self.role
                ));
            }
            ("group", _) => {
                say("group", first.into());
            }
            ("matches", _) => {
                say("matches", first.into());
            }
            (_, [_]) => {
                say("equals", first.into());
            }
            _ => {
                say("any_of", values.into());
            }
        }
        if self.how != "group" {
            say("claim", self.claim.as_str().into());
            say("ignore_case", self.ignores_case.into());
        }
        if !self.until.is_empty() {
            say("until", self.until.as_str().into());
        }
        RoleRule::deserialize(written).map_err(|wrong| wrong.message().to_owned())
    }
}

/// The configuration with the rules of a form, or what is wrong with one of them.
pub(super) fn read(document: &Document, fields: &Fields) -> Result<Document, String> {
    let rows = rows(fields);
    let rules: Result<_, _> = rows.iter().map(Row::rule).collect();
    Ok(Document {
        roles: rules?,
        ..document.clone()
    })
}

fn rows(fields: &Fields) -> Vec<Row> {
    let numbers = 0..MOST;
    numbers
        .filter_map(|number| Row::read(fields, number))
        .collect()
}

async fn view(
    shared: &Shared,
    pass: &Pass<RevisionMake>,
    frame: Frame,
    mut rows: Vec<Row>,
    claims: String,
) -> Result<Page, Error> {
    let effects = shared.app.what_if(&pass.account, &pass.document).await?;
    let is_staff = pass.document.stage == Stage::Staff;
    let roles = Role::ALL.into_iter();
    let roles = roles.filter(|role| (*role == Role::Operator) == is_staff);
    rows.extend((0..SPARE).map(|_| Row::default()));
    Ok(Page {
        frame,
        at: at(pass.account.slug.as_str()),
        roles: roles.map(Role::as_str).collect(),
        rows,
        unmapped: effects.unmapped,
        claims,
        wrong: None,
    })
}

/// The rules in force, and one more for a value that somebody wants to map.
async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RevisionMake>,
    Asked(asked): Asked,
) -> Result<Html<String>, Error> {
    let mut rows: Vec<Row> = pass.document.roles.iter().map(Row::of).collect();
    if let Some(values) = asked.some("value") {
        rows.push(Row {
            claim: asked.get("claim").to_owned(),
            values,
            ..Row::default()
        });
    }
    page::show(&view(&shared, &pass, frame, rows, String::new()).await?)
}

/// The rules of a configuration that somebody works on, to be changed further.
pub(super) async fn further(
    shared: &Shared,
    (pass, frame): (&Pass<RevisionMake>, Frame),
    document: &Document,
    claims: &str,
) -> Result<Response, Error> {
    let rows = document.roles.iter().map(Row::of).collect();
    let page = view(shared, pass, frame, rows, claims.to_owned()).await?;
    Ok(page::show(&page)?.into_response())
}

/// The form as it was sent, with what is wrong in it.
pub(super) async fn again(
    shared: &Shared,
    (pass, frame): (&Pass<RevisionMake>, Frame),
    fields: &Fields,
    wrong: String,
) -> Result<Response, Error> {
    let claims = fields.get("claims").to_owned();
    let mut page = view(shared, pass, frame, rows(fields), claims).await?;
    page.wrong = Some(wrong);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page::show(&page)?).into_response())
}

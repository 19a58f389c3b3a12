//! `vestibule user roles …`

use std::process::ExitCode;

use anyhow::Result;
use clap::{ArgGroup, Args};
use serde_json::json;

use super::out::{Out, plain, table};
use super::user::{Named, find};
use super::{actor, proposal};
use crate::app::{App, Wished};
use crate::grant::{Given, Order, Source, Standing};
use crate::role::Role;
use crate::time::{Timestamp, Until};

#[derive(Args)]
#[command(group = ArgGroup::new("change").args(["grant", "take", "lift"]))]
pub(super) struct Roles {
    #[command(flatten)]
    named: Named,
    /// Give them this role, whatever their claims say
    #[arg(long, value_name = "ROLE", value_parser = role, requires = "reason")]
    grant: Option<Role>,
    /// Take this role away; where a claim gives it, it is denied until that is lifted
    #[arg(long, value_name = "ROLE", value_parser = role, requires = "reason")]
    take: Option<Role>,
    /// Let this role come back, which was denied
    #[arg(long, value_name = "ROLE", value_parser = role, conflicts_with_all = ["until", "reason"])]
    lift: Option<Role>,
    /// Until the end of this day (2026-12-31, UTC) or this instant (2026-12-31T18:00:00+01:00)
    #[arg(long, requires = "change")]
    until: Option<Until>,
    /// Why; it stands in the audit, and beside the role
    #[arg(long, requires = "change")]
    reason: Option<String>,
}

pub(super) fn role(text: &str) -> Result<Role, String> {
    let known = || Role::ALL.map(Role::as_str).join(", ");
    Role::parse(text).ok_or_else(|| format!("the roles are {}", known()))
}

/// Changes the roles of somebody where that is asked for, and says what they are.
pub(super) async fn run(wish: Roles, app: &App, out: Out) -> Result<ExitCode> {
    let (account, user) = find(app, &wish.named).await?;
    let until = wish.until.map(Until::at);
    let (reason, actor) = (wish.reason.unwrap_or_default(), actor());
    let wished = if let Some(role) = wish.grant {
        app.grant_role(&account, user.id, role, until, &reason, &actor)
            .await?
    } else if let Some(role) = wish.take {
        let taken = app.take_role(&account, user.id, role, until, &reason, &actor);
        Wished::Done(taken.await?)
    } else if let Some(role) = wish.lift {
        app.lift_denial(&account, user.id, role, &actor).await?
    } else {
        Wished::Done(app.standing(&account, user.id).await?)
    };
    let standing = match wished {
        Wished::Done(standing) => standing,
        Wished::Waits(proposal) => return proposal::waits(&account, &proposal, out),
    };
    let value = json!({ "user": user.id, "account": account.slug, "standing": standing });
    out.say(&value, || lines(&standing))
}

/// The roles of somebody in lines.
pub(super) fn lines(standing: &Standing) -> Vec<String> {
    if standing.given.is_empty() && standing.denied.is_empty() {
        let mut lines = vec!["No role: neither a claim nor an administrator gives one.".to_owned()];
        lines.extend(waiting(standing));
        return lines;
    }
    let given = standing.given.iter().map(|given| row(standing, given));
    let mut lines = table(&given.collect::<Vec<_>>());
    let denied = |denial: &Order| format!("{} is {}", denial.role, plain(&denial.sentence()));
    lines.extend(standing.denied.iter().map(denied));
    let apart = |[one, other]: &[Role; 2]| {
        format!("{one} and {other} are kept apart (`duties.apart`), so they hold neither")
    };
    lines.extend(standing.conflicts.iter().map(apart));
    lines.extend(waiting(standing));
    lines
}

/// What a group gives only when somebody has approved it.
fn waiting(standing: &Standing) -> impl Iterator<Item = String> {
    standing.waiting.iter().map(|given| {
        let why = match &given.source {
            Source::Rule { rule } | Source::Group { rule } => plain(rule),
            Source::Grant { reason, .. } => plain(reason),
        };
        format!(
            "{} waits for approval, since a directory alone gives it to nobody of a live account ({why})",
            given.role
        )
    })
}

fn row(standing: &Standing, given: &Given) -> Vec<String> {
    let holds = if standing.roles.contains_key(&given.role) {
        "Role"
    } else {
        "Not held"
    };
    let why = match &given.source {
        Source::Rule { rule } | Source::Group { rule } => format!("because {}", plain(rule)),
        Source::Grant { author, reason } => {
            format!("granted by {}: {}", plain(author), plain(reason))
        }
    };
    let until = |end: Timestamp| format!("until {}", Until::from(end));
    vec![
        holds.into(),
        given.role.to_string(),
        format!("since {}", given.since.for_people()),
        given.until.map_or_else(|| "for good".into(), until),
        why,
    ]
}

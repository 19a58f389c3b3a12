//! `vestibule explain REFERENCE`

use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::json;

use super::attempt::verdict;
use super::out::{Out, plain, table};
use crate::app::App;
use crate::attempt::{Attempt, Outcome};
use crate::id::AttemptId;
use crate::role::Role;
use crate::saml::advice::Advice;
use crate::saml::check::Outcome as Check;
use crate::time::Span;

pub(super) async fn run(reference: AttemptId, app: &App, out: Out) -> Result<ExitCode> {
    let mut tx = app.store.read().await?;
    let found = tx.attempt(reference, &app.ring).await?;
    let kept = app.config.retention.attempts_days;
    let (account, attempt) = found.with_context(|| format!("there is no attempt {reference}: it is older than {kept} days, or one of a flood of which only the count is kept"))?;
    let account = tx
        .of(account)
        .account()
        .await?
        .context("the account is gone")?;
    let sentence = attempt.advice.as_ref().map(Advice::sentence);
    let value = json!({ "account": account.slug, "attempt": attempt, "advice": sentence });
    out.say(&value, || {
        lines(account.slug.as_str(), &attempt, sentence.as_deref())
    })
}

fn lines(account: &str, attempt: &Attempt, sentence: Option<&str>) -> Vec<String> {
    let verdict = verdict(attempt);
    let mut lines = vec![
        format!(
            "{}  {account} revision {}, {}",
            attempt.id,
            attempt.revision,
            attempt.at.for_people()
        ),
        format!("From {}: {verdict}", attempt.address),
    ];
    if let Outcome::Refused {
        refusal: Some(refusal),
        ..
    } = attempt.outcome
    {
        lines.push(format!("What to do: {}", refusal.sentence()));
    }
    if let Some(sentence) = sentence {
        lines.push(format!(
            "For the client's ADFS administrator: {}",
            plain(sentence)
        ));
    }
    lines.extend([String::new(), "Checks".to_owned()]);
    lines.extend(checks(attempt));
    lines.push(String::new());
    lines.push(match &attempt.verified_by {
        Some(fingerprint) => format!("Verified by certificate {fingerprint}"),
        None => "No signature verified; what follows is unproved".to_owned(),
    });
    if let Some(ahead) = attempt.clock_difference {
        let word = if ahead < Span::millis(0) {
            "behind"
        } else {
            "ahead of"
        };
        lines.push(format!(
            "The identity provider's clock was {} {word} ours",
            ahead.to_string().trim_start_matches('-')
        ));
    }
    lines.extend(claims(attempt));
    lines.extend(rules(attempt));
    lines
}

fn checks(attempt: &Attempt) -> Vec<String> {
    let rows = attempt.rows.iter().map(|row| {
        let mark = match row.outcome {
            Check::Passed => "ok",
            Check::Failed => "FAILED",
            Check::NotChecked => "-",
        };
        let detail = match row.outcome {
            Check::Passed => plain(&row.found),
            Check::Failed => format!(
                "found {}; expected {}",
                plain(&row.found),
                plain(row.expected())
            ),
            Check::NotChecked => "not checked".to_owned(),
        };
        vec![
            format!("  {mark}"),
            row.code.as_str().to_owned(),
            plain(&row.what),
            detail,
        ]
    });
    table(&rows.collect::<Vec<_>>())
}

fn claims(attempt: &Attempt) -> Vec<String> {
    let mut lines = vec![String::new(), format!("Claims ({})", attempt.claims.len())];
    for claim in &attempt.claims {
        lines.push(format!("  {}", plain(&claim.name)));
        lines.extend(
            claim
                .values
                .iter()
                .map(|value| format!("    = {}", plain(value))),
        );
    }
    lines
}

fn rules(attempt: &Attempt) -> Vec<String> {
    let mut lines = vec![String::new(), "Role rules".to_owned()];
    if attempt.rules.is_empty() {
        lines.push("  none was tried".to_owned());
    }
    for fired in &attempt.rules {
        let what = match &fired.value {
            Some(value) => format!("gave it, by \"{}\"", plain(value)),
            None => format!("did not: {}", fired.because),
        };
        lines.push(format!(
            "  {:<13} {} — {what}",
            fired.role.as_str(),
            plain(&fired.rule)
        ));
    }
    let roles: Vec<&str> = attempt.roles.keys().map(|role| role.as_str()).collect();
    lines.push(format!(
        "Roles: {}",
        if roles.is_empty() {
            "none".to_owned()
        } else {
            roles.join(", ")
        }
    ));
    let why = |(role, why): (&Role, &String)| format!("  {:<13} {}", role.as_str(), plain(why));
    lines.extend(attempt.roles.iter().map(why));
    lines
}

//! How and when the person proved who they are (SAML Core 2.7.2).

use super::advice::Advice;
use super::check::{Code, Rejection, shorten};
use super::names::ASSERTION;
use super::request::LIFETIME;
use super::response::{Context, Reading};
use super::step_up;
use super::xml::{Node, Xml};
use crate::time::Timestamp;

pub(super) struct Statement {
    pub(super) session_index: Option<String>,
    pub(super) session_ends: Option<Timestamp>,
    pub(super) authenticated_at: Timestamp,
}

pub(super) fn statement(
    xml: &Xml<'_>,
    node: Node,
    context: &Context<'_>,
    reading: &mut Reading,
) -> Result<Statement, Rejection> {
    let (code, skew, trace) = (
        Code::AuthnStatement,
        context.connection.skew(),
        &mut reading.trace,
    );
    let mut all = xml.named(node, ASSERTION, "AuthnStatement");
    let (Some(found), None) = (all.next(), all.next()) else {
        return trace.refuse(code, "Authentication statement", "not exactly one");
    };
    let instant = xml
        .attribute(found, "AuthnInstant")
        .and_then(Timestamp::parse)
        .filter(|at| *at <= context.now.plus(skew));
    let Some(authenticated_at) = instant else {
        return trace.refuse(
            code,
            "AuthnInstant",
            xml.attribute(found, "AuthnInstant").unwrap_or("absent"),
        );
    };
    let ends = xml
        .attribute(found, "SessionNotOnOrAfter")
        .map(Timestamp::parse);
    if ends.is_some_and(|ends| ends.is_none_or(|ends| context.now >= ends.plus(skew))) {
        return trace.refuse(code, "SessionNotOnOrAfter", "passed, or not a time in UTC");
    }
    let classes = xml
        .child(found, ASSERTION, "AuthnContext")
        .and_then(|outer| match outer {
            Some(outer) => xml.child(outer, ASSERTION, "AuthnContextClassRef"),
            None => Ok(None),
        });
    let class = classes
        .and_then(|class| class.map(|node| xml.text(node)).transpose())
        .or_else(|error| trace.refuse(code, "Context class", &error.to_string()))?;
    let class = class.unwrap_or_else(|| "absent".to_owned());
    demanded(context, reading, &class, authenticated_at)?;
    let trace = &mut reading.trace;
    trace.pass(
        code,
        "Authentication",
        &format!("{authenticated_at} by {class}"),
    );
    Ok(Statement {
        session_index: xml.attribute(found, "SessionIndex").map(str::to_owned),
        session_ends: ends.flatten(),
        authenticated_at,
    })
}

/// What the account demands holds for a sign-in that nobody asked for as well: it is as recent as the oldest request allows.
fn demanded(
    context: &Context<'_>,
    reading: &mut Reading,
    class: &str,
    at: Timestamp,
) -> Result<(), Rejection> {
    let (saml, skew, now) = (
        context.connection.saml(),
        context.connection.skew(),
        context.now,
    );
    let request = reading.request.as_ref();
    let (classes, force, since) = request.map_or_else(
        || (&saml.authn_context, saml.force_authn, now.minus(LIFETIME)),
        |pending| (&pending.context, pending.force_authn, pending.at),
    );
    let (code, found, trace) = (Code::AuthnStatement, at.to_string(), &mut reading.trace);
    trace
        .demand(
            classes.is_empty() || classes.iter().any(|one| one == class),
            code,
            "Authentication context class",
            &classes.join(", "),
            class,
        )
        .map_err(|rejection| {
            rejection.advised(Advice::WrongContext {
                demanded: classes.clone(),
                found: shorten(class),
            })
        })?;
    let mut recent = |holds: bool, expected: &str| {
        trace
            .demand(holds, code, "Time of authentication", expected, &found)
            .map_err(|rejection| {
                rejection.advised(Advice::TooOld {
                    at: at.for_people(),
                })
            })
    };
    recent(!force || at >= since.minus(skew), "after the request")?;
    if let Some(age) = request.and_then(|pending| pending.max_age) {
        let expected = format!("at most {} seconds ago", age.as_seconds());
        recent(step_up::is_recent(at, age, now, skew), &expected)?;
    }
    Ok(())
}

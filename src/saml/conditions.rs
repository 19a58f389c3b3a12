//! When and by whom an assertion may be used (SAML Core 2.5).

use super::advice::Advice;
use super::check::{Code, Rejection, Trace};
use super::names::ASSERTION;
use super::response::Context;
use super::xml::{Node, Xml};
use crate::time::{Span, Timestamp};

/// At least this long an assertion may be valid; a longer one is refused, since ids are not remembered for ever.
const LONGEST: Span = Span::hours(24);

pub(super) fn conditions(
    xml: &Xml<'_>,
    node: Node,
    issued: Timestamp,
    context: &Context<'_>,
    trace: &mut Trace,
) -> Result<(), Rejection> {
    let (now, skew, what) = (context.now, context.connection.skew(), "Conditions");
    let found = xml
        .child(node, ASSERTION, "Conditions")
        .or_else(|error| trace.refuse(Code::Conditions, what, &error.to_string()))?;
    let Some(conditions) = found else {
        return trace.refuse(Code::Conditions, what, "absent");
    };
    let instant = |name| xml.attribute(conditions, name).map(Timestamp::parse);
    let (not_before, until) = match (instant("NotBefore"), instant("NotOnOrAfter")) {
        (None, Some(Some(until))) => (issued, until),
        (Some(Some(not_before)), Some(Some(until))) => (not_before, until),
        _ => {
            return trace.refuse(
                Code::Conditions,
                what,
                "NotBefore or NotOnOrAfter absent or not a time in UTC",
            );
        }
    };
    let found = format!("{not_before} to {until}, now {now}");
    if now < not_before.minus(skew) || issued > now.plus(skew) {
        let seconds = not_before.max(issued).since(now).as_seconds();
        return Err(trace.fail(
            Code::Conditions,
            what,
            &found,
            Some(Advice::Clock { seconds }),
        ));
    }
    if now >= until.plus(skew) {
        return Err(trace.fail(
            Code::Conditions,
            what,
            &found,
            Some(Advice::Expired {
                seconds: now.since(until).as_seconds(),
            }),
        ));
    }
    let short = until.since(not_before.min(issued)) <= LONGEST;
    trace.demand(
        short,
        Code::Conditions,
        "Length of validity",
        "at most 24 hours",
        &until.since(not_before.min(issued)).to_string(),
    )?;
    let known = ["AudienceRestriction", "OneTimeUse", "ProxyRestriction"];
    if let Some(other) = xml
        .children(conditions)
        .find(|child| !known.iter().any(|name| xml.is(*child, ASSERTION, name)))
    {
        return trace.refuse(Code::Conditions, "Unknown condition", xml.name(other));
    }
    trace.pass(Code::Conditions, what, &found);
    audience(xml, conditions, context, trace)
}

fn audience(
    xml: &Xml<'_>,
    conditions: Node,
    context: &Context<'_>,
    trace: &mut Trace,
) -> Result<(), Rejection> {
    let (expected, what) = (&context.connection.addresses.entity_id, "Audience");
    let mut restrictions = 0;
    for restriction in xml.named(conditions, ASSERTION, "AudienceRestriction") {
        restrictions += 1;
        let audiences: Result<Vec<String>, _> = xml
            .named(restriction, ASSERTION, "Audience")
            .map(|node| xml.text(node))
            .collect();
        let audiences =
            audiences.or_else(|error| trace.refuse(Code::Audience, what, &error.to_string()))?;
        if !audiences.contains(expected) {
            let found = audiences.join(", ");
            let advice = Advice::WrongAudience {
                expected: expected.clone(),
                found: found.clone(),
            };
            return Err(trace.fail(Code::Audience, what, &found, Some(advice)));
        }
    }
    trace.demand(
        restrictions > 0,
        Code::Audience,
        what,
        expected,
        if restrictions > 0 { expected } else { "absent" },
    )
}

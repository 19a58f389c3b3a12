//! What a response says on its outside, before anything of it is proved (SAML Core 3.2.2).

use super::advice::Advice;
use super::assertion;
use super::check::{Code, Rejection};
use super::names::{ASSERTION, DSIG, PROTOCOL};
use super::response::{Context, Reading};
use super::xml::{Node, Xml};
use crate::time::{Span, Timestamp};

/// A message may be that old, plus the skew.
const FRESH: Span = Span::minutes(5);

/// The root: a response of version 2.0, with an ID, and fresh.
pub(super) fn check(
    xml: &Xml<'_>,
    context: &Context<'_>,
    reading: &mut Reading,
) -> Result<(), Rejection> {
    let (root, trace) = (xml.root(), &mut reading.trace);
    let name = format!("{} of {}", xml.name(root), xml.namespace(root));
    trace.demand(
        xml.is(root, PROTOCOL, "Response"),
        Code::Root,
        "Root element",
        "samlp:Response",
        &name,
    )?;
    let version = xml.attribute(root, "Version").unwrap_or("absent");
    trace.demand(
        version == "2.0",
        Code::Root,
        "Version of the response",
        "2.0",
        version,
    )?;
    let id = xml.attribute(root, "ID").unwrap_or_default();
    trace.demand(
        !id.is_empty(),
        Code::Root,
        "ID of the response",
        "an ID",
        id,
    )?;
    let written = xml.attribute(root, "IssueInstant").unwrap_or("absent");
    let Some(at) = Timestamp::parse(written) else {
        return trace.refuse(Code::Root, "IssueInstant of the response", written);
    };
    let (ahead, skew) = (at.since(context.now), context.connection.skew());
    reading.clock_difference = Some(ahead);
    if !is_fresh(at, context.now, skew) {
        let found = format!("{written}, {ahead} ahead of our clock");
        return Err(trace.fail(
            Code::Root,
            "IssueInstant of the response",
            &found,
            Some(Advice::Clock {
                seconds: ahead.as_seconds(),
            }),
        ));
    }
    trace.pass(
        Code::Root,
        "IssueInstant of the response",
        &format!("{written}, {ahead} ahead of our clock"),
    );
    Ok(())
}

/// Whether a message was made just now.
pub(super) fn is_fresh(at: Timestamp, now: Timestamp, skew: Span) -> bool {
    at.since(now) <= skew
        && now.since(at).as_millis() <= FRESH.as_millis().saturating_add(skew.as_millis())
}

/// What costs nothing to look at: where it was sent, by whom, and for which request.
pub(super) fn addressed(
    xml: &Xml<'_>,
    context: &Context<'_>,
    reading: &mut Reading,
) -> Result<(), Rejection> {
    let (root, connection) = (xml.root(), context.connection);
    let (acs, destination) = (
        &connection.addresses.acs,
        xml.attribute(root, "Destination"),
    );
    let bound = xml.named(root, DSIG, "Signature").next().is_some();
    let holds = destination.map_or(!bound, |found| found == acs);
    reading.trace.demand(
        holds,
        Code::Destination,
        "Destination of the response",
        acs,
        destination.unwrap_or("absent"),
    )?;
    if let Some(issuer) = only(xml, root, ASSERTION, "Issuer", Code::Issuer, reading)? {
        assertion::issuer(
            xml,
            issuer,
            connection,
            "Issuer of the response",
            &mut reading.trace,
        )?;
    }
    match xml.attribute(root, "InResponseTo") {
        Some(id) => {
            reading.request = (context.find)(id)
                .filter(|pending| pending.id == id && pending.account == connection.account.id);
            let fresh = reading
                .request
                .as_ref()
                .is_some_and(|pending| pending.is_fresh(context.now));
            if !fresh {
                let advice = Advice::UnknownRequest {
                    expired: reading.request.is_some(),
                };
                return Err(reading.trace.fail(
                    Code::InResponseTo,
                    "InResponseTo of the response",
                    id,
                    Some(advice),
                ));
            }
            reading
                .trace
                .pass(Code::InResponseTo, "InResponseTo of the response", id);
        }
        None if connection.saml().allow_idp_initiated => reading.trace.pass(
            Code::InResponseTo,
            "InResponseTo of the response",
            "absent, which the account allows",
        ),
        None => {
            let advice = Advice::Unsolicited {
                bookmark: connection.addresses.acs.replace("/acs", "/login"),
            };
            return Err(reading.trace.fail(
                Code::InResponseTo,
                "InResponseTo of the response",
                "absent",
                Some(advice),
            ));
        }
    }
    Ok(())
}

/// The child of that name, where a second one ends the sign-in.
fn only(
    xml: &Xml<'_>,
    node: Node,
    namespace: &str,
    name: &str,
    code: Code,
    reading: &mut Reading,
) -> Result<Option<Node>, Rejection> {
    xml.child(node, namespace, name)
        .or_else(|error| reading.trace.refuse(code, name, &error.to_string()))
}

//! What each mishap does to an answer.

use super::answer::{Answer, Status, What};
use super::claims::ROLE;
use crate::time::{Span, Timestamp};

/// Without a name ADFS names no session either.
pub(super) fn no_name_id(answer: &mut Answer) {
    answer.name_id = None;
    if let Some(authn) = &mut answer.authn {
        authn.session_index = None;
    }
}

/// What a rule copied from a page with rewritten addresses issues.
pub(super) fn near_miss(answer: &mut Answer) {
    for claim in &mut answer.attributes {
        claim.name = claim.name.replacen("http://", "https://", 1);
    }
}

pub(super) fn roles(answer: &mut Answer, change: impl Fn(&[String]) -> Vec<String>) {
    for claim in &mut answer.attributes {
        if claim.name == ROLE {
            claim.values = change(&claim.values);
        }
    }
}

/// Security identifiers of that many groups of one domain.
pub(super) fn sids(count: usize) -> Vec<String> {
    (0..count)
        .map(|index| format!("S-1-5-21-1180699209-877415012-3182924384-{}", 1104 + index))
        .collect()
}

/// The slash at the end that an identifier typed by hand tends to have.
pub(super) fn wrong_audience(answer: &mut Answer) {
    for audience in answer
        .conditions
        .iter_mut()
        .flat_map(|conditions| &mut conditions.audiences)
    {
        audience.push('/');
    }
}

/// The address before the service provider moved.
pub(super) fn wrong_recipient(answer: &mut Answer) {
    for confirmation in &mut answer.confirmations {
        confirmation.recipient = Some("https://former.example/saml/acs".to_owned());
    }
}

/// The same farm, after somebody "corrected" its identifier.
pub(super) fn wrong_issuer(answer: &mut Answer) {
    let other = match answer.assertion_issuer.strip_prefix("http://") {
        Some(rest) => format!("https://{rest}"),
        None => "http://fs.other.example/adfs/services/trust".to_owned(),
    };
    answer.issuer = Some(other.clone());
    answer.assertion_issuer = other;
}

/// Every time in the answer, as a clock that is wrong by `span` tells it.
pub(super) fn shift(answer: &mut Answer, span: Span) {
    let moved = |at: &mut Timestamp| *at = at.plus(span);
    moved(&mut answer.issue_instant);
    for confirmation in &mut answer.confirmations {
        confirmation.not_before.iter_mut().for_each(moved);
        confirmation.not_on_or_after.iter_mut().for_each(moved);
    }
    if let Some(conditions) = &mut answer.conditions {
        conditions.not_before.iter_mut().for_each(moved);
        conditions.not_on_or_after.iter_mut().for_each(moved);
    }
    if let Some(authn) = &mut answer.authn {
        moved(&mut authn.instant);
        authn.session_not_on_or_after.iter_mut().for_each(moved);
    }
}

/// A refusal, signed as a whole since nothing else is there to be signed.
pub(super) fn refuse(answer: &mut Answer, top: &str, second: Option<&str>) {
    answer.status = Status::Refused {
        top: top.to_owned(),
        second: second.map(str::to_owned),
    };
    answer.sign = What::Response;
}

pub(super) fn unsolicited(answer: &mut Answer) {
    answer.in_response_to = None;
    for confirmation in &mut answer.confirmations {
        confirmation.in_response_to = None;
    }
}

/// The signed response after the person gave themselves one more claim value.
pub(super) fn promoted(xml: &str) -> String {
    let end = "</Attribute></AttributeStatement>";
    xml.replacen(
        end,
        &format!("<AttributeValue>vkyc-uam-admin</AttributeValue>{end}"),
        1,
    )
}

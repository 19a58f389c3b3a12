//! What the identity provider says of its own success (SAML Core 3.2.2).

use super::advice::Advice;
use super::check::{Code, Rejection};
use super::connection::Connection;
use super::names::{PROTOCOL, STATUS, SUCCESS};
use super::response::Reading;
use super::xml::{Node, Xml};
use crate::time::Timestamp;

/// Demands exactly one status that is exactly Success; any other is decoded, and an assertion under it is ignored.
pub(super) fn check(
    xml: &Xml<'_>,
    connection: &Connection,
    now: Timestamp,
    reading: &mut Reading,
) -> Result<(), Rejection> {
    let chain = xml
        .child(xml.root(), PROTOCOL, "Status")
        .and_then(|status| match status {
            Some(status) => chain(xml, status),
            None => Ok(Vec::new()),
        });
    let chain = match chain {
        Ok(chain) => chain,
        Err(error) => {
            return reading
                .trace
                .refuse(Code::Status, "Status", &error.to_string());
        }
    };
    let said: Vec<&str> = chain
        .iter()
        .map(|code| code.strip_prefix(STATUS).unwrap_or(code))
        .collect();
    if let [code] = chain.as_slice()
        && code == SUCCESS
    {
        reading.trace.pass(Code::Status, "Status", "Success");
        return Ok(());
    }
    let found = if said.is_empty() {
        "absent".to_owned()
    } else {
        said.join(" / ")
    };
    let advice = (!said.is_empty())
        .then(|| Advice::of_status(&said, connection, reading.request.as_ref(), now));
    Err(reading.trace.fail(Code::Status, "Status", &found, advice))
}

/// The status codes, each within the one before.
pub(super) fn chain(xml: &Xml<'_>, status: Node) -> Result<Vec<String>, super::xml::Error> {
    let (mut at, mut codes) = (status, Vec::new());
    while let Some(code) = xml.child(at, PROTOCOL, "StatusCode")? {
        codes.push(xml.attribute(code, "Value").unwrap_or("absent").to_owned());
        at = code;
    }
    Ok(codes)
}

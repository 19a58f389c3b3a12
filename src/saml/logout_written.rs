//! The messages of single logout that we write (SAML Core 3.7): the library's types know no qualifiers of a NameID.

use quick_xml::escape::escape;

use super::NameId;
use super::connection::Connection;
use super::names::{ASSERTION, PROTOCOL, STATUS};
use crate::time::Timestamp;

/// What every message of ours begins with.
pub(super) struct Head<'a> {
    pub(super) id: &'a str,
    pub(super) connection: &'a Connection,
    pub(super) now: Timestamp,
}

impl Head<'_> {
    fn around(&self, name: &str, destination: &str, attributes: &str, content: &str) -> String {
        let (id, now) = (self.id, self.now);
        let destination = attribute("Destination", Some(destination));
        let issuer = escape(&self.connection.addresses.entity_id);
        format!(
            "<samlp:{name} xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{now}\"\
             {destination}{attributes}><saml:Issuer>{issuer}</saml:Issuer>{content}</samlp:{name}>"
        )
    }

    /// Asks to end the session of that index; the NameID as it was received, since ADFS compares every part of it.
    pub(super) fn request(&self, name_id: &NameId, index: Option<&str>, to: &str) -> String {
        let qualifiers = [
            attribute("NameQualifier", name_id.name_qualifier.as_deref()),
            attribute("SPNameQualifier", name_id.sp_name_qualifier.as_deref()),
            attribute("Format", name_id.format.as_deref()),
        ]
        .concat();
        let value = text(&name_id.value);
        let index = index.map_or_else(String::new, |index| {
            format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", text(index))
        });
        let content = format!("<saml:NameID{qualifiers}>{value}</saml:NameID>{index}");
        self.around("LogoutRequest", to, "", &content)
    }

    /// Answers a request with one of the four top-level codes; ADFS knows no others.
    pub(super) fn response(&self, in_response_to: &str, code: &str, to: &str) -> String {
        let answered = attribute("InResponseTo", Some(in_response_to));
        let content = format!(
            "<samlp:Status><samlp:StatusCode Value=\"{STATUS}{code}\"></samlp:StatusCode></samlp:Status>"
        );
        self.around("LogoutResponse", to, &answered, &content)
    }
}

fn attribute(name: &str, value: Option<&str>) -> String {
    value.map_or_else(String::new, |value| format!(" {name}=\"{}\"", text(value)))
}

/// The text as it is read back unchanged: what a parser would normalise is written by its number.
fn text(value: &str) -> String {
    escape(value)
        .replace('\t', "&#x9;")
        .replace('\n', "&#xA;")
        .replace('\r', "&#xD;")
}

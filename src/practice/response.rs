//! The XML of a response, in ADFS's shape.

use super::answer::{Answer, Attribute, Authn, Conditions, Confirmation, NameId, Status};
use super::xml::{SAML, SAMLP, attribute, escape};

impl Answer {
    /// The unsigned response with its unsigned, clear assertion.
    pub fn xml(&self) -> String {
        self.around(&self.assertion_xml())
    }

    /// The unsigned assertion, in ADFS's shape: default namespace, no prefix, one line.
    pub fn assertion_xml(&self) -> String {
        let id = escape(&self.assertion_id);
        let instant = self.issue_instant;
        let issuer = escape(&self.assertion_issuer);
        let subject = self.subject_xml();
        let conditions = self
            .conditions
            .as_ref()
            .map_or_else(String::new, Conditions::xml);
        let attributes = self.attributes_xml();
        let authn = self.authn.as_ref().map_or_else(String::new, Authn::xml);
        format!(
            "<Assertion ID=\"{id}\" IssueInstant=\"{instant}\" Version=\"2.0\" xmlns=\"{SAML}\"><Issuer>{issuer}</Issuer>\
             {subject}{conditions}{attributes}{authn}</Assertion>"
        )
    }

    /// The unsigned response around an assertion that is already sealed.
    pub(super) fn around(&self, assertion: &str) -> String {
        let id = escape(&self.response_id);
        let instant = self.issue_instant;
        let destination = attribute("Destination", self.destination.as_ref());
        let consent = attribute("Consent", self.consent.as_ref());
        let in_response_to = attribute("InResponseTo", self.in_response_to.as_ref());
        let issuer = self.issuer.as_ref().map_or_else(String::new, |issuer| {
            format!("<Issuer xmlns=\"{SAML}\">{}</Issuer>", escape(issuer))
        });
        let status = self.status.xml();
        let assertion = if self.has_assertion() { assertion } else { "" };
        format!(
            "<samlp:Response ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{instant}\"{destination}{consent}{in_response_to} \
             xmlns:samlp=\"{SAMLP}\">{issuer}<samlp:Status>{status}</samlp:Status>{assertion}</samlp:Response>"
        )
    }

    fn subject_xml(&self) -> String {
        let name_id = self.name_id.as_ref().map_or_else(String::new, NameId::xml);
        let confirmations: String = self.confirmations.iter().map(Confirmation::xml).collect();
        format!("<Subject>{name_id}{confirmations}</Subject>")
    }

    fn attributes_xml(&self) -> String {
        if self.attributes.is_empty() {
            return String::new();
        }
        let attributes: String = self.attributes.iter().map(Attribute::xml).collect();
        format!("<AttributeStatement>{attributes}</AttributeStatement>")
    }
}

impl Status {
    fn xml(&self) -> String {
        let uri = |code: &str| format!("urn:oasis:names:tc:SAML:2.0:status:{}", escape(code));
        match self {
            Self::Success => format!("<samlp:StatusCode Value=\"{}\"/>", uri("Success")),
            Self::Refused { top, second: None } => {
                format!("<samlp:StatusCode Value=\"{}\"/>", uri(top))
            }
            Self::Refused {
                top,
                second: Some(second),
            } => format!(
                "<samlp:StatusCode Value=\"{}\"><samlp:StatusCode Value=\"{}\"/></samlp:StatusCode>",
                uri(top),
                uri(second)
            ),
        }
    }
}

impl NameId {
    pub(super) fn xml(&self) -> String {
        let qualifier = attribute("NameQualifier", self.name_qualifier.as_ref());
        let sp_qualifier = attribute("SPNameQualifier", self.sp_name_qualifier.as_ref());
        let format = attribute("Format", self.format.as_ref());
        let value = escape(&self.value);
        format!("<NameID{qualifier}{sp_qualifier}{format}>{value}</NameID>")
    }
}

impl Confirmation {
    fn xml(&self) -> String {
        let method = escape(&self.method);
        let in_response_to = attribute("InResponseTo", self.in_response_to.as_ref());
        let not_before = attribute("NotBefore", self.not_before);
        let not_on_or_after = attribute("NotOnOrAfter", self.not_on_or_after);
        let recipient = attribute("Recipient", self.recipient.as_ref());
        format!(
            "<SubjectConfirmation Method=\"{method}\"><SubjectConfirmationData{in_response_to}{not_before}{not_on_or_after}{recipient}/>\
             </SubjectConfirmation>"
        )
    }
}

impl Conditions {
    fn xml(&self) -> String {
        let not_before = attribute("NotBefore", self.not_before);
        let not_on_or_after = attribute("NotOnOrAfter", self.not_on_or_after);
        let audience = |name: &String| format!("<Audience>{}</Audience>", escape(name));
        let audiences: String = self.audiences.iter().map(audience).collect();
        let restriction = if audiences.is_empty() {
            String::new()
        } else {
            format!("<AudienceRestriction>{audiences}</AudienceRestriction>")
        };
        let extra = &self.extra;
        format!("<Conditions{not_before}{not_on_or_after}>{restriction}{extra}</Conditions>")
    }
}

impl Attribute {
    fn xml(&self) -> String {
        let name = escape(&self.name);
        let format = attribute("NameFormat", self.name_format.as_ref());
        let origin = self.original_issuer.as_ref().map_or_else(String::new, |issuer| {
            format!(" a:OriginalIssuer=\"{}\" xmlns:a=\"http://schemas.xmlsoap.org/ws/2009/09/identity/claims\"", escape(issuer))
        });
        let value = |value: &String| format!("<AttributeValue>{}</AttributeValue>", escape(value));
        let values: String = self.values.iter().map(value).collect();
        format!("<Attribute Name=\"{name}\"{format}{origin}>{values}</Attribute>")
    }
}

impl Authn {
    fn xml(&self) -> String {
        let instant = self.instant;
        let index = attribute("SessionIndex", self.session_index.as_ref());
        let end = attribute("SessionNotOnOrAfter", self.session_not_on_or_after);
        let class = escape(&self.context_class);
        format!(
            "<AuthnStatement AuthnInstant=\"{instant}\"{index}{end}><AuthnContext><AuthnContextClassRef>{class}</AuthnContextClassRef>\
             </AuthnContext></AuthnStatement>"
        )
    }
}

//! What is wrong with the metadata that a client sent, and what to send instead.

/// Why a document is refused as an identity provider's descriptor: what was sent, and what to send instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation")]
pub enum Problem {
    #[error("the file is empty. Send the FederationMetadata.xml of your ADFS")]
    Empty,
    #[error(
        "the file is neither UTF-8 nor UTF-16 text. Save it with Invoke-WebRequest -OutFile instead of an editor"
    )]
    Encoding,
    #[error(
        "this is the text of a browser's XML view, not the file. Use \"Save as\", or Invoke-WebRequest -OutFile FederationMetadata.xml"
    )]
    BrowserCopy,
    #[error(
        "the file begins with \"{0}\" before the XML. Save the file again without it, best with Invoke-WebRequest -OutFile"
    )]
    TextBefore(String),
    #[error(
        "this is not XML: it begins with \"{0}\". Send the FederationMetadata.xml of your ADFS"
    )]
    NotXml(String),
    #[error(
        "this is a web page, not metadata: probably a sign-in or error page was saved. Open https://<your ADFS>/FederationMetadata/2007-06/FederationMetadata.xml and save that"
    )]
    WebPage,
    #[error(
        "this is a WSDL or MEX document of ADFS's web services, not SAML metadata. Send FederationMetadata.xml"
    )]
    Wsdl,
    #[error(
        "the root element is {0}, not EntityDescriptor. Send the FederationMetadata.xml of your ADFS"
    )]
    OtherRoot(String),
    #[error(
        "the file holds {0} identity providers. Send the descriptor of the one that your people sign in with"
    )]
    Several(usize),
    #[error(
        "this describes a service provider: it has no IDPSSODescriptor. Send the metadata of your identity provider (ADFS), not of an application"
    )]
    NoIdentityProvider,
    #[error(
        "this is Entra ID's file for all tenants: its entity id holds {{tenantid}}. Download the metadata from the enterprise application itself"
    )]
    AllTenants,
    #[error("the descriptor has no entity id. Send the file as ADFS makes it")]
    NoEntityId,
    #[error(
        "the descriptor has no signing key, so nothing that your identity provider sends could be verified. Send the file as ADFS makes it"
    )]
    NoSigningKey,
    #[error(
        "none of its signing keys can be used: {0}. Ask for a signing certificate with RSA of at least 2048 bits"
    )]
    OnlyWeakKeys(String),
    #[error(
        "it offers no sign-in address for the Redirect or POST binding. Enable the SAML endpoint /adfs/ls/ on the ADFS"
    )]
    NoSignInAddress,
    #[error("its sign-in address {0} is not https. Send the metadata of the production address")]
    InsecureAddress(String),
    #[error(
        "it sends people to {0}, which is ours. Send the metadata of your own identity provider, unchanged"
    )]
    OwnAddress(String),
    #[error(
        "its validUntil {0:.40} is no time in UTC. Publish one such as 2026-01-31T00:00:00Z, or none"
    )]
    NoTime(String),
    #[error("the document was valid until {0}. Publish one that is valid")]
    Outdated(String),
    #[error("the file is damaged: {0}. Download it again and send it unchanged")]
    Damaged(String),
    #[error("the file is too large or too deep: {0}. An ADFS file has about 76 KB")]
    TooLarge(String),
}

impl From<super::xml::Error> for Problem {
    fn from(error: super::xml::Error) -> Self {
        match error {
            super::xml::Error::TooMuch(what) => Self::TooLarge(what),
            super::xml::Error::Malformed(what) => Self::Damaged(what),
        }
    }
}

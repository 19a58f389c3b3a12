//! The claim types that an ADFS knows and publishes.

/// The e-mail address.
pub(super) const EMAIL: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
/// The user principal name.
pub(super) const UPN: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn";
/// The first name.
pub(super) const GIVEN_NAME: &str =
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname";
/// The family name.
pub(super) const SURNAME: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname";
/// The role.
pub(super) const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

/// A claim type as the federation metadata describes it.
pub(super) struct ClaimType {
    /// What tokens call it.
    pub(super) uri: String,
    /// What people call it.
    pub(super) name: &'static str,
}

/// Every published claim type, in the order of a farm as it comes out of the box.
pub(super) fn published() -> impl Iterator<Item = ClaimType> {
    FAMILIES.iter().flat_map(|(base, members)| {
        members.iter().map(move |(end, name)| ClaimType {
            uri: format!("{base}{end}"),
            name,
        })
    })
}

type Family = (&'static str, &'static [(&'static str, &'static str)]);

const FAMILIES: [Family; 10] = [
    (
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/",
        &[
            ("emailaddress", "E-Mail Address"),
            ("givenname", "Given Name"),
            ("name", "Name"),
            ("upn", "UPN"),
            ("surname", "Surname"),
            ("privatepersonalidentifier", "PPID"),
            ("nameidentifier", "Name ID"),
            ("denyonlysid", "Deny only group SID"),
            ("rsa", "Public Key"),
            ("thumbprint", "Thumbprint"),
        ],
    ),
    (
        "http://schemas.xmlsoap.org/claims/",
        &[
            ("CommonName", "Common Name"),
            ("EmailAddress", "AD FS 1.x E-Mail Address"),
            ("Group", "Group"),
            ("UPN", "AD FS 1.x UPN"),
        ],
    ),
    (
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/",
        &[
            ("role", "Role"),
            ("authenticationinstant", "Authentication time stamp"),
            ("authenticationmethod", "Authentication method"),
            ("denyonlyprimarysid", "Deny only primary SID"),
            ("denyonlyprimarygroupsid", "Deny only primary group SID"),
            ("groupsid", "Group SID"),
            ("primarygroupsid", "Primary group SID"),
            ("primarysid", "Primary SID"),
            ("windowsaccountname", "Windows account name"),
            ("serialnumber", "Serial Number"),
        ],
    ),
    (
        "http://schemas.microsoft.com/2012/01/devicecontext/claims/",
        &[
            ("isregistereduser", "Is Registered User"),
            ("identifier", "Device Identifier"),
            ("registrationid", "Device Registration Identifier"),
            ("displayname", "Device Registration DisplayName"),
            ("ostype", "Device OS type"),
            ("osversion", "Device OS Version"),
            ("ismanaged", "Is Managed Device"),
        ],
    ),
    (
        "http://schemas.microsoft.com/2012/01/requestcontext/claims/",
        &[
            ("x-ms-forwarded-client-ip", "Forwarded Client IP"),
            ("x-ms-client-application", "Client Application"),
            ("x-ms-client-user-agent", "Client User Agent"),
            ("x-ms-client-ip", "Client IP"),
            ("x-ms-endpoint-absolute-path", "Endpoint Path"),
            ("x-ms-proxy", "Proxy"),
            ("relyingpartytrustid", "Application Identifier"),
            ("client-request-id", "Client Request ID"),
        ],
    ),
    (
        "http://schemas.microsoft.com/2012/12/certificatecontext/extension/",
        &[
            ("applicationpolicy", "Application policies"),
            ("authoritykeyidentifier", "Authority Key Identifier"),
            ("basicconstraints", "Basic Constraint"),
            ("eku", "Enhanced Key Usage"),
            ("keyusage", "Key Usage"),
            ("certificatepolicy", "Certificate Policies"),
            ("san", "Subject Alternative Name"),
            ("subjectkeyidentifier", "Subject Key Identifier"),
            ("certificatetemplateinformation", "V2 Template Name"),
            ("certificatetemplatename", "V1 Template Name"),
        ],
    ),
    (
        "http://schemas.microsoft.com/2012/12/certificatecontext/field/",
        &[
            ("issuer", "Issuer"),
            ("issuername", "Issuer Name"),
            ("notafter", "Not After"),
            ("notbefore", "Not Before"),
            ("rawdata", "Certificate Raw Data"),
            ("signaturealgorithm", "Signature Algorithm"),
            ("subject", "Subject"),
            ("subjectname", "Subject Name"),
            ("x509version", "X.509 Version"),
        ],
    ),
    (
        "http://schemas.microsoft.com/ws/2012/01/",
        &[
            ("insidecorporatenetwork", "Inside Corporate Network"),
            ("passwordexpirationtime", "Password Expiration Time"),
            ("passwordexpirationdays", "Password Expiration Days"),
            ("passwordchangeurl", "Update Password URL"),
        ],
    ),
    (
        "http://schemas.microsoft.com/claims/",
        &[(
            "authnmethodsreferences",
            "Authentication Methods References",
        )],
    ),
    (
        "http://schemas.microsoft.com/ws/2013/11/",
        &[("alternateloginid", "Alternate Login ID")],
    ),
];

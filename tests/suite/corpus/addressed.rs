//! By whom a genuine assertion is, and for whom: absent and wrong.

use vestibule::practice::answer::{Answer, Confirmation};
use vestibule::saml::check::Code;
use vestibule::time::Span;

use super::super::app::TestApp;
use super::surgery::{after, cut, swap, without};
use super::{Case, refuse, said, within};

pub(super) fn assertions() -> Vec<Case> {
    let issuer = |name, issuer: &'static str| {
        said(
            name,
            Code::Issuer,
            "Issuer of the assertion",
            move |answer| issuer.clone_into(&mut answer.assertion_issuer),
        )
    };
    vec![
        within(
            "the assertion's version is 1.1",
            Code::Assertion,
            "1.1",
            |xml| swap(xml, "Version=\"2.0\"", "Version=\"1.1\""),
        ),
        within(
            "the assertion has no version",
            Code::Assertion,
            "Version of the assertion",
            |xml| without(xml, " Version=\"2.0\""),
        ),
        within(
            "the assertion was issued never",
            Code::Assertion,
            "IssueInstant of the assertion: absent",
            |xml| swap(xml, " IssueInstant=", " Issued="),
        ),
        within(
            "the assertion was issued in another zone",
            Code::Assertion,
            "IssueInstant of the assertion",
            |xml| swap(xml, "Z\" Version", "+00:00\" Version"),
        ),
        issuer(
            "the assertion's issuer is somebody else",
            "http://fs.evil.example/adfs/services/trust",
        ),
        issuer(
            "the assertion's issuer is its https twin",
            "https://adfs.acme.test/adfs/services/trust",
        ),
        issuer(
            "the assertion's issuer has white space after it",
            "http://adfs.acme.test/adfs/services/trust\n",
        ),
        within(
            "the assertion has no issuer",
            Code::Issuer,
            "absent",
            |xml| without(xml, cut(xml, "<Issuer>", "</Issuer>")),
        ),
        within(
            "the assertion has two issuers",
            Code::Issuer,
            "more than one Issuer",
            |xml| {
                let issuer = cut(xml, "<Issuer>", "</Issuer>");
                after(xml, issuer, issuer)
            },
        ),
        within(
            "the assertion's issuer is an e-mail address",
            Code::Issuer,
            "Issuer of the assertion",
            |xml| {
                swap(
                    xml,
                    "<Issuer>",
                    "<Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">",
                )
            },
        ),
    ]
}

pub(super) fn confirmations() -> Vec<Case> {
    let bearer = |name, because, change: fn(&mut Confirmation)| {
        said(
            name,
            Code::Confirmation,
            because,
            move |answer: &mut Answer| change(&mut answer.confirmations[0]),
        )
    };
    vec![
        said(
            "nothing confirms the subject",
            Code::Confirmation,
            "no bearer confirmation",
            |answer| answer.confirmations.clear(),
        ),
        bearer(
            "the holder of a key confirms",
            "no bearer confirmation",
            |c| c.method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key".into(),
        ),
        bearer("the sender vouches", "no bearer confirmation", |c| {
            c.method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches".into();
        }),
        bearer(
            "the method is bearer of SAML 1",
            "no bearer confirmation",
            |c| c.method = "urn:oasis:names:tc:SAML:1.0:cm:bearer".into(),
        ),
        bearer(
            "the recipient is somebody else",
            "Recipient https://other",
            |c| c.recipient = Some("https://other.example/acs".into()),
        ),
        bearer(
            "the recipient is another account",
            "Recipient https://sso.test/saml/beta",
            |c| c.recipient = Some("https://sso.test/saml/beta-demo/acs".into()),
        ),
        bearer(
            "the recipient is a prefix of ours",
            "Recipient https://sso.test/saml",
            |c| c.recipient = Some("https://sso.test/saml".into()),
        ),
        bearer("there is no recipient", "Recipient absent", |c| {
            c.recipient = None;
        }),
        bearer("the confirmation has ended", "180.000 s ago", |c| {
            c.not_on_or_after = c.not_on_or_after.map(|end| end.minus(Span::seconds(480)));
        }),
        bearer("the confirmation has no end", "no NotOnOrAfter", |c| {
            c.not_on_or_after = None;
        }),
        bearer("the confirmation has a beginning", "a NotBefore", |c| {
            c.not_before = c.not_on_or_after.map(|end| end.minus(Span::hours(1)));
        }),
        within(
            "the confirmation's end is not a time in UTC",
            Code::Confirmation,
            "no NotOnOrAfter",
            |xml| {
                let data = cut(xml, "<SubjectConfirmationData", "/>");
                swap(xml, data, &data.replace("Z\"", "+00:00\""))
            },
        ),
        within(
            "the confirmation has no data",
            Code::Confirmation,
            "without its data",
            |xml| without(xml, cut(xml, "<SubjectConfirmationData", "/>")),
        ),
        within(
            "the confirmation has data twice",
            Code::Confirmation,
            "without its data",
            |xml| {
                let data = cut(xml, "<SubjectConfirmationData", "/>");
                after(xml, data, data)
            },
        ),
        within(
            "the confirmation has no method",
            Code::Confirmation,
            "no bearer confirmation",
            |xml| swap(xml, " Method=", " Way="),
        ),
    ]
}

pub(super) fn audiences() -> Vec<Case> {
    let to = |name, audiences: &'static [&'static str]| {
        said(name, Code::Audience, "Audience: ", move |answer| {
            answer.conditions.as_mut().unwrap().audiences =
                audiences.iter().map(ToString::to_string).collect();
        })
    };
    let more = |name, more: &'static str| {
        said(name, Code::Audience, "Audience: ", move |answer| {
            answer.conditions.as_mut().unwrap().extra = more.into();
        })
    };
    vec![
        to("there is no audience", &[]),
        to(
            "the audience is somebody else",
            &["https://other.example/metadata"],
        ),
        to(
            "the audience is another account",
            &["https://sso.test/saml/beta-demo/metadata"],
        ),
        to(
            "the audience has a slash more",
            &["https://sso.test/saml/acme-demo/metadata/"],
        ),
        to(
            "the audience is a prefix of ours",
            &["https://sso.test/saml/acme-demo", "https://sso.test/"],
        ),
        to(
            "the audience begins with ours",
            &["https://sso.test/saml/acme-demo/metadata.evil.example"],
        ),
        to(
            "the audience is written in capitals",
            &["https://SSO.test/saml/acme-demo/metadata"],
        ),
        to(
            "the audience has white space around it",
            &[" https://sso.test/saml/acme-demo/metadata "],
        ),
        to("the audience is empty", &[""]),
        more(
            "a second restriction is to somebody else",
            "<AudienceRestriction><Audience>https://other.example</Audience></AudienceRestriction>",
        ),
        more(
            "a second restriction is to nobody",
            "<AudienceRestriction/>",
        ),
    ]
}

#[tokio::test]
async fn an_assertion_by_or_for_somebody_else_is_refused() {
    let test = TestApp::new().await;

    refuse(&test, assertions()).await;
    refuse(&test, confirmations()).await;
    refuse(&test, audiences()).await;
}

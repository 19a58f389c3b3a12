//! What costs nothing to look at: version, times, addresses, names and status of the response, refused before any signature.

use vestibule::practice::answer::{Answer, Status, What};
use vestibule::saml::check::Code;
use vestibule::time::Span;

use super::super::app::TestApp;
use super::surgery::{SAML, after, attribute, before, cut, swap, without};
use super::{Case, forged, refuse, said};

/// An answer that says something wrong where no signature has been looked at yet.
fn outside(
    name: &str,
    code: Code,
    because: &'static str,
    change: impl Fn(&mut Answer) + 'static,
) -> Case {
    said(name, code, because, change).before_any_signature()
}

/// A response that was changed outside of its signed assertion.
fn changed(
    name: &str,
    code: Code,
    because: &'static str,
    change: impl Fn(&str) -> String + 'static,
) -> Case {
    forged(name, code, because, move |scene| {
        change(&scene.honest(What::Assertion))
    })
}

/// The response with another time of issue, its assertion left alone.
fn issued(name: &str, because: &'static str, instant: &'static str) -> Case {
    changed(name, Code::Root, because, move |xml| {
        let now = attribute(xml, "IssueInstant");
        swap(
            xml,
            &format!(" IssueInstant=\"{now}\""),
            &format!(" IssueInstant=\"{instant}\""),
        )
    })
}

pub(super) fn roots() -> Vec<Case> {
    let version = "Version=\"2.0\" IssueInstant";
    vec![
        changed(
            "the version is 1.1",
            Code::Root,
            "Version of the response: 1.1",
            move |xml| swap(xml, version, "Version=\"1.1\" IssueInstant"),
        ),
        changed(
            "the version has white space",
            Code::Root,
            "Version of the response",
            move |xml| swap(xml, version, "Version=\"2.0 \" IssueInstant"),
        ),
        changed(
            "there is no version",
            Code::Root,
            "Version of the response: absent",
            move |xml| swap(xml, version, "IssueInstant"),
        ),
        changed("there is no ID", Code::Root, "ID of the response", |xml| {
            without(xml, &format!(" ID=\"{}\"", attribute(xml, "ID")))
        }),
        changed("the ID is empty", Code::Root, "ID of the response", |xml| {
            swap(
                xml,
                &format!(" ID=\"{}\"", attribute(xml, "ID")),
                " ID=\"\"",
            )
        }),
        outside(
            "it was issued a second too far ahead",
            Code::Root,
            "181.000 s ahead",
            |answer| answer.issue_instant = answer.issue_instant.plus(Span::seconds(181)),
        ),
        outside(
            "it was issued a second too long ago",
            Code::Root,
            "-481.000 s ahead",
            |answer| answer.issue_instant = answer.issue_instant.minus(Span::seconds(481)),
        ),
        issued(
            "it was issued in another zone",
            "+01:00",
            "2026-01-15T10:00:00+01:00",
        ),
        issued("it was issued in no zone", "00:00", "2026-01-15T09:00:00"),
        issued("it was issued on a day", "2026-01-15", "2026-01-15"),
        issued(
            "it was issued on a day that there is not",
            "30T",
            "2026-02-30T09:00:00Z",
        ),
        issued(
            "it was issued in the year 1970",
            "ahead",
            "1970-01-01T00:00:00Z",
        ),
        issued(
            "it was issued in the year 9999",
            "ahead",
            "9999-12-31T23:59:59Z",
        ),
        issued(
            "it was issued at no time",
            "IssueInstant of the response",
            "",
        ),
        changed(
            "it was issued never",
            Code::Root,
            "IssueInstant of the response: absent",
            |xml| {
                without(
                    xml,
                    &format!(" IssueInstant=\"{}\"", attribute(xml, "IssueInstant")),
                )
            },
        ),
    ]
}

pub(super) fn destinations() -> Vec<Case> {
    let to = |name, address: &'static str| {
        outside(
            name,
            Code::Destination,
            "Destination of the response",
            move |answer| answer.destination = Some(address.into()),
        )
    };
    vec![
        to(
            "the destination is another service",
            "https://other.example/acs",
        ),
        to(
            "the destination is another account's",
            "https://sso.test/saml/beta-demo/acs",
        ),
        to(
            "the destination has a slash more",
            "https://sso.test/saml/acme-demo/acs/",
        ),
        to(
            "the destination has a query",
            "https://sso.test/saml/acme-demo/acs?x",
        ),
        to(
            "the destination is written in capitals",
            "https://SSO.test/saml/acme-demo/acs",
        ),
        to(
            "the destination has its port",
            "https://sso.test:443/saml/acme-demo/acs",
        ),
        to("the destination is a path", "/saml/acme-demo/acs"),
        to("the destination is empty", ""),
        outside(
            "a signed response has no destination",
            Code::Destination,
            "absent",
            |answer| {
                answer.sign = What::Response;
                answer.destination = None;
            },
        ),
    ]
}

pub(super) fn issuers() -> Vec<Case> {
    let by = |name, because, issuer: &'static str| {
        outside(name, Code::Issuer, because, move |answer| {
            answer.issuer = Some(issuer.into());
        })
    };
    let what = "Issuer of the response";
    vec![
        by(
            "the response's issuer is somebody else",
            what,
            "http://fs.evil.example/adfs/services/trust",
        ),
        by(
            "the response's issuer is its https twin",
            what,
            "https://adfs.acme.test/adfs/services/trust",
        ),
        by(
            "the response's issuer has a slash more",
            what,
            "http://adfs.acme.test/adfs/services/trust/",
        ),
        by(
            "the response's issuer has white space around it",
            what,
            " http://adfs.acme.test/adfs/services/trust ",
        ),
        by("the response's issuer is empty", what, ""),
        changed(
            "the response has two issuers",
            Code::Issuer,
            "more than one Issuer",
            |xml| {
                let issuer = cut(xml, "<Issuer ", "</Issuer>");
                after(xml, issuer, issuer)
            },
        ),
        changed(
            "the response's issuer is a person",
            Code::Issuer,
            what,
            |xml| {
                swap(
                    xml,
                    "<Issuer ",
                    "<Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\" ",
                )
            },
        ),
        changed(
            "an element stands in the response's issuer",
            Code::Issuer,
            "Issuer holds more than text",
            |xml| before(xml, "</Issuer>", &format!("<NameID xmlns=\"{SAML}\"/>")),
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn statuses() -> Vec<Case> {
    let refused = |name, top: &'static str, second: Option<&'static str>| {
        outside(name, Code::Status, top, move |answer| {
            answer.status = Status::Refused {
                top: top.into(),
                second: second.map(str::to_owned),
            };
            answer.sign = What::Response;
        })
    };
    let success = "urn:oasis:names:tc:SAML:2.0:status:Success";
    let code = format!("<samlp:StatusCode Value=\"{success}\"/>");
    let status = move |name, because, other: &str| {
        let (code, other) = (code.clone(), other.to_owned());
        changed(name, Code::Status, because, move |xml| {
            swap(xml, &code, &other)
        })
    };
    let value = |value: &str| format!("<samlp:StatusCode Value=\"{value}\"/>");
    let holding = |value: &str, inside: &str| {
        format!("<samlp:StatusCode Value=\"{value}\">{inside}</samlp:StatusCode>")
    };
    let responder = "urn:oasis:names:tc:SAML:2.0:status:Responder";
    vec![
        refused(
            "the identity provider denies the request",
            "Responder",
            Some("RequestDenied"),
        ),
        refused("the identity provider has failed", "Responder", None),
        refused(
            "the identity provider cannot sign in so",
            "Responder",
            Some("NoAuthnContext"),
        ),
        refused(
            "the identity provider knows no such name",
            "Requester",
            Some("InvalidNameIDPolicy"),
        ),
        status(
            "an assertion comes with a failure",
            "Responder",
            &value(responder),
        ),
        status(
            "a success stands below a failure",
            "Responder / Success",
            &holding(responder, &value(success)),
        ),
        status(
            "a failure stands below a success",
            "Success / Responder",
            &holding(success, &value(responder)),
        ),
        status("there is no status code", "absent", ""),
        status(
            "there are two status codes",
            "more than one StatusCode",
            &(value(success) + &value(responder)),
        ),
        status(
            "the status code has no value",
            "absent",
            "<samlp:StatusCode/>",
        ),
        status("the status code's value is empty", "Status: ", &value("")),
        status(
            "the success has white space",
            "Success ",
            &value("urn:oasis:names:tc:SAML:2.0:status:Success "),
        ),
        status(
            "the success is written otherwise",
            "success",
            &value("urn:oasis:names:tc:SAML:2.0:status:success"),
        ),
        status("the success has no namespace", "Success", &value("Success")),
        status(
            "the success is one of SAML 1",
            "samlp:Success",
            &value("samlp:Success"),
        ),
        changed("there is no status", Code::Status, "absent", |xml| {
            without(xml, cut(xml, "<samlp:Status>", "</samlp:Status>"))
        }),
        changed(
            "there are two statuses",
            Code::Status,
            "more than one Status",
            |xml| {
                let status = cut(xml, "<samlp:Status>", "</samlp:Status>");
                after(xml, status, status)
            },
        ),
        changed(
            "the status stands in the assertion alone",
            Code::Status,
            "absent",
            |xml| {
                let status = cut(xml, "<samlp:Status>", "</samlp:Status>");
                before(&without(xml, status), "</Assertion>", status)
            },
        ),
    ]
}

#[tokio::test]
async fn a_response_of_the_wrong_form_place_or_sender_is_refused() {
    let test = TestApp::new().await;

    refuse(&test, roots()).await;
    refuse(&test, destinations()).await;
    refuse(&test, issuers()).await;
}

#[tokio::test]
async fn anything_but_exactly_success_is_refused() {
    let test = TestApp::new().await;

    refuse(&test, statuses()).await;
}

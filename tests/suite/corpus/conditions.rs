//! When a genuine assertion holds, and how its person signed in: absent and wrong.

use vestibule::practice::answer::{Answer, Conditions};
use vestibule::saml::check::Code;
use vestibule::time::Span;

use super::super::app::TestApp;
use super::surgery::{after, attribute, cut, swap, without};
use super::{Case, refuse, said, within};

pub(super) fn times() -> Vec<Case> {
    let conditions = |name, because, change: fn(&mut Conditions)| {
        said(
            name,
            Code::Conditions,
            because,
            move |answer: &mut Answer| change(answer.conditions.as_mut().unwrap()),
        )
    };
    vec![
        said(
            "there are no conditions",
            Code::Conditions,
            "Conditions: absent",
            |answer| answer.conditions = None,
        ),
        conditions("it is over", "now", |c| {
            c.not_on_or_after = c.not_before.map(|start| start.minus(Span::seconds(180)));
        }),
        conditions("it has not begun", "now", |c| {
            c.not_before = c.not_before.map(|start| start.plus(Span::seconds(181)));
        }),
        conditions("it has no end", "absent", |c| c.not_on_or_after = None),
        conditions("it has neither beginning nor end", "absent", |c| {
            (c.not_before, c.not_on_or_after) = (None, None);
        }),
        conditions(
            "it lasts longer than a day",
            "Length of validity: 86400.001",
            |c| {
                c.not_on_or_after = c
                    .not_before
                    .map(|start| start.plus(Span::millis(86_400_001)));
            },
        ),
        conditions(
            "it began long ago and lasts longer than a day",
            "Length of validity",
            |c| c.not_before = c.not_before.map(|start| start.minus(Span::hours(24))),
        ),
        conditions(
            "a condition is unknown",
            "Unknown condition: Condition",
            |c| {
                c.extra = "<Condition xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"x:Y\" xmlns:x=\"urn:x\"/>".into();
            },
        ),
        conditions(
            "a condition is of another namespace",
            "Unknown condition: OneTimeUse",
            |c| c.extra = "<OneTimeUse xmlns=\"urn:x\"/>".into(),
        ),
        within(
            "there are conditions twice",
            Code::Conditions,
            "more than one Conditions",
            |xml| {
                let conditions = cut(xml, "<Conditions", "</Conditions>");
                after(xml, conditions, conditions)
            },
        ),
        within(
            "the end is not a time in UTC",
            Code::Conditions,
            "not a time in UTC",
            |xml| {
                let start = cut(xml, "<Conditions", ">");
                swap(xml, start, &start.replace("Z\"", "+00:00\""))
            },
        ),
        within(
            "the beginning is not a time",
            Code::Conditions,
            "not a time in UTC",
            |xml| {
                let start = cut(xml, "<Conditions", " NotOnOrAfter");
                swap(xml, start, "<Conditions NotBefore=\"now\" NotOnOrAfter")
            },
        ),
        within(
            "the assertion was issued in the future",
            Code::Conditions,
            "now",
            |xml| {
                swap(
                    xml,
                    attribute(xml, "IssueInstant"),
                    "2026-01-15T09:03:00.001Z",
                )
            },
        ),
    ]
}

pub(super) fn statements() -> Vec<Case> {
    let code = Code::AuthnStatement;
    vec![
        said(
            "nothing says how the person signed in",
            code,
            "not exactly one",
            |answer| answer.authn = None,
        ),
        said(
            "the person signs in tomorrow",
            code,
            "AuthnInstant",
            |answer| {
                let authn = answer.authn.as_mut().unwrap();
                authn.instant = authn.instant.plus(Span::days(1));
            },
        ),
        said(
            "the session is over",
            code,
            "SessionNotOnOrAfter",
            |answer| {
                answer.authn.as_mut().unwrap().session_not_on_or_after =
                    Some(answer.issue_instant.minus(Span::seconds(180)));
            },
        ),
        within(
            "the session's end is not a time",
            code,
            "SessionNotOnOrAfter",
            |xml| {
                swap(
                    xml,
                    "<AuthnStatement ",
                    "<AuthnStatement SessionNotOnOrAfter=\"\" ",
                )
            },
        ),
        within(
            "the person signed in never",
            code,
            "AuthnInstant: absent",
            |xml| swap(xml, " AuthnInstant=", " Instant="),
        ),
        within(
            "the person signed in at no time",
            code,
            "AuthnInstant",
            |xml| swap(xml, " AuthnInstant=\"", " AuthnInstant=\"x"),
        ),
        within(
            "two things say how the person signed in",
            code,
            "not exactly one",
            |xml| {
                let statement = cut(xml, "<AuthnStatement", "</AuthnStatement>");
                after(xml, statement, statement)
            },
        ),
        within(
            "there are two ways of signing in",
            code,
            "more than one AuthnContextClassRef",
            |xml| {
                let class = cut(xml, "<AuthnContextClassRef>", "</AuthnContextClassRef>");
                after(xml, class, class)
            },
        ),
    ]
}

#[tokio::test]
async fn an_assertion_that_does_not_hold_now_is_refused() {
    let test = TestApp::new().await;

    refuse(&test, times()).await;
    refuse(&test, statements()).await;
}

#[tokio::test]
async fn what_an_account_asks_for_is_demanded() {
    let windows = "urn:federation:authentication:windows";
    let asks = TestApp::with(|document| {
        let saml = document.saml.as_mut().unwrap();
        saml.authn_context = vec![vestibule::practice::answer::PASSWORD.into()];
        saml.force_authn = true;
    })
    .await;
    refuse(
        &asks,
        vec![
            said(
                "the way of signing in is not the one asked for",
                Code::AuthnStatement,
                "windows",
                |answer| {
                    windows.clone_into(&mut answer.authn.as_mut().unwrap().context_class);
                },
            ),
            said(
                "the person signed in before they were asked",
                Code::AuthnStatement,
                "Time of authentication",
                |answer| {
                    let authn = answer.authn.as_mut().unwrap();
                    authn.instant = authn.instant.minus(Span::seconds(181));
                },
            ),
            within(
                "nothing says which way of signing in it was",
                Code::AuthnStatement,
                "absent",
                |xml| {
                    without(
                        xml,
                        cut(xml, "<AuthnContextClassRef>", "</AuthnContextClassRef>"),
                    )
                },
            ),
        ],
    )
    .await;
}

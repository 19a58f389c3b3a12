//! Honest contents: names, claims, times, conditions and confirmations as identity providers write them.

use axum::http::StatusCode;
use vestibule::account::SubjectSource;
use vestibule::practice::answer::{Answer, Attribute, Confirmation, NameId};
use vestibule::practice::persona::{MAYA, ZOE};
use vestibule::time::Span;

use super::super::app::{TestApp, document};
use super::honest::{Variation, accept, honest, saying, writing};
use super::surgery::{after, attribute, before, cut, swap, without};

const CLAIMS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";
const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
const FORMAT: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:";

fn claim<'a>(answer: &'a mut Answer, name: &str) -> &'a mut Attribute {
    answer
        .attributes
        .iter_mut()
        .find(|claim| claim.name == name)
        .unwrap()
}

fn given_name(value: &'static str) -> Variation {
    let name = format!("the given name is {value:?}");
    saying(name, move |answer| {
        claim(answer, &format!("{CLAIMS}givenname")).values = vec![value.into()];
    })
    .called(value)
}

pub(super) fn names() -> Vec<Variation> {
    let format = |name, format: String| {
        saying(name, move |answer| {
            answer.name_id.as_mut().unwrap().format = Some(format.clone());
        })
    };
    vec![
        format(
            "the name has no particular format",
            format!("{FORMAT}unspecified"),
        ),
        format(
            "the name is an e-mail address",
            format!("{FORMAT}emailAddress"),
        ),
        format(
            "the name is a Windows name",
            format!("{FORMAT}WindowsDomainQualifiedName"),
        ),
        format(
            "the name is persistent",
            "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".into(),
        ),
        saying("the name has qualifiers", |answer| {
            let name = answer.name_id.as_mut().unwrap();
            name.name_qualifier = Some("http://adfs.acme.test/adfs/services/trust".into());
            name.sp_name_qualifier = Some("https://sso.test/saml/acme-demo/metadata".into());
        }),
        saying("the name has 256 letters", |answer| {
            answer.name_id = Some(NameId {
                value: "ü".repeat(256),
                ..NameId::default()
            });
        })
        .about(&"ü".repeat(256)),
        saying("the name is beyond the basic plane", |answer| {
            answer.name_id.as_mut().unwrap().value = "𝔪aya 🦊 مايا".into();
        })
        .about("𝔪aya 🦊 مايا"),
        saying("the name has white space around it", |answer| {
            answer.name_id.as_mut().unwrap().value = " chen ".into();
        })
        .about(" chen "),
        saying("there is no session index", |answer| {
            answer.authn.as_mut().unwrap().session_index = None;
        }),
        honest("it is Zoë, who has two roles", |scene| {
            scene.respond(&scene.answer_about(&ZOE))
        })
        .about(ZOE.upn)
        .called("Zoë")
        .with_roles(&["maker", "link_creator"]),
        given_name("Zoë Söhne-O'Hara & <Co> \"x\""),
        given_name("👩🏽‍💻 李小龍 𐍈"),
        given_name("e\u{301}\u{200d}"),
        given_name("]]>"),
        given_name("vkyc,maker;"),
    ]
}

pub(super) fn claims() -> Vec<Variation> {
    let both = &["maker", "auditor"];
    vec![
        saying("two roles are two values of one claim", |answer| {
            claim(answer, ROLE).values = vec!["vkyc-maker".into(), "vkyc-auditor".into()];
        })
        .with_roles(both),
        saying("two roles are two claims of one name", |answer| {
            let mut other = claim(answer, ROLE).clone();
            other.values = vec!["vkyc-auditor".into()];
            answer.attributes.push(other);
        })
        .with_roles(both),
        writing("two roles stand in two statements", |xml| {
            let role = cut(xml, &format!("<Attribute Name=\"{ROLE}\""), "</Attribute>");
            let other = role.replace("vkyc-maker", "vkyc-auditor");
            after(
                xml,
                "</AttributeStatement>",
                &format!("<AttributeStatement>{other}</AttributeStatement>"),
            )
        })
        .with_roles(both),
        saying("the same role comes twice", |answer| {
            claim(answer, ROLE).values = vec!["vkyc-maker".into(), "vkyc-maker".into()];
        }),
        saying("there are five hundred groups", |answer| {
            let groups = (0..500).map(|n| format!("CN=Group {n},OU=Groups,DC=acme,DC=example"));
            claim(answer, ROLE).values.extend(groups);
        }),
        saying("a claim came through another claims provider", |answer| {
            claim(answer, ROLE).original_issuer =
                Some("http://fs.partner.example/adfs/services/trust".into());
        }),
        saying("a claim has a format", |answer| {
            claim(answer, ROLE).name_format =
                Some("urn:oasis:names:tc:SAML:2.0:attrname-format:uri".into());
        }),
        writing(
            "a value has a type, a language and a friendly name",
            |xml| {
                let typed = "<AttributeValue xsi:type=\"xs:string\" xml:lang=\"en\" xml:space=\"preserve\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">vkyc-maker<";
                let xml = swap(xml, "<AttributeValue>vkyc-maker<", typed);
                swap(
                    &xml,
                    &format!("Name=\"{ROLE}\""),
                    &format!("FriendlyName=\"Role\" Name=\"{ROLE}\""),
                )
            },
        ),
        saying("a claim has an empty value and another none", |answer| {
            for values in [vec![String::new()], vec![]] {
                answer.attributes.push(Attribute {
                    name: format!("urn:x:{}", values.len()),
                    values,
                    ..Attribute::default()
                });
            }
        }),
    ]
}

pub(super) fn times() -> Vec<Variation> {
    let moved = |name: &str, seconds: i64| {
        saying(name, move |answer| {
            answer.issue_instant = answer.issue_instant.plus(Span::seconds(seconds));
        })
    };
    vec![
        moved("the clock is as far ahead as it may be", 180),
        moved("the clock is as far behind as it may be", -480),
        saying("it begins as late as it may", |answer| {
            let conditions = answer.conditions.as_mut().unwrap();
            conditions.not_before = Some(answer.issue_instant.plus(Span::seconds(180)));
        }),
        saying("it ended as early as it may", |answer| {
            let end = answer.issue_instant.minus(Span::millis(179_999));
            answer.conditions.as_mut().unwrap().not_on_or_after = Some(end);
            answer.confirmations[0].not_on_or_after = Some(end);
        }),
        saying("it lasts a day", |answer| {
            let conditions = answer.conditions.as_mut().unwrap();
            conditions.not_on_or_after = conditions
                .not_before
                .map(|start| start.plus(Span::hours(24)));
        }),
        saying("it has no beginning", |answer| {
            answer.conditions.as_mut().unwrap().not_before = None;
        }),
        saying("the person signed in seven hours ago", |answer| {
            let authn = answer.authn.as_mut().unwrap();
            authn.instant = authn.instant.minus(Span::hours(7));
        }),
        writing("the times have seven digits or none", |xml| {
            let at = attribute(xml, "AuthnInstant");
            let xml = swap(xml, at, &at.replace('Z', "4567Z"));
            let end = cut(&xml, "<Conditions", ">")
                .split('"')
                .nth(3)
                .unwrap()
                .to_owned();
            swap(&xml, &end, &format!("{}Z", end.split('.').next().unwrap()))
        }),
    ]
}

pub(super) fn conditions() -> Vec<Variation> {
    let extra = |name, extra: &'static str| {
        saying(name, move |answer| {
            answer.conditions.as_mut().unwrap().extra = extra.into();
        })
    };
    let ours = "<Audience>https://sso.test/saml/acme-demo/metadata</Audience>";
    let other = "<Audience>https://other.example</Audience>";
    let again: &'static str = Box::leak(
        format!("<AudienceRestriction>{other}{ours}</AudienceRestriction>").into_boxed_str(),
    );
    vec![
        saying("it is for others too", |answer| {
            let audiences = &mut answer.conditions.as_mut().unwrap().audiences;
            audiences.insert(0, "https://other.example".into());
            audiences.push("https://other.example/2".into());
        }),
        extra("it is for us twice", again),
        extra("it may be used once", "<OneTimeUse/>"),
        extra(
            "it may be passed on",
            "<ProxyRestriction Count=\"0\"><Audience>https://other.example</Audience></ProxyRestriction>",
        ),
        saying(
            "the holder of a key may present it, and the bearer",
            |answer| {
                let holder = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key".to_owned();
                let other = Confirmation {
                    method: holder,
                    ..answer.confirmations[0].clone()
                };
                answer.confirmations.insert(0, other);
            },
        ),
        saying("the bearer may present it elsewhere, and here", |answer| {
            let elsewhere = Some("https://other.example/acs".to_owned());
            let other = Confirmation {
                recipient: elsewhere,
                ..answer.confirmations[0].clone()
            };
            answer.confirmations.insert(0, other.clone());
            answer.confirmations.push(other);
        }),
        saying("the person signed in with Windows", |answer| {
            answer.authn.as_mut().unwrap().context_class =
                "urn:federation:authentication:windows".into();
        }),
        writing("the way of signing in is told otherwise", |xml| {
            let class = cut(xml, "<AuthnContextClassRef>", "</AuthnContextClassRef>");
            swap(
                xml,
                class,
                "<AuthnContextDeclRef>urn:x</AuthnContextDeclRef>",
            )
        }),
        writing("the statement names the person's address", |xml| {
            before(
                xml,
                "<AuthnContext>",
                "<SubjectLocality Address=\"10.0.0.7\"/>",
            )
        }),
        writing("there is advice and a decision", |xml| {
            before(
                xml,
                "<AttributeStatement>",
                "<Advice/><AuthzDecisionStatement Resource=\"urn:x\" Decision=\"Permit\"/>",
            )
        }),
        saying(
            "the response has neither issuer, destination nor consent",
            |answer| {
                (answer.issuer, answer.destination, answer.consent) = (None, None, None);
            },
        ),
        writing("the status has a message and details", |xml| {
            before(
                xml,
                "</samlp:Status>",
                "<samlp:StatusMessage>fine</samlp:StatusMessage><samlp:StatusDetail><x xmlns=\"urn:x\"/></samlp:StatusDetail>",
            )
        }),
        writing("the issuer says that it is one", |xml| {
            xml.replace(
                "<Issuer",
                "<Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\"",
            )
        }),
    ]
}

#[tokio::test]
async fn honest_names_and_claims_are_read_to_the_letter() {
    let test = TestApp::new().await;

    accept(&test, names()).await;
    accept(&test, claims()).await;
}

#[tokio::test]
async fn honest_times_and_conditions_hold() {
    let test = TestApp::new().await;

    accept(&test, times()).await;
    accept(&test, conditions()).await;
}

#[tokio::test]
async fn a_claim_names_the_person_where_the_account_says_so() {
    let test = TestApp::with(|document| {
        document.claims.subject = SubjectSource::Claim(format!("{CLAIMS}upn"));
    })
    .await;

    accept(
        &test,
        vec![
            saying("there is no name and no session index", |answer| {
                answer.name_id = None;
                answer.authn.as_mut().unwrap().session_index = None;
            }),
            saying("the name is another", |answer| {
                answer.name_id.as_mut().unwrap().value = "other".into();
            }),
            writing(
                "there is nothing in the subject but its confirmation",
                |xml| without(xml, cut(xml, "<NameID>", "</NameID>")),
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_identity_provider_may_end_a_session_early() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    answer.authn.as_mut().unwrap().session_not_on_or_after =
        Some(answer.issue_instant.plus(Span::minutes(10)));

    let answered = browser.deliver(&test.respond(&answer).await).await;

    assert_eq!(answered.status, StatusCode::SEE_OTHER);
    test.app.clock.advance(Span::millis(599_999));
    assert_eq!(browser.get("/session").await.status, StatusCode::OK);
    test.app.clock.advance(Span::millis(1));
    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(document("acme-demo").session.absolute_hours, 10);
}

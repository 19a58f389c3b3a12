//! What cannot be verified ends nothing: rule 56.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use vestibule::practice::key::Key;
use vestibule::practice::persona::{CHEN, MAYA};
use vestibule::time::Span;

use super::super::app::{IDP_KEYS, document};
use super::super::rules::counts;
use super::*;

/// Maya, signed in, and the request that would sign her out.
pub(super) struct Scene<'t> {
    pub(super) test: &'t TestApp,
    browser: Browser<'t>,
    pub(super) asking: Asking,
    before: BTreeMap<String, i64>,
}

impl<'t> Scene<'t> {
    pub(super) async fn new(test: &'t TestApp) -> Self {
        let mut browser = test.browser();
        let session = sign_in(test, &mut browser, &MAYA, |_| {}).await;
        let asking = asking(test, &session).await;
        let before = counts(&test.app.store).await;
        Self {
            test,
            browser,
            asking,
            before,
        }
    }

    /// A stranger sends it: nothing ended, nothing was written, and the honest request still works.
    pub(super) async fn holds(mut self, name: &str) {
        assert!(is_signed_in(&mut self.browser).await, "{name}");
        assert_eq!(counts(&self.test.app.store).await, self.before, "{name}");
        let honest = signed(&self.test.adfs, &self.asking, None);
        assert_eq!(
            status(&redirected(&mut self.browser, &honest).await),
            "Success",
            "{name}"
        );
        assert!(!is_signed_in(&mut self.browser).await, "{name}");
    }
}

/// Refused with a signed answer, as a known issuer is.
async fn answered_requester(name: &str, query: impl Fn(&Scene<'_>) -> String) {
    let test = TestApp::new().await;
    let scene = Scene::new(&test).await;
    let answered = redirected(&mut test.browser(), &query(&scene)).await;
    assert_eq!(status(&answered), "Requester", "{name}");
    scene.holds(name).await;
}

/// Refused with a page.
async fn page(name: &str, expected: StatusCode, query: impl Fn(&Scene<'_>) -> String) {
    let test = TestApp::new().await;
    let scene = Scene::new(&test).await;
    let answered = redirected(&mut test.browser(), &query(&scene)).await;
    assert_eq!(answered.status, expected, "{name}: {}", answered.body);
    assert!(
        answered.body.contains("nothing was changed")
            || answered.body.contains("Nothing was changed"),
        "{name}"
    );
    scene.holds(name).await;
}

fn honest(scene: &Scene<'_>) -> String {
    signed(&scene.test.adfs, &scene.asking, Some("state/1"))
}

fn changed(scene: &Scene<'_>, change: impl Fn(&mut Asking)) -> String {
    let mut asking = scene.asking.clone();
    change(&mut asking);
    signed(&scene.test.adfs, &asking, None)
}

#[tokio::test]
async fn rule_56_a_query_whose_signature_does_not_count_ends_nothing_and_is_answered() {
    let cut = |query: &str, name: &str| {
        let parts = query.split('&').filter(|part| !part.starts_with(name));
        parts.collect::<Vec<_>>().join("&")
    };
    answered_requester("unsigned", |scene| {
        let query = honest(scene);
        cut(&cut(&query, "SigAlg="), "Signature=")
    })
    .await;
    answered_requester("without its signature", |scene| {
        cut(&honest(scene), "Signature=")
    })
    .await;
    answered_requester("without its algorithm", |scene| {
        cut(&honest(scene), "SigAlg=")
    })
    .await;
    answered_requester("encoded again", |scene| honest(scene).replace("%2f", "%2F")).await;
    answered_requester("with another RelayState", |scene| {
        honest(scene).replace("state%2f1", "state%2f2")
    })
    .await;
    answered_requester("without its RelayState", |scene| {
        cut(&honest(scene), "RelayState=")
    })
    .await;
    answered_requester("with a RelayState that was not signed", |scene| {
        format!(
            "{}&RelayState=x",
            signed(&scene.test.adfs, &scene.asking, None)
        )
    })
    .await;
    answered_requester("with another algorithm named", |scene| {
        honest(scene).replace("rsa-sha256", "rsa-sha512")
    })
    .await;
    for method in [
        SignatureMethod::RsaSha1,
        SignatureMethod::RsaMd5,
        SignatureMethod::HmacSha256,
    ] {
        answered_requester("with an algorithm that is never accepted", |scene| {
            query(
                &scene.test.adfs,
                "SAMLRequest",
                &scene.asking.xml(),
                None,
                method,
            )
            .unwrap()
        })
        .await;
    }
    answered_requester("by another key", |scene| {
        let mut adfs = scene.test.adfs.clone();
        adfs.signing = vec![IDP_KEYS[2].clone()];
        signed(&adfs, &scene.asking, None)
    })
    .await;
    answered_requester("with a signature in the message too", |scene| {
        let xml = scene
            .asking
            .signed(&scene.test.adfs, &Signing::default())
            .unwrap();
        query(&scene.test.adfs, "SAMLRequest", &xml, None, RSA_SHA256).unwrap()
    })
    .await;
}

#[tokio::test]
async fn rule_56_a_signed_request_that_is_not_for_here_and_now_ends_nothing_and_is_answered() {
    answered_requester("for another address", |scene| {
        changed(scene, |asking| {
            asking.destination = Some("https://sso.test/saml/acme-live/logout".into());
        })
    })
    .await;
    answered_requester("for no address", |scene| {
        changed(scene, |asking| asking.destination = None)
    })
    .await;
    answered_requester("too old", |scene| {
        changed(scene, |asking| {
            asking.issue_instant = asking.issue_instant.minus(Span::minutes(9));
        })
    })
    .await;
    answered_requester("from the future", |scene| {
        changed(scene, |asking| {
            asking.issue_instant = asking.issue_instant.plus(Span::minutes(4));
        })
    })
    .await;
    answered_requester("over", |scene| {
        changed(scene, |asking| {
            asking.not_on_or_after = Some(asking.issue_instant.minus(Span::minutes(4)));
        })
    })
    .await;
    answered_requester("for nobody", |scene| {
        changed(scene, |asking| asking.name_id.clear())
    })
    .await;
    answered_requester("for two people", |scene| {
        changed(scene, |asking| asking.name_id = asking.name_id.repeat(2))
    })
    .await;
    answered_requester("with an element in the name", |scene| {
        changed(scene, |asking| {
            asking.name_id = asking.name_id.replace("maya", "maya<b/>");
        })
    })
    .await;
}

#[tokio::test]
async fn rule_56_what_names_no_known_issuer_gets_a_page() {
    page("another issuer", StatusCode::FORBIDDEN, |scene| {
        changed(scene, |asking| {
            asking.issuer = "http://adfs.other.test/adfs/services/trust".into();
        })
    })
    .await;
    page("no id", StatusCode::FORBIDDEN, |scene| {
        changed(scene, |asking| asking.id.clear())
    })
    .await;
    page("another message", StatusCode::FORBIDDEN, |scene| {
        let xml = scene.asking.xml().replace("LogoutRequest", "AuthnRequest");
        query(&scene.test.adfs, "SAMLRequest", &xml, None, RSA_SHA256).unwrap()
    })
    .await;
    page("a request as an answer", StatusCode::FORBIDDEN, |scene| {
        query(
            &scene.test.adfs,
            "SAMLResponse",
            &scene.asking.xml(),
            None,
            RSA_SHA256,
        )
        .unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_query_that_could_be_read_in_two_ways_is_not_read() {
    let bad = StatusCode::BAD_REQUEST;
    page("a response beside it", bad, |scene| {
        format!("{}&SAMLResponse=AAAA", honest(scene))
    })
    .await;
    page("two requests", bad, |scene| {
        let query = honest(scene);
        format!("{}&{query}", query.split('&').next().unwrap())
    })
    .await;
    for name in ["RelayState", "SigAlg", "Signature"] {
        page("a field twice", bad, |scene| {
            format!("{}&{name}=x", honest(scene))
        })
        .await;
    }
    page("an encoded name", bad, |scene| {
        format!("{}&SAML%52esponse=AAAA", honest(scene))
    })
    .await;
    page("another encoding", bad, |scene| {
        format!("{}&SAMLEncoding=urn:plain", honest(scene))
    })
    .await;
    page("not base64", bad, |_| "SAMLRequest=%25%25".into()).await;
    page("not deflated", bad, |_| {
        format!(
            "SAMLRequest={}",
            STANDARD.encode("<a/>").replace('=', "%3d")
        )
    })
    .await;
    page("a long RelayState", bad, |scene| {
        signed(&scene.test.adfs, &scene.asking, Some(&"x".repeat(1025)))
    })
    .await;
    page("a bomb", bad, |scene| {
        let xml = format!("{}{}", scene.asking.xml(), " ".repeat(8 << 20));
        query(&scene.test.adfs, "SAMLRequest", &xml, None, RSA_SHA256).unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_comment_does_not_cut_a_name_short() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let mut asking = scene.asking.clone();
    asking.id = "_comment".into();
    asking.name_id = asking
        .name_id
        .replace("</NameID>", "<!-- -->.evil.test</NameID>");

    let other = redirected(&mut test.browser(), &signed(&test.adfs, &asking, None)).await;

    assert_eq!(status(&other), "Success");
    assert!(is_signed_in(&mut scene.browser).await);
}

#[tokio::test]
async fn an_identity_provider_signs_out_the_people_of_its_own_account_alone() {
    let test = TestApp::new().await;
    let key = Key::clone(&IDP_KEYS[1]);
    let mut second = document("other-demo");
    second.client = "Other Bank".into();
    let mut other = test.adfs.clone();
    other.entity_id = "http://adfs.other.test/adfs/services/trust".into();
    other.signing = vec![key];
    let file = vestibule::config::AccountFile {
        document: second,
        metadata: Some(other.metadata().unwrap().into_bytes()),
    };
    test.app
        .apply(&file, "shell:test", &vestibule::app::Consent::default())
        .await
        .unwrap();
    let mut scene = Scene::new(&test).await;
    let mut asking = scene.asking.clone();
    asking.issuer.clone_from(&other.entity_id);
    asking.destination = Some("https://sso.test/saml/other-demo/logout".into());
    asking.session_indexes.clear();

    let path = format!("/saml/other-demo/logout?{}", signed(&other, &asking, None));
    let answered = test.browser().get(&path).await;

    assert_eq!(status(&answered), "Success");
    assert!(is_signed_in(&mut scene.browser).await);
}

#[tokio::test]
async fn rule_55_what_cannot_be_verified_is_limited_and_what_can_is_not() {
    let test = TestApp::empty(|config| config.limits.refusals_per_minute = 2).await;
    test.apply(document("acme-demo")).await;
    let mut scene = Scene::new(&test).await;
    let unsigned = STANDARD.encode(scene.asking.xml());
    let form = [("SAMLRequest", unsigned.as_str())];
    let nobody = changed(&scene, |asking| asking.name_id.clear());

    let mut statuses = Vec::new();
    for _ in 0..3 {
        let answered = redirected(&mut scene.browser, &nobody).await;
        assert_eq!(status(&answered), "Requester", "signed, so not limited");
    }
    for _ in 0..3 {
        statuses.push(posted(&mut scene.browser, &form).await.status);
    }

    assert_eq!(statuses[..2], [StatusCode::SEE_OTHER; 2]);
    assert_eq!(statuses[2], StatusCode::TOO_MANY_REQUESTS);
    scene.holds("after too many").await;
}

#[tokio::test]
async fn chen_stays_when_maya_goes() {
    let test = TestApp::new().await;
    let mut chen = test.browser();
    sign_in(&test, &mut chen, &CHEN, |_| {}).await;
    let mut scene = Scene::new(&test).await;

    redirected(&mut scene.browser, &signed(&test.adfs, &scene.asking, None)).await;

    assert!(is_signed_in(&mut chen).await);
}

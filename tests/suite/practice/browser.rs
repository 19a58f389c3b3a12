//! The practice ADFS as a browser and a service provider see it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;
use tower::ServiceExt;
use url::form_urlencoded::{Serializer, byte_serialize};
use vestibule::id::Entropy;
use vestibule::practice::mishap::Mishap;
use vestibule::practice::pages::{Practice, router};
use vestibule::practice::relying_party::RelyingParty;
use vestibule::practice::sign::SignatureMethod;
use vestibule::practice::switch::GROUPS;
use vestibule::time::Clock;

use super::requests::{authn_request, query};
use super::strangers::samael_verifies;
use super::{RSA, adfs, now, relying_party};

const FORM: &str = "application/x-www-form-urlencoded";

struct Browser(Router);

impl Browser {
    fn new() -> Self {
        let rp = RelyingParty {
            logout_url: Some("https://vestibule.example/saml/acme-demo/logout".to_owned()),
            ..relying_party()
        };
        let practice = Practice::new(adfs(), vec![rp], Clock::manual(now()), Entropy::System);
        Self(router(practice))
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header("content-type", FORM);
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.0.clone().oneshot(request).await.unwrap();
        assert!(response.headers().contains_key("content-security-policy"));
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Signs in as that person with that mishap and returns the decoded response.
    async fn sign_in(&self, persona: &str, mishap: &str) -> String {
        let fields = [
            ("relying_party", relying_party().entity_id),
            ("in_response_to", "_request".to_owned()),
            ("relay_state", "r&s".to_owned()),
            ("persona", persona.to_owned()),
            ("mishap", mishap.to_owned()),
        ];
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let (status, page) = self.post("/adfs/ls/answer", &fields).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        assert!(
            page.contains("name=\"RelayState\" value=\"r&#38;s\""),
            "{page}"
        );
        token(&page)
    }
}

fn token(page: &str) -> String {
    let value = page.split_once("name=\"SAMLResponse\" value=\"").unwrap().1;
    let encoded = value.split_once('"').unwrap().0.replace("&#43;", "+");
    String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
}

#[tokio::test]
async fn a_signed_request_leads_to_the_sign_in_page() {
    let query = query(&authn_request("", ""), Some(SignatureMethod::RsaSha256));

    let (status, page) = Browser::new().get(&format!("/adfs/ls/?{query}")).await;

    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("not a real identity provider"));
    assert!(page.contains("name=\"in_response_to\" value=\"_request\""));
    assert!(page.contains("name=\"relay_state\" value=\"state/1\""));
    assert!(page.contains("Zoë Müller-O&#39;Hara"));
}

#[rstest]
#[case::unknown(&authn_request("", "").replace("acme-demo", "acme-demo/"), "MSIS7007")]
#[case::elsewhere(&authn_request("", " AssertionConsumerServiceURL=\"https://evil.example/\""), "MSIS3200")]
#[case::version(&authn_request("", "").replace("\"2.0\"", "\"1.1\""), "MSIS0007")]
#[case::no_id(&authn_request("", "").replace(" ID=", " Id="), "MSIS0006")]
#[case::not_xml("<samlp", "MSIS7015")]
#[case::another_message("<a/>", "MSIS7015")]
#[tokio::test]
async fn a_request_that_adfs_refuses_stays_there(#[case] xml: &str, #[case] number: &str) {
    let (status, page) = Browser::new()
        .get(&format!("/adfs/ls?{}", query(xml, None)))
        .await;

    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains(number), "{page}");
}

#[tokio::test]
async fn an_honest_answer_is_posted_and_verifies() {
    let xml = Browser::new().sign_in("zoe", "").await;

    assert!(samael_verifies(&xml, &RSA));
    assert!(xml.contains(" InResponseTo=\"_request\""));
    assert!(xml.contains("<NameID>zoe@corp.acme.example</NameID>"));
    assert!(xml.contains("<AttributeValue>vkyc-maker</AttributeValue><AttributeValue>vkyc-link-creator</AttributeValue>"));
}

#[rstest]
#[case("no-name-id", &["<Subject><SubjectConfirmation "], &["SessionIndex", "NameID"])]
#[case("no-email", &["claims/upn"], &["emailaddress"])]
#[case("no-attributes", &["<AuthnStatement"], &["Attribute"])]
#[case("near-miss-claim", &["\"https://schemas.microsoft.com/ws/2008/06/identity/claims/role\""], &["http://schemas"])]
#[case("roles-in-one-value", &[">vkyc-maker,vkyc-link-creator<"], &[])]
#[case("group-sids", &[">S-1-5-21-", "-1105<"], &["vkyc-maker"])]
#[case("wrong-audience", &["acme-demo/metadata/</Audience>"], &[])]
#[case("wrong-recipient", &["Recipient=\"https://former.example/saml/acs\""], &[])]
#[case("wrong-issuer", &["<Issuer>https://fs.acme.example/adfs/services/trust</Issuer>"], &["<Issuer>http://"])]
#[case("clock-ahead", &["IssueInstant=\"2026-01-31T09:15:00.123Z\"", "NotOnOrAfter=\"2026-01-31T09:20:00.123Z\""], &["T09:05"])]
#[case("clock-behind", &["IssueInstant=\"2026-01-31T08:55:00.123Z\"", "NotOnOrAfter=\"2026-01-31T09:00:00.123Z\""], &["T09:05"])]
#[case("sha1", &["xmldsig#rsa-sha1", "xmldsig#sha1"], &["sha256"])]
#[case("request-denied", &["status:Responder", "status:RequestDenied"], &["Assertion"])]
#[case("responder", &["status:Responder"], &["Assertion"])]
#[case("no-authn-context", &["status:NoAuthnContext"], &["Assertion"])]
#[case("invalid-name-id-policy", &["status:Requester", "status:InvalidNameIDPolicy"], &["Assertion"])]
#[case("unsolicited", &["<Assertion "], &["InResponseTo"])]
#[case("both-signed", &["<Assertion "], &[])]
#[tokio::test]
async fn a_mishap_is_said_and_signed(
    #[case] name: &str,
    #[case] there: &[&str],
    #[case] absent: &[&str],
) {
    let xml = Browser::new().sign_in("zoe", name).await;

    for text in there {
        assert!(xml.contains(text), "{text} is missing in {xml}");
    }
    for text in absent {
        assert!(!xml.contains(text), "{text} is there in {xml}");
    }
    assert!(samael_verifies(&xml, &RSA));
}

#[rstest]
#[case("unsigned")]
#[case("altered")]
#[case("unknown-key")]
#[tokio::test]
async fn a_mishap_with_keys_does_not_verify(#[case] name: &str) {
    let xml = Browser::new().sign_in("zoe", name).await;

    assert!(!samael_verifies(&xml, &RSA));
    assert_eq!(xml.contains("vkyc-uam-admin"), name == "altered");
    assert_eq!(xml.contains("Signature"), name != "unsigned");
}

#[tokio::test]
async fn a_replay_is_the_previous_response() {
    let browser = Browser::new();

    let first = browser.sign_in("maya", "").await;

    assert_eq!(browser.sign_in("zoe", "replay").await, first);
    assert_ne!(browser.sign_in("maya", "").await, first);
}

#[tokio::test]
async fn encryption_for_others_needs_nothing_and_encryption_needs_a_certificate() {
    let browser = Browser::new();
    let fields = [
        ("relying_party", &*relying_party().entity_id),
        ("persona", "maya"),
        ("mishap", "encrypted"),
    ];

    assert!(
        browser
            .sign_in("maya", "encrypted-for-other")
            .await
            .contains("CN=ADFS Encryption - fs.acme.example")
    );
    let (status, page) = browser.post("/adfs/ls/answer", &fields).await;

    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("there is no encryption certificate on the trust"));
}

#[test]
fn every_mishap_is_on_the_page_under_a_name_of_its_own() {
    let mut names: Vec<_> = GROUPS.iter().flat_map(|group| group.switches).collect();
    names.sort_by_key(|switch| switch.name);
    names.dedup_by_key(|switch| switch.name);

    assert_eq!(names.len(), 24);
    for switch in names {
        assert_eq!(Mishap::find(switch.name), Some(switch.mishap));
        assert_eq!(switch.mishap.name(), switch.name);
    }
}

#[tokio::test]
async fn sign_on_can_begin_at_adfs() {
    let name = relying_party().entity_id;
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let state = encoded(&format!(
        "RPID={}&RelayState={}",
        encoded(&name),
        encoded("/x?y")
    ));

    let (status, page) = Browser::new()
        .get(&format!(
            "/adfs/ls/idpinitiatedsignon.aspx?RelayState={state}"
        ))
        .await;

    assert_eq!(status, StatusCode::OK);
    assert!(page.contains(&format!("<option>{name}</option>")));
    assert!(page.contains("name=\"relay_state\" value=\"/x?y\""));
    assert!(page.contains("name=\"in_response_to\" value=\"\""));
}

/// What the service provider asks when that session shall end.
fn logout_request(name: &str, index: &str) -> String {
    let inner = format!(
        "<saml:NameID>{name}</saml:NameID><samlp:SessionIndex>{index}</samlp:SessionIndex>"
    );
    authn_request(&inner, "").replace("AuthnRequest", "LogoutRequest")
}

#[tokio::test]
async fn a_logout_request_must_be_signed_and_name_a_session() {
    let browser = Browser::new();
    let response = browser.sign_in("zoe", "").await;
    let index = response.split(" SessionIndex=\"").nth(1).unwrap();
    let index = index.split('"').next().unwrap();
    let upn = "zoe@corp.acme.example";
    let ask = async |xml: &str, method| {
        browser
            .get(&format!("/adfs/ls/?{}", query(xml, method)))
            .await
    };
    let signed = Some(SignatureMethod::RsaSha256);

    let (refused, _) = ask(&logout_request(upn, index), None).await;
    let (_, nobody) = ask(&logout_request("max@corp.acme.example", index), signed).await;
    let (_, elsewhere) = ask(&logout_request(upn, "_other"), signed).await;
    let (answered, page) = ask(&logout_request(upn, index), signed).await;
    let (_, again) = ask(&logout_request(upn, index), signed).await;

    assert_eq!(
        (refused, answered),
        (StatusCode::BAD_REQUEST, StatusCode::OK)
    );
    assert!(page.contains("action=\"https://vestibule.example/saml/acme-demo/logout\""));
    assert!(token(&page).contains("status:Success"));
    assert!(samael_verifies(&token(&page), &RSA));
    for page in [nobody, elsewhere, again] {
        assert!(token(&page).contains("status:Requester"));
    }
}

#[tokio::test]
async fn whoever_signs_out_there_is_sent_with_a_signed_request() {
    let browser = Browser::new();
    for binding in ["redirect", "post"] {
        browser.sign_in("zoe", "").await;
        let (_, page) = browser.get("/adfs/ls/idpinitiatedsignon.aspx").await;
        let index = page
            .split("name=\"session_index\" value=\"")
            .nth(1)
            .unwrap();
        let index = index.split('"').next().unwrap();

        let fields = [("session_index", index), ("binding", binding)];
        let (status, sent) = browser.post("/adfs/ls/signout", &fields).await;
        let (_, after) = browser.get("/adfs/ls/idpinitiatedsignon.aspx").await;

        assert!(!after.contains(index), "{binding}");
        if binding == "redirect" {
            assert_eq!(status, StatusCode::FOUND);
        } else {
            let page = sent.replace("SAMLRequest", "SAMLResponse");
            assert!(token(&page).contains("zoe@corp.acme.example</NameID>"));
            assert!(samael_verifies(&token(&page), &RSA));
        }
    }
}

#[tokio::test]
async fn the_metadata_is_served() {
    let (status, xml) = Browser::new()
        .get("/FederationMetadata/2007-06/FederationMetadata.xml")
        .await;

    assert_eq!(status, StatusCode::OK);
    assert_eq!(xml, adfs().metadata().unwrap());
}

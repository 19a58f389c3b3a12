//! Forms that somebody tampered with end nothing: rule 56.

use axum::http::StatusCode;
use vestibule::practice::sign::C14nMode;

use super::super::app::IDP_KEYS;
use super::hostile::Scene;
use super::*;

/// The request with its signature in it, taken apart: before, the signature, after.
fn parts(xml: &str) -> [&str; 3] {
    let end = "</ds:Signature>";
    let (before, rest) = xml.split_at(xml.find("<ds:Signature").unwrap());
    let (signature, after) = rest.split_at(rest.find(end).unwrap() + end.len());
    [before, signature, after]
}

/// What a stranger makes of a genuine request for a form.
fn tampered(scene: &Scene<'_>) -> [(&'static str, String); 8] {
    let adfs = &scene.test.adfs;
    let genuine = scene.asking.signed(adfs, &Signing::default()).unwrap();
    let [before, signature, after] = parts(&genuine);
    let forged = |inner: &str| {
        let mut forged = scene.asking.clone();
        forged.id = "_forged".into();
        forged
            .xml()
            .replace("</Issuer>", &format!("</Issuer>{inner}"))
    };
    let hidden = |inner: &str| format!("<samlp:Extensions>{inner}</samlp:Extensions>");
    let by_other = |signing: Signing, key: usize| {
        let mut adfs = adfs.clone();
        adfs.signing = vec![IDP_KEYS[key].clone()];
        scene.asking.signed(&adfs, &signing).unwrap()
    };
    let sha1 = Signing {
        method: SignatureMethod::RsaSha1,
        ..Signing::default()
    };
    let inclusive = Signing {
        transform: C14nMode::Inclusive,
        ..Signing::default()
    };
    [
        ("unsigned", scene.asking.xml()),
        ("changed", genuine.replace("maya@", "mayo@")),
        (
            "its signature elsewhere",
            [before, &hidden(signature), after].concat(),
        ),
        ("around a genuine one", forged(&hidden(&genuine))),
        (
            "under the signature of what it hides",
            forged(&format!("{signature}{}", hidden(&[before, after].concat()))),
        ),
        ("by another key", by_other(Signing::default(), 2)),
        ("with SHA-1", by_other(sha1, 0)),
        ("in another canonical form", by_other(inclusive, 0)),
    ]
}

#[tokio::test]
async fn rule_56_a_form_whose_signature_does_not_count_ends_nothing_and_is_answered() {
    for index in 0..8 {
        let test = TestApp::new().await;
        let scene = Scene::new(&test).await;
        let (name, xml) = tampered(&scene)[index].clone();
        let form = STANDARD.encode(xml);
        let answered = posted(&mut test.browser(), &[("SAMLRequest", &form)]).await;
        assert_eq!(status(&answered), "Requester", "{name}");
        scene.holds(name).await;
    }
}

#[tokio::test]
async fn a_body_that_is_no_form_or_too_large_is_refused() {
    let test = TestApp::new().await;
    let scene = Scene::new(&test).await;
    let xml = scene
        .asking
        .signed(&test.adfs, &Signing::default())
        .unwrap();
    let body = format!(
        "SAMLRequest={}",
        STANDARD.encode(xml).replace('+', "%2B").replace('=', "%3D")
    );
    let send = async |kind: &str, body: String| {
        let request = Request::post("/saml/acme-demo/logout").header(header::CONTENT_TYPE, kind);
        test.browser().send(request, Body::from(body)).await.status
    };

    assert_eq!(send("text/plain", body).await, StatusCode::BAD_REQUEST);
    let large = "A".repeat(300 * 1024);
    let form = "application/x-www-form-urlencoded";
    assert_eq!(
        send(form, format!("SAMLRequest={large}")).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    scene.holds("another body").await;
}

//! Two accounts with one identity provider: request, key, recipient and audience are all those of one of them.

use vestibule::practice::answer::{Answer, What};
use vestibule::practice::persona::MAYA;
use vestibule::practice::relying_party::RelyingParty;
use vestibule::saml::check::Code;

use super::super::app::{TestApp, document};
use super::surgery::{attribute, swap, without};
use super::{Case, Scene, forged, refuse, refused, signed, unverified};

/// The accounts `acme-demo` and `beta-demo`; what follows happens at the second one.
async fn two() -> (TestApp, RelyingParty) {
    let mut test = TestApp::new().await;
    test.apply(document("beta-demo")).await;
    let acme = test.trust().await;
    test.slug = "beta-demo";
    (test, acme)
}

/// What the identity provider says to the first account, in answer to a request at the second.
fn to(scene: &Scene<'_>, acme: &RelyingParty) -> Answer {
    let app = &scene.test.app;
    let request = Some(scene.request.as_str());
    let mut answer = Answer::honest(
        &scene.test.adfs,
        acme,
        &MAYA,
        request,
        app.clock.now(),
        &app.entropy,
    );
    answer.encryption = None;
    answer
}

pub(super) fn cases(acme: &RelyingParty) -> Vec<Case> {
    let [first, second, third, fourth, fifth] = [(); 5].map(|()| acme.clone());
    let here = |scene: &Scene<'_>| Some(scene.rp.acs_url.clone());
    vec![
        forged(
            "a response to another account is posted here",
            Code::Destination,
            "acme-demo",
            move |scene| scene.respond(&to(scene, &first)),
        ),
        signed(
            "an assertion for another account comes in a response to this one",
            Code::Confirmation,
            "Recipient https://sso.test/saml/acme-demo/acs",
            move |scene| {
                let mut answer = to(scene, &second);
                answer.destination = here(scene);
                scene.respond(&answer)
            },
        ),
        signed(
            "an assertion for another account comes in a response to nobody",
            Code::Confirmation,
            "Recipient",
            move |scene| {
                let xml = scene.respond(&to(scene, &third));
                without(
                    &xml,
                    &format!(" Destination=\"{}\"", attribute(&xml, "Destination")),
                )
            },
        ),
        signed(
            "an assertion for another account may be presented here",
            Code::Audience,
            "acme-demo",
            move |scene| {
                let mut answer = to(scene, &fourth);
                answer.destination = here(scene);
                answer.confirmations[0].recipient = here(scene);
                scene.respond(&answer)
            },
        ),
        forged(
            "a response to another account is addressed here afterwards",
            Code::Signature,
            "changed after",
            move |scene| {
                let mut answer = to(scene, &fifth);
                answer.sign = What::Response;
                let xml = scene.respond(&answer);
                swap(&xml, attribute(&xml, "Destination"), &scene.rp.acs_url)
            },
        ),
    ]
}

#[tokio::test]
async fn what_is_for_another_account_is_refused() {
    let (test, acme) = two().await;

    refuse(&test, cases(&acme)).await;
}

#[tokio::test]
async fn a_request_of_another_account_is_not_answered_here() {
    let (mut test, _) = two().await;
    test.slug = "acme-demo";
    let mut browser = test.browser();
    let request = browser.begin().await;
    let cookies = browser.cookies.clone();

    test.slug = "beta-demo";
    let mut browser = test.browser();
    browser.cookies = cookies;
    let (rp, expected) = (test.trust().await, unverified(Code::InResponseTo, "_"));
    let scene = Scene {
        test: &test,
        rp,
        request,
    };
    refused(&test, &mut browser, scene.honest(What::Assertion), expected).await;

    // Under the name of a request of this account it is worth no more.
    let here = Scene::begin(&test, &mut browser).await;
    let (names, values): (Vec<_>, Vec<_>) = browser
        .cookies
        .clone()
        .into_iter()
        .filter(|(name, _)| name.contains("login"))
        .unzip();
    assert_eq!(names.len(), 2);
    browser.cookies.insert(names[0].clone(), values[1].clone());
    browser.cookies.insert(names[1].clone(), values[0].clone());
    let expected = unverified(Code::InResponseTo, "_");
    refused(&test, &mut browser, here.honest(What::Assertion), expected).await;
    browser.sign_in_as_maya().await;
}

#[tokio::test]
async fn a_person_of_one_account_is_nobody_in_the_other() {
    let (mut test, _) = two().await;
    test.browser().sign_in_as_maya().await;

    test.slug = "acme-demo";

    assert_eq!(test.written().await.0, 0);
}

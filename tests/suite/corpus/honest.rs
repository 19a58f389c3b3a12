//! Honest messages in every form that they may have: accepted, and read to the letter.

use axum::http::StatusCode;
use vestibule::attempt::Outcome;
use vestibule::practice::answer::Answer;
use vestibule::time::Span;
use vestibule::user::User;

use super::super::app::{NOW, TestApp};
use super::oracle;
use super::scene::Scene;

/// An honest message, and whom it is about.
pub(super) struct Variation {
    name: String,
    subject: String,
    given_name: String,
    roles: Vec<&'static str>,
    build: Box<dyn Fn(&Scene<'_>) -> String>,
}

/// A message that says that it is Maya, who is a maker.
pub(super) fn honest(
    name: impl Into<String>,
    build: impl Fn(&Scene<'_>) -> String + 'static,
) -> Variation {
    Variation {
        name: name.into(),
        subject: "maya@corp.acme.example".into(),
        given_name: "Maya".into(),
        roles: vec!["maker"],
        build: Box::new(build),
    }
}

/// An answer of the identity provider that says something more, or otherwise.
pub(super) fn saying(name: impl Into<String>, change: impl Fn(&mut Answer) + 'static) -> Variation {
    honest(name, move |scene| {
        let mut answer = scene.answer();
        change(&mut answer);
        scene.respond(&answer)
    })
}

/// An answer of the identity provider whose text was written otherwise before it signed the assertion.
pub(super) fn writing(
    name: impl Into<String>,
    change: impl Fn(&str) -> String + 'static,
) -> Variation {
    honest(name, move |scene| {
        let answer = scene.answer();
        scene.sign(&change(&answer.xml()), &answer.assertion_id)
    })
}

impl Variation {
    pub(super) fn about(self, subject: &str) -> Self {
        Self {
            subject: subject.into(),
            ..self
        }
    }

    pub(super) fn called(self, given_name: &str) -> Self {
        Self {
            given_name: given_name.into(),
            ..self
        }
    }

    pub(super) fn with_roles(self, roles: &[&'static str]) -> Self {
        Self {
            roles: roles.to_vec(),
            ..self
        }
    }
}

/// Every message signs its person in, as whom it names, and strangers verify its signatures too.
pub(super) async fn accept(test: &TestApp, variations: Vec<Variation>) {
    let mut wrong = Vec::new();
    for variation in variations {
        // Attempts are listed by time.
        test.app.clock.advance(Span::millis(1));
        let mut browser = test.browser();
        let scene = Scene::begin(test, &mut browser).await;
        let xml = (variation.build)(&scene);
        let answered = browser.deliver(&xml).await;
        let verdict = if answered.status == StatusCode::SEE_OTHER {
            is_read(test, &variation)
                .await
                .and_then(|()| oracle::agrees(&xml, &test.adfs.signing, &variation.subject))
        } else {
            let rows = test.attempt().await.rows;
            Err(format!("{} {rows:#?}", answered.status))
        };
        if let Err(why) = verdict {
            wrong.push(format!("{}: {why}", variation.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The latest attempt let in exactly the person that was meant.
async fn is_read(test: &TestApp, variation: &Variation) -> Result<(), String> {
    let Outcome::Accepted { user } = test.attempt().await.outcome else {
        return Err("the latest attempt is another".into());
    };
    let account = test.account().await.id;
    let mut tx = test.app.store.read().await.unwrap();
    let user: User = tx.of(account).user(user, NOW).await.unwrap().unwrap();
    let roles: Vec<String> = user.roles.keys().map(ToString::to_string).collect();
    let given_name = user.profile.given_name.unwrap_or_default();
    if (&user.subject, &given_name) != (&variation.subject, &variation.given_name) {
        return Err(format!("it was read as {given_name} ({})", user.subject));
    }
    if roles != variation.roles {
        return Err(format!("it was read to give {roles:?}"));
    }
    Ok(())
}

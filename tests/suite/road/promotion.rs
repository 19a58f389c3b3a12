//! Rules 12 and 63: a promotion needs evidence, moves mapping and rules, and never trust.

use std::collections::BTreeMap;

use vestibule::account::{Account, Document, NoRole, Stage, SubjectSource};
use vestibule::app::{Applied, Consented, Refused, Shown};
use vestibule::practice::persona::{CHEN, LINA, MAYA, NOOR, Persona};
use vestibule::role::Role;
use vestibule::time::Span;

use crate::app::{TestApp, document};
use crate::rules::audit;

const SHELL: &str = "shell:test";

/// A demo account that knows makers and checkers, and a live one that knows makers alone.
struct Client {
    test: TestApp,
    demo: Account,
    live: Account,
}

fn of(slug: &str, stage: Stage, roles: &[Role]) -> Document {
    let mut made = document(slug);
    made.stage = stage;
    made.approvals = (stage == Stage::Live).then_some(false);
    made.roles.retain(|rule| roles.contains(&rule.role));
    made
}

impl Client {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Document)) -> Self {
        let test = TestApp::empty(|_| {}).await;
        let both = [Role::Maker, Role::Checker];
        let demo = test.apply(of("acme-demo", Stage::Demo, &both)).await;
        let mut live = of("acme-live", Stage::Live, &[Role::Maker]);
        change(&mut live);
        let live = test.apply(live).await;
        Self { test, demo, live }
    }

    async fn tries(&mut self, slug: &'static str, persona: &Persona) {
        self.test.slug = slug;
        let mut browser = self.test.browser();
        let request = browser.begin().await;
        let answer = self.test.answer(persona, Some(&request)).await;
        browser.deliver(&self.test.respond(&answer).await).await;
    }

    /// All that a promotion needs.
    async fn tried(&mut self) {
        for persona in [MAYA, CHEN, NOOR] {
            self.tries("acme-demo", &persona).await;
        }
    }

    async fn promote(&self, waivers: &[(Shown, &str)]) -> Result<Applied, String> {
        let waivers = waivers
            .iter()
            .map(|(of, reason)| (*of, (*reason).to_owned()));
        let consented = Consented {
            waivers: waivers.collect::<BTreeMap<_, _>>(),
            ..Consented::default()
        };
        let app = &self.test.app;
        let promoted = app.promote(&self.demo, &self.live, &consented, SHELL).await;
        promoted.map(|outcome| outcome.applied).map_err(|error| {
            assert!(error.is::<Refused>(), "{error:#}");
            error.to_string()
        })
    }

    async fn live(&self) -> Document {
        self.test.app.in_force(&self.live).await.unwrap().document
    }
}

#[tokio::test]
async fn rule_63_nothing_is_promoted_that_was_not_tried() {
    let mut client = Client::new().await;
    client.tries("acme-demo", &MAYA).await;

    let refused = client.promote(&[]).await.unwrap_err();
    assert!(refused.contains("somebody came in as checker"), "{refused}");
    assert!(
        refused.contains("without a role was turned away"),
        "{refused}"
    );
    assert!(!refused.contains("came in as maker"), "{refused}");
    client.tries("acme-demo", &NOOR).await;
    let empty = client.promote(&[(Shown::Role(Role::Checker), " ")]).await;
    assert!(empty.is_err());
    assert_eq!(client.live().await.roles.len(), 1);

    let waived = [(Shown::Role(Role::Checker), "no checker is there before May")];
    assert!(matches!(
        client.promote(&waived).await,
        Ok(Applied::Activated)
    ));
    let entries = audit(&client.test).await;
    let promoted = entries
        .iter()
        .find(|entry| entry.starts_with("revision_promoted"))
        .unwrap();
    assert!(promoted.contains("waived: no checker is there before May"));
    assert!(promoted.contains("maker: att_"), "{promoted}");
}

#[tokio::test]
async fn rule_63_evidence_is_of_that_revision_and_of_the_last_14_days() {
    let mut client = Client::new().await;
    client.tried().await;
    client.test.app.clock.advance(Span::days(15));
    assert!(client.promote(&[]).await.is_err());
    client.tried().await;
    let mut other = of("acme-demo", Stage::Demo, &[Role::Maker, Role::Checker]);
    other.session.idle_minutes = 20;
    client.test.apply(other).await;

    assert!(client.promote(&[]).await.is_err());
    client.tried().await;
    assert!(matches!(client.promote(&[]).await, Ok(Applied::Activated)));
    assert_eq!(client.live().await.session.idle_minutes, 20);
    let again = client.promote(&[]).await;
    assert!(matches!(again, Ok(Applied::Unchanged)), "{again:?}");
}

#[tokio::test]
async fn rule_63_a_refused_stranger_is_asked_for_only_where_strangers_are_refused() {
    let mut client = Client::new().await;
    let mut open = of("acme-demo", Stage::Demo, &[Role::Maker]);
    open.users.no_role = NoRole::Allow;
    client.test.apply(open).await;
    client.tries("acme-demo", &MAYA).await;

    assert!(matches!(client.promote(&[]).await, Ok(Applied::Activated)));
}

#[tokio::test]
async fn rule_12_what_belongs_to_the_live_account_stays_its_own() {
    let mut client = Client::with(|live| {
        live.access.networks = vec!["203.0.113.0/24".parse().unwrap()];
        let saml = live.saml.get_or_insert_default();
        saml.key_bits = 3072;
    })
    .await;
    client.tried().await;
    let before = client.test.app.in_force(&client.live).await.unwrap();

    client.promote(&[]).await.unwrap();

    let after = client.test.app.in_force(&client.live).await.unwrap();
    assert_eq!(after.metadata, before.metadata);
    assert_eq!(after.document.access, before.document.access);
    let bits = |document: &Document| document.saml.as_ref().map(|saml| saml.key_bits);
    assert_eq!(bits(&after.document), bits(&before.document));
    assert_eq!(after.document.account, client.live.slug);
    assert_eq!(after.document.stage, Stage::Live);
    assert_eq!(after.document.approvals, Some(false));
    assert_eq!(after.document.roles.len(), 2);
    let now = client.test.app.find_account("acme-live").await.unwrap();
    assert_eq!(now.entity_id, client.live.entity_id);
}

#[tokio::test]
async fn a_promotion_says_who_gains_and_who_loses_which_role() {
    let mut client = Client::new().await;
    client.tried().await;
    client.tries("acme-live", &MAYA).await;
    let mut other = of("acme-demo", Stage::Demo, &[Role::Checker]);
    let rule = "role = \"link_creator\"\nclaim = \"http://schemas.microsoft.com/ws/2008/06/identity/claims/role\"\nequals = \"vkyc-maker\"";
    other.roles.push(toml::from_str(rule).unwrap());
    client.test.apply(other).await;

    let app = &client.test.app;
    let promotion = app.promotion(&client.demo, &client.live).await.unwrap();
    let effects = app.what_if(&client.live, &promotion.candidate).await;
    let effects = effects.unwrap();

    assert_eq!((effects.people, effects.seen), (1, 1));
    assert_eq!(effects.changed[0].before, ["maker"]);
    assert_eq!(effects.changed[0].after, ["link_creator"]);
    assert_eq!(effects.gained[&Role::LinkCreator], 1);
    assert_eq!(effects.lost[&Role::Maker], 1);
    assert_eq!(effects.nobody.iter().collect::<Vec<_>>(), [&Role::Checker]);
}

#[tokio::test]
async fn values_that_no_rule_takes_are_named() {
    let mut client = Client::new().await;
    client.tries("acme-live", &MAYA).await;
    client.tries("acme-live", &LINA).await;

    let app = &client.test.app;
    let document = client.live().await;
    let effects = app.what_if(&client.live, &document).await.unwrap();

    let [(_, value, count)] = effects.unmapped.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((value.as_str(), *count), ("vkyc-link-creator", 1));
    assert!(effects.changed.is_empty());
}

#[tokio::test]
async fn nothing_is_promoted_backwards_or_to_another_client() {
    let mut client = Client::new().await;
    client.tried().await;
    let app = &client.test.app;
    let consented = Consented::default();

    let backwards = app
        .promote(&client.live, &client.demo, &consented, SHELL)
        .await;
    assert!(backwards.unwrap_err().is::<Refused>());
    let mut foreign = of("other-live", Stage::Live, &[Role::Maker]);
    foreign.client = "Other Bank".into();
    let foreign = client.test.apply(foreign).await;
    let across = app.promote(&client.demo, &foreign, &consented, SHELL).await;
    let across = across.unwrap_err();
    assert!(
        across.to_string().contains("from one client to another"),
        "{across:#}"
    );
    let stale = Consented {
        seen: Some((1, 7)),
        ..Consented::default()
    };
    let stale = app.promote(&client.demo, &client.live, &stale, SHELL).await;
    assert!(stale.unwrap_err().to_string().contains("since you looked"));
}

#[tokio::test]
async fn rule_30_a_promotion_takes_two_people_where_the_account_says_so() {
    let mut client = Client::with(|live| live.approvals = None).await;
    client.tried().await;

    let app = &client.test.app;
    let consented = Consented::default();
    let outcome = app.promote(&client.demo, &client.live, &consented, SHELL);
    let outcome = outcome.await.unwrap();

    assert!(matches!(outcome.applied, Applied::Draft));
    assert!(outcome.proposal.is_some());
    assert_eq!(client.live().await.roles.len(), 1);
}

#[tokio::test]
async fn rule_12_a_rollback_brings_back_the_rules_and_not_the_keys() {
    let mut client = Client::new().await;
    client.tried().await;
    client.promote(&[]).await.unwrap();
    let app = &client.test.app;
    let (_, changes) = app.rollback_of(&client.live, 1).await.unwrap();
    assert!(!changes.is_empty());
    let before = app.in_force(&client.live).await.unwrap();

    let outcome = app
        .rollback(&client.live, 1, (false, None), SHELL)
        .await
        .unwrap();

    assert!(matches!(outcome.applied, Applied::Activated), "{outcome:?}");
    let after = app.in_force(&client.live).await.unwrap();
    assert_eq!((after.number, after.document.roles.len()), (3, 1));
    assert_eq!(after.metadata, before.metadata);
    let entries = audit(&client.test).await;
    assert!(
        entries
            .iter()
            .any(|entry| entry.starts_with("revision_restored"))
    );
    let missing = app
        .rollback(&client.live, 9, (false, None), SHELL)
        .await
        .unwrap_err();
    assert!(missing.to_string().contains("no revision 9"));
}

#[tokio::test]
async fn people_are_known_by_another_subject_only_where_somebody_says_so() {
    let mut client = Client::new().await;
    client.tries("acme-live", &MAYA).await;
    let mut other = of("acme-demo", Stage::Demo, &[Role::Maker]);
    let email = other.claims.email.clone();
    other.claims.subject = SubjectSource::from(email.clone());
    client.test.apply(other).await;
    for persona in [MAYA, NOOR] {
        client.tries("acme-demo", &persona).await;
    }

    let refused = client.promote(&[]).await.unwrap_err();
    assert!(refused.contains("--confirm-subject-change"), "{refused}");
    let consented = Consented {
        new_subject: true,
        ..Consented::default()
    };
    let app = &client.test.app;
    let promoted = app.promote(&client.demo, &client.live, &consented, SHELL);
    assert!(matches!(
        promoted.await.unwrap().applied,
        Applied::Activated
    ));
    assert_eq!(
        client.live().await.claims.subject,
        SubjectSource::from(email)
    );
    let back = app.rollback(&client.live, 1, (false, None), SHELL).await;
    assert!(back.unwrap_err().is::<Refused>());
}

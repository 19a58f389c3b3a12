//! What the benchmarks of the gate share: an account with people who are signed in, and an app behind the gate.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule::account::{Account, Document};
use vestibule::app::{App, Consent};
use vestibule::claims::{Claimed, Profile};
use vestibule::config::AccountFile;
use vestibule::id::{SessionId, Token, UserId};
use vestibule::role::{Role, Roles};
use vestibule::session::Session;
use vestibule::store::Changes;
use vestibule::time::{Span, Timestamp};
use vestibule::user::{self, User};

const ACCOUNT: &str = include_str!("../src/demo/acme-demo.toml");
const APP: &str = include_str!("../config/apps/profiles.toml");

/// A folder with the app, for people of the account.
pub(crate) fn apps(folder: &std::path::Path) -> String {
    let apps = folder.join("apps");
    std::fs::create_dir(&apps).unwrap();
    let app = APP
        .replace("\"live\"", "\"demo\"")
        .replace("api.platform.example\"]", "127.0.0.1:9\"]");
    std::fs::write(apps.join("profiles.toml"), app).unwrap();
    apps.display().to_string()
}

/// The account, which nobody can sign in to, with changes to its configuration.
pub(crate) async fn account(app: &App, change: impl FnOnce(&mut Document)) -> Account {
    let mut document: Document = toml::from_str(ACCOUNT).unwrap();
    change(&mut document);
    let file = AccountFile {
        document,
        metadata: None,
    };
    let consent = Consent::default();
    app.apply(&file, "bench", &consent).await.unwrap().account
}

/// What makes somebody a maker.
fn maker(since: Timestamp) -> Claimed {
    Claimed {
        role: Role::Maker,
        claim: "http://schemas.microsoft.com/ws/2008/06/identity/claims/role".into(),
        value: "vkyc-maker".into(),
        since,
    }
}

/// People who are signed in, with their cookies.
pub(crate) async fn signed_in(app: &App, account: &Account, count: usize) -> Vec<(UserId, String)> {
    let (now, entropy) = (app.clock.now(), &app.entropy);
    let mut people = Vec::new();
    for number in 0..count {
        let (id, token) = (UserId::new(now, entropy), Token::new(entropy));
        let user = User {
            id,
            source: "name_id".into(),
            subject: format!("person {number}"),
            external_id: None,
            state: user::State::Active,
            profile: Profile::default(),
            directory: None,
            roles: Roles::new(),
            created_at: now,
            last_sign_in: Some(now),
        };
        let session = Session {
            id: SessionId::new(now, entropy),
            account: account.id,
            user: id,
            roles: user.roles.clone(),
            authenticated_at: now,
            created_at: now,
            seen_at: now,
            expires_at: now.plus(Span::hours(10)),
            idle: Span::minutes(30),
            address: "203.0.113.7".into(),
            browser: "Bench/1".into(),
            name_id: None,
            session_index: None,
            via: vestibule::session::Via::Saml,
        };
        let mut changes = Changes::new(account.id);
        changes.save_user(&user).unwrap();
        changes.claim(id, &[maker(now)]).unwrap();
        changes
            .create_session(&session, &token.digest(), false)
            .unwrap();
        app.store.commit(changes).await.unwrap();
        people.push((id, URL_SAFE_NO_PAD.encode(token.reveal())));
    }
    people
}

//! A whole Vestibule in memory, and its practice identity provider.

use std::sync::{Arc, LazyLock};

use vestibule::account::{Account, Document};
use vestibule::app::{App, Consent};
use vestibule::attempt::Attempt;
use vestibule::audit::Filter;
use vestibule::config::{AccountFile, Config};
use vestibule::http::Shared;
use vestibule::id::{AttemptId, Entropy};
use vestibule::practice::adfs::Adfs;
use vestibule::practice::answer::Answer;
use vestibule::practice::key::Key;
use vestibule::practice::persona::Persona;
use vestibule::practice::relying_party::RelyingParty;
use vestibule::saml::connection::Keys;
use vestibule::saml::keys::KeyPair;
use vestibule::time::{Clock, Span, Timestamp};

pub(crate) use super::browser::{Answered, Browser, request_id};

/// Where browsers reach the test server.
pub(crate) const PUBLIC_URL: &str = "https://sso.test";

/// The present of every test, until it is moved.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_768_467_600_000);

/// The keys of the practice identity provider: two for signing, one for encryption. Made once.
pub(crate) static IDP_KEYS: LazyLock<[Key; 3]> = LazyLock::new(|| {
    let key = |name: &str| {
        Key::rsa(
            name,
            2048,
            NOW.minus(Span::days(30)),
            365,
            &Entropy::fixed(),
        )
        .unwrap()
    };
    [
        key("ADFS Signing - adfs.acme.test"),
        key("ADFS Signing - adfs.acme.test"),
        key("ADFS Encryption - adfs.acme.test"),
    ]
});

/// Our own keys. Made once.
pub(crate) static SP_KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let pair = |name: &str| KeyPair::generate(name, 2048, NOW, &Entropy::fixed()).unwrap();
    Keys {
        signing: vec![pair("Vestibule signing")],
        encryption: vec![pair("Vestibule encryption")],
    }
});

/// The account that tests sign in to, without its first line.
const DEMO: &str = r#"
client = "Acme Bank"
stage = "demo"
uam = true
[saml]
[[roles]]
role = "maker"
claim = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
equals = "vkyc-maker"
[[roles]]
role = "checker"
claim = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
equals = "vkyc-checker"
[[roles]]
role = "auditor"
claim = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
any_of = ["vkyc-auditor", "vkyc-external"]
[[roles]]
role = "link_creator"
claim = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
matches = "vkyc-link*"
[[roles]]
role = "uam_admin"
claim = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
equals = "vkyc-uam-admin"
"#;

pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) shared: Shared,
    pub(crate) adfs: Adfs,
    pub(crate) slug: &'static str,
    _folder: tempfile::TempDir,
}

impl TestApp {
    /// With the account `acme-demo`, connected to the practice identity provider.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same, with changes to the account's configuration.
    pub(crate) async fn with(change: impl FnOnce(&mut Document)) -> Self {
        let test = Self::empty(|_| {}).await;
        let mut document = document("acme-demo");
        change(&mut document);
        test.apply(document).await;
        test
    }

    /// Without any account, with changes to the server's configuration.
    pub(crate) async fn empty(change: impl FnOnce(&mut Config)) -> Self {
        let folder = private_folder();
        let mut config = Config::default();
        config.server.public_url = PUBLIC_URL.into();
        config.database.url = database(&folder).await;
        config.database.max_connections = 4;
        config.secrets.master_key_file = folder.path().join("master.key").display().to_string();
        vestibule::seal::Ring::generate(&Entropy::System)
            .write(config.secrets.master_key_file.as_ref())
            .unwrap();
        change(&mut config);
        let mut app = App::open(config, Clock::manual(NOW), Entropy::System)
            .await
            .unwrap();
        app.given_keys = Some(SP_KEYS.clone());
        let app = Arc::new(app);
        let [first, second, encryption] = IDP_KEYS.clone();
        let adfs = Adfs::new("https://adfs.acme.test", vec![first, second], encryption);
        Self {
            shared: Shared::new(Arc::clone(&app)),
            app,
            adfs,
            slug: "acme-demo",
            _folder: folder,
        }
    }

    /// Applies a configuration with the metadata of the practice identity provider.
    pub(crate) async fn apply(&self, document: Document) -> Account {
        let metadata = Some(self.adfs.metadata().unwrap().into_bytes());
        self.app
            .apply(
                &AccountFile { document, metadata },
                "shell:test",
                &Consent::default(),
            )
            .await
            .unwrap()
            .account
    }

    /// A browser that has never been here.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// Our own metadata, as the practice identity provider has imported it.
    pub(crate) async fn trust(&self) -> RelyingParty {
        RelyingParty::from_metadata(&self.app.descriptor(self.slug).await.unwrap().unwrap())
            .unwrap()
    }

    /// An honest, unencrypted answer.
    pub(crate) async fn answer(&self, persona: &Persona, request: Option<&str>) -> Answer {
        let mut answer = Answer::honest(
            &self.adfs,
            &self.trust().await,
            persona,
            request,
            self.app.clock.now(),
            &self.app.entropy,
        );
        answer.encryption = None;
        answer
    }

    /// The honest response about somebody to a request.
    pub(crate) async fn honest(&self, persona: &Persona, request: &str) -> String {
        let answer = self.answer(persona, Some(request)).await;
        self.respond(&answer).await
    }

    /// The response as the practice identity provider sends it.
    pub(crate) async fn respond(&self, answer: &Answer) -> String {
        self.adfs
            .respond(&self.trust().await, answer, &self.app.entropy)
            .unwrap()
    }

    /// The latest attempt.
    pub(crate) async fn attempt(&self) -> Attempt {
        let account = self.account().await;
        let mut tx = self.app.store.read().await.unwrap();
        tx.of(account.id)
            .attempts(1, &self.app.ring)
            .await
            .unwrap()
            .pop()
            .expect("an attempt was kept")
    }

    /// The attempt of a reference.
    pub(crate) async fn attempt_of(&self, reference: &str) -> Attempt {
        let mut tx = self.app.store.read().await.unwrap();
        tx.attempt(AttemptId::parse(reference).unwrap(), &self.app.ring)
            .await
            .unwrap()
            .unwrap()
            .1
    }

    pub(crate) async fn account(&self) -> Account {
        self.app.find_account(self.slug).await.unwrap()
    }

    /// How much there is of everything that a sign-in can write: users, attempts, audit entries.
    pub(crate) async fn written(&self) -> (i64, usize, usize) {
        let account = self.account().await;
        let mut tx = self.app.store.read().await.unwrap();
        let mut of = tx.of(account.id);
        (
            of.count_users().await.unwrap(),
            of.attempts(10_000, &self.app.ring).await.unwrap().len(),
            of.audit_page(&Filter::default(), None, 10_000)
                .await
                .unwrap()
                .len(),
        )
    }
}

/// The configuration that tests begin with.
pub(crate) fn document(slug: &str) -> Document {
    toml::from_str(&format!("account = \"{slug}\"{DEMO}")).unwrap()
}

/// A folder as the server makes one: for its owner alone.
pub(crate) fn private_folder() -> tempfile::TempDir {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    tempfile::Builder::new()
        .permissions(mode)
        .tempdir()
        .unwrap()
}

/// A database of its own: a schema where `VESTIBULE_TEST_POSTGRES` names a server, else a file.
async fn database(folder: &tempfile::TempDir) -> String {
    let file = || format!("sqlite://{}", folder.path().join("vestibule.db").display());
    schema().await.unwrap_or_else(file)
}

/// A schema of its own on the server that `VESTIBULE_TEST_POSTGRES` names, where it names one.
pub(crate) async fn schema() -> Option<String> {
    let server = std::env::var("VESTIBULE_TEST_POSTGRES").ok()?;
    let schema = format!("test_{}", vestibule::id::hex(&Entropy::System.bytes::<8>()));
    let pool = sqlx::PgPool::connect(&server).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}")))
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let separator = if server.contains('?') { '&' } else { '?' };
    Some(format!(
        "{server}{separator}options=-c%20search_path%3D{schema}"
    ))
}

//! What the targets share: a connection to a practice ADFS with keys of this machine's own, its honest messages, and
//! what is read out of them.

mod seeds;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use url::form_urlencoded;
use vestibule::account::{Account, Document, ReturnTo, Revision, Slug, State};
use vestibule::id::{AccountId, Entropy};
use vestibule::practice::adfs::Adfs;
use vestibule::practice::key::Key;
use vestibule::practice::relying_party::RelyingParty;
use vestibule::saml::binding::Message;
use vestibule::saml::connection::{Connection, Keys, Restrictions};
use vestibule::saml::keys::KeyPair;
use vestibule::saml::logout;
use vestibule::saml::request::Pending;
use vestibule::saml::response::{self, Context, Reading};
use vestibule::time::{Span, Timestamp};

/// The present of every run, so that what was found can be found again.
const NOW: Timestamp = Timestamp::from_millis(1_768_467_600_000);
const REQUEST: &str = "_request";
const PUBLIC_URL: &str = "https://sso.test";
const ACCOUNT: &str = include_str!("account.toml");

/// Everything that a message is made with and read with.
pub struct Stage {
    adfs: Adfs,
    rp: RelyingParty,
    connection: Connection,
    entropy: Entropy,
    genuine: HashSet<String>,
}

/// Made once, with the keys that the folder `keys` holds or is given now.
pub static STAGE: LazyLock<Stage> = LazyLock::new(Stage::new);

impl Stage {
    fn new() -> Self {
        let entropy = Entropy::fixed();
        let key = |name: &str| key(name, &entropy);
        let (idp, own) = (key("idp"), key("sp"));
        let adfs = Adfs::new("https://adfs.acme.test", vec![idp.clone()], idp);
        let connection = connection(&adfs, &own, &entropy);
        let rp = RelyingParty {
            entity_id: connection.addresses.entity_id.clone(),
            acs_url: connection.addresses.acs.clone(),
            logout_url: Some(connection.addresses.logout.clone()),
            signing_certificates: Vec::new(),
            encryption_certificate: Some(own.certificate),
            signed_requests_required: false,
        };
        let mut stage = Self {
            adfs,
            rp,
            connection,
            entropy,
            genuine: HashSet::new(),
        };
        stage.genuine = seeds::messages(&stage)
            .iter()
            .map(|(name, xml)| {
                let read = stage.read(xml);
                read.unwrap_or_else(|code| panic!("the seed {name} is refused: {code}"))
            })
            .collect();
        for (name, message) in seeds::logouts(&stage) {
            let message = seeds::message_of(&message);
            let read = stage.read_logout(&message);
            let read = read.unwrap_or_else(|why| panic!("the seed {name} is refused: {why}"));
            stage.genuine.insert(read);
        }
        stage
    }

    /// Writes the honest inputs of a target to its corpus.
    pub fn sow(&self, target: &str) {
        let folder = here("corpus").join(target);
        fs::create_dir_all(&folder).expect("the corpus can be made");
        for (name, bytes) in seeds::of(self, target) {
            fs::write(folder.join(format!("seed-{name}")), bytes).expect("a seed can be written");
        }
    }

    /// What the service reads out of a message, or the code with which it refuses.
    pub fn read(&self, xml: &str) -> Result<String, &'static str> {
        let connection = &self.connection;
        let find = |id: &str| {
            (id == REQUEST).then(|| Pending {
                id: id.into(),
                ..Pending::new(
                    connection,
                    "sso.test".into(),
                    ReturnTo::home(),
                    NOW,
                    &self.entropy,
                )
            })
        };
        let context = Context {
            connection,
            find: &find,
            now: NOW,
            entropy: &self.entropy,
        };
        response::verify(xml, &context, &mut Reading::default())
            .map(|assertion| format!("{assertion:?}"))
            .map_err(|rejection| rejection.code.as_str())
    }

    /// Ends the run where a message is accepted that says anything but what was signed.
    pub fn judge(&self, xml: &str) {
        if let Ok(read) = self.read(xml) {
            assert!(self.genuine.contains(&read), "never signed: {read}");
        }
    }

    fn read_logout(&self, message: &Message) -> Result<String, String> {
        let context = logout::Context {
            connection: &self.connection,
            awaited: Some(REQUEST),
            now: NOW,
            entropy: &self.entropy,
        };
        logout::verify(message, &context)
            .map(|verified| format!("{verified:?}"))
            .map_err(|refusal| refusal.reason)
    }

    /// The same for a message of a logout.
    pub fn judge_logout(&self, message: &Message) {
        if let Ok(read) = self.read_logout(message) {
            assert!(self.genuine.contains(&read), "never signed: {read}");
        }
    }

    /// A response around an encrypted assertion that anybody may have written.
    pub fn around(&self, encrypted: &str) -> String {
        let honest = seeds::encrypted(self);
        let (before, rest) = honest
            .split_once("<EncryptedAssertion")
            .expect("an encrypted assertion");
        let (_, after) = rest
            .split_once("</EncryptedAssertion>")
            .expect("the end of an encrypted assertion");
        [before, encrypted, after].concat()
    }

    /// The assertion consumer's certificate, for which anybody may encrypt.
    pub fn recipient(&self) -> &openssl::x509::X509Ref {
        self.rp
            .encryption_certificate
            .as_deref()
            .expect("a certificate")
    }
}

/// The form that carries a message in this field.
pub fn form(field: &str, message: &[u8]) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new())
        .append_pair(field, &STANDARD.encode(message))
        .append_pair("RelayState", "state")
        .finish()
        .into_bytes()
}

fn connection(adfs: &Adfs, own: &Key, entropy: &Entropy) -> Connection {
    let document: Document = toml::from_str(ACCOUNT).expect("account.toml is valid");
    let account = Account {
        id: AccountId::new(NOW, entropy),
        slug: Slug::parse("acme-demo").expect("a slug"),
        state: State::Enabled,
        entity_id: format!("{PUBLIC_URL}/saml/acme-demo/metadata"),
        active: 1,
        created_at: NOW,
    };
    let revision = Revision {
        number: 1,
        document,
        metadata: Some(adfs.metadata().expect("metadata")),
        author: "fuzz".into(),
        created_at: NOW,
    };
    let pair = KeyPair {
        private: own.private.clone(),
        certificate: own.certificate.clone(),
    };
    let keys = Keys {
        signing: vec![pair.clone()],
        encryption: vec![pair],
    };
    Connection::compile(
        account,
        revision,
        &keys,
        &Restrictions::default(),
        PUBLIC_URL,
    )
    .expect("a connection")
}

/// A key that stays the same as long as its file does, so that what was found can be found again.
fn key(name: &str, entropy: &Entropy) -> Key {
    let file = here("keys").join(format!("{name}.pem"));
    let private = match fs::read(&file) {
        Ok(pem) => PKey::private_key_from_pem(&pem).expect("a key; delete the folder keys"),
        Err(_) => {
            let key = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
            fs::create_dir_all(here("keys")).expect("the folder keys can be made");
            let pem = key.private_key_to_pem_pkcs8().expect("a key");
            fs::write(&file, pem).expect("a key can be written");
            key
        }
    };
    Key::with_certificate(private, name, NOW.minus(Span::days(30)), 365, entropy)
        .expect("a certificate")
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

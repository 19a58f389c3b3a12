//! The verification by itself, without a browser and a database.

use std::sync::LazyLock;

use vestibule::account::{Account, ReturnTo, Revision, Slug, State};
use vestibule::id::{AccountId, Entropy};
use vestibule::practice::adfs::Adfs;
use vestibule::practice::answer::Answer;
use vestibule::practice::persona::ZOE;
use vestibule::practice::relying_party::RelyingParty;
use vestibule::saml::check::{Code, Rejection};
use vestibule::saml::connection::{Connection, Restrictions};
use vestibule::saml::request::Pending;
use vestibule::saml::response::{self, Context, Reading};
use vestibule::saml::{Attribute, NameId, VerifiedAssertion};
use vestibule::time::Timestamp;

use super::super::app::{IDP_KEYS, NOW, PUBLIC_URL, SP_KEYS, document};

const REQUEST: &str = "_request";

pub(super) static ADFS: LazyLock<Adfs> = LazyLock::new(|| {
    let [first, second, encryption] = IDP_KEYS.clone();
    Adfs::new("https://adfs.acme.test", vec![first, second], encryption)
});

static CONNECTION: LazyLock<Connection> = LazyLock::new(|| {
    let account = Account {
        id: AccountId::new(NOW, &Entropy::fixed()),
        slug: Slug::parse("acme-demo").unwrap(),
        state: State::Enabled,
        entity_id: format!("{PUBLIC_URL}/saml/acme-demo/metadata"),
        active: 1,
        created_at: NOW,
    };
    let revision = Revision {
        number: 1,
        document: document("acme-demo"),
        metadata: Some(ADFS.metadata().unwrap()),
        author: "test".into(),
        created_at: NOW,
    };
    Connection::compile(
        account,
        revision,
        &SP_KEYS,
        &Restrictions::default(),
        PUBLIC_URL,
    )
    .unwrap()
});

/// All that is read out of an assertion.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content {
    subject: String,
    name_id: Option<NameId>,
    session_index: Option<String>,
    session_ends: Option<Timestamp>,
    authenticated_at: Timestamp,
    attributes: Vec<Attribute>,
}

impl Content {
    fn of(assertion: &VerifiedAssertion) -> Self {
        Self {
            subject: assertion.subject().to_owned(),
            name_id: assertion.name_id().cloned(),
            session_index: assertion.session_index().map(str::to_owned),
            session_ends: assertion.session_ends(),
            authenticated_at: assertion.authenticated_at(),
            attributes: assertion.attributes().to_vec(),
        }
    }

    /// What the service reads out of a message, or for which reason it refuses.
    pub(super) fn read(xml: &str) -> Result<Self, Code> {
        verify(xml, &mut Reading::default())
            .map(|assertion| Self::of(&assertion))
            .map_err(|rejection| rejection.code)
    }
}

/// Whether a signature of the message verifies, whatever else it says.
pub(super) fn is_signed(xml: &str) -> Result<(), String> {
    let mut reading = Reading::default();
    let verified = verify(xml, &mut reading);
    match (reading.spent, verified) {
        (None, Err(rejection)) => Err(format!("{rejection:?}")),
        _ => Ok(()),
    }
}

fn verify(xml: &str, reading: &mut Reading) -> Result<VerifiedAssertion, Rejection> {
    let (connection, entropy) = (&*CONNECTION, Entropy::fixed());
    let find = |id: &str| {
        (id == REQUEST).then(|| Pending {
            id: id.into(),
            ..Pending::new(
                connection,
                "sso.test".into(),
                ReturnTo::home(),
                NOW,
                &entropy,
            )
        })
    };
    let context = Context {
        connection,
        find: &find,
        now: NOW,
        entropy: &entropy,
    };
    response::verify(xml, &context, reading)
}

/// A valid message about Zoë.
pub(super) fn message(change: impl Fn(&mut Answer)) -> String {
    let (rp, mut answer) = (relying_party(), answer());
    change(&mut answer);
    ADFS.respond(&rp, &answer, &Entropy::fixed()).unwrap()
}

/// What the practice identity provider says of Zoë, in the clear.
pub(super) fn answer() -> Answer {
    let (rp, entropy) = (relying_party(), Entropy::fixed());
    let mut answer = Answer::honest(&ADFS, &rp, &ZOE, Some(REQUEST), NOW, &entropy);
    answer.encryption = None;
    answer
}

pub(super) fn relying_party() -> RelyingParty {
    let addresses = &CONNECTION.addresses;
    RelyingParty {
        entity_id: addresses.entity_id.clone(),
        acs_url: addresses.acs.clone(),
        logout_url: None,
        signing_certificates: Vec::new(),
        encryption_certificate: Some(SP_KEYS.encryption[0].certificate.clone()),
        signed_requests_required: false,
    }
}

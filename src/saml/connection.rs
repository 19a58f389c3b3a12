//! A connection: an account's active revision, compiled into what a sign-in needs.

use openssl::pkey::{PKey, Private};

use super::descriptor::Addresses;
use super::keys::{Certificate, KeyPair};
use super::metadata::{Descriptor, Problem};
use crate::account::{Account, Document, Revision, Saml, Slug, Source};
use crate::time::{Span, Timestamp};

/// An account's own key pairs, newest first.
#[derive(Clone)]
pub struct Keys {
    /// The pairs that requests are signed with; the first signs.
    pub signing: Vec<KeyPair>,
    /// The pairs that assertions are encrypted for; all decrypt.
    pub encryption: Vec<KeyPair>,
}

/// What narrows the trust in the descriptor of a revision, whatever way that came.
#[derive(Debug, Default)]
pub struct Restrictions {
    /// The digests of keys that are never trusted again.
    pub distrusted: Vec<String>,
    /// How the descriptor is kept fresh, where it comes by address.
    pub source: Option<Source>,
    /// Our own authorities (`host:port`), to which no browser is sent with a message.
    pub ours: Vec<String>,
}

/// Past the end of its validity a descriptor is trusted for so long: a farm that publishes late, over a long weekend.
pub const GRACE: Span = Span::days(3);

/// All that a sign-in to one account is checked against.
pub struct Connection {
    /// The account.
    pub account: Account,
    /// The number of the revision that was compiled.
    pub revision: i64,
    /// The configuration.
    pub document: Document,
    /// The identity provider.
    pub idp: Descriptor,
    /// Where our messages arrive and by which name we go.
    pub addresses: Addresses,
    /// The key that signs requests.
    pub signing_key: KeyPair,
    /// The keys that decrypt.
    pub decryption: Vec<PKey<Private>>,
    /// The certificates of those keys.
    pub recipients: Vec<Certificate>,
    /// Until when the descriptor says that it holds, where it comes by address.
    pub valid_until: Option<Timestamp>,
    saml: Saml,
}

/// Why an account has no connection.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client has not sent its metadata yet.
    #[error("the account is not connected yet: it has no identity provider metadata")]
    NotConnected,
    /// The stored metadata is refused.
    #[error("the identity provider's metadata is refused: {0}")]
    Metadata(#[from] Problem),
    /// A key of ours is missing or broken.
    #[error("a key of the account cannot be used: {0}")]
    Keys(String),
}

impl Connection {
    /// Compiles a revision of an account.
    pub fn compile(
        account: Account,
        revision: Revision,
        keys: &Keys,
        restrictions: &Restrictions,
        public_url: &str,
    ) -> Result<Self, Error> {
        let saml = revision.document.saml.clone().ok_or(Error::NotConnected)?;
        let metadata = revision.metadata.as_deref().ok_or(Error::NotConnected)?;
        let signing_key = keys
            .signing
            .first()
            .cloned()
            .ok_or_else(|| Error::Keys("no signing key".into()))?;
        let recipients: Result<Vec<Certificate>, _> = keys
            .encryption
            .iter()
            .map(|pair| Certificate::of(&pair.certificate))
            .collect();
        let idp = Descriptor::read(metadata.as_bytes())?
            .elsewhere(&restrictions.ours)?
            .without(&restrictions.distrusted);
        if idp.signing.is_empty() {
            return Err(Error::NotConnected);
        }
        Ok(Self {
            valid_until: valid_until(&saml, &idp, restrictions.source.as_ref()),
            idp,
            addresses: addresses(public_url, &account.slug, &account.entity_id),
            signing_key,
            decryption: keys
                .encryption
                .iter()
                .map(|pair| pair.private.clone())
                .collect(),
            recipients: recipients.map_err(|error| Error::Keys(error.to_string()))?,
            revision: revision.number,
            document: revision.document,
            account,
            saml,
        })
    }

    /// Whether the descriptor's validity ended too long ago to let anybody in.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.valid_until
            .is_some_and(|until| until.plus(GRACE) < now)
    }

    /// The sign-in options.
    pub const fn saml(&self) -> &Saml {
        &self.saml
    }

    /// How far the clocks may differ.
    pub const fn skew(&self) -> Span {
        Span::seconds(self.saml.clock_skew_seconds)
    }
}

/// What the address said last, or the document itself where it was not asked yet.
fn valid_until(saml: &Saml, idp: &Descriptor, source: Option<&Source>) -> Option<Timestamp> {
    let url = saml.idp_metadata_url.as_ref()?;
    let asked = source.filter(|source| source.url == *url && source.good_at.is_some());
    asked.map_or(idp.valid_until, |source| source.valid_until)
}

/// The addresses of an account under `public_url`, which ends without a slash.
pub fn addresses(public_url: &str, slug: &Slug, entity_id: &str) -> Addresses {
    Addresses {
        entity_id: entity_id.to_owned(),
        acs: format!("{public_url}/saml/{slug}/acs"),
        logout: format!("{public_url}/saml/{slug}/logout"),
    }
}

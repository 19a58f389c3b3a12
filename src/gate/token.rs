//! Our tokens: made and read by one signer, which holds the keys of the moment.

use std::collections::BTreeSet;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::{Deserialize, Serialize};

use super::token_key::{Standing, TokenKey};
use super::{Jwk, es256};
use crate::account::Stage;
use crate::id::{AccountId, Entropy, SessionId, hex};
use crate::role::Role;
use crate::time::{Span, Timestamp};

/// How long an access token lives; nobody can take it back from a service that does not ask us.
const LIFE: Span = Span::minutes(5);
/// How long the token lives that the gate hands to an app.
const APP_LIFE: Span = Span::seconds(60);
/// How far the clocks of two nodes may differ.
const SKEW: Span = Span::seconds(5);

const ACCESS: &str = "at+jwt";
const APP: &str = "vestibule-app+jwt";

/// What an access token says.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The stage of the account.
    pub stage: Stage,
    /// The audience of one app.
    pub audience: String,
    /// The person or key.
    pub subject: String,
    /// By what it was asked for.
    pub client: String,
    /// The account.
    pub account: AccountId,
    /// The session that it came from, and with which it ends.
    pub session: Option<SessionId>,
    /// The roles of the person.
    pub roles: BTreeSet<Role>,
    /// What may be done with it.
    pub permissions: BTreeSet<String>,
}

/// What the gate tells an app about one request.
#[derive(Debug, Clone)]
pub struct AppGrant {
    /// The stage of the account.
    pub stage: Stage,
    /// The audience of the app.
    pub audience: String,
    /// The person or key.
    pub subject: String,
    /// The account.
    pub account: AccountId,
    /// The roles of the person.
    pub roles: BTreeSet<Role>,
}

/// The claims of an access token whose signature, type and time were found good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Who made it: our address and the stage.
    pub iss: String,
    /// The audience of one app.
    pub aud: String,
    /// The person or key.
    pub sub: String,
    /// By what it was asked for.
    pub client_id: String,
    /// When it was made, in seconds.
    pub iat: i64,
    /// When it ends, in seconds.
    pub exp: i64,
    /// Its own id.
    pub jti: String,
    /// The session that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// The account.
    pub account: AccountId,
    /// The roles of the person.
    pub roles: BTreeSet<Role>,
    /// What may be done with it.
    pub permissions: BTreeSet<String>,
    /// The same in one text.
    pub scope: String,
}

impl Access {
    /// When it ends.
    pub const fn expires_at(&self) -> Timestamp {
        Timestamp::from_millis(self.exp.saturating_mul(1_000))
    }

    /// When it was made.
    pub const fn issued_at(&self) -> Timestamp {
        Timestamp::from_millis(self.iat.saturating_mul(1_000))
    }
}

#[derive(Serialize)]
struct AppClaims<'a> {
    iss: String,
    aud: &'a str,
    sub: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    account: AccountId,
    roles: &'a BTreeSet<Role>,
}

/// The only header that we write and read: a key from elsewhere, or an extension, has no place in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    alg: String,
    typ: String,
    kid: String,
}

/// Why a text is no token of ours that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has not the three parts of a signed token, or these cannot be read.
    #[error("it cannot be read as a signed token")]
    Malformed,
    /// Its header says more or less than algorithm, type and key.
    #[error("its header does not say algorithm, type and key and nothing else")]
    Header,
    /// Another algorithm than ES256.
    #[error("its algorithm is not ES256")]
    Algorithm,
    /// It is no access token.
    #[error("it is no access token")]
    Type,
    /// No key of ours has that name.
    #[error("no key of ours signed it")]
    Key,
    /// The signature is not that key's.
    #[error("its signature is wrong")]
    Signature,
    /// It is from elsewhere, or of another stage.
    #[error("it was made elsewhere or for another stage")]
    Issuer,
    /// It is for another app.
    #[error("it is for another app")]
    Audience,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not come.
    #[error("it is from the future")]
    NotYet,
}

/// No token could be made.
#[derive(Debug, thiserror::Error)]
#[error("a token cannot be signed")]
pub struct Unsigned;

/// The keys of the moment, which sign and verify without asking anybody.
pub struct Signer {
    public_url: String,
    entropy: Entropy,
    signing: Option<(String, EncodingKey)>,
    known: Vec<(String, DecodingKey)>,
    published: Vec<Jwk>,
}

impl Signer {
    /// The signer of an installation with these keys, ordered by generation, at `now`.
    pub fn new(public_url: &str, keys: &[TokenKey], entropy: Entropy, now: Timestamp) -> Self {
        es256::install();
        let mut signer = Self {
            public_url: public_url.to_owned(),
            entropy,
            signing: None,
            known: Vec::new(),
            published: Vec::new(),
        };
        for (key, standing) in TokenKey::standings(keys, now) {
            let (jwk, kid) = (key.jwk(), &key.jwk().kid);
            if standing == Standing::Over {
                continue;
            }
            signer.published.push(jwk.clone());
            if let Ok(public) = DecodingKey::from_ec_components(&jwk.x, &jwk.y) {
                signer.known.push((kid.clone(), public));
            }
            if standing == Standing::Signing {
                signer.signing = Some((kid.clone(), EncodingKey::from_ec_der(key.private())));
            }
        }
        signer
    }

    /// Who makes the tokens of a stage.
    pub fn issuer(&self, stage: Stage) -> String {
        issuer(&self.public_url, stage)
    }

    /// The public halves, as services read them.
    pub fn published(&self) -> &[Jwk] {
        &self.published
    }

    /// An access token of five minutes (RFC 9068), and when it ends.
    pub fn access(&self, grant: &Grant, now: Timestamp) -> Result<String, Unsigned> {
        let permissions: Vec<&str> = grant.permissions.iter().map(String::as_str).collect();
        self.sign(
            ACCESS,
            &Access {
                iss: self.issuer(grant.stage),
                aud: grant.audience.clone(),
                sub: grant.subject.clone(),
                client_id: grant.client.clone(),
                iat: seconds(now),
                exp: seconds(now.plus(LIFE)),
                jti: hex(&self.entropy.bytes::<16>()),
                sid: grant.session,
                account: grant.account,
                roles: grant.roles.clone(),
                scope: permissions.join(" "),
                permissions: grant.permissions.clone(),
            },
        )
    }

    /// How long an access token lives.
    pub const fn life() -> Span {
        LIFE
    }

    /// A token of a minute for one app, of a type that opens nothing here.
    pub fn app(&self, grant: &AppGrant, now: Timestamp) -> Result<String, Unsigned> {
        self.sign(
            APP,
            &AppClaims {
                iss: self.issuer(grant.stage),
                aud: &grant.audience,
                sub: &grant.subject,
                iat: seconds(now),
                exp: seconds(now.plus(APP_LIFE)),
                jti: hex(&self.entropy.bytes::<16>()),
                account: grant.account,
                roles: &grant.roles,
            },
        )
    }

    /// The access token that a text is, for this app and stage at `now`; whether it was taken back is another question.
    pub fn verify(
        &self,
        token: &str,
        audience: &str,
        stage: Stage,
        now: Timestamp,
    ) -> Result<Access, Refusal> {
        let access = self.read(token, now)?;
        if access.iss != self.issuer(stage) {
            Err(Refusal::Issuer)
        } else if access.aud != audience {
            Err(Refusal::Audience)
        } else {
            Ok(access)
        }
    }

    /// The same for any app and stage, for whoever only gives a token back.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<Access, Refusal> {
        let (message, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(Refusal::Malformed)?;
        let header = decode(header)?;
        let head: Head = serde_json::from_slice(&header).map_err(|_| refused_head(&header))?;
        if head.alg != "ES256" {
            return Err(Refusal::Algorithm);
        }
        if head.typ != ACCESS {
            return Err(Refusal::Type);
        }
        let key = self.known.iter().find(|(kid, _)| *kid == head.kid);
        let (_, key) = key.ok_or(Refusal::Key)?;
        let is_ours =
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, Algorithm::ES256);
        if !is_ours.unwrap_or(false) {
            return Err(Refusal::Signature);
        }
        let access: Access =
            serde_json::from_slice(&decode(claims)?).map_err(|_| Refusal::Malformed)?;
        if now >= access.expires_at() {
            Err(Refusal::Expired)
        } else if access.issued_at() > now.plus(SKEW) {
            Err(Refusal::NotYet)
        } else {
            Ok(access)
        }
    }

    fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, Unsigned> {
        let (kid, key) = self.signing.as_ref().ok_or(Unsigned)?;
        let header = Header {
            typ: Some(typ.to_owned()),
            kid: Some(kid.clone()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, claims, key).map_err(|_| Unsigned)
    }
}

/// Who makes the tokens of a stage at an address.
fn issuer(public_url: &str, stage: Stage) -> String {
    format!("{}/{}", public_url.trim_end_matches('/'), stage.as_str())
}

/// Another algorithm is named as that, whatever else the header lacks.
fn refused_head(header: &[u8]) -> Refusal {
    #[derive(Deserialize)]
    struct Named {
        alg: String,
    }
    match serde_json::from_slice::<Named>(header) {
        Ok(named) if named.alg != "ES256" => Refusal::Algorithm,
        Ok(_) => Refusal::Header,
        Err(_) => Refusal::Malformed,
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Refusal::Malformed)
}

const fn seconds(at: Timestamp) -> i64 {
    at.millis().div_euclid(1_000)
}

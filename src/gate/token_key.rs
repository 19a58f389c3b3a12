//! A key that signs our tokens: published a day before it signs, and known until its last token is over.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcKey, EcKeyRef};
use openssl::error::ErrorStack;
use openssl::pkey::Private;
use openssl::sha::sha256;
use serde::Serialize;

use super::es256::{OCTETS, curve};
use crate::time::{Span, Timestamp};

/// A key pair on P-256; its private half is kept sealed and shown nowhere.
#[derive(Clone)]
pub struct TokenKey {
    /// Counted from the first key of the installation.
    pub generation: i64,
    /// When it was published.
    pub created_at: Timestamp,
    /// From when on it signs, until the next one does.
    pub signs_from: Timestamp,
    private: Vec<u8>,
    jwk: Jwk,
}

/// The public half as services read it (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    kty: &'static str,
    crv: &'static str,
    /// The first coordinate.
    pub x: String,
    /// The second coordinate.
    pub y: String,
    /// Its name: the thumbprint (RFC 7638).
    pub kid: String,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
}

/// What a key does at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is published and does not sign yet.
    Next,
    /// It signs.
    Signing,
    /// Its successor signs; its last tokens may still be about.
    Old,
    /// Its last token is over.
    Over,
}

impl Standing {
    /// The name for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Signing => "signing",
            Self::Old => "old",
            Self::Over => "over",
        }
    }
}

impl TokenKey {
    /// How long a key signs.
    pub const SIGNS: Span = Span::days(30);
    /// How long it is published before.
    pub const PUBLISHED_BEFORE: Span = Span::days(1);
    /// How long it is known after its successor began: the life of a token, and a wide margin.
    pub const KNOWN_AFTER: Span = Span::hours(1);

    /// A fresh key.
    pub fn generate(
        generation: i64,
        created_at: Timestamp,
        signs_from: Timestamp,
    ) -> Result<Self, ErrorStack> {
        let key = EcKey::generate(&*curve()?)?;
        Self::of(
            generation,
            key.private_key_to_der()?,
            created_at,
            signs_from,
        )
    }

    /// The key whose private half is that (SEC 1).
    pub fn of(
        generation: i64,
        private: Vec<u8>,
        created_at: Timestamp,
        signs_from: Timestamp,
    ) -> Result<Self, ErrorStack> {
        let jwk = Jwk::of(&*EcKey::private_key_from_der(&private)?)?;
        Ok(Self {
            generation,
            created_at,
            signs_from,
            private,
            jwk,
        })
    }

    /// The private half (SEC 1), for whoever signs or seals.
    pub fn private(&self) -> &[u8] {
        &self.private
    }

    /// The public half.
    pub const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// Each key with what it does at `now`; `keys` are ordered by generation.
    pub fn standings(keys: &[Self], now: Timestamp) -> Vec<(&Self, Standing)> {
        let mut successor: Option<&Self> = None;
        let mut all: Vec<_> = keys
            .iter()
            .rev()
            .map(|key| {
                let standing = match successor {
                    _ if key.signs_from > now => Standing::Next,
                    Some(next) if now >= next.signs_from.plus(Self::KNOWN_AFTER) => Standing::Over,
                    Some(_) => Standing::Old,
                    None => Standing::Signing,
                };
                if standing != Standing::Next {
                    successor = Some(key);
                }
                (key, standing)
            })
            .collect();
        all.reverse();
        all
    }

    /// When the next key should begin to sign, where it is time to publish it; `keys` are ordered by generation.
    pub fn due(keys: &[Self], now: Timestamp) -> Option<Timestamp> {
        let Some(newest) = keys.last() else {
            return Some(now);
        };
        let ends = newest.signs_from.plus(Self::SIGNS);
        let earliest = now.plus(Self::PUBLISHED_BEFORE);
        (earliest >= ends).then(|| earliest.max(ends))
    }
}

impl Jwk {
    fn of(key: &EcKeyRef<Private>) -> Result<Self, ErrorStack> {
        let (mut x, mut y, mut context) = (BigNum::new()?, BigNum::new()?, BigNumContext::new()?);
        let point = key.public_key();
        point.affine_coordinates(&*curve()?, &mut x, &mut y, &mut context)?;
        let text = |number: &BigNum| {
            let octets = number.to_vec_padded(i32::try_from(OCTETS).unwrap_or(i32::MAX))?;
            Ok::<_, ErrorStack>(URL_SAFE_NO_PAD.encode(octets))
        };
        let (x, y) = (text(&x)?, text(&y)?);
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Ok(Self {
            kty: "EC",
            crv: "P-256",
            x,
            y,
            kid: URL_SAFE_NO_PAD.encode(sha256(members.as_bytes())),
            alg: "ES256",
            usage: "sig",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_next_signs_and_is_known_until_its_tokens_are_over() {
        let start = Timestamp::from_millis(1_768_467_600_000);
        let switch = start.plus(TokenKey::SIGNS);
        let keys = [
            TokenKey::generate(1, start, start).unwrap(),
            TokenKey::generate(2, switch.minus(TokenKey::PUBLISHED_BEFORE), switch).unwrap(),
        ];
        let at = |now| {
            let all = TokenKey::standings(&keys, now);
            all.iter()
                .map(|(_, standing)| *standing)
                .collect::<Vec<_>>()
        };

        assert_eq!(at(start), [Standing::Signing, Standing::Next]);
        assert_eq!(at(switch), [Standing::Old, Standing::Signing]);
        assert_eq!(
            at(switch.plus(TokenKey::KNOWN_AFTER)),
            [Standing::Over, Standing::Signing]
        );
    }

    #[test]
    fn the_next_key_is_due_a_day_before_it_signs() {
        let start = Timestamp::from_millis(1_768_467_600_000);
        let keys = [TokenKey::generate(1, start, start).unwrap()];
        let end = start.plus(TokenKey::SIGNS);

        assert_eq!(TokenKey::due(&[], start), Some(start));
        assert_eq!(TokenKey::due(&keys, end.minus(Span::hours(25))), None);
        assert_eq!(TokenKey::due(&keys, end.minus(Span::days(1))), Some(end));
        let late = end.plus(Span::days(9));
        assert_eq!(TokenKey::due(&keys, late), Some(late.plus(Span::days(1))));
    }
}

//! ES256 (RFC 7518, 3.4) for `jsonwebtoken` by OpenSSL, and nothing but ES256.

use std::sync::Once;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{Private, Public};
use openssl::sha::sha256;

/// The octets of each of the two numbers of a signature, and of each coordinate of a point.
pub(super) const OCTETS: usize = 32;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::ES256 => Ok(Box::new(Signs(private(key)?))),
        _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::ES256 => Ok(Box::new(Verifies(public(key)?))),
        _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes this the cryptography of `jsonwebtoken`, once for the process.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = PROVIDER.install_default();
    });
}

/// The curve of all keys.
pub(super) fn curve() -> Result<EcGroup, ErrorStack> {
    EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)
}

struct Signs(EcKey<Private>);

struct Verifies(EcKey<Public>);

impl Signer<Vec<u8>> for Signs {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let sign = || {
            let made = EcdsaSig::sign(&sha256(message), &self.0)?;
            let padded = |number: &openssl::bn::BigNumRef| {
                number.to_vec_padded(i32::try_from(OCTETS).unwrap_or(i32::MAX))
            };
            Ok::<_, ErrorStack>([padded(made.r())?, padded(made.s())?].concat())
        };
        sign().map_err(signature::Error::from_source)
    }
}

impl JwtSigner for Signs {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

impl Verifier<Vec<u8>> for Verifies {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        if signature.len() != OCTETS * 2 {
            return Err(signature::Error::new());
        }
        let (r, s) = signature.split_at(OCTETS);
        let verify = || {
            let (r, s) = (BigNum::from_slice(r)?, BigNum::from_slice(s)?);
            EcdsaSig::from_private_components(r, s)?.verify(&sha256(message), &self.0)
        };
        match verify() {
            Ok(true) => Ok(()),
            Ok(false) => Err(signature::Error::new()),
            Err(error) => Err(signature::Error::from_source(error)),
        }
    }
}

impl JwtVerifier for Verifies {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

fn private(key: &EncodingKey) -> Result<EcKey<Private>, Error> {
    EcKey::private_key_from_der(key.as_bytes()).map_err(|_| new_error(ErrorKind::InvalidEcdsaKey))
}

fn public(key: &DecodingKey) -> Result<EcKey<Public>, Error> {
    let octets = key.try_get_as_bytes()?;
    let read = || {
        let (curve, mut context) = (curve()?, BigNumContext::new()?);
        let point = EcPoint::from_bytes(&curve, octets, &mut context)?;
        let key = EcKey::from_public_key(&curve, &point)?;
        key.check_key()?;
        Ok::<_, ErrorStack>(key)
    };
    read().map_err(|_| new_error(ErrorKind::InvalidEcdsaKey))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn verifies(x: &str, y: &str, message: &str, signature: &str) -> bool {
        install();
        let key = DecodingKey::from_ec_components(x, y).unwrap();
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::ES256).unwrap()
    }

    fn base64_of(hex: &str) -> String {
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    #[test]
    fn the_example_of_rfc_7515_verifies() {
        let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
        let message = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

        assert!(verifies(x, y, message, signature));
        assert!(!verifies(x, y, &message.replace("ey", "fy"), signature));
    }

    #[test]
    fn the_p256_vector_of_rfc_6979_verifies() {
        let x = base64_of("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6");
        let y = base64_of("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299");
        let signature = base64_of(
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        );

        assert!(verifies(&x, &y, "sample", &signature));
        assert!(!verifies(&x, &y, "simple", &signature));
    }

    #[test]
    fn no_other_algorithm_is_there() {
        install();
        let key = EncodingKey::from_secret(b"a public key, taken for a secret");

        let signed = jsonwebtoken::crypto::sign(b"message", &key, Algorithm::HS256);

        assert_eq!(*signed.unwrap_err().kind(), ErrorKind::UnsupportedAlgorithm);
    }
}

//! Signatures of service providers, judged as strictly as ADFS does: RSA with SHA-256.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::{MessageDigest, hash};
use openssl::sign::Verifier;
use openssl::x509::X509;
use uppsala::{Document, NodeId};

use super::Error;
use super::sign::{C14nMode, SignatureMethod};
use super::xml::{DSIG, all, canonical};

/// What is found out about a signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// One of the certificates made it.
    Genuine,
    /// There is none.
    Absent,
    /// It is made with another algorithm.
    Algorithm(String),
    /// It does not fit the message or the certificates.
    False,
}

/// Judges a signature over octets.
pub(super) fn octets(
    octets: &[u8],
    algorithm: &str,
    signature: &[u8],
    certificates: &[X509],
) -> Result<Verdict, Error> {
    if algorithm != SignatureMethod::RsaSha256.uri() {
        return Ok(Verdict::Algorithm(algorithm.to_owned()));
    }
    for certificate in certificates {
        let public = certificate.public_key()?;
        let mut verifier = Verifier::new(MessageDigest::sha256(), &public)?;
        if verifier.verify_oneshot(signature, octets).unwrap_or(false) {
            return Ok(Verdict::Genuine);
        }
    }
    Ok(Verdict::False)
}

/// Judges the signature that stands in the element it signs.
pub(super) fn enveloped(
    document: &Document<'_>,
    element: NodeId,
    certificates: &[X509],
) -> Result<Verdict, Error> {
    let child = |parent, name| document.first_child_element_by_name_ns(parent, DSIG, name);
    let Some(signature) = child(element, "Signature") else {
        return Ok(Verdict::Absent);
    };
    let (Some(info), Some(value)) = (
        child(signature, "SignedInfo"),
        child(signature, "SignatureValue"),
    ) else {
        return Ok(Verdict::False);
    };
    if !is_intact(document, element, signature, info)? {
        return Ok(Verdict::False);
    }
    let mode = child(info, "CanonicalizationMethod").and_then(|method| c14n(document, method));
    let method =
        child(info, "SignatureMethod").and_then(|id| document.get_attribute(id, "Algorithm"));
    let (Some(mode), Some(method), Some(value)) = (mode, method, decoded(document, value)) else {
        return Ok(Verdict::False);
    };
    octets(
        &canonical(document, info, None, mode, &[])?,
        method,
        &value,
        certificates,
    )
}

/// Whether the one reference means this element and its digest fits.
fn is_intact(
    document: &Document<'_>,
    element: NodeId,
    signature: NodeId,
    info: NodeId,
) -> Result<bool, Error> {
    let references = all(document, info, DSIG, "Reference");
    let ([reference], Some(id)) = (references.as_slice(), document.get_attribute(element, "ID"))
    else {
        return Ok(false);
    };
    let transforms = all(document, *reference, DSIG, "Transform");
    let Some((mode, transform)) = transforms
        .iter()
        .find_map(|transform| Some((c14n(document, *transform)?, *transform)))
    else {
        return Ok(false);
    };
    let prefixes = prefixes(document, transform);
    let octets = canonical(document, element, Some(signature), mode, &prefixes)?;
    let digest = hash(MessageDigest::sha256(), &octets)?;
    let stated = document
        .first_child_element_by_name_ns(*reference, DSIG, "DigestValue")
        .and_then(|value| decoded(document, value));
    let means_it = document.get_attribute(*reference, "URI") == Some(format!("#{id}").as_str());
    Ok(means_it && stated.as_deref() == Some(&*digest))
}

fn prefixes(document: &Document<'_>, transform: NodeId) -> Vec<String> {
    all(
        document,
        transform,
        C14nMode::Exclusive.uri(),
        "InclusiveNamespaces",
    )
    .iter()
    .filter_map(|id| document.get_attribute(*id, "PrefixList"))
    .flat_map(str::split_whitespace)
    .map(str::to_owned)
    .collect()
}

fn c14n(document: &Document<'_>, method: NodeId) -> Option<C14nMode> {
    C14nMode::from_uri(document.get_attribute(method, "Algorithm")?)
}

fn decoded(document: &Document<'_>, element: NodeId) -> Option<Vec<u8>> {
    let text: String = document
        .text_content_deep(element)
        .split_whitespace()
        .collect();
    STANDARD.decode(text).ok()
}

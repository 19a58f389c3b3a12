//! The SAML 2.0 profile that is accepted: small, strict, one pass, explainable.
//!
//! A response goes in at [`response::verify`] and a [`VerifiedAssertion`] comes out, or a [`check::Rejection`] with a line for
//! each rule. Everything received is parsed once, by `xml`; everything that we write leaves by [`request`] and [`descriptor`].

pub mod advice;
mod assertion;
pub mod check;
mod conditions;
pub mod connection;
mod decode;
pub mod descriptor;
mod encryption;
mod envelope;
pub mod form;
pub mod keys;
pub mod metadata;
pub mod names;
pub mod request;
pub mod response;
mod scan;
mod sign;
mod signature;
mod statement;
mod status;
mod subject;
pub mod trust;
mod xml;

pub use assertion::{Attribute, NameId, VerifiedAssertion};

//! The SAML 2.0 profile that is accepted: small, strict, one pass, explainable.
//!
//! A response goes in at [`response::verify`] and a [`VerifiedAssertion`] comes out, or a [`check::Rejection`] with a line for
//! each rule. Everything received is parsed once, by `xml`; everything that we write leaves by [`sending`] and [`descriptor`].
//! A response that is only tried out goes in at [`trial::verify`] and gives a [`TrialAssertion`], by which nobody comes in.
//! A message of single logout goes in at [`logout::verify`].

pub mod advice;
mod assertion;
pub mod binding;
pub mod check;
mod conditions;
pub mod connection;
mod decode;
pub mod descriptor;
mod encryption;
mod envelope;
pub mod form;
pub mod keys;
pub mod logout;
mod logout_written;
pub mod metadata;
mod name_id;
pub mod names;
mod outline;
mod problem;
pub mod request;
pub mod response;
pub mod rollover;
mod scan;
pub mod sending;
mod sign;
mod signature;
mod statement;
mod status;
pub mod step_up;
mod subject;
pub mod trial;
pub mod trust;
mod xml;

pub use assertion::{Attribute, VerifiedAssertion};
pub use name_id::NameId;
pub use outline::outline;
pub use trial::TrialAssertion;

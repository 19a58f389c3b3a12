//! A response that is only tried out: judged like any other, but nobody comes in by it.

use super::assertion::{Attribute, VerifiedAssertion};
use super::check::Rejection;
use super::response::{self, Context, Reading};
use super::{scan, xml::Xml};

/// What a response proved that was only tried out; nothing of it can be admitted, since it never gives its assertion away.
#[derive(Debug)]
pub struct TrialAssertion(VerifiedAssertion);

impl TrialAssertion {
    /// The claims.
    pub fn attributes(&self) -> &[Attribute] {
        self.0.attributes()
    }
}

/// Judges a response exactly like one by which somebody would come in.
pub fn verify(
    text: &str,
    context: &Context<'_>,
    reading: &mut Reading,
) -> Result<TrialAssertion, Rejection> {
    response::verify(text, context, reading).map(TrialAssertion)
}

/// The request that a document says it answers, before anything of it is proved.
pub fn answers(text: &str) -> Option<String> {
    let xml = Xml::parse(text, &scan::MESSAGE).ok()?;
    xml.attribute(xml.root(), "InResponseTo").map(str::to_owned)
}

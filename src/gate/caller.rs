//! A program that asks for decisions.

use std::collections::BTreeSet;

use super::AppSlug;
use crate::account::Stage;
use crate::id::AccountId;

/// Somebody who may ask what the people of one account may do in one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionCaller {
    /// Whose people it asks about.
    pub account: AccountId,
    /// What that account is for.
    pub stage: Stage,
    /// The app that it speaks for.
    pub app: AppSlug,
    /// What it is believed about resources, each by type and attribute, such as `profile.created_by`.
    pub trusts: BTreeSet<String>,
}

impl DecisionCaller {
    /// Whether it is believed when it says this attribute of such a resource; whose something is, is never its to say.
    pub fn is_trusted(&self, kind: &str, attribute: &str) -> bool {
        attribute != "account" && self.trusts.contains(&format!("{kind}.{attribute}"))
    }
}

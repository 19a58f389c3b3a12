//! What becomes of a live account when what was tested at the demo account is put in force there.

use std::collections::BTreeSet;

use super::{Document, Saml};
use crate::role::Role;

/// The demo account's mapping, rules and policy in the place of the live one's. What belongs to an environment stays the live
/// account's own: its name, where people may come from and go to, where its descriptor comes from, its entity id, its keys,
/// and whether changes take two people.
pub fn promoted(demo: &Document, live: &Document) -> Document {
    let options = |tested: &Saml| {
        let own = live.saml.clone().unwrap_or_default();
        Saml {
            idp_metadata: own.idp_metadata,
            idp_metadata_url: own.idp_metadata_url,
            entity_id: own.entity_id,
            key_bits: own.key_bits,
            ..tested.clone()
        }
    };
    Document {
        uam: demo.uam,
        claims: demo.claims.clone(),
        roles: demo.roles.clone(),
        users: demo.users,
        duties: demo.duties.clone(),
        session: demo.session,
        saml: demo.saml.as_ref().map(options).or(live.saml.clone()),
        ..live.clone()
    }
}

/// The roles that somebody can come to by a rule, each of which has to be seen at work before a promotion.
pub fn mapped(document: &Document) -> BTreeSet<Role> {
    document.roles.iter().map(|rule| rule.role).collect()
}

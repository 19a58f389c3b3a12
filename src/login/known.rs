//! What is known of whoever stands at the door.

use super::visit::Visit;
use super::{Error, Login};
use crate::account::Provisioning;
use crate::claims::Claims;
use crate::store::Of;
use crate::user::{self, Known, User};

/// What the decision about a person rests on.
pub(super) enum Before {
    /// They were known, like this.
    Known(User),
    /// Nobody was known by their subject, nor under these keyed digests; somebody may have been expected without one.
    Nobody {
        expected: Option<User>,
        graves: Vec<Grave>,
    },
}

/// By what somebody would be known, and the keyed digest under which they would be remembered if they had been deleted.
pub(super) struct Grave {
    pub(super) source: String,
    pub(super) subject: String,
    pub(super) digest: String,
}

impl Login {
    /// What is known of whoever the claims are about, by their subject and by what links those who are expected without one.
    pub(super) async fn known(
        &self,
        of: &mut Of<'_>,
        visit: &Visit,
        claims: &Claims,
    ) -> Result<(Known, Before), Error> {
        let document = &visit.connection.document;
        let link = document.link();
        let mut known = of
            .known(claims.source(), claims.subject(), document, visit.now)
            .await?;
        let linked = claims.link(link).map(|said| (link.source(), said));
        // Where people come by themselves, who is known by their subject is not looked for a second time.
        let linked = linked
            .filter(|_| known.user.is_none() || document.users.provisioning != Provisioning::Jit);
        if let Some((source, said)) = linked {
            let awaited = of.known(source, said, document, visit.now).await?;
            known.expected = awaited.user;
            known.has_twin |= awaited.has_twin;
            if known.user.is_none() {
                known.basis = awaited.basis;
            }
        }
        if let Some(user) = &known.user {
            let before = Before::Known(user.clone());
            return Ok((known, before));
        }
        let mut graves = Vec::new();
        for (source, subject) in [Some((claims.source(), claims.subject())), linked]
            .into_iter()
            .flatten()
        {
            let digest = user::tombstone(&self.ring, of.id(), source, subject)?;
            known.was_deleted |= of.was_deleted(&digest).await?;
            graves.push(Grave {
                source: source.to_owned(),
                subject: subject.to_owned(),
                digest,
            });
        }
        let expected = known.expected.clone();
        Ok((known, Before::Nobody { expected, graves }))
    }
}

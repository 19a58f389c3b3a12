//! Roles that a directory gives only with a second person's yes: asked for, and forgotten when no group gives them any more.

use super::App;
use crate::account::Document;
use crate::audit::Actor;
use crate::grant::Kind;
use crate::id::UserId;
use crate::proposal::Wish;
use crate::store::{self, Of};

impl App {
    /// Asks for each role that a group of the directory gives these people and that does not count without somebody's yes.
    pub(super) async fn propose_waiting(
        &self,
        of: &mut Of<'_>,
        document: &Document,
        people: impl IntoIterator<Item = UserId>,
        actor: &Actor,
    ) -> Result<(), store::Error> {
        let now = self.clock.now();
        for user in people {
            let Some(person) = of.person(user, now).await? else {
                continue;
            };
            for given in person.basis.standing(document, now).waiting {
                let wish = Wish::DirectoryRole {
                    user,
                    role: given.role,
                };
                self.propose_in(of, &wish, &given.source.sentence(), actor)
                    .await?;
            }
        }
        Ok(())
    }

    /// Forgets what was approved of these people that no group gives them any more, so that another group does not revive it.
    pub(super) async fn forget_approvals(
        &self,
        of: &mut Of<'_>,
        document: &Document,
        people: impl IntoIterator<Item = UserId>,
    ) -> Result<(), store::Error> {
        let now = self.clock.now();
        for user in people {
            let Some(person) = of.person(user, now).await? else {
                continue;
            };
            for role in person.basis.idle_approvals(document, now) {
                of.delete_order(user, role, Kind::Approval).await?;
            }
        }
        Ok(())
    }
}

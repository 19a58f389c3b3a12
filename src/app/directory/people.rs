//! The people of a directory.

use super::{Directory, Error, Versions, demand_version, nobody};
use crate::account::Link;
use crate::audit::Event;
use crate::grant::Basis;
use crate::id::UserId;
use crate::role::Roles;
use crate::scim::{self, Kind, Patch, Person};
use crate::store::Of;
use crate::user::{self, State, User};

impl Directory<'_> {
    /// Makes a person, who may sign in from now on unless the directory says that they may not.
    pub async fn create(&self, person: Person) -> Result<user::Person, Error> {
        let app = self.app;
        let mut user = User {
            id: UserId::new(self.now, &app.entropy),
            source: String::new(),
            subject: String::new(),
            external_id: None,
            state: State::Invited,
            profile: person.directory.profile(),
            directory: None,
            roles: Roles::new(),
            created_at: self.now,
            last_sign_in: None,
        };
        self.take_over(&mut user, person);
        let mut tx = app.store.write().await?;
        let mut of = tx.of(self.account.id);
        of.alone().await?;
        self.demand_free(&mut of, None, &user).await?;
        of.save_user(&user).await?;
        let event = Event::UserProvisioned {
            user: user.id.to_string(),
            active: user.state != State::Suspended,
        };
        of.audit(self.actor, event, self.now, &app.entropy).await?;
        tx.commit().await?;
        let basis = Basis::default();
        Ok(user::Person { user, basis })
    }

    /// One person.
    pub async fn person(&self, id: &str) -> Result<user::Person, Error> {
        let mut tx = self.app.store.read().await?;
        self.known(&mut tx.of(self.account.id), id).await
    }

    /// Puts a person in the place of what was known of them.
    pub async fn replace(
        &self,
        id: &str,
        person: Person,
        versions: Versions<'_>,
    ) -> Result<user::Person, Error> {
        self.change(id, versions, |_| Ok(person)).await
    }

    /// Changes parts of a person.
    pub async fn patch(
        &self,
        id: &str,
        patch: &Patch,
        versions: Versions<'_>,
    ) -> Result<user::Person, Error> {
        self.change(id, versions, |user| Ok(Person::from(user).patched(patch)?))
            .await
    }

    /// Removes a person for good; a keyed hash of what they were known by stays.
    pub async fn delete(&self, id: &str, versions: Versions<'_>) -> Result<(), Error> {
        let app = self.app;
        let mut tx = app.store.write().await?;
        let mut of = tx.of(self.account.id);
        of.alone().await?;
        let known = self.known(&mut of, id).await?;
        demand_version(versions, &version(&known, self.base))?;
        let link = self.document.link();
        app.erase(&mut of, &known.user, link, self.actor, self.now)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn known(&self, of: &mut Of<'_>, id: &str) -> Result<user::Person, Error> {
        let id = UserId::parse(id).ok_or_else(nobody)?;
        Ok(of.person(id, self.now).await?.ok_or_else(nobody)?)
    }

    async fn change(
        &self,
        id: &str,
        versions: Versions<'_>,
        wanted: impl FnOnce(&User) -> Result<Person, Error>,
    ) -> Result<user::Person, Error> {
        let app = self.app;
        let mut tx = app.store.write().await?;
        let mut of = tx.of(self.account.id);
        of.alone().await?;
        let mut known = self.known(&mut of, id).await?;
        demand_version(versions, &version(&known, self.base))?;
        let before = known.user.clone();
        self.take_over(&mut known.user, wanted(&before)?);
        let fields = changed(&before, &known.user);
        if fields.is_empty() && before.state == known.user.state {
            known.user = before;
            return Ok(known);
        }
        self.demand_free(&mut of, Some(&before), &known.user)
            .await?;
        let sessions_ended = match known.user.state {
            State::Suspended => of.end_sessions(before.id).await?,
            State::Active | State::Invited => 0,
        };
        of.save_user(&known.user).await?;
        let user = before.id.to_string();
        if !fields.is_empty() {
            let (user, fields) = (user.clone(), fields);
            let event = Event::UserChanged { user, fields };
            of.audit(self.actor, event, self.now, &app.entropy).await?;
        }
        if before.state != known.user.state {
            let event = match known.user.state {
                State::Suspended => Event::UserSuspended {
                    user,
                    sessions_ended,
                },
                State::Active | State::Invited => Event::UserRestored { user },
            };
            of.audit(self.actor, event, self.now, &app.entropy).await?;
        }
        tx.commit().await?;
        Ok(known)
    }

    /// Writes what the directory says into the user.
    fn take_over(&self, user: &mut User, person: Person) {
        let was = user.state;
        user.external_id = person.external_id;
        let known = user.directory.as_ref();
        let said = user::Directory {
            has_suspended: known.is_some_and(|known| known.has_suspended),
            ..person.directory
        };
        let same = |known: &user::Directory| {
            user::Directory {
                changed_at: known.changed_at,
                ..said.clone()
            } == *known
        };
        if !user.directory.as_ref().is_some_and(same) {
            user.profile = said.profile().or(user.profile.clone());
            user.directory = Some(user::Directory {
                changed_at: self.now,
                ..said
            });
        }
        if let (Some(is_active), Some(known)) = (person.is_active, &mut user.directory) {
            user.state = match (is_active, user.state) {
                (false, State::Active | State::Invited) => State::Suspended,
                (true, State::Suspended) if !known.has_suspended => State::Suspended,
                (true, State::Suspended) if user.last_sign_in.is_some() => State::Active,
                (true, State::Suspended) => State::Invited,
                (true | false, state) => state,
            };
            // Who was kept out by somebody else before stays so.
            known.has_suspended = !is_active && (known.has_suspended || was != State::Suspended);
        }
        if !user.is_linked() || user.subject.is_empty() {
            let link = self.document.link();
            (user.source, user.subject) = user::unlinked(link, user.link(link), user.id);
        }
    }

    /// Refuses a name or id that somebody else has or had, and another link key for somebody who has signed in.
    async fn demand_free(
        &self,
        of: &mut Of<'_>,
        before: Option<&User>,
        user: &User,
    ) -> Result<(), Error> {
        let own = self.document.link();
        for (link, attribute) in [
            (Link::UserName, "userName"),
            (Link::ExternalId, "externalId"),
            (Link::Email, "emails"),
        ] {
            let (old, new) = (before.and_then(|user| user.link(link)), user.link(link));
            if old == new {
                continue;
            }
            if link == own && old.is_some() && user.is_linked() {
                return Err(Kind::Mutability.because(format!(
                    "`{attribute}` is what the person was linked to their sign-in by (`users.link`), and does not change any more"
                )).into());
            }
            let is_their_name = link == own || (link == Link::ExternalId && old.is_some());
            if let Some(before) = before.filter(|_| is_their_name)
                && self.app.is_vouched_for(of, before.id).await?
            {
                return Err(Kind::Mutability.because(format!(
                    "somebody gave this person roles, or is about to, as whom `{attribute}` names. Their administrators take the roles away first; another person is a user of their own"
                )).into());
            }
            let Some(value) = new.filter(|_| link != Link::Email || link == own) else {
                continue;
            };
            let known = of.users_by_link(link, &value, self.now).await?;
            if let Some(other) = known.iter().find(|other| other.user.id != user.id) {
                let sentence = format!(
                    "`{attribute}` is that of {} already, or differs only in case or normal form. Change that person instead",
                    other.user.id
                );
                return Err(Kind::Uniqueness.because(sentence).into());
            }
            let grave = user::tombstone(&self.app.ring, self.account.id, link.source(), &value)?;
            if link == own && of.was_deleted(&grave).await? {
                return Err(Kind::Uniqueness.because(format!(
                    "somebody of this `{attribute}` was deleted, and nobody inherits what they had. Give a new person another `{attribute}`; keep somebody out for a while by `active`: false instead of deleting them"
                )).into());
            }
        }
        Ok(())
    }
}

/// Which attributes differ, by their names: what stands in them is nobody's but the person's.
fn changed(before: &User, after: &User) -> Vec<String> {
    let (old, new) = (&before.directory, &after.directory);
    let said = |of: fn(&user::Directory) -> String| {
        old.as_ref().map(of).unwrap_or_default() != new.as_ref().map(of).unwrap_or_default()
    };
    let name = |said: &user::Directory| format!("{:?}{:?}", said.given_name, said.surname);
    let differ = [
        ("userName", before.name() != after.name()),
        ("externalId", before.external_id != after.external_id),
        (
            "displayName",
            said(|said| format!("{:?}", said.display_name)),
        ),
        ("name", said(name)),
        ("emails", said(|said| format!("{:?}", said.mails))),
    ];
    let differ = differ.into_iter().filter(|(_, differs)| *differs);
    differ.map(|(name, _)| name.to_owned()).collect()
}

fn version(known: &user::Person, base: &str) -> String {
    let resource = scim::person(known, base);
    let version = resource.get("meta").and_then(|meta| meta.get("version"));
    let version = version.and_then(|version| version.as_str());
    version.unwrap_or_default().to_owned()
}

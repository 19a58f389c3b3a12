//! People of an account by the beginning of a name, by state and by role, a page at a time.

use std::collections::BTreeSet;

use super::batch::{Changes, statement};
use super::db::{Error, Of, Tx, sql};
use super::place::Place;
use super::user::{Row, is_kept};
use crate::claims::Claimed;
use crate::id::{AccountId, UserId, hex};
use crate::role::Role;
use crate::time::Timestamp;
use crate::user::{self, State, User};

/// So much of a value is compared by the database; PostgreSQL limits what an index takes.
const BYTES: usize = 48;
/// So many people are looked at in one go, and in all, before a page ends although it is not full.
const AT_ONCE: i64 = 250;
const ENOUGH: usize = 500;

/// Who is looked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// How their subject, e-mail address, name, family name or external id begins, whatever its case.
    pub begins: Option<String>,
    /// Their state.
    pub state: Option<State>,
    /// A role that they hold.
    pub role: Option<Role>,
}

/// What people are found by, in the order in which a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// The subject.
    Subject,
    /// The e-mail address.
    Email,
    /// The given name and the family name.
    Full,
    /// The family name.
    Surname,
    /// The client's own id.
    External,
}

impl Name {
    const ALL: [Self; 5] = [
        Self::Subject,
        Self::Email,
        Self::Full,
        Self::Surname,
        Self::External,
    ];

    /// Its letter where a page ends.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Subject => "s",
            Self::Email => "e",
            Self::Full => "n",
            Self::Surname => "f",
            Self::External => "x",
        }
    }

    /// The name of that letter.
    pub fn of(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.letter() == letter)
    }

    fn next(self) -> Option<Self> {
        let mut after = Self::ALL.into_iter().skip_while(move |name| *name != self);
        after.nth(1)
    }

    fn value(self, user: &User) -> Option<String> {
        let value = match self {
            Self::Subject => Some(user.subject.clone()),
            Self::Email => user.profile.email.clone(),
            Self::Full => user.profile.name(),
            Self::Surname => user.profile.surname.clone(),
            Self::External => user.external_id.clone(),
        };
        value.map(|value| user::fold(&value))
    }
}

/// The keys of a person by which a search finds them; one that an earlier name gives already is left out.
pub(super) fn keys(user: &User) -> [Option<String>; 5] {
    let mut keys: [Option<String>; 5] =
        Name::ALL.map(|name| name.value(user).map(|value| key(&value)));
    for at in (1..keys.len()).rev() {
        let (before, rest) = keys.split_at_mut(at);
        if let Some(one) = rest.first_mut().filter(|one| before.contains(*one)) {
            *one = None;
        }
    }
    keys
}

/// Hex sorts alike in every collation.
fn key(fold: &str) -> String {
    let bytes = fold.as_bytes();
    hex(bytes.get(..BYTES).unwrap_or(bytes))
}

impl Changes {
    /// Keeps which roles the claims of somebody may give, to find them by.
    pub(super) fn hold(&mut self, user: UserId, claimed: &[Claimed]) {
        let id = user.to_string();
        self.add(statement!(
            "DELETE FROM held WHERE account = $1 AND user_id = $2",
            &self.account,
            &id,
        ));
        let roles: BTreeSet<Role> = claimed.iter().map(|one| one.role).collect();
        for role in roles {
            self.add(statement!(
                "INSERT INTO held (account, role, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                &self.account,
                role.as_str(),
                &id,
            ));
        }
    }
}

impl Tx {
    /// Accounts with people who came before there were keys.
    pub async fn accounts_without_keys(&mut self) -> Result<Vec<AccountId>, Error> {
        let rows = sql!(
            self,
            all(String,),
            "SELECT DISTINCT account FROM users WHERE subject_key IS NULL"
        )?;
        let parse = |(id,): (String,)| AccountId::parse(&id).ok_or(Error::Stored("user"));
        rows.into_iter().map(parse).collect()
    }
}

impl Of<'_> {
    /// A page of whoever is looked for, and where the next one begins; a page may end before it is full.
    pub async fn search(
        &mut self,
        wanted: &Wanted,
        from: Option<Place>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<User>, Option<Place>), Error> {
        let begins = wanted.fold();
        let mut place = match (from, &begins) {
            (Some(place @ (Place::Within(..) | Place::Before(_))), Some(_))
            | (Some(place @ Place::After(_)), None) => Some(place),
            (None | Some(Place::After(_)), Some(_)) => Some(Place::Before(Name::Subject)),
            (None | Some(Place::Within(..) | Place::Before(_)), None) => None,
        };
        let mut found = Vec::new();
        let at_once = AT_ONCE.min(i64::try_from(limit).unwrap_or(AT_ONCE).saturating_add(1));
        // Of a state or of a role alone almost everybody fits whom the database finds.
        let narrowing = [
            begins.is_some(),
            wanted.state.is_some(),
            wanted.role.is_some(),
        ];
        let at_once = if narrowing.into_iter().filter(|one| *one).count() > 1 {
            AT_ONCE
        } else {
            at_once
        };
        let mut seen = 0;
        while seen < ENOUGH {
            let users = match &begins {
                Some(begins) => {
                    self.named(&key(begins), place.as_ref(), at_once, now)
                        .await?
                }
                None => self.listed(wanted, place.as_ref(), at_once, now).await?,
            };
            let is_last = i64::try_from(users.len()).unwrap_or(i64::MAX) < at_once;
            seen += users.len();
            for user in users {
                if found.len() == limit {
                    return Ok((found, place));
                }
                let after = after(place.as_ref(), &user);
                if wanted.fits(&user, begins.as_deref(), place.as_ref()) {
                    found.push(user);
                }
                place = Some(after);
            }
            if is_last {
                let next = match &place {
                    Some(Place::Within(name, ..) | Place::Before(name)) => name.next(),
                    Some(Place::After(_)) | None => None,
                };
                match next {
                    Some(next) => place = Some(Place::Before(next)),
                    None => return Ok((found, None)),
                }
            }
        }
        Ok((found, place))
    }

    /// Those whose key begins so, among those who are found by one of the names.
    async fn named(
        &mut self,
        begins: &str,
        place: Option<&Place>,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<User>, Error> {
        let (name, key, id) = match place {
            Some(Place::Within(name, key, id)) => (*name, key.clone(), id.to_string()),
            Some(Place::Before(name)) => (*name, begins.to_owned(), String::new()),
            Some(Place::After(_)) | None => (Name::Subject, begins.to_owned(), String::new()),
        };
        // No hex digit comes after `f`.
        let end = format!("{begins}g");
        let rows = match name {
            Name::Subject => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
                 FROM users WHERE account = $1 AND subject_key >= $2 AND subject_key < $3 AND (subject_key, id) > ($2, $4) ORDER BY subject_key, id LIMIT $5",
                &self.account, key, end, id, limit
            )?,
            Name::Email => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
                 FROM users WHERE account = $1 AND email_key >= $2 AND email_key < $3 AND (email_key, id) > ($2, $4) ORDER BY email_key, id LIMIT $5",
                &self.account, key, end, id, limit
            )?,
            Name::Full => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
                 FROM users WHERE account = $1 AND name_key >= $2 AND name_key < $3 AND (name_key, id) > ($2, $4) ORDER BY name_key, id LIMIT $5",
                &self.account, key, end, id, limit
            )?,
            Name::Surname => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
                 FROM users WHERE account = $1 AND surname_key >= $2 AND surname_key < $3 AND (surname_key, id) > ($2, $4) ORDER BY surname_key, id LIMIT $5",
                &self.account, key, end, id, limit
            )?,
            Name::External => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
                 FROM users WHERE account = $1 AND external_key >= $2 AND external_key < $3 AND (external_key, id) > ($2, $4) ORDER BY external_key, id LIMIT $5",
                &self.account, key, end, id, limit
            )?,
        };
        self.people_apart(rows, now).await
    }

    /// Those of a role or state, by id.
    async fn listed(
        &mut self,
        wanted: &Wanted,
        place: Option<&Place>,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<User>, Error> {
        let after = match place {
            Some(Place::After(id)) => Some(*id),
            Some(Place::Within(..) | Place::Before(_)) | None => None,
        };
        let text = after.map(|id| id.to_string()).unwrap_or_default();
        // Which groups give a role is a matter of the configuration, so those people are looked through.
        let role = match wanted.role {
            Some(role) if !is_kept(self.document().await?.as_ref()) => Some(role),
            Some(_) | None => None,
        };
        let rows = match (role, wanted.state) {
            // What claims may give, and what was granted; which of both counts is seen when the roles are worked out.
            (Some(role), _) => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
                 FROM users WHERE account = $1 AND id IN (
                 SELECT user_id FROM (SELECT user_id FROM held WHERE account = $1 AND role = $2 AND user_id > $3 ORDER BY user_id LIMIT $4) AS claiming
                 UNION
                 SELECT user_id FROM (SELECT user_id FROM grants WHERE account = $1 AND role = $2 AND user_id > $3 AND kind = 'grant' ORDER BY user_id LIMIT $4) AS granted
                 ) ORDER BY id LIMIT $4",
                &self.account, role.as_str(), text, limit
            )?,
            (None, Some(state)) => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
                 FROM users WHERE account = $1 AND state = $2 AND id > $3 ORDER BY id LIMIT $4",
                &self.account, state.as_str(), text, limit
            )?,
            (None, None) => return self.users(after, limit, now).await,
        };
        self.people_apart(rows, now).await
    }

    /// Gives people their keys who came before there were any; says whether that were as many as `limit`.
    pub async fn key_users(&mut self, limit: i64) -> Result<bool, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
             FROM users WHERE account = $1 AND subject_key IS NULL ORDER BY id LIMIT $2",
            &self.account, limit
        )?;
        let count = rows.len();
        let mut changes = Changes::new(self.id);
        for row in rows {
            let (user, claimed) = row.user()?;
            changes.save_user(&user)?;
            changes.hold(user.id, &claimed);
        }
        self.run(&changes).await?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX) >= limit)
    }
}

impl Wanted {
    /// Whether a name is looked for.
    pub fn is_search(&self) -> bool {
        self.fold().is_some()
    }

    fn fold(&self) -> Option<String> {
        let begins = self.begins.as_deref().map(user::fold);
        begins.filter(|begins| !begins.is_empty())
    }

    /// Whether not everybody is looked for.
    pub const fn is_narrowed(&self) -> bool {
        self.begins.is_some() || self.state.is_some() || self.role.is_some()
    }

    /// Whether somebody is wanted whom the database found at that place.
    fn fits(&self, user: &User, begins: Option<&str>, place: Option<&Place>) -> bool {
        let is_named = match (begins, place) {
            (Some(begins), Some(Place::Within(name, ..) | Place::Before(name))) => {
                let starts = |name: Name| {
                    name.value(user)
                        .is_some_and(|value| value.starts_with(begins))
                };
                // Whoever an earlier name found was on an earlier page.
                let mut earlier = Name::ALL.into_iter().take_while(|one| one != name);
                starts(*name) && !earlier.any(starts)
            }
            (Some(_), Some(Place::After(_)) | None) => false,
            (None, _) => true,
        };
        is_named
            && self.state.is_none_or(|state| user.state == state)
            && self.role.is_none_or(|role| user.roles.contains_key(&role))
    }
}

/// The place after somebody who was found at a place.
fn after(place: Option<&Place>, user: &User) -> Place {
    match place {
        Some(Place::Within(name, ..) | Place::Before(name)) => {
            let value = name.value(user).unwrap_or_default();
            Place::Within(*name, key(&value), user.id)
        }
        Some(Place::After(_)) | None => Place::After(user.id),
    }
}

//! What a change would do, as the pages show it.

use crate::account::Change;
use crate::app::Effects;
use crate::role::Role;
use crate::saml::keys::Certificate;
use crate::saml::metadata::Descriptor;
use crate::saml::trust::Difference;
use crate::time::Timestamp;

/// So many people and values are named.
const NAMED: usize = 100;

/// What differs: what it is, before, and after.
pub(super) type Row = (String, String, String);

/// What differs in a configuration.
pub(super) fn changes(all: &[Change]) -> Vec<Row> {
    let text = |value: &Option<String>| value.as_deref().unwrap_or("nothing").to_owned();
    let row = |change: &Change| {
        (
            change.key.clone(),
            text(&change.before),
            text(&change.after),
        )
    };
    all.iter().map(row).collect()
}

/// What differs in whom an account trusts: what it is, before, and after.
pub(super) fn trust(difference: &Difference) -> Vec<Row> {
    let text = |value: Option<&String>| value.map_or("nothing", String::as_str).to_owned();
    let key = "Signing key".to_owned();
    let moved = difference.moved.iter().map(|moved| {
        let (before, after) = (moved.before.as_ref(), moved.after.as_ref());
        (moved.what.to_owned(), text(before), text(after))
    });
    let gone = difference.removed.iter();
    let gone = gone.map(|gone| (gone.fingerprint.clone(), "trusted no more".to_owned()));
    let added = difference.added.iter();
    let added = added.map(|added| ("not trusted".to_owned(), added.fingerprint.clone()));
    let keys = gone.chain(added);
    moved
        .chain(keys.map(|(before, after)| (key.clone(), before, after)))
        .collect()
}

/// What becomes of people.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) count: usize,
    pub(super) seen: usize,
    pub(super) changed: usize,
    pub(super) gained: Vec<(Role, usize)>,
    pub(super) lost: Vec<(Role, usize)>,
    pub(super) moved: Vec<Row>,
    pub(super) nobody: Vec<Role>,
    pub(super) unmapped: Vec<(String, String, usize)>,
}

impl From<Effects> for People {
    fn from(effects: Effects) -> Self {
        let names = |roles: Vec<String>| match roles.as_slice() {
            [] => "no role".to_owned(),
            some => some.join(", "),
        };
        let changed = effects.changed.len();
        let moved = effects.changed.into_iter().take(NAMED);
        Self {
            count: effects.people,
            seen: effects.seen,
            changed,
            gained: effects.gained.into_iter().collect(),
            lost: effects.lost.into_iter().collect(),
            moved: moved
                .map(|one| (one.name, names(one.before), names(one.after)))
                .collect(),
            nobody: effects.nobody.into_iter().collect(),
            unmapped: effects.unmapped.into_iter().take(NAMED).collect(),
        }
    }
}

/// An identity provider, read back.
pub(super) struct Provider {
    pub(super) entity_id: String,
    pub(super) places: Vec<(&'static str, String)>,
    pub(super) certificates: Vec<Ends>,
    pub(super) claims: usize,
}

/// A certificate and its end.
pub(super) struct Ends {
    pub(super) what: String,
    pub(super) fingerprint: String,
    pub(super) until: String,
    pub(super) days: i64,
}

impl Ends {
    pub(super) fn of(what: String, certificate: &Certificate, now: Timestamp) -> Self {
        Self {
            what,
            fingerprint: certificate.fingerprint.clone(),
            until: certificate.not_after.for_people(),
            days: certificate.days_left(now),
        }
    }
}

impl Provider {
    pub(super) fn of(idp: &Descriptor, now: Timestamp) -> Self {
        let places = [
            ("Sign-in", &idp.sso_redirect),
            ("Sign-in by POST", &idp.sso_post),
            ("Sign-out", &idp.slo_redirect),
            ("Sign-out by POST", &idp.slo_post),
        ];
        let places = places.into_iter();
        let ends = idp.signing.iter().map(|key| {
            let certificate = &key.certificate;
            Ends::of(certificate.subject.clone(), certificate, now)
        });
        Self {
            entity_id: idp.entity_id.clone(),
            places: places
                .filter_map(|(what, place)| Some((what, place.clone()?)))
                .collect(),
            certificates: ends.collect(),
            claims: idp.claims.len(),
        }
    }
}

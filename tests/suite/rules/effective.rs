//! Rule 29: effective roles = (claim roles ∪ grants) − denials, minus conflicts; whatever is tried.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;
use vestibule::account::{Document, RoleRule, RolesFrom};
use vestibule::claims::Claimed;
use vestibule::grant::{Basis, Kind, Order};
use vestibule::role::Role;
use vestibule::time::{Span, Timestamp, Until};

use super::super::app::{NOW, document};

const ROLES: [Role; 5] = [
    Role::Maker,
    Role::Checker,
    Role::Auditor,
    Role::LinkCreator,
    Role::UamAdmin,
];

/// Some hours before or after the present.
fn moment() -> impl Strategy<Value = Timestamp> {
    (-3_i64..4).prop_map(|hours| NOW.plus(Span::hours(hours)))
}

fn claimed() -> impl Strategy<Value = Vec<Claimed>> {
    let one = (0..ROLES.len(), select(&["vkyc-maker", "x"][..])).prop_map(|(at, value)| {
        let rule = &rules()[at];
        Claimed {
            role: rule.role,
            claim: rule.claim().unwrap().to_owned(),
            value: value.into(),
            since: NOW,
        }
    });
    vec(one, 0..6)
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let kind = select(&[Kind::Grant, Kind::Denial][..]);
    let one = (select(&ROLES[..]), kind, proptest::option::of(moment()));
    let one = one.prop_map(|(role, kind, ends_at)| Order {
        role,
        kind,
        author: "shell:test".into(),
        reason: "a reason".into(),
        created_at: NOW,
        ends_at,
    });
    vec(one, 0..8)
}

/// A rule for each role, by one value each.
fn rules() -> Vec<RoleRule> {
    let rule = |role: Role| {
        let text = format!("role = \"{role}\"\nclaim = \"urn:{role}\"\nequals = \"x\"");
        toml::from_str(&text).unwrap()
    };
    ROLES.map(rule).into()
}

prop_compose! {
    fn configured()(
        from in select(&[RolesFrom::Claims, RolesFrom::Uam, RolesFrom::Both][..]),
        kept in proptest::sample::subsequence(rules(), 0..=ROLES.len()),
        ends in vec(proptest::option::of(moment()), ROLES.len()),
        apart in proptest::sample::subsequence(vec![[Role::Maker, Role::Checker], [Role::Checker, Role::Auditor]], 0..=2),
    ) -> Document {
        let mut document = document("acme-demo");
        document.users.roles_from = from;
        document.roles = kept;
        for (rule, end) in document.roles.iter_mut().zip(ends) {
            rule.until = end.map(Until::from);
        }
        document.duties.apart = apart;
        document
    }
}

fn held(basis: &Basis, document: &Document, now: Timestamp) -> BTreeSet<Role> {
    basis.standing(document, now).roles.into_keys().collect()
}

/// The rule, as it is written.
fn expected(basis: &Basis, document: &Document, now: Timestamp) -> BTreeSet<Role> {
    let counts = |kind| {
        let in_force =
            move |order: &&Order| order.kind == kind && order.ends_at.is_none_or(|end| now < end);
        let orders = basis.orders.iter().filter(in_force);
        orders.map(|order| order.role).collect::<BTreeSet<_>>()
    };
    let fires = |claimed: &&Claimed| {
        document.roles.iter().any(|rule| {
            rule.role == claimed.role
                && rule.accepts(&claimed.value)
                && rule.until.is_none_or(|until| now < until.at())
        })
    };
    let mut roles = BTreeSet::new();
    if document.users.roles_from != RolesFrom::Uam {
        roles.extend(
            basis
                .claimed
                .iter()
                .filter(fires)
                .map(|claimed| claimed.role),
        );
    }
    if document.users.roles_from != RolesFrom::Claims {
        roles.extend(counts(Kind::Grant));
    }
    let denied = counts(Kind::Denial);
    roles.retain(|role| !denied.contains(role));
    let apart = document.duties.apart.iter();
    let conflicts: BTreeSet<Role> = apart
        .filter(|pair| pair.iter().all(|role| roles.contains(role)))
        .flatten()
        .copied()
        .collect();
    &roles - &conflicts
}

proptest! {
    #![proptest_config(Config { cases: 2_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn rule_29_roles_are_what_the_rule_says(
        document in configured(), claimed in claimed(), orders in orders(), now in moment(),
    ) {
        let basis = Basis { claimed, orders, ..Basis::default() };

        prop_assert_eq!(held(&basis, &document, now), expected(&basis, &document, now));
    }

    #[test]
    fn rule_29_a_denial_wins(
        document in configured(), claimed in claimed(), mut orders in orders(), role in select(&ROLES[..]),
    ) {
        orders.push(Order {
            role,
            kind: Kind::Denial,
            author: "shell:test".into(),
            reason: "a reason".into(),
            created_at: NOW,
            ends_at: None,
        });
        let basis = Basis { claimed, orders, ..Basis::default() };

        prop_assert!(!held(&basis, &document, NOW).contains(&role));
    }

    #[test]
    fn rule_29_a_missing_claim_takes_no_grant_away(
        mut document in configured(), claimed in claimed(), orders in orders(),
    ) {
        document.duties.apart.clear();
        document.users.roles_from = RolesFrom::Both;
        let without = held(&Basis { orders: orders.clone(), ..Basis::default() }, &document, NOW);

        let with = held(&Basis { claimed, orders, ..Basis::default() }, &document, NOW);

        prop_assert!(without.is_subset(&with));
    }

    #[test]
    fn rule_29_a_removed_rule_gives_nothing(
        mut document in configured(), claimed in claimed(), role in select(&ROLES[..]),
    ) {
        document.roles.retain(|rule| rule.role != role);
        let basis = Basis { claimed, ..Basis::default() };

        prop_assert!(!held(&basis, &document, NOW).contains(&role));
    }

    #[test]
    fn rule_29_the_order_does_not_matter(
        document in configured(), claimed in claimed(), orders in orders(),
    ) {
        let basis = Basis { claimed, orders, ..Basis::default() };
        let (mut turned, mut other) = (basis.clone(), document.clone());
        turned.claimed.reverse();
        turned.orders.reverse();
        other.roles.reverse();
        other.duties.apart.reverse();

        prop_assert_eq!(held(&basis, &document, NOW), held(&turned, &other, NOW));
        prop_assert_eq!(basis.standing(&document, NOW).given, turned.standing(&other, NOW).given);
    }

    #[test]
    fn rule_42_until_the_next_edge_nothing_changes_by_itself(
        document in configured(), claimed in claimed(), orders in orders(), now in moment(),
    ) {
        let basis = Basis { claimed, orders, ..Basis::default() };
        let end = basis.changes_at(&document, now).unwrap_or(NOW.plus(Span::days(1)));

        prop_assert!(now < end);
        let last = end.minus(Span::millis(1));
        prop_assert_eq!(basis.standing(&document, now), basis.standing(&document, last));
    }
}

#[test]
fn rule_29_an_end_is_exact() {
    let mut document = document("acme-demo");
    document.users.roles_from = RolesFrom::Both;
    let end = NOW.plus(Span::hours(1));
    let grant = Order {
        role: Role::Auditor,
        kind: Kind::Grant,
        author: "shell:test".into(),
        reason: "the yearly audit".into(),
        created_at: NOW,
        ends_at: Some(end),
    };
    let basis = Basis {
        orders: vec![grant],
        ..Basis::default()
    };

    assert_eq!(
        held(&basis, &document, end.minus(Span::millis(1))),
        [Role::Auditor].into()
    );
    assert_eq!(held(&basis, &document, end), BTreeSet::new());
    assert_eq!(
        basis.standing(&document, NOW).roles[&Role::Auditor],
        "granted by shell:test on 2026-01-15 09:00:00 UTC until 2026-01-15T10:00:00.000Z: the yearly audit"
    );
}

#[test]
fn rule_01_no_other_account_yields_an_operator() {
    let mut document = document("acme-demo");
    document.users.roles_from = RolesFrom::Both;
    let grant = Order {
        role: Role::Operator,
        kind: Kind::Grant,
        author: "shell:test".into(),
        reason: "behind the store's back".into(),
        created_at: NOW,
        ends_at: None,
    };
    let basis = Basis {
        orders: vec![grant],
        ..Basis::default()
    };

    assert_eq!(held(&basis, &document, NOW), BTreeSet::new());
}

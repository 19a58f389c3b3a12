//! What is sound in a configuration and still worth a second look.

use std::collections::BTreeSet;

use super::{Document, RoleRule, Test, Whom};
use crate::time::Timestamp;

/// What somebody should look at: rules that give one person what nobody may hold together, and rules that have ended.
pub fn warnings(document: &Document, now: Timestamp) -> Vec<String> {
    let mut found: Vec<String> = document
        .roles
        .iter()
        .filter(|rule| rule.has_ended(now))
        .map(|rule| {
            format!(
                "the rule for {} gives nothing any more: {}",
                rule.role,
                rule.describe()
            )
        })
        .collect();
    let of = |role| document.roles.iter().filter(move |rule| rule.role == role);
    for [one, other] in &document.duties.apart {
        for (a, b) in of(*one).flat_map(|a| of(*other).map(move |b| (a, b))) {
            if overlaps(a, b) {
                found.push(format!(
                    "one value gives both {one} and {other}, which `duties.apart` forbids: {} | {}",
                    a.describe(),
                    b.describe()
                ));
            }
        }
    }
    found
}

/// Whether some value of the claim fires both rules, or one group does; where one of them ignores case, case is ignored in both.
fn overlaps(one: &RoleRule, other: &RoleRule) -> bool {
    match (&one.whom, &other.whom) {
        (Whom::Group(one), Whom::Group(other)) => one == other,
        (
            Whom::Claim {
                name,
                test,
                ignore_case,
            },
            Whom::Claim {
                name: other_name,
                test: other_test,
                ignore_case: other_ignores,
            },
        ) => {
            let fold = *ignore_case || *other_ignores;
            let others = forms(other_test, fold);
            let is_common = |a| others.iter().any(|b| have_common_text(a, b));
            name == other_name && forms(test, fold).iter().any(is_common)
        }
        (Whom::Claim { .. }, Whom::Group(_)) | (Whom::Group(_), Whom::Claim { .. }) => false,
    }
}

/// A character, or any text.
type Form = Vec<Option<char>>;

fn forms(test: &Test, fold: bool) -> Vec<Form> {
    let fold = |text: &str| {
        if fold {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    };
    let exact = |text: &String| fold(text).chars().map(Some).collect();
    match test {
        Test::Equals(value) => vec![exact(value)],
        Test::AnyOf(values) => values.iter().map(exact).collect(),
        Test::Matches(pattern) => {
            let pattern = fold(pattern);
            let form = pattern.chars().map(|c| (c != '*').then_some(c));
            vec![form.collect()]
        }
    }
}

/// Walks through both at once, never twice from the same place.
fn have_common_text(one: &Form, other: &Form) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![(0, 0)]);
    while let Some((i, j)) = open.pop() {
        if !seen.insert((i, j)) {
            continue;
        }
        let (a, b) = (one.get(i), other.get(j));
        match (a, b) {
            (None, None) => return true,
            (Some(Some(a)), Some(Some(b))) if a == b => open.push((i + 1, j + 1)),
            _ => {}
        }
        if a == Some(&None) {
            open.push((i + 1, j));
            open.extend(b.map(|_| (i, j + 1)));
        }
        if b == Some(&None) {
            open.push((i, j + 1));
            open.extend(a.map(|_| (i + 1, j)));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_both_patterns_take_are_found() {
        let form = |pattern: &str| forms(&Test::Matches(pattern.into()), true).concat();
        for (one, other, expected) in [
            ("vkyc-maker", "VKYC-Maker", true),
            ("vkyc-maker", "vkyc-checker", false),
            ("vkyc-*", "*-checker", true),
            ("vkyc-*", "bank-*", false),
            ("a*b*c", "*bb*", true),
            ("*", "", true),
            ("a*", "*b*a", true),
            ("a*c", "a*b", false),
        ] {
            let (one_form, other_form) = (form(one), form(other));
            assert_eq!(
                have_common_text(&one_form, &other_form),
                expected,
                "{one} {other}"
            );
            assert_eq!(have_common_text(&other_form, &one_form), expected);
        }
    }
}

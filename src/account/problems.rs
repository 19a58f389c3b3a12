//! What is wrong with a configuration beyond its grammar.

use super::{Document, Link, Provisioning, RETENTION_DAYS, RolesFrom, Stage, SubjectSource};
use crate::role::Role;

/// Every reason for which a document is refused; none when it is sound.
pub fn problems(document: &Document) -> Vec<String> {
    let mut found = Vec::new();
    let mut demand = |holds: bool, sentence: &str| {
        if !holds {
            found.push(sentence.to_owned());
        }
    };
    let client = document.client.trim();
    demand(
        !client.is_empty() && client.len() <= 100,
        "`client` is the client's name in 1 to 100 characters",
    );
    options(document, &mut demand);
    people(document, &mut demand);
    duties(document, &mut demand);
    demand(
        document.stage != Stage::Staff || document.approvals.is_none(),
        "`approvals` of the staff account stands in the server configuration, as `staff.approvals`",
    );
    saml(document, &mut demand);
    found
}

fn options(document: &Document, demand: &mut impl FnMut(bool, &str)) {
    let session = document.session;
    demand(
        (1..=24 * 60).contains(&session.idle_minutes),
        "`session.idle_minutes` is 1 to 1440",
    );
    demand(
        (1..=24).contains(&session.absolute_hours),
        "`session.absolute_hours` is 1 to 24",
    );
    let shorter = |own: Option<i64>, most: Option<i64>| {
        own.is_none_or(|own| own >= 1 && most.is_none_or(|most| own <= most))
    };
    demand(
        shorter(document.retention.users_days, RETENTION_DAYS.users_days),
        "`retention.users_days` is 1 to 730: an account may only shorten it",
    );
    demand(
        shorter(
            document.retention.attempts_days,
            RETENTION_DAYS.attempts_days,
        ),
        "`retention.attempts_days` is 1 to 30: an account may only shorten it",
    );
}

fn people(document: &Document, demand: &mut impl FnMut(bool, &str)) {
    let (users, rule) = (document.users, |role| {
        document.roles.iter().any(|rule| rule.role == role)
    });
    if !document.uam {
        demand(
            users.roles_from == RolesFrom::Claims,
            "`users.roles_from` other than \"claims\" needs `uam = true`",
        );
        demand(
            !rule(Role::UamAdmin),
            "a rule for `uam_admin` needs `uam = true`",
        );
        demand(
            users.provisioning != Provisioning::Scim,
            "`users.provisioning = \"scim\"` needs `uam = true`",
        );
    }
    demand(
        !matches!(&document.claims.subject, SubjectSource::Claim(name) if name.starts_with("link:")),
        "`claims.subject` does not begin with link:, which stands for people without a subject",
    );
    demand(
        users.provisioning == Provisioning::Scim
            || document.roles.iter().all(|rule| rule.group().is_none()),
        "a rule with `group` needs `users.provisioning = \"scim\"`: nobody else tells of groups",
    );
    demand(
        document.link() != Link::ExternalId || document.claims.external_id.is_some(),
        "`users.link = \"external_id\"` compares with the claim that `claims.external_id` names, and it names none",
    );
    if document.stage == Stage::Staff {
        demand(
            document
                .roles
                .iter()
                .all(|rule| rule.role == Role::Operator),
            "the staff account's only role is `operator`",
        );
        demand(
            users.provisioning == Provisioning::Invited,
            "operators are invited: the staff account needs `users.provisioning = \"invited\"`",
        );
    } else {
        demand(
            !rule(Role::Operator),
            "`operator` is a role of the staff account only",
        );
    }
}

fn duties(document: &Document, demand: &mut impl FnMut(bool, &str)) {
    let apart = &document.duties.apart;
    demand(
        apart.iter().all(|[one, other]| one != other),
        "`duties.apart` is of pairs of two different roles",
    );
    let same = |[a, b]: &[Role; 2], [c, d]: &[Role; 2]| (a, b) == (c, d) || (a, b) == (d, c);
    let once = |pair| apart.iter().filter(|other| same(pair, other)).count() == 1;
    demand(
        apart.iter().all(once),
        "`duties.apart` names the same pair twice",
    );
}

fn saml(document: &Document, demand: &mut impl FnMut(bool, &str)) {
    let Some(saml) = &document.saml else { return };
    demand(
        (0..=300).contains(&saml.clock_skew_seconds),
        "`saml.clock_skew_seconds` is 0 to 300",
    );
    demand(
        matches!(saml.key_bits, 2048 | 3072 | 4096),
        "`saml.key_bits` is 2048, 3072 or 4096",
    );
    demand(
        saml.idp_metadata.is_none() || saml.idp_metadata_url.is_none(),
        "give `saml.idp_metadata` or `saml.idp_metadata_url`, not both",
    );
    let opaque = |id: &String| {
        !id.is_empty()
            && id.len() <= 1024
            && id.chars().all(|c| !c.is_whitespace() && !c.is_control())
    };
    demand(
        saml.entity_id.as_ref().is_none_or(opaque),
        "`saml.entity_id` is a URI of at most 1024 characters without spaces",
    );
    demand(
        !(saml.allow_idp_initiated && document.stage == Stage::Staff),
        "the staff account takes no sign-in that the identity provider starts: `saml.allow_idp_initiated = false`",
    );
}

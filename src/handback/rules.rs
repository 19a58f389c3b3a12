//! The issuance transform rules of the trust, in the claim rule language of ADFS.

use super::encode::{Unwritable, exactly, rule};
use super::{Facts, Group, Wanted};

/// What ADFS calls what it knows of somebody who has signed in.
const ACCOUNT_NAME: &str =
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/windowsaccountname";
const GROUP_SID: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groupsid";
const UPN: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn";
const NAME_ID: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";
const FORMAT: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claimproperties/format";
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
/// Claims of our own between two rules, which are never sent.
const GROUP_NAME: &str = "urn:vestibule:group";
const PERSON: &str = "urn:vestibule:upn";

/// What stands where the client has to write something itself; `add-trust.ps1` stops at it, and for ADFS it fits nobody.
pub(super) const BLANK: &str = "WRITE-HERE";

/// A rule, and what it is called.
pub(super) struct Rule {
    name: String,
    template: Option<&'static str>,
    body: String,
}

/// Every rule, in the order in which ADFS runs them.
pub(super) fn all(facts: &Facts, wanted: &[Wanted<'_>]) -> Result<Vec<Rule>, Unwritable> {
    let mut all = vec![attributes(facts)?, upn()?, name_id()?];
    let by_name = |qualified: bool| {
        let named = wanted.iter().filter_map(|one| facts.groups.get(&one.role));
        let mut named = named.filter_map(|group| match group {
            Group::Name(name) => Some(name.contains('\\')),
            Group::Sid(_) => None,
        });
        named.any(|found| found == qualified)
    };
    for (qualified, attribute) in [
        (false, "tokenGroups"),
        (true, "tokenGroups(domainQualifiedName)"),
    ] {
        if by_name(qualified) {
            all.push(Rule {
                name: format!("Vestibule: names of groups, not sent ({attribute})"),
                template: None,
                body: format!(
                    "c:[Type == {}, Issuer == \"AD AUTHORITY\"]\n => add(store = \"Active Directory\", types = ({}), query = \";{attribute};{{0}}\", param = c.Value);",
                    rule(ACCOUNT_NAME)?,
                    rule(GROUP_NAME)?,
                ),
            });
        }
    }
    for one in wanted {
        all.push(role(facts, one)?);
    }
    Ok(all)
}

/// The attributes of somebody, under the names that the account's claim map expects.
fn attributes(facts: &Facts) -> Result<Rule, Unwritable> {
    let map = &facts.document.claims;
    let mut pairs = vec![(UPN, "userPrincipalName")];
    let known = [
        (Some(&map.email), "mail"),
        (Some(&map.given_name), "givenName"),
        (Some(&map.surname), "sn"),
        (map.external_id.as_ref(), "employeeID"),
    ];
    for (name, attribute) in known {
        let Some(name) = name else { continue };
        if pairs.iter().all(|(known, _)| known != name) {
            pairs.push((name, attribute));
        }
    }
    let names = pairs.iter().map(|(name, _)| rule(name));
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    let attributes: Vec<&str> = pairs.iter().map(|(_, attribute)| *attribute).collect();
    Ok(Rule {
        name: "Vestibule: attributes of the person".to_owned(),
        template: Some("LdapClaims"),
        body: format!(
            "c:[Type == {}, Issuer == \"AD AUTHORITY\"]\n => issue(store = \"Active Directory\", types = ({}), query = \";{};{{0}}\", param = c.Value);",
            rule(ACCOUNT_NAME)?,
            names.join(", "),
            attributes.join(","),
        ),
    })
}

/// The user principal name as the directory says it: a claim of that type may come from another claims provider.
fn upn() -> Result<Rule, Unwritable> {
    Ok(Rule {
        name: "Vestibule: UPN of the person, not sent".to_owned(),
        template: None,
        body: format!(
            "c:[Type == {}, Issuer == \"AD AUTHORITY\"]\n => add(store = \"Active Directory\", types = ({}), query = \";userPrincipalName;{{0}}\", param = c.Value);",
            rule(ACCOUNT_NAME)?,
            rule(PERSON)?,
        ),
    })
}

/// The NameID, from the user principal name.
fn name_id() -> Result<Rule, Unwritable> {
    Ok(Rule {
        name: "Vestibule: NameID from the UPN".to_owned(),
        template: None,
        body: format!(
            "c:[Type == {}]\n => issue(Type = {}, Value = c.Value, Properties[{}] = {});",
            rule(PERSON)?,
            rule(NAME_ID)?,
            rule(FORMAT)?,
            rule(UNSPECIFIED)?,
        ),
    })
}

/// What makes somebody of a group somebody of a role.
fn role(facts: &Facts, wanted: &Wanted<'_>) -> Result<Rule, Unwritable> {
    let (name, claim) = (wanted.role, rule(wanted.claim)?);
    let blank = format!("{BLANK}-the-value-for-{name}");
    let value = rule(wanted.value.unwrap_or(&blank))?;
    let by_sid = |sid: &str| -> Result<Rule, Unwritable> {
        Ok(Rule {
            name: format!("Vestibule: role {name}"),
            template: Some("EmitGroupClaims"),
            body: format!(
                "c:[Type == {}, Value == {}, Issuer == \"AD AUTHORITY\"]\n => issue(Type = {claim}, Value = {value}, Issuer = c.Issuer, OriginalIssuer = c.OriginalIssuer, ValueType = c.ValueType);",
                rule(GROUP_SID)?,
                rule(sid)?,
            ),
        })
    };
    match facts.groups.get(&name) {
        Some(Group::Sid(sid)) => by_sid(sid),
        Some(Group::Name(group)) => Ok(Rule {
            name: format!("Vestibule: role {name}"),
            template: None,
            body: format!(
                "c:[Type == {}, Value =~ {}]\n => issue(Type = {claim}, Value = {value});",
                rule(GROUP_NAME)?,
                exactly(group)?,
            ),
        }),
        None => by_sid(&format!("{BLANK}-the-SID-of-the-group-for-{name}")),
    }
}

/// The rules as ADFS reads them from a file.
pub(super) fn text(rules: &[Rule]) -> String {
    let one = |rule: &Rule| {
        let template = rule.template.map_or_else(String::new, |template| {
            format!("@RuleTemplate = \"{template}\"\n")
        });
        format!("{template}@RuleName = \"{}\"\n{}\n", rule.name, rule.body)
    };
    rules.iter().map(one).collect::<Vec<_>>().join("\n")
}

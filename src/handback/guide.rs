//! The one page that says what to do with the rest.

use super::{Facts, Group, Wanted, trust_name};
use crate::account::SubjectSource;

/// The page, in lines that a text editor shows.
pub(super) fn text(facts: &Facts, wanted: &[Wanted<'_>], warnings: &[String]) -> String {
    let document = &facts.document;
    let mut lines = vec![
        format!(
            "VESTIBULE AND THE AD FS OF {}",
            plain(&document.client).to_uppercase()
        ),
        format!("Account {} ({})", document.account, document.stage.as_str()),
        String::new(),
        "The scripts were not yet run on a real AD FS: read them, and run them with -WhatIf first."
            .to_owned(),
    ];
    if !warnings.is_empty() {
        lines.extend([String::new(), "STILL OPEN".to_owned()]);
        lines.extend(
            warnings
                .iter()
                .map(|warning| format!("  ! {}", plain(warning))),
        );
    }
    lines.extend(addresses(facts));
    lines.extend(network(facts));
    lines.extend(claims(facts, wanted));
    lines.extend(steps(facts));
    lines.join("\n") + "\n"
}

fn addresses(facts: &Facts) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        "WHAT IDENTIFIES US".to_owned(),
        format!("  Identifier (entity id)      {}", facts.entity_id),
        format!("  Answers go to (ACS, POST)   {}", facts.acs),
        format!("  Sign-out (POST)             {}", facts.logout),
        format!("  People sign in at           {}", facts.sign_in),
    ];
    for (what, certificate) in &facts.certificates {
        lines.push(format!(
            "  Certificate, {what}: until {}",
            certificate.not_after.for_people()
        ));
        lines.push(format!("      SHA-256 {}", certificate.fingerprint));
    }
    lines
}

fn network(facts: &Facts) -> Vec<String> {
    let list = |all: &[String]| match all {
        [] => "not stated: ask us before you open a firewall".to_owned(),
        some => some.join(", "),
    };
    vec![
        String::new(),
        "FIREWALL".to_owned(),
        "  A sign-in travels through the browser: your AD FS and we never speak to each other."
            .to_owned(),
        format!(
            "  Your agents' browsers -> us, port 443: {}",
            list(&facts.ingress)
        ),
        format!("      under these names: {}", list(&facts.hosts)),
        format!(
            "  We -> your metadata address, port 443, where we fetch it: {}",
            list(&facts.egress)
        ),
    ]
}

fn claims(facts: &Facts, wanted: &[Wanted<'_>]) -> Vec<String> {
    let map = &facts.document.claims;
    let mut lines = vec![
        String::new(),
        "WHAT YOUR AD FS SENDS (rules.txt says it in its own language)".to_owned(),
        "  NameID, from the attribute userPrincipalName; it has to stay the same for a person for good"
            .to_owned(),
        format!("  E-mail       {}", plain(&map.email)),
        format!("  Given name   {}", plain(&map.given_name)),
        format!("  Family name  {}", plain(&map.surname)),
    ];
    if let Some(name) = &map.external_id {
        lines.push(format!(
            "  Your own id of the person, from the attribute employeeID (write another one into rules.txt where yours differs): {}",
            plain(name)
        ));
    }
    if let SubjectSource::Claim(name) = &map.subject {
        lines.push(format!(
            "  What we know a person by for good: {}",
            plain(name)
        ));
    }
    for one in wanted {
        let group = match facts.groups.get(&one.role) {
            Some(Group::Sid(sid)) => format!("the group {sid}"),
            Some(Group::Name(name)) => format!("the group {}", plain(name)),
            None => "a group that you write into rules.txt: (Get-ADGroup 'its name').SID.Value"
                .to_owned(),
        };
        let value = one.value.unwrap_or("a value that we agree on");
        lines.push(format!("  Role {}: {group}", one.role));
        lines.push(format!(
            "      sends \"{}\" as {}",
            plain(value),
            plain(one.claim)
        ));
    }
    lines.push(
        "  Whoever is in none of these groups is refused by us, whatever else they hold."
            .to_owned(),
    );
    lines
}

/// What AD FS says where it keeps somebody on a page of its own, and what to change.
pub fn mishaps(entity_id: &str) -> Vec<(&'static str, String)> {
    let all = [
        ("MSIS7007", format!("the identifier of the trust is not exactly {entity_id}, or the trust is disabled")),
        ("MSIS3200, MSIS3077", "the trust lacks the address for answers: import sp-metadata.xml again".into()),
        ("MSIS7085, MSIS7093, 378", "the trust's signature algorithm is not SHA-256".into()),
        ("MSIS0037, MSIS0038", "our signing certificate is not on the trust: import sp-metadata.xml again".into()),
        ("MSIS3015, 316, 317", "set both revocation checks of the trust to None (add-trust.ps1 does)".into()),
        ("MSIS7070, 321", "a rule issues another NameID than was asked for: use rules.txt".into()),
        ("MSIS7042", "too many sign-ins one after the other: look at what we said first".into()),
        ("MSIS7065, MSIS7015", "the address was typed by hand: begin at our sign-in address".into()),
        ("MSIS7102, 153", "the way of authentication that was asked for is not offered there: ask us to ask for none".into()),
        ("325", "the access control policy does not let the person in".into()),
        ("364", "the details of any of these".into()),
        ("a password box again and again", "the browser may not sign in by Windows: put the AD FS into the intranet zone".into()),
    ];
    all.into()
}

fn steps(facts: &Facts) -> Vec<String> {
    let name = trust_name(facts);
    let shown = mishaps(&facts.entity_id);
    let shown = shown
        .iter()
        .map(|(says, fix)| format!("  {says:<33}{fix}\n"));
    let shown: String = shown.collect();
    let shown = shown.trim_end();
    let text = format!(
        "
WITH POWERSHELL (Windows Server 2016 and later)
  1. Copy all files of this kit into one folder on the primary AD FS server.
  2. Fill in what rules.txt leaves blank, if anything.
  3. In an elevated PowerShell:  .\\add-trust.ps1 -WhatIf   then   .\\add-trust.ps1
  4. .\\verify-trust.ps1 compares the trust with what it should be.
  .\\remove-trust.ps1 takes it away again.

WITHOUT POWERSHELL
  1. AD FS Management > Relying Party Trusts > Add Relying Party Trust... > Claims aware.
  2. Import data about the relying party from a file: sp-metadata.xml. That some content was skipped does no harm.
  3. Display name: {name}.
  4. Access control policy: Permit specific group, or Permit everyone.
  5. Edit Claim Issuance Policy... > Add Rule... > Send Claims Using a Custom Rule: each rule of rules.txt, in its order.
  6. Properties > Advanced: SHA-256. Properties > Signature and Encryption: the certificates above, by their fingerprints.

TRY IT
  1. Somebody of each group opens {sign_in}
  2. Somebody of none of the groups does too, and has to be refused.
  3. Whoever is refused by us sees a reference (att_...): send it to us, it says what to change.

WHERE AD FS ITSELF SHOWS AN ERROR (Event Viewer > Applications and Services Logs > AD FS > Admin)
{shown}

WHAT WE NEED FROM YOU
  - FederationMetadata.xml of your AD FS, as a file or by its address, and a word before its certificates change.
  - The fingerprints of its token-signing certificates, by telephone.
  - The groups that stand for each role, by name and SID.
  - Whether a person's user principal name ever changes or goes to somebody else.",
        sign_in = facts.sign_in,
    );
    text.lines().map(str::to_owned).collect()
}

/// What a client wrote, in one line.
fn plain(text: &str) -> String {
    let sound = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(sound).collect()
}

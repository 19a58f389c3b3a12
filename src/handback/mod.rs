//! What a client gets back so that its ADFS lets its people through to us: our metadata, claim rules, scripts and steps.

mod encode;
mod guide;
mod pack;
mod rules;
mod scripts;

use std::collections::BTreeMap;
use std::fmt;

use openssl::sha::sha256;

pub use encode::{Unwritable, powershell, rule};
pub use guide::mishaps;
pub use pack::zip;

use crate::account::{Document, RoleRule, Test, Whom};
use crate::id::hex;
use crate::role::Role;
use crate::saml::keys::Certificate;

/// All that the files are written from.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The account's configuration.
    pub document: Document,
    /// Our SAML entity id for it.
    pub entity_id: String,
    /// Our assertion consumer service.
    pub acs: String,
    /// Where logout messages go.
    pub logout: String,
    /// Where a sign-in begins.
    pub sign_in: String,
    /// Our metadata.
    pub descriptor: String,
    /// Our certificates, each with what it is for.
    pub certificates: Vec<(String, Certificate)>,
    /// The names by which we are reached.
    pub hosts: Vec<String>,
    /// Where agents' browsers reach us.
    pub ingress: Vec<String>,
    /// From where we fetch their metadata.
    pub egress: Vec<String>,
    /// The group of the client's directory that stands for each role, as far as it is known.
    pub groups: BTreeMap<Role, Group>,
}

/// A group of a client's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// By its security identifier, which outlives its name.
    Sid(String),
    /// By its name, with or without its domain.
    Name(String),
}

impl Group {
    /// The group that somebody means: what looks like a security identifier is one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut parts = text.split('-');
        let is_sid = parts
            .next()
            .is_some_and(|first| first.eq_ignore_ascii_case("s"))
            && text.matches('-').count() >= 2
            && parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        match (text.is_empty(), is_sid) {
            (true, _) => None,
            (false, true) => Some(Self::Sid(text.to_uppercase())),
            (false, false) => Some(Self::Name(text.to_owned())),
        }
    }
}

/// Groups that come with every domain and hold all of it, by the names that an English Windows gives them.
const EVERYBODY: [&str; 9] = [
    "everyone",
    "authenticated users",
    "users",
    "guests",
    "interactive",
    "network",
    "domain users",
    "domain guests",
    "domain computers",
];

/// From this relative identifier on groups are somebody's own; those below come with the domain.
const OWN: u32 = 1_000;

impl Group {
    /// Whether it came with Windows or with the domain, and may hold everybody, instead of being made by somebody for this.
    fn holds_everybody(&self) -> bool {
        match self {
            Self::Sid(sid) => {
                let parts: Vec<Option<u32>> = sid
                    .strip_prefix("S-1-5-21-")
                    .map(|rest| rest.split('-').map(|part| part.parse().ok()).collect())
                    .unwrap_or_default();
                match parts.as_slice() {
                    [Some(0), Some(0), Some(0), Some(_)] => true,
                    [Some(_), Some(_), Some(_), Some(own)] => *own < OWN,
                    _ => true,
                }
            }
            Self::Name(name) => {
                let own = name.rsplit('\\').next().unwrap_or_default();
                EVERYBODY.contains(&own.trim().to_lowercase().as_str())
            }
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Sid(text) | Self::Name(text)) = self;
        f.write_str(text)
    }
}

/// A file of the kit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// What stands in it.
    pub text: String,
}

impl File {
    /// The SHA-256 of its bytes, in hex.
    pub fn digest(&self) -> String {
        hex(&sha256(self.text.as_bytes()))
    }
}

/// What a client gets back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kit {
    /// Its files, in the order in which they are read.
    pub files: Vec<File>,
    /// What somebody should see to before it is handed over.
    pub warnings: Vec<String>,
}

/// A role, and the one claim value by which somebody of it is known.
struct Wanted<'f> {
    role: Role,
    claim: &'f str,
    value: Option<&'f str>,
}

/// Writes the kit of an account; what cannot be written safely is refused.
pub fn write(facts: &Facts) -> Result<Kit, Unwritable> {
    let mut warnings = Vec::new();
    for (role, group) in &facts.groups {
        match group {
            group if group.holds_everybody() => {
                return Err(Unwritable::Everybody(group.to_string()));
            }
            Group::Sid(_) => {}
            Group::Name(name) => warnings.push(format!(
                "{role} goes by the name of a group, {name}: a name can be given to another group, and another claims provider of the AD FS might claim it; its SID is safer"
            )),
        }
    }
    let wanted = wanted(&facts.document);
    for one in &wanted {
        if one.value.is_none() {
            warnings.push(format!(
                "the rule for {} takes any value of a pattern: agree on one with the client and write it into rules.txt",
                one.role
            ));
        } else if !facts.groups.contains_key(&one.role) {
            warnings.push(format!(
                "no group is named for {}: add-trust.ps1 stops until the client has written one into rules.txt",
                one.role
            ));
        }
    }
    for (list, what) in [
        (
            &facts.ingress,
            "`server.ingress_ips` is not configured: the kit cannot say which addresses the client's firewall has to let its agents reach",
        ),
        (
            &facts.egress,
            "`server.egress_ips` is not configured: the kit cannot say from where we fetch the client's metadata",
        ),
    ] {
        if list.is_empty() {
            warnings.push(what.to_owned());
        }
    }
    let rules = rules::all(facts, &wanted)?;
    let files = vec![
        dos("README.txt", &guide::text(facts, &wanted, &warnings)),
        File {
            name: "sp-metadata.xml",
            text: facts.descriptor.clone(),
        },
        dos("rules.txt", &rules::text(&rules)),
        dos("add-trust.ps1", &scripts::add(facts)?),
        dos("verify-trust.ps1", &scripts::verify(facts)?),
        dos("remove-trust.ps1", &scripts::remove(facts)?),
    ];
    Ok(Kit { files, warnings })
}

/// What the trust is called in the client's ADFS.
fn trust_name(facts: &Facts) -> String {
    format!("Vestibule {}", facts.document.account)
}

/// The first rule of each role that looks at a claim; more than one value for a role is the client's choice.
fn wanted(document: &Document) -> Vec<Wanted<'_>> {
    let mut all: Vec<Wanted<'_>> = Vec::new();
    for RoleRule { role, whom, .. } in &document.roles {
        let Whom::Claim { name, test, .. } = whom else {
            continue;
        };
        if all.iter().any(|known| known.role == *role) {
            continue;
        }
        let value = match test {
            Test::Equals(value) => Some(value.as_str()),
            Test::AnyOf(values) => values.first().map(String::as_str),
            Test::Matches(pattern) => Some(pattern.as_str()).filter(|text| !text.contains('*')),
        };
        all.push(Wanted {
            role: *role,
            claim: name,
            value,
        });
    }
    all
}

/// A file as Windows reads it, whose PowerShell takes what has no mark for the local code page.
fn dos(name: &'static str, text: &str) -> File {
    let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let mark = if text.is_ascii() { "" } else { "\u{feff}" };
    File {
        name,
        text: format!("{mark}{text}"),
    }
}

//! The people that the practice ADFS knows.

/// Somebody whom a tester can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Persona {
    /// The name of the account in the practice directory.
    pub user_name: &'static str,
    /// The first name.
    pub given_name: &'static str,
    /// The family name.
    pub surname: &'static str,
    /// The e-mail address.
    pub email: &'static str,
    /// The user principal name, which becomes the `NameID`.
    pub upn: &'static str,
    /// The values of the role claim.
    pub roles: &'static [&'static str],
    /// What this person is there to show.
    pub note: &'static str,
}

/// The role claim's value for a maker.
pub const MAKER: &str = "vkyc-maker";
/// The role claim's value for a checker.
pub const CHECKER: &str = "vkyc-checker";
/// The role claim's value for an auditor.
pub const AUDITOR: &str = "vkyc-auditor";
/// The role claim's value for a creator of links.
pub const LINK_CREATOR: &str = "vkyc-link-creator";
/// The role claim's value for an administrator of user access.
pub const UAM_ADMIN: &str = "vkyc-uam-admin";
/// The role claim's value for somebody who runs the service provider.
pub const OPERATOR: &str = "vkyc-operator";

/// A maker.
pub const MAYA: Persona = Persona {
    user_name: "maya",
    given_name: "Maya",
    surname: "Maker",
    email: "maya.maker@acme.example",
    upn: "maya@corp.acme.example",
    roles: &[MAKER],
    note: "Makes video calls.",
};

/// A checker.
pub const CHEN: Persona = Persona {
    user_name: "chen",
    given_name: "Chen",
    surname: "Checker",
    email: "chen.checker@acme.example",
    upn: "chen@corp.acme.example",
    roles: &[CHECKER],
    note: "Checks what makers made.",
};

/// An auditor from outside.
pub const AVA: Persona = Persona {
    user_name: "ava",
    given_name: "Ava",
    surname: "Auditor",
    email: "ava.auditor@audit.example",
    upn: "ava_audit.example@corp.acme.example",
    roles: &[AUDITOR],
    note: "Audits, and belongs to another company.",
};

/// A creator of links.
pub const LINA: Persona = Persona {
    user_name: "lina",
    given_name: "Lina",
    surname: "Link",
    email: "lina.link@acme.example",
    upn: "lina@corp.acme.example",
    roles: &[LINK_CREATOR],
    note: "Creates links for customers.",
};

/// An administrator of user access.
pub const UMA: Persona = Persona {
    user_name: "uma",
    given_name: "Uma",
    surname: "Uam",
    email: "uma.uam@acme.example",
    upn: "uma@corp.acme.example",
    roles: &[UAM_ADMIN],
    note: "Administers who may do what.",
};

/// A maker who also creates links, with a name beyond ASCII.
pub const ZOE: Persona = Persona {
    user_name: "zoe",
    given_name: "Zoë",
    surname: "Müller-O'Hara",
    email: "zoe.mueller-ohara@acme.example",
    upn: "zoe@corp.acme.example",
    roles: &[MAKER, LINK_CREATOR],
    note: "Has two roles and a name beyond ASCII.",
};

/// A maker who is also a checker.
pub const BO: Persona = Persona {
    user_name: "bo",
    given_name: "Bo",
    surname: "Both",
    email: "bo.both@acme.example",
    upn: "bo@corp.acme.example",
    roles: &[MAKER, CHECKER],
    note: "Makes and checks, though not the same.",
};

/// Somebody without any role.
pub const NOOR: Persona = Persona {
    user_name: "noor",
    given_name: "Noor",
    surname: "Nobody",
    email: "noor.nobody@acme.example",
    upn: "noor@corp.acme.example",
    roles: &[],
    note: "Is in none of the groups.",
};

/// A maker whom the service provider has suspended.
pub const SAM: Persona = Persona {
    user_name: "sam",
    given_name: "Sam",
    surname: "Suspended",
    email: "sam.suspended@acme.example",
    upn: "sam@corp.acme.example",
    roles: &[MAKER],
    note: "Is a maker here, and suspended at the service provider.",
};

/// Somebody who runs the service provider.
pub const OLGA: Persona = Persona {
    user_name: "olga",
    given_name: "Olga",
    surname: "Operator",
    email: "olga.operator@vestibule.example",
    upn: "olga@vestibule.example",
    roles: &[OPERATOR],
    note: "Runs Vestibule, and is no agent of Acme Bank.",
};

/// The second one, without whom nothing of a live account changes.
pub const OTTO: Persona = Persona {
    user_name: "otto",
    given_name: "Otto",
    surname: "Operator",
    email: "otto.operator@vestibule.example",
    upn: "otto@vestibule.example",
    roles: &[OPERATOR],
    note: "Runs it too, and decides what Olga asks for.",
};

/// Everybody, in the order of the sign-in page.
pub const PERSONAS: [Persona; 11] = [MAYA, CHEN, AVA, LINA, UMA, ZOE, BO, NOOR, SAM, OLGA, OTTO];

/// The person with that account in the directory.
pub fn find(user_name: &str) -> Option<Persona> {
    PERSONAS
        .into_iter()
        .find(|persona| persona.user_name == user_name)
}

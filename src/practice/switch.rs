//! What the sign-in page says about each mishap.

use super::mishap::Mishap;

/// Mishaps that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The heading.
    pub title: &'static str,
    /// The mishaps.
    pub switches: &'static [Switch],
}

/// A mishap as the sign-in page offers it.
#[derive(Clone, Copy, Debug)]
pub struct Switch {
    /// What it switches on.
    pub mishap: Mishap,
    /// Its name in the form.
    pub name: &'static str,
    /// Its name on the page.
    pub label: &'static str,
    /// One sentence about it.
    pub sentence: &'static str,
}

const fn switch(
    mishap: Mishap,
    name: &'static str,
    label: &'static str,
    sentence: &'static str,
) -> Switch {
    Switch {
        mishap,
        name,
        label,
        sentence,
    }
}

/// Every mishap, in the order of the page.
pub const GROUPS: [Group; 5] = [
    Group {
        title: "Claims",
        switches: &[
            switch(
                Mishap::NoNameId,
                "no-name-id",
                "No NameID",
                "No claim rule issues a NameID, and so there is no SessionIndex either.",
            ),
            switch(
                Mishap::NoEmail,
                "no-email",
                "No e-mail address",
                "The person's mail attribute in Active Directory is empty.",
            ),
            switch(
                Mishap::NoAttributes,
                "no-attributes",
                "No attributes",
                "The trust has no issuance transform rules but the one for the NameID.",
            ),
            switch(
                Mishap::NearMissClaim,
                "near-miss-claim",
                "Claim types with https://",
                "The rules were copied from a page that prints https:// where claim types have http://.",
            ),
            switch(
                Mishap::RolesInOneValue,
                "roles-in-one-value",
                "Roles in one value",
                "One rule joins all roles with commas: vkyc-maker,vkyc-link-creator.",
            ),
            switch(
                Mishap::GroupSids,
                "group-sids",
                "Group SIDs as roles",
                "The rule passes the groups' security identifiers on instead of mapping them.",
            ),
        ],
    },
    Group {
        title: "Signature and keys",
        switches: &[
            switch(
                Mishap::Unsigned,
                "unsigned",
                "Not signed",
                "Neither the response nor the assertion carries a signature.",
            ),
            switch(
                Mishap::Sha1,
                "sha1",
                "Signed with SHA-1",
                "The trust's secure hash algorithm is still SHA-1.",
            ),
            switch(
                Mishap::AlteredAfterSigning,
                "altered",
                "Altered after signing",
                "Somebody adds the role vkyc-uam-admin to the signed assertion.",
            ),
            switch(
                Mishap::UnknownKey,
                "unknown-key",
                "New signing key",
                "The farm rolled its token-signing certificate over, and its metadata was not sent again.",
            ),
            switch(
                Mishap::EncryptedForSomebodyElse,
                "encrypted-for-other",
                "Encrypted for somebody else",
                "The trust holds another party's encryption certificate.",
            ),
        ],
    },
    Group {
        title: "Names, clocks and repetition",
        switches: &[
            switch(
                Mishap::WrongAudience,
                "wrong-audience",
                "Wrong audience",
                "The trust's identifier has a slash too many.",
            ),
            switch(
                Mishap::WrongRecipient,
                "wrong-recipient",
                "Wrong recipient",
                "The trust's endpoint is an address from before a move.",
            ),
            switch(
                Mishap::WrongIssuer,
                "wrong-issuer",
                "Wrong issuer",
                "The farm's identifier became https:// after its metadata was sent.",
            ),
            switch(
                Mishap::ClockAhead,
                "clock-ahead",
                "Clock ten minutes ahead",
                "Everything is dated ten minutes into the future.",
            ),
            switch(
                Mishap::ClockBehind,
                "clock-behind",
                "Clock ten minutes behind",
                "Everything is dated ten minutes into the past, so it has expired on arrival.",
            ),
            switch(
                Mishap::Replay,
                "replay",
                "Replay",
                "The response of the previous sign-in is posted a second time.",
            ),
        ],
    },
    Group {
        title: "Refusals by ADFS",
        switches: &[
            switch(
                Mishap::RequestDenied,
                "request-denied",
                "Access denied",
                "The trust's access control policy does not permit this person (event 325).",
            ),
            switch(
                Mishap::ResponderError,
                "responder",
                "Unexplained error",
                "ADFS says Responder and no more; the reason is in its event log (event 364).",
            ),
            switch(
                Mishap::NoAuthnContext,
                "no-authn-context",
                "Authentication method",
                "ADFS cannot satisfy the authentication method that was asked for (MSIS7102).",
            ),
            switch(
                Mishap::InvalidNameIdPolicy,
                "invalid-name-id-policy",
                "NameID policy",
                "No rule issues the NameID format that was asked for (MSIS7070).",
            ),
        ],
    },
    Group {
        title: "Unusual, and fine",
        switches: &[
            switch(
                Mishap::Encrypted,
                "encrypted",
                "Encrypted assertion",
                "The assertion is encrypted; the service provider must publish an encryption certificate.",
            ),
            switch(
                Mishap::MessageAndAssertion,
                "both-signed",
                "Response and assertion signed",
                "SamlResponseSignature is MessageAndAssertion.",
            ),
            switch(
                Mishap::Unsolicited,
                "unsolicited",
                "Unsolicited",
                "The response answers no request, as after an IdP-initiated sign-on.",
            ),
        ],
    },
];

//! Every byte, element and attribute of a valid message changed in turn: nothing but what was signed is ever read.

use std::ops::Range;
use std::sync::LazyLock;

use uppsala::{Document, NodeId, Parser};
use vestibule::account::{Account, ReturnTo, Revision, Slug, State};
use vestibule::id::{AccountId, Entropy};
use vestibule::practice::adfs::Adfs;
use vestibule::practice::answer::{Answer, What};
use vestibule::practice::encrypt::{ContentCipher, Encryption};
use vestibule::practice::persona::ZOE;
use vestibule::practice::relying_party::RelyingParty;
use vestibule::saml::connection::Connection;
use vestibule::saml::request::Pending;
use vestibule::saml::response::{self, Context, Reading};
use vestibule::saml::{Attribute, NameId, VerifiedAssertion};
use vestibule::time::Timestamp;

use super::super::app::{IDP_KEYS, NOW, PUBLIC_URL, SP_KEYS, document};
use super::oracle;

const REQUEST: &str = "_request";

static ADFS: LazyLock<Adfs> = LazyLock::new(|| {
    let [first, second, encryption] = IDP_KEYS.clone();
    Adfs::new("https://adfs.acme.test", vec![first, second], encryption)
});

static CONNECTION: LazyLock<Connection> = LazyLock::new(|| {
    let account = Account {
        id: AccountId::new(NOW, &Entropy::fixed()),
        slug: Slug::parse("acme-demo").unwrap(),
        state: State::Enabled,
        entity_id: format!("{PUBLIC_URL}/saml/acme-demo/metadata"),
        active: 1,
        created_at: NOW,
    };
    let revision = Revision {
        number: 1,
        document: document("acme-demo"),
        metadata: Some(ADFS.metadata().unwrap()),
        author: "test".into(),
        created_at: NOW,
    };
    Connection::compile(account, revision, &SP_KEYS, PUBLIC_URL).unwrap()
});

/// All that is read out of an assertion.
#[derive(Debug, PartialEq, Eq)]
struct Content {
    subject: String,
    name_id: Option<NameId>,
    session_index: Option<String>,
    session_ends: Option<Timestamp>,
    authenticated_at: Timestamp,
    attributes: Vec<Attribute>,
}

impl Content {
    fn of(assertion: &VerifiedAssertion) -> Self {
        Self {
            subject: assertion.subject().to_owned(),
            name_id: assertion.name_id().cloned(),
            session_index: assertion.session_index().map(str::to_owned),
            session_ends: assertion.session_ends(),
            authenticated_at: assertion.authenticated_at(),
            attributes: assertion.attributes().to_vec(),
        }
    }

    /// What the service reads out of a message; nothing where it refuses.
    fn read(xml: &str) -> Option<Self> {
        let (connection, entropy) = (&*CONNECTION, Entropy::fixed());
        let find = |id: &str| {
            (id == REQUEST).then(|| Pending {
                id: id.into(),
                account: connection.account.id,
                revision: 1,
                host: "sso.test".into(),
                return_to: ReturnTo::home(),
                at: NOW,
                force_authn: false,
                context: Vec::new(),
            })
        };
        let context = Context {
            connection,
            find: &find,
            now: NOW,
            entropy: &entropy,
        };
        let verdict = response::verify(xml, &context, &mut Reading::default());
        verdict.ok().as_ref().map(Self::of)
    }
}

/// A valid message about Zoë.
fn message(change: impl Fn(&mut Answer)) -> String {
    let addresses = &CONNECTION.addresses;
    let rp = RelyingParty {
        entity_id: addresses.entity_id.clone(),
        acs_url: addresses.acs.clone(),
        logout_url: None,
        signing_certificates: Vec::new(),
        encryption_certificate: Some(SP_KEYS.encryption[0].certificate.clone()),
        signed_requests_required: false,
    };
    let entropy = Entropy::fixed();
    let mut answer = Answer::honest(&ADFS, &rp, &ZOE, Some(REQUEST), NOW, &entropy);
    answer.encryption = None;
    change(&mut answer);
    ADFS.respond(&rp, &answer, &entropy).unwrap()
}

/// Those that are accepted; none may be with other content than the message that they were made of.
fn accepted(xml: &str, mutants: impl Iterator<Item = String>) -> Vec<String> {
    let genuine = Content::read(xml).expect("the message is valid");
    let mut accepted = Vec::new();
    for mutant in mutants {
        if let Some(read) = Content::read(&mutant) {
            assert_eq!(read, genuine, "{mutant}");
            accepted.push(mutant);
        }
    }
    accepted
}

/// The message with each `step`th byte changed in these bits, as far as it remains text.
fn flipped(xml: &str, bits: u8, step: usize) -> impl Iterator<Item = String> {
    (0..xml.len()).step_by(step).filter_map(move |at| {
        let mut bytes = xml.as_bytes().to_vec();
        bytes[at] ^= bits;
        String::from_utf8(bytes).ok()
    })
}

/// Where the elements stand that are not the root.
fn elements(xml: &str) -> Vec<Range<usize>> {
    let document: Document<'_> = Parser::new().parse(xml).unwrap();
    let root = document.document_element().unwrap();
    let range = |node: &NodeId| {
        document.element(*node)?;
        document.node_range(*node)
    };
    document
        .descendants(root)
        .iter()
        .filter_map(range)
        .collect()
}

/// The message with each element left out, doubled, and moved to be the first in the root.
fn rearranged(xml: &str) -> Vec<String> {
    let inside = xml.find('>').unwrap() + 1;
    let mut all = Vec::new();
    for range in elements(xml) {
        let (before, element, after) =
            (&xml[..range.start], &xml[range.clone()], &xml[range.end..]);
        all.push([before, after].concat());
        all.push([before, element, element, after].concat());
        all.push([&xml[..inside], element, &xml[inside..range.start], after].concat());
        all.push([&xml[..inside], element, &xml[inside..]].concat());
    }
    all
}

/// The message with each quoted value left out with its name, emptied, and given a letter more.
fn requoted(xml: &str) -> Vec<String> {
    let mut all = Vec::new();
    let quotes: Vec<usize> = xml.match_indices('"').map(|(at, _)| at).collect();
    for pair in quotes.chunks(2) {
        let &[open, close] = pair else {
            panic!("a quote stands alone")
        };
        let name = xml[..open].rfind(' ').unwrap();
        all.push([&xml[..name], &xml[close + 1..]].concat());
        all.push([&xml[..=open], &xml[close..]].concat());
        all.push([&xml[..close], "x", &xml[close..]].concat());
    }
    all
}

/// The message with each text left out, and with something put before it.
fn retold(xml: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (open, _) in xml.match_indices('>') {
        let length = xml[open + 1..].find('<').unwrap_or_default();
        let (before, after) = (&xml[..=open], &xml[open + 1..]);
        if length > 0 {
            all.push([before, &after[length..]].concat());
        }
        for what in [
            "x",
            " ",
            "<!--x-->",
            "<![CDATA[]]>",
            "<![CDATA[x]]>",
            "<x/>",
            "&#x78;",
        ] {
            all.push([before, what, after].concat());
        }
    }
    all
}

/// What is accepted all the same is verified by a stranger as well, and he reads the same name.
fn strangers_agree(mutants: &[String]) {
    for mutant in mutants {
        match oracle::samael(mutant, &ADFS.signing) {
            Ok(verified) => assert!(oracle::names(&verified, ZOE.upn), "{mutant}"),
            // The response's own ID may be no name any more; its signature is not what he refuses.
            Err(why) => assert!(why.contains("XmlInvalidIdAttribute"), "{why}: {mutant}"),
        }
    }
}

#[test]
fn a_changed_byte_is_refused_or_changes_nothing() {
    for sign in [What::Assertion, What::Response] {
        let xml = message(|answer| {
            answer.sign = sign;
            answer.signing.key_info = false;
        });
        for bits in [0x01, 0x04, 0x20] {
            strangers_agree(&accepted(&xml, flipped(&xml, bits, 1)));
        }
    }
}

/// Both signatures stand before their certificates, which nobody reads.
#[test]
fn a_changed_byte_beside_a_certificate_is_refused_or_changes_nothing() {
    let xml = message(|answer| answer.sign = What::Both);

    let unread = accepted(&xml, flipped(&xml, 0x01, 1));

    assert!(unread.len() > 200 && unread.len() < xml.len() / 2);
}

#[test]
fn a_changed_byte_of_an_encrypted_assertion_is_refused_or_changes_nothing() {
    for content in [ContentCipher::Aes256Cbc, ContentCipher::Aes256Gcm] {
        let xml = message(|answer| {
            answer.encryption = Some(Encryption {
                content,
                ..Encryption::default()
            });
        });
        accepted(&xml, flipped(&xml, 0x01, 4));
    }
}

#[test]
fn a_rearranged_element_attribute_or_text_is_refused_or_changes_nothing() {
    for sign in [What::Assertion, What::Response, What::Both] {
        let xml = message(|answer| {
            answer.sign = sign;
            answer.signing.key_info = false;
        });
        for mutants in [rearranged(&xml), requoted(&xml), retold(&xml)] {
            strangers_agree(&accepted(&xml, mutants.into_iter()));
        }
    }
}

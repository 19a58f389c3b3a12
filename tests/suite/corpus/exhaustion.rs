//! Exhaustion: every bound holds, below the size limit too, and strangers cannot fill our disk.

use vestibule::practice::answer::What;
use vestibule::saml::check::Code;

use super::super::app::TestApp;
use super::surgery::{DSIG, after, before, cut, extended, numbered, resign, signature};
use super::{Case, Posted, Scene, forged, post, refuse, signed};

/// So much XML gets past the first look.
pub(super) const MOST: usize = 192 * 1024;
/// So much gets past the form whatever it holds: three letters stand for some of base64's.
const FULL: usize = 128 * 1024;

/// The honest response, filled up to the limit with copies of something in its Extensions.
fn full(scene: &Scene<'_>, one: &str, limit: usize) -> String {
    let xml = scene.honest(What::Assertion);
    let room = FULL - extended(&xml, "").len();
    extended(&xml, &one.repeat((room / one.len()).min(limit)))
}

fn flood(name: &str, code: Code, because: &'static str, one: &'static str) -> Case {
    forged(name, code, because, move |scene| {
        full(scene, one, usize::MAX)
    })
}

/// An element with so many of something in its tag.
fn wide(name: &str, count: usize, one: fn(usize) -> String) -> Case {
    let because = "more than 64 attributes on one element";
    forged(name, Code::Limits, because, move |scene| {
        let tag = format!("<x{}/>", numbered(count, one));
        extended(&scene.honest(What::Assertion), &tag)
    })
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn bounds() -> Vec<Case> {
    let tags = "more than 6000 tags";
    let deep = "more than 48 elements within each other";
    let nested = |name, count: usize| {
        forged(name, Code::Limits, deep, move |scene: &Scene<'_>| {
            let inside = "<a>".repeat(count) + &"</a>".repeat(count);
            extended(&scene.honest(What::Assertion), &inside)
        })
    };
    let bytes = |name, what: &'static str| {
        forged(
            name,
            Code::Limits,
            "bytes, more than 196608",
            move |scene: &Scene<'_>| {
                let xml = scene.honest(What::Assertion);
                let room = MOST + 1 - xml.len();
                xml + &what.repeat(room)
            },
        )
    };
    vec![
        bytes("the message is a byte too long, by white space", " "),
        bytes("the message is a byte too long, by line ends", "\n"),
        wide("an element has 65 attributes", 65, |n| {
            format!(" a{n}=\"\"")
        }),
        wide("an element has 15,000 attributes", 15_000, |n| {
            format!(" a{n}=\"\"")
        }),
        wide("an element declares 65 namespaces", 65, |n| {
            format!(" xmlns:a{n}=\"u:\"")
        }),
        wide("an element declares 8,000 namespaces", 8_000, |n| {
            format!(" xmlns:a{n}=\"u:\"")
        }),
        wide(
            "an element has 15,000 attributes in other quotes",
            15_000,
            |n| format!(" a{n}=''"),
        ),
        nested("elements stand 47 deep", 47),
        nested("elements stand 20,000 deep", 20_000),
        forged(
            "elements stand 20,000 deep and never end",
            Code::Limits,
            deep,
            |scene| extended(&scene.honest(What::Assertion), &"<a>".repeat(20_000)),
        ),
        flood(
            "there are very many empty elements",
            Code::Limits,
            tags,
            "<a/>",
        ),
        flood(
            "there are very many comments",
            Code::Limits,
            tags,
            "<!---->",
        ),
        flood(
            "there are very many sections",
            Code::Limits,
            tags,
            "<![CDATA[]]>",
        ),
        flood(
            "there are very many instructions",
            Code::Limits,
            tags,
            "<?a?>",
        ),
        flood(
            "there are very many signatures",
            Code::Limits,
            tags,
            "<Signature/>",
        ),
        flood("there are very many end tags", Code::Limits, tags, "</a>"),
        flood(
            "there are very many beginnings of tags",
            Code::Xml,
            "",
            "< ",
        ),
        flood("there are very many references", Code::Xml, "", "&a;"),
        flood(
            "there is one very long reference",
            Code::Xml,
            "",
            "&aaaaaaaa",
        ),
        flood("there are very many ends of sections", Code::Xml, "", "]]>"),
        flood("there are very many quotes", Code::Limits, "", "<a b=\""),
        forged(
            "it is nothing but beginnings of tags",
            Code::Xml,
            "",
            |_| "<".repeat(FULL),
        ),
        forged(
            "it is nothing but beginnings of comments",
            Code::Xml,
            "",
            |_| "<!--".repeat(FULL / 4),
        ),
        forged(
            "it is nothing but beginnings of sections",
            Code::Xml,
            "",
            |_| "<![CDATA[".repeat(FULL / 9),
        ),
        forged("it is nothing but ampersands", Code::Xml, "", |_| {
            "&".repeat(FULL)
        }),
        forged("it is nothing but one name", Code::Xml, "", |_| {
            format!("<{}", "a".repeat(FULL - 1))
        }),
        forged("it is nothing but equals signs", Code::Limits, "", |_| {
            format!("<a {}", "=".repeat(FULL - 3))
        }),
    ]
}

/// A genuine assertion with a crowd of something where a signature is looked at.
pub(super) fn crowds() -> Vec<Case> {
    let within = |name, because, one: fn(&str) -> (String, String)| {
        forged(name, Code::Signature, because, move |scene: &Scene<'_>| {
            let xml = scene.honest(What::Assertion);
            let (place, crowd) = one(&xml);
            resign(&after(&xml, &place, &crowd), &scene.test.adfs.signing[0])
        })
    };
    vec![
        within(
            "a thousand signatures stand in the assertion",
            "more than one Signature",
            |xml| {
                (
                    signature(xml).into(),
                    format!("<ds:Signature xmlns:ds=\"{DSIG}\"/>").repeat(1_000),
                )
            },
        ),
        within(
            "five hundred references stand in SignedInfo",
            "SignedInfo does not hold",
            |xml| {
                let reference = cut(xml, "<ds:Reference ", "</ds:Reference>");
                (
                    reference.into(),
                    "<ds:Reference><ds:Transforms/></ds:Reference>".repeat(500),
                )
            },
        ),
        within(
            "a thousand transforms stand in the reference",
            "Transforms does not hold",
            |xml| {
                let transform = cut(xml, "<ds:Transform ", "/>");
                (transform.into(), transform.repeat(1_000))
            },
        ),
        within(
            "four thousand keys stand in the signature",
            "Signature holds other than",
            |_| ("</ds:SignatureValue>".into(), "<KeyInfo/>".repeat(4_000)),
        ),
        within(
            "a hundred kilobytes of prefixes stand in a transform",
            "more than 32 inclusive prefixes",
            |xml| {
                let list = "a ".repeat(50_000);
                let prefixes = format!(
                    "<e:InclusiveNamespaces xmlns:e=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{list}\"/>"
                );
                let start = cut(
                    xml,
                    "<ds:Transform Algorithm=\"http://www.w3.org/2001/10",
                    ">",
                );
                (start.into(), prefixes)
            },
        ),
        forged(
            "the signature's value is a hundred kilobytes long",
            Code::Signature,
            "made by none",
            |scene| {
                after(
                    &scene.honest(What::Assertion),
                    "<ds:SignatureValue>",
                    &"AAAA".repeat(25_000),
                )
            },
        ),
        signed(
            "the name is a hundred kilobytes long",
            Code::Subject,
            "NameID: ",
            |scene| {
                let answer = scene.answer();
                let long = before(&answer.xml(), "</NameID>", &"a".repeat(100_000));
                scene.sign(&long, &answer.assertion_id)
            },
        ),
        signed(
            "there are four thousand claims",
            Code::Limits,
            "more than 6000 tags",
            |scene| {
                let answer = scene.answer();
                let crowd = "<Attribute Name=\"\"/>".repeat(6_000);
                scene.sign(
                    &before(&answer.xml(), "</AttributeStatement>", &crowd),
                    &answer.assertion_id,
                )
            },
        )
        .before_any_signature(),
    ]
}

#[tokio::test]
async fn every_bound_of_a_message_holds() {
    let test = TestApp::new().await;

    refuse(&test, bounds()).await;
    refuse(&test, crowds()).await;
}

/// What is dear and within every bound is still answered, and the next person comes in.
#[tokio::test]
async fn what_stays_within_every_bound_is_answered() {
    let test = TestApp::new().await;
    let namespaces = numbered(60, |n| format!(" xmlns:a{n}=\"urn:x\""));
    let shapes = [
        ("<a/>".to_owned(), 5_000),
        (format!("<a{namespaces}/>"), 140),
        (
            format!("<a{}/>", numbered(60, |n| format!(" a{n}=\"\""))),
            300,
        ),
        ("<a>".repeat(30) + &"</a>".repeat(30), 90),
        (format!("<a b=\"{}\"/>", "&amp;".repeat(20_000)), 1),
        ("&lt;".to_owned(), 40_000),
        (format!("<!--{}-->", "- ".repeat(50_000)), 1),
    ];
    for (shape, count) in shapes {
        let mut browser = test.browser();
        let scene = Scene::begin(&test, &mut browser).await;
        let answered = browser.deliver(&full(&scene, &shape, count)).await;
        assert_eq!(
            answered.status,
            axum::http::StatusCode::SEE_OTHER,
            "{:?} {shape:.40}",
            test.attempt().await.outcome
        );
    }
}

#[tokio::test]
async fn a_stranger_cannot_fill_the_disk() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let (users, attempts, audited) = test.written().await;

    for _ in 0..45 {
        let answered = post(&mut browser, test.slug, Posted::form(&[])).await;
        assert!(answered.status.is_client_error() && answered.reference().starts_with("att_"));
    }

    assert_eq!(test.written().await, (users, attempts + 30, audited));
    test.shared.tidy().await.unwrap();
    assert_eq!(test.written().await, (users, attempts + 30, audited + 1));
    post(&mut browser, test.slug, Posted::form(&[])).await;
    assert_eq!(test.written().await.1, attempts + 31);
    browser.sign_in_as_maya().await;
}

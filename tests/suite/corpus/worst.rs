//! As much as there may be of whatever is dear to a parser.

use vestibule::saml::check::Code;

use super::exhaustion::MOST;
use super::surgery::numbered;
use super::verification::Content;

/// The service looks at no more than this, and parses little of it.
#[test]
fn the_worst_that_a_message_can_be_is_refused_unparsed_or_unread() {
    let all = |start: &str, one: &dyn Fn(usize) -> String, end: &str| {
        let mut text = start.to_owned();
        let mut next = 0;
        while text.len() + one(next).len() + end.len() <= MOST {
            text += &one(next);
            next += 1;
        }
        text + end
    };
    let root = "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"";
    let inside = format!("{root}>");
    let end = "</samlp:Response>";
    let wide = format!("<a{}/>", numbered(65, |n| format!(" a{n}=''")));
    let shapes = [
        (
            "attributes",
            all(root, &|n| format!(" a{n}=''"), "/>"),
            Code::Limits,
        ),
        (
            "namespaces",
            all(root, &|n| format!(" xmlns:a{n}='u:'"), "/>"),
            Code::Limits,
        ),
        (
            "siblings",
            all(&inside, &|_| "<a/>".into(), end),
            Code::Limits,
        ),
        (
            "siblings of many names",
            all(&inside, &|n| format!("<a{n}/>"), end),
            Code::Limits,
        ),
        ("depth", all(&inside, &|_| "<a>".into(), end), Code::Limits),
        (
            "comments",
            all(&inside, &|_| "<!---->".into(), end),
            Code::Limits,
        ),
        (
            "sections",
            all(&inside, &|_| "<![CDATA[]]>".into(), end),
            Code::Limits,
        ),
        (
            "wide elements",
            all(&inside, &|_| wide.clone(), end),
            Code::Limits,
        ),
        ("entities", all(&inside, &|_| "&a;".into(), end), Code::Xml),
        (
            "a document type",
            all(
                "<!DOCTYPE r [",
                &|n| format!("<!ENTITY a{n} '&a;'>"),
                "]><r/>",
            ),
            Code::Xml,
        ),
        (
            "an attribute without an end",
            all(root, &|_| " a=\"".into(), "x"),
            Code::Limits,
        ),
        (
            "a comment without an end",
            all("<!--", &|_| "-".into(), ""),
            Code::Xml,
        ),
        (
            "tags that begin and do not end",
            "<".repeat(MOST),
            Code::Xml,
        ),
        ("one byte too many", " ".repeat(MOST + 1), Code::Limits),
    ];

    for (name, text, code) in shapes {
        assert!(text.len() > MOST - 1_000, "{name}");
        assert_eq!(Content::read(&text), Err(code), "{name}");
    }
}

//! The corpus by class of attack, as `docs/security.md` shows it.

use std::fs;

use super::case::Case;
use super::honest::Variation;
use super::verification::relying_party;
use super::{
    accounts, addressed, algorithms, ciphers, conditions, contents, decrypted, donors, encryption,
    envelope, exhaustion, forms, kinds, missing, namespaces, parser, references, requests,
    signatures, signed_info, text, transforms, transport, trust, wrapping,
};

/// A file with tables of cases, and where such an attack was seen.
type Class<T> = (&'static str, &'static str, &'static [fn() -> Vec<T>]);

const HOSTILE: [Class<Case>; 21] = [
    (
        "wrapping",
        "CVE-2022-41912, CVE-2024-45409, CVE-2025-47949; Somorovsky and others, \"On Breaking SAML\" (2012)",
        &[wrapping::several, wrapping::single],
    ),
    ("donors", "CVE-2024-6800", &[donors::cases]),
    (
        "references",
        "McIntosh and Austel, \"XML Signature Element Wrapping Attacks\" (2005)",
        &[
            references::ids,
            references::references,
            references::without_ids,
        ],
    ),
    (
        "missing",
        "CVE-2016-9814",
        &[missing::missing, missing::partly],
    ),
    ("trust", "CVE-2021-21239", &[trust::cases]),
    (
        "algorithms",
        "CVE-2009-0217, CVE-2018-7644",
        &[
            algorithms::weak,
            algorithms::unknown,
            algorithms::mismatched,
            algorithms::elliptic,
        ],
    ),
    (
        "transforms",
        "CVE-2022-34169, CVE-2022-47966",
        &[transforms::unknown, transforms::crowds, transforms::forms],
    ),
    (
        "signed_info",
        "CVE-2025-29774, CVE-2025-29775",
        &[
            signed_info::digests,
            signed_info::infos,
            signed_info::values,
        ],
    ),
    (
        "namespaces",
        "CVE-2020-29509, CVE-2025-66568",
        &[
            namespaces::wrong,
            namespaces::roots,
            namespaces::malformed,
            namespaces::prefixes,
        ],
    ),
    (
        "text",
        "VU#475445: CVE-2017-11427 to 11430, CVE-2018-0489",
        &[text::names, text::values, text::twins, text::elsewhere],
    ),
    (
        "parser",
        "CVE-2016-10149, CVE-2025-25291, CVE-2025-25292",
        &[
            parser::types,
            parser::instructions,
            parser::encodings,
            parser::wide,
            parser::malformed,
        ],
    ),
    (
        "envelope",
        "",
        &[
            envelope::roots,
            envelope::destinations,
            envelope::issuers,
            envelope::statuses,
        ],
    ),
    (
        "addressed",
        "",
        &[
            addressed::assertions,
            addressed::confirmations,
            addressed::audiences,
        ],
    ),
    (
        "conditions",
        "",
        &[conditions::times, conditions::statements],
    ),
    ("requests", "", &[requests::answers]),
    ("accounts", "", &[|| accounts::cases(&relying_party())]),
    ("transport", "", &[transport::forms, transport::base64]),
    ("kinds", "", &[kinds::roots, kinds::elsewhere]),
    (
        "encryption",
        "Jager and Somorovsky, \"How to Break XML Encryption\" (2011)",
        &[
            encryption::algorithms,
            encryption::shapes,
            encryption::tampered,
        ],
    ),
    (
        "decrypted",
        "CVE-2024-4985, CVE-2024-9487",
        &[decrypted::contents, decrypted::vouched],
    ),
    (
        "exhaustion",
        "CVE-2025-25293",
        &[exhaustion::bounds, exhaustion::crowds],
    ),
];

const HONEST: [Class<Variation>; 4] = [
    (
        "signatures",
        "",
        &[
            signatures::places,
            signatures::algorithms,
            signatures::prefixes,
        ],
    ),
    ("ciphers", "", &[ciphers::all, ciphers::shapes]),
    ("forms", "", &[forms::prefixes, forms::order, forms::texts]),
    (
        "contents",
        "",
        &[
            contents::names,
            contents::claims,
            contents::times,
            contents::conditions,
        ],
    ),
];

const PAGE: &str = "docs/security.md";
const MARKS: (&str, &str) = ("<!-- made of the corpus -->\n", "<!-- so far -->\n");

fn source(name: &str) -> String {
    fs::read_to_string(format!("tests/suite/corpus/{name}.rs")).unwrap()
}

/// What the file says that it is.
fn sentence(name: &str) -> String {
    let source = source(name);
    let first = source
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("//! "));
    first.unwrap().trim_end_matches('.').replace('|', "\\|")
}

/// A row for each class, and how many messages there are.
fn rows<T>(classes: &[Class<T>], row: impl Fn(&str, &str, usize) -> String) -> (String, usize) {
    let (mut rows, mut all) = (String::new(), 0);
    for (name, seen, tables) in classes {
        let count = tables.iter().map(|table| table().len()).sum();
        rows += &row(name, seen, count);
        all += count;
    }
    (rows, all)
}

fn table() -> String {
    let (hostile, refused) = rows(&HOSTILE, |name, seen, count| {
        format!(
            "| {} | {seen} | `{name}.rs` | {count} |
",
            sentence(name)
        )
    });
    let (honest, accepted) = rows(&HONEST, |name, _, count| {
        format!(
            "| {} | `{name}.rs` | {count} |
",
            sentence(name)
        )
    });
    format!(
        "
{refused} hostile messages, each refused for its own reason:

\
         | class | seen as | in `tests/suite/corpus/` | messages |
| --- | --- | --- | --- |
{hostile}
\
         {accepted} honest ones, each read to the letter:

\
         | class | in `tests/suite/corpus/` | messages |
| --- | --- | --- |
{honest}
"
    )
}

#[test]
fn the_page_about_security_shows_the_corpus_as_it_is() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (_, rest) = page.split_once(MARKS.0).unwrap();
    let (shown, _) = rest.split_once(MARKS.1).unwrap();

    let table = table();

    assert!(
        shown == table,
        "put this between the marks of {PAGE}:\n{table}"
    );
}

#[test]
fn every_table_of_the_corpus_is_counted() {
    let counted = |classes: Vec<(&str, usize)>, kind: &str| {
        for file in fs::read_dir("tests/suite/corpus").unwrap() {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let there = source(name)
                .lines()
                .filter(|line| {
                    line.contains("fn ") && line.ends_with(&format!("-> Vec<{kind}> {{"))
                })
                .count();
            let found = classes.iter().find(|class| class.0 == name);
            assert_eq!(
                found.map_or(0, |class| class.1),
                there,
                "tables of {name}.rs"
            );
        }
    };

    counted(
        HOSTILE
            .iter()
            .map(|class| (class.0, class.2.len()))
            .collect(),
        "Case",
    );
    counted(
        HONEST
            .iter()
            .map(|class| (class.0, class.2.len()))
            .collect(),
        "Variation",
    );
}

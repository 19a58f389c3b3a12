//! The order of the house, judged by reading its sources.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules; each uses only what stands before it. `src/lib.rs` says what each of them knows.
const ORDER: [&str; 27] = [
    "time", "id", "seal", "role", "account", "saml", "claims", "grant", "proposal", "user",
    "session", "attempt", "audit", "webhook", "scim", "gate", "handback", "store", "login",
    "access", "config", "log", "app", "http", "practice", "demo", "cli",
];

/// The practice ADFS stands for a foreign program: it may know no more of us than this.
const PRACTICE_USES: [&str; 2] = ["time", "id"];

/// The longest file, in lines.
const LONGEST: usize = 400;

#[test]
fn a_module_uses_only_what_stands_before_it() {
    let mut wrong = Vec::new();

    for source in modules() {
        for (line, name) in crate_names(&source.code) {
            if !may_use(source.module(), &name) {
                wrong.push(format!("{}:{line}: crate::{name}", source.path));
            }
        }
    }

    assert_none(
        &wrong,
        "a module uses only what stands before it in ORDER: move what is shared up, or hand it in",
    );
}

#[test]
fn every_module_stands_in_the_order_and_in_the_table_of_lib_rs() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let sources = modules();
    let exists = |module: &str| sources.iter().any(|source| source.module() == module);

    let homeless: Vec<_> = sources
        .iter()
        .filter(|source| !ORDER.contains(&source.module()))
        .map(|source| source.path.clone())
        .collect();
    let expected: Vec<_> = ORDER.into_iter().filter(|module| exists(module)).collect();

    assert_none(
        &homeless,
        "no place in ORDER: give the module one, with a decision",
    );
    assert_eq!(
        table(&lib),
        expected,
        "the table in src/lib.rs (left) names every module, in the order of ORDER (right)"
    );
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    let silent: Vec<_> = sources()
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| format!("{}:1", source.path))
        .collect();

    assert_none(&silent, "begin the file with one sentence, `//! …`");
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let long: Vec<_> = sources()
        .iter()
        .filter(|source| source.text.lines().count() > LONGEST)
        .map(|source| format!("{}: {} lines", source.path, source.text.lines().count()))
        .collect();

    assert_none(&long, "split the file: which noun wants one of its own?");
}

#[test]
fn a_lint_is_expected_with_a_reason_and_never_allowed() {
    let advice = "write `#[expect(lint, reason = \"…\")]` on the smallest item";

    assert_none(&uses_of("#[allow(", &[]), advice);
    assert_none(&uses_of("#![allow(", &[]), advice);
}

#[test]
fn nothing_is_left_to_be_written() {
    let advice = "write it, or take it out";

    assert_none(&uses_of("todo!", &[]), advice);
    assert_none(&uses_of("unimplemented!", &[]), advice);
}

#[test]
fn only_the_store_speaks_to_the_database() {
    let advice = "move it to src/store/, behind a function that takes and returns our own types";

    assert_none(&uses_of("sqlx::", &["store"]), advice);
}

#[test]
fn only_http_and_the_practice_adfs_speak_axum() {
    let advice = "move what answers requests to src/http/";

    assert_none(&uses_of("axum::", &["http", "practice"]), advice);
}

#[test]
fn names_are_read_from_paths_and_from_groups_but_not_from_comments() {
    let code = without_comments(
        "use crate::time::Span;\nuse crate::{\n    id::{Token, Entropy},\n    role,\n};\n\
         /// Like [`crate::cli`].\nlet x = $crate::saml::read(\"a\"); // not crate::http\n",
    );

    let names = crate_names(&code);

    let expected = [(1, "time"), (2, "id"), (2, "role"), (7, "saml")];
    assert_eq!(names, expected.map(|(line, name)| (line, name.to_owned())));
}

/// A file under `src/`.
struct Source {
    path: String,
    text: String,
    code: String,
}

impl Source {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        Self {
            path: path.strip_prefix(root()).unwrap().display().to_string(),
            code: without_comments(&text),
            text,
        }
    }

    /// The module of the table that the file belongs to: `saml` for `src/saml/xml.rs`.
    fn module(&self) -> &str {
        word(self.path.trim_start_matches("src/"))
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under `src/`.
fn sources() -> Vec<Source> {
    let mut folders = vec![root().join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(Source::read(&path));
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The files of modules: all but the two roots, which may name anything.
fn modules() -> Vec<Source> {
    let mut found = sources();
    found.retain(|source| !["lib", "main"].contains(&source.module()));
    found
}

fn may_use(module: &str, name: &str) -> bool {
    let place = |wanted: &str| ORDER.iter().position(|module| *module == wanted);
    match (place(name), place(module)) {
        _ if name == module => true,
        _ if module == "practice" => PRACTICE_USES.contains(&name),
        (Some(used), Some(own)) => used < own,
        _ => false,
    }
}

/// Where the code outside some modules says `needle`.
fn uses_of(needle: &str, except: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources() {
        if except.contains(&source.module()) {
            continue;
        }
        for at in starts_of(needle, &source.code) {
            found.push(format!(
                "{}:{}: {needle}",
                source.path,
                line_at(&source.code, at)
            ));
        }
    }
    found
}

/// Each `crate::name`, also in `crate::{one, other::Thing}`, with its line.
fn crate_names(code: &str) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    for at in starts_of("crate::", code) {
        let rest = &code[at + "crate::".len()..];
        let items = rest
            .strip_prefix('{')
            .map_or(vec![rest.to_owned()], items_of_group);
        for item in items {
            names.push((line_at(code, at), word(item.trim()).to_owned()));
        }
    }
    names
}

/// The items of a `use` group, up to its closing brace, without the groups inside them.
fn items_of_group(group: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut depth = 0;
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            _ if depth == 0 => items.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    items.retain(|item| !item.trim().is_empty());
    items
}

/// Where `needle` begins and is not the end of a longer word.
fn starts_of<'a>(needle: &'a str, code: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_start = |at: &usize| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    code.match_indices(needle)
        .map(|(at, _)| at)
        .filter(is_start)
}

fn line_at(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// The identifier at the beginning of `text`.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// The same lines, with nothing from `//` on; an address in a string has no space before it.
fn without_comments(text: &str) -> String {
    let code = |line: &str| {
        let is_comment = line.trim_start().starts_with("//");
        let code = line.split(" //").next().filter(|_| !is_comment);
        code.unwrap_or_default().to_owned()
    };
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// The modules named in the first column of the table in `src/lib.rs`.
fn table(lib: &str) -> Vec<&str> {
    lib.lines()
        .filter_map(|line| line.strip_prefix("//! | ")?.split(" | ").next())
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect()
}

fn assert_none(wrong: &[String], advice: &str) {
    assert!(wrong.is_empty(), "{advice}\n  {}", wrong.join("\n  "));
}

//! The file of an account, with the metadata that it names.

use std::path::Path;

use super::read::{self, Error};
use crate::account::{Document, problems};

/// What a file says of an account.
#[derive(Debug, Clone)]
pub struct AccountFile {
    /// The configuration, without the path of the metadata.
    pub document: Document,
    /// The bytes of the metadata file, where one is named.
    pub metadata: Option<Vec<u8>>,
}

/// Reads and checks the file of an account.
pub fn read_account(path: &Path) -> Result<AccountFile, Error> {
    let file = path.display().to_string();
    let mut document = parse_account(&read::text(path)?, &file)?;
    let named = document
        .saml
        .as_mut()
        .and_then(|saml| saml.idp_metadata.take());
    let metadata = named.map(|name| {
        let path = path.parent().unwrap_or(Path::new("")).join(name);
        std::fs::read(&path).map_err(|source| Error::File {
            file: format!("{file}: `saml.idp_metadata`: {}", path.display()),
            source,
        })
    });
    Ok(AccountFile {
        document,
        metadata: metadata.transpose()?,
    })
}

/// Reads and checks what somebody wrote of an account; `name` is what a mistake is said to stand in.
pub fn parse_account(text: &str, name: &str) -> Result<Document, Error> {
    let document: Document = read::parse(text, name)?;
    let problems = problems(&document);
    if problems.is_empty() {
        Ok(document)
    } else {
        let file = name.to_owned();
        Err(Error::Problems { file, problems })
    }
}

/// The configuration of an account as somebody would write it; nothing where it cannot be written.
pub fn write_account(document: &Document) -> String {
    toml::to_string_pretty(document).unwrap_or_default()
}

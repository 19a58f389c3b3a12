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
    let mut document: Document = read::parse(&read::text(path)?, &file)?;
    let problems = problems(&document);
    if !problems.is_empty() {
        return Err(Error::Problems { file, problems });
    }
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

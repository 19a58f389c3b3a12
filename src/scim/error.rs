//! What is wrong with a request, in the words of RFC 7644, 3.12.

use serde_json::{Value, json};

/// Why a request of a directory is refused; the sentence says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Error {
    /// What kind of mistake it is.
    pub kind: Kind,
    /// What is wrong, for the person who looks after the directory.
    pub sentence: String,
}

/// The kinds of mistakes, each with its status and its `scimType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The filter cannot be read, or asks for what cannot be compared.
    InvalidFilter,
    /// More would have to be looked at than is looked at for one question.
    TooMany,
    /// Something else has that name.
    Uniqueness,
    /// What is to be changed never changes.
    Mutability,
    /// The body is not what it should be.
    InvalidSyntax,
    /// The path of a change leads nowhere.
    InvalidPath,
    /// There is nothing at the path of a change.
    NoTarget,
    /// A value is missing or does not fit.
    InvalidValue,
    /// The caller is not known.
    Unauthenticated,
    /// The account does not work this way.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// This address does not take requests of that kind.
    Method,
    /// Somebody else changed it meanwhile.
    Precondition,
    /// The body is no JSON of SCIM.
    MediaType,
    /// What was sent is too large.
    TooLarge,
    /// This part of the standard is not offered.
    NotOffered,
    /// Something went wrong here.
    Internal,
}

impl Kind {
    /// The status of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidFilter
            | Self::TooMany
            | Self::Mutability
            | Self::InvalidSyntax
            | Self::InvalidPath
            | Self::NoTarget
            | Self::InvalidValue => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Method => 405,
            Self::Uniqueness => 409,
            Self::Precondition => 412,
            Self::TooLarge => 413,
            Self::MediaType => 415,
            Self::Internal => 500,
            Self::NotOffered => 501,
        }
    }

    /// The name of the mistake in the standard, where it has one.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::InvalidFilter => Some("invalidFilter"),
            Self::TooMany => Some("tooMany"),
            Self::Uniqueness => Some("uniqueness"),
            Self::Mutability => Some("mutability"),
            Self::InvalidSyntax => Some("invalidSyntax"),
            Self::InvalidPath => Some("invalidPath"),
            Self::NoTarget => Some("noTarget"),
            Self::InvalidValue => Some("invalidValue"),
            Self::Unauthenticated
            | Self::Forbidden
            | Self::NotFound
            | Self::Method
            | Self::Precondition
            | Self::TooLarge
            | Self::MediaType
            | Self::Internal
            | Self::NotOffered => None,
        }
    }

    /// A mistake of this kind.
    pub fn because(self, sentence: impl Into<String>) -> Error {
        Error {
            kind: self,
            sentence: sentence.into(),
        }
    }
}

impl Error {
    /// The body of the answer.
    pub fn json(&self) -> Value {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.kind.status().to_string(),
            "detail": self.sentence,
        });
        if let (Some(body), Some(name)) = (body.as_object_mut(), self.kind.name()) {
            body.insert("scimType".to_owned(), name.into());
        }
        body
    }
}

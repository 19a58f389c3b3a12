//! Reads TOML and says of a mistake in which file, line and key it stands, and what was probably meant.

use std::path::Path;

use serde::de::DeserializeOwned;

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A mistake at one place.
    #[error("{file}:{line}: {message}")]
    At {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// Mistakes that no single line shows.
    #[error("{file}: {}", problems.join("; "))]
    Problems {
        /// The file.
        file: String,
        /// One sentence each.
        problems: Vec<String>,
    },
    /// A mistake in the environment.
    #[error("environment variable {name}: {message}")]
    Environment {
        /// The variable.
        name: String,
        /// What is wrong with it.
        message: String,
    },
}

/// The text of a configuration file.
pub(super) fn text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::File {
        file: path.display().to_string(),
        source,
    })
}

/// Reads `text`, which stands in `file`.
pub(super) fn parse<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| {
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        Error::At {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            message: hint(error.message()),
        }
    })
}

/// The message in words that help: with the nearest known key, where an unknown one was used.
pub(super) fn hint(message: &str) -> String {
    if message == "invalid socket address syntax" {
        return "not an address with a port, such as 127.0.0.1:8080".to_owned();
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let (Some(unknown), true) = (quoted.next(), message.starts_with("unknown")) else {
        return message.to_owned();
    };
    let what = if message.starts_with("unknown variant") {
        "value"
    } else {
        "key"
    };
    match nearest(unknown, quoted) {
        Some(known) => format!("unknown {what} `{unknown}`; did you mean `{known}`?"),
        None => message.replacen("field", "key", 1),
    }
}

/// The name of `known` that is most like `name`, if any is like it at all.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(score, _)| *score > 0.7);
    scored
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}

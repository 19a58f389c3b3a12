//! What a command says: to people in lines, to programs in JSON.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use crate::app::Refused;

/// How a command answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Out {
    /// Whether a program reads it.
    pub(super) json: bool,
}

impl Out {
    /// Prints the value for programs, or the lines for people.
    pub(super) fn say(
        self,
        value: &impl Serialize,
        lines: impl FnOnce() -> Vec<String>,
    ) -> Result<ExitCode> {
        let text = if self.json {
            serde_json::to_string_pretty(value)?
        } else {
            lines().join("\n")
        };
        print(&text);
        Ok(ExitCode::SUCCESS)
    }

    /// Says why it failed.
    pub(super) fn failed(self, error: &anyhow::Error) -> ExitCode {
        self.complain("failed", &causes(error), ExitCode::from(1))
    }

    /// Says which safety rule refused it, and what to do.
    pub(super) fn refused(self, error: &anyhow::Error) -> ExitCode {
        let sentence = error
            .downcast_ref::<Refused>()
            .map_or_else(|| causes(error), ToString::to_string);
        self.complain("refused", &sentence, ExitCode::from(3))
    }

    fn complain(self, code: &str, sentence: &str, exit: ExitCode) -> ExitCode {
        if self.json {
            print(&json!({ "error": code, "detail": sentence }).to_string());
        } else {
            // It may quote a file or a server that somebody else has written.
            let lines: Vec<String> = sentence.lines().map(plain).collect();
            note(&format!("{code}: {}", lines.join("\n")));
        }
        exit
    }
}

/// A line beside the answer.
pub(super) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "vestibule: {text}");
}

/// An error and its causes, each said once: some errors end with what their cause says.
fn causes(error: &anyhow::Error) -> String {
    let mut said = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.ends_with(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Text from elsewhere, with nothing in it that a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control()
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c)
            {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// Rows with their columns aligned.
pub(super) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        row.iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect::<Vec<_>>()
            .join("  ")
            .trim_end()
            .to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let missing = crate::config::read_account(std::path::Path::new("no/such/file.toml"));
        let error = anyhow::Error::from(missing.unwrap_err()).context("applying it");

        assert_eq!(
            causes(&error),
            "applying it: no/such/file.toml: No such file or directory (os error 2)"
        );
    }
}

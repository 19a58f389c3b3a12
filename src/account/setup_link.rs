//! A link by which a client's administrator, who has no account, sets their side up.

use crate::id::SetupLinkId;
use crate::time::{Span, Timestamp};

/// So many days a link is good at most.
pub const LONGEST_LINK: i64 = 30;

/// What is known of a setup link; its secret is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupLink {
    /// What the audit calls it, and whoever uses it.
    pub id: SetupLinkId,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// From when on it is good for nothing.
    pub expires_at: Timestamp,
    /// When somebody opened it, and from where.
    pub opened: Option<(Timestamp, String)>,
    /// When somebody ended it before its time.
    pub ended_at: Option<Timestamp>,
}

impl SetupLink {
    /// How long a link is good that somebody wants for so many days; nothing where that is too long or no time at all.
    pub fn lasting(days: i64) -> Option<Span> {
        (1..=LONGEST_LINK).contains(&days).then(|| Span::days(days))
    }

    /// Whether it, or the browser that opened it, still opens anything.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// How it stands, in a word.
    pub fn state(&self, now: Timestamp) -> &'static str {
        match (self.ended_at, self.is_good(now), &self.opened) {
            (Some(_), _, _) => "ended",
            (None, false, _) => "expired",
            (None, true, Some(_)) => "in use",
            (None, true, None) => "not opened yet",
        }
    }
}

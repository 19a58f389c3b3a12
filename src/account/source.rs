//! How an identity provider's descriptor is kept fresh by its address.

use serde::Serialize;

use crate::time::{Span, Timestamp};

/// What is known of the address that an account's descriptor comes from; what is trusted stands in the active revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The address.
    pub url: String,
    /// How the server named the document that it sent last.
    #[serde(skip)]
    pub etag: Option<String>,
    /// When the server says that it changed last.
    #[serde(skip)]
    pub last_modified: Option<String>,
    /// What names the bytes of its last document.
    #[serde(skip)]
    pub digest: Option<String>,
    /// How long that document says that it may be kept.
    #[serde(skip)]
    pub cache: Option<Span>,
    /// The number of the revision that its last document was compared with, or became.
    #[serde(skip)]
    pub judged: Option<i64>,
    /// When it was asked last.
    pub asked_at: Option<Timestamp>,
    /// When it last sent something that could be used, or said that nothing is new.
    pub good_at: Option<Timestamp>,
    /// When it is asked next.
    pub next_at: Timestamp,
    /// How often in a row it failed.
    pub failures: i64,
    /// What was wrong the last time.
    pub problem: Option<String>,
    /// Until when the document that is trusted says that it holds.
    pub valid_until: Option<Timestamp>,
    /// A change that waits for somebody's yes.
    pub held: Option<Held>,
    /// The change that somebody said no to.
    pub refused: Option<String>,
}

/// A descriptor that changes trust and waits for somebody's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The descriptor as it was received.
    #[serde(skip)]
    pub metadata: String,
    /// What names the change: the same trust has the same name.
    pub change: String,
    /// When it came first.
    pub at: Timestamp,
}

/// How often an address is asked where the document does not say otherwise, and how seldom at most.
const DAILY: Span = Span::hours(24);

/// How often an address is asked at most, whatever the document says.
const HOURLY: Span = Span::hours(1);

/// After a first failure; each further one doubles it, up to a day.
const RETRY: Span = Span::minutes(5);

/// Without a good answer for so long, a copy is old; a long weekend of a farm is not worth a call.
const OLD: Span = Span::days(3);

impl Source {
    /// An address that nobody has asked yet.
    pub fn new(url: &str, next_at: Timestamp) -> Self {
        Self {
            url: url.to_owned(),
            etag: None,
            last_modified: None,
            digest: None,
            cache: None,
            judged: None,
            asked_at: None,
            good_at: None,
            next_at,
            failures: 0,
            problem: None,
            valid_until: None,
            held: None,
            refused: None,
        }
    }

    /// It answered well at `now` and is asked again when the document wishes, a little earlier by `jitter` of 65,536.
    pub fn answered(&mut self, now: Timestamp, jitter: u16) {
        let valid = self.valid_until.map(|until| until.since(now));
        let wish = [self.cache, valid]
            .into_iter()
            .flatten()
            .fold(DAILY, Span::min)
            .max(HOURLY);
        self.asked_at = Some(now);
        self.good_at = Some(now);
        self.failures = 0;
        self.problem = None;
        self.next_at = now.plus(earlier(wish, jitter));
    }

    /// It failed at `now`; says what somebody should hear of: the first failure, and that the copy became old.
    pub fn failed(&mut self, now: Timestamp, problem: &str, jitter: u16) -> Vec<Trouble> {
        let was_old = self.asked_at.is_some_and(|asked| self.is_old(asked));
        let mut trouble = Vec::new();
        if self.failures == 0 {
            trouble.push(Trouble::Failed);
        }
        if self.is_old(now) && !was_old {
            trouble.push(Trouble::Old);
        }
        let doubled = (0..self.failures.min(9)).fold(RETRY, |wait, _| wait.twice());
        self.asked_at = Some(now);
        self.failures = self.failures.saturating_add(1);
        self.problem = Some(problem.chars().take(500).collect());
        self.next_at = now.plus(earlier(doubled.min(DAILY), jitter));
        trouble
    }

    /// Whether the last good answer lies too far back.
    pub fn is_old(&self, now: Timestamp) -> bool {
        self.good_at.is_some_and(|good| now.since(good) >= OLD)
    }
}

/// What somebody should hear of an address that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It failed after it had worked.
    Failed,
    /// Nothing good came for days.
    Old,
}

/// Up to a fifth earlier, so that a thousand accounts made in one minute are not asked in one.
fn earlier(span: Span, jitter: u16) -> Span {
    let part = span.as_millis() / 5;
    Span::millis(span.as_millis() - part * i64::from(jitter) / 65_536)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_768_467_600_000);

    fn next(cache: Option<Span>, valid: Option<Span>, jitter: u16) -> Span {
        let mut source = Source::new("https://adfs.test/", NOW);
        source.valid_until = valid.map(|valid| NOW.plus(valid));
        source.cache = cache;
        source.answered(NOW, jitter);
        source.next_at.since(NOW)
    }

    #[test]
    fn it_is_asked_daily_unless_told_otherwise_and_never_more_than_hourly() {
        assert_eq!(next(None, None, 0), Span::days(1));
        assert_eq!(next(Some(Span::days(30)), None, 0), Span::days(1));
        assert_eq!(next(Some(Span::hours(6)), None, 0), Span::hours(6));
        assert_eq!(next(Some(Span::seconds(1)), None, 0), Span::hours(1));
        assert_eq!(
            next(None, Some(Span::hours(9)), 0),
            Span::hours(9),
            "before it runs out"
        );
        let spread = next(None, None, u16::MAX);
        assert!(spread < Span::days(1) && spread > Span::hours(19));
    }

    #[test]
    fn failures_are_asked_again_ever_later_and_told_of_once() {
        let mut source = Source::new("https://adfs.test/", NOW);
        source.answered(NOW, 0);
        let mut now = NOW;
        let (mut waits, mut told) = (Vec::new(), Vec::new());

        for _ in 0..12 {
            told.extend(source.failed(now, "404", 0));
            waits.push(source.next_at.since(now).as_seconds() / 60);
            now = source.next_at;
        }

        assert_eq!(waits[..4], [5, 10, 20, 40]);
        assert_eq!(waits.last(), Some(&1440));
        assert_eq!(told, [Trouble::Failed, Trouble::Old]);
        source.answered(now, 0);
        assert_eq!((source.failures, source.problem), (0, None));
    }
}

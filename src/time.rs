//! Time as data: instants, spans, and the one clock that may be read.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// An instant in Unix milliseconds, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant that many milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds after 1970-01-01T00:00:00Z.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Reads an XML Schema `dateTime` that names UTC (`Z`), as SAML Core 1.3.3 demands.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.ends_with('Z') || text.len() > 40 {
            return None;
        }
        let parsed = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Self(parsed.timestamp_millis()))
    }

    /// The instant `span` later, stopping at the end of time.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The instant `span` earlier, stopping at the beginning of time.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long after `earlier` this is; negative when it is before.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Whole days since 1970-01-01.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(Span::days(1).0)
    }

    /// `2026-01-31 09:05:00 UTC`, for people.
    pub fn for_people(self) -> String {
        self.utc().format("%Y-%m-%d %H:%M:%S UTC").to_string()
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    /// `2026-01-31T09:05:00.000Z`, the form that SAML messages carry.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// The end of something as people write it: a day, which counts to its last moment in UTC, or an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Until(Timestamp);

impl Until {
    /// From this instant on it is over.
    pub const fn at(self) -> Timestamp {
        self.0
    }
}

impl From<Timestamp> for Until {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let end = day
            .filter(|_| text.len() == 10)
            .map(|day| day.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
            .map(|start| Timestamp(start).plus(Span::days(1)));
        let instant = || DateTime::parse_from_rfc3339(text).ok();
        end.or_else(|| instant().map(|at| Timestamp(at.timestamp_millis())))
            .map(Self)
            .ok_or_else(|| {
                format!("`{text}` is neither a day such as 2026-12-31 nor an instant such as 2026-12-31T18:00:00+01:00")
            })
    }
}

impl TryFrom<String> for Until {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Until> for String {
    fn from(until: Until) -> Self {
        until.to_string()
    }
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = Span::days(1);
        if self.0.millis().rem_euclid(day.0) == 0 {
            write!(f, "{}", self.0.minus(day).utc().format("%Y-%m-%d"))
        } else {
            self.0.fmt(f)
        }
    }
}

/// A length of time in milliseconds; may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(i64);

impl Span {
    /// That many milliseconds.
    pub const fn millis(count: i64) -> Self {
        Self(count)
    }

    /// That many seconds.
    pub const fn seconds(count: i64) -> Self {
        Self(count.saturating_mul(1_000))
    }

    /// That many minutes.
    pub const fn minutes(count: i64) -> Self {
        Self::seconds(count.saturating_mul(60))
    }

    /// That many hours.
    pub const fn hours(count: i64) -> Self {
        Self::minutes(count.saturating_mul(60))
    }

    /// That many days of 24 hours.
    pub const fn days(count: i64) -> Self {
        Self::hours(count.saturating_mul(24))
    }

    /// Reads an XML Schema `duration` such as `PT8H` or `P1DT30M`; a month counts 30 days and a year 365.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('P').filter(|rest| rest.len() <= 40)?;
        let (mut total, mut number, mut in_time, mut parts) = (Self(0), String::new(), false, 0);
        for letter in rest.chars() {
            if letter == 'T' && !in_time && number.is_empty() {
                in_time = true;
                continue;
            }
            if letter.is_ascii_digit() || letter == '.' {
                number.push(letter);
                continue;
            }
            let unit = match (letter, in_time) {
                ('Y', false) => Self::days(365),
                ('M', false) => Self::days(30),
                ('D', false) => Self::days(1),
                ('H', true) => Self::hours(1),
                ('M', true) => Self::minutes(1),
                ('S', true) => Self::seconds(1),
                _ => return None,
            };
            let whole = number.split('.').next().unwrap_or_default();
            let count: i64 = whole.parse().ok()?;
            total = Self(total.0.saturating_add(unit.0.saturating_mul(count)));
            number.clear();
            parts += 1;
        }
        (parts > 0 && number.is_empty()).then_some(total)
    }

    /// The length in milliseconds.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The length in whole seconds, rounded towards zero.
    pub const fn as_seconds(self) -> i64 {
        self.0 / 1_000
    }

    /// The length in whole days, rounded towards zero.
    pub const fn as_days(self) -> i64 {
        self.0 / Self::days(1).0
    }

    /// Twice the length.
    #[must_use]
    pub const fn twice(self) -> Self {
        Self(self.0.saturating_mul(2))
    }
}

impl fmt::Display for Span {
    /// Seconds with three digits: `-1.500 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:03} s", size / 1_000, size % 1_000)
    }
}

/// Where the present comes from: the machine, or a test that moves it by hand.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands still until it is moved.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `start` until it is moved.
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.0)))
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place where the clock is read"
            )]
            Self::System => Timestamp(Utc::now().timestamp_millis()),
            Self::Manual(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock; the machine's clock is left alone.
    pub fn advance(&self, span: Span) {
        match self {
            Self::System => {}
            Self::Manual(at) => {
                at.fetch_add(span.0, Ordering::SeqCst);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saml_times_are_read_to_the_millisecond_and_written_back() {
        let at = Timestamp::parse("2017-09-21T23:27:07.123Z").unwrap();

        assert_eq!(at.to_string(), "2017-09-21T23:27:07.123Z");
        assert_eq!(Timestamp::parse("2017-09-21T23:27:07.1234567Z"), Some(at));
    }

    #[test]
    fn durations_are_read_and_nonsense_is_not() {
        let of = |text| Span::parse(text);

        assert_eq!(of("PT8H"), Some(Span::hours(8)));
        assert_eq!(of("P1DT30M"), Some(Span::minutes(24 * 60 + 30)));
        assert_eq!(of("P0Y0M7DT0H0M0.000S"), Some(Span::days(7)));
        for text in ["", "P", "PT", "8H", "-P1D", "PT8", "P8H", "PTT1H", "P1Y2X"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn an_end_is_the_last_moment_of_a_day_or_an_instant() {
        let of = |text: &str| text.parse::<Until>();
        let instant = |text| Until(Timestamp::parse(text).unwrap());

        assert_eq!(of("2026-12-31"), Ok(instant("2027-01-01T00:00:00Z")));
        assert_eq!(
            of("2026-12-31T18:00:00+01:00"),
            Ok(instant("2026-12-31T17:00:00Z"))
        );
        for text in ["2026-12-31", "2026-12-31T17:00:00.000Z"] {
            assert_eq!(of(text).unwrap().to_string(), text);
        }
        for text in ["", "2026-13-01", "2026-1-1", "tomorrow", "2026-12-31T18:00"] {
            assert!(of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_without_utc_are_refused() {
        for text in [
            "2017-09-21T23:27:07",
            "2017-09-21T23:27:07+02:00",
            "2017-09-21",
            "",
            "Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}

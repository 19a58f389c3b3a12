//! When a receiver that failed is tried again, and when not any more.

use crate::time::Span;

/// Between the tries of a message; after the last it has failed.
const PAUSES: [Span; 9] = [
    Span::seconds(5),
    Span::seconds(60),
    Span::seconds(5 * 60),
    Span::seconds(30 * 60),
    Span::hours(2),
    Span::hours(5),
    Span::hours(10),
    Span::hours(14),
    Span::hours(20),
];

/// So many tries a message gets.
pub const EXHAUSTED: i64 = 10;

/// A receiver of which every try failed for so long is told nothing more.
pub const GIVEN_UP: Span = Span::days(5);

/// So long messages are kept, to be looked at and sent again.
pub const KEPT: Span = Span::days(30);

/// How long to wait after so many tries in a row that failed; `jitter` spreads that by up to a fifth.
pub fn pause(failures: i64, jitter: u8) -> Span {
    let index = usize::try_from(failures.saturating_sub(1)).unwrap_or_default();
    let most = PAUSES.last().copied().unwrap_or(Span::hours(20));
    let pause = PAUSES.get(index).copied().unwrap_or(most);
    let more = pause.as_millis() / 5 * i64::from(jitter) / 255;
    Span::millis(pause.as_millis().saturating_add(more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_at_the_longest() {
        assert_eq!(pause(1, 0), Span::seconds(5));
        assert_eq!(pause(1, 255), Span::seconds(6));
        assert_eq!(pause(9, 0), Span::hours(20));
        assert_eq!(pause(100, 0), Span::hours(20));
        assert_eq!(usize::try_from(EXHAUSTED).unwrap(), PAUSES.len() + 1);
    }
}

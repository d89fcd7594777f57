//! Auth0's rate limits: a token bucket per kind of endpoint, of which the size is the burst. They hold under
//! `--auth0-limits` alone; otherwise the headers, which SDKs read, name a number that nobody reaches.

use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue};
use purser_core::clock::Timestamp;

/// Tokens of the Management API's bucket, and how many come back a second.
const MANAGEMENT: (u32, u32) = (50, 16);
/// The same for `/oauth/token`.
const TOKEN: (u32, u32) = (100, 30);
/// What the headers say when nothing is limited.
const GENEROUS: u32 = 1000;

/// The buckets of a server.
#[derive(Debug)]
pub(crate) struct RateLimits {
    pub(crate) management: Bucket,
    pub(crate) token: Bucket,
}

impl RateLimits {
    /// Makes full buckets, or such as never empty.
    pub(super) fn new(enforced: bool) -> Self {
        Self {
            management: Bucket::new(MANAGEMENT, enforced),
            token: Bucket::new(TOKEN, enforced),
        }
    }
}

/// One bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    size: u32,
    per_second: u32,
    /// `None`: nothing is limited.
    level: Option<Mutex<Level>>,
}

/// How full a bucket was when it was last looked at. Counted in thousandths of tokens, so that milliseconds matter.
#[derive(Debug)]
struct Level {
    millitokens: u64,
    at: Timestamp,
}

/// What a request is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    limit: u32,
    remaining: u32,
    /// Unix seconds.
    reset: i64,
    pub(crate) allowed: bool,
}

impl Bucket {
    fn new((size, per_second): (u32, u32), enforced: bool) -> Self {
        let full = Level {
            millitokens: u64::from(size) * 1000,
            at: Timestamp(i64::MIN),
        };
        Self {
            size,
            per_second,
            level: enforced.then(|| Mutex::new(full)),
        }
    }

    /// Takes one token, if there is one.
    pub(crate) fn take(&self, now: Timestamp) -> Allowance {
        let reset = now.seconds() + 1;
        let Some(level) = &self.level else {
            return Allowance {
                limit: GENEROUS,
                remaining: GENEROUS - 1,
                reset,
                allowed: true,
            };
        };
        let mut level = level.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = u64::try_from(now.0.saturating_sub(level.at.0)).unwrap_or(0);
        let refilled = level
            .millitokens
            .saturating_add(elapsed.saturating_mul(u64::from(self.per_second)));
        level.millitokens = refilled.min(u64::from(self.size) * 1000);
        level.at = now;
        let allowed = level.millitokens >= 1000;
        if allowed {
            level.millitokens -= 1000;
        }
        let remaining = u32::try_from(level.millitokens / 1000).unwrap_or(0);
        Allowance {
            limit: self.size,
            remaining,
            reset,
            allowed,
        }
    }
}

impl Allowance {
    /// Writes the three headers, and `Retry-After` when the bucket was empty.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        headers.insert("x-ratelimit-limit", self.limit.into());
        headers.insert("x-ratelimit-remaining", self.remaining.into());
        headers.insert("x-ratelimit-reset", self.reset.into());
        if !self.allowed {
            headers.insert("retry-after", HeaderValue::from_static("1"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let bucket = Bucket::new((2, 4), true);
        let take = |ms| bucket.take(Timestamp(ms));
        assert_eq!(
            take(0),
            Allowance {
                limit: 2,
                remaining: 1,
                reset: 1,
                allowed: true
            }
        );
        assert!(take(0).allowed);
        assert!(!take(249).allowed);
        assert!(take(250).allowed);
        assert!(!take(250).allowed);
        assert_eq!(take(60_000).remaining, 1);
    }
}

//! How far a running job is: a bar on a terminal, a line every few seconds where standard error is piped.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use purser_core::job::{Progress, Summary};
use purser_engine::{Stage, Watch};

use super::interrupt::Interrupt;
use super::output::Output;
use super::words;

/// How often a terminal is drawn.
const FRAME: Duration = Duration::from_millis(100);
/// What takes less is not worth a line in a log.
const FIRST_LINE: Duration = Duration::from_secs(3);
/// How often there is a line after that.
const NEXT_LINE: Duration = Duration::from_secs(5);
/// A rate before this much time says nothing.
const SETTLED: Duration = Duration::from_millis(500);

/// A job that people wait for.
#[derive(Debug, Clone)]
pub(crate) struct Waiting<'a> {
    pub(crate) watch: &'a Watch,
    pub(crate) interrupt: &'a Interrupt,
    /// What is counted: `row`, `user`.
    pub(crate) noun: &'static str,
    /// What an earlier attempt had done already.
    pub(crate) base: (Progress, Summary),
}

impl Waiting<'_> {
    /// Runs the job on this thread while another one shows how far it is.
    pub(crate) fn run<T>(&self, output: Output, job: impl FnOnce() -> T) -> T {
        if !output.talks() {
            return job();
        }
        std::thread::scope(|scope| {
            let (done, ended) = mpsc::channel::<()>();
            scope.spawn(move || {
                if output.talks_to_terminal() {
                    self.draw(&ended);
                } else {
                    self.tell(output, &ended);
                }
            });
            let result = job();
            drop(done);
            result
        })
    }

    fn draw(&self, ended: &Receiver<()>) {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = |template| ProgressStyle::with_template(template);
        let (spinner, full) = ("{spinner} {wide_msg}", "{spinner} [{bar:24}] {wide_msg}");
        let styles = style(spinner).and_then(|spinner| Ok((spinner, style(full)?)));
        let (spinner, full) = styles.expect("the templates are constant, and drawn by every run");
        bar.set_style(spinner);
        let start = Instant::now();
        let mut is_full = false;
        while ended.recv_timeout(FRAME) == Err(RecvTimeoutError::Timeout) {
            let moment = self.moment(start.elapsed());
            if moment.progress.of > 0 {
                bar.set_length(moment.progress.of);
                bar.set_position(moment.progress.done.min(moment.progress.of));
                if !is_full {
                    bar.set_style(full.clone());
                    is_full = true;
                }
            }
            bar.set_message(moment.sentence());
            bar.tick();
        }
        bar.finish_and_clear();
    }

    fn tell(&self, output: Output, ended: &Receiver<()>) {
        let start = Instant::now();
        let mut wait = FIRST_LINE;
        while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            output.say(&self.moment(start.elapsed()).sentence());
            wait = NEXT_LINE;
        }
    }

    fn moment(&self, elapsed: Duration) -> Moment {
        Moment {
            elapsed,
            progress: self.watch.progress(),
            summary: self.watch.summary(),
            stage: self.watch.stage(),
            canceling: self.interrupt.was_asked(),
            noun: self.noun,
            base: self.base,
        }
    }
}

/// A job as it is at one moment.
#[derive(Debug, Clone)]
struct Moment {
    elapsed: Duration,
    progress: Progress,
    summary: Summary,
    stage: Stage,
    canceling: bool,
    noun: &'static str,
    base: (Progress, Summary),
}

impl Moment {
    /// Returns `42%: 1,234,000 rows, 81,000 rows/s, 12 s left, 3 failed`.
    fn sentence(&self) -> String {
        if self.canceling {
            return format!(
                "canceling after {} …",
                words::count(self.summary.total, self.noun)
            );
        }
        if self.stage == Stage::Starting {
            return "starting …".to_owned();
        }
        let mut parts = vec![words::count(self.summary.total, self.noun)];
        if let Some(rate) = per_second(
            self.summary.total - self.base.1.total.min(self.summary.total),
            self.elapsed,
        ) {
            parts.push(format!("{} {}s/s", words::number(rate), self.noun));
        }
        match self.left() {
            _ if self.stage == Stage::Finishing => parts.push("finishing".to_owned()),
            Some(left) => parts.push(format!("{} left", words::duration(left))),
            None => {}
        }
        if self.summary.failed > 0 {
            parts.push(format!("{} failed", words::number(self.summary.failed)));
        }
        let text = parts.join(", ");
        match self.progress.of {
            0 => text,
            _ => format!("{}%: {text}", self.progress.percentage()),
        }
    }

    /// Returns the time left at the rate so far, once there is one.
    fn left(&self) -> Option<Duration> {
        let Progress { done, of } = self.progress;
        let here = done.saturating_sub(self.base.0.done);
        if here == 0 || of < done || self.elapsed < SETTLED {
            return None;
        }
        Some(self.elapsed.mul_f64((of - done) as f64 / here as f64))
    }
}

/// Returns a rate, once there is one; to three digits, the rest is noise.
pub(crate) fn per_second(count: u64, elapsed: Duration) -> Option<u64> {
    if count == 0 || elapsed < SETTLED {
        return None;
    }
    let rate = (count as f64 / elapsed.as_secs_f64()).round().max(1.0) as u64;
    let step = 10_u64.pow(rate.ilog10().saturating_sub(2));
    Some(rate / step * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment() -> Moment {
        Moment {
            elapsed: Duration::from_secs(15),
            progress: Progress { done: 42, of: 100 },
            summary: Summary {
                failed: 3,
                updated: 0,
                inserted: 1_233_997,
                total: 1_234_000,
            },
            stage: Stage::Working,
            canceling: false,
            noun: "row",
            base: (Progress::default(), Summary::default()),
        }
    }

    #[test]
    fn a_sentence_has_counts_rate_and_time_left() {
        assert_eq!(
            moment().sentence(),
            "42%: 1,234,000 rows, 82,200 rows/s, 20 s left, 3 failed"
        );
        let unknown = Moment {
            progress: Progress { done: 42, of: 0 },
            ..moment()
        };
        assert_eq!(
            unknown.sentence(),
            "1,234,000 rows, 82,200 rows/s, 3 failed"
        );
        let canceling = Moment {
            canceling: true,
            ..moment()
        };
        assert_eq!(canceling.sentence(), "canceling after 1,234,000 rows …");
    }

    #[test]
    fn what_an_earlier_attempt_did_makes_no_rate() {
        let summary = Summary {
            total: 1_219_000,
            ..Summary::default()
        };
        let resumed = Moment {
            base: (Progress { done: 12, of: 100 }, summary),
            ..moment()
        };
        assert_eq!(
            resumed.sentence(),
            "42%: 1,234,000 rows, 1,000 rows/s, 29 s left, 3 failed"
        );
    }

    #[test]
    fn a_rate_needs_time() {
        assert_eq!(per_second(1000, Duration::from_millis(10)), None);
        assert_eq!(per_second(7, Duration::from_secs(1)), Some(7));
        assert_eq!(per_second(123_456, Duration::from_secs(1)), Some(123_000));
    }
}

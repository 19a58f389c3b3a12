//! Private-key work, away from the async threads, a little at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::Error;

/// The bounded pool in which requests are signed and assertions decrypted: strangers can ask for both.
pub(super) struct Jobs(Arc<Semaphore>);

/// So many run at once.
const AT_ONCE: usize = 2;

impl Default for Jobs {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Jobs {
    /// Does the work when its turn comes.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let permit = Arc::clone(&self.0)
            .acquire_owned()
            .await
            .map_err(|_| Error::Cancelled)?;
        let done = tokio::task::spawn_blocking(move || {
            let _held = permit;
            work()
        });
        done.await.map_err(|_| Error::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    const TWO: usize = 2;

    #[test]
    fn rule_18_at_most_two_private_keys_are_at_work_at_once_and_on_no_async_thread() {
        // Blocking work is begun in order: a third job, if begun, would take the last thread, and the fence behind it would wait.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .max_blocking_threads(TWO + 1)
            .build()
            .unwrap();
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(std::sync::Mutex::new(held));

        runtime.block_on(async {
            let jobs = Arc::new(Jobs::default());
            let running: Vec<_> = (0..=TWO)
                .map(|_| {
                    let (jobs, held) = (Arc::clone(&jobs), Arc::clone(&held));
                    let work = move || {
                        held.lock().unwrap().recv().unwrap();
                        thread::current().id()
                    };
                    tokio::spawn(async move { jobs.run(work).await.unwrap() })
                })
                .collect();
            // Each has gone as far as it can before this task goes on.
            tokio::task::yield_now().await;

            let fence = tokio::task::spawn_blocking(|| ());
            let passed = tokio::time::timeout(Duration::from_secs(5), fence).await;
            (0..=TWO).for_each(|_| release.send(()).unwrap());

            assert!(passed.is_ok(), "a third is at work");
            for job in running {
                assert_ne!(job.await.unwrap(), thread::current().id());
            }
        });
    }
}

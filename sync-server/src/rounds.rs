//! What the server does by itself, round after round. One that breaks is counted and begins again: it takes nothing else with
//! it, and it is not gone until somebody notices.

use std::time::Duration;

use tokio::sync::watch;

use crate::http::App;

/// Long enough that what breaks at once fills no log, short enough that no payment waits for it.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Runs `begin` until it ends by itself, as it does when the server closes.
pub fn keep<F>(app: &App, task: &'static str, begin: impl Fn(App) -> F + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (app, closing) = (app.clone(), app.closing());
    let broke = {
        let app = app.clone();
        move || app.metrics().task_broke(task)
    };
    tokio::spawn(kept((task, AGAIN_AFTER), closing, broke, move || begin(app.clone())));
}

async fn kept<F>(
    (task, again_after): (&'static str, Duration),
    mut closing: watch::Receiver<bool>,
    broke: impl Fn(),
    begin: impl Fn() -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(broken) = tokio::spawn(begin()).await {
        // Whoever ends the runtime ends this, too.
        if broken.is_cancelled() {
            return;
        }
        broke();
        tracing::error!(task, "task.broke");
        tokio::select! {
            () = tokio::time::sleep(again_after) => {}
            _ = closing.changed() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn what_breaks_is_counted_and_begins_again_until_the_server_closes() {
        let (close, closing) = watch::channel(false);
        let (begun, broke) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let begin = {
            let begun = Arc::clone(&begun);
            move || {
                let turn = begun.fetch_add(1, Ordering::SeqCst);
                async move { assert!(turn >= 3, "it breaks three times") }
            }
        };
        let counts = Arc::clone(&broke);
        let counts = move || {
            counts.fetch_add(1, Ordering::SeqCst);
        };
        kept(("test", Duration::ZERO), closing.clone(), counts, begin).await;
        assert_eq!((begun.load(Ordering::SeqCst), broke.load(Ordering::SeqCst)), (4, 3));

        let breaks = || async { panic!("it breaks always") };
        let ends = tokio::spawn(kept(("test", AGAIN_AFTER), closing, || {}, breaks));
        close.send(true).unwrap();
        ends.await.unwrap();
    }
}

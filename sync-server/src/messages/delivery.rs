//! What became of a message on its way out, whichever way that was.

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Delivery {
    Taken,
    /// The same, and what the other side calls it when it tells more later.
    TakenAs(String),
    /// Not this time. The other side may have said how long it wants to be left alone.
    Later {
        because: String,
        after_ms: Option<i64>,
    },
    /// Never, as it is.
    Refused(String),
    /// Nobody is there any more: it is not written to again.
    Gone(String),
}

impl Delivery {
    pub(super) fn later(because: String) -> Self {
        Self::Later { because, after_ms: None }
    }
}

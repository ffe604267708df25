//! The same work on one core or on all. Work is cut by the data, never by the number of threads, and each piece writes only
//! its own part: so the results do not depend on who does it.

/// Does something with each piece of `length`, given its number. Nothing has no pieces, whatever their length.
#[cfg(feature = "native")]
pub(super) fn each_piece<T: Send>(all: &mut [T], length: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    use rayon::prelude::*;
    all.par_chunks_mut(length.max(1)).enumerate().for_each(|(at, piece)| work(at, piece));
}

/// Does something with each piece of `length`, given its number. Nothing has no pieces, whatever their length.
#[cfg(not(feature = "native"))]
pub(super) fn each_piece<T: Send>(all: &mut [T], length: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    all.chunks_mut(length.max(1)).enumerate().for_each(|(at, piece)| work(at, piece));
}

/// Does some work with so many threads for whatever is cut into pieces in it. Where they cannot be had, as many as there are cores do it.
#[cfg(feature = "native")]
pub fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

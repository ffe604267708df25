//! The browser's shell: the engine as a program in a dedicated worker, with its files in the browser's private
//! file system. `js/worker.js` decides which tab runs it and hands it calls as bytes.
//!
//! It holds no rule of the shop and shows nothing. One instance at a time, which the script sees to; a panic
//! ends the instance, and the next one opens the same files as after a crash.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod browser;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod host;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod shell;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod store;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod vault;

fn main() {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    browser::report_panics();
}

//! What the browser provides: the clock, randomness, storage, a place to complain.

use js_sys::{Date, Promise};
use soko_engine::Now;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Cache, DedicatedWorkerGlobalScope, FileSystemDirectoryHandle, Headers, Response, ResponseInit,
    StorageEstimate, StorageManager, console,
};

/// Where the file pool of a folder has its files, once it could lock the folder.
const POOL: &str = ".opaque";
/// Pictures of this device's own, which the service worker answers with until a server has them.
const OWN_PICTURES: &str = "soko-own-pictures";

/// A panic ends the program; the script sees the end, and this is what it can show.
pub(crate) fn report_panics() {
    std::panic::set_hook(Box::new(|panic| console::error_1(&panic.to_string().into())));
}

pub(crate) fn now() -> Now {
    let date = Date::new_0();
    Now { at_ms: whole(date.get_time()), offset_minutes: offset_minutes(&date) }
}

/// Milliseconds since the worker began.
pub(crate) fn clock_ms() -> u64 {
    scope().and_then(|it| it.performance()).and_then(|it| counted(it.now())).unwrap_or(0)
}

/// Where this site is served from, which is also where its server is.
pub(crate) fn origin() -> String {
    scope().map(|it| it.location().origin()).unwrap_or_default()
}

/// JavaScript counts minutes west of UTC.
fn offset_minutes(date: &Date) -> i32 {
    i32::try_from(-whole(date.get_timezone_offset())).unwrap_or(0)
}

/// A number of JavaScript as a whole one; what is no number is 0.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast stops at the ends, and these are far from them"
)]
fn whole(number: f64) -> i64 {
    number as i64
}

pub(crate) fn counted(number: f64) -> Option<u64> {
    u64::try_from(whole(number)).ok().filter(|_| number.is_finite())
}

pub(crate) fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

fn storage() -> Result<StorageManager, JsValue> {
    let scope = scope().ok_or("not in a dedicated worker")?;
    let storage = js_sys::Reflect::get(&scope.navigator(), &"storage".into())?;
    storage.dyn_into().map_err(|_| "this browser has no storage for pages".into())
}

/// Whether this browser has files that a worker can write at once. Some have none, some only outside of private
/// windows.
pub(crate) async fn has_files() -> bool {
    let interface = js_sys::Reflect::has(&js_sys::global(), &"FileSystemSyncAccessHandle".into());
    match storage() {
        Ok(storage) => interface.unwrap_or(false) && JsFuture::from(storage.get_directory()).await.is_ok(),
        Err(_) => false,
    }
}

/// Whether a folder of ours is still there. Somebody may clear the site's data while its files are open.
pub(crate) async fn folder_exists(folder: &str) -> Result<bool, JsValue> {
    let root: FileSystemDirectoryHandle = JsFuture::from(storage()?.get_directory()).await?.into();
    is_there(JsFuture::from(root.get_directory_handle(folder)).await)
}

/// Whether a folder of ours was ever filled.
pub(crate) async fn was_filled(folder: &str) -> Result<bool, JsValue> {
    if !folder_exists(folder).await? {
        return Ok(false);
    }
    let root: FileSystemDirectoryHandle = JsFuture::from(storage()?.get_directory()).await?.into();
    let folder: FileSystemDirectoryHandle = JsFuture::from(root.get_directory_handle(folder)).await?.into();
    is_there(JsFuture::from(folder.get_directory_handle(POOL)).await)
}

fn is_there(found: Result<JsValue, JsValue>) -> Result<bool, JsValue> {
    match found {
        Ok(_) => Ok(true),
        Err(error) if name_of(&error) == "NotFoundError" => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the browser promised to keep the files when the disk is full.
pub(crate) async fn promised_to_keep() -> bool {
    let Ok(promise) = storage().and_then(|it| it.persisted()) else { return false };
    JsFuture::from(promise).await.is_ok_and(|it| it.is_truthy())
}

/// What the site uses and what it may use at most.
pub(crate) async fn room() -> Option<(u64, u64)> {
    let estimate = storage().and_then(|it| it.estimate()).ok()?;
    let estimate: StorageEstimate = JsFuture::from(estimate).await.ok()?.into();
    Some((counted(estimate.get_usage()?)?, counted(estimate.get_quota()?)?))
}

/// Keeps a picture where the service worker looks.
pub(crate) async fn keep_picture(address: &str, kind: &str, bytes: &mut [u8]) -> Result<(), JsValue> {
    let scope = scope().ok_or("not in a dedicated worker")?;
    let cache: Cache = JsFuture::from(scope.caches()?.open(OWN_PICTURES)).await?.into();
    let headers = Headers::new()?;
    headers.set("content-type", kind)?;
    headers.set("x-content-type-options", "nosniff")?;
    let about = ResponseInit::new();
    about.set_headers(&headers);
    let response = Response::new_with_opt_u8_array_and_init(Some(bytes), &about)?;
    JsFuture::from(cache.put_with_str(address, &response)).await?;
    Ok(())
}

/// Resolves when the browser has had time for something else.
pub(crate) fn pause(wait_ms: i32) -> Promise {
    Promise::new(&mut |done, _| {
        // Without a timer there is nothing to wait for, and the caller counts its tries.
        let waits =
            scope().map(|it| it.set_timeout_with_callback_and_timeout_and_arguments_0(&done, wait_ms));
        if !matches!(waits, Some(Ok(_))) {
            let _ = done.call0(&JsValue::UNDEFINED);
        }
    })
}

pub(crate) fn name_of(error: &JsValue) -> String {
    let name = js_sys::Reflect::get(error, &"name".into()).ok();
    name.and_then(|it| it.as_string()).unwrap_or_default()
}

//! The two commands of the page. Bytes in, bytes out; what they mean is the device's affair.

use tauri::State;
use tauri::ipc::{Channel, InvokeBody, InvokeResponseBody, Request, Response};

use crate::host::Desk;
use crate::page::Page;

/// The largest file that a page hands over, a backup, and what stands around it.
const CALL_BYTES_MAX: usize = soko_app_api::BACKUP_BYTES_MAX + 1024;

/// One call to the device and its answer.
#[tauri::command]
pub(crate) async fn call(request: Request<'_>, desk: State<'_, Desk>) -> Result<Response, &'static str> {
    let bytes = match request.body() {
        InvokeBody::Raw(bytes) if bytes.len() <= CALL_BYTES_MAX => bytes.clone(),
        InvokeBody::Raw(_) => return Err("the call is too large"),
        InvokeBody::Json(_) => return Err("a call is bytes"),
    };
    desk.call(bytes).await.map(Response::new).ok_or("the device has been closed")
}

/// The page wants to hear what happens by itself.
#[tauri::command]
pub(crate) fn listen(channel: Channel<InvokeResponseBody>, page: State<'_, Page>) {
    page.listen(channel);
}

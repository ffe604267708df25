//! A picture from a file or a camera, made small enough to travel: JPEG, longest side 1024.

use soko_app_api::PICTURE_BYTES_MAX;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, File, HtmlCanvasElement, HtmlVideoElement, ImageBitmap};

use super::{document, window};

const SIDE_MAX: u32 = 1024;
/// Tried in turn, until the picture is small enough.
const QUALITIES: [f64; 3] = [0.82, 0.6, 0.4];

/// None when the browser cannot read the file as a picture.
pub async fn shrunk(file: File) -> Option<Vec<u8>> {
    small(window().create_image_bitmap_with_blob(&file).ok()?).await
}

/// What a video shows at this moment; none before its first picture.
pub async fn seen(video: &HtmlVideoElement) -> Option<Vec<u8>> {
    small(window().create_image_bitmap_with_html_video_element(video).ok()?).await
}

async fn small(read: js_sys::Promise) -> Option<Vec<u8>> {
    let bitmap: ImageBitmap = JsFuture::from(read).await.ok()?.dyn_into().ok()?;
    let (width, height) = fitted(bitmap.width(), bitmap.height());
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    canvas.set_width(width);
    canvas.set_height(height);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    // What was transparent becomes paper, since JPEG knows no transparency.
    context.set_fill_style_str("#fff");
    context.fill_rect(0.0, 0.0, f64::from(width), f64::from(height));
    context
        .draw_image_with_image_bitmap_and_dw_and_dh(&bitmap, 0.0, 0.0, f64::from(width), f64::from(height))
        .ok()?;
    bitmap.close();
    for quality in QUALITIES {
        let bytes = jpeg(&canvas, quality).await?;
        if bytes.len() <= PICTURE_BYTES_MAX {
            return Some(bytes);
        }
    }
    None
}

async fn jpeg(canvas: &HtmlCanvasElement, quality: f64) -> Option<Vec<u8>> {
    let canvas = canvas.clone();
    let blob = js_sys::Promise::new(&mut |resolve: js_sys::Function, reject: js_sys::Function| {
        let is_asked = canvas.to_blob_with_type_and_encoder_options(&resolve, "image/jpeg", &quality.into());
        if is_asked.is_err() {
            // A promise's own function cannot throw.
            let _ = reject.call0(&JsValue::UNDEFINED);
        }
    });
    let blob: Blob = JsFuture::from(blob).await.ok()?.dyn_into().ok()?;
    let buffer = JsFuture::from(blob.array_buffer()).await.ok()?;
    Some(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// The size within the limit that keeps the proportion.
fn fitted(width: u32, height: u32) -> (u32, u32) {
    let longest = width.max(height).max(1);
    if longest <= SIDE_MAX {
        return (width.max(1), height.max(1));
    }
    let scaled = |side: u32| (side * SIDE_MAX / longest).max(1);
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_proportion_and_never_grows() {
        for ((width, height), wanted) in [
            ((4000, 3000), (1024, 768)),
            ((3000, 4000), (768, 1024)),
            ((10, 20), (10, 20)),
            ((5000, 1), (1024, 1)),
            ((0, 0), (1, 1)),
        ] {
            assert_eq!(fitted(width, height), wanted);
        }
    }
}

//! What is before the camera, in shades of grey.

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    CanvasRenderingContext2d, HtmlCanvasElement, HtmlVideoElement, MediaDevices, MediaStream,
    MediaStreamConstraints, MediaStreamTrack,
};

use super::{document, window};

/// Enough for the bars of a code that fills half of the picture.
const WIDTH: u32 = 640;

/// Why there is nothing to see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoCamera {
    /// Its person, or somebody before them, said no.
    Forbidden,
    /// There is none, or another program has it.
    None,
}

/// Whether a page may ask for one here: only over a safe connection, and not in every window.
pub fn may_ask() -> bool {
    devices().is_some()
}

fn devices() -> Option<MediaDevices> {
    let devices = js_sys::Reflect::get(&window().navigator(), &"mediaDevices".into()).ok()?;
    (!devices.is_undefined()).then(|| devices.unchecked_into())
}

/// A camera that is shown in an element; it is let go when this is dropped.
pub struct Camera {
    stream: MediaStream,
    video: HtmlVideoElement,
    canvas: HtmlCanvasElement,
}

/// What it sees at a moment.
pub struct Frame {
    pub width: u32,
    pub height: u32,
    pub shades: Vec<u8>,
}

impl Camera {
    /// The one at the back, where there are two.
    pub async fn show(video: HtmlVideoElement) -> Result<Self, NoCamera> {
        let wanted = js_sys::Object::new();
        // An object of ours takes any property.
        let _ = js_sys::Reflect::set(&wanted, &"facingMode".into(), &"environment".into());
        let constraints = MediaStreamConstraints::new();
        constraints.set_video(&wanted);
        let asked = devices().ok_or(NoCamera::None)?.get_user_media_with_constraints(&constraints);
        let stream = JsFuture::from(asked.map_err(why)?).await.map_err(why)?.unchecked_into::<MediaStream>();
        let canvas = document().create_element("canvas").map_err(why)?.unchecked_into();
        let camera = Self { stream, video, canvas };
        camera.video.set_src_object(Some(&camera.stream));
        let playing = camera.video.play().map_err(why)?;
        // Where it is refused, nothing is seen, and that is said.
        JsFuture::from(playing).await.map_err(why)?;
        Ok(camera)
    }

    /// Nothing before the first picture came.
    pub fn look(&self) -> Option<Frame> {
        let (width, height) = (self.video.video_width(), self.video.video_height());
        if width == 0 || height == 0 {
            return None;
        }
        let (width, height) = (WIDTH, (height * WIDTH / width).clamp(1, WIDTH));
        self.canvas.set_width(width);
        self.canvas.set_height(height);
        let context: CanvasRenderingContext2d = self.canvas.get_context("2d").ok()??.dyn_into().ok()?;
        let (w, h) = (f64::from(width), f64::from(height));
        context.draw_image_with_html_video_element_and_dw_and_dh(&self.video, 0.0, 0.0, w, h).ok()?;
        let pixels = context.get_image_data(0.0, 0.0, w, h).ok()?.data();
        Some(Frame { width, height, shades: pixels.chunks_exact(4).map(shade).collect() })
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.video.set_src_object(None);
        for track in self.stream.get_tracks() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
    }
}

/// As bright as the eye finds it: green counts most.
fn shade(pixel: &[u8]) -> u8 {
    let [red, green, blue, ..] = pixel else { return 0 };
    let bright = u32::from(*red) * 77 + u32::from(*green) * 150 + u32::from(*blue) * 29;
    u8::try_from(bright / 256).unwrap_or(u8::MAX)
}

fn why(error: JsValue) -> NoCamera {
    let name = js_sys::Reflect::get(&error, &"name".into()).ok().and_then(|name| name.as_string());
    if name.as_deref() == Some("NotAllowedError") { NoCamera::Forbidden } else { NoCamera::None }
}

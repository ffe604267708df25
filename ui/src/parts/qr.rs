//! A text as a square that a camera reads, drawn as one line of an inline picture.

use qrcode::{Color, EcLevel, QrCode};
use yew::prelude::*;

/// White modules around the code, without which many cameras do not see it.
const QUIET: usize = 4;

#[derive(Properties, PartialEq)]
pub struct QrProps {
    pub text: AttrValue,
    pub label: AttrValue,
}

/// Nothing where the text is too long for a code: it stands beside as text, too.
#[component]
pub fn Qr(props: &QrProps) -> Html {
    let drawn = use_memo(props.text.clone(), |text| drawing(text));
    let Some((side, path)) = &*drawn else { return Html::default() };
    html! {
        <svg class="qr" viewBox={format!("0 0 {side} {side}")} role="img" aria-label={props.label.clone()}>
            <path d={path.clone()} />
        </svg>
    }
}

/// The side with its quiet edge, and one run of dark modules after the other.
fn drawing(text: &str) -> Option<(usize, String)> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let width = code.width();
    let colors = code.to_colors();
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row[x..].iter().take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET));
            }
            x += run.max(1);
        }
    }
    Some((width + 2 * QUIET, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_begins_with_its_finder() {
        let (side, path) = drawing("soko").unwrap();
        assert_eq!(side, 21 + 2 * QUIET);
        // Seven dark modules of the upper left corner, then a light one.
        assert!(path.starts_with("M4 4h7v1h-7z"), "{path}");
        assert!(path.contains("M4 5h1v1h-1zM10 5h1v1h-1z"), "{path}");
        assert_eq!(drawing(&"x".repeat(4000)), None);
    }
}

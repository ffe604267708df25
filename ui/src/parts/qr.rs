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
    picture(*side, path, &props.label)
}

#[derive(Properties, PartialEq)]
pub struct SquaresProps {
    pub side: usize,
    /// Row by row; true is dark.
    pub modules: Vec<bool>,
    pub label: AttrValue,
}

/// The same of what somebody else made of a text: who shows this has no need to know how that is done.
#[component]
pub fn Squares(props: &SquaresProps) -> Html {
    picture(props.side + 2 * QUIET, &path(props.side, &props.modules), &props.label)
}

fn picture(side: usize, path: &str, label: &AttrValue) -> Html {
    html! {
        <svg class="qr" viewBox={format!("0 0 {side} {side}")} role="img" aria-label={label.clone()}>
            <path d={path.to_owned()} />
        </svg>
    }
}

/// The side with its quiet edge, and one run of dark modules after the other.
fn drawing(text: &str) -> Option<(usize, String)> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let modules: Vec<bool> = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
    Some((code.width() + 2 * QUIET, path(code.width(), &modules)))
}

fn path(width: usize, modules: &[bool]) -> String {
    let mut path = String::new();
    for (y, row) in modules.chunks(width.max(1)).enumerate() {
        let mut x = 0;
        while x < row.len() {
            let run = row[x..].iter().take_while(|is_dark| **is_dark).count();
            if run > 0 {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET));
            }
            x += run.max(1);
        }
    }
    path
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

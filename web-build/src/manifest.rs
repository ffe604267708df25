//! The manifest, by which a browser installs the app beside others.

use serde_json::{Value, json};

/// An icon with the size that its name says.
pub(crate) fn manifest(icons: &[String]) -> String {
    let icons: Vec<Value> = icons.iter().filter_map(|name| icon(name)).collect();
    let shortcut = |name: &str, url: &str| json!({ "name": name, "url": url });
    let manifest = json!({
        "id": "/",
        "name": "Soko",
        "short_name": "Soko",
        "description": "A till and a shop that go on working when the network does not.",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#b4531a",
        "categories": ["business", "shopping"],
        "icons": icons,
        "shortcuts": [shortcut("Sell", "/sell"), shortcut("Orders", "/orders"), shortcut("Market", "/")],
    });
    format!("{manifest:#}\n")
}

fn icon(name: &str) -> Option<Value> {
    let src = format!("/icons/{name}");
    if name.ends_with(".svg") {
        return Some(json!({ "src": src, "sizes": "any", "type": "image/svg+xml" }));
    }
    let stem = name.strip_suffix(".png")?;
    if let Some(side) = stem.strip_prefix("maskable-") {
        let sizes = format!("{side}x{side}");
        return Some(json!({ "src": src, "sizes": sizes, "type": "image/png", "purpose": "maskable" }));
    }
    Some(json!({ "src": src, "sizes": stem, "type": "image/png" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_icon_says_its_size_and_purpose() {
        let names = ["soko.svg", "192x192.png", "maskable-512.png"].map(String::from);
        let manifest: Value = serde_json::from_str(&manifest(&names)).unwrap();
        let sizes: Vec<&str> =
            manifest["icons"].as_array().unwrap().iter().map(|it| it["sizes"].as_str().unwrap()).collect();
        assert_eq!(sizes, ["any", "192x192", "512x512"]);
        assert_eq!(manifest["icons"][2]["purpose"], "maskable");
    }
}

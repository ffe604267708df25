//! The few words of the app's files that are read before any of the app runs, in the language that a browser asks for: what an installed
//! app is called in menus, and what a page says where no script runs.

use serde_json::Value;

use crate::messages::words::Language;

/// By which a browser installs the app.
pub(crate) const MANIFEST: &str = "/manifest.webmanifest";
/// Screens that an installed app's icon leads to, with the names of their words.
const SHORTCUTS: [(&str, &str); 3] = [("/sell", "app.sell"), ("/orders", "app.orders"), ("/", "app.market")];
const NO_SCRIPTS: (&str, &str) = ("<noscript>", "</noscript>");

/// The manifest in a language. What cannot be read stays as it is.
pub(crate) fn manifest(made: &[u8], language: Language) -> Vec<u8> {
    let Ok(mut manifest) = serde_json::from_slice::<Value>(made) else { return made.to_vec() };
    let say = |key: &str| Value::from(language.say(key, &[]));
    let Some(fields) = manifest.as_object_mut() else { return made.to_vec() };
    fields.insert("lang".into(), language.code().into());
    fields.insert("dir".into(), language.direction().into());
    fields.insert("description".into(), say("app.description"));
    let shortcuts = fields.get_mut("shortcuts").and_then(Value::as_array_mut);
    for shortcut in shortcuts.into_iter().flatten() {
        let known = SHORTCUTS.iter().find(|(url, _)| shortcut["url"] == *url);
        if let Some((_, key)) = known {
            shortcut["name"] = say(key);
        }
    }
    manifest.to_string().into_bytes()
}

/// A page that says in a language that it needs scripts.
pub(crate) fn page(index: &str, language: Language) -> String {
    let (begin, end) = NO_SCRIPTS;
    let Some((before, rest)) = index.split_once(begin) else { return index.to_owned() };
    let Some((_, after)) = rest.split_once(end) else { return index.to_owned() };
    let (code, direction) = (language.code(), language.direction());
    let words = super::escaped(&language.say("app.no-scripts", &[]));
    format!("{before}{begin}<p lang=\"{code}\" dir=\"{direction}\">{words}</p>{end}{after}")
}

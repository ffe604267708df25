//! The projects of phones are written by hand where no SDK is: what `tauri.conf.json` and the workspace say must stand in
//! both, and what a system asks a person is said in every language.

use std::fs;

use super::{expect_none, expect_one};
use crate::shell::root;

/// The languages of the screens.
const LANGUAGES: &[&str] = &["en", "sw", "fr", "ar"];

/// What is said once and repeated in the projects.
struct Said {
    identifier: String,
    product: String,
    version: String,
    apple_least: String,
    android_least: u64,
}

impl Said {
    fn of(config: &str, manifest: &str) -> Self {
        let config: serde_json::Value = serde_json::from_str(config).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let bundle = &config["bundle"];
        Self {
            identifier: text(&config["identifier"]),
            product: text(&config["productName"]),
            version: manifest["workspace"]["package"]["version"].as_str().unwrap().to_owned(),
            apple_least: text(&bundle["iOS"]["minimumSystemVersion"]),
            android_least: bundle["android"]["minSdkVersion"].as_u64().unwrap(),
        }
    }

    /// Lines that a file of a project must have.
    fn lines(&self) -> Vec<(&'static str, String)> {
        let Self { identifier, product, version, apple_least, android_least } = self;
        let (apple, android) = ("gen/apple/project.yml", "gen/android/app/build.gradle.kts");
        let manifest = "gen/android/app/src/main/AndroidManifest.xml";
        vec![
            (apple, format!("PRODUCT_BUNDLE_IDENTIFIER: {identifier}")),
            (apple, format!("PRODUCT_NAME: {product}")),
            (apple, format!("CFBundleShortVersionString: \"{version}\"")),
            (apple, format!("CFBundleVersion: \"{version}\"")),
            (apple, format!("iOS: \"{apple_least}\"")),
            (apple, format!("CFBundleLocalizations: [{}]", LANGUAGES.join(", "))),
            (android, format!("applicationId = \"{identifier}\"")),
            (android, format!("namespace = \"{identifier}\"")),
            (android, format!("minSdk = {android_least}")),
            ("gen/android/app/src/main/res/values/strings.xml", format!(">\"{product}\"<")),
            (manifest, "android:scheme=\"soko\"".to_owned()),
            // A key in a cloud's backup could come back as a second register.
            (manifest, "android:allowBackup=\"false\"".to_owned()),
            // Whoever makes a bundle gets the screens that are small and fast, and links that open it.
            ("tauri.conf.json", "cargo xtask web --release".to_owned()),
            ("tauri.conf.json", "\"schemes\": [\"soko\"]".to_owned()),
            ("src-tauri/Info.ios.plist", "<string>soko</string>".to_owned()),
        ]
    }
}

fn missing(name: &str, text: &str, line: &str) -> Option<String> {
    (!text.contains(line)).then(|| format!("{name}: does not say `{line}`"))
}

/// What the system asks a person, by key, in the list that Tauri puts into the app.
fn reasons(plist: &str) -> Vec<&str> {
    let keys = plist.split("<key>").skip(1).filter_map(|part| part.split_once("</key>"));
    keys.map(|(key, _)| key).filter(|key| key.ends_with("UsageDescription")).collect()
}

fn unsaid(language: &str, reasons: &[&str], strings: &str) -> Vec<String> {
    let says = |key: &str| strings.lines().any(|line| line.starts_with(&format!("\"{key}\" = \"")));
    reasons.iter().filter(|key| !says(key)).map(|key| format!("{language}: {key} has no words")).collect()
}

#[test]
fn the_projects_of_phones_say_what_the_rest_says() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let said = Said::of(&read("tauri.conf.json"), &read("Cargo.toml"));
    let lines = said.lines();
    let complaints: Vec<_> =
        lines.iter().filter_map(|(name, line)| missing(name, &read(name), line)).collect();
    expect_none(&complaints);
    let plist = read("src-tauri/Info.ios.plist");
    let reasons = reasons(&plist);
    assert!(reasons.len() >= 3, "{reasons:?}");
    for language in LANGUAGES {
        let strings = read(&format!("gen/apple/soko_iOS/{language}.lproj/InfoPlist.strings"));
        expect_none(&unsaid(language, &reasons, &strings));
    }
}

#[test]
fn a_project_that_says_something_else_is_seen() {
    expect_one(
        &missing("project.yml", "iOS: \"13.0\"", "iOS: \"14.0\"").into_iter().collect::<Vec<_>>(),
        "14.0",
    );
    let plist = "<key>NSCameraUsageDescription</key><string>x</string><key>Other</key>";
    assert_eq!(reasons(plist), ["NSCameraUsageDescription"]);
    expect_one(&unsaid("fr", &reasons(plist), "// \"NSCameraUsageDescription\" = \"x\";"), "has no words");
}

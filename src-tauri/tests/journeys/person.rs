//! What a person does in the window, with mouse and keys, by the names that are on the screen.

use std::path::Path;

use crate::app::App;
use crate::stage::until;

impl App {
    pub(crate) fn press(&self, name: &str) {
        self.driver.click(&format!("//button[{}]", named(name)));
    }

    /// In the dialog that lies over the screen.
    pub(crate) fn press_in_dialog(&self, name: &str) {
        self.driver.click(&format!("//dialog//button[{}]", named(name)));
    }

    pub(crate) fn follow(&self, name: &str) {
        self.driver.click(&format!("//a[{}]", named(name)));
    }

    pub(crate) fn write(&self, label: &str, text: &str) {
        self.driver
            .fill(&format!("//input[@id = //label[starts-with(normalize-space(), {label:?})]/@for]"), text);
    }

    /// Opens what a product's name leads to, or puts the product into the cart: whatever the screen offers under it.
    pub(crate) fn tap(&self, product: &str) {
        self.driver.click(&format!("//main//*[self::a or self::button][contains(., {product:?})]"));
    }

    pub(crate) fn add_picture(&self, file: &Path) {
        self.driver.choose_file("//input[@type = 'file']", file);
    }

    /// Waits until the screen shows a picture, and not only its place.
    pub(crate) fn see_picture(&self) {
        let widths = "Array.from(document.querySelectorAll('main img'), it => it.src.startsWith('picture:') ? it.naturalWidth : 0)";
        until("a picture is drawn", || {
            let widths: Vec<u32> = serde_json::from_value(self.driver.value(widths)).unwrap();
            widths.iter().any(|width| *width > 0).then_some(())
        });
    }

    /// Waits until the sentence about where the data stands begins so.
    pub(crate) fn stands(&self, sentence: &str) {
        self.driver.see(&format!("//button[contains(., {sentence:?})]"));
    }

    /// The first letters of the state, as the window says it to whoever compares two devices.
    pub(crate) fn digest(&self) -> String {
        self.driver.click("//button[contains(., 'Saved here')]");
        self.driver.see("//dialog//code[contains(@class, 'state-digest')]");
        let digest = self.driver.text("document.querySelector('dialog .state-digest').textContent");
        self.press_in_dialog("Close");
        digest.replace(' ', "")
    }

    pub(crate) fn read(&self, text: &str) {
        self.driver.see(&format!("//*[contains(text(), {text:?})]"));
    }
}

/// By its text or, where it only shows a sign, by what it is called.
fn named(name: &str) -> String {
    format!("normalize-space() = {name:?} or @aria-label = {name:?}")
}

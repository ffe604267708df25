//! What a person does in the window, with mouse and keys, by the names that are on the screen.

use crate::app::App;

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

    pub(crate) fn read(&self, text: &str) {
        self.driver.see(&format!("//*[contains(text(), {text:?})]"));
    }
}

/// By its text or, where it only shows a sign, by what it is called.
fn named(name: &str) -> String {
    format!("normalize-space() = {name:?} or @aria-label = {name:?}")
}

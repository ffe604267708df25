//! Starts the whole app in the page.

fn main() {
    soko_ui::run(soko_ui::WHOLE);
}

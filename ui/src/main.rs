//! Starts the screens in the page.

fn main() {
    soko_ui::run();
}

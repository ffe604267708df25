//! Starts the shopper's side alone, for a first visit.

fn main() {
    soko_ui::run(soko_ui::SHOP);
}

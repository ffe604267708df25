//! What the demo's stalls are called and sell.

use soko_domain::quantity::Unit;

pub(super) struct Shelf {
    pub(super) name: &'static str,
    pub(super) currency: &'static str,
    pub(super) zone: &'static str,
    pub(super) place: &'static str,
    pub(super) description: &'static str,
    pub(super) goods: &'static [Goods],
}

pub(super) struct Goods {
    pub(super) name: &'static str,
    pub(super) unit: Unit,
    /// For `per` of the unit.
    pub(super) price_minor: i64,
    pub(super) per: i64,
    pub(super) tax_ppm: u32,
    pub(super) received: i64,
}

const fn pieces(name: &'static str, price_minor: i64, tax_ppm: u32, received: i64) -> Goods {
    Goods { name, unit: Unit::Piece, price_minor, per: 1, tax_ppm, received }
}

const fn by_weight(name: &'static str, price_minor: i64, received: i64) -> Goods {
    Goods { name, unit: Unit::Gram, price_minor, per: 1_000, tax_ppm: 70_000, received }
}

pub(super) const SHELVES: &[Shelf] = &[
    Shelf {
        name: "Corner Bakery",
        currency: "EUR",
        zone: "Europe/Berlin",
        place: "Market square, row 2",
        description: "Bread from this morning, cake from last night.",
        goods: &[
            pieces("Rye bread", 450, 70_000, 40),
            pieces("Pretzel", 120, 70_000, 120),
            pieces("Walnut roll", 160, 70_000, 60),
            pieces("Apple strudel", 380, 70_000, 24),
            pieces("Seed crackers", 520, 70_000, 15),
            pieces("Linen bread bag", 1_290, 190_000, 8),
        ],
    },
    Shelf {
        name: "Mama Wanjiru's Fruit",
        currency: "KES",
        zone: "Africa/Nairobi",
        place: "City market, gate B",
        description: "Fruit and vegetables, weighed in front of you.",
        goods: &[
            by_weight("Mango", 18_000, 60_000),
            by_weight("Avocado", 15_000, 45_000),
            by_weight("Tomatoes", 9_000, 80_000),
            pieces("Pineapple", 12_000, 0, 30),
            pieces("Sugar cane", 5_000, 0, 50),
            pieces("Basket, woven", 85_000, 160_000, 6),
        ],
    },
    Shelf {
        name: "Café Río",
        currency: "EUR",
        zone: "Europe/Madrid",
        place: "Riverside kiosk",
        description: "Coffee, juice and something sweet.",
        goods: &[
            pieces("Café solo", 160, 100_000, 500),
            pieces("Café con leche", 210, 100_000, 500),
            pieces("Orange juice", 320, 100_000, 90),
            pieces("Churros, six", 350, 100_000, 70),
            pieces("Crème caramel", 290, 100_000, 20),
        ],
    },
];

//! Stalls of what is sewn, thrown, printed, poured and grown.

use super::super::paint::Motif;
use super::{Shelf, by_weight, pieces};

pub(super) const SHELVES: &[Shelf] = &[
    Shelf {
        name: "Atelier Medina",
        currency: "TND",
        zone: "Africa/Tunis",
        offset_minutes: 60,
        place: "Rue du Pacha 12, Tunis",
        point: "36798900,10170600",
        description: "Rugs, clay and light from the old town.",
        hours: "Monday to Saturday, 9 to 19",
        opening: "1111110 09:00-19:00",
        registers: 2,
        sales_a_day: 6,
        cashless_percent: 30,
        pays_by_phone: false,
        groups: &[
            pieces(
                "Rugs",
                Motif::Rug,
                190_000,
                &[
                    ("Kilim", 240_000, 0),
                    ("Mergoum", 320_000, 6),
                    ("Berber rug", 410_000, 12),
                    ("Kairouan runner", 280_000, 7),
                ],
            )
            .in_sizes(&[(", 60 × 90 cm", 100), (", 120 × 180 cm", 320)])
            .says("Woven by hand, washed once, colours that stay."),
            pieces(
                "Pottery",
                Motif::Vase,
                190_000,
                &[
                    ("Sejnane vase", 65_000, 10),
                    ("Blue vase", 48_000, 6),
                    ("Green jug", 39_000, 4),
                    ("Oil jar", 55_000, 1),
                ],
            )
            .in_sizes(&[(", small", 70), (", large", 140)])
            .says("Thrown and fired in Nabeul."),
            pieces(
                "Pottery",
                Motif::Bowl,
                190_000,
                &[
                    ("Couscous bowl", 42_000, 6),
                    ("Olive bowl", 18_000, 3),
                    ("Salad bowl", 35_000, 5),
                    ("Soup bowl", 22_000, 1),
                    ("Serving bowl", 58_000, 8),
                ],
            )
            .says("Goes into the dishwasher, but would rather not."),
            pieces(
                "Light",
                Motif::Lamp,
                190_000,
                &[
                    ("Brass lantern", 95_000, 2),
                    ("Copper lantern", 110_000, 1),
                    ("Iron lantern", 70_000, 13),
                    ("Glass lantern", 85_000, 5),
                ],
            )
            .says("Pierced by hand; the pattern is on your wall at night."),
            pieces(
                "Light",
                Motif::Candle,
                190_000,
                &[
                    ("Olive wax candles", 24_000, 3),
                    ("Jasmine candles", 28_000, 12),
                    ("Amber candles", 30_000, 1),
                ],
            )
            .says("Three of them, twenty hours each."),
            pieces(
                "Table",
                Motif::Spoons,
                190_000,
                &[("Olive wood spoons", 19_000, 10), ("Lemon wood spoons", 17_000, 2)],
            )
            .says("Oil them now and then."),
        ],
    },
    Shelf {
        name: "Dar el Attar",
        currency: "MAD",
        zone: "Africa/Casablanca",
        offset_minutes: 60,
        place: "Souk el Attarine, Marrakech",
        point: "31631800,-7986000",
        description: "Spices by weight, and what to wash the dust off with.",
        hours: "Saturday to Thursday, 10 to 20",
        opening: "1111011 10:00-20:00",
        registers: 2,
        sales_a_day: 10,
        cashless_percent: 20,
        pays_by_phone: false,
        groups: &[
            by_weight(
                "Spices",
                Motif::Sack,
                100_000,
                &[
                    ("Ras el hanout", 18_000, 10),
                    ("Cumin", 9_000, 10),
                    ("Sweet paprika", 8_000, 0),
                    ("Turmeric", 9_500, 2),
                    ("Ginger, ground", 11_000, 12),
                    ("Cinnamon", 14_000, 11),
                    ("Black pepper", 16_000, 13),
                    ("Coriander", 7_000, 3),
                    ("Dried rose", 22_000, 8),
                    ("Fenugreek", 8_500, 2),
                ],
            )
            .says("Ground this week."),
            pieces(
                "Tea",
                Motif::Tin,
                100_000,
                &[
                    ("Gunpowder tea", 4_500, 4),
                    ("Mint blend", 5_000, 3),
                    ("Verbena", 4_800, 3),
                    ("Saffron tea", 9_900, 1),
                ],
            )
            .in_sizes(&[(", 100 g", 100), (", 250 g", 220)])
            .says("For a glass that is poured from high up."),
            pieces(
                "Oils",
                Motif::Bottle,
                200_000,
                &[
                    ("Argan oil", 12_000, 1),
                    ("Olive oil", 8_000, 3),
                    ("Rose water", 4_500, 8),
                    ("Orange blossom water", 4_500, 12),
                ],
            )
            .in_sizes(&[(", 100 ml", 100), (", 500 ml", 400)])
            .says("Cold pressed by the cooperative in Taroudant."),
            pieces(
                "Bath",
                Motif::Soap,
                200_000,
                &[
                    ("Black soap", 3_500, 11),
                    ("Rose soap", 3_000, 8),
                    ("Argan soap", 3_800, 1),
                    ("Nigella soap", 3_200, 13),
                    ("Eucalyptus soap", 3_000, 5),
                ],
            )
            .in_sizes(&[("", 100), (", three", 270)])
            .says("For the hammam or a bucket."),
            pieces(
                "Sweet",
                Motif::Jar,
                100_000,
                &[("Thyme honey", 14_000, 1), ("Amlou", 9_000, 10), ("Fig jam", 5_500, 7)],
            )
            .says("With bread, in the morning."),
        ],
    },
    Shelf {
        name: "Second Story Books",
        currency: "USD",
        zone: "America/Los_Angeles",
        offset_minutes: -480,
        place: "Alder Street cart pod, Portland",
        point: "45559000,-122645000",
        description: "Used books, new notebooks, and prints by people we know.",
        hours: "Thursday to Sunday, 10 to 18",
        opening: "0001111 10:00-18:00",
        registers: 2,
        sales_a_day: 8,
        cashless_percent: 80,
        pays_by_phone: false,
        groups: &[
            pieces(
                "Novels",
                Motif::Book,
                0,
                &[
                    ("The Salt Road", 900, 6),
                    ("A Quiet Harbour", 850, 5),
                    ("Winter Orchard", 1_050, 4),
                    ("Nine Letters", 700, 0),
                    ("The Ferryman's Daughter", 1_100, 7),
                    ("Small Hours", 800, 11),
                    ("Far from the Mill", 950, 10),
                    ("Clay and Ember", 1_000, 1),
                ],
            )
            .in_sizes(&[(", hardcover", 180), (", paperback", 100)])
            .says("Read before, ready again."),
            pieces(
                "Cooking",
                Motif::Book,
                0,
                &[
                    ("One Pot, Four People", 1_400, 1),
                    ("Bread by Feel", 1_600, 10),
                    ("The Patient Pickle", 1_200, 3),
                ],
            )
            .says("With somebody's good notes in the margin, if you are lucky."),
            pieces(
                "Paper",
                Motif::Notebook,
                0,
                &[
                    ("Lined notebook", 1_200, 0),
                    ("Dotted notebook", 1_200, 5),
                    ("Sketchbook", 1_500, 13),
                    ("Pocket notebook", 700, 1),
                    ("Field diary", 1_800, 4),
                ],
            )
            .in_sizes(&[(", A6", 70), (", A5", 100)])
            .says("Lies flat. Takes ink."),
            pieces(
                "Prints",
                Motif::Print,
                0,
                &[
                    ("Mount Hood, morning", 2_400, 4),
                    ("Bridge in fog", 2_400, 13),
                    ("Coast, October", 2_600, 5),
                    ("High desert", 2_200, 9),
                ],
            )
            .in_sizes(&[("", 60), (", framed", 160)])
            .says("Two-colour prints, fifty of each."),
            pieces(
                "Gifts",
                Motif::Bag,
                0,
                &[("Book bag", 1_600, 12), ("Market bag", 1_800, 4), ("Small tote", 1_300, 6)],
            )
            .says("Carries eleven paperbacks; we tried."),
            pieces("Gifts", Motif::Candle, 0, &[("Reading candle", 1_400, 1), ("Rain candle", 1_400, 5)])
                .says("Forty hours, which is one long novel."),
        ],
    },
    Shelf {
        name: "Kitenge Corner",
        currency: "KES",
        zone: "Africa/Nairobi",
        offset_minutes: 180,
        place: "Biashara Street, Mombasa",
        point: "-4062200,39670500",
        description: "Cloth by the piece, and what we sew from it.",
        hours: "Monday to Saturday, 8 to 18",
        opening: "1111110 08:00-18:00",
        registers: 2,
        sales_a_day: 9,
        cashless_percent: 55,
        pays_by_phone: true,
        groups: &[
            pieces(
                "Cloth",
                Motif::Cloth,
                160_000,
                &[
                    ("Kitenge, sunrise", 95_000, 1),
                    ("Kitenge, lagoon", 95_000, 5),
                    ("Kitenge, acacia", 98_000, 4),
                    ("Kanga, proverb", 60_000, 0),
                    ("Kanga, coast", 62_000, 6),
                    ("Kikoy, stripe", 85_000, 9),
                    ("Batik, indigo", 140_000, 6),
                    ("Batik, earth", 140_000, 10),
                ],
            )
            .in_sizes(&[(", 2 m", 100), (", 6 yards", 270)])
            .says("Cotton, washes well, fades slowly."),
            pieces(
                "Clothes",
                Motif::Shirt,
                160_000,
                &[("Kitenge shirt", 160_000, 1), ("Linen shirt", 190_000, 12), ("Batik shirt", 210_000, 6)],
            )
            .in_sizes(&[(", S", 100), (", M", 100), (", L", 100)])
            .says("Cut wide, for the heat."),
            pieces(
                "Clothes",
                Motif::Hat,
                160_000,
                &[("Straw hat", 70_000, 2), ("Kofia", 55_000, 7), ("Sun hat", 80_000, 9)],
            )
            .says("One size, with a band that gives."),
            pieces(
                "Bags",
                Motif::Bag,
                160_000,
                &[("Kitenge tote", 75_000, 4), ("Beach bag", 110_000, 5), ("Patchwork bag", 130_000, 8)],
            )
            .says("Lined, with a pocket for the phone."),
            pieces(
                "Bags",
                Motif::Basket,
                160_000,
                &[("Kiondo basket", 150_000, 10), ("Palm basket", 80_000, 2), ("Lidded basket", 120_000, 11)],
            )
            .says("Woven in Machakos."),
            pieces(
                "Jewellery",
                Motif::Beads,
                160_000,
                &[("Maasai beads", 45_000, 0), ("Glass beads", 38_000, 6), ("Amber beads", 90_000, 1)],
            )
            .in_sizes(&[(", short", 100), (", long", 150)])
            .says("Strung on cord that holds."),
            pieces(
                "Jewellery",
                Motif::Earrings,
                160_000,
                &[
                    ("Brass earrings", 28_000, 2),
                    ("Beaded earrings", 25_000, 5),
                    ("Bone earrings", 32_000, 12),
                ],
            )
            .says("Light enough to forget."),
        ],
    },
    Shelf {
        name: "Green Row Nursery",
        currency: "GBP",
        zone: "Europe/London",
        offset_minutes: 0,
        place: "Columbia Road 61, London",
        point: "51529300,-69600",
        description: "Plants for balconies, shelves and forgetful people.",
        hours: "Sunday, 8 to 15",
        opening: "0000001 08:00-15:00",
        registers: 1,
        sales_a_day: 10,
        cashless_percent: 75,
        pays_by_phone: false,
        groups: &[
            pieces(
                "House plants",
                Motif::Plant,
                200_000,
                &[
                    ("Peace lily", 1_400, 12),
                    ("Rubber plant", 2_200, 10),
                    ("Snake plant", 1_800, 13),
                    ("Monstera", 2_600, 5),
                    ("Calathea", 1_900, 8),
                    ("Aspidistra", 2_400, 4),
                ],
            )
            .in_sizes(&[(", 12 cm pot", 100), (", 19 cm pot", 190)])
            .says("Water when the soil is dry; when in doubt, wait."),
            pieces(
                "Herbs",
                Motif::Plant,
                0,
                &[
                    ("Basil", 300, 10),
                    ("Thyme", 320, 9),
                    ("Rosemary", 350, 1),
                    ("Mint", 300, 4),
                    ("Sage", 320, 7),
                    ("Lemon verbena", 400, 2),
                ],
            )
            .says("Cut often, it comes back."),
            pieces(
                "Flowers",
                Motif::Flowers,
                200_000,
                &[
                    ("Tulip bunch", 700, 0),
                    ("Wild flower bunch", 900, 7),
                    ("Rose bunch", 1_200, 8),
                    ("Dahlia bunch", 950, 1),
                    ("Sunflower bunch", 850, 2),
                ],
            )
            .in_sizes(&[("", 100), (", large", 160)])
            .says("Five stems and something green."),
            pieces(
                "Vegetables to grow",
                Motif::Root,
                0,
                &[("Carrot seedlings", 250, 1), ("Beetroot seedlings", 250, 8)],
            )
            .says("Plant out after the last frost."),
            pieces(
                "Pots",
                Motif::Bowl,
                200_000,
                &[("Terracotta bowl", 1_100, 9), ("Glazed bowl", 1_600, 5), ("Low planter", 1_900, 13)],
            )
            .says("With a hole in the bottom, as it should be."),
            pieces(
                "For children",
                Motif::Toy,
                200_000,
                &[("Wooden tractor", 1_800, 4), ("Wooden car", 1_500, 0), ("Wooden van", 1_600, 6)],
            )
            .says("While the grown-ups choose."),
        ],
    },
];

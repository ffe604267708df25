//! Stalls where people eat and drink.

use super::super::paint::Motif;
use super::{Shelf, by_weight, pieces};

pub(super) const SHELVES: &[Shelf] = &[
    Shelf {
        name: "Corner Bakery",
        currency: "EUR",
        zone: "Europe/Berlin",
        offset_minutes: 60,
        place: "Market square, row 2, Berlin",
        point: "52520008,13404954",
        description: "Bread from this morning, cake from last night.",
        hours: "Tuesday to Saturday, 7 to 14",
        opening: "0111110 07:00-14:00",
        registers: 3,
        sales_a_day: 14,
        cashless_percent: 45,
        pays_by_phone: false,
        groups: &[
            pieces(
                "Bread",
                Motif::Loaf,
                70_000,
                &[
                    ("Rye bread", 450, 11),
                    ("Wheat loaf", 380, 2),
                    ("Spelt loaf", 490, 10),
                    ("Walnut bread", 520, 11),
                    ("Sunflower bread", 470, 1),
                    ("Potato bread", 430, 2),
                    ("Olive ciabatta", 410, 10),
                ],
            )
            .in_sizes(&[("", 100), (", half", 55)])
            .says("Baked on stone with our own sourdough."),
            pieces(
                "Rolls",
                Motif::Rolls,
                70_000,
                &[
                    ("Poppy roll", 70, 10),
                    ("Sesame roll", 70, 1),
                    ("Walnut roll", 160, 11),
                    ("Cheese roll", 140, 2),
                    ("Pumpkin seed roll", 95, 10),
                    ("Milk roll", 110, 1),
                ],
            )
            .in_sizes(&[("", 100), (", ten", 900)])
            .says("Out of the oven every hour."),
            pieces(
                "Rolls",
                Motif::Pretzel,
                70_000,
                &[("Pretzel", 120, 11), ("Butter pretzel", 190, 10), ("Spelt pretzel", 150, 11)],
            )
            .says("Crisp arms, soft belly, coarse salt."),
            pieces(
                "Cake",
                Motif::Cake,
                70_000,
                &[
                    ("Apple strudel", 380, 10),
                    ("Cherry slice", 340, 8),
                    ("Poppy seed cake", 330, 13),
                    ("Cheesecake", 360, 2),
                    ("Plum crumble", 320, 7),
                    ("Carrot cake", 350, 1),
                    ("Bee sting", 340, 2),
                    ("Raspberry tart", 390, 0),
                ],
            )
            .in_sizes(&[("", 100), (", whole", 1_050)])
            .says("By the slice, or whole if you say so a day before."),
            pieces(
                "Biscuits",
                Motif::Cookie,
                70_000,
                &[
                    ("Oat cookie", 180, 10),
                    ("Chocolate cookie", 190, 11),
                    ("Ginger biscuit", 160, 1),
                    ("Seed crackers", 520, 2),
                ],
            )
            .in_sizes(&[("", 100), (", tin", 420)])
            .says("Keeps for two weeks in a tin, but never gets that old."),
        ],
    },
    Shelf {
        name: "Mama Wanjiru's Fruit",
        currency: "KES",
        zone: "Africa/Nairobi",
        offset_minutes: 180,
        place: "City market, gate B, Nairobi",
        point: "-1283600,36821900",
        description: "Fruit and vegetables, weighed in front of you.",
        hours: "Every day, 6 to 18",
        opening: "1111111 06:00-18:00",
        registers: 3,
        sales_a_day: 16,
        cashless_percent: 60,
        pays_by_phone: true,
        groups: &[
            by_weight(
                "Fruit",
                Motif::Mango,
                0,
                &[
                    ("Mango Apple", 18_000, 1),
                    ("Mango Ngowe", 20_000, 2),
                    ("Papaya", 12_000, 9),
                    ("Avocado Hass", 15_000, 4),
                    ("Avocado Fuerte", 13_000, 3),
                ],
            )
            .says("Ripe today or ripe on Saturday: say when you want to eat it."),
            by_weight(
                "Fruit",
                Motif::RoundFruit,
                0,
                &[
                    ("Oranges", 9_000, 1),
                    ("Tangerines", 14_000, 1),
                    ("Passion fruit", 16_000, 7),
                    ("Red apples", 24_000, 0),
                    ("Green apples", 25_000, 3),
                    ("Lemons", 12_000, 2),
                    ("Guava", 11_000, 3),
                    ("Plums", 22_000, 7),
                ],
            )
            .says("From farms within a day's drive."),
            by_weight(
                "Fruit",
                Motif::Bunch,
                0,
                &[("Sweet bananas", 10_000, 2), ("Plantain", 9_000, 3), ("Red bananas", 13_000, 0)],
            )
            .says("By the hand or by the finger."),
            pieces("Fruit", Motif::Pineapple, 0, &[("Pineapple", 12_000, 1), ("Baby pineapple", 7_000, 2)])
                .says("Peeled while you wait."),
            by_weight(
                "Vegetables",
                Motif::Greens,
                0,
                &[
                    ("Sukuma wiki", 5_000, 4),
                    ("Spinach", 6_000, 4),
                    ("Cabbage", 4_000, 3),
                    ("Managu", 8_000, 4),
                    ("Terere", 8_000, 3),
                    ("Kunde", 7_000, 4),
                ],
            )
            .says("Cut before sunrise."),
            by_weight(
                "Vegetables",
                Motif::Root,
                0,
                &[
                    ("Carrots", 8_000, 1),
                    ("Sweet potatoes", 7_000, 9),
                    ("Cassava", 6_000, 10),
                    ("Beetroot", 9_000, 8),
                    ("Arrowroot", 14_000, 7),
                ],
            )
            .says("With the earth still on, because it keeps longer."),
            by_weight(
                "Vegetables",
                Motif::RoundFruit,
                0,
                &[("Tomatoes", 9_000, 0), ("Red onions", 11_000, 8), ("Eggplant", 9_000, 7)],
            )
            .says("Firm ones for salad, soft ones for stew."),
            by_weight(
                "Dry goods",
                Motif::Sack,
                160_000,
                &[
                    ("Pishori rice", 22_000, 12),
                    ("Maize flour", 9_000, 2),
                    ("Green grams", 18_000, 3),
                    ("Yellow beans", 16_000, 2),
                    ("Groundnuts", 26_000, 9),
                    ("Millet", 12_000, 10),
                ],
            )
            .says("From the sack, as much as you carry."),
        ],
    },
    Shelf {
        name: "Café Río",
        currency: "EUR",
        zone: "Europe/Madrid",
        offset_minutes: 60,
        place: "Riverside kiosk, Seville",
        point: "37382600,-5996300",
        description: "Coffee, juice and something sweet.",
        hours: "Every day, 8 to 22",
        opening: "1111111 08:00-22:00",
        registers: 2,
        sales_a_day: 18,
        cashless_percent: 55,
        pays_by_phone: false,
        groups: &[
            pieces(
                "Coffee and tea",
                Motif::Cup,
                100_000,
                &[
                    ("Café solo", 160, 0),
                    ("Café con leche", 210, 5),
                    ("Cortado", 190, 6),
                    ("Café bombón", 240, 8),
                    ("Chocolate a la taza", 290, 11),
                    ("Mint tea", 220, 4),
                    ("Manzanilla", 200, 2),
                    ("Té rojo", 220, 0),
                ],
            )
            .in_sizes(&[("", 100), (", to take away", 110)])
            .says("Roasted two streets away."),
            pieces(
                "Juices",
                Motif::Bottle,
                100_000,
                &[
                    ("Orange juice", 320, 1),
                    ("Peach juice", 340, 9),
                    ("Tomato juice", 330, 0),
                    ("Horchata", 350, 12),
                    ("Lemonade", 300, 2),
                    ("Tinto de verano", 380, 8),
                ],
            )
            .says("Cold, in glass, with two cents back for the bottle."),
            pieces(
                "Sweet",
                Motif::Cookie,
                100_000,
                &[("Polvorón", 120, 12), ("Galleta de almendra", 140, 10), ("Rosquilla", 150, 1)],
            )
            .in_sizes(&[("", 100), (", six", 550)])
            .says("Made by Ana's mother."),
            pieces(
                "Sweet",
                Motif::Cake,
                100_000,
                &[("Crème caramel", 290, 1), ("Tarta de Santiago", 360, 2), ("Tarta de queso", 390, 12)],
            )
            .says("One slice and two spoons."),
            pieces(
                "Ice cream",
                Motif::Ice,
                100_000,
                &[
                    ("Strawberry ice", 280, 8),
                    ("Pistachio ice", 320, 3),
                    ("Turrón ice", 310, 10),
                    ("Lemon ice", 270, 2),
                ],
            )
            .says("Three scoops, one of them always the other colour."),
            pieces(
                "Savoury",
                Motif::Dish,
                100_000,
                &[
                    ("Tortilla", 380, 2),
                    ("Croquetas, six", 520, 1),
                    ("Patatas bravas", 480, 0),
                    ("Aceitunas", 290, 3),
                ],
            )
            .says("From noon until it is gone."),
        ],
    },
    Shelf {
        name: "Harbour Fish",
        currency: "NOK",
        zone: "Europe/Oslo",
        offset_minutes: 60,
        place: "Fish quay 4, Bergen",
        point: "60394700,5324900",
        description: "What the boats brought this morning.",
        hours: "Monday to Saturday, 7 to 15",
        opening: "1111110 07:00-15:00",
        registers: 1,
        sales_a_day: 11,
        cashless_percent: 92,
        pays_by_phone: false,
        groups: &[
            by_weight(
                "Fresh fish",
                Motif::Fish,
                150_000,
                &[
                    ("Salmon", 24_900, 9),
                    ("Cod", 18_900, 13),
                    ("Haddock", 16_900, 5),
                    ("Mackerel", 9_900, 6),
                    ("Herring", 7_900, 5),
                    ("Halibut", 39_900, 10),
                    ("Arctic char", 27_900, 0),
                    ("Saithe", 11_900, 13),
                ],
            )
            .in_sizes(&[("", 100), (", fillet", 150)])
            .says("Gutted and scaled while you wait."),
            pieces(
                "From the kitchen",
                Motif::Dish,
                150_000,
                &[
                    ("Fish soup", 14_500, 9),
                    ("Fish cakes, five", 9_500, 2),
                    ("Prawn sandwich", 16_500, 9),
                    ("Fish and chips", 18_500, 1),
                    ("Salmon salad", 15_900, 3),
                ],
            )
            .says("Eat it on the quay, mind the gulls."),
            pieces(
                "In jars",
                Motif::Jar,
                150_000,
                &[
                    ("Pickled herring", 8_900, 13),
                    ("Mustard herring", 9_400, 2),
                    ("Fish broth", 7_900, 1),
                    ("Cod roe", 12_900, 9),
                ],
            )
            .says("Keeps in a cool place until Christmas."),
            pieces(
                "In tins",
                Motif::Tin,
                150_000,
                &[
                    ("Sardines in oil", 4_900, 5),
                    ("Smoked mussels", 6_900, 0),
                    ("Mackerel in tomato", 3_900, 1),
                ],
            )
            .says("For the boat, the tent and the third day of rain."),
        ],
    },
    Shelf {
        name: "Käsehütte",
        currency: "CHF",
        zone: "Europe/Zurich",
        offset_minutes: 60,
        place: "Dorfplatz, Appenzell",
        point: "47331000,9409900",
        description: "Cheese from nine alps, honey from one.",
        hours: "Wednesday and Saturday, 8 to 13",
        opening: "0010010 08:00-13:00",
        registers: 1,
        sales_a_day: 9,
        cashless_percent: 50,
        pays_by_phone: true,
        groups: &[
            by_weight(
                "Hard cheese",
                Motif::Cheese,
                26_000,
                &[
                    ("Gruyère", 2_850, 2),
                    ("Appenzeller", 2_690, 1),
                    ("Emmentaler", 2_390, 2),
                    ("Sbrinz", 3_290, 10),
                    ("Bergkäse", 2_990, 1),
                ],
            )
            .in_sizes(&[(", mild", 95), (", aged", 120)])
            .says("Cut from the wheel."),
            by_weight(
                "Soft cheese",
                Motif::Cheese,
                26_000,
                &[
                    ("Tomme", 2_490, 12),
                    ("Vacherin", 3_190, 12),
                    ("Goat log", 3_490, 12),
                    ("Ricotta", 1_590, 12),
                ],
            )
            .says("Best within the week."),
            pieces(
                "Honey and jam",
                Motif::Jar,
                26_000,
                &[
                    ("Alpine honey", 1_450, 1),
                    ("Forest honey", 1_550, 11),
                    ("Apricot jam", 890, 1),
                    ("Rosehip jam", 950, 0),
                    ("Blueberry jam", 950, 7),
                ],
            )
            .in_sizes(&[(", 250 g", 100), (", 500 g", 180)])
            .says("From our own trees and bees."),
            pieces(
                "Eggs",
                Motif::Eggs,
                26_000,
                &[("Brown eggs, six", 540, 10), ("White eggs, six", 520, 12), ("Duck eggs, four", 680, 5)],
            )
            .says("Laid by hens who go out."),
            pieces(
                "Drinks",
                Motif::Bottle,
                26_000,
                &[("Apple cider", 690, 2), ("Pear juice", 620, 3), ("Elderflower syrup", 1_190, 12)],
            )
            .says("Pressed in October."),
        ],
    },
    Shelf {
        name: "Night Market Kitchen",
        currency: "THB",
        zone: "Asia/Bangkok",
        offset_minutes: 420,
        place: "Chang Phueak gate, Chiang Mai",
        point: "18795700,98985300",
        description: "Two woks, one grill, no menu on paper.",
        hours: "Every day, 17 to 24",
        opening: "1111111 17:00-00:00",
        registers: 2,
        sales_a_day: 15,
        cashless_percent: 70,
        pays_by_phone: true,
        groups: &[
            pieces(
                "From the wok",
                Motif::Dish,
                70_000,
                &[
                    ("Pad thai", 6_000, 1),
                    ("Khao soi", 7_000, 2),
                    ("Fried rice", 5_500, 12),
                    ("Morning glory", 5_000, 4),
                    ("Basil chicken", 6_500, 3),
                    ("Cashew tofu", 6_500, 10),
                    ("Drunken noodles", 7_000, 0),
                ],
            )
            .in_sizes(&[("", 100), (", large", 140)])
            .says("Mild, hot, or as we eat it."),
            pieces(
                "Bowls",
                Motif::Bowl,
                70_000,
                &[
                    ("Tom yum", 8_000, 0),
                    ("Tom kha", 8_000, 12),
                    ("Green curry", 7_500, 3),
                    ("Massaman", 8_500, 1),
                ],
            )
            .says("With rice, and more rice."),
            pieces(
                "Drinks",
                Motif::Cup,
                70_000,
                &[
                    ("Thai tea", 3_500, 1),
                    ("Lemongrass tea", 3_000, 2),
                    ("Iced coffee", 4_000, 11),
                    ("Butterfly pea tea", 3_500, 6),
                ],
            )
            .says("With ice, unless you say otherwise."),
            pieces(
                "Sweet",
                Motif::Mango,
                70_000,
                &[("Mango sticky rice", 8_000, 2), ("Fresh mango", 5_000, 1)],
            )
            .says("While the season lasts."),
        ],
    },
];

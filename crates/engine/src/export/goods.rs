//! Products, what is there of them, and all that ever changed it.

use soko_app_api::text::Worded as _;
use soko_app_api::{ProductFilter, ProductView, Query, StockChange, StockChangeRow, View};
use soko_domain::entry::RivalPrice;
use soko_domain::ids::ProductId;
use soko_domain::money::Money;
use soko_projection::rivals::part_of_all;
use soko_record_log::StoreError;

use super::table::{Cell, Rows, Shape};
use super::{Of, WINDOW_ROWS, joined, text, word};
use crate::engine::Engine;
use crate::failure::{Failure, NotDone};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "products",
        about: "Every product, those that were taken off the offer last.",
        columns: &[
            ("id", "the product's id"),
            ("name", "what it is called"),
            ("sku", "its number at the stall"),
            ("barcodes", "its barcodes"),
            ("price", "what price_per of it cost"),
            ("currency", "of its price"),
            ("unit", "what it is counted in: piece, g or ml"),
            ("price_per", "how many units the price is for"),
            ("cost", "what so many of it cost the stall"),
            ("tax_percent", "its tax"),
            ("tax_inclusive", "whether the price has the tax in it"),
            ("tax_class", "the name of its tax"),
            ("description", "what is said of it"),
            ("categories", "ids of its categories"),
            ("favourite", "whether it stands first at the till"),
            ("low_level", "when it is to be bought again"),
            ("variant_of", "the product that it is a variant of"),
            ("options", "what makes it that variant"),
            ("parts", "what a bundle is packed of: id=units"),
            ("archived", "whether it is off the offer"),
        ],
        fill: products,
    },
    Shape {
        name: "stock",
        about: "What is there of each product, and who may promise it.",
        columns: &[
            ("product", "the product's id"),
            ("name", "what it is called"),
            ("unit", "what it is counted in"),
            ("counted", "what should lie at the stall"),
            ("this_register", "what this register may promise"),
            ("shop", "what the web shop may promise"),
            ("other_registers", "what other registers may promise"),
            ("on_the_way", "given back and not confirmed yet"),
            ("held", "set aside for orders"),
            ("set_apart", "of lost devices"),
            ("owed", "sold or missed without a share behind it"),
        ],
        fill: stock,
    },
    Shape {
        name: "stock-changes",
        about: "Everything that changed a product's units, the latest of each product first.",
        columns: &[
            ("product", "the product's id"),
            ("at_ms", "when"),
            ("who", "the register or the person"),
            ("what", "sold, received, counted, waste and so on"),
            ("here", "by how much it changed what lies at the stall"),
            ("moved", "how many units it was about"),
            ("cost", "what a delivery cost"),
            ("note", "what was said of it"),
        ],
        fill: stock_changes,
    },
    Shape {
        name: "others-prices",
        about: "What others ask for what is sold here, the latest of each.",
        columns: &[
            ("source", "who asks it"),
            ("product", "the product's id"),
            ("their_name", "what they call it"),
            ("how", "how it came: typed, file or feed"),
            ("price", "what so many of it cost there"),
            ("currency", "of that price"),
            ("unit", "what it is counted in there: piece, g or ml"),
            ("price_per", "how many units that price is for"),
            ("seen_at_ms", "when it was seen"),
            ("counts", "whether its source counts"),
        ],
        fill: others_prices,
    },
];

/// Each product's id, those on offer first.
pub(super) fn each_product(
    engine: &mut Engine,
    of: Of,
    with: &mut dyn FnMut(&mut Engine, ProductId) -> Result<(), NotDone>,
) -> Result<(), NotDone> {
    let Of { stall, now, .. } = of;
    for archived in [false, true] {
        let filter = ProductFilter { archived, ..ProductFilter::default() };
        let query = |window| Query::Products { stall, filter, window };
        let list = |view| if let View::Products(rows) = view { Some(rows) } else { None };
        engine.each(now, (query, list), |engine, row| with(engine, row.product))?;
    }
    Ok(())
}

fn products(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let Of { stall, now, .. } = of;
    each_product(engine, of, &mut |engine, product| {
        let view = engine.answer(&Query::Product { stall, product }, now)?;
        if let View::Product(view) = view { out(product_cells(&view)) } else { Ok(()) }
    })
}

fn stock(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let stall = of.stall;
    let query = |window| Query::StockList { stall, window };
    let list = |view| if let View::StockList(rows) = view { Some(rows) } else { None };
    engine.each(of.now, (query, list), |_, row| {
        let places = [
            row.counted,
            row.own_share,
            row.shop,
            row.others,
            row.on_the_way,
            row.held,
            row.set_apart,
            row.owed,
        ];
        let names = [Cell::Text(row.product.to_string()), Cell::Text(row.name), word(row.unit.word())];
        out(names.into_iter().chain(places.map(Cell::Number)).collect())
    })
}

fn stock_changes(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let Of { stall, now, .. } = of;
    each_product(engine, of, &mut |engine, product| {
        let query = |window| Query::StockHistory { stall, product, window };
        let list = |view| if let View::StockHistory(rows) = view { Some(rows) } else { None };
        engine.each(now, (query, list), |_, change| out(change_cells(product, change)))
    })
}

fn others_prices(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let mut offset = 0;
    loop {
        let rows = engine.db.read::<_, StoreError>(|tx| part_of_all(tx, of.stall, (WINDOW_ROWS, offset)));
        let rows = rows.map_err(Failure::from)?;
        if rows.is_empty() {
            return Ok(());
        }
        offset += WINDOW_ROWS;
        for (product, found) in rows {
            let RivalPrice { price_minor: minor, currency, unit, per, seen_at_ms } = found.price;
            out(vec![
                Cell::Text(found.source),
                text(product),
                Cell::Text(found.name),
                word(found.way.word()),
                // Its currency need not be the stall's.
                Cell::Text(Money { minor, currency }.plain()),
                text(currency),
                word(unit.word()),
                Cell::Number(per),
                Cell::Number(seen_at_ms),
                Cell::Flag(found.is_on),
            ])?;
        }
    }
}

fn product_cells(view: &ProductView) -> Vec<Cell> {
    vec![
        Cell::Text(view.product.to_string()),
        Cell::Text(view.name.clone()),
        Cell::Text(view.sku.clone()),
        joined(&view.barcodes),
        Cell::Money(view.price_minor),
        Cell::Text(view.currency.clone()),
        word(view.unit.word()),
        Cell::Number(view.price_per),
        view.cost_minor.map_or(Cell::Nothing, Cell::Money),
        Cell::Text(soko_domain::money::Ppm(view.tax_ppm).to_string()),
        Cell::Flag(view.tax_mode == soko_domain::tax::TaxMode::Inclusive),
        Cell::Text(view.tax_label.clone()),
        Cell::Text(view.description.clone()),
        joined(&view.categories),
        Cell::Flag(view.favourite),
        view.low_level.map_or(Cell::Nothing, Cell::Number),
        view.variant_of.map_or(Cell::Nothing, |parent| Cell::Text(parent.to_string())),
        joined(view.options.iter().map(|option| format!("{}={}", option.name, option.value))),
        joined(view.parts.iter().map(|part| format!("{}={}", part.product, part.quantity))),
        Cell::Flag(view.archived),
    ]
}

fn change_cells(product: ProductId, change: StockChangeRow) -> Vec<Cell> {
    let cost = match &change.what {
        StockChange::Received { cost_minor } => cost_minor.map_or(Cell::Nothing, Cell::Money),
        StockChange::Sold { .. }
        | StockChange::Voided
        | StockChange::Refunded
        | StockChange::Counted { .. }
        | StockChange::Adjusted(_)
        | StockChange::Converted
        | StockChange::GivenBack
        | StockChange::Granted
        | StockChange::Ordered
        | StockChange::Released
        | StockChange::HandedOver
        | StockChange::Moved => Cell::Nothing,
    };
    vec![
        Cell::Text(product.to_string()),
        Cell::Number(change.at_ms),
        Cell::Text(change.who),
        word(what(&change.what)),
        Cell::Number(change.here),
        Cell::Number(change.moved),
        cost,
        Cell::Text(change.note),
    ]
}

fn what(change: &StockChange) -> &'static str {
    match change {
        StockChange::Sold { .. } => "sold",
        StockChange::Voided => "voided",
        StockChange::Refunded => "refunded",
        StockChange::Received { .. } => "received",
        StockChange::Counted { .. } => "counted",
        StockChange::Adjusted(reason) => reason.word(),
        StockChange::Converted => "converted",
        StockChange::GivenBack => "given-back",
        StockChange::Granted => "granted",
        StockChange::Ordered => "ordered",
        StockChange::Released => "released",
        StockChange::HandedOver => "handed-over",
        StockChange::Moved => "moved",
    }
}

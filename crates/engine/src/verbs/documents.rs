//! Edits of what merges: one Automerge document each, one change per command.

use std::collections::BTreeMap;

use soko_app_api::{
    CategoryEdit, OpenOrderEdit, OptionValue, PriceListEdit, ProductContent, ProductEdit, Refused, Reply,
    RetryHint, StallContent, StallEdit, TaxClass,
};
use soko_documents::{
    ChangeBody, Document, DocumentKind, Edit, EditRefused, Field, OpenOrder, OrderLine, Product, Typed as _,
};
use soko_domain::deal::Deal;
use soko_domain::delivery::Terms;
use soko_domain::entry::{PriceSet, SetCause};
use soko_domain::ids::{OrderId, ProductId, ThingId};
use soko_domain::money::{Currency, Ppm};
use soko_domain::opening::Opening;
use soko_domain::point::Point;
use soko_domain::refusal::Refusal;
use soko_domain::scale;
use soko_domain::tax::{CLASSES_MAX, TaxMode, TaxRate};
use soko_domain::transfer::TransferTerms;
use soko_domain::verbs::make_sale::NO_PRODUCT;
use soko_domain::verbs::set_prices;
use soko_domain::wrong::Wrong;
use soko_projection::tabs as standings;
use soko_projection::{read as facts, taxes};
use soko_record_log::StoreError;

use super::tabs::Held;
use crate::failure::{Failure, NotDone};
use crate::write::Writing;

pub(super) fn create_stall(writing: &mut Writing<'_>, content: &StallContent) -> Result<Reply, NotDone> {
    let edits = vec![
        text(Field::Name, &content.name),
        text(Field::Currency, &content.currency),
        text(Field::Zone, &content.zone),
        number(Field::CutOffMinutes, i64::from(content.cut_off_minutes)),
    ];
    edit_document(writing, stall_document(writing), DocumentKind::Stall, &edits)
}

fn check_stall(edit: &StallEdit) -> Result<(), Refusal> {
    if let StallEdit::ScaleCodes(patterns) = edit {
        scale::check(patterns).map_err(|_| Refusal::Invalid(Wrong::ScaleCodesOdd))?;
    }
    if let StallEdit::LocalTerms(terms) | StallEdit::ShippingTerms(terms) = edit
        && !terms.is_empty()
    {
        Terms::parse(terms).map_err(|_| Refusal::Invalid(Wrong::TermsOdd))?;
    }
    if let StallEdit::TransferTerms(terms) = edit
        && !terms.is_empty()
    {
        TransferTerms::parse(terms).map_err(|_| Refusal::Invalid(Wrong::TransferTermsOdd))?;
    }
    if let StallEdit::Point(point) = edit
        && !point.is_empty()
    {
        Point::read(point).ok_or(Refusal::Invalid(Wrong::PointOdd))?;
    }
    if let StallEdit::Opening(opening) = edit {
        Opening::read(opening).ok_or(Refusal::Invalid(Wrong::OpeningOdd))?;
    }
    Ok(())
}

fn tax_rate(tax: &TaxClass) -> TaxRate {
    let mode = TaxMode::of(tax.is_inclusive);
    TaxRate { ppm: Ppm(tax.ppm), mode, label: tax.label.trim().into() }
}

/// Two classes of one name could not be told apart on a receipt.
fn check_taxes(writing: &mut Writing<'_>, edits: &[StallEdit]) -> Result<(), NotDone> {
    let mut known: BTreeMap<ThingId, TaxRate> =
        taxes::classes(writing.tx, writing.log)?.into_iter().collect();
    let mut problem = None;
    for edit in edits {
        if let StallEdit::PutTax(tax) = edit {
            let rate = tax_rate(tax);
            let name = rate.label.to_lowercase();
            let is_new = !known.contains_key(&tax.class);
            let is_renamed = known.get(&tax.class).is_none_or(|before| before.label != rate.label);
            let mut others = known.iter().filter(|(class, _)| **class != tax.class);
            if !rate.is_class() {
                problem = Some(Wrong::TaxOdd);
            } else if is_renamed && others.any(|(_, other)| other.label.to_lowercase() == name) {
                problem = Some(Wrong::TaxNameTaken);
            } else if is_new && known.len() >= CLASSES_MAX {
                problem = Some(Wrong::TaxesFull);
            }
            known.insert(tax.class, rate);
        } else if let StallEdit::RemoveTax(class) = edit {
            // Nobody's tax changes because a name is tidied away.
            let products = taxes::products_in(writing.tx, writing.log, *class)?;
            if products > 0 {
                return Err(Refusal::TaxInUse { products }.into());
            }
            known.remove(class);
        }
    }
    match problem {
        Some(wrong) => Err(Refusal::Invalid(wrong).into()),
        None => Ok(()),
    }
}

/// What was taken, is held and is owed says no currency of its own: it is the stall's.
fn check_currency(writing: &mut Writing<'_>, edits: &[StallEdit]) -> Result<(), NotDone> {
    for edit in edits {
        let StallEdit::Currency(code) = edit else { continue };
        if Currency::parse(code).is_none() {
            return Err(Refusal::Invalid(Wrong::CurrencyOdd).into());
        }
        let before = facts::profile(writing.tx, writing.log)?.map(|profile| profile.currency);
        if before.is_some_and(|before| before != *code) && facts::has_money(writing.tx, writing.log)? {
            return Err(Refusal::CurrencyKept.into());
        }
    }
    Ok(())
}

pub(super) fn edit_stall(writing: &mut Writing<'_>, edits: &[StallEdit]) -> Result<Reply, NotDone> {
    for edit in edits {
        check_stall(edit)?;
    }
    check_taxes(writing, edits)?;
    check_currency(writing, edits)?;
    let edits: Vec<Edit> = edits
        .iter()
        .map(|edit| match edit {
            StallEdit::Name(name) => text(Field::Name, name),
            StallEdit::Currency(currency) => text(Field::Currency, currency),
            StallEdit::Zone(zone) => text(Field::Zone, zone),
            StallEdit::CutOffMinutes(minutes) => number(Field::CutOffMinutes, i64::from(*minutes)),
            StallEdit::Description(description) => text(Field::Description, description),
            StallEdit::Place(place) => text(Field::Place, place),
            StallEdit::Hours(hours) => text(Field::Hours, hours),
            StallEdit::Point(point) => text(Field::Point, point),
            StallEdit::Opening(opening) => text(Field::Opening, opening),
            StallEdit::CashStepMinor(minor) => number(Field::CashStep, i64::from(*minor)),
            StallEdit::BeyondRule(rule) => number(Field::BeyondRule, i64::from(rule.number())),
            StallEdit::ScaleCodes(patterns) => text(Field::ScaleCodes, patterns),
            StallEdit::TakesCard(takes) => Edit::SetFlag { field: Field::TakesCard, flag: *takes },
            StallEdit::TakesPhone(takes) => Edit::SetFlag { field: Field::TakesPhone, flag: *takes },
            StallEdit::TransferTerms(terms) => text(Field::TransferTerms, terms),
            StallEdit::NoPickup(is_off) => Edit::SetFlag { field: Field::NoPickup, flag: *is_off },
            StallEdit::PickupText(said) => text(Field::PickupText, said),
            StallEdit::LocalTerms(terms) => text(Field::LocalTerms, terms),
            StallEdit::ShippingTerms(terms) => text(Field::ShippingTerms, terms),
            StallEdit::TaxPpm(ppm) => number(Field::TaxPpm, i64::from(*ppm)),
            StallEdit::TaxInclusive(is_in) => Edit::SetFlag { field: Field::TaxInclusive, flag: *is_in },
            StallEdit::PutTax(tax) => Edit::PutTax { class: tax.class, tax: tax_rate(tax) },
            StallEdit::RemoveTax(class) => Edit::RemoveTax { class: *class },
            StallEdit::ReturnDays(days) => number(Field::ReturnDays, i64::from(*days)),
        })
        .collect();
    edit_document(writing, stall_document(writing), DocumentKind::Stall, &edits)
}

/// A stall's profile has the bytes of its log's id.
fn stall_document(writing: &Writing<'_>) -> ThingId {
    ThingId(writing.log.0)
}

pub(super) fn create_product(
    writing: &mut Writing<'_>,
    product: ProductId,
    content: &ProductContent,
) -> Result<Reply, NotDone> {
    let document = ThingId(product.0);
    if writing.document(document)?.is_some() {
        return Err(Refusal::IdReused.into());
    }
    check_family(writing, product, content)?;
    let currency = super::sale::currency(writing.tx, writing.log)?.to_string();
    edit_document(writing, document, DocumentKind::Product, &value(content, currency).edits())
}

/// A variant belongs to a product that is none itself, and a bundle is made of what is there and no bundle: neither
/// needs to be looked through level by level when it is sold.
fn check_family(
    writing: &mut Writing<'_>,
    product: ProductId,
    content: &ProductContent,
) -> Result<(), NotDone> {
    if let Some(parent) = content.variant_of {
        let found = facts::product(writing.tx, writing.log, parent)?;
        let found = found.ok_or(Refusal::UnknownProduct(parent))?;
        check_parent(found.variant_of, !found.parts.is_empty())?;
    }
    for part in &content.parts {
        check_part(writing, product, part.product)?;
    }
    Ok(())
}

/// Neither a variant nor a bundle has variants.
pub(super) fn check_parent(variant_of: Option<ProductId>, is_bundle: bool) -> Result<(), Refusal> {
    if variant_of.is_some() {
        return Err(Refusal::Invalid(Wrong::VariantsOfVariant));
    }
    if is_bundle {
        return Err(Refusal::Invalid(Wrong::VariantsOfBundle));
    }
    Ok(())
}

fn check_part(writing: &mut Writing<'_>, bundle: ProductId, part: ProductId) -> Result<(), NotDone> {
    let found = facts::product(writing.tx, writing.log, part)?;
    match found {
        None => Err(Refusal::UnknownProduct(part).into()),
        Some(found) if part == bundle || !found.parts.is_empty() => {
            Err(Refusal::Invalid(Wrong::BundleInBundle).into())
        }
        Some(_) => Ok(()),
    }
}

/// A deal is below the price that the product has after all edits, and for as much.
fn check_deal(
    writing: &mut Writing<'_>,
    product: ProductId,
    (deal, edits): (&Deal, &[ProductEdit]),
) -> Result<(), NotDone> {
    deal.check()?;
    let found = facts::product(writing.tx, writing.log, product)?;
    let (mut usual_minor, mut price_per) = found.map_or((0, 1), |found| (found.price_minor, found.price_per));
    for edit in edits {
        if let ProductEdit::PriceMinor(minor) = edit {
            usual_minor = *minor;
        }
        if let ProductEdit::PricePer(per) = edit {
            price_per = *per;
        }
    }
    if !deal.is_for(price_per) {
        return Err(Refusal::Invalid(Wrong::DealOtherMeasure).into());
    }
    if deal.price_minor < usual_minor {
        return Ok(());
    }
    Err(Refusal::Invalid(Wrong::DealNotBelow).into())
}

pub(super) fn value(content: &ProductContent, currency: String) -> Product {
    let option = |option: &OptionValue| (option.name.clone(), option.value.clone());
    Product {
        name: content.name.clone(),
        description: content.description.clone(),
        sku: content.sku.clone(),
        barcodes: content.barcodes.iter().cloned().collect(),
        unit: content.unit,
        price_minor: content.price_minor,
        currency,
        price_per: content.price_per,
        cost_minor: content.cost_minor,
        tax_ppm: content.tax_ppm,
        tax_inclusive: content.tax_inclusive,
        tax_class: content.tax_class,
        categories: content.categories.iter().copied().collect(),
        pictures: Vec::new(),
        archived: false,
        favourite: content.favourite,
        low_level: content.low_level,
        piece_g: content.piece_g,
        deal: None,
        variant_of: content.variant_of,
        options: content.options.iter().map(option).collect(),
        parts: content.parts.iter().map(|part| (part.product, part.quantity)).collect(),
    }
}

/// The edit, and beside it who set another price.
pub(super) fn edit_product(
    writing: &mut Writing<'_>,
    product: ProductId,
    edits: &[ProductEdit],
) -> Result<Reply, NotDone> {
    let was = price(writing, product)?;
    let reply = put_product(writing, product, edits)?;
    let now = price(writing, product)?;
    let set = was.zip(now).map(|((from_minor, from_per), (to_minor, to_per))| PriceSet {
        product,
        from_minor,
        from_per,
        to_minor,
        to_per,
    });
    writing.write(set_prices::decide(SetCause::Edited, set.into_iter().collect()))?;
    Ok(reply)
}

fn price(writing: &mut Writing<'_>, product: ProductId) -> Result<Option<(i64, i64)>, StoreError> {
    let found = facts::product(writing.tx, writing.log, product)?;
    Ok(found.map(|found| (found.price_minor, found.price_per)))
}

/// The edit alone: whoever moves a price by a rule says so in an entry of its own.
pub(super) fn put_product(
    writing: &mut Writing<'_>,
    product: ProductId,
    edits: &[ProductEdit],
) -> Result<Reply, NotDone> {
    writing.require_product(product)?;
    for edit in edits {
        if let ProductEdit::PutPart(part) = edit {
            check_part(writing, product, part.product)?;
        }
        if let ProductEdit::Deal(Some(deal)) = edit {
            check_deal(writing, product, (&(*deal).into(), edits))?;
        }
    }
    let says_tax =
        edits.iter().any(|edit| matches!(edit, ProductEdit::TaxPpm(_) | ProductEdit::TaxInclusive(_)));
    let says_class = edits.iter().any(|edit| matches!(edit, ProductEdit::TaxClass(_)));
    let mut all: Vec<Edit> = edits.iter().map(product_edit).collect();
    // Whoever says its tax does not mean a class that is gone, and that might come back.
    if says_tax && !says_class && taxes::is_gone(writing.tx, writing.log, product)? {
        all.push(thing(Field::TaxClass, None));
    }
    edit_document(writing, ThingId(product.0), DocumentKind::Product, &all)
}

pub(super) fn product_edit(edit: &ProductEdit) -> Edit {
    match edit {
        ProductEdit::Name(name) => text(Field::Name, name),
        ProductEdit::Description(description) => text(Field::Description, description),
        ProductEdit::Sku(sku) => text(Field::Sku, sku),
        ProductEdit::PriceMinor(price) => number(Field::Price, *price),
        ProductEdit::PricePer(per) => number(Field::PricePer, *per),
        ProductEdit::CostMinor(Some(cost)) => number(Field::Cost, *cost),
        ProductEdit::CostMinor(None) => Edit::Clear { field: Field::Cost },
        ProductEdit::TaxPpm(ppm) => number(Field::TaxPpm, i64::from(*ppm)),
        ProductEdit::TaxInclusive(flag) => Edit::SetFlag { field: Field::TaxInclusive, flag: *flag },
        ProductEdit::Archived(flag) => Edit::SetFlag { field: Field::Archived, flag: *flag },
        ProductEdit::Favourite(flag) => Edit::SetFlag { field: Field::Favourite, flag: *flag },
        ProductEdit::LowLevel(Some(level)) => number(Field::LowLevel, *level),
        ProductEdit::LowLevel(None) => Edit::Clear { field: Field::LowLevel },
        ProductEdit::PieceGrams(Some(grams)) => number(Field::PieceGrams, *grams),
        ProductEdit::PieceGrams(None) => Edit::Clear { field: Field::PieceGrams },
        ProductEdit::PutOption(option) => {
            Edit::PutOption { name: option.name.clone(), value: option.value.clone() }
        }
        ProductEdit::PutPart(part) => Edit::PutPart { product: part.product, quantity: part.quantity },
        ProductEdit::RemovePart(part) => Edit::RemovePart { product: *part },
        ProductEdit::AddBarcode(barcode) => Edit::AddBarcode { barcode: barcode.clone() },
        ProductEdit::RemoveBarcode(barcode) => Edit::RemoveBarcode { barcode: barcode.clone() },
        ProductEdit::AddCategory(category) => Edit::AddCategory { category: *category },
        ProductEdit::RemoveCategory(category) => Edit::RemoveCategory { category: *category },
        ProductEdit::PutPicture { picture, position } => {
            Edit::PutPicture { picture: *picture, position: *position }
        }
        ProductEdit::RemovePicture(picture) => Edit::RemovePicture { picture: *picture },
        ProductEdit::TaxClass(class) => thing(Field::TaxClass, *class),
        ProductEdit::Deal(Some(deal)) => text(Field::Deal, &Deal::from(*deal).to_string()),
        ProductEdit::Deal(None) => Edit::Clear { field: Field::Deal },
    }
}

pub(super) fn edit_category(
    writing: &mut Writing<'_>,
    category: ThingId,
    edits: &[CategoryEdit],
) -> Result<Reply, NotDone> {
    let edits: Vec<Edit> = edits
        .iter()
        .map(|edit| match edit {
            CategoryEdit::Name(name) => text(Field::Name, name),
            CategoryEdit::Parent(parent) => thing(Field::Parent, *parent),
            CategoryEdit::Position(position) => number(Field::Position, *position),
            CategoryEdit::Archived(flag) => Edit::SetFlag { field: Field::Archived, flag: *flag },
        })
        .collect();
    edit_document(writing, category, DocumentKind::Category, &edits)
}

pub(super) fn edit_price_list(
    writing: &mut Writing<'_>,
    price_list: ThingId,
    edits: &[PriceListEdit],
) -> Result<Reply, NotDone> {
    let edits: Vec<Edit> = edits
        .iter()
        .map(|edit| match edit {
            PriceListEdit::Name(name) => text(Field::Name, name),
            PriceListEdit::PutPrice { product, price_minor } => {
                Edit::PutPrice { product: *product, price_minor: *price_minor }
            }
            PriceListEdit::RemovePrice(product) => Edit::RemovePrice { product: *product },
        })
        .collect();
    edit_document(writing, price_list, DocumentKind::PriceList, &edits)
}

pub(super) fn edit_open_order(
    writing: &mut Writing<'_>,
    order: OrderId,
    edits: &[OpenOrderEdit],
) -> Result<Reply, NotDone> {
    let document = opened(writing, ThingId(order.0), DocumentKind::OpenOrder)?;
    let (value, _) = document.read::<OpenOrder>();
    let standing = standings::standing_of(writing.tx, writing.log, (order, &value))?;
    // Whoever paid for all of it is gone: what is put into it then is somebody else's.
    let puts_goods =
        |edit| matches!(edit, &OpenOrderEdit::PutLine { line, .. } if !value.lines.contains_key(&line));
    if edits.iter().any(puts_goods)
        && let Some(sale) = standing.closed_by()
    {
        return Err(Refusal::TabClosed(sale).into());
    }
    let sales = standing.sales();
    let mut held = Held { order: &value, bill: standing.bill, sales, outs: 0 };
    let mut all: Vec<Edit> = Vec::new();
    for edit in edits {
        all.extend(order_edit(&mut held, edit)?);
    }
    let edits = all;
    write_edits(writing, (ThingId(order.0), document), &edits)
}

fn order_edit(held: &mut Held<'_>, edit: &OpenOrderEdit) -> Result<Vec<Edit>, Refusal> {
    Ok(vec![match edit {
        OpenOrderEdit::Note(note) => text(Field::Note, note),
        OpenOrderEdit::Told => Edit::SetFlag { field: Field::Told, flag: true },
        OpenOrderEdit::Reason(reason) => text(Field::Reason, reason),
        OpenOrderEdit::Discount(discount) => {
            return Ok(held.off(super::sale::discount_of(*discount)));
        }
        OpenOrderEdit::Title(title) => text(Field::Title, title),
        OpenOrderEdit::Customer(customer) => thing(Field::Customer, *customer),
        OpenOrderEdit::PutLine { line, content } => held.put(
            *line,
            OrderLine {
                product: content.product.unwrap_or(NO_PRODUCT),
                quantity: content.quantity,
                unit_price_minor: content.unit_price_minor,
                note: content.note.clone(),
                // A product's own name is looked up; a custom amount has no other.
                name: if content.product.is_none() { content.name.clone() } else { String::new() },
                off: super::sale::discount_of(content.discount),
                off_paid: 0,
                reason: content.reason.clone(),
                label: content.label.clone(),
            },
        )?,
        OpenOrderEdit::TakeOut { word, lines } => {
            return lines.iter().filter_map(|taken| held.take_out(*word, taken).transpose()).collect();
        }
        OpenOrderEdit::LinePrice { line, unit_price_minor } => {
            Edit::SetLinePrice { line: *line, unit_price_minor: *unit_price_minor }
        }
        OpenOrderEdit::LineNote { line, note } => Edit::SetLineNote { line: *line, note: note.clone() },
        OpenOrderEdit::ClosedBy(sale) => thing(Field::ClosedBy, Some(ThingId(sale.0))),
    }])
}

/// Makes the edits as one change; edits that change nothing leave no record.
fn edit_document(
    writing: &mut Writing<'_>,
    id: ThingId,
    kind: DocumentKind,
    edits: &[Edit],
) -> Result<Reply, NotDone> {
    let document = opened(writing, id, kind)?;
    write_edits(writing, (id, document), edits)
}

fn opened(writing: &mut Writing<'_>, id: ThingId, kind: DocumentKind) -> Result<Document, NotDone> {
    match writing.document(id)? {
        Some((known, _)) if known != kind => Err(Refusal::IdReused.into()),
        Some((kind, saved)) => Ok(Document::load(kind, &saved).map_err(unreadable)?),
        None => Ok(Document::new(kind).map_err(unreadable)?),
    }
}

fn write_edits(
    writing: &mut Writing<'_>,
    (id, mut document): (ThingId, Document),
    edits: &[Edit],
) -> Result<Reply, NotDone> {
    let kind = document.kind();
    let edited = document.edit(&writing.me, writing.stamp.at_ms, edits).map_err(edit_refused)?;
    if let Some(edited) = edited {
        let body = ChangeBody { document: id, kind, change: edited.change };
        writing.write_change(&body)?;
    }
    Ok(Reply::Done)
}

pub(super) fn unreadable(refused: soko_documents::Refused) -> Failure {
    Failure::Inconsistent(format!("a document cannot be opened: {refused}"))
}

pub(super) fn edit_refused(refused: EditRefused) -> NotDone {
    let code = match &refused {
        EditRefused::TooMany => "too_many_edits",
        EditRefused::Problem(_) => "invalid_edit",
        EditRefused::Change(_) => "change_refused",
    };
    NotDone::Refused(Refused {
        code: code.into(),
        sentence: refused.to_string(),
        retry: RetryHint::Never,
        share: None,
        acts: Vec::new(),
    })
}

fn text(field: Field, text: &str) -> Edit {
    Edit::SetText { field, text: text.into() }
}

fn number(field: Field, number: i64) -> Edit {
    Edit::SetNumber { field, number }
}

fn thing(field: Field, thing: Option<ThingId>) -> Edit {
    match thing {
        Some(thing) => Edit::SetThing { field, thing },
        None => Edit::Clear { field },
    }
}

//! A product as it is typed: read from what is stored, and written as what changed. Pure.

use soko_app_api::{ProductContent, ProductEdit, ProductView, TaxClass};
use soko_domain::ids::{Hash, ThingId};
use soko_domain::money::Ppm;
use soko_domain::quantity::Unit;
use soko_domain::tax::TaxMode;

use crate::typed;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) sku: String,
    /// One a line.
    pub(super) barcodes: String,
    pub(super) unit: Unit,
    pub(super) price: String,
    pub(super) price_per: String,
    pub(super) cost: String,
    pub(super) tax: String,
    pub(super) tax_inclusive: bool,
    /// Whose tax counts in place of that.
    pub(super) tax_class: Option<ThingId>,
    pub(super) categories: Vec<ThingId>,
    pub(super) pictures: Vec<Hash>,
    pub(super) favourite: bool,
    /// Empty: nobody wants to be told.
    pub(super) low_level: String,
    /// What a piece weighs, in grams; empty where nobody says.
    pub(super) grams: String,
}

/// Why a draft is no product yet, as keys of `i18n`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Wrong {
    pub(super) name: bool,
    pub(super) price: bool,
    pub(super) price_per: bool,
    pub(super) cost: bool,
    pub(super) tax: bool,
    pub(super) low_level: bool,
    pub(super) grams: bool,
}

impl Draft {
    pub(super) fn new(code: &str) -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            sku: String::new(),
            barcodes: code.into(),
            unit: Unit::Piece,
            price: String::new(),
            price_per: "1".into(),
            cost: String::new(),
            tax: String::new(),
            tax_inclusive: true,
            tax_class: None,
            categories: Vec::new(),
            pictures: Vec::new(),
            favourite: false,
            low_level: String::new(),
            grams: String::new(),
        }
    }

    pub(super) fn of(view: &ProductView) -> Self {
        let currency = &view.currency;
        Self {
            name: view.name.clone(),
            description: view.description.clone(),
            sku: view.sku.clone(),
            barcodes: view.barcodes.join("\n"),
            unit: view.unit,
            price: typed::plain(view.price_minor, currency),
            price_per: view.price_per.to_string(),
            cost: view.cost_minor.map(|minor| typed::plain(minor, currency)).unwrap_or_default(),
            tax: if view.tax_ppm == 0 { String::new() } else { Ppm(view.tax_ppm).to_string() },
            tax_inclusive: view.tax_mode == TaxMode::Inclusive,
            tax_class: view.tax_class,
            categories: view.categories.clone(),
            pictures: view.pictures.clone(),
            favourite: view.favourite,
            low_level: view.low_level.map(|level| level.to_string()).unwrap_or_default(),
            grams: view.piece_g.map(|grams| grams.to_string()).unwrap_or_default(),
        }
    }

    pub(super) fn wrong(&self, currency: &str) -> Wrong {
        Wrong {
            name: self.name.trim().is_empty(),
            price: typed::amount(&self.price, currency).is_none(),
            price_per: self.per().is_none(),
            cost: !self.cost.trim().is_empty() && typed::amount(&self.cost, currency).is_none(),
            tax: self.ppm().is_none(),
            low_level: !self.low_level.trim().is_empty() && typed::whole(&self.low_level).is_none(),
            grams: !self.grams.trim().is_empty() && typed::whole(&self.grams).is_none(),
        }
    }

    /// None while something is wrong.
    pub(super) fn content(&self, currency: &str) -> Option<ProductContent> {
        if self.wrong(currency) != Wrong::default() {
            return None;
        }
        Some(ProductContent {
            name: self.name.trim().into(),
            description: self.description.trim().into(),
            sku: self.sku.trim().into(),
            barcodes: self.codes(),
            unit: self.unit,
            price_minor: typed::amount(&self.price, currency)?,
            price_per: self.per()?,
            cost_minor: typed::amount(&self.cost, currency),
            tax_ppm: self.ppm()?,
            tax_inclusive: self.tax_inclusive,
            tax_class: self.tax_class,
            categories: self.categories.clone(),
            favourite: self.favourite,
            low_level: typed::whole(&self.low_level),
            piece_g: typed::whole(&self.grams),
            variant_of: None,
            options: Vec::new(),
            parts: Vec::new(),
        })
    }

    /// What must be changed so that what is stored becomes this. Only what a person changed is written, so that
    /// somebody else's change of another field stays.
    pub(super) fn edits(&self, before: &Self, currency: &str) -> Option<Vec<ProductEdit>> {
        let (now, was) = (self.content(currency)?, before.content(currency));
        let differs =
            |field: fn(&ProductContent) -> String| was.as_ref().is_none_or(|was| field(was) != field(&now));
        let mut edits = Vec::new();
        let mut put = |is_changed: bool, edit: ProductEdit| {
            if is_changed {
                edits.push(edit);
            }
        };
        put(differs(|content| content.name.clone()), ProductEdit::Name(now.name.clone()));
        put(
            differs(|content| content.description.clone()),
            ProductEdit::Description(now.description.clone()),
        );
        put(differs(|content| content.sku.clone()), ProductEdit::Sku(now.sku.clone()));
        put(differs(|content| content.price_minor.to_string()), ProductEdit::PriceMinor(now.price_minor));
        put(differs(|content| content.price_per.to_string()), ProductEdit::PricePer(now.price_per));
        put(differs(|content| format!("{:?}", content.cost_minor)), ProductEdit::CostMinor(now.cost_minor));
        // What was shown of a class is not what the product says of itself.
        let is_moved = self.tax_class != before.tax_class;
        put(is_moved, ProductEdit::TaxClass(now.tax_class));
        put(is_moved || differs(|content| content.tax_ppm.to_string()), ProductEdit::TaxPpm(now.tax_ppm));
        put(
            is_moved || differs(|content| content.tax_inclusive.to_string()),
            ProductEdit::TaxInclusive(now.tax_inclusive),
        );
        put(self.favourite != before.favourite, ProductEdit::Favourite(now.favourite));
        put(differs(|content| format!("{:?}", content.low_level)), ProductEdit::LowLevel(now.low_level));
        put(differs(|content| format!("{:?}", content.piece_g)), ProductEdit::PieceGrams(now.piece_g));
        let (codes, old_codes) = (self.codes(), before.codes());
        edits.extend(missing(&codes, &old_codes).map(|code| ProductEdit::AddBarcode(code.clone())));
        edits.extend(missing(&old_codes, &codes).map(|code| ProductEdit::RemoveBarcode(code.clone())));
        edits.extend(
            missing(&self.categories, &before.categories).map(|category| ProductEdit::AddCategory(*category)),
        );
        edits.extend(
            missing(&before.categories, &self.categories)
                .map(|category| ProductEdit::RemoveCategory(*category)),
        );
        edits.extend(self.picture_edits(&before.pictures));
        Some(edits)
    }

    pub(super) fn picture_edits(&self, before: &[Hash]) -> Vec<ProductEdit> {
        let placed = (0_i64..).zip(&self.pictures);
        let put = placed
            .filter(|(_, picture)| !before.contains(picture))
            .map(|(position, picture)| ProductEdit::PutPicture { picture: *picture, position });
        let gone = before.iter().filter(|picture| !self.pictures.contains(picture));
        put.chain(gone.map(|picture| ProductEdit::RemovePicture(*picture))).collect()
    }

    /// With a tax that products share, or its own. The class's stands beside it, for programs that know no classes.
    pub(super) fn with_tax(mut self, tax: Option<&TaxClass>) -> Self {
        self.tax_class = tax.map(|tax| tax.class);
        if let Some(tax) = tax {
            (self.tax, self.tax_inclusive) = (Ppm(tax.ppm).to_string(), tax.is_inclusive);
        }
        self
    }

    pub(super) fn toggle(&mut self, category: ThingId) {
        let before = self.categories.len();
        self.categories.retain(|known| *known != category);
        if self.categories.len() == before {
            self.categories.push(category);
        }
    }

    fn codes(&self) -> Vec<String> {
        self.barcodes.lines().map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect()
    }

    fn per(&self) -> Option<i64> {
        typed::whole(&self.price_per).filter(|per| *per > 0)
    }

    fn ppm(&self) -> Option<u32> {
        typed::percent(&self.tax)
    }
}

fn missing<'a, T: PartialEq>(here: &'a [T], there: &'a [T]) -> impl Iterator<Item = &'a T> {
    here.iter().filter(|one| !there.contains(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft { name: "Cloves".into(), price: "220".into(), ..Draft::new("4006381") }
    }

    #[test]
    fn a_name_and_a_price_are_a_product() {
        let content = draft().content("KES").unwrap();
        assert_eq!((content.price_minor, content.barcodes), (22_000, vec!["4006381".to_owned()]));
        let nameless = Draft { name: " ".into(), ..draft() };
        assert!(nameless.wrong("KES").name);
        assert_eq!(nameless.content("KES"), None);
        let taxed = Draft { tax: "120".into(), ..draft() };
        assert!(taxed.wrong("KES").tax);
    }

    #[test]
    fn only_what_changed_is_written() {
        let before = draft();
        assert_eq!(before.edits(&before, "KES"), Some(vec![]));
        let mut now = Draft { price: "230".into(), barcodes: "4006382".into(), ..draft() };
        now.toggle(ThingId([1; 16]));
        now.pictures.push(Hash([2; 32]));
        assert_eq!(
            now.edits(&before, "KES").unwrap(),
            [
                ProductEdit::PriceMinor(23_000),
                ProductEdit::AddBarcode("4006382".into()),
                ProductEdit::RemoveBarcode("4006381".into()),
                ProductEdit::AddCategory(ThingId([1; 16])),
                ProductEdit::PutPicture { picture: Hash([2; 32]), position: 0 },
            ]
        );
        now.toggle(ThingId([1; 16]));
        assert!(now.categories.is_empty());
    }
}

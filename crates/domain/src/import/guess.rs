//! What the columns probably are: by their headers in the four languages and by what programs call them, and the
//! decimal mark by what the prices look like.

use crate::import::{DecimalMark, ImportField, Table};

/// Words of headers, in lower case and without marks, in the order in which they are tried.
const HEADERS: &[(ImportField, &[&str])] = &[
    (
        ImportField::Barcode,
        &[
            "barcode",
            "barcodes",
            "ean",
            "ean13",
            "gtin",
            "upc",
            "msimbopau",
            "code barres",
            "code barre",
            "codebarres",
            "gencod",
            "الباركود",
            "باركود",
            "رمز شريطي",
        ],
    ),
    (
        ImportField::Sku,
        &[
            "sku",
            "item code",
            "product code",
            "code",
            "reference",
            "ref",
            "référence",
            "réf",
            "article",
            "item number",
            "handle",
            "stockcode",
            "msimbo",
            "nambari",
            "رمز",
            "رمز المنتج",
            "المرجع",
        ],
    ),
    (
        ImportField::Cost,
        &[
            "cost",
            "cost price",
            "purchase price",
            "buying price",
            "unit cost",
            "cost per item",
            "gharama",
            "bei ya kununua",
            "coût",
            "cout",
            "prix d achat",
            "prix achat",
            "prix de revient",
            "التكلفة",
            "سعر الشراء",
        ],
    ),
    (
        ImportField::Price,
        &[
            "price",
            "sale price",
            "selling price",
            "retail price",
            "unit price",
            "regular price",
            "variant price",
            "bei",
            "bei ya kuuza",
            "prix",
            "prix de vente",
            "prix ttc",
            "prix unitaire",
            "tarif",
            "السعر",
            "سعر",
            "سعر البيع",
        ],
    ),
    (
        ImportField::LowLevel,
        &[
            "low stock",
            "low stock level",
            "minimum",
            "minimum stock",
            "min stock",
            "reorder level",
            "reorder point",
            "kiwango cha chini",
            "stock minimum",
            "seuil",
            "seuil d alerte",
            "الحد الأدنى",
        ],
    ),
    (
        ImportField::Stock,
        &[
            "stock",
            "quantity",
            "qty",
            "in stock",
            "on hand",
            "stock quantity",
            "opening stock",
            "inventory",
            "idadi",
            "akiba",
            "hisa",
            "quantité",
            "quantite",
            "qté",
            "en stock",
            "الكمية",
            "كمية",
            "المخزون",
            "مخزون",
        ],
    ),
    (
        ImportField::Category,
        &[
            "category",
            "categories",
            "group",
            "department",
            "type",
            "product type",
            "collection",
            "kundi",
            "aina",
            "catégorie",
            "categorie",
            "catégories",
            "rayon",
            "famille",
            "الفئة",
            "فئة",
            "التصنيف",
            "القسم",
        ],
    ),
    (
        ImportField::Tax,
        &[
            "tax",
            "vat",
            "tax rate",
            "vat rate",
            "tax percent",
            "kodi",
            "tva",
            "taxe",
            "taux tva",
            "taux de tva",
            "الضريبة",
            "ضريبة",
        ],
    ),
    (
        ImportField::Unit,
        &["unit", "uom", "unit of measure", "sold by", "kipimo", "unité", "unite", "الوحدة", "وحدة"],
    ),
    (
        ImportField::Description,
        &["description", "details", "notes", "body", "maelezo", "détails", "details produit", "الوصف", "وصف"],
    ),
    (
        ImportField::Name,
        &[
            "name",
            "product",
            "product name",
            "item",
            "item name",
            "title",
            "jina",
            "bidhaa",
            "jina la bidhaa",
            "nom",
            "nom du produit",
            "produit",
            "désignation",
            "designation",
            "libellé",
            "libelle",
            "intitulé",
            "الاسم",
            "اسم",
            "اسم المنتج",
            "المنتج",
        ],
    ),
];

/// One field for each column. Each field is given once: to the first column that is called like it.
pub fn guess_fields(headers: &[String]) -> Vec<ImportField> {
    let mut given = Vec::new();
    let mut fields = Vec::new();
    for header in headers {
        let words = plain(header);
        let known = HEADERS
            .iter()
            .find(|(field, names)| !given.contains(field) && names.iter().any(|name| words == plain(name)));
        let field = known.map_or(ImportField::Ignore, |(field, _)| *field);
        if field != ImportField::Ignore {
            given.push(field);
        }
        fields.push(field);
    }
    // "Description" is what some programs call the name.
    if !given.contains(&ImportField::Name)
        && let Some(named) = fields.iter_mut().find(|field| **field == ImportField::Description)
    {
        *named = ImportField::Name;
    }
    fields
}

/// Lower case, with everything that is no letter or digit as one space, and without what stands in brackets: "Price
/// (KES)" is a price.
pub(crate) fn plain(header: &str) -> String {
    let outside = header.split(['(', '[']).next().unwrap_or_default();
    let spaced: String = outside
        .to_lowercase()
        .chars()
        .map(|letter| if letter.is_alphanumeric() { letter } else { ' ' })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The mark that the amounts use; where they do not tell, a point, unless the file separates its columns by semicolons
/// as programs do where a comma is the decimal mark.
pub fn guess_decimal(table: &Table, fields: &[ImportField]) -> DecimalMark {
    let amounts = |field: &ImportField| matches!(field, ImportField::Price | ImportField::Cost);
    let columns = fields.iter().enumerate().filter(|(_, field)| amounts(field)).map(|(column, _)| column);
    decimal_in(table, columns)
}

/// The same, of the columns that have amounts.
pub(crate) fn decimal_in(table: &Table, columns: impl Iterator<Item = usize>) -> DecimalMark {
    let (mut points, mut commas) = (0_usize, 0_usize);
    for column in columns {
        for cell in table.lines.iter().filter_map(|line| line.cells.get(column)) {
            match decimal_of(cell) {
                Some('.') => points += 1,
                Some(_) => commas += 1,
                None => {}
            }
        }
    }
    let is_comma = if points == commas { table.mark == ';' } else { commas > points };
    if is_comma { DecimalMark::Comma } else { DecimalMark::Point }
}

/// The decimal mark of an amount, where there can be no doubt.
fn decimal_of(cell: &str) -> Option<char> {
    let at = cell.rfind(['.', ','])?;
    let mark = cell[at..].chars().next()?;
    let decimals = cell[at + 1..].chars().take_while(char::is_ascii_digit).count();
    let is_alone = cell.matches(mark).count() == 1;
    let other = if mark == '.' { ',' } else { '.' };
    // 1.250 may be either; 1,250.00 and 3,5 cannot.
    (is_alone && (decimals != 3 || cell.contains(other))).then_some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_in_four_languages() {
        use ImportField as F;
        for (headers, fields) in [
            ("Name,Price (KES),SKU,Barcode,Qty", vec![F::Name, F::Price, F::Sku, F::Barcode, F::Stock]),
            ("Jina,Bei,Msimbo,Idadi,Kundi", vec![F::Name, F::Price, F::Sku, F::Stock, F::Category]),
            ("Désignation,Prix TTC,Prix d'achat,Code-barres", vec![F::Name, F::Price, F::Cost, F::Barcode]),
            ("الاسم,السعر,الكمية,الباركود", vec![F::Name, F::Price, F::Stock, F::Barcode]),
            ("Description,Unit price,colour", vec![F::Name, F::Price, F::Ignore]),
            ("NAME,name,Description", vec![F::Name, F::Ignore, F::Description]),
        ] {
            let headers: Vec<String> = headers.split(',').map(str::to_owned).collect();
            assert_eq!(guess_fields(&headers), fields, "{headers:?}");
        }
    }

    #[test]
    fn the_decimal_mark_is_seen_in_the_prices() {
        for (text, mark) in [
            ("name;price\na;3,50\n", DecimalMark::Comma),
            ("name,price\na,3.50\n", DecimalMark::Point),
            ("name;price\na;1.250\n", DecimalMark::Comma),
            ("name;price\na;1,250.00\n", DecimalMark::Point),
            ("name,price\na,\"1.250,00\"\n", DecimalMark::Comma),
            ("name,price\na,12\n", DecimalMark::Point),
        ] {
            let table = Table::read(text.as_bytes()).unwrap();
            let fields = guess_fields(&table.headers);
            assert_eq!(guess_decimal(&table, &fields), mark, "{text}");
        }
    }
}

//! What explains the tables: a page for people, and the same for programs.

use super::table::{Shape, push_quoted};

const HEAD: &str = "Soko: everything of one stall, for other programs.

Each table is here twice, as NAME.csv and as NAME.json, with the same rows and columns. manifest.json says the same as this page for
programs, with the number of rows of each table. Pictures of products lie in the folder pictures, named by the hash of their bytes.

CSV is UTF-8 with a comma between cells and CRLF between rows. A text that a spreadsheet would run as a formula has ' in front of it.
Money is written in the stall's currency with its decimals, and in JSON as a text, because most readers of JSON round. Quantities are
whole numbers of the unit that the product is counted in: pieces, grams or millilitres. at_ms is milliseconds since 1970 in UTC;
business_day is the day for which something counts, after the stall's cut-off hour. Ids are hexadecimal digits; the same id is the same
thing in every table. Several values in one cell have | between them.

Not in here: PINs, keys, passwords and the codes of gift cards, which no table holds or which belong to this device alone. This is no
backup: records with their proofs are in a backup, under a password. Pictures that this device never fetched are named in the table
pictures, without a file. No table holds the stall's page and settings (opening hours, delivery, bank account, points), limits of prices,
how orders from the shop were paid and where they were brought, what came back of those, messages and reviews, how many units each
device may promise, what was found amiss, imports of lists, and what was told to other programs.
";

/// With how many pictures had no room.
pub(super) fn readme(left_out: u64, shapes: impl Iterator<Item = &'static Shape>) -> String {
    let mut out = String::from(HEAD);
    if left_out > 0 {
        out.push_str(&format!(
            "\nPictures that had no room: {left_out}. The file would have been too large with them. A computer with Soko as an app has\n\
             room for more than a phone or a browser's page; a backup holds those that were taken at this device.\n"
        ));
    }
    for shape in shapes {
        out.push_str(&format!("\n{}\n  {}\n", shape.name, shape.about));
        for (column, meaning) in shape.columns {
            out.push_str(&format!("  - {column}: {meaning}\n"));
        }
    }
    out
}

pub(super) fn manifest(
    stall: &str,
    currency: &str,
    (made_at_ms, left_out): (i64, u64),
    tables: impl Iterator<Item = (&'static Shape, u64)>,
) -> String {
    let mut out = String::from("{\"format\":1,\"stall\":");
    push_quoted(&mut out, stall);
    out.push_str(",\"currency\":");
    push_quoted(&mut out, currency);
    out.push_str(&format!(",\"made_at_ms\":{made_at_ms},\"pictures_left_out\":{left_out},\"tables\":["));
    for (at, (shape, rows)) in tables.enumerate() {
        out.push_str(if at == 0 { "\n{\"name\":" } else { ",\n{\"name\":" });
        push_quoted(&mut out, shape.name);
        out.push_str(",\"about\":");
        push_quoted(&mut out, shape.about);
        out.push_str(&format!(",\"rows\":{rows},\"columns\":{{"));
        for (place, (column, meaning)) in shape.columns.iter().enumerate() {
            out.push_str(if place == 0 { "" } else { "," });
            push_quoted(&mut out, column);
            out.push(':');
            push_quoted(&mut out, meaning);
        }
        out.push_str("}}");
    }
    out.push_str("\n]}\n");
    out
}

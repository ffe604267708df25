//! Pictures of products, as they lie here.

use std::collections::BTreeSet;

use soko_app_api::{Query, View};
use soko_domain::ids::Hash;
use soko_record_log::{StoreError, params};

use super::goods::each_product;
use super::table::{Cell, Rows, Shape};
use super::zip::Zip;
use super::{Of, number, text};
use crate::engine::Engine;
use crate::failure::{Failure, NotDone};

pub(super) const SHAPES: &[Shape] = &[Shape {
    name: "pictures",
    about: "Pictures of products, in the order in which they are shown.",
    columns: &[
        ("product", "the product's id"),
        ("place", "1 is shown first"),
        ("picture", "SHA-256 of the picture's bytes"),
        ("file", "where it lies in this file; empty where this device has not got it"),
    ],
    fill: rows,
}];

fn rows(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    engine.each_picture(of, &mut |engine, (product, place, hash)| {
        let here = engine.picture(hash, true)?.map(|(end, _)| Cell::Text(file(hash, end)));
        out(vec![Cell::Text(product), number(place), text(hash), here.unwrap_or(Cell::Nothing)])
    })
}

fn file(hash: Hash, end: &str) -> String {
    format!("pictures/{hash}.{end}")
}

/// A product, the place of its picture, and the picture.
type Shown = (String, usize, Hash);

impl Engine {
    pub(super) fn write_pictures(&mut self, of: Of, zip: &mut Zip<'_>) -> Result<(), NotDone> {
        // Two products can have one picture: of each, its hash is remembered.
        let mut written = BTreeSet::new();
        self.each_picture(of, &mut |engine, (_, _, hash)| {
            if !written.insert(hash) {
                return Ok(());
            }
            let Some((end, bytes)) = engine.picture(hash, false)? else { return Ok(()) };
            zip.begin(&file(hash, end))?;
            zip.write(&bytes)
        })
    }

    fn each_picture(
        &mut self,
        of: Of,
        with: &mut dyn FnMut(&mut Self, Shown) -> Result<(), NotDone>,
    ) -> Result<(), NotDone> {
        let Of { stall, now } = of;
        each_product(self, of, &mut |engine, product| {
            let View::Product(view) = engine.answer(&Query::Product { stall, product }, now)? else {
                return Ok(());
            };
            for (place, hash) in (1..).zip(view.pictures) {
                with(engine, (product.to_string(), place, hash))?;
            }
            Ok(())
        })
    }

    /// How its file's name ends, and its bytes; those may be left out.
    fn picture(
        &mut self,
        hash: Hash,
        is_name_only: bool,
    ) -> Result<Option<(&'static str, Vec<u8>)>, NotDone> {
        let bytes = if is_name_only { "substr(bytes, 1, 4)" } else { "bytes" };
        let found = self.db.read::<_, StoreError>(|tx| {
            let row = tx.query_opt(&format!("select {bytes} from picture where hash = $1"), params![hash])?;
            row.map(|row| row.blob(0).map(<[u8]>::to_vec)).transpose()
        });
        let found = found.map_err(Failure::from)?;
        Ok(found.map(|bytes| {
            let end = match bytes.first() {
                Some(0xff) => "jpg",
                Some(0x89) => "png",
                Some(b'R') => "webp",
                Some(_) | None => "bin",
            };
            (end, bytes)
        }))
    }
}

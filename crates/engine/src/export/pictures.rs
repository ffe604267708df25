//! Pictures of products, as they lie here.

use std::collections::BTreeMap;

use soko_app_api::{Query, View};
use soko_domain::ids::Hash;
use soko_record_log::{StoreError, params};

use super::goods::each_product;
use super::table::{Cell, Rows, Shape};
use super::zip::Zip;
use super::{Of, maybe, number, text};
use crate::engine::Engine;
use crate::failure::{Failure, NotDone};

pub(super) const SHAPES: &[Shape] = &[Shape {
    name: "pictures",
    about: "Pictures of products, in the order in which they are shown.",
    columns: &[
        ("product", "the product's id"),
        ("place", "1 is shown first"),
        ("picture", "SHA-256 of the picture's bytes"),
        (
            "file",
            "where it lies in this file; empty where this device has not got it, and where it had no room",
        ),
    ],
    fill: rows,
}];

/// What there is room for: further pictures are named without a file.
#[derive(Clone, Copy)]
pub(super) struct Room {
    pictures: u32,
    bytes: u64,
}

impl Room {
    /// A zip file counts its members in sixteen bits and its bytes in thirty-two; the tables need some of both.
    pub(super) const OF_FILE: Self = Self { pictures: 60_000, bytes: 3 << 30 };
    /// Where all of the file is in memory at once.
    pub(super) const OF_MEMORY: Self = Self { bytes: 200_000_000, ..Self::OF_FILE };

    /// Whether one more has room, which is taken then.
    fn takes(&mut self, bytes: u64) -> bool {
        let left = self.pictures.checked_sub(1).zip(self.bytes.checked_sub(bytes));
        if let Some((pictures, bytes)) = left {
            *self = Self { pictures, bytes };
        }
        left.is_some()
    }
}

fn rows(engine: &mut Engine, of: Of, out: &mut Rows<'_>) -> Result<(), NotDone> {
    let row = &mut |_: &mut Engine, shown: Shown| {
        let Shown { product, place, hash, end, .. } = shown;
        out(vec![Cell::Text(product), number(place), text(hash), maybe(end.map(|end| file(hash, end)))])
    };
    engine.each_picture(of, row)?;
    Ok(())
}

fn file(hash: Hash, end: &str) -> String {
    format!("pictures/{hash}.{end}")
}

/// A picture at its place.
struct Shown {
    product: String,
    place: usize,
    hash: Hash,
    /// How its file's name ends; none where it is not in here.
    end: Option<&'static str>,
    /// Two products can have one picture.
    is_first: bool,
}

impl Engine {
    /// Says how many had no room.
    pub(super) fn write_pictures(&mut self, of: Of, zip: &mut Zip<'_>) -> Result<u64, NotDone> {
        self.each_picture(of, &mut |engine, shown| {
            let Some(end) = shown.end.filter(|_| shown.is_first) else { return Ok(()) };
            zip.begin(&file(shown.hash, end))?;
            zip.write(&engine.picture(shown.hash)?)
        })
    }

    /// Every picture at every place; says how many had no room. The same ones have room each time.
    fn each_picture(
        &mut self,
        of: Of,
        with: &mut dyn FnMut(&mut Self, Shown) -> Result<(), NotDone>,
    ) -> Result<u64, NotDone> {
        let Of { stall, now, mut room } = of;
        let (mut ends, mut left_out) = (BTreeMap::new(), 0_u64);
        each_product(self, of, &mut |engine, product| {
            let View::Product(view) = engine.answer(&Query::Product { stall, product }, now)? else {
                return Ok(());
            };
            for (place, hash) in (1..).zip(view.pictures) {
                let known: Option<Option<&'static str>> = ends.get(&hash).copied();
                let end = match known {
                    Some(end) => end,
                    None => {
                        let here = engine.kept_picture(hash)?;
                        let has_room = here.is_none_or(|(_, bytes)| room.takes(bytes));
                        left_out += u64::from(!has_room);
                        let end = here.map(|(end, _)| end).filter(|_| has_room);
                        ends.insert(hash, end);
                        end
                    }
                };
                let (product, is_first) = (product.to_string(), known.is_none());
                with(engine, Shown { product, place, hash, end, is_first })?;
            }
            Ok(())
        })?;
        Ok(left_out)
    }

    /// How its file's name ends, and how many bytes it has; none where this device has not got it.
    fn kept_picture(&mut self, hash: Hash) -> Result<Option<(&'static str, u64)>, NotDone> {
        let found = self.db.read::<_, StoreError>(|tx| {
            let sql = "select substr(bytes, 1, 1), length(bytes) from picture where hash = $1";
            let row = tx.query_opt(sql, params![hash])?;
            row.map(|row| Ok((row.blob(0)?.first().copied(), row.number(1)?))).transpose()
        });
        Ok(found.map_err(Failure::from)?.map(|(first, bytes)| {
            let end = match first {
                Some(0xff) => "jpg",
                Some(0x89) => "png",
                Some(b'R') => "webp",
                Some(_) | None => "bin",
            };
            (end, bytes)
        }))
    }

    fn picture(&mut self, hash: Hash) -> Result<Vec<u8>, NotDone> {
        let found = self.db.read::<_, StoreError>(|tx| {
            let row = tx.query_opt("select bytes from picture where hash = $1", params![hash])?;
            row.map(|row| row.blob(0).map(<[u8]>::to_vec)).transpose()
        });
        let gone = || Failure::Inconsistent("a picture is gone while it is written".into());
        Ok(found.map_err(Failure::from)?.ok_or_else(gone)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_leaves_it_to_what_has() {
        let mut room = Room { pictures: 3, bytes: 100 };
        let took = [60, 50, 40, 0, 0].map(|bytes| room.takes(bytes));
        assert_eq!(took, [true, false, true, true, false]);
    }
}

//! Pictures of the demo's goods: flat, by the kind of goods, in colours of their own. Painted and not brought along,
//! so that the program stays small; the same goods look the same every time.

mod canvas;
mod food;
mod things;

use super::chance::Chance;
use canvas::{Canvas, Flat, Rgb, SIDE};

const WHITE: Rgb = Rgb(255, 255, 255);
const CREAM: Rgb = Rgb(250, 238, 214);
const INK: Rgb = Rgb(62, 50, 60);
const WOOD: Rgb = Rgb(142, 96, 62);
const LEAF: Rgb = Rgb(104, 160, 84);
const GREEN: Rgb = Rgb(72, 126, 72);

/// What is in a picture.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Motif {
    RoundFruit,
    Mango,
    Bunch,
    Pineapple,
    Greens,
    Root,
    Loaf,
    Rolls,
    Pretzel,
    Cake,
    Cookie,
    Cup,
    Bottle,
    Jar,
    Cheese,
    Fish,
    Eggs,
    Sack,
    Dish,
    Ice,
    Cloth,
    Rug,
    Basket,
    Vase,
    Lamp,
    Candle,
    Soap,
    Book,
    Notebook,
    Print,
    Beads,
    Earrings,
    Shirt,
    Hat,
    Bag,
    Plant,
    Flowers,
    Toy,
    Spoons,
    Bowl,
    Tin,
}

/// What a picture looks like; equal looks are equal pictures.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Look {
    motif: Motif,
    /// Numbers of colours: the main one, two more, and the ground.
    hues: [usize; 4],
}

/// The three colours of what is painted.
#[derive(Clone, Copy, Debug)]
struct Tone {
    main: Rgb,
    second: Rgb,
    accent: Rgb,
}

/// Colours that go well together.
const HUES: [Rgb; 14] = [
    Rgb(214, 84, 66),
    Rgb(238, 154, 62),
    Rgb(244, 200, 92),
    Rgb(146, 178, 84),
    Rgb(74, 142, 112),
    Rgb(78, 158, 172),
    Rgb(72, 112, 164),
    Rgb(126, 100, 160),
    Rgb(196, 104, 140),
    Rgb(232, 146, 130),
    Rgb(176, 120, 78),
    Rgb(122, 76, 62),
    Rgb(236, 222, 192),
    Rgb(104, 120, 124),
];

/// Grounds that let the goods stand out.
const GROUNDS: [usize; 8] = [2, 3, 5, 6, 7, 8, 9, 12];
const WARM: &[usize] = &[0, 1, 9];
const ANY: &[usize] = &[0, 1, 2, 4, 5, 6, 7, 8, 9, 10];

/// Chooses the other colours to go with the main one.
pub(super) fn look(motif: Motif, main: usize, chance: &mut Chance) -> Look {
    let (seconds, accents) = fitting(motif);
    let mut choose = |from: &[usize]| {
        let others: Vec<usize> = from.iter().copied().filter(|hue| *hue != main).collect();
        others.get(chance.index(others.len())).copied().unwrap_or(main)
    };
    Look { motif, hues: [main, choose(seconds), choose(accents), choose(&GROUNDS)] }
}

/// Which colours the second and the third may have. Nobody buys a blue mango.
fn fitting(motif: Motif) -> (&'static [usize], &'static [usize]) {
    match motif {
        Motif::Mango => (WARM, WARM),
        Motif::Cup => (&[11, 10, 1], WARM),
        Motif::Cookie => (&[11, 0], WARM),
        Motif::Cake => (&[12, 8, 11, 9], &[0, 8]),
        Motif::Dish => (&[5, 6, 7, 13], WARM),
        Motif::Cheese => (&[1, 0, 10], WARM),
        Motif::Eggs => (&[10, 13, 6], WARM),
        Motif::Ice => (&[2, 11, 3, 12], &[9, 12, 3]),
        Motif::Greens => (&[1, 2], &[0, 1, 8]),
        Motif::Jar | Motif::Tin => (&[0, 6, 13, 2], ANY),
        Motif::Bottle => (&[12, 2], WARM),
        Motif::RoundFruit
        | Motif::Bunch
        | Motif::Pineapple
        | Motif::Root
        | Motif::Loaf
        | Motif::Rolls
        | Motif::Pretzel
        | Motif::Fish
        | Motif::Sack
        | Motif::Cloth
        | Motif::Rug
        | Motif::Basket
        | Motif::Vase
        | Motif::Lamp
        | Motif::Candle
        | Motif::Soap
        | Motif::Book
        | Motif::Notebook
        | Motif::Print
        | Motif::Beads
        | Motif::Earrings
        | Motif::Shirt
        | Motif::Hat
        | Motif::Bag
        | Motif::Plant
        | Motif::Flowers
        | Motif::Toy
        | Motif::Spoons
        | Motif::Bowl => (ANY, ANY),
    }
}

/// A picture as a PNG file.
pub(super) fn picture(look: Look) -> Result<Vec<u8>, png::EncodingError> {
    let hue = |number: usize| HUES.get(number % HUES.len()).copied().unwrap_or(CREAM);
    let [main, second, accent, ground] = look.hues.map(hue);
    encode(&paint(look.motif, Tone { main, second, accent }, ground))
}

fn paint(motif: Motif, tone: Tone, hue: Rgb) -> Flat {
    let soft = hue.lighter(76);
    let mut canvas = Canvas::new(soft);
    canvas.disc(hue.lighter(62), (160, 160), 138);
    canvas.oval(hue.lighter(62).darker(16), (160, 268), (104, 15), 0);
    let draw = match motif {
        Motif::RoundFruit => food::round_fruit,
        Motif::Mango => food::mango,
        Motif::Bunch => food::bunch,
        Motif::Pineapple => food::pineapple,
        Motif::Greens => food::greens,
        Motif::Root => food::root,
        Motif::Loaf => food::loaf,
        Motif::Rolls => food::rolls,
        Motif::Pretzel => food::pretzel,
        Motif::Cake => food::cake,
        Motif::Cookie => food::cookie,
        Motif::Cup => food::cup,
        Motif::Bottle => food::bottle,
        Motif::Jar => food::jar,
        Motif::Cheese => food::cheese,
        Motif::Fish => food::fish,
        Motif::Eggs => food::eggs,
        Motif::Sack => food::sack,
        Motif::Dish => food::dish,
        Motif::Ice => food::ice,
        Motif::Cloth => things::cloth,
        Motif::Rug => things::rug,
        Motif::Basket => things::basket,
        Motif::Vase => things::vase,
        Motif::Lamp => things::lamp,
        Motif::Candle => things::candle,
        Motif::Soap => things::soap,
        Motif::Book => things::book,
        Motif::Notebook => things::notebook,
        Motif::Print => things::print,
        Motif::Beads => things::beads,
        Motif::Earrings => things::earrings,
        Motif::Shirt => things::shirt,
        Motif::Hat => things::hat,
        Motif::Bag => things::bag,
        Motif::Plant => things::plant,
        Motif::Flowers => things::flowers,
        Motif::Toy => things::toy,
        Motif::Spoons => things::spoons,
        Motif::Bowl => things::bowl,
        Motif::Tin => things::tin,
    };
    draw(&mut canvas, tone);
    canvas.flatten()
}

fn encode(flat: &Flat) -> Result<Vec<u8>, png::EncodingError> {
    let side = SIDE.unsigned_abs();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(
        flat.palette.iter().flat_map(|Rgb(red, green, blue)| [*red, *green, *blue]).collect::<Vec<u8>>(),
    );
    // Flat colours pack best as they are.
    encoder.set_filter(png::Filter::NoFilter);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&flat.pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_small_the_same_every_time_and_really_a_png() {
        for motif in [Motif::RoundFruit, Motif::Cloth, Motif::Flowers, Motif::Basket] {
            let painted = |seed| picture(look(motif, 1, &mut Chance::new(seed, 1))).unwrap();
            let bytes = painted(1);
            assert!(bytes.len() < 12 * 1024, "{motif:?}: {} bytes", bytes.len());
            assert_eq!(bytes, painted(1));
            let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut pixels).unwrap();
            assert_eq!((info.width, info.height), (320, 320));
        }
    }
}

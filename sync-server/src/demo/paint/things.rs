//! What is sewn, thrown, carved, printed and poured.

use super::canvas::{Canvas, Rgb, on_circle};
use super::{CREAM, GREEN, INK, LEAF, Tone, WHITE, WOOD};

pub(super) fn cloth(c: &mut Canvas, tone: Tone) {
    let ground = tone.main;
    c.block(ground.darker(28), (66, 74), (262, 262), 8);
    c.block(ground, (58, 66), (254, 254), 8);
    c.over(ground, |c| {
        for y in [66, 222] {
            c.block(tone.second, (58, y), (254, y + 32), 0);
            for x in 0..8 {
                let left = 58 + x * 26;
                c.shape(tone.accent, &[(left, y + 30), (left + 13, y + 4), (left + 26, y + 30)]);
            }
        }
        for (row, y) in [122, 160, 198].into_iter().enumerate() {
            let shift = if row == 1 { 26 } else { 0 };
            for x in 0..5 {
                let center = (58 + shift + x * 52, y);
                c.disc(tone.accent, center, 17);
                c.disc(tone.second, center, 10);
                c.disc(ground.lighter(60), center, 4);
            }
        }
    });
    c.shape(ground.darker(14), &[(254, 206), (254, 254), (206, 254)]);
}

pub(super) fn rug(c: &mut Canvas, tone: Tone) {
    for x in 0..12 {
        for y in [54, 262] {
            c.stroke(CREAM.darker(10), (78 + x * 15, y - 8), (78 + x * 15, y + 10), 4);
        }
    }
    c.block(tone.main, (68, 60), (252, 260), 2);
    c.block(tone.second, (80, 74), (240, 246), 0);
    c.block(tone.main.lighter(12), (90, 84), (230, 236), 0);
    for (size, color) in [(66, tone.accent), (50, tone.second), (34, CREAM), (18, tone.main)] {
        c.shape(color, &[(160, 160 - size), (160 + size, 160), (160, 160 + size), (160 - size, 160)]);
    }
    for (x, y) in [(108, 102), (212, 102), (108, 218), (212, 218)] {
        c.shape(tone.accent, &[(x, y - 14), (x + 14, y), (x, y + 14), (x - 14, y)]);
    }
}

pub(super) fn basket(c: &mut Canvas, tone: Tone) {
    c.arc(tone.main.darker(20), (160, 150), 78, (180, 360), 14);
    let weave = tone.main;
    c.shape(weave, &[(66, 146), (254, 146), (228, 260), (92, 260)]);
    c.over(weave, |c| {
        for row in 0..6 {
            let y = 158 + row * 20;
            for step in 0..9 {
                let x = 64 + step * 26 + if row % 2 == 0 { 0 } else { 13 };
                let color = if row == 2 || row == 3 { tone.second } else { weave.darker(18) };
                c.block(color, (x, y - 6), (x + 18, y + 8), 6);
            }
        }
    });
    c.stroke(weave.darker(26), (66, 148), (254, 148), 18);
    c.stroke(weave.lighter(20), (70, 145), (250, 145), 6);
}

pub(super) fn vase(c: &mut Canvas, tone: Tone) {
    let clay = tone.main;
    c.block(clay, (134, 74), (186, 140), 8);
    c.oval(clay, (160, 192), (78, 76), 0);
    c.over(clay, |c| {
        c.oval(clay.darker(16), (208, 210), (70, 90), 0);
        c.block(tone.second, (60, 168), (260, 212), 0);
        for x in 0..7 {
            let left = 68 + x * 28;
            c.stroke(tone.accent, (left, 206), (left + 14, 176), 6);
            c.stroke(tone.accent, (left + 14, 176), (left + 28, 206), 6);
        }
        c.oval(clay.lighter(40), (118, 146), (10, 22), 30);
    });
    c.stroke(clay.darker(20), (128, 78), (192, 78), 14);
}

pub(super) fn lamp(c: &mut Canvas, tone: Tone) {
    c.disc(Rgb(255, 236, 170).lighter(20), (160, 160), 104);
    c.arc(tone.main.darker(20), (160, 84), 30, (180, 360), 8);
    c.block(tone.main, (116, 86), (204, 108), 8);
    c.block(Rgb(255, 226, 140), (112, 106), (208, 222), 10);
    c.oval(Rgb(255, 174, 66), (160, 178), (20, 34), 0);
    c.oval(Rgb(255, 238, 190), (160, 186), (9, 18), 0);
    for x in [112, 160, 208] {
        c.stroke(tone.main, (x, 106), (x, if x == 160 { 122 } else { 222 }), 8);
    }
    c.block(tone.main, (104, 218), (216, 254), 10);
    c.block(tone.main.lighter(20), (104, 218), (216, 230), 6);
}

pub(super) fn candle(c: &mut Canvas, tone: Tone) {
    for (x, top, wax) in [(108, 158, tone.second), (212, 176, tone.accent), (160, 120, tone.main)] {
        c.block(wax, (x - 28, top), (x + 28, 262), 8);
        c.over(wax, |c| c.block(wax.darker(14), (x + 8, top - 4), (x + 30, 264), 0));
        c.oval(wax.lighter(30), (x, top + 4), (28, 9), 0);
        c.stroke(INK, (x, top + 2), (x, top - 12), 4);
        c.oval(Rgb(255, 178, 70), (x, top - 28), (11, 20), 0);
        c.oval(Rgb(255, 240, 190), (x, top - 22), (5, 10), 0);
    }
}

pub(super) fn soap(c: &mut Canvas, tone: Tone) {
    for (low, high, color) in [(176, 246, tone.main), (116, 186, tone.second)] {
        c.block(color.darker(24), (72, low + 8), (248, high + 8), 22);
        c.block(color, (72, low), (248, high), 22);
        c.block(color.lighter(30), (92, low + 10), (228, low + 20), 5);
    }
    c.oval(tone.second.darker(16), (160, 156), (42, 17), 0);
    c.oval(tone.second.lighter(16), (160, 158), (40, 15), 0);
    c.oval(LEAF, (150, 156), (16, 6), -30);
    c.oval(GREEN, (170, 158), (16, 6), 30);
    for (x, y, r) in [(92, 92, 16), (124, 70, 10), (226, 84, 20), (196, 62, 8)] {
        c.disc(WHITE, (x, y), r);
        c.disc(tone.second.lighter(66), (x, y), r - 3);
    }
}

pub(super) fn book(c: &mut Canvas, tone: Tone) {
    c.shape(tone.main.darker(30), &[(86, 76), (226, 62), (250, 246), (110, 262)]);
    c.shape(CREAM, &[(100, 82), (232, 68), (248, 240), (112, 254)]);
    c.shape(tone.main, &[(78, 76), (216, 62), (236, 240), (98, 254)]);
    c.shape(tone.main.darker(18), &[(78, 76), (96, 74), (116, 252), (98, 254)]);
    c.shape(tone.accent, &[(118, 104), (200, 96), (203, 122), (121, 130)]);
    c.disc(tone.second, (168, 178), 34);
    c.over(tone.second, |c| c.shape(tone.accent, &[(120, 220), (168, 160), (216, 220)]));
}

pub(super) fn notebook(c: &mut Canvas, tone: Tone) {
    c.block(tone.main.darker(28), (88, 74), (248, 262), 12);
    c.block(tone.main, (80, 66), (240, 254), 12);
    c.block(tone.second, (196, 66), (214, 254), 0);
    c.block(CREAM, (110, 100), (180, 148), 6);
    for y in [114, 128] {
        c.stroke(tone.main, (120, y), (170, y), 4);
    }
    for y in 0..8 {
        c.stroke(INK, (70, 86 + y * 21), (94, 86 + y * 21), 7);
        c.stroke(WHITE, (70, 84 + y * 21), (92, 84 + y * 21), 2);
    }
    c.stroke(Rgb(242, 190, 72), (196, 270), (276, 130), 16);
    c.stroke(tone.accent, (272, 138), (280, 122), 16);
    c.shape(CREAM, &[(187, 268), (203, 276), (188, 290)]);
}

pub(super) fn print(c: &mut Canvas, tone: Tone) {
    c.block(WOOD, (66, 74), (254, 250), 4);
    c.block(CREAM, (78, 86), (242, 238), 0);
    let sky = tone.second.lighter(40);
    c.block(sky, (94, 102), (226, 222), 0);
    c.over(sky, |c| {
        c.disc(tone.accent, (192, 138), 20);
        c.shape(tone.main.lighter(24), &[(80, 222), (140, 134), (206, 222)]);
        c.shape(tone.main, &[(130, 226), (196, 158), (250, 226)]);
        c.oval(tone.second.darker(10), (120, 226), (70, 26), 0);
    });
}

pub(super) fn beads(c: &mut Canvas, tone: Tone) {
    let colors = [tone.main, tone.second, tone.accent];
    for (number, degrees) in (-20..=200).step_by(14).enumerate() {
        let center = on_circle((160, 128), 96, degrees);
        let color = colors.get(number % 3).copied().unwrap_or(tone.main);
        let size = if (70..=110).contains(&degrees) { 19 } else { 14 };
        c.disc(color.darker(24), (center.0 + 2, center.1 + 4), size);
        c.disc(color, center, size);
        c.disc(color.lighter(55), (center.0 - 4, center.1 - 5), size / 4);
    }
    c.arc(INK, (160, 128), 96, (206, 334), 4);
    c.disc(Rgb(236, 190, 82), (160, 262), 20);
    c.disc(tone.main, (160, 262), 11);
}

pub(super) fn earrings(c: &mut Canvas, tone: Tone) {
    let gold = Rgb(232, 184, 76);
    for x in [112, 208] {
        c.arc(gold.darker(20), (x, 92), 14, (120, 420), 6);
        c.disc(gold, (x, 118), 9);
        c.shape(tone.main, &[(x, 124), (x + 36, 186), (x, 248), (x - 36, 186)]);
        c.shape(tone.second, &[(x, 144), (x + 24, 186), (x, 228), (x - 24, 186)]);
        c.disc(tone.accent, (x, 186), 13);
        c.disc(tone.accent.lighter(50), (x - 4, 182), 4);
    }
}

pub(super) fn shirt(c: &mut Canvas, tone: Tone) {
    let cloth = tone.main;
    c.shape(cloth.darker(14), &[(108, 82), (52, 126), (78, 170), (112, 150)]);
    c.shape(cloth.darker(14), &[(212, 82), (268, 126), (242, 170), (208, 150)]);
    c.shape(cloth, &[(108, 80), (212, 80), (216, 262), (104, 262)]);
    c.over(cloth, |c| {
        c.oval(tone.second, (160, 80), (34, 24), 0);
        for y in [176, 206] {
            c.block(tone.second, (90, y), (230, y + 14), 0);
        }
        c.block(tone.accent, (90, 193), (230, 203), 0);
    });
    c.arc(cloth.darker(24), (160, 78), 34, (12, 168), 6);
}

pub(super) fn hat(c: &mut Canvas, tone: Tone) {
    c.oval(tone.main.darker(24), (160, 216), (124, 36), 0);
    c.oval(tone.main, (160, 208), (124, 36), 0);
    c.block(tone.main.lighter(8), (96, 108), (224, 212), 44);
    c.block(tone.second, (96, 178), (224, 208), 6);
    for x in 0..8 {
        c.stroke(tone.main.darker(14), (108 + x * 15, 124), (108 + x * 15, 168), 3);
    }
    c.disc(tone.accent, (208, 192), 15);
    c.disc(tone.accent.lighter(40), (208, 192), 6);
}

pub(super) fn bag(c: &mut Canvas, tone: Tone) {
    c.arc(tone.main.darker(24), (160, 122), 44, (180, 360), 12);
    let cloth = tone.main;
    c.shape(cloth, &[(82, 116), (238, 116), (256, 262), (64, 262)]);
    c.over(cloth, |c| {
        c.shape(cloth.darker(12), &[(214, 110), (262, 110), (262, 266), (226, 266)]);
        c.disc(tone.second, (156, 196), 42);
    });
    c.over(tone.second, |c| c.shape(tone.accent, &[(110, 236), (156, 172), (202, 236)]));
    c.stroke(cloth.darker(20), (86, 128), (236, 128), 4);
}

pub(super) fn plant(c: &mut Canvas, tone: Tone) {
    for (lean, high, shade) in [(-74, 118, 14), (74, 118, 14), (-44, 82, 6), (44, 82, 6), (0, 60, 0)] {
        let leaf = LEAF.darker(shade);
        c.stroke(GREEN, (160, 190), (160 + lean, high + 20), 6);
        c.oval(leaf, (160 + lean, high + 22), (20, 42), lean / 2);
        c.stroke(leaf.darker(20), (160 + lean, high), (160 + lean * 9 / 10, high + 52), 3);
    }
    c.shape(tone.main, &[(100, 194), (220, 194), (202, 270), (118, 270)]);
    c.over(tone.main, |c| c.shape(tone.main.darker(14), &[(190, 190), (224, 190), (206, 274), (178, 274)]));
    c.block(tone.main.lighter(10), (92, 182), (228, 208), 6);
}

pub(super) fn flowers(c: &mut Canvas, tone: Tone) {
    for (x, y, petal) in [
        (102, 120, tone.second),
        (218, 116, tone.accent),
        (160, 90, tone.main),
        (132, 152, tone.main),
        (192, 154, tone.second),
    ] {
        c.stroke(GREEN, (x, y), (160, 232), 6);
        for degrees in (0..360).step_by(60) {
            c.disc(petal, on_circle((x, y), 19, degrees), 14);
        }
        c.disc(Rgb(250, 206, 88), (x, y), 12);
    }
    c.shape(CREAM, &[(92, 186), (160, 214), (228, 186), (176, 282), (144, 282)]);
    c.shape(CREAM.darker(12), &[(160, 214), (228, 186), (176, 282), (160, 282)]);
    c.stroke(tone.main, (136, 244), (184, 244), 12);
}

pub(super) fn toy(c: &mut Canvas, tone: Tone) {
    c.block(tone.second, (108, 108), (214, 182), 26);
    c.block(Rgb(206, 230, 240), (122, 122), (158, 168), 10);
    c.block(Rgb(206, 230, 240), (166, 122), (202, 168), 10);
    c.block(tone.main, (52, 166), (268, 232), 26);
    c.block(tone.main.lighter(24), (70, 176), (250, 188), 6);
    c.disc(tone.accent, (256, 196), 9);
    for x in [106, 214] {
        c.disc(INK, (x, 234), 33);
        c.disc(WOOD.lighter(30), (x, 234), 18);
        c.disc(INK, (x, 234), 5);
    }
}

pub(super) fn spoons(c: &mut Canvas, tone: Tone) {
    for (x, lean, wood) in
        [(108, -14, tone.main.darker(8)), (212, 14, tone.main.darker(8)), (160, 0, tone.main)]
    {
        c.stroke(wood.darker(16), (x + 3, 150), (x - lean + 3, 274), 16);
        c.stroke(wood, (x, 150), (x - lean, 272), 15);
        c.oval(wood, (x, 112), (36, 50), lean);
        c.oval(wood.darker(18), (x, 110), (25, 37), lean);
        c.oval(wood.lighter(16), (x - 4, 120), (18, 24), lean);
    }
    c.stroke(tone.second, (116, 214), (204, 214), 12);
}

pub(super) fn bowl(c: &mut Canvas, tone: Tone) {
    c.shape(tone.main, &[(56, 150), (264, 150), (236, 220), (196, 254), (124, 254), (84, 220)]);
    c.over(tone.main, |c| {
        for x in 0..10 {
            c.disc(tone.accent, (66 + x * 22, 192), 7);
        }
        c.block(tone.second, (40, 208), (280, 222), 0);
        c.shape(tone.main.darker(16), &[(226, 150), (270, 150), (206, 258), (176, 258)]);
    });
    c.oval(tone.main.darker(22), (160, 150), (104, 30), 0);
    c.oval(tone.second.lighter(40), (160, 153), (92, 23), 0);
}

pub(super) fn tin(c: &mut Canvas, tone: Tone) {
    c.block(tone.main, (98, 92), (222, 258), 8);
    c.oval(tone.main, (160, 256), (62, 15), 0);
    c.over(tone.main, |c| {
        c.block(tone.main.darker(14), (194, 80), (230, 280), 0);
        c.block(tone.main.lighter(34), (108, 80), (120, 280), 0);
        c.block(CREAM, (90, 150), (230, 216), 0);
        c.oval(LEAF, (148, 184), (24, 11), -34);
        c.oval(GREEN, (174, 180), (24, 11), 30);
    });
    c.oval(tone.second.darker(10), (160, 94), (64, 18), 0);
    c.oval(tone.second, (160, 88), (64, 18), 0);
    c.oval(tone.second.lighter(30), (160, 86), (44, 10), 0);
}

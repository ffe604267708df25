//! What grows, what is baked, what is drunk.

use super::canvas::{At, Canvas, Rgb, on_circle};
use super::{CREAM, GREEN, INK, LEAF, Tone, WHITE, WOOD};

pub(super) fn round_fruit(c: &mut Canvas, tone: Tone) {
    let skin = tone.main;
    c.disc(skin, (160, 172), 84);
    c.over(skin, |c| {
        c.disc(skin.darker(14), (196, 206), 92);
        c.disc(skin, (146, 158), 88);
        c.oval(skin.lighter(45), (124, 134), (22, 13), -40);
    });
    c.stroke(WOOD, (160, 98), (168, 74), 8);
    leaf(c, (170, 92), 46, -24);
}

pub(super) fn mango(c: &mut Canvas, tone: Tone) {
    let skin = tone.main;
    c.oval(skin, (160, 168), (94, 70), -28);
    c.over(skin, |c| {
        c.oval(tone.second, (120, 206), (96, 62), -28);
        c.oval(skin.lighter(45), (186, 122), (30, 12), -28);
    });
    c.stroke(WOOD, (236, 118), (246, 100), 8);
    leaf(c, (240, 104), 50, -150);
}

pub(super) fn bunch(c: &mut Canvas, tone: Tone) {
    let skin = tone.main;
    for (turn, y) in [(24, 206), (10, 186), (-6, 166)] {
        c.oval(skin.darker(22), (150, y + 5), (104, 30), turn);
        c.oval(skin, (150, y), (104, 29), turn);
        c.oval(skin.lighter(40), (140, y - 10), (60, 6), turn);
    }
    c.stroke(WOOD, (240, 158), (262, 128), 16);
    c.stroke(GREEN, (240, 160), (252, 146), 16);
}

pub(super) fn pineapple(c: &mut Canvas, tone: Tone) {
    for (lean, high) in [(-46, 70), (46, 70), (-26, 48), (26, 48), (0, 34)] {
        c.shape(LEAF, &[(146, 128), (160 + lean, high), (174, 128)]);
    }
    c.shape(GREEN, &[(150, 128), (160, 52), (170, 128)]);
    let skin = tone.main;
    c.oval(skin, (160, 194), (62, 80), 0);
    c.over(skin, |c| {
        for step in -7..8 {
            c.stroke(skin.darker(24), (80 + step * 28, 110), (180 + step * 28, 280), 4);
            c.stroke(skin.darker(24), (240 - step * 28, 110), (140 - step * 28, 280), 4);
        }
    });
}

pub(super) fn greens(c: &mut Canvas, tone: Tone) {
    let leaves = tone.main;
    for (x, y, turn, shade) in
        [(98, 150, 60, 20), (222, 150, -60, 20), (126, 118, 76, 8), (194, 118, -76, 8), (160, 110, 90, 0)]
    {
        let leaf = leaves.darker(shade);
        c.oval(leaf, (x, y), (78, 34), turn);
        c.stroke(leaf.lighter(34), (160, 230), (x, y - 10), 5);
    }
    c.block(CREAM, (136, 212), (184, 262), 16);
    c.stroke(tone.accent, (132, 222), (188, 222), 14);
}

pub(super) fn root(c: &mut Canvas, tone: Tone) {
    for (x, skin) in [(104, tone.main.darker(10)), (216, tone.main.darker(10)), (160, tone.main)] {
        for lean in [-26, 0, 26] {
            c.oval(if lean == 0 { GREEN } else { LEAF }, (x + lean / 2, 86), (12, 42), lean);
        }
        c.shape(skin, &[(x - 30, 126), (x + 30, 126), (x + 8, 270), (x - 8, 270)]);
        c.oval(skin, (x, 126), (30, 16), 0);
        for (y, side) in [(150, -1), (176, 1), (204, -1)] {
            c.stroke(skin.darker(26), (x + side * 6, y), (x + side * 20, y), 4);
        }
    }
}

pub(super) fn loaf(c: &mut Canvas, tone: Tone) {
    let crust = tone.main;
    c.oval(crust.darker(24), (160, 196), (112, 66), -8);
    c.oval(crust, (160, 184), (112, 66), -8);
    c.over(crust, |c| {
        c.oval(crust.lighter(18), (150, 160), (96, 44), -8);
        for x in [96, 144, 192] {
            c.stroke(CREAM, (x, 196), (x + 32, 134), 14);
            c.stroke(crust.darker(10), (x + 12, 196), (x + 44, 134), 5);
        }
    });
}

pub(super) fn rolls(c: &mut Canvas, tone: Tone) {
    let crust = tone.main;
    for center in [(160, 132), (104, 198), (216, 198)] {
        let (x, y) = center;
        c.oval(crust.darker(26), (x, y + 8), (58, 46), 0);
        c.oval(crust, center, (58, 46), 0);
        c.oval(crust.lighter(24), (x - 8, y - 12), (36, 20), 0);
        for (dx, dy) in [(-18, -6), (0, -18), (18, -4), (2, 4), (-8, 14), (22, 14)] {
            c.oval(CREAM, (x + dx, y + dy), (5, 3), dx);
        }
    }
}

pub(super) fn pretzel(c: &mut Canvas, tone: Tone) {
    for (color, drop, width) in [(tone.main.darker(30), 8, 30), (tone.main, 0, 28)] {
        c.arc(color, (118, 152 + drop), 52, (40, 320), width);
        c.arc(color, (202, 152 + drop), 52, (-140, 140), width);
        c.stroke(color, (158, 186 + drop), (100, 236 + drop), width);
        c.stroke(color, (162, 186 + drop), (220, 236 + drop), width);
        c.arc(color, (160, 196 + drop), 72, (34, 146), width);
    }
    for (x, y) in [
        (84, 120),
        (112, 104),
        (70, 158),
        (236, 120),
        (206, 104),
        (250, 158),
        (132, 258),
        (186, 258),
        (160, 262),
    ] {
        c.disc(WHITE, (x, y), 4);
    }
}

pub(super) fn cake(c: &mut Canvas, tone: Tone) {
    let dough = tone.main.lighter(30);
    c.shape(dough.darker(8), &[(70, 174), (250, 150), (250, 226), (70, 250)]);
    c.shape(tone.main, &[(70, 202), (250, 178), (250, 198), (70, 222)]);
    c.shape(tone.second, &[(70, 174), (190, 104), (250, 150)]);
    c.stroke(tone.second, (72, 176), (248, 152), 20);
    for (x, y) in [(100, 190), (150, 186), (206, 176)] {
        c.oval(tone.second, (x, y), (13, 20), 0);
    }
    c.disc(tone.accent, (182, 112), 20);
    c.oval(tone.accent.lighter(50), (175, 105), (6, 4), -30);
}

pub(super) fn cookie(c: &mut Canvas, tone: Tone) {
    for (center, radius) in [((198, 136), 64), ((130, 192), 74)] {
        let (x, y) = center;
        c.disc(tone.main.darker(24), (x, y + 7), radius);
        c.disc(tone.main, center, radius);
        for (at, size) in [(20, 11), (95, 9), (160, 12), (230, 10), (300, 9)] {
            c.disc(tone.second, on_circle(center, radius * 6 / 10, at), size);
        }
        c.disc(tone.second, center, 10);
    }
}

pub(super) fn cup(c: &mut Canvas, tone: Tone) {
    c.oval(tone.main.darker(30), (150, 252), (104, 16), 0);
    c.oval(tone.main.lighter(10), (150, 246), (104, 15), 0);
    c.arc(tone.main.darker(8), (220, 178), 32, (-80, 100), 16);
    c.shape(tone.main, &[(82, 138), (218, 138), (196, 232), (172, 246), (128, 246), (104, 232)]);
    c.oval(tone.main.darker(18), (150, 138), (68, 18), 0);
    c.oval(tone.second, (150, 141), (58, 13), 0);
    c.shape(tone.main.lighter(28), &[(98, 158), (110, 158), (124, 232), (116, 228)]);
    for x in [124, 152, 180] {
        c.arc(WHITE, (x, 96), 12, (90, 270), 6);
        c.arc(WHITE, (x, 72), 12, (-90, 90), 6);
    }
}

pub(super) fn bottle(c: &mut Canvas, tone: Tone) {
    let glass = tone.main;
    c.block(INK, (142, 48), (178, 76), 6);
    c.block(glass.darker(12), (146, 70), (174, 130), 4);
    c.shape(glass, &[(146, 106), (174, 106), (206, 150), (206, 250), (114, 250), (114, 150)]);
    c.block(glass, (114, 146), (206, 266), 16);
    c.block(CREAM, (114, 172), (206, 236), 0);
    c.disc(tone.accent, (160, 204), 20);
    c.oval(GREEN, (178, 186), (16, 7), -30);
    c.stroke(glass.lighter(50), (128, 156), (128, 164), 8);
    c.stroke(glass.lighter(50), (153, 84), (153, 112), 6);
}

pub(super) fn jar(c: &mut Canvas, tone: Tone) {
    c.block(tone.main, (92, 108), (228, 264), 26);
    c.over(tone.main, |c| {
        c.block(tone.main.darker(14), (196, 100), (240, 270), 0);
        c.block(tone.main.lighter(46), (104, 122), (116, 250), 6);
    });
    c.block(CREAM, (92, 162), (228, 228), 0);
    c.disc(tone.main, (160, 195), 20);
    c.stroke(LEAF, (112, 195), (130, 195), 5);
    c.stroke(LEAF, (190, 195), (208, 195), 5);
    c.block(tone.second, (84, 76), (236, 116), 10);
    c.block(tone.second.lighter(26), (84, 76), (236, 90), 7);
}

pub(super) fn cheese(c: &mut Canvas, tone: Tone) {
    let (rind, paste) = (tone.second, tone.main);
    c.shape(paste.lighter(30), &[(60, 176), (198, 96), (262, 152)]);
    c.shape(paste, &[(60, 176), (262, 152), (262, 220), (60, 248)]);
    c.shape(rind, &[(198, 96), (262, 152), (262, 220), (270, 216), (270, 148), (204, 90)]);
    for (x, y, rx) in [(110, 214, 16), (168, 196, 12), (222, 196, 17), (150, 232, 8), (200, 226, 7)] {
        c.oval(paste.darker(20), (x, y), (rx, rx * 3 / 4), -8);
    }
    c.oval(paste, (182, 140), (16, 8), -16);
}

pub(super) fn fish(c: &mut Canvas, tone: Tone) {
    let skin = tone.main;
    c.shape(skin.darker(14), &[(214, 164), (274, 116), (262, 166), (274, 214)]);
    c.oval(skin, (146, 164), (96, 50), 0);
    c.over(skin, |c| {
        c.oval(skin.lighter(50), (140, 198), (90, 34), 0);
        for x in [140, 168, 196] {
            c.arc(skin.darker(18), (x - 26, 158), 26, (-60, 60), 5);
        }
        c.arc(skin.darker(26), (70, 164), 44, (-56, 56), 5);
    });
    c.disc(WHITE, (84, 152), 10);
    c.disc(INK, (83, 152), 6);
    c.shape(skin.darker(22), &[(130, 118), (190, 126), (176, 92)]);
}

pub(super) fn eggs(c: &mut Canvas, tone: Tone) {
    for (x, shade) in [(92, 6), (160, 0), (228, 6)] {
        let shell = tone.main.darker(shade);
        c.oval(shell, (x, 154), (36, 50), 0);
        c.oval(shell.lighter(50), (x - 12, 134), (8, 14), 20);
    }
    c.block(tone.second, (44, 176), (276, 252), 16);
    for x in [58, 126, 194] {
        c.arc(tone.second.darker(20), (x + 34, 178), 36, (0, 180), 8);
    }
    c.block(tone.second.darker(12), (44, 226), (276, 252), 12);
}

pub(super) fn sack(c: &mut Canvas, tone: Tone) {
    let cloth = Rgb(214, 186, 142);
    c.shape(cloth, &[(96, 130), (224, 130), (250, 246), (226, 268), (94, 268), (70, 246)]);
    c.over(cloth, |c| c.shape(cloth.darker(14), &[(206, 130), (260, 130), (260, 270), (216, 270)]));
    c.oval(cloth.darker(26), (160, 132), (72, 24), 0);
    c.oval(tone.main, (160, 124), (62, 26), 0);
    for (x, y) in
        [(126, 120), (146, 110), (168, 116), (188, 124), (150, 128), (172, 132), (132, 132), (160, 104)]
    {
        c.oval(tone.main.lighter(34), (x, y), (8, 5), x);
    }
    c.block(cloth.lighter(44), (116, 182), (204, 236), 8);
    c.disc(tone.main, (160, 209), 16);
}

pub(super) fn dish(c: &mut Canvas, tone: Tone) {
    c.oval(INK, (160, 216), (112, 40), 0);
    c.oval(tone.second, (160, 206), (112, 40), 0);
    c.oval(CREAM, (160, 202), (92, 29), 0);
    for (x, y, r) in [(112, 186, 30), (160, 172, 38), (206, 188, 30)] {
        c.disc(tone.main, (x, y), r);
        c.oval(tone.main.lighter(36), (x - 8, y - 12), (12, 6), -24);
    }
    for (x, y, turn) in [(132, 208, 20), (190, 212, -20), (160, 204, 0)] {
        c.oval(GREEN, (x, y), (18, 7), turn);
    }
    for (x, y) in [(146, 158), (172, 160), (160, 184), (104, 178), (212, 182)] {
        c.disc(tone.accent, (x, y), 5);
    }
}

pub(super) fn ice(c: &mut Canvas, tone: Tone) {
    c.shape(Rgb(222, 170, 104), &[(108, 166), (212, 166), (160, 280)]);
    c.over(Rgb(222, 170, 104), |c| {
        for step in 0..6 {
            c.stroke(Rgb(190, 134, 74), (84 + step * 26, 160), (150 + step * 26, 290), 4);
            c.stroke(Rgb(190, 134, 74), (236 - step * 26, 160), (170 - step * 26, 290), 4);
        }
    });
    for (center, scoop) in [((126, 132), tone.main), ((194, 132), tone.second), ((160, 90), tone.accent)] {
        c.disc(scoop, center, 44);
        c.oval(scoop.lighter(46), (center.0 - 16, center.1 - 18), (12, 8), -30);
    }
    c.block(tone.main.lighter(20), (104, 154), (216, 172), 9);
}

fn leaf(c: &mut Canvas, at: At, length: i32, degrees: i32) {
    let middle = on_circle(at, length / 2, degrees);
    c.oval(LEAF, middle, (length / 2, length / 5), degrees);
    c.stroke(GREEN, at, on_circle(at, length * 8 / 10, degrees), 3);
}

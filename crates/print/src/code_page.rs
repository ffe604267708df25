//! Letters that receipt printers have themselves: code page 858, which is 850 with the euro. What is not in it is
//! drawn.

/// What the command `ESC t` calls it.
pub(crate) const CODE_PAGE_858: u8 = 19;

/// The letters from 0x80 on.
pub(crate) const HIGH: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

/// The bytes of a text, if all of its letters are there.
pub(crate) fn encoded(text: &str) -> Option<Vec<u8>> {
    text.chars().map(byte).collect()
}

fn byte(letter: char) -> Option<u8> {
    if (' '..='~').contains(&letter) {
        return u8::try_from(letter).ok();
    }
    let place = HIGH.chars().position(|known| known == letter)?;
    u8::try_from(0x80 + place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_letter() {
        assert_eq!(HIGH.chars().count(), 128);
        for (text, expected) in [
            ("Tea 1.00", Some(b"Tea 1.00".to_vec())),
            ("é€ç·×\u{a0}", Some(vec![0x82, 0xd5, 0x87, 0xfa, 0x9e, 0xff])),
            ("ñÑßþ", Some(vec![0xa4, 0xa5, 0xe1, 0xe7])),
            ("سوق", None),
            ("Łódź", None),
            ("a\nb", None),
        ] {
            assert_eq!(encoded(text), expected, "{text}");
        }
    }
}

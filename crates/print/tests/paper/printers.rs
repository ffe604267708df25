//! What comes out of a printer that reads the bytes.

use soko_app_api::{PaperWidth, Printer, PrinterAt};
use soko_print::peer::Peer;
use soko_print::{
    ASK_PAPER, ASK_TROUBLE, ASK_WHEN_DONE, Job, Receipt, Sheet, Status, print_sheet, test_page,
};

use crate::kept::same_picture;
use crate::sales::{PROOF, arabic, arabic_words, english, english_words};

pub(crate) fn printer(width: PaperWidth, draws_all: bool) -> Printer {
    Printer {
        at: PrinterAt::Network("localhost".into()),
        width,
        draws_all,
        cuts: true,
        opens_drawer: true,
        prints_at_once: false,
    }
}

/// What a printer makes of a paper, after it complained about nothing.
pub(crate) fn printed(sheet: &Sheet, printer: &Printer) -> Peer {
    let bytes = print_sheet(sheet, Job { printer, opens_drawer: true }).unwrap();
    let mut peer = Peer::new(printer.width).unwrap();
    // As a network brings it: in pieces.
    bytes.chunks(97).for_each(|piece| drop(peer.receive(piece)));
    assert_eq!(peer.complaints, Vec::<String>::new());
    assert_eq!((peer.cuts, peer.drawer_opened), (1, 1));
    peer
}

#[test]
fn an_english_and_an_arabic_receipt_on_both_papers() {
    let (in_english, in_arabic) =
        (Receipt::of(&english(), &english_words()), Receipt::of(&arabic(), &arabic_words()));
    for (name, receipt, draws_all) in
        [("english", &in_english, false), ("english-drawn", &in_english, true), ("arabic", &in_arabic, false)]
    {
        for (size, width) in [("58", PaperWidth::Mm58), ("80", PaperWidth::Mm80)] {
            let peer = printed(&Sheet::from(receipt), &printer(width, draws_all));
            same_picture(&format!("{name}-{size}.png"), peer.paper());
            assert_eq!(crate::barcodes::read(peer.paper()).as_deref(), Some(PROOF), "{name}-{size}");
        }
    }
}

#[test]
fn only_what_a_printer_has_no_letters_for_is_drawn() {
    let mut view = english();
    view.proof = String::new();
    let bytes = |view: &soko_app_api::ReceiptView| {
        let receipt = Receipt::of(view, &english_words());
        print_sheet(
            &Sheet::from(&receipt),
            Job { printer: &printer(PaperWidth::Mm80, false), opens_drawer: false },
        )
        .unwrap()
    };
    let pictures = |bytes: &[u8]| bytes.windows(3).filter(|three| *three == [0x1d, b'v', b'0']).count();
    assert_eq!(pictures(&bytes(&view)), 0);
    view.sale.lines[0].name = "سلة".into();
    assert_eq!(pictures(&bytes(&view)), 1);
    let arabic = Receipt::of(&arabic(), &arabic_words());
    let drawn = print_sheet(
        &Sheet::from(&arabic),
        Job { printer: &printer(PaperWidth::Mm80, false), opens_drawer: false },
    );
    assert!(pictures(&drawn.unwrap()) > 10);
}

#[test]
fn a_printer_says_that_its_paper_ends_and_goes_on_with_a_new_roll() {
    let receipt = Receipt::of(&english(), &english_words());
    let printer = printer(PaperWidth::Mm58, false);
    let bytes = print_sheet(&Sheet::from(&receipt), Job { printer: &printer, opens_drawer: false }).unwrap();
    let mut peer = Peer::new(PaperWidth::Mm58).unwrap().with_paper(200);
    assert_eq!(Status::of_paper(peer.receive(&ASK_PAPER)[0]), Status::Ready);
    assert!(peer.receive(&bytes).is_empty());
    // It answers no question that waits behind the receipt, and each that does not.
    assert!(peer.receive(&ASK_WHEN_DONE).is_empty());
    assert_eq!(Status::of_paper(peer.receive(&ASK_PAPER)[0]), Status::PaperOut);
    assert_eq!(Status::of_trouble(peer.receive(&ASK_TROUBLE)[0]), Status::PaperOut);
    assert_eq!(peer.refill(), [0]);
    same_picture("english-58.png", peer.paper());
}

#[test]
fn an_open_cover_is_told() {
    let mut peer = Peer::new(PaperWidth::Mm58).unwrap().with_open_cover();
    assert_eq!(Status::of_trouble(peer.receive(&ASK_TROUBLE)[0]), Status::CoverOpen);
    assert_eq!(Status::of_trouble(0xff), Status::Unclear);
}

#[test]
fn the_test_page_fits_both_papers() {
    for words in [english_words(), arabic_words()] {
        for width in [PaperWidth::Mm58, PaperWidth::Mm80] {
            let job = Job { printer: &printer(width, false), opens_drawer: false };
            let bytes = print_sheet(&test_page(&words), job).unwrap();
            let mut peer = Peer::new(width).unwrap();
            peer.receive(&bytes);
            assert_eq!(peer.complaints, Vec::<String>::new());
            assert_eq!(crate::barcodes::read(peer.paper()).as_deref(), Some("SOKO"));
        }
    }
}

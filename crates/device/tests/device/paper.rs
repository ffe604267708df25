//! Receipts and labels of real sales: original and copy, on a printer and as files, and what their code proves on
//! other devices without a network.

use soko_app_api::{
    Answer, Call, DeviceVerb, DrawerFor, InBooks, LabelCode, LabelSheet, LabelWanted, MarketQuery, PageSize,
    PaperCall, PaperForm, PaperReply, PaperWidth, PaperWords, Printer as Setting, PrinterAt, PrinterTrouble,
    ProofRead, ProofView, Proven, Query, ReceiptView, RefundLineInput, ReportWords, ShiftOf, Verb, View,
};
use soko_domain::basket::TenderKind;
use soko_domain::entry::GoodsBack;
use soko_domain::ids::SaleId;
use soko_print::peer::Peer;

use crate::printers::Printer;
use crate::world::*;

const SALE: SaleId = SaleId([0x31; 16]);

async fn paper(shell: &Shell, call: PaperCall) -> PaperReply {
    match shell.call(Call::Paper(call)).await {
        Answer::Paper(reply) => reply,
        other => panic!("{other:?}"),
    }
}

async fn look(shell: &Shell) -> ReceiptView {
    match paper(shell, PaperCall::Look { stall: STALL, sale: SALE }).await {
        PaperReply::Receipt(view) => *view,
        other => panic!("{other:?}"),
    }
}

async fn issue(shell: &Shell, form: PaperForm) -> PaperReply {
    paper(shell, PaperCall::Issue { stall: STALL, sale: SALE, words: words(), form }).await
}

async fn file(shell: &Shell, form: PaperForm) -> (String, Vec<u8>, bool) {
    match issue(shell, form).await {
        PaperReply::File(file) => (file.name, file.bytes, file.is_copy),
        other => panic!("{other:?}"),
    }
}

async fn check(shell: &Shell, proof: &str) -> ProofRead {
    match shell.call(Call::Check { proof: proof.into() }).await {
        Answer::Checked(ProofView::Read(read)) => read,
        other => panic!("{other:?}"),
    }
}

fn words() -> PaperWords {
    PaperWords {
        language: "en".into(),
        receipt: "Receipt {number}".into(),
        total: "Total".into(),
        change: "Change".into(),
        copy: "COPY".into(),
        check: "Scan to check".into(),
        test_title: "Test".into(),
        tenders: vec![("cash".into(), "Cash".into())],
        ..PaperWords::default()
    }
}

fn setting(at: PrinterAt) -> PaperCall {
    PaperCall::SetPrinter(Some(Setting {
        at,
        width: PaperWidth::Mm58,
        draws_all: false,
        cuts: true,
        opens_drawer: true,
        prints_at_once: false,
    }))
}

fn at(printer: &Printer) -> PaperCall {
    setting(PrinterAt::Network(printer.address.to_string()))
}

#[test]
fn the_first_paper_is_the_original_and_every_later_one_a_copy() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let till = Shell::open(folder.path());
        till.found().await;
        let unknown = till.call(Call::Paper(PaperCall::Look { stall: STALL, sale: SALE })).await;
        assert!(
            matches!(unknown, Answer::Refused(_)),
            "nothing is printed that is not on the disk: {unknown:?}"
        );
        till.sell_mangoes(SALE).await;
        // Looking gives nothing away.
        assert!(!look(&till).await.is_copy);
        assert!(!look(&till).await.is_copy);
        let (name, pdf, is_copy) = file(&till, PaperForm::Pdf(PageSize::A4)).await;
        assert_eq!((name.as_str(), is_copy, pdf.starts_with(b"%PDF")), ("receipt-1.pdf", false, true));
        let (_, text, is_copy) = file(&till, PaperForm::Text).await;
        let text = String::from_utf8(text).unwrap();
        assert!(
            is_copy && text.contains("COPY") && text.contains("5.00") && text.contains("soko:"),
            "{text}"
        );
        till.close();
        // Whether it was given out survives the night.
        let till = Shell::open(folder.path());
        assert!(look(&till).await.is_copy);
        till.close();
    });
}

#[test]
fn a_printer_prints_opens_the_drawer_and_says_what_is_wrong() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let till = Shell::open(folder.path());
        till.found().await;
        till.sell_mangoes(SALE).await;
        assert_eq!(issue(&till, PaperForm::Printer).await, PaperReply::NotPrinted(PrinterTrouble::None));

        // Nobody listens there: nothing was given out.
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        paper(&till, setting(PrinterAt::Network(nobody.to_string()))).await;
        let unreachable = issue(&till, PaperForm::Printer).await;
        assert!(
            matches!(&unreachable, PaperReply::NotPrinted(PrinterTrouble::Unreachable { .. })),
            "{unreachable:?}"
        );
        let open = Printer::start(Peer::new(PaperWidth::Mm58).unwrap().with_open_cover());
        paper(&till, at(&open)).await;
        assert_eq!(issue(&till, PaperForm::Printer).await, PaperReply::NotPrinted(PrinterTrouble::CoverOpen));
        assert!(!look(&till).await.is_copy);

        // The roll ends within the receipt: what comes next is a copy.
        let short = Printer::start(Peer::new(PaperWidth::Mm58).unwrap().with_paper(150));
        paper(&till, at(&short)).await;
        assert_eq!(issue(&till, PaperForm::Printer).await, PaperReply::NotPrinted(PrinterTrouble::PaperOut));
        short.with(|peer| drop(peer.refill()));
        let again = issue(&till, PaperForm::Printer).await;
        assert_eq!(again, PaperReply::Printed { is_confirmed: true, is_copy: true });
        short.with(|peer| assert_eq!((peer.cuts, peer.drawer_opened), (2, 0)));
        for why in [DrawerFor::Sale, DrawerFor::Reason] {
            let opened = paper(&till, PaperCall::OpenDrawer(why)).await;
            assert!(matches!(opened, PaperReply::Printed { .. }), "{opened:?}");
        }
        short.with(|peer| assert_eq!((peer.cuts, peer.drawer_opened), (2, 2)));
        // A page that shows what the printer can do says nothing of why, so it opens nothing.
        let tested = paper(&till, PaperCall::TestPage { words: words() }).await;
        assert!(matches!(tested, PaperReply::Printed { .. }), "{tested:?}");
        short.with(|peer| assert_eq!(peer.drawer_opened, 2));
        // A receipt that is printed at once opens it.
        let PaperCall::SetPrinter(Some(kept)) = at(&short) else { panic!("no printer") };
        paper(&till, PaperCall::SetPrinter(Some(Setting { prints_at_once: true, ..kept }))).await;
        let not = paper(&till, PaperCall::OpenDrawer(DrawerFor::Sale)).await;
        assert_eq!(not, PaperReply::NotPrinted(PrinterTrouble::None));
        short.with(|peer| assert_eq!(peer.drawer_opened, 2));
        assert!(short.paper().height() > 600);
        till.close();
    });
}

/// First-hour 6 and 13: what the drawer says can be taken along, without a network.
#[test]
fn the_report_of_a_shift_is_printed_and_given_as_a_file() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let till = Shell::open(folder.path());
        till.found().await;
        till.sell_mangoes(SALE).await;
        let words = || {
            Box::new(ReportWords {
                language: "en".into(),
                open: "X".into(),
                closed: "Z {number}".into(),
                net: "Taken".into(),
                variance: "Difference".into(),
                ..ReportWords::default()
            })
        };
        let report =
            async |of, form| paper(&till, PaperCall::Report { stall: STALL, of, words: words(), form }).await;
        let text = async |of| match report(of, PaperForm::Text).await {
            PaperReply::File(file) => (file.name, String::from_utf8(file.bytes).unwrap()),
            other => panic!("{other:?}"),
        };
        let (name, x) = text(None).await;
        assert!(name == "x-report.txt" && x.contains("Taken EUR") && x.contains("5.00"), "{name}: {x}");
        assert_eq!(report(None, PaperForm::Printer).await, PaperReply::NotPrinted(PrinterTrouble::None));
        let printer = Printer::start(Peer::new(PaperWidth::Mm58).unwrap());
        paper(&till, at(&printer)).await;
        let printed = PaperReply::Printed { is_confirmed: true, is_copy: false };
        assert_eq!(report(None, PaperForm::Printer).await, printed);
        // A report is no reason to open the drawer.
        printer.with(|peer| assert_eq!((peer.cuts, peer.drawer_opened), (1, 0)));
        assert!(printer.paper().height() > 300);

        let View::ShiftReport(open) =
            till.ask(Query::ShiftReport { stall: STALL, register: None, shift: None }).await
        else {
            panic!("no shift")
        };
        let reason = String::from("wrong change");
        till.done(Verb::CloseShift { shift: open.shift, counted_minor: 480, reason }).await;
        let of = Some(ShiftOf { register: open.register, shift: open.shift });
        let (name, z) = text(of).await;
        assert!(name == "z-report-1.txt" && z.contains("Z 1") && z.contains("-0.20"), "{name}: {z}");
        match report(of, PaperForm::Pdf(PageSize::A4)).await {
            PaperReply::File(file) => {
                assert_eq!((file.name.as_str(), file.bytes.starts_with(b"%PDF")), ("z-report-1.pdf", true));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(report(of, PaperForm::Printer).await, printed);
        // The drawer is closed, and nothing is open.
        let call = PaperCall::Report { stall: STALL, of: None, words: words(), form: PaperForm::Text };
        let none = till.call(Call::Paper(call)).await;
        assert!(matches!(&none, Answer::Refused(why) if why.code == "unknown_shift"), "{none:?}");
        till.close();
    });
}

#[test]
fn a_device_file_gets_the_same_bytes_and_an_ordinary_file_none() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let till = Shell::open(&folder.path().join("till"));
        till.found().await;
        till.sell_mangoes(SALE).await;
        let path = folder.path().join("lp0");
        let path_text = path.to_str().unwrap().to_owned();
        std::fs::write(&path, "precious").unwrap();
        paper(&till, setting(PrinterAt::File(path_text.clone()))).await;
        let refused = issue(&till, PaperForm::Printer).await;
        assert!(
            matches!(&refused, PaperReply::NotPrinted(PrinterTrouble::Unreachable { .. })),
            "{refused:?}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");

        std::fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let reader = std::thread::spawn(move || std::fs::read(&path).unwrap());
        let printed = issue(&till, PaperForm::Printer).await;
        assert_eq!(printed, PaperReply::Printed { is_confirmed: false, is_copy: false });
        let mut peer = Peer::new(PaperWidth::Mm58).unwrap();
        peer.receive(&reader.join().unwrap());
        assert_eq!((peer.complaints.as_slice(), peer.cuts), (&[][..], 1));
        till.close();
    });
}

#[test]
fn labels_have_the_products_own_codes_and_a_limit() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let till = Shell::open(folder.path());
        till.found().await;
        let labels = |copies| PaperCall::Labels {
            stall: STALL,
            labels: vec![LabelWanted { product: MANGO, copies }, LabelWanted { product: TEA, copies }],
            sheet: LabelSheet::A4Of65,
            code: LabelCode::Bars,
            words: words(),
        };
        match paper(&till, labels(10)).await {
            PaperReply::File(file) => assert!(file.bytes.starts_with(b"%PDF") && file.missing.is_empty()),
            other => panic!("{other:?}"),
        }
        let none = till.call(Call::Paper(labels(0))).await;
        assert!(matches!(none, Answer::Refused(_)), "{none:?}");
        till.close();
    });
}

#[test]
fn a_receipt_is_proven_offline_by_its_stall_and_by_a_buyer_who_saw_the_stall() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let till = Shell::open(&folder.path().join("till"));
        till.shop(&server).await;
        till.sell_mangoes(SALE).await;
        let proof = look(&till).await.proof;
        assert!(proof.starts_with(&format!("{}/verify/", server.url())), "{proof}");

        // A stranger's device learns who signs for the stall; then the server is gone.
        let buyer = Shell::open(&folder.path().join("buyer"));
        let stranger = Shell::open(&folder.path().join("stranger"));
        buyer.device(DeviceVerb::UseServer { server: server.url() }).await;
        buyer
            .until("the stall's page", async || {
                let page = buyer.call(Call::Market(MarketQuery::Stall(STALL))).await;
                matches!(&page, Answer::Market(soko_app_api::MarketView::Stall(page)) if page.value.registers.len() == 1)
                    .then_some(())
            })
            .await;
        drop(server);

        let read = check(&till, &proof).await;
        assert_eq!(
            (read.proven, read.in_books, read.total_minor),
            (Proven::Signed, Some(InBooks::Same), 500)
        );
        let read = check(&buyer, &proof).await;
        assert_eq!((read.proven, read.in_books), (Proven::Signed, None));
        assert_eq!((read.stall_name.as_str(), read.register_name.as_str()), ("Duka", "till 1"));
        assert!(read.as_of_ms.is_some());
        assert_eq!(check(&stranger, &proof).await.proven, Proven::Unknown);

        // Any other amount, number or sale is not what was signed.
        let mut forged = soko_domain::essence::Proof::from_text(&proof).unwrap();
        forged.essence.total_minor = 50_000;
        for device in [&till, &buyer] {
            assert_eq!(check(device, &forged.to_text()).await.proven, Proven::NotSigned);
        }
        assert_eq!(check(&till, &forged.to_text()).await.in_books, Some(InBooks::Different));
        let unreadable = buyer.call(Call::Check { proof: "https://example.org/verify/hello".into() }).await;
        assert_eq!(unreadable, Answer::Checked(ProofView::Unreadable));

        // What came after is in the stall's own books.
        let lines = vec![RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::Waste }];
        let verb =
            Verb::Refund { sale: SALE, lines, tender: TenderKind::Cash, reason: "soft".into(), into: None };
        till.done(verb).await;
        assert_eq!(check(&till, &proof).await.in_books, Some(InBooks::Refunded { minor: 250 }));
        for shell in [till, buyer, stranger] {
            shell.close();
        }
    });
}

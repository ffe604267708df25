//! Receipts, reports and labels: what stands on them comes from the engine, what they look like from `soko-print`, and how
//! they reach a printer from the host. A receipt is of a sale that is on the disk; there is no other way to one.

use soko_app_api::{
    DrawerFor, LABEL_COPIES_MAX, LABELS_MAX, LabelCode, LabelSheet, LabelWanted, PRINTER_ADDRESS_BYTES_MAX,
    PageSize, PaperCall, PaperFile, PaperForm, PaperReply, PaperWords, Printer, PrinterAt, PrinterTrouble,
    ProductView, Query, ReceiptView, ReportWords, ShiftOf, TABLE_COLUMNS_MAX, TABLE_ROWS_MAX, TableWanted,
    View,
};
use soko_domain::basket::TenderKind;
use soko_domain::essence::{PROOF_PATH, PROOF_SCHEME};
use soko_domain::ids::{LogId, SaleId};
use soko_print::{
    Barcode, Job, Label, Receipt, Report, Sheet, Table, labels_pdf, missing_letters, open_drawer, price_text,
    print_sheet, sheet_pdf, table_pdf, test_page, to_text,
};
use soko_record_log::params;

use crate::device::Device;
use crate::failure::Undone;
use crate::kept::{pack, unpack};
use crate::link::Link;

/// Where the printer is kept.
const PRINTER_KEPT_UNDER: &str = "device.printer";
/// Letters in a line of a receipt that is sent as a message.
const MESSAGE_COLUMNS: usize = 40;

impl Device {
    pub(crate) async fn paper(&self, call: PaperCall) -> Result<PaperReply, Undone> {
        match call {
            PaperCall::Look { stall, sale } => {
                Ok(PaperReply::Receipt(Box::new(self.receipt_view(stall, sale)?)))
            }
            PaperCall::Issue { stall, sale, words, form } => self.issue(stall, sale, &words, form).await,
            PaperCall::Report { stall, of, words, form } => self.report(stall, of, &words, form).await,
            PaperCall::Labels { stall, labels, sheet, code, words } => {
                self.labels(stall, &labels, (sheet, code), &words)
            }
            PaperCall::Printer => {
                Ok(PaperReply::Printer { printer: self.printer()?, can_print: self.host.can_print() })
            }
            PaperCall::SetPrinter(printer) => self.set_printer(printer),
            PaperCall::TestPage { words } => self.test_page(&words).await,
            PaperCall::Mail { stall, sale, way, address, language } => {
                self.mail_receipt((stall, sale), (way, &address), &language)
            }
            PaperCall::Mailed { stall, sale } => self.mailed(stall, sale),
            PaperCall::Table(wanted) => table(*wanted),
            PaperCall::OpenDrawer(why) => self.open_drawer(why).await,
        }
    }

    /// A sale as its paper says it now.
    pub(crate) fn receipt_view(&self, stall: LogId, sale: SaleId) -> Result<ReceiptView, Undone> {
        let View::Sale(view) = self.ask(&Query::Sale { stall, sale })? else {
            return Err(Undone::refused("unknown_sale", "this sale is not on this device"));
        };
        let status = self.status(stall)?;
        let was_issued = self.times_issued(stall, sale)? > 0;
        // The original was given out where it was sold.
        let is_copy = was_issued || view.row.register != status.author;
        Ok(ReceiptView { proof: self.proof_text(stall, sale)?, sale: view, is_copy })
    }

    fn proof_text(&self, stall: LogId, sale: SaleId) -> Result<String, Undone> {
        let Some(proof) = self.engine()?.proof(stall, sale)? else { return Ok(String::new()) };
        let link = self.link(stall)?.filter(Link::is_connected);
        let before = link.map_or(PROOF_SCHEME.into(), |link| format!("{}{PROOF_PATH}", link.server));
        Ok(format!("{before}{}", proof.to_text()))
    }

    async fn issue(
        &self,
        stall: LogId,
        sale: SaleId,
        words: &PaperWords,
        form: PaperForm,
    ) -> Result<PaperReply, Undone> {
        let view = self.receipt_view(stall, sale)?;
        let sheet = Sheet::from(&Receipt::of(&view, words));
        let name = format!("receipt-{}", view.sale.row.receipt_number);
        let is_copy = view.is_copy;
        let reply = match form {
            PaperForm::Printer => return self.print(stall, &view, &sheet).await,
            PaperForm::Screen => PaperReply::OnScreen,
            PaperForm::Pdf(size) => PaperReply::File(PaperFile { is_copy, ..pdf(&sheet, size, &name)? }),
            PaperForm::Text => {
                let text = format!("{}\n{}\n", to_text(&sheet, MESSAGE_COLUMNS), view.proof);
                PaperReply::File(PaperFile { is_copy, ..message(text, &name) })
            }
        };
        self.note_issued(stall, sale)?;
        Ok(reply)
    }

    /// Noted before the printer is asked: if it stops halfway, what comes next is a copy. Taken back only when
    /// nothing came out.
    async fn print(&self, stall: LogId, view: &ReceiptView, sheet: &Sheet) -> Result<PaperReply, Undone> {
        let Some(printer) = self.printer()? else { return Ok(PaperReply::NotPrinted(PrinterTrouble::None)) };
        let took_cash = view.sale.tenders.iter().any(|tender| tender.kind == TenderKind::Cash);
        // Otherwise it opened when the sale was saved.
        let opens_drawer = took_cash && !view.is_copy && printer.prints_at_once;
        let job = Job { printer: &printer, opens_drawer };
        let bytes = print_sheet(sheet, job).map_err(undrawn)?;
        let sale = view.sale.row.sale;
        self.note_issued(stall, sale)?;
        match self.host.print(&printer, bytes).await {
            Ok(is_confirmed) => Ok(PaperReply::Printed { is_confirmed, is_copy: view.is_copy }),
            Err(not_printed) => {
                if !not_printed.has_begun {
                    self.note_not_issued(stall, sale)?;
                }
                Ok(PaperReply::NotPrinted(not_printed.trouble))
            }
        }
    }

    /// What the drawer says now; nothing is kept of who was given one.
    async fn report(
        &self,
        stall: LogId,
        of: Option<ShiftOf>,
        words: &ReportWords,
        form: PaperForm,
    ) -> Result<PaperReply, Undone> {
        let (register, shift) = (of.map(|of| of.register), of.map(|of| of.shift));
        let View::ShiftReport(report) = self.ask(&Query::ShiftReport { stall, register, shift })? else {
            return Err(Undone::refused("unknown_shift", "this report is not on this device"));
        };
        let sheet = Sheet::from(&Report::of(&report, words));
        let name = match report.z_number {
            Some(number) => format!("z-report-{number}"),
            None => "x-report".into(),
        };
        Ok(match form {
            PaperForm::Printer => {
                let Some(printer) = self.printer()? else {
                    return Ok(PaperReply::NotPrinted(PrinterTrouble::None));
                };
                let job = Job { printer: &printer, opens_drawer: false };
                self.send(&printer, print_sheet(&sheet, job).map_err(undrawn)?).await
            }
            PaperForm::Screen => PaperReply::OnScreen,
            PaperForm::Pdf(size) => PaperReply::File(pdf(&sheet, size, &name)?),
            PaperForm::Text => PaperReply::File(message(to_text(&sheet, MESSAGE_COLUMNS), &name)),
        })
    }

    async fn test_page(&self, words: &PaperWords) -> Result<PaperReply, Undone> {
        let Some(printer) = self.printer()? else { return Ok(PaperReply::NotPrinted(PrinterTrouble::None)) };
        // Whoever is at the register may print it, so it opens nothing: a drawer opens for a reason that is written down.
        let job = Job { printer: &printer, opens_drawer: false };
        let bytes = print_sheet(&test_page(words), job).map_err(undrawn)?;
        Ok(self.send(&printer, bytes).await)
    }

    /// Of what is no sale's paper nothing is kept.
    async fn send(&self, printer: &Printer, bytes: Vec<u8>) -> PaperReply {
        match self.host.print(printer, bytes).await {
            Ok(is_confirmed) => PaperReply::Printed { is_confirmed, is_copy: false },
            Err(not_printed) => PaperReply::NotPrinted(not_printed.trouble),
        }
    }

    /// Where none hangs at a printer, people open it by hand, and there is nothing to say.
    async fn open_drawer(&self, why: DrawerFor) -> Result<PaperReply, Undone> {
        let none = PaperReply::NotPrinted(PrinterTrouble::None);
        let Some(printer) = self.printer()?.filter(|printer| printer.opens_drawer) else { return Ok(none) };
        if why == DrawerFor::Sale && printer.prints_at_once {
            return Ok(none);
        }
        Ok(self.send(&printer, open_drawer()).await)
    }

    fn printer(&self) -> Result<Option<Printer>, Undone> {
        Ok(unpack(&self.draft(PRINTER_KEPT_UNDER)?))
    }

    fn set_printer(&self, printer: Option<Printer>) -> Result<PaperReply, Undone> {
        let kept = match &printer {
            Some(printer) => {
                check(&printer.at)?;
                pack(printer)?
            }
            None => Vec::new(),
        };
        self.keep_draft(PRINTER_KEPT_UNDER, &kept)?;
        self.tell_device();
        Ok(PaperReply::Printer { printer, can_print: self.host.can_print() })
    }

    fn labels(
        &self,
        stall: LogId,
        wanted: &[LabelWanted],
        (sheet, code): (LabelSheet, LabelCode),
        words: &PaperWords,
    ) -> Result<PaperReply, Undone> {
        let all: u32 = wanted.iter().map(|one| u32::from(one.copies.min(LABEL_COPIES_MAX))).sum();
        if all == 0 || all > LABELS_MAX {
            let sentence = format!("one file has 1 to {LABELS_MAX} labels: choose fewer");
            return Err(Undone::refused("labels", sentence));
        }
        let mut labels = Vec::new();
        for one in wanted {
            let query = Query::Product { stall, product: one.product };
            if let View::Product(product) = self.ask(&query)? {
                labels.push(label(&product, one.copies.min(LABEL_COPIES_MAX), code, words));
            }
        }
        let bytes = labels_pdf(&labels, sheet, (&words.language, words.is_right_to_left)).map_err(undrawn)?;
        let texts: String = labels.iter().flat_map(|label| [label.name.as_str(), &label.price]).collect();
        Ok(PaperReply::File(PaperFile {
            name: "labels.pdf".into(),
            media_type: "application/pdf".into(),
            bytes,
            missing: missing_letters(&texts).map_err(undrawn)?,
            is_copy: false,
        }))
    }

    /// How often a paper of this sale was given out here.
    fn times_issued(&self, stall: LogId, sale: SaleId) -> Result<i64, Undone> {
        self.read(|tx| {
            let row = tx.query_opt(
                "select times from own_paper where log = $1 and sale = $2",
                params![stall, sale.0],
            )?;
            row.map_or(Ok(0), |row| row.int(0))
        })
    }

    pub(crate) fn note_issued(&self, stall: LogId, sale: SaleId) -> Result<(), Undone> {
        self.write(|tx| {
            tx.execute(
                "insert into own_paper (log, sale, times) values ($1, $2, 1)
                 on conflict (log, sale) do update set times = own_paper.times + 1",
                params![stall, sale.0],
            )
        })?;
        Ok(())
    }

    pub(crate) fn note_not_issued(&self, stall: LogId, sale: SaleId) -> Result<(), Undone> {
        self.write(|tx| {
            tx.execute(
                "update own_paper set times = times - 1 where log = $1 and sale = $2 and times > 0",
                params![stall, sale.0],
            )
        })?;
        Ok(())
    }
}

fn table(wanted: TableWanted) -> Result<PaperReply, Undone> {
    let TableWanted { title, note, file_name, columns, rows, language, is_right_to_left } = wanted;
    if rows.len() > TABLE_ROWS_MAX || columns.len() > TABLE_COLUMNS_MAX {
        let sentence = format!(
            "one file has at most {TABLE_ROWS_MAX} rows and {TABLE_COLUMNS_MAX} columns: save it as CSV"
        );
        return Err(Undone::refused("table_size", sentence));
    }
    let texts: String =
        [&title, &note].into_iter().chain(&columns).chain(rows.iter().flatten()).cloned().collect();
    let table = Table { title, note, columns, rows, language, is_right_to_left };
    Ok(PaperReply::File(PaperFile {
        name: format!("{file_name}.pdf"),
        media_type: "application/pdf".into(),
        bytes: table_pdf(&table).map_err(undrawn)?,
        missing: missing_letters(&texts).map_err(undrawn)?,
        is_copy: false,
    }))
}

fn undrawn(error: impl std::fmt::Display) -> Undone {
    Undone::failed(error.to_string())
}

fn check(at: &PrinterAt) -> Result<(), Undone> {
    let (PrinterAt::Network(address) | PrinterAt::File(address)) = at;
    let is_possible = !address.trim().is_empty() && address.len() <= PRINTER_ADDRESS_BYTES_MAX;
    if is_possible {
        return Ok(());
    }
    Err(Undone::refused(
        "printer",
        "a printer has an address: its name or number in the network, or its device file",
    ))
}

fn label(product: &ProductView, copies: u16, code: LabelCode, words: &PaperWords) -> Label {
    let price = (product.price_minor, product.currency.as_str());
    Label {
        name: product.name.clone(),
        price: price_text(&words.language, price, (product.unit, product.price_per)),
        code: barcode(product, code),
        copies,
    }
}

/// The product's own code, or its number; none where it has neither, or they are no code.
fn barcode(product: &ProductView, code: LabelCode) -> Option<Barcode> {
    let texts = product.barcodes.iter().chain(std::iter::once(&product.sku));
    let mut texts = texts.filter(|text| !text.is_empty());
    match code {
        LabelCode::None => None,
        LabelCode::Bars => texts.find_map(|text| Barcode::bars_of(text).ok()),
        LabelCode::Code128 => texts.find_map(|text| Barcode::code128(text).ok()),
        LabelCode::Qr => texts.find_map(|text| Barcode::qr(text).ok()),
    }
}

fn pdf(sheet: &Sheet, size: PageSize, name: &str) -> Result<PaperFile, Undone> {
    Ok(PaperFile {
        name: format!("{name}.pdf"),
        media_type: "application/pdf".into(),
        bytes: sheet_pdf(sheet, size).map_err(undrawn)?,
        // What a message says is everything that is printed, apart from the code.
        missing: missing_letters(&to_text(sheet, MESSAGE_COLUMNS)).map_err(undrawn)?,
        is_copy: false,
    })
}

fn message(text: String, name: &str) -> PaperFile {
    PaperFile {
        name: format!("{name}.txt"),
        media_type: "text/plain;charset=utf-8".into(),
        bytes: text.into_bytes(),
        missing: String::new(),
        is_copy: false,
    }
}

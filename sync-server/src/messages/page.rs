//! How a letter looks: as plain text, and the same as a small page. Everything that people wrote is escaped there.

use super::words::Language;
use crate::web::escaped;

/// What a letter says of one thing.
#[derive(Default)]
pub(super) struct Section {
    /// Where there are others beside it.
    pub(super) heading: Option<String>,
    pub(super) paragraphs: Vec<String>,
    /// What it lists, and what each comes to.
    pub(super) lines: Vec<(String, String)>,
    /// What all of it together has of each rate of tax.
    pub(super) taxes: Vec<(String, String)>,
    /// All of it together.
    pub(super) total: (String, String),
    /// The words on a link, and the link.
    pub(super) open: Option<(String, String)>,
}

pub(super) struct Page {
    pub(super) language: Language,
    pub(super) sections: Vec<Section>,
    pub(super) footer: String,
    /// Where its reader chooses what comes: words and link. None where they are nobody who does.
    pub(super) choose: Option<(String, String)>,
}

impl Section {
    fn plain(&self) -> String {
        let said: Vec<&str> = self.heading.iter().chain(&self.paragraphs).map(String::as_str).collect();
        let mut text = said.join("\n\n");
        if !self.lines.is_empty() {
            text.push_str("\n\n");
            for (name, amount) in &self.lines {
                text.push_str(&format!("- {name}: {amount}\n"));
            }
            for (name, amount) in &self.taxes {
                text.push_str(&format!("{name}: {amount}\n"));
            }
            text.push_str(&format!("{}: {}", self.total.0, self.total.1));
        }
        if let Some((words, link)) = &self.open {
            text.push_str(&format!("\n\n{words}: {link}"));
        }
        text
    }

    fn html(&self) -> String {
        let mut page = String::new();
        if let Some(heading) = &self.heading {
            page.push_str(&format!("<h2 style=\"font-size:1em;margin-top:1.5em\">{}</h2>", escaped(heading)));
        }
        for paragraph in &self.paragraphs {
            page.push_str(&format!("<p>{}</p>", escaped(paragraph)));
        }
        if !self.lines.is_empty() {
            page.push_str("<table style=\"border-collapse:collapse;width:100%\">");
            for (name, amount) in self.lines.iter().chain(&self.taxes).chain([&self.total]) {
                page.push_str(&format!(
                    "<tr><td style=\"padding:.25em 0\">{}</td><td style=\"text-align:end\">{}</td></tr>",
                    escaped(name),
                    escaped(amount)
                ));
            }
            page.push_str("</table>");
        }
        if let Some((words, link)) = &self.open {
            page.push_str(&format!("<p><a href=\"{}\">{}</a></p>", escaped(link), escaped(words)));
        }
        page
    }
}

impl Page {
    pub(super) fn plain(&self) -> String {
        let sections: Vec<String> = self.sections.iter().map(Section::plain).collect();
        let choose = self.choose.as_ref().map(|(choose, link)| format!("{choose}: {link}\n"));
        format!(
            "{}\n\n-- \n{}\n{}",
            sections.join("\n\n\n"),
            self.footer,
            choose.as_deref().unwrap_or_default()
        )
    }

    pub(super) fn html(&self, subject: &str) -> String {
        let language = self.language;
        let sections: String = self.sections.iter().map(Section::html).collect();
        let choose = self
            .choose
            .as_ref()
            .map(|(choose, link)| format!(" <a href=\"{}\">{}</a>", escaped(link), escaped(choose)));
        format!(
            "<!doctype html><html lang=\"{}\" dir=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\
             <body style=\"font-family:sans-serif;line-height:1.5;max-width:36em;margin:auto;padding:1em\">\
             <h1 style=\"font-size:1.25em\">{2}</h1>{sections}\
             <hr><p style=\"font-size:.85em\">{}{}</p></body></html>",
            language.code(),
            language.direction(),
            escaped(subject),
            escaped(&self.footer),
            choose.as_deref().unwrap_or_default()
        )
    }
}

//! Plain pages, behind the links of messages and for money that is only tried: a heading, a few words, a form. They need
//! no app and no script, and everything on them is text of ours or escaped.

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::http::problem::Problem;
use crate::messages::words::Language;
use crate::web::escaped;

/// Longest form.
const FORM_BYTES_MAX: usize = 8 * 1024;
/// Our form goes to us; nothing is loaded and nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const STYLE: &str = ":root{color-scheme:light dark}body{font:1.0625rem/1.5 system-ui,sans-serif;max-width:34rem;margin:0 auto;padding:1.5rem 1rem}\
h1{font-size:1.375rem}fieldset{border:1px solid;border-color:light-dark(#ccc,#555);border-radius:.75rem;margin:0 0 1rem;padding:.5rem 1rem 1rem}\
label{display:flex;gap:.75rem;align-items:center;min-height:2.75rem}input[type=checkbox]{inline-size:1.375rem;block-size:1.375rem;flex:none}\
input[type=password],select{font:inherit;inline-size:100%;box-sizing:border-box;min-height:2.75rem;padding:.25rem .75rem}\
label.over{display:block}button{font:inherit;font-weight:600;min-height:3rem;inline-size:100%;border:0;border-radius:.75rem;color:#fff;background:#0f6b4f}\
button.other{color:inherit;background:none;border:1px solid}.sum{font-size:1.75rem}\
[role=status]{font-weight:600}[role=alert]{color:light-dark(#a3161a,#ff9c9c);font-weight:600}";

/// A page in somebody's language. `body` is markup.
pub(crate) fn page(language: Language, status: StatusCode, title: &str, body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"{}\" dir=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>",
        language.code(),
        language.direction(),
        title = escaped(title),
    );
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (status, headers, page).into_response()
}

/// The link leads nowhere.
pub(crate) fn dead_link(language: Language) -> Response {
    let text = format!("<p>{}</p>", escaped(&language.say("link.dead-text", &[])));
    page(language, StatusCode::GONE, &language.say("link.dead", &[]), &text)
}

/// The language that a browser asks for.
pub(crate) fn asked_language(headers: &axum::http::HeaderMap) -> Option<Language> {
    let list = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    Language::from_accepted(list)
}

/// What a form sent.
pub(crate) struct Form(Bytes);

impl Form {
    pub(crate) async fn read(request: Request) -> Result<Self, Problem> {
        let body = to_bytes(request.into_body(), FORM_BYTES_MAX).await;
        body.map(Self).map_err(|_| Problem::malformed("the form cannot be read, or is too long"))
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let mut fields = form_urlencoded::parse(&self.0);
        fields.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        form_urlencoded::parse(&self.0).any(|(found, _)| found == name)
    }
}

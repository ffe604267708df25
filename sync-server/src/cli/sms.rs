//! Who takes texts to telephones, from the settings. The secret comes as those of payments do, and is shown by nothing.

use crate::cli::CliError;
use crate::cli::payers::secret;
use crate::cli::settings::Resolved;
use crate::egress::Egress;
use crate::messages::{Sms, SmsSettings, SmsShape, TextReports};
use crate::pay::Secret;

const SHAPE: &str = "sms";
const SECRET: &str = "sms-secret";
const URL: &str = "sms-url";
const RECEIPTS_PER_DAY: &str = "sms-receipts-per-day";

/// Receipts of all stalls that are texted within a day.
pub(super) fn receipts_per_day(settings: &Resolved) -> Result<i64, CliError> {
    let number = settings.text(RECEIPTS_PER_DAY).parse().ok().filter(|number| *number >= 1);
    number.ok_or_else(|| settings.wrong(RECEIPTS_PER_DAY, "a whole number, at least 1"))
}

/// How reports about texts are known, if any are taken.
pub(super) fn reports(settings: &Resolved, key: Option<String>) -> Result<Option<TextReports>, CliError> {
    let Some(shape) = settings.optional(SHAPE).as_deref().and_then(SmsShape::from_name) else {
        return Ok(None);
    };
    let secret = match shape {
        SmsShape::Twilio => secret(settings, SECRET)?,
        SmsShape::Http | SmsShape::AfricasTalking => key.map(Secret::new),
    };
    Ok(secret.map(|secret| TextReports { shape, address: reported_at(settings), secret }))
}

fn reported_at(settings: &Resolved) -> String {
    let origin = settings.optional("public-url").unwrap_or_default();
    format!("{}/v1/sms/reported", origin.trim_end_matches('/'))
}

pub(super) fn sms(settings: &Resolved, egress: &Egress) -> Result<Option<Sms>, CliError> {
    let Some(shape) = settings.optional(SHAPE) else { return Ok(None) };
    let shape = SmsShape::from_name(&shape)
        .ok_or_else(|| settings.wrong(SHAPE, "http, twilio or africas-talking"))?;
    if settings.optional("public-url").is_none() {
        return Err(CliError::usage("texts need --public-url: they hold links to it"));
    }
    let url = settings.optional(URL).or(shape.usual_url().map(str::to_owned));
    let url = url.ok_or_else(|| settings.wrong(URL, "where texts are brought, since sms is http"))?;
    let secret = secret(settings, SECRET)?;
    let kept = SmsSettings {
        shape,
        url: if shape == SmsShape::Http { url } else { url.trim_end_matches('/').to_owned() },
        user: settings.text("sms-user").to_owned(),
        secret: secret.ok_or_else(|| settings.wrong(SECRET, "a secret, since sms is set"))?,
        from: settings.text("sms-from").to_owned(),
        reports_to: (shape == SmsShape::Twilio).then(|| reported_at(settings)),
    };
    let sms = Sms::new(kept, egress.clone()).map_err(|bad| CliError::usage(bad.to_string()))?;
    tracing::info!(shape = shape.name(), "sms.taken_by");
    Ok(Some(sms))
}

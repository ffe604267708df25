//! Who takes buyers' payments, from the settings. Secrets come from the environment, from the settings' file or from a file
//! of their own, and are shown by nothing.

use std::sync::Arc;

use soko_domain::entry::PayWay;
use soko_domain::money::Currency;
use soko_record_log::{StoreError, params};

use crate::cli::CliError;
use crate::cli::settings::Resolved;
use crate::pay::momo::{Momo, MomoSettings};
use crate::pay::paypal::{LIVE_URL, Paypal, PaypalSettings, SANDBOX_URL};
use crate::pay::stripe::{Stripe, StripeSettings};
use crate::pay::test_money::TestMoney;
use crate::pay::{PayDesk, Provider, Secret};
use crate::store::Store;

/// Before the path of a file that holds the secret.
const FILE: &str = "file:";

pub(super) fn desk(settings: &Resolved, store: &Store) -> Result<PayDesk, CliError> {
    let mut providers = by_card(settings)?;
    providers.extend(momo(settings)?);
    if wants_test_money(settings, store)? {
        let test = PayWay::ALL
            .iter()
            .filter(|way| way.has_provider())
            .map(|way| Arc::new(TestMoney::new(store.clone(), *way)));
        providers.extend(test.map(|provider| provider as Arc<dyn Provider>));
    }
    for provider in &providers {
        tracing::info!(provider = provider.name(), is_test = provider.is_test(), "pay.taken_by");
    }
    Ok(PayDesk::new(providers))
}

/// The first takes new payments; another one ends those that it has.
fn by_card(settings: &Resolved) -> Result<Vec<Arc<dyn Provider>>, CliError> {
    const NAME: &str = "card-provider";
    let mut all: Vec<Arc<dyn Provider>> = Vec::new();
    all.extend(stripe(settings)?);
    all.extend(paypal(settings)?);
    match settings.optional(NAME) {
        None if all.len() > 1 => {
            return Err(settings.wrong(NAME, "stripe or paypal, since both are set"));
        }
        None => {}
        Some(first) if all.iter().any(|provider| provider.name() == first) => {
            all.sort_by_key(|provider| provider.name() != first);
        }
        Some(_) => return Err(settings.wrong(NAME, "stripe or paypal, and one that is set")),
    }
    Ok(all)
}

fn stripe(settings: &Resolved) -> Result<Option<Arc<dyn Provider>>, CliError> {
    let Some(key) = secret(settings, "stripe-key")? else { return Ok(None) };
    let webhook_secret = secret(settings, "stripe-webhook-secret")?;
    let webhook_secret = webhook_secret.ok_or_else(|| {
        settings.wrong("stripe-webhook-secret", "what Stripe shows beside the address of the webhook")
    })?;
    let url = settings.text("stripe-url").trim_end_matches('/').to_owned();
    let stripe = Stripe::new(StripeSettings { url, key, webhook_secret });
    let stripe = stripe.map_err(|error| CliError::failed(format!("no client for Stripe: {error}")))?;
    Ok(Some(Arc::new(stripe)))
}

fn paypal(settings: &Resolved) -> Result<Option<Arc<dyn Provider>>, CliError> {
    let Some(client) = settings.optional("paypal-client") else { return Ok(None) };
    let needed = |name: &str, wanted: &str| settings.wrong(name, wanted);
    let secret = secret(settings, "paypal-secret")?;
    let is_live = match settings.text("paypal-environment") {
        "live" => true,
        "sandbox" => false,
        _ => return Err(needed("paypal-environment", "sandbox or live")),
    };
    let usual = if is_live { LIVE_URL } else { SANDBOX_URL };
    let url = settings.optional("paypal-url").unwrap_or_else(|| usual.to_owned());
    let webhook = settings.optional("paypal-webhook");
    let settings = PaypalSettings {
        url: url.trim_end_matches('/').to_owned(),
        is_live,
        client,
        secret: secret.ok_or_else(|| needed("paypal-secret", "a secret, since paypal-client is set"))?,
        webhook: webhook.ok_or_else(|| {
            needed("paypal-webhook", "the webhook ID, which PayPal shows beside its address")
        })?,
    };
    let paypal = Paypal::new(settings);
    let paypal = paypal.map_err(|error| CliError::failed(format!("no client for PayPal: {error}")))?;
    Ok(Some(Arc::new(paypal)))
}

/// All of it or nothing: whoever takes money must be able to give it back.
fn momo(settings: &Resolved) -> Result<Option<Arc<dyn Provider>>, CliError> {
    let Some(user) = settings.optional("momo-user") else { return Ok(None) };
    let needed = |name: &str| {
        secret(settings, name)?.ok_or_else(|| settings.wrong(name, "a key, since momo-user is set"))
    };
    let currency = Currency::parse(settings.text("momo-currency"));
    let settings = MomoSettings {
        url: settings.text("momo-url").trim_end_matches('/').to_owned(),
        environment: settings.text("momo-environment").to_owned(),
        user,
        key: needed("momo-key")?,
        collections: needed("momo-collections")?,
        disbursements: needed("momo-disbursements")?,
        currency: currency.ok_or_else(|| settings.wrong("momo-currency", "three letters such as UGX"))?,
    };
    let momo = Momo::new(settings);
    let momo = momo.map_err(|error| CliError::failed(format!("no client for Mobile Money: {error}")))?;
    Ok(Some(Arc::new(momo)))
}

pub(super) fn secret(settings: &Resolved, name: &str) -> Result<Option<Secret>, CliError> {
    let Some(text) = settings.optional(name) else { return Ok(None) };
    let Some(path) = text.strip_prefix(FILE) else { return Ok(Some(Secret::new(text))) };
    let read = std::fs::read_to_string(path);
    let read = read.map_err(|error| CliError::usage(format!("{name}: {path} cannot be read: {error}")))?;
    Ok(Some(Secret::new(read.trim())))
}

/// In the demo's store by itself: it is there to be tried, and nobody's money is near.
fn wants_test_money(settings: &Resolved, store: &Store) -> Result<bool, CliError> {
    if settings.text("test-money") != "auto" {
        return settings.switch("test-money");
    }
    let found = store.read_blocking(|tx| {
        let sql = "select 1 from account where email = $1";
        Ok::<_, StoreError>(tx.query_opt(sql, params!["buyer1@demo.example"])?.is_some())
    });
    found.map_err(|failed| CliError::failed(StoreError::from(failed).to_string()))
}

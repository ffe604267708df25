// Every screen: those with an address, and those that something opens on one. `furnished.js` sees to it that each has
// something to show, and `screensOfTheApp` knows which there are.

import { readFileSync } from "node:fs";

import { press, say } from "./words.js";

export const SCREENS = [
  ["market", "/market"],
  ["search", "/search?q=tea"],
  ["category", (it) => it.category],
  ["everything", "/category"],
  ["stall", (it) => it.stall],
  ["offer", (it) => it.offer],
  ["basket", "/basket"],
  ["checkout-delivery", (it) => `/basket/${it.basketOf}/delivery`],
  ["checkout-payment", (it) => `/basket/${it.basketOf}/payment`],
  ["checkout-review", (it) => `/basket/${it.basketOf}/review`],
  ["my-orders", "/my-orders"],
  ["my-order", (it) => it.myOrder],
  ["liked", "/liked"],
  ["addresses", "/addresses"],
  ["me", "/me"],
  ["sign-in", "/sign-in"],
  ["begin", "/begin"],
  ["sell", "/sell"],
  ["pay", "/sell/pay"],
  ["receipt", (it) => it.receipt],
  ["orders", "/orders"],
  ["order", (it) => it.order],
  ["reviews", "/reviews"],
  ["coupons", "/coupons"],
  ["products", "/products"],
  ["product-new", "/products/new"],
  ["product", (it) => it.product],
  ["import", "/products/import"],
  ["categories", "/products/categories"],
  ["questions", "/products/questions"],
  ["labels", "/products/labels"],
  ["prices", "/products/prices"],
  ["price", (it) => it.price],
  ["stock", "/stock"],
  ["stock-of", (it) => it.stockOf],
  ["receive", "/stock/many/receive"],
  ["take-along", "/stock/many/take"],
  ["give-back", "/stock/many/give-back"],
  ["pass", "/stock/many/pass"],
  ["count", "/stock/many/count"],
  ["gone", "/stock/many/gone"],
  ["today", "/today"],
  ["incidents", "/incidents"],
  ["figures", "/figures"],
  ["sales", "/sales"],
  ["sale", (it) => it.sale],
  ["customers", "/customers"],
  ["customer", (it) => it.customer],
  ["cards", "/cards"],
  ["settings", "/settings"],
  ["told", "/told"],
  ["programs", "/programs"],
  ["devices", "/devices"],
  ["people", "/people"],
  ["audit", "/audit"],
  ["drawer", "/drawer"],
  ["report-x", "/drawer/now"],
  ["report-z", (it) => it.reportZ],
  ["verify", "/verify"],
  ["verified", (it) => it.verified],
  ["nowhere", "/no/such/screen"],
];

// What an address may be, as the app itself reads it: one pattern for each of its screens, and one for each thing that is done
// with many products.
export function screensOfTheApp() {
  const source = readFileSync(new URL("../../../crates/app-api/src/route.rs", import.meta.url), "utf8");
  const inside = (from, to) => source.slice(source.indexOf(from)).split(to)[0];
  const sessions = [...inside("pub fn word(self)", "fn from_word").matchAll(/=> "([a-z-]+)"/g)].map(([, word]) => word);
  const arms = [...inside("match parts.as_slice()", "_ => None").matchAll(/^\s*\[(.+?)\] => /gm)].map(([, parts]) => parts.split(", "));
  return arms.flatMap((parts) => {
    const words = parts.map((part) => (part.startsWith('"') ? part.slice(1, -1) : "[^/]+"));
    return words[1] === "many" ? sessions.map((word) => ["stock", "many", word]) : [words];
  }).map((words) => `/${words.join("/")}`);
}

const pressing = (key) => ({ page }) => press(page, key);

// On a phone the cart lies behind a bar.
async function openCart({ page }) {
  const bar = page.locator(".counter-bar-open");
  await bar.or(page.locator(".sell-counter .counter-line")).filter({ visible: true }).first().waitFor();
  if (await bar.isVisible()) await bar.click();
}

const inCart = (work) => async (till) => {
  await openCart(till);
  await work(till);
};

// The cart is filled again afterwards, since other screens want one.
async function clearCart(till, it) {
  await openCart(till);
  await press(till.page, "cart.clear");
  it.leave = async () => {
    await till.go("/sell");
    await till.page.locator(".offer").first().click();
    await till.page.locator(".counter-line").first().waitFor({ state: "attached" });
  };
}

// Where the cart's total was told already, emptying it asks why.
async function discardParked(till, it) {
  await clearCart(till, it);
  const discard = till.page.locator(".tab-row > .button-icon").filter({ visible: true }).first();
  const asks = till.page.locator("dialog[open] .button-danger").filter({ visible: true });
  await discard.or(asks).first().waitFor();
  if (await asks.isVisible()) {
    await till.page.locator("dialog[open] input").filter({ visible: true }).last().fill("-");
    await asks.click();
  }
  await discard.click();
}

// Who is known already is to be seen, not only to be found.
async function chooseCustomer({ page }) {
  await press(page, "customer.on-sale");
  await page.waitForFunction(() => document.querySelector(".pick-list")?.clientHeight > 40);
}

// Where somebody says who they are by their PIN.
async function enter({ page }, name, digits) {
  await page.locator(".lock-person").filter({ hasText: name }).click();
  await page.locator(".field-pin input, input.field-pin").first().fill(digits);
  await page.locator(".pin-done").click();
}

const asOwner = (work) => async (till) => {
  await enter(till, "Amina", "4711");
  await settled(till.page);
  await work(till);
};

// By somebody who may not do it alone.
async function asks({ page }) {
  await enter({ page }, "Baraka", "0815");
  await press(page, "drawer.open");
  await page.getByRole("dialog").getByRole("textbox").fill("to change a note");
  await page.locator("dialog .button-danger").click();
  await page.getByRole("dialog", { name: await say(page, "approve.title") }).waitFor();
}

// What lies over a screen: its name, the screen below, what opens it, and where it is not on the first till.
export const OPENED = [
  ["line", "/sell", inCart(({ page }) => page.locator(".counter-name").filter({ visible: true }).first().click())],
  ["discount", "/sell", inCart(pressing("cart.discount"))],
  ["custom", "/sell", inCart(pressing("cart.custom"))],
  ["park", "/sell", inCart(pressing("tabs.park"))],
  ["choose-customer", "/sell", inCart(chooseCustomer)],
  ["cart", "/sell", openCart],
  ["parked", "/sell", clearCart],
  ["discard-parked", "/sell", discardParked],
  ["refund", (it) => it.sale, pressing("refund.title")],
  ["void", (it) => it.sale, pressing("sale.void")],
  ["send-receipt", (it) => it.sale, pressing("mailed.title")],
  ["receive-one", (it) => it.stockOf, pressing("stock.receive")],
  ["count-one", (it) => it.stockOf, pressing("stock.count")],
  ["gone-one", (it) => it.stockOf, pressing("session.gone")],
  ["give-back-one", (it) => it.stockOf, pressing("stock.give-back")],
  ["ask-for-one", (it) => it.stockOf, pressing("stock.ask-for")],
  ["special-offer", (it) => it.product, pressing("special.new")],
  ["coupon-new", "/coupons", pressing("coupons.new")],
  ["price-limits", "/products/prices", pressing("prices.limits-all")],
  ["others-file", "/products/prices", pressing("rivals.file")],
  ["feed-new", "/products/prices", pressing("feeds.new")],
  ["key-new", "/programs", pressing("programs.key-new")],
  ["hook-new", "/programs", pressing("programs.hook-new")],
  ["take-order", (it) => it.order, pressing("order.hand-over")],
  ["count-close", "/drawer", pressing("drawer.count-close")],
  ["move-cash", "/drawer", pressing("drawer.move")],
  ["open-drawer", "/drawer", pressing("drawer.open")],
  ["cancel-order", (it) => it.order, pressing("order.refuse")],
  ["leave", "/devices", pressing("leave.open")],
  ["new-customer", "/customers", pressing("customer.add")],
  ["change-customer", (it) => it.customer, pressing("customer.change")],
  ["add-credit", (it) => it.customer, pressing("purse.add-credit")],
  ["erase-customer", (it) => it.customer, pressing("customer.erase")],
  ["sell-card", "/cards", pressing("cards.sell")],
  ["pay-by-purse", "/sell/pay", pressing("purse.pay")],
  ["stalls", "/settings", ({ page }) => page.locator("button.list-row[aria-haspopup=dialog]").first().click()],
  ["back-up", "/settings", pressing("own.back-up")],
  ["restore", "/settings", pressing("own.restore")],
  ["erase-account", "/settings", pressing("own-data.erase")],
  ["delete-gathered", "/settings", pressing("consent.delete")],
  ["address-new", "/addresses", pressing("addresses.add")],
  ["change-email", "/me", pressing("me.change-email")],
  ["sign-out", "/me", pressing("me.sign-out")],
  ["empty-basket", "/basket", pressing("basket.clear")],
  ["cancel-my-order", (it) => it.myOrder, pressing("my-orders.cancel")],
  ["palette", "/today", ({ page }) => page.keyboard.press("Control+k")],
  ["shortcuts", "/today", ({ page }) => page.keyboard.press("?")],
  ["replication", "/today", ({ page }) => page.locator(".pill").first().click()],
  ["add-person", "/people", asOwner(pressing("people.add")), "guarded"],
  ["change-person", "/people", asOwner(({ page }) => page.getByRole("button", { name: /Baraka/ }).first().click()), "guarded"],
  ["lock", "/sell", ({ page }) => page.locator(".lock-person").first().waitFor(), "guarded"],
  ["approval", "/drawer", asks, "guarded"],
  ["forgot-pin", "/sell", pressing("people.forgot"), "guarded"],
];

export const SIZES = [
  [360, 640],
  [768, 1024],
  [1440, 900],
];

export const addressOf = (address, places) => (typeof address === "string" ? address : address(places));

// Without loading the page anew, which is most of the work. The frames are for the screen before to go.
async function walk({ page }, path) {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
  await frames(page);
}

// Goes to a screen, and opens what lies over it; answers the page. What lies over one needs a page that was just loaded, and so does a
// language that was just chosen.
export async function show(it, [, address, open, which = "till"], { walks = false } = {}) {
  const till = it[which];
  await it.leave?.();
  it.leave = null;
  const path = addressOf(address, it.places);
  await (walks && !open ? walk(till, path) : till.go(path));
  await settled(till.page);
  if (open) {
    await open(till, it);
    await frames(till.page);
    await settled(till.page);
  }
  return till.page;
}

// Chooses language and light as a person does: the page keeps them.
export async function choose(page, { language = "en", theme = "light" }) {
  await page.evaluate(
    ([theLanguage, theTheme]) => {
      localStorage.setItem("soko-language", theLanguage);
      localStorage.setItem("soko-theme", theTheme);
    },
    [language, theme],
  );
}

// Two frames after the screen stopped changing: the device said how it stands, pictures are there, nothing is loading and nothing
// moves.
export async function settled(page) {
  await page.getByRole("main").first().waitFor();
  await page.waitForFunction(() => {
    const busy = document.querySelector("[aria-busy=true], .skeleton");
    const standing = document.querySelector(".pill-short")?.textContent ?? "…";
    const inside = document.querySelector("main")?.textContent.trim();
    if (!inside || /^[.…]*$/.test(standing.trim())) return false;
    const pictures = [...document.images].filter((it) => it.loading !== "lazy");
    // What slides in is half of it to be seen through.
    const moves = document.getAnimations().some((it) => it.playState === "running" && it.effect.getComputedTiming().iterations !== Infinity);
    return !busy && !moves && pictures.every((it) => it.complete);
  });
  await frames(page);
}

const frames = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

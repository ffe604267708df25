// Every screen with an address, and a browser in which each has something to show.

import { Server } from "./server.js";
import { Browser } from "./browser.js";
import { Till } from "./till.js";

export const SCREENS = [
  ["market", "/market"],
  ["search", "/search?q=tea"],
  ["category", (it) => it.category],
  ["stall", (it) => it.stall],
  ["offer", (it) => it.offer],
  ["basket", "/basket"],
  ["my-orders", "/my-orders"],
  ["liked", "/liked"],
  ["me", "/me"],
  ["sign-in", "/sign-in"],
  ["begin", "/begin"],
  ["sell", "/sell"],
  ["pay", "/sell/pay"],
  ["receipt", (it) => it.receipt],
  ["orders", "/orders"],
  ["reviews", "/reviews"],
  ["coupons", "/coupons"],
  ["products", "/products"],
  ["product", "/products/new"],
  ["import", "/products/import"],
  ["categories", "/products/categories"],
  ["questions", "/products/questions"],
  ["labels", "/products/labels"],
  ["prices", "/products/prices"],
  ["stock", "/stock"],
  ["receive", "/stock/many/receive"],
  ["pass", "/stock/many/pass"],
  ["count", "/stock/many/count"],
  ["gone", "/stock/many/gone"],
  ["today", "/today"],
  ["incidents", "/incidents"],
  ["figures", "/figures"],
  ["sales", "/sales"],
  ["customers", "/customers"],
  ["customer", (it) => it.customer],
  ["cards", "/cards"],
  ["settings", "/settings"],
  ["told", "/told"],
  ["programs", "/programs"],
  ["devices", "/devices"],
  ["people", "/people"],
  ["drawer", "/drawer"],
  ["verify", "/verify"],
  ["nowhere", "/no/such/screen"],
];

export const SIZES = [
  [360, 640],
  [768, 1024],
  [1440, 900],
];

// A server with the small demo and a browser with a stall of its own: products, a sale, a cart.
export async function furnished() {
  const server = await Server.begin({ demo: true });
  const browser = new Browser();
  await browser.start();
  const till = await Till.open(browser.context, server.url);
  await till.openStall("Mama Akinyi");
  for (const [name, price] of [["Tea", "2.50"], ["Mango", "1"], ["Coffee", "3.20"]]) await till.addProduct(name, price);
  await till.openDrawer();
  await till.sell("Tea");
  const places = { receipt: new URL(till.page.url()).pathname };
  await till.go("/customers");
  await till.button("Add customer").click();
  await till.page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Amina Wanjiru");
  await till.page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await till.page.getByRole("heading", { name: "Amina Wanjiru", level: 1 }).waitFor();
  places.customer = new URL(till.page.url()).pathname;
  await till.go("/market");
  // What the demo sold out, depending on the hour, cannot be put into a basket.
  const linked = async (parts) => {
    const handle = await till.page.waitForFunction((wanted) => {
      const all = [...document.querySelectorAll("main:not(.first-paint) a[href^='/stall/']:not(.ware-out)")].map((it) => it.pathname);
      return all.find((it) => it.split("/").length === wanted);
    }, parts);
    return handle.jsonValue();
  };
  places.category = await till.page.getByRole("navigation", { name: "Categories" }).getByRole("link").first().getAttribute("href");
  places.stall = await linked(3);
  await till.go(places.stall);
  places.offer = await linked(4);
  await till.go(places.offer);
  await till.page.locator(".product-title .heart").click();
  await till.button("Put in basket").click();
  await till.page.getByText(/^In your basket/).waitFor();
  await till.go("/sell");
  await till.addToCart("Mango");
  return { server, browser, till, places };
}

export const addressOf = (address, places) => (typeof address === "string" ? address : address(places));

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

// Two frames after the screen stopped changing: the device said how it stands, pictures are there, and nothing is loading.
export async function settled(page) {
  await page.getByRole("main").first().waitFor();
  await page.waitForFunction(() => {
    const busy = document.querySelector("[aria-busy=true], .skeleton");
    const standing = document.querySelector(".pill-short")?.textContent ?? "…";
    const inside = document.querySelector("main")?.textContent.trim();
    if (!inside || /^[.…]*$/.test(standing.trim())) return false;
    const pictures = [...document.images].filter((it) => it.loading !== "lazy");
    return !busy && pictures.every((it) => it.complete);
  });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

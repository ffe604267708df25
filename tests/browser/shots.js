// Pictures of every screen × size × light × direction, one sheet of them all, and those of the README. Not a test: people
// look at them. With `readme` behind the folder, only those of the README.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SCREENS, SIZES, addressOf, choose, furnished, settled } from "./lib/screens.js";

// Goods with pictures from the demo's market, so that the stall looks like one.
const GOODS = [
  ["Espresso", "1.80", /Café solo/],
  ["Honey", "7.90", /Alpine honey/],
  ["Apple cider", "4.50", /Apple cider/],
  ["Fresh eggs", "3.60", /[Ee]gg/],
];
const README = [
  ["market", "/market", 1440, 900, "light", "en"],
  ["sell", "/sell", 1440, 900, "light", "en"],
  ["sell-phone", "/sell", 360, 640, "dark", "en"],
  ["offer-phone", (it) => it.offer, 360, 640, "light", "en"],
  ["market-arabic", "/market", 360, 640, "light", "ar"],
  ["receipt-phone", (it) => it.receipt, 360, 640, "light", "fr"],
];

const [, , out, what] = process.argv;
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const { server, browser, till, places } = await furnished();
const made = [];

async function dress() {
  const pictures = [];
  await till.go("/market");
  await settled(till.page);
  for (const [, , seen] of GOODS) {
    const card = till.page.getByRole("link").filter({ hasText: seen }).locator("img").first();
    const address = await card.getAttribute("src", { timeout: 5_000 }).catch(() => null);
    pictures.push(address ? await (await till.page.request.get(new URL(address, till.url).href)).body() : undefined);
  }
  for (const [at, [name, price]] of GOODS.entries()) await till.addProduct(name, price, { picture: pictures[at] });
  await till.go("/sell");
  for (const name of ["Espresso", "Fresh eggs"]) await till.addToCart(name);
}

async function picture(file, address) {
  await till.go(addressOf(address, places));
  await settled(till.page);
  await till.page.screenshot({ path: join(out, file) });
}

try {
  await dress();
  mkdirSync(join(out, "readme"));
  for (const [name, address, width, height, theme, language] of README) {
    await till.page.setViewportSize({ width, height });
    await choose(till.page, { language, theme });
    await picture(`readme/${name}.png`, address);
  }
  for (const [width, height] of what === "readme" ? [] : SIZES) {
    await till.page.setViewportSize({ width, height });
    for (const theme of ["light", "dark"]) {
      for (const language of ["en", "ar"]) {
        await choose(till.page, { language, theme });
        for (const [name, address] of SCREENS) {
          const file = `${name}-${width}x${height}-${theme}-${language === "ar" ? "rtl" : "ltr"}.png`;
          await picture(file, address);
          made.push(file);
        }
      }
    }
  }
  const figures = made.map((file) => `<figure><img src="${file}"><figcaption>${file}</figcaption></figure>`);
  const style = "body{display:flex;flex-wrap:wrap;gap:12px;font:10px sans-serif}img{height:260px;border:1px solid #999}";
  writeFileSync(join(out, "index.html"), `<!doctype html><meta charset="utf-8"><style>${style}</style>${figures.join("")}`);
  const sheet = await browser.context.newPage();
  await sheet.setViewportSize({ width: 2400, height: 1200 });
  await sheet.goto(`file://${join(out, "index.html")}`);
  await sheet.screenshot({ path: join(out, "contact-sheet.png"), fullPage: true });
  console.log(`${made.length} pictures and a contact sheet in ${out}`);
} finally {
  await browser.close();
  await server.close();
}

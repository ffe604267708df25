// Pictures of every screen and of what lies over it × size × light × direction, one sheet of them all, and those of the README.
// Not a test: people look at them. With `readme` behind the folder, only those of the README; with names of screens, only those.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { furnished } from "./lib/furnished.js";
import { OPENED, SCREENS, SIZES, choose, settled, show } from "./lib/screens.js";

// Goods with pictures from the demo's market, so that the stall looks like one.
const GOODS = [
  ["Espresso", "1.80", /Café solo/],
  ["Honey", "7.90", /Alpine honey/],
  ["Apple cider", "4.50", /Apple cider/],
  ["Fresh eggs", "3.60", /[Ee]gg/],
];
const README = [
  ["market", "/category", 1280, 800, "light", "en"],
  ["sell", "/sell", 1280, 800, "light", "en"],
  ["sell-phone", "/sell", 360, 640, "dark", "en"],
  ["offer-phone", (it) => it.offer, 360, 640, "light", "en"],
  ["market-arabic", "/category", 360, 640, "light", "ar"],
  ["receipt-phone", (it) => it.receipt, 360, 640, "light", "fr"],
];

const [, , out, ...wanted] = process.argv;
const isReadme = wanted[0] === "readme";
const all = [...SCREENS, ...OPENED].filter(([name]) => wanted.length === 0 || wanted.includes(name));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const it = await furnished();
const { browser, till, guarded } = it;
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
  for (const [name] of GOODS) await till.stockOf(name, "Receive", 24);
  for (const name of ["Coffee", "Mango"]) await till.stockOf(name, "Receive", 40);
  await till.go("/sell");
  for (const name of ["Espresso", "Fresh eggs"]) await till.addToCart(name);
}

async function picture(file, entry) {
  const page = await show(it, entry);
  await page.screenshot({ path: join(out, file) });
}

async function dressed(size, theme, language) {
  for (const { page } of [till, guarded]) {
    await page.setViewportSize(size);
    await choose(page, { language, theme });
  }
}

// At one size, in one light and one direction.
async function everything(size, theme, language) {
  await dressed(size, theme, language);
  for (const entry of all) {
    const file = `${entry[0]}-${size.width}x${size.height}-${theme}-${language === "ar" ? "rtl" : "ltr"}.png`;
    await picture(file, entry);
    made.push(file);
  }
}

try {
  await dress();
  mkdirSync(join(out, "readme"));
  for (const [name, address, width, height, theme, language] of wanted.length === 0 || isReadme ? README : []) {
    await dressed({ width, height }, theme, language);
    await picture(`readme/${name}.png`, [name, address]);
  }
  for (const [width, height] of isReadme ? [] : SIZES) {
    for (const theme of ["light", "dark"]) {
      for (const language of ["en", "ar"]) await everything({ width, height }, theme, language);
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
  await it.close();
}

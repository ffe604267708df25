// Pictures of every screen × size × light × direction, and one sheet of them all. Not a test: people look at them.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SCREENS, SIZES, addressOf, choose, furnished, settled } from "./lib/screens.js";

const out = process.argv[2];
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const { server, browser, till, places } = await furnished();
const made = [];
try {
  for (const [width, height] of SIZES) {
    await till.page.setViewportSize({ width, height });
    for (const theme of ["light", "dark"]) {
      for (const language of ["en", "ar"]) {
        await choose(till.page, { language, theme });
        for (const [name, address] of SCREENS) {
          await till.go(addressOf(address, places));
          await settled(till.page);
          const file = `${name}-${width}x${height}-${theme}-${language === "ar" ? "rtl" : "ltr"}.png`;
          await till.page.screenshot({ path: join(out, file) });
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

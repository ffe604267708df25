// Standard audits (Lighthouse) of what a first visit sees, at a phone's size, for `cargo xtask audits`: accessibility, best
// practices, the installable app, and what a search engine reads. Speed is not asked here: `cargo xtask bench web` measures it.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Server } from "./lib/server.js";

// Below this a score is a failure.
const FLOORS = { accessibility: 0.95, "best-practices": 0.95, pwa: 1, seo: 0.9 };
const CHROME = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"];

const folder = process.env.SOKO_AUDIT_TOOLS;
if (!folder) throw new Error("SOKO_AUDIT_TOOLS is not set: run this with `cargo xtask audits`");
const part = (path) => import(pathToFileURL(join(folder, "node_modules", path)));
const { default: lighthouse } = await part("lighthouse/core/index.js");
const { launch } = await part("chrome-launcher/dist/index.js");

// The first stall of the market and its first product, as a search engine finds them.
async function pages(url) {
  const stall = await firstLink(`${url}/market`, /"(\/stall\/[0-9a-f]{32})"/);
  return [["market", "/market"], ["stall", stall], ["product", await firstLink(`${url}${stall}`, /"(\/stall\/[0-9a-f]{32}\/[0-9a-f]{32})"/)]];
}

async function firstLink(page, pattern) {
  const html = await (await fetch(page)).text();
  return html.match(pattern)?.[1] ?? raise(`${page} has no ${pattern}`);
}

function raise(why) {
  throw new Error(why);
}

// What lowered a score, with the first place on the page.
function findings(report, category) {
  const weighed = category.auditRefs.filter(({ weight }) => weight > 0).map(({ id }) => report.audits[id]);
  return weighed.filter(({ score }) => score !== null && score < 1).map((audit) => {
    const [item] = audit.details?.items ?? [];
    const where = item?.node?.snippet ?? item?.description ?? item?.url ?? audit.explanation ?? "";
    return `  ${audit.id}: ${audit.title} ${where}`.trimEnd();
  });
}

async function audited(address, port) {
  const flags = { port, onlyCategories: Object.keys(FLOORS), throttlingMethod: "provided", formFactor: "mobile", logLevel: "error" };
  const { lhr } = await lighthouse(address, flags);
  if (lhr.runtimeError) raise(`${address}: ${lhr.runtimeError.message}`);
  return lhr;
}

const server = await Server.begin({ demo: true, isPublic: true });
const chrome = await launch({ chromePath: process.env.SOKO_CHROMIUM, chromeFlags: CHROME, ignoreDefaultFlags: true });
try {
  let isBelow = false;
  for (const [name, path] of await pages(server.url)) {
    const report = await audited(`${server.url}${path}`, chrome.port);
    for (const [id, floor] of Object.entries(FLOORS)) {
      const category = report.categories[id];
      const fits = category.score >= floor;
      isBelow ||= !fits;
      const score = Math.round(category.score * 100);
      console.log(`${name.padEnd(8)} ${category.title.padEnd(16)} ${String(score).padStart(3)}${fits ? "" : `  below ${floor * 100}`}`);
      for (const line of findings(report, category)) console.log(line);
    }
  }
  if (isBelow) process.exitCode = 1;
} finally {
  chrome.kill();
  await server.close();
}

// What works without a network after one visit.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { WEB } from "./lib/places.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till } from "./lib/till.js";

test("after one visit the app comes up although the server is gone", async () => {
  const server = await Server.begin();
  const browser = new Browser({ whole: true });
  try {
    const context = await browser.start();
    const page = await context.newPage();
    await page.goto(server.url);
    await page.getByRole("main").waitFor();
    await keptOffline(page);
    // Whoever installs it installs it in the language that they chose, with the whole app kept, too.
    const tools = await context.newCDPSession(page);
    const installed = async () => JSON.parse((await tools.send("Page.getAppManifest")).data ?? "{}");
    assert.equal((await installed()).lang, "en");
    await page.goto(`${server.url}/settings`);
    await page.getByLabel("Language", { exact: true }).selectOption("sw");
    await comes(() => page.evaluate(() => document.documentElement.lang), "sw");
    await page.reload();
    await comes(async () => (await installed()).lang, "sw");
    await comes(async () => (await installed()).shortcuts?.[0].name, "Uza");
    await page.evaluate(() => localStorage.removeItem("soko-language"));
    await server.kill();
    for (const path of ["/", "/sell", `/stall/${"0".repeat(32)}`]) {
      const failed = [];
      page.on("pageerror", (error) => failed.push(error.message));
      await page.goto(`${server.url}${path}`);
      await page.getByRole("main").waitFor();
      assert.deepEqual(failed, []);
    }
    const state = await page.evaluate(() => fetch("/v1/me").then((it) => it.status, (error) => error.name));
    assert.equal(state, "TypeError", "the interface is never answered from what is kept");
  } finally {
    await browser.close();
    await server.close();
  }
});

test("a browser without room for the app says that it opens only with a connection, and keeps it once there is room", async () => {
  const server = await Server.begin();
  const browser = new Browser({ whole: true });
  try {
    const context = await browser.start();
    const till = await Till.open(context, server.url, "/begin");
    const tools = await context.newCDPSession(till.page);
    await tools.send("Storage.overrideQuotaForOrigin", { origin: server.url, quotaSize: 4_000_000 });
    const told = till.page.getByText(/could not be kept in this browser, so this page opens only with a connection/);
    await told.waitFor();
    await tools.send("Storage.overrideQuotaForOrigin", { origin: server.url });
    await till.go("/begin");
    await keptOffline(till.page);
    assert.equal(await told.count(), 0);
    assert.deepEqual(till.problems, []);
  } finally {
    await browser.close();
    await server.close();
  }
});

// Puts the files of a next version in place of those: another page, with another program and another worker.
function putNext(web) {
  const script = readFileSync(join(web, "sw.js"), "utf8");
  const [, version] = script.match(/VERSION = "([^"]+)"/);
  const [program] = script.match(/\/ui-[0-9a-f]{16}\.js/);
  const [worker] = script.match(/\/worker-[0-9a-f]{16}\.js/);
  const names = new Map([
    [version, "the-next-version"],
    [program, "/ui-ffffffffffffffff.js"],
    [worker, "/worker-ffffffffffffffff.js"],
  ]);
  for (const name of [program, worker]) cpSync(join(web, name), join(web, names.get(name)));
  for (const name of ["sw.js", "index.html"]) {
    // Packed forms of the old one would be served instead.
    for (const packed of [".br", ".gz"]) rmSync(join(web, name + packed), { force: true });
    let text = readFileSync(join(web, name), "utf8");
    for (const [old, one] of names) text = text.replaceAll(old, one);
    writeFileSync(join(web, name), text);
  }
  return { version, program, next: names.get(program) };
}

const programOf = (page) =>
  page.evaluate(() => {
    const paths = performance.getEntriesByType("resource").map((it) => new URL(it.name).pathname);
    return paths.find((path) => /^\/ui-[0-9a-f]{16}\.js$/.test(path));
  });

// A server whose app can be exchanged for the next version, and a browser.
async function withOwnWeb(work) {
  const web = mkdtempSync(join(tmpdir(), "soko-web-"));
  cpSync(WEB, web, { recursive: true });
  const server = await Server.begin({ web });
  const browser = new Browser({ whole: true });
  try {
    const context = await browser.start();
    await work(context, server, web);
  } finally {
    await browser.close();
    await server.close();
    rmSync(web, { recursive: true, force: true });
  }
}

// The next version has another page with another program: until it is taken, a reload is the old one throughout, so that nothing is
// written here that the old one could not read without a connection. What stands on the counter stays through all of it.
test("a new version waits until the person takes it, and the open cart stays", async () => {
  await withOwnWeb(async (context, server, web) => {
    const till = await Till.open(context, server.url);
    const { page } = till;
    await keptOffline(page);
    await till.openStall("Mama Akinyi");
    await till.addProduct("Tea", "2.50");
    await till.openDrawer();
    await till.go("/sell");
    await till.addToCart("Tea");
    const lines = () => page.locator(".counter-lines > li").count();
    await comes(lines, 1);
    const { version, program, next } = putNext(web);
    await page.reload();
    await comes(lines, 1);
    assert.equal(await programOf(page), program);
    const take = page.getByRole("button", { name: "Use it now" });
    await take.waitFor();
    const kept = () => page.evaluate(async () => (await caches.keys()).filter((it) => it.startsWith("soko-app-")));
    assert.deepEqual((await kept()).sort(), [`soko-app-${version}`, "soko-app-the-next-version"].sort());
    await Promise.all([page.waitForEvent("load"), take.click()]);
    await keptOffline(page);
    assert.deepEqual(await kept(), ["soko-app-the-next-version"]);
    assert.equal(await programOf(page), next);
    await comes(lines, 1);
    assert.deepEqual(till.problems, []);
  });
});

// A page that was there before the app's files were kept does not load itself again: nobody knows what stands on it.
test("a tab of the version before says that it is to be loaded again, and has its cart afterwards", async () => {
  await withOwnWeb(async (context, server, web) => {
    const old = await Till.open(context, server.url, "/begin");
    const { page } = old;
    await page.getByRole("textbox", { name: /^Name of the stall/ }).fill("Mama Akinyi");
    await old.button("Open the stall").click();
    await page.waitForURL((url) => url.pathname !== "/begin");
    await keptOffline(page);
    const till = await Till.open(context, server.url);
    await till.addProduct("Tea", "2.50");
    await till.openDrawer();
    const link = page.getByRole("link", { name: "Sell", exact: true }).first();
    await link.click();
    await old.addToCart("Tea");
    const lines = (which) => () => which.locator(".counter-lines > li").count();
    await comes(lines(page), 1);
    const { next } = putNext(web);
    await till.go("/today");
    const take = till.page.getByRole("button", { name: "Use it now" });
    await take.waitFor();
    await Promise.all([till.page.waitForEvent("load"), take.click()]);
    await keptOffline(till.page);
    assert.equal(await programOf(till.page), next);
    await till.go("/sales");
    assert.notEqual(await programOf(page), next, "nobody loads it again by themselves");
    await page.getByText("Soko was updated in another tab").first().waitFor();
    await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Reload", exact: true }).click()]);
    await comes(lines(page), 1);
    assert.equal(await programOf(page), next);
    await old.pay();
    await till.go("/sales");
    await comes(() => till.sales().count(), 1);
    assert.deepEqual([...old.problems, ...till.problems], []);
  });
});

// Runs in the page before its own script: what the app asks of the browser is answered once `window.go` is set, and then a next
// version is found and still on its way.
function findsOneOnTheWay() {
  const { register } = ServiceWorkerContainer.prototype;
  let answer;
  ServiceWorkerContainer.prototype.register = function (...about) {
    answer ??= (async () => {
      const registration = await register.apply(this, about);
      window.asked = true;
      await new Promise((done) => (window.go = done));
      const found = new Promise((done) => registration.addEventListener("updatefound", done, { once: true }));
      registration.update();
      await found;
      window.found = registration.installing?.state;
      return registration;
    })();
    return answer;
  };
}

test("a version that was on its way before anybody looked is offered when it is there", async () => {
  await withOwnWeb(async (context, server, web) => {
    const { page } = await Till.open(context, server.url);
    await keptOffline(page);
    await page.addInitScript(findsOneOnTheWay);
    await page.reload();
    await page.waitForFunction(() => window.asked);
    putNext(web);
    await page.evaluate(() => window.go());
    await page.getByRole("button", { name: "Use it now" }).waitFor();
    assert.equal(await page.evaluate(() => window.found), "installing");
  });
});

test("a version that one tab takes leaves what is half typed in another", async () => {
  await withOwnWeb(async (context, server, web) => {
    const one = await Till.open(context, server.url);
    await keptOffline(one.page);
    await one.openStall("Mama Akinyi");
    const other = await Till.open(context, server.url, "/products/new");
    const name = other.page.getByRole("textbox", { name: /^Name/ });
    await name.fill("Tea of the hi");
    const { next } = putNext(web);
    await one.go("/today");
    const take = one.page.getByRole("button", { name: "Use it now" });
    await take.waitFor();
    await Promise.all([one.page.waitForEvent("load"), take.click()]);
    await keptOffline(one.page);
    assert.equal(await programOf(one.page), next);
    await other.page.getByText("Soko was updated in another tab").first().waitFor();
    assert.equal(await name.inputValue(), "Tea of the hi");
    await Promise.all([other.page.waitForEvent("load"), other.button("Reload").click()]);
    assert.equal(await programOf(other.page), next);
    assert.deepEqual([...one.problems, ...other.problems], []);
  });
});

// The engine in its worker, without the screens: what was answered is kept, whatever happens to tabs and browser.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Browser } from "./lib/browser.js";
import { Frames, foundStall, makeSale, newId, openShift, sales } from "./lib/frames.js";
import { WEB } from "./lib/places.js";
import { Site } from "./lib/site.js";
import { WorkerPage } from "./lib/worker-page.js";

const KILLS = 5;
let site;
let frames;
before(async () => {
  site = await new Site().start();
  frames = new Frames();
});
after(() => {
  site.close();
  frames.close();
});

async function withBrowser(work, options) {
  const browser = new Browser({ whole: true, ...options });
  try {
    await browser.start();
    await work(browser);
  } finally {
    await browser.close();
  }
}

const open = (browser, options) => WorkerPage.open(browser.context, site, frames, options);

async function beginStall(page) {
  const stall = newId();
  assert.deepEqual(await page.call(foundStall(stall, "Stall")), { device: "done" });
  assert.deepEqual(await page.call(openShift(stall)), { done: "done" });
  return stall;
}

async function soldIn(page, stall) {
  const found = [];
  for (;;) {
    const answer = await page.call(sales(stall, found.length));
    const rows = answer.view?.sales ?? assert.fail(JSON.stringify(answer));
    if (rows.length === 0) return found.map((row) => row.sale);
    found.push(...rows);
  }
}

async function sell(page, stall) {
  const sale = newId();
  const answer = await page.call(makeSale(stall, sale));
  assert.equal(answer.done?.sold?.sale, sale, JSON.stringify(answer));
  return sale;
}

test("a sale outlives the page, and the page is told that it keeps something", async () => {
  await withBrowser(async (browser) => {
    const page = await open(browser);
    const stall = await beginStall(page);
    const sale = await sell(page, stall);
    assert.equal(await page.state("keepsOwn"), true);
    await page.page.close();
    const again = await open(browser, { hadOwn: true });
    assert.deepEqual(await soldIn(again, stall), [sale]);
  });
});

// The worker asks before it answers, and instead of an answer the browser is killed: nothing that is not on the disk
// yet can get there afterwards.
test("first hour 5: no sale is lost when the whole browser is killed at the instant of its answer", async () => {
  const site = await new Site().start();
  const browser = new Browser({ whole: true });
  const sold = [];
  let answered = 0;
  let killAt = Infinity;
  await site.confirmSales("/confirm", (_, response) => {
    answered += 1;
    if (answered < killAt) response.end();
    else browser.kill();
  });
  try {
    let stall;
    for (let round = 0; round <= KILLS; round += 1) {
      await browser.start();
      const page = await WorkerPage.open(browser.context, site, frames);
      stall ??= await beginStall(page);
      assert.deepEqual((await soldIn(page, stall)).sort(), [...sold].sort(), `after ${round} kills`);
      killAt = answered + 1 + round * 3;
      const killed = browser.context.waitForEvent("close");
      while (answered < killAt && round < KILLS) {
        sold.push(newId());
        await Promise.race([page.call(makeSale(stall, sold.at(-1))).catch(() => {}), killed]);
      }
      await browser.context.close().catch(() => {});
    }
    assert.equal(answered, sold.length);
    assert.equal(sold.length, 35);
  } finally {
    await browser.close();
    site.close();
  }
});

test("a second tab works through the first and takes over when it is closed", async () => {
  await withBrowser(async (browser) => {
    const first = await open(browser);
    const stall = await beginStall(first);
    const second = await open(browser);
    const sold = [await sell(second, stall), await sell(first, stall)];
    // Both hear of what happened in either.
    for (const page of [first, second]) {
      const told = await page.told();
      assert.ok(told.some((it) => it.stall?.keys.includes("sales")), JSON.stringify(told));
    }
    // Some of these are answered by the one, the rest by the other: none twice, none never.
    const under_way = Array.from({ length: 40 }, () => sell(second, stall));
    await first.page.close();
    sold.push(...(await Promise.all(under_way)));
    assert.deepEqual((await soldIn(second, stall)).sort(), sold.sort());
  });
});

test("a tab that nobody sees lets one lead that is looked at", async () => {
  await withBrowser(async (browser) => {
    const first = await open(browser);
    const stall = await beginStall(first);
    const second = await open(browser);
    await sell(second, stall);
    await first.post({ visible: false });
    await second.post({ visible: true });
    await first.page.waitForFunction(() => window.soko.ended.length > 0);
    assert.deepEqual(await first.state("ended"), ["another tab leads"]);
    const sold = await sell(first, stall);
    await first.page.close();
    assert.ok((await soldIn(second, stall)).includes(sold));
  });
});

test("tabs of two versions share no engine: the later one goes on, the others say that they are to be loaded again", async () => {
  await withBrowser(async (browser) => {
    const first = await open(browser);
    const stall = await beginStall(first);
    const second = await open(browser);
    const sold = [await sell(second, stall)];
    const next = await WorkerPage.open(browser.context, await site.next(), frames);
    sold.push(await sell(next, stall));
    for (const old of [first, second]) {
      await old.page.waitForFunction(() => window.soko.outdated);
      assert.deepEqual(await old.call(makeSale(stall, newId())), { broken: "update.elsewhere\n\n" });
    }
    // Also one that a browser had put aside, and that begins a worker when it is shown again.
    await first.restart();
    assert.deepEqual(await first.call(makeSale(stall, newId())), { broken: "update.elsewhere\n\n" });
    assert.deepEqual((await soldIn(next, stall)).sort(), sold.sort());
    // Loaded again, they are the next version, and work through it.
    for (const old of [first, second]) await old.page.close();
    const again = await WorkerPage.open(browser.context, await site.next(), frames);
    sold.push(await sell(again, stall));
    assert.deepEqual((await soldIn(next, stall)).sort(), sold.sort());
    assert.equal(await next.state("outdated"), false);
  });
});

test("what an older tab had not answered when the next version came is done once or not at all, and it says so", async () => {
  await withBrowser(async (browser) => {
    const old = await open(browser);
    const stall = await beginStall(old);
    const tried = Array.from({ length: 40 }, () => newId());
    const under_way = Promise.all(tried.map((sale) => old.call(makeSale(stall, sale))));
    const next = await WorkerPage.open(browser.context, await site.next(), frames);
    const own = await sell(next, stall);
    const answers = await under_way;
    await old.page.waitForFunction(() => window.soko.outdated);
    const answered = tried.filter((_, at) => answers[at].done);
    const kept = await soldIn(next, stall);
    assert.equal(new Set(kept).size, kept.length);
    assert.ok([...answered, own].every((sale) => kept.includes(sale)));
  });
});

test("a worker that broke is replaced, and what it had not answered is done once", async () => {
  await withBrowser(async (browser) => {
    const page = await open(browser);
    const stall = await beginStall(page);
    const [sold] = await Promise.all([
      Promise.all(Array.from({ length: 20 }, () => sell(page, stall))),
      page.post(null), // No message is that: the worker's script fails in the middle of the calls.
    ]);
    assert.equal((await page.state("ended")).length, 1);
    assert.deepEqual((await soldIn(page, stall)).sort(), sold.sort());
  });
});

// From now on the engine ends over one call, as by a panic, and answers another only from its `answers`th start on.
async function troubled(site, answers) {
  const script = await readFile(join(WEB, site.worker), "utf8");
  const [engine] = script.match(/\/engine-[0-9a-f]{16}\.js/);
  let starts = 0;
  const js = (text) => (_, response) => response.writeHead(200, { "content-type": "text/javascript" }).end(text());
  site.handlers.set("/troubled-engine.js", js(() => `
    import init, { open as begin } from "${engine}";
    export default init;
    export async function open(tell) {
      const real = await begin(tell);
      const is = (bytes, word) => new TextDecoder("latin1").decode(bytes).includes(word);
      const call = (bytes) => {
        if (is(bytes, "poison")) queueMicrotask(() => { throw new Error("poison"); });
        if (is(bytes, "poison") || (is(bytes, "slow") && ${(starts += 1)} < ${answers})) return new Promise(() => {});
        return real.call(bytes);
      };
      return { call, has_own: () => real.has_own(), expect_own: () => real.expect_own(), close: () => real.close() };
    }`));
  site.handlers.set(site.worker, js(() => script.replaceAll(engine, "/troubled-engine.js")));
}

const ENDED_PROGRAM = /^undone\.ended-program/;

test("a call that ends the program again and again is given up by itself: what was open beside it is answered", async () => {
  const site = await new Site().start();
  await troubled(site, 4);
  try {
    await withBrowser(async (browser) => {
      const page = await WorkerPage.open(browser.context, site, frames);
      const [slow, poison] = await Promise.all(["slow", "poison"].map((key) => page.call({ kept: { key } })));
      assert.match(poison.broken, ENDED_PROGRAM);
      assert.deepEqual(slow, { kept: [] });
      assert.equal((await page.state("ended")).length, 3);
    });
  } finally {
    site.close();
  }
});

test("a call outlives any number of tabs that let each other lead", async () => {
  const site = await new Site().start();
  await troubled(site, 6);
  try {
    await withBrowser(async (browser) => {
      const tabs = [await WorkerPage.open(browser.context, site, frames)];
      await tabs[0].call({ kept: { key: "any" } });
      tabs.push(await WorkerPage.open(browser.context, site, frames));
      await tabs[1].call({ kept: { key: "any" } });
      const waiting = tabs[0].call({ kept: { key: "slow" } });
      for (let turn = 0; turn < 5; turn += 1) {
        const [leads, follows] = turn % 2 ? [tabs[1], tabs[0]] : tabs;
        await leads.post({ visible: false });
        await follows.post({ visible: true });
        await leads.page.waitForFunction((count) => window.soko.ended.length === count, Math.floor(turn / 2) + 1);
        await follows.call({ kept: { key: "any" } });
      }
      assert.deepEqual(await waiting, { kept: [] });
    });
  } finally {
    site.close();
  }
});

test("a full disk is said in plain words, costs nothing that was answered, and passes", async () => {
  await withBrowser(async (browser) => {
    const page = await open(browser);
    const stall = await beginStall(page);
    const sold = [await sell(page, stall)];
    const tools = await browser.context.newCDPSession(page.page);
    await tools.send("Storage.overrideQuotaForOrigin", { origin: site.url, quotaSize: 1 });
    let refused;
    for (let tries = 0; !refused && tries < 5000; tries += 1) {
      const sale = newId();
      const answer = await page.call(makeSale(stall, sale));
      if (answer.done) sold.push(sale);
      else refused = answer;
    }
    assert.equal(refused?.refused?.code, "disk_full", JSON.stringify(refused));
    assert.deepEqual((await soldIn(page, stall)).sort(), [...sold].sort(), "reading goes on");
    await tools.send("Storage.overrideQuotaForOrigin", { origin: site.url });
    sold.push(await sell(page, stall));
    assert.deepEqual((await soldIn(page, stall)).sort(), sold.sort());
  });
});

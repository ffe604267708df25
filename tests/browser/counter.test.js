// Behind the counter, through the screens, with the network off.

import assert from "node:assert/strict";
import { test } from "node:test";
import { comes } from "./lib/seen.js";
import { Till, anyName } from "./lib/till.js";
import { afterOneVisit } from "./lib/visit.js";

test("first hour 1: a stall, a product with a picture and a sale, without a server, and nothing is lost by reloading", async () => {
  await afterOneVisit(async (till) => {
    const tea = anyName("Tea");
    await till.openStall("Mama Akinyi");
    await till.addProduct(tea, "2.50", { picture: true });
    await till.openDrawer();
    await till.page.getByRole("searchbox").first().fill(tea.slice(0, -1));
    await till.product(tea).first().waitFor();
    await till.addToCart(tea);
    // The cart is the engine's: it is there after a reload, and so is the picture that no server has.
    await till.go("/sell");
    await till.page.getByRole("complementary", { name: "Cart" }).getByRole("button", { name: new RegExp(tea) }).waitFor();
    await till.page.waitForFunction(() => {
      const pictures = [...document.querySelectorAll("img[src^='/pictures/']")];
      return pictures.length > 0 && pictures.every((it) => it.complete && it.naturalWidth > 0);
    });
    assert.equal(await till.pay(), 1);
    await till.page.reload();
    await till.go("/sales");
    await till.page.getByText(/2\.50/).first().waitFor();
    assert.equal(await till.sell(tea), 2);
  });
});

test("what is typed while a picture is made stays, and nothing is saved without it", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    const tea = anyName("Tea");
    await till.openStall("Mama Akinyi");
    await till.go("/products/new");
    await page.evaluate(() => {
      const read = window.createImageBitmap.bind(window);
      const waits = new Promise((done) => (window.goOn = done));
      window.createImageBitmap = (...of) => waits.then(() => read(...of));
    });
    await till.choosePicture();
    await page.getByText("Making it smaller").waitFor();
    await page.getByRole("textbox", { name: /^Name/ }).fill(tea);
    await page.getByRole("textbox", { name: /^Price/ }).first().fill("2.50");
    await comes(() => till.button("Save").isDisabled(), true);
    await page.evaluate(() => window.goOn());
    await page.locator("img[src^='/pictures/']").first().waitFor();
    assert.equal(await page.getByRole("textbox", { name: /^Name/ }).inputValue(), tea);
    await till.button("Save").click();
    await page.getByText(`${tea} is on offer`).first().waitFor();
    await till.go("/sell");
    await till.product(tea).locator("img[src^='/pictures/']").waitFor();
  });
});

test("first hour 4: a browser that is killed right after a sale still has it, and the next number follows", async () => {
  await afterOneVisit(async (till, browser, server) => {
    const tea = anyName("Tea");
    await till.openStall("Mama Akinyi");
    await till.addProduct(tea, "2.50");
    await till.openDrawer();
    assert.equal(await till.sell(tea), 1);
    browser.kill();
    await browser.context.close().catch(() => {});
    await browser.start();
    const again = await Till.open(browser.context, server.url, "/sales");
    await again.page.getByText(/2\.50/).first().waitFor();
    assert.equal(await again.sell(tea), 2);
    assert.deepEqual(again.problems, []);
  }, { whole: true });
});

test("a script in a product's name is a name", async () => {
  await afterOneVisit(async (till) => {
    const evil = `<img src=x onerror="window.broken=1"><script>window.broken=1</script>`;
    await till.openStall(evil);
    await till.addProduct(evil, "1");
    await till.openDrawer();
    for (const path of ["/sell", "/products", "/stock", "/today"]) {
      await till.go(path);
      await till.page.getByText(evil).first().waitFor();
      assert.equal(await till.page.evaluate(() => window.broken), undefined, path);
    }
  });
});

test("a link that somebody forged leads nowhere and does nothing", async () => {
  await afterOneVisit(async (till) => {
    await till.openStall("Mama Akinyi");
    for (const path of [
      "/stall/..%2f..%2fv1",
      "/products/%3Cscript%3Ewindow.broken=1%3C/script%3E",
      "/search?q=%3Cimg%20src=x%20onerror=window.broken=1%3E",
      "/sell/receipt/javascript:window.broken=1",
      "/no/such/screen",
    ]) {
      await till.go(path);
      assert.equal(await till.page.evaluate(() => window.broken), undefined, path);
      assert.equal(new URL(till.page.url()).origin, till.url);
    }
  });
});

// A browser may put a page aside whole when it is left. Several that each held the engine's files ended the renderer.
test("going back and forth sixteen times, between pages that the browser keeps whole, loses nothing", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    const tea = anyName("Tea");
    const ended = [];
    page.on("crash", () => ended.push(page.url()));
    await page.addInitScript(() => {
      addEventListener("pageshow", ({ persisted }) => {
        if (persisted) sessionStorage.returned = Number(sessionStorage.returned ?? 0) + 1;
      });
    });
    await till.openStall("Mama Akinyi");
    await till.addProduct(tea, "2.50");
    await till.openDrawer();
    const pages = ["/products", "/stock", "/sell"];
    for (const path of pages) await till.go(path);
    let at = pages.length - 1;
    for (let round = 1; round <= 4; round += 1) {
      await till.addToCart(tea);
      // The register added it up after it had kept the cart.
      const sum = (round * 2.5).toFixed(2);
      await page.getByRole("link", { name: new RegExp(`^Pay .*${sum}`) }).or(till.button(new RegExp(`^Pay .*${sum}`))).first().waitFor();
      for (const step of [-1, -1, 1, 1]) {
        at += step;
        // The page that asks is gone when the other one comes.
        await page.evaluate((it) => void setTimeout(() => history.go(it)), step);
        await page.waitForURL(`${till.url}${pages[at]}`, { waitUntil: "commit" });
        await page.getByRole("main").getByText(tea).first().waitFor();
      }
    }
    assert.deepEqual(ended, []);
    assert.equal(await till.pay(), 1);
    await page.getByText(/10\.00/).first().waitFor();
    const returned = await page.evaluate(() => Number(sessionStorage.returned ?? 0));
    assert.ok(returned >= 8, `only ${returned} pages came back whole`);
  }, { whole: true, without: ["--disable-back-forward-cache"] });
});

test("data that is cleared while the page is open is told at once, and told again at the next start", async () => {
  await afterOneVisit(async (till, browser) => {
    await till.openStall("Mama Akinyi");
    await till.go("/products/new");
    await till.page.getByRole("textbox", { name: /^Name/ }).fill("Tea");
    await till.page.getByRole("textbox", { name: /^Price/ }).first().fill("2");
    const tools = await browser.context.newCDPSession(till.page);
    await tools.send("Storage.clearDataForOrigin", { origin: till.url, storageTypes: "file_systems" });
    await till.button("Save").click();
    await till.page.getByText("Not saved · gone when you close the page").first().waitFor();
    await till.page.reload();
    await till.page.getByRole("button", { name: /needs your attention/ }).click();
    await till.page.getByRole("dialog").getByText(/This browser cleared what Soko kept here/).waitFor();
  });
});

// Runs in a page that has no engine. The last fifth of the database, as a bad disk would; but not where it says which
// tables there are, for without that nothing of it can be read.
async function damage() {
  const root = await navigator.storage.getDirectory();
  const folder = await (await root.getDirectoryHandle("soko")).getDirectoryHandle(".opaque");
  const sizes = {};
  for await (const handle of folder.values()) {
    const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    const name = new TextDecoder().decode(bytes.slice(0, 64)).replace(/\0.*/s, "").replace("/", "");
    if (name) sizes[name] = bytes.length;
    if (name !== "register.sqlite") continue;
    const [head, page] = [4096, 4096];
    const first = Math.floor((bytes.length * 0.6) / page);
    for (let at = head + first * page; at < bytes.length; at += page) {
      const text = new TextDecoder("latin1").decode(bytes.slice(at, at + page));
      if (!/create (table|index|unique)/i.test(text)) bytes.fill(0xa5, at, at + page);
    }
    // The engine of the page before gives its files back a moment after that page has gone.
    const free = () =>
      handle.createWritable().catch((error) => {
        if (error.name !== "NoModificationAllowedError") throw error;
        return new Promise((again) => setTimeout(again, 20)).then(free);
      });
    const writing = await free();
    await writing.write(bytes);
    await writing.close();
  }
  return sizes;
}

test("a damaged database is told and set aside, what verifies is taken out of it, and selling goes on", async () => {
  await afterOneVisit(async (till, browser) => {
    const tea = anyName("Tea");
    await till.openStall("Mama Akinyi");
    await till.addProduct(tea, "2.50");
    await till.openDrawer();
    for (const number of [1, 2, 3]) assert.equal(await till.sell(tea), number);
    // Another tab takes over: the first one closes its files in order, so that all of it is in the database itself.
    const second = await Till.open(browser.context, till.url, "/sales");
    await till.page.evaluate(() => {
      Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
      Object.defineProperty(document, "hidden", { get: () => true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await second.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await second.page.getByText(/2\.50/).first().waitFor();
    await till.page.close();
    const { page } = second;
    await page.getByText(/2\.50/).first().waitFor();
    // A page of the site that starts no engine.
    await page.goto(`${till.url}/manifest.webmanifest`);
    const before = await page.evaluate(damage);
    assert.ok(before["register.sqlite"] > 8192, JSON.stringify(before));

    await second.go("/sales");
    await page.getByRole("button", { name: /needs your attention/ }).click();
    const centre = page.getByRole("dialog");
    await centre.getByText(/was damaged\. It was set aside, not deleted/).waitFor();
    await centre.getByRole("link", { name: "Devices" }).first().click();
    await second.button("Renew this register").click();
    await second.openDrawer();
    assert.equal(await second.sell(tea), 1, "it is a register of its own now");
    await second.go("/sales");
    await page.getByText("Sale 3").waitFor();
    await comes(() => second.sales().count(), 4);
    await page.goto(`${till.url}/manifest.webmanifest`);
    const after = await page.evaluate(damage);
    assert.equal(after["register.sqlite"], before["register.sqlite"], "what was damaged is still there");
    assert.ok(after["register-2.sqlite"], JSON.stringify(after));
  });
});

// Each has its own counter, and an address may say which one it is about.
test("two stalls on one device: one is shown, the other waits with what lies on its counter", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    await till.openStall("Mama Akinyi");
    await till.addProduct("Tea", "2.50");
    await till.openDrawer();
    await till.addToCart("Tea");
    const lines = () => page.locator(".counter-lines > li").count();
    await comes(lines, 1);
    const first = await page.evaluate(() => localStorage.getItem("soko-stall"));

    await till.go("/settings");
    await page.getByRole("button", { name: /^Stalls on this device/ }).click();
    await page.getByRole("dialog", { name: "Stalls on this device" }).getByRole("link", { name: "Open one more" }).click();
    await page.getByRole("textbox", { name: /^Name of the stall/ }).fill("Evening stall");
    await till.button("Open the stall").click();
    await page.waitForURL((url) => url.pathname !== "/begin");
    await till.addProduct("Soup", "4.00");
    await till.openDrawer();
    await till.product("Soup").first().waitFor();
    assert.equal(await till.product("Tea").count(), 0, "nothing of the other stall");
    assert.equal(await lines(), 0);

    const change = async (name) => {
      await page.getByRole("banner").getByRole("button", { name: "Other stalls" }).click();
      await page.getByRole("dialog").getByRole("button", { name }).click();
      await page.getByRole("banner").getByText(name).waitFor();
    };
    await change("Mama Akinyi");
    await till.product("Tea").first().waitFor();
    await comes(lines, 1);
    await change("Evening stall");
    await comes(lines, 0);
    // As a notification about the first one leads there.
    await page.goto(new URL(`/products?at=${first}`, page.url()).href);
    await page.getByRole("banner").getByText("Mama Akinyi").waitFor();
    await page.getByText("Tea").first().waitFor();
    assert.equal(new URL(page.url()).pathname, "/products");
  });
});

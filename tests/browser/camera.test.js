// Codes read with the camera, offline: Chromium shows a film of one instead of what a camera sees.

import assert from "node:assert/strict";
import { copyFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { filmOf, filmOfPart } from "./lib/codes.js";
import { keptOffline } from "./lib/kept.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";
import { afterOneVisit, opened } from "./lib/visit.js";

const CODE = "4006381333931";
const filming = (film) => ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${film}`];

test("a code before the camera fills in a form, and then sells", async () => {
  const film = filmOf(CODE);
  const args = filming(film);
  try {
    await afterOneVisit(async (till) => {
      const { page } = till;
      await opened(till, "2.50");
      const honey = anyName("Honey");
      await till.go("/products/new");
      await page.getByRole("textbox", { name: /^Name/ }).fill(honey);
      await page.getByRole("textbox", { name: /^Price/ }).first().fill("7.20");
      await page.locator("details summary").first().click();
      await till.button("Read codes with the camera").click();
      await page.getByText(`Read: ${CODE}`).waitFor();
      await comes(() => page.getByRole("textbox", { name: /^Barcodes/ }).inputValue(), CODE);
      await till.button("Save").click();
      await page.getByText(`${honey} is on offer`).first().waitFor();

      await till.go("/sell");
      await till.button("Read codes with the camera").click();
      const cart = page.getByRole("complementary", { name: "Cart" });
      await cart.getByRole("button", { name: new RegExp(honey) }).first().waitFor();
      await page.getByText(`Read: ${CODE}`).waitFor();
      await till.button("Close the camera").click();
      await page.locator("video").waitFor({ state: "detached" });
      // It stayed before the camera all the time, and is one.
      await till.pay();
      await page.getByRole("article").getByText(/7\.20/).first().waitFor();
    }, { whole: true, args });
  } finally {
    rmSync(dirname(film), { recursive: true });
  }
});

// How far apart the darkest and the brightest point of a picture are.
const contrast = (picture) =>
  picture.evaluate(async (img) => {
    await img.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: img.naturalWidth, height: img.naturalHeight });
    const context = canvas.getContext("2d");
    context.drawImage(img, 0, 0);
    const greens = context.getImageData(0, 0, canvas.width, canvas.height).data.filter((_, at) => at % 4 === 1);
    return greens.reduce((most, it) => Math.max(most, it), 0) - greens.reduce((least, it) => Math.min(least, it), 255);
  });

test("a product gets its picture from the camera, and the camera is off afterwards", async () => {
  const film = filmOf(CODE);
  try {
    await afterOneVisit(async (till) => {
      const { page } = till;
      const honey = anyName("Honey");
      await till.openStall("Mama Akinyi");
      await till.go("/products/new");
      await page.getByRole("textbox", { name: /^Name/ }).fill(honey);
      await till.button("Take a picture").click();
      await till.button("Take it").click();
      const picture = page.locator("img[src^='/pictures/']").first();
      await picture.waitFor();
      await page.locator("video").waitFor({ state: "detached" });
      assert.ok((await contrast(picture)) > 100, "it shows the bars of the code that was held before it");
      await page.getByRole("textbox", { name: /^Price/ }).first().fill("7.20");
      await till.button("Save").click();
      await page.getByText(`${honey} is on offer`).first().waitFor();
      await till.go("/sell");
      await till.product(honey).locator("img[src^='/pictures/']").waitFor();
    }, { whole: true, args: filming(film) });
  } finally {
    rmSync(dirname(film), { recursive: true });
  }
});

test("a device joins a stall by the code on the screen of another one", async () => {
  const server = await Server.begin();
  const first = new Browser();
  let second = null;
  try {
    await first.start();
    const owner = await Till.open(first.context, server.url);
    const tea = await opened(owner, "2.50");
    await owner.connect("akinyi@example.org");
    await owner.page.getByText("Mama Akinyi is connected").first().waitFor();
    await owner.invite();
    const film = await filmOfPart(first.context, owner.page.locator(".invitation svg").first());
    second = new Browser({ whole: true, args: filming(film) });
    await second.start();
    const till = await Till.open(second.context, server.url, "/devices");
    await till.button("Read codes with the camera").click();
    await comes(() => till.field("Invitation").inputValue().then((text) => text.startsWith("soko:")), true);
    await till.page.getByRole("textbox", { name: /^Name of this device/ }).fill("Phone");
    await till.button("Join the stall").click();
    await till.page.waitForURL((url) => url.pathname === "/sell");
    await till.product(tea).first().waitFor();
    rmSync(dirname(film), { recursive: true });
  } finally {
    await second?.close();
    await first.close();
    await server.close();
  }
});

// A buyer without an account orders one tea of five that the shop has; answers the path of the order's page and the stall's identity.
async function orderedTea(till, shopper) {
  const tea = anyName("Tea");
  await till.openStall("Mama Akinyi");
  await till.addProduct(tea, "2.50");
  await till.openDrawer();
  await till.stockOf(tea, "Receive", 10);
  await till.connect("akinyi@example.org");
  await till.page.getByText("Mama Akinyi is connected").first().waitFor();
  await till.stockOf(tea, "Give back", 5);
  await till.page.getByText("Saved here · all sent").first().waitFor();
  await shopper.go("/market");
  await shopper.page.getByRole("link", { name: new RegExp(tea) }).first().click();
  const [, , stall] = new URL(shopper.page.url()).pathname.split("/");
  await shopper.button("Put in basket").click();
  await shopper.page.getByText("In your basket: 1.").first().waitFor();
  await shopper.go("/basket");
  await shopper.button("Order from Mama Akinyi").click();
  await shopper.order();
  await shopper.page.getByText("the stall was told").first().waitFor();
  return { path: new URL(shopper.page.url()).pathname, stall };
}

// As a scanner types, with Enter behind it: so many letters one by one from here would be slower than any scanner on a busy machine.
async function scan(till, code) {
  await till.page.evaluate((keys) => {
    for (const key of keys) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }, [...code, "Enter"]);
}

test("first hour 24: pickup by QR with the server killed: what the buyer shows opens the order at the stall, and what is not to be handed over is said", async () => {
  const film = filmOf(CODE);
  const server = await Server.begin();
  const [seller, buyer] = [new Browser({ whole: true, args: filming(film) }), new Browser()];
  try {
    await seller.start();
    await buyer.start();
    const till = await Till.open(seller.context, server.url);
    const shopper = await Till.open(buyer.context, server.url, "/market");
    const { path, stall } = await orderedTea(till, shopper);
    await till.go("/orders");
    await till.page.getByRole("main").getByRole("link", { name: /Order/ }).click();
    for (const tap of ["Accept", "It is packed", "Ready to fetch"]) await till.button(tap).click();
    await shopper.page.getByText("Come now").first().waitFor();
    await keptOffline(till.page);
    await keptOffline(shopper.page);
    await server.kill();

    await shopper.go(path);
    const shown = shopper.page.getByRole("region", { name: "Show this at the stall" });
    await shown.getByText(path.split("/").at(-1).slice(0, 6).toUpperCase(), { exact: true }).waitFor();
    const seen = await filmOfPart(buyer.context, shown.getByRole("img"));
    copyFileSync(seen, film);
    rmSync(dirname(seen), { recursive: true });
    await till.go("/orders");
    await till.button("Read codes with the camera").click();
    const order = path.replace("/my-orders", "/orders");
    await till.page.waitForURL((url) => url.pathname === order);
    await till.button("Handed over").click();
    await till.page.getByRole("dialog").getByRole("button", { name: "Money taken, goods handed over" }).click();
    await till.page.getByRole("dialog").waitFor({ state: "detached" });

    // The same again, by a scanner that types; one of another stall, and one that nobody knows.
    const other = order.replace(/[0-9a-f]{32}$/, "f".repeat(32));
    await scan(till, `${server.url}${order}?at=${stall}`);
    await till.page.getByText(/was handed over already/).first().waitFor();
    await scan(till, `${server.url}${order}?at=${"e".repeat(32)}`);
    await till.page.getByText(/was placed at another stall/).first().waitFor();
    await scan(till, `${server.url}${other}?at=${stall}`);
    await till.page.getByText("Order FFFFFF is not known on this device").first().waitFor();
    assert.equal(new URL(till.page.url()).pathname, order);

    await server.start();
    await shopper.page.getByText("You have your goods").first().waitFor();
    await comes(() => shown.count(), 0);
    assert.deepEqual([...till.problems, ...shopper.problems], []);
  } finally {
    rmSync(dirname(film), { recursive: true });
    await seller.close();
    await buyer.close();
    await server.close();
  }
});

test("whoever did not allow the camera is told how to", async () => {
  await afterOneVisit(async (till) => {
    await opened(till, "2.50");
    await till.go("/sell");
    await till.button("Read codes with the camera").click();
    await till.page.getByText(/does not let this page use the camera/).waitFor();
  }, { whole: true, args: ["--use-fake-device-for-media-stream", "--deny-permission-prompts"] });
});

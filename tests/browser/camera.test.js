// Codes read with the camera, offline: Chromium shows a film of one instead of what a camera sees.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { filmOf, filmOfPart } from "./lib/codes.js";
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

test("whoever did not allow the camera is told how to", async () => {
  await afterOneVisit(async (till) => {
    await opened(till, "2.50");
    await till.go("/sell");
    await till.button("Read codes with the camera").click();
    await till.page.getByText(/does not let this page use the camera/).waitFor();
  }, { whole: true, args: ["--use-fake-device-for-media-stream", "--deny-permission-prompts"] });
});

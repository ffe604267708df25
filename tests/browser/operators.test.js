// The operators' console in a real browser: by name, with reasons, and what one did the other sees.

import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { axeSource } from "./lib/places.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";

const PASSWORD = "rain on a tin roof";
const WHY = "ticket 4711: sells what is not theirs";

async function account(server, email) {
  const body = JSON.stringify({ email, password: PASSWORD });
  const made = await fetch(`${server.url}/v1/accounts`, { method: "POST", headers: { "content-type": "application/json" }, body });
  assert.equal(made.status, 201);
}

async function barriers(page, where) {
  await page.evaluate(axeSource());
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  assert.deepEqual(violations.map((it) => `${where}: ${it.id} ${it.nodes.map((node) => node.target).join(" ")}`), []);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(beyond <= 0, `${where} is ${beyond} pixels wider than the screen`);
}

async function open(context, server, wrong) {
  const page = await context.newPage();
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (line) => line.type() === "error" && !/ 4\d\d /.test(line.text()) && wrong.push(line.text()));
  await page.goto(`${server.url}/operator/console`);
  return page;
}

async function signIn(page, email) {
  await page.getByRole("textbox", { name: "E-mail address" }).fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation").waitFor();
  assert.equal(await page.getByLabel("The operator’s key").isVisible(), false, "nobody who is in is asked for more");
}

// Through the dialog that asks why.
async function because(page, title, why) {
  const dialog = page.getByRole("dialog", { name: title });
  await dialog.getByLabel(/^Why/).fill(why);
  await dialog.getByRole("button", { name: title }).click();
  return dialog;
}

const inMarket = async (server, name) => (await (await fetch(`${server.url}/v1/market/stalls`)).text()).includes(name);

test("an operator blocks a stall and looks at a person, and another one sees it", async () => {
  const key = randomBytes(20).toString("hex");
  const server = await Server.begin({ options: ["--operator-key", key] });
  const [browser, other] = [new Browser(), new Browser()];
  const wrong = [];
  try {
    await browser.start();
    const till = await Till.open(browser.context, server.url);
    const [name, owner] = [anyName("Akinyi"), `owner-${randomInt(1e9)}@example.org`];
    await till.openStall(name);
    await till.addProduct(anyName("Tea"), "2.50");
    await till.connect(owner);
    await till.page.getByText("Saved here · all sent").first().waitFor();
    assert.ok(await inMarket(server, name));
    for (const email of ["admin@example.org", "second@example.org"]) await account(server, email);

    // With the key, somebody is named; that is all that it decides.
    await other.start();
    const page = await open(other.context, server, wrong);
    await barriers(page, "entry");
    await page.getByLabel("The operator’s key").fill("guessed");
    await page.getByRole("button", { name: "Go on with the key" }).click();
    await page.getByRole("alert").filter({ hasText: "no operator’s key" }).waitFor();
    await page.getByLabel("The operator’s key").fill(key);
    await page.getByRole("button", { name: "Go on with the key" }).click();
    await page.getByRole("button", { name: "Make somebody an operator" }).click();
    await page.getByRole("dialog").getByLabel("E-mail address").fill("admin@example.org");
    await barriers(page, "naming");
    await because(page, "Make somebody an operator", "runs the market");
    await page.getByRole("row", { name: /admin@example.org/ }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Make somebody an operator" }).count(), 0, "the first admin is there");
    await page.getByRole("link", { name: "Stalls", exact: true }).click();
    await page.getByRole("row", { name: new RegExp(name) }).waitFor();
    assert.equal(await page.getByRole("button", { name: /^Block/ }).count(), 0, "a key blocks nobody");
    await page.getByRole("button", { name: "Sign out" }).click();

    // By name. A second person only looks.
    await signIn(page, "admin@example.org");
    await page.getByRole("link", { name: "Operators", exact: true }).click();
    await page.getByRole("button", { name: "Make somebody an operator" }).click();
    await page.getByRole("dialog").getByLabel("E-mail address").fill("second@example.org");
    await because(page, "Make somebody an operator", "looks after it");
    await page.getByRole("row", { name: /second@example.org viewer/ }).waitFor();
    // The last admin stays, and it is said why.
    await page.getByRole("button", { name: "Take the rank away: admin@example.org" }).click();
    const last = await because(page, "Take the rank away", "leaves");
    await last.getByRole("alert").filter({ hasText: "needs an admin" }).waitFor();
    await last.getByRole("button", { name: "Cancel" }).click();

    // By keyboard: the stall is found, blocked, and not in the market any more.
    await page.getByRole("link", { name: "Stalls", exact: true }).click();
    await page.getByLabel("Name or beginning of the identity").fill(name.toUpperCase());
    await page.evaluate(() => (document.querySelector("#view form").id = "before"));
    await page.keyboard.press("Enter");
    // The list from before is the same to look at, and what is focused in it is soon gone.
    await page.locator("#view form:not(#before)").waitFor();
    await page.getByRole("button", { name: `Block: ${name}` }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Block" }).waitFor();
    await barriers(page, "why");
    await page.getByRole("dialog").getByLabel(/^Why/).fill(WHY);
    await page.keyboard.press("Enter");
    await page.getByRole("row", { name: new RegExp(`${name}.*blocked: ticket 4711`) }).waitFor();
    assert.ok(!(await inMarket(server, name)));
    await barriers(page, "stalls");
    if (process.env.SOKO_SHOT) await page.screenshot({ path: process.env.SOKO_SHOT, fullPage: true });

    // Whose it is: nobody's address is on the page before a reason is given, nor after the dialog is closed.
    const stall = page.getByRole("row", { name: new RegExp(name) });
    await stall.getByRole("link").first().click();
    const look = page.getByRole("button", { name: /^See who it is/ });
    await look.waitFor();
    assert.ok(!(await page.content()).includes(owner));
    await look.click();
    await because(page, "See who it is", WHY);
    await page.getByRole("dialog", { name: "The person" }).getByText(owner).waitFor();
    await barriers(page, "person");
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    // A browser says "closed" a moment after the dialog is gone.
    await page.getByText(owner).waitFor({ state: "detached" });
    assert.ok(!(await page.content()).includes(owner));

    // On a phone, in Arabic, each place holds together.
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole("combobox").first().selectOption("ar");
    assert.equal(await page.evaluate(() => document.documentElement.dir), "rtl");
    for (const place of ["stalls", "accounts", "orders", "jobs", "messages", "people", "acts"]) {
      await page.goto(`${server.url}/operator/console#${place}`);
      await page.locator(`#places a[href="#${place}"][aria-current=page]`).waitFor();
      await page.locator(`#view[data-wanted="${place}?"] table`).first().waitFor();
      await barriers(page, place);
    }

    // The other person sees who did what to whom and why, and can do none of it.
    const second = await open(browser.context, server, wrong);
    await signIn(second, "second@example.org");
    await second.getByRole("link", { name: "What was done", exact: true }).click();
    await second.getByRole("row", { name: /admin@example.org looked at an account .*ticket 4711/ }).waitFor();
    await second.getByRole("row", { name: /admin@example.org blocked a stall .*ticket 4711/ }).waitFor();
    await second.getByText(/^Nothing of it was changed/).waitFor();
    assert.equal(await second.getByRole("button", { name: "Take out as a table" }).count(), 0);
    await second.getByRole("link", { name: "Stalls", exact: true }).click();
    await second.getByRole("row", { name: new RegExp(name) }).waitFor();
    assert.equal(await second.getByRole("button", { name: /^Unblock/ }).count(), 0);
    // The blocked stall's own register goes on.
    await till.openDrawer();
    assert.deepEqual(till.problems, []);
    assert.deepEqual(wrong, []);
  } finally {
    await browser.close();
    await other.close();
    await server.close();
  }
});

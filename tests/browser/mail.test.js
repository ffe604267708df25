// What people are told by mail, read where it arrives: a forgotten password, an order, and the page where one chooses.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { Mailbox, linkOf } from "./lib/mailbox.js";
import { Server } from "./lib/server.js";
import { Till } from "./lib/till.js";

const EMAIL = "amina@example.org";

test("a forgotten password is set anew by a link in a mail, and an order tells buyer and stall", async () => {
  const box = await Mailbox.open();
  const server = await Server.begin({ demo: true, mail: box.url });
  const browser = new Browser();
  try {
    await browser.start();
    const till = await Till.open(browser.context, server.url);
    const { page } = till;
    const enter = async (password, way) => {
      await till.go("/sign-in");
      await page.getByText(way, { exact: true }).click();
      await page.getByRole("textbox", { name: "E-mail address" }).fill(EMAIL);
      await page.getByLabel("Password").fill(password);
    };
    await enter("orchid ladder frost", "I am new");
    await till.button("Create the account").click();
    await page.getByText(EMAIL).first().waitFor();
    await till.go("/me");
    await till.button("Sign out").first().click();

    await enter("something else entirely", "I have an account");
    await till.button("Forgot the password?").click();
    await page.getByText("a mail with a link is on its way").waitFor();
    const forgotten = await box.mail(EMAIL, /Set a new password/);
    const other = await browser.context.newPage();
    await other.goto(linkOf(forgotten, "Set a new password"));
    await other.getByLabel("New password").fill("short");
    await other.getByRole("button", { name: "Set it" }).click();
    await other.getByRole("alert").waitFor();
    await other.getByLabel("New password").fill("walnut kettle prairie");
    await other.getByRole("button", { name: "Set it" }).click();
    await other.getByRole("heading", { name: "Your password is set" }).waitFor();
    await box.mail(EMAIL, /password was changed/);

    await enter("walnut kettle prairie", "I have an account");
    await page.locator("form").getByRole("button", { name: "Sign in" }).click();
    await page.getByText(EMAIL).first().waitFor();

    await till.go("/market");
    // What the demo sold out, depending on the hour, cannot be put into a basket.
    const offer = await page.waitForFunction(() => {
      const all = [...document.querySelectorAll("main:not(.first-paint) a[href^='/stall/']:not(.ware-out)")];
      return all.map((link) => link.pathname).find((path) => path.split("/").length === 4);
    });
    await till.go(await offer.jsonValue());
    await till.button("Put in basket").click();
    await page.getByText(/^In your basket/).waitFor();
    await till.go("/basket");
    await page.getByRole("button", { name: /^Order from/ }).first().click();
    await till.order();
    const held = await box.mail(EMAIL, /set your order aside/);
    assert.match(held.text, /Total: /);
    const stall = held.subject.replace(/ set your order aside$/, "");
    while (!box.mails.some((mail) => mail.subject === `New order at ${stall}`)) {
      await new Promise((look) => box.waiting.push(look));
    }

    await other.goto(linkOf(held, "Choose what you get"));
    await other.getByLabel("Your order is set aside").uncheck();
    await other.getByLabel("Language").selectOption("fr");
    await other.getByRole("button", { name: "Keep" }).click();
    await other.getByRole("status").getByText("Enregistré.").waitFor();
    assert.equal(await other.getByLabel("Votre commande est réservée").isChecked(), false);
    assert.deepEqual(till.problems, []);
  } finally {
    await browser.close();
    await server.close();
    await box.close();
  }
});

// What people are told by mail and by their browser, read where it arrives: a forgotten password, an order, and the pages
// where one chooses.

import assert from "node:assert/strict";
import { test } from "node:test";
import { within } from "./lib/arrivals.js";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { Mailbox, linkOf } from "./lib/mailbox.js";
import { Pusher } from "./lib/pusher.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till } from "./lib/till.js";

const EMAIL = "amina@example.org";
const BOUNCE_KEY = "whoever knows this hands on mail that came back";

// The service worker shows a message as the browser hands it over, and a click on it leads there in the page that is open.
async function clicked(context, page, told) {
  await keptOffline(page);
  const tools = await context.newCDPSession(page);
  const registered = new Promise((found) => {
    tools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: [one] }) => one && found(one.registrationId));
  });
  await tools.send("ServiceWorker.enable");
  const registrationId = await within(registered, () => "a registered service worker");
  const { origin } = new URL(page.url());
  // Whoever asks for notifications while one is on its way can take it away: Chromium drops those that do not show yet.
  const worker = context.serviceWorkers()[0];
  await worker.evaluate(() => {
    const { registration } = self;
    const show = registration.showNotification.bind(registration);
    self.shown = new Promise((done) => {
      registration.showNotification = (...args) => show(...args).then(done);
    });
  });
  await tools.send("ServiceWorker.deliverPushMessage", { origin, registrationId, data: JSON.stringify(told) });
  const pressed = worker.evaluate(async (told) => {
    await self.shown;
    const [notification] = await self.registration.getNotifications();
    if (notification.title !== told.title || notification.body !== told.body) throw new Error(notification.title);
    self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
  }, told);
  await within(pressed, () => "a message that the service worker shows");
  await page.waitForURL((url) => url.pathname === told.path);
}

// What can wait is chosen where it is wanted by mail, with an hour of its own.
async function oneMailADay(till) {
  const { page } = till;
  const together = page.getByRole("region", { name: "One mail a day" });
  await till.go("/told");
  await together.getByLabel("What you like costs less").check();
  const hour = together.getByLabel("That mail comes at");
  await comes(async () => {
    // What is typed while the choice before it is still on its way to the server is not taken, and is typed again.
    await hour.fill("05:30");
    await till.go("/told");
    return hour.inputValue();
  }, "05:30");
  await page.getByRole("checkbox", { name: "What you like costs less, Mail" }).uncheck();
  await comes(async () => {
    await till.go("/told");
    return together.getByLabel("What you like costs less").count();
  }, 0);
}

// The mail server reports that a letter did not get there: its reader sees why, and says when the mailbox works.
async function comesBack(till, server, letter) {
  const lines = [
    "MIME-Version: 1.0", 'Content-Type: multipart/report; boundary="b"', "",
    "--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; relay.example", "",
    `Final-Recipient: rfc822; ${EMAIL}`, "Action: failed", "Status: 5.1.1", "",
    "--b", "Content-Type: text/rfc822-headers", "", `Message-ID: ${letter.messageId}`, "", "--b--", "",
  ];
  const headers = { authorization: `Bearer ${BOUNCE_KEY}`, "content-type": "message/rfc822" };
  const noted = await fetch(`${server.url}/v1/mail/bounced`, { method: "POST", headers, body: lines.join("\r\n") });
  assert.deepEqual(await noted.json(), { known: true });
  await till.go("/told");
  const said = till.page.getByRole("status").filter({ hasText: "5.1.1" });
  await said.getByRole("button", { name: "It works again" }).click();
  await said.waitFor({ state: "detached" });
}

test("a forgotten password is set anew by a link in a mail, and an order tells buyer and stall", async () => {
  const box = await Mailbox.open();
  const pusher = await Pusher.open();
  const options = ["--private-targets=true", "--bounce-key", BOUNCE_KEY];
  const server = await Server.begin({ demo: true, mail: box.url, options });
  const browser = new Browser({ whole: true });
  try {
    await browser.start();
    await pusher.imitate(browser.context, server.url);
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

    // The browser is asked after a press, and shows a test; what was ticked off is not told.
    await till.go("/told");
    await till.button("Turn on here").click();
    await page.getByText("This browser shows them").waitFor();
    await till.button("Send me a test").first().click();
    const { told: shown, headers } = await pusher.next();
    assert.equal(shown.title, "This is a test");
    assert.match(headers.authorization, /^vapid t=[\w-]+\.[\w-]+\.[\w-]+, k=[\w-]{87}$/);
    await page.getByRole("listitem").filter({ hasText: "A test" }).getByText("Sent").waitFor();
    await page.getByRole("checkbox", { name: "Your order is set aside, Browser" }).uncheck();
    await page.getByLabel("Be quiet every day").check();
    await page.getByLabel("From").fill("22:30");
    await page.locator("form").getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    await till.go("/told");
    await comes(() => page.getByLabel("From").inputValue(), "22:30");
    await comes(() => page.getByRole("checkbox", { name: "Your order is set aside, Browser" }).isChecked(), false);
    await page.getByLabel("Be quiet every day").uncheck();
    await page.locator("form").getByRole("button", { name: "Save" }).click();
    await clicked(browser.context, page, { ...shown, path: "/my-orders" });

    await till.orderOfMarket();
    const held = await box.mail(EMAIL, /set your order aside/);
    assert.match(held.text, /Total: /);
    const stall = held.subject.replace(/ set your order aside$/, "");
    // Buyers of the demo order elsewhere meanwhile.
    await box.mail(null, { test: (subject) => subject === `New order at ${stall}`, toString: () => `New order at ${stall}` });

    await oneMailADay(till);
    await comesBack(till, server, held);

    await other.goto(linkOf(held, "Choose what you get"));
    await other.getByLabel("Your order is set aside").uncheck();
    await other.getByLabel("Language").selectOption("fr");
    await other.getByRole("button", { name: "Keep" }).click();
    await other.getByRole("status").getByText("Enregistré.").waitFor();
    await comes(() => other.getByLabel("Votre commande est réservée").isChecked(), false);
    assert.deepEqual(till.problems, []);
  } finally {
    await browser.close();
    await server.close();
    await box.close();
    await pusher.close();
  }
});

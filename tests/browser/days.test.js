// First hour 6: days without a network, each with its people, its drawer and its report, and the day on which all of it is told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { Clock } from "./lib/clock.js";
import { addPerson, dialog, enter, walk } from "./lib/people.js";
import { comes, says } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";

const CONTEXT = { timezoneId: "UTC" };
// Sold on each of the three days, one tea at a time.
const DAYS = [[-3, 1], [-2, 2], [-1, 1]];
const ARRIVES_MS_MAX = 60_000;

const sum = (sold) => (2.5 * sold).toFixed(2);

// As a report and as a list of sales say it.
function named(day) {
  const it = new Date();
  it.setUTCHours(12, 0, 0, 0);
  it.setUTCDate(it.getUTCDate() + day);
  return [it.toISOString().slice(0, 10), it.toLocaleDateString("en", { day: "numeric", month: "short", timeZone: "UTC" })];
}

async function close(till, sold) {
  await till.go("/drawer");
  await till.button("Count and close").click();
  await till.page.getByLabel("Everything else", { exact: true }).fill(sum(sold));
  await till.button("That is all").click();
  await till.page.getByText("It is what should be there.").waitFor();
  await dialog(till).getByRole("button", { name: "Close the drawer" }).click();
}

async function isReport(till, number, [day, sold]) {
  await till.page.getByRole("heading", { name: `Z report ${number}`, level: 1 }).waitFor();
  await says(till.page.locator(".report .sums > div").filter({ hasText: "Taken" }).locator("dd").first(), new RegExp(sum(sold)));
  await till.page.getByRole("main").getByText(named(day)[0], { exact: true }).first().waitFor();
}

// A register that is off at night, and whoever it is asks for a PIN in the morning.
class Register {
  constructor(server) {
    Object.assign(this, { server, browser: new Browser({ context: CONTEXT }), clock: new Clock(), problems: [] });
  }

  async begin(day, { isOffline = true } = {}) {
    this.clock.set(day, 9);
    if (!isOffline) this.clock.ahead = 0;
    await this.browser.start();
    await this.clock.keep(this.browser.context);
    if (isOffline) await this.browser.context.route("**/v1/**", (route) => route.abort());
    this.till = await Till.open(this.browser.context, this.server.url, "/sell");
    return this.till;
  }

  // Whoever loads the page anew is asked again.
  stays() {
    this.till.go = (path) => walk(this.till, path);
  }

  async end() {
    this.problems.push(...this.till.problems);
    await this.browser.context.close();
  }
}

async function opens(till, tea) {
  await till.openStall("Mama Akinyi");
  await till.addProduct(tea, "2.50");
  await till.go("/people");
  await addPerson(till, "Amina", "owner", "4711", "Add yourself");
  await till.button("I wrote it down").click();
  await dialog(till).waitFor({ state: "detached" });
}

test("first hour 6: three days without a network, begun anew each morning by PIN, each closed with its Z; then all arrive at once, each under its day", async () => {
  const server = await Server.begin();
  const register = new Register(server);
  const second = new Browser({ context: CONTEXT });
  try {
    const tea = anyName("Tea");
    for (const [at, day] of DAYS.entries()) {
      const till = await register.begin(day[0]);
      await (at === 0 ? opens(till, tea) : enter(till, "Amina", "4711"));
      register.stays();
      await till.openDrawer();
      for (let number = 0; number < day[1]; number += 1) await till.sell(tea);
      await close(till, day[1]);
      await isReport(till, at + 1, day);
      await register.end();
    }

    // The fourth morning has a network.
    const till = await register.begin(0, { isOffline: false });
    await enter(till, "Amina", "4711");
    register.stays();
    await till.connect("akinyi@example.org");
    await till.page.getByText("Mama Akinyi is connected").first().waitFor();
    const begun = performance.now();
    await till.page.getByText("Saved here · all sent").first().waitFor();
    assert.ok(performance.now() - begun < ARRIVES_MS_MAX);

    await second.start();
    const other = await Till.open(second.context, server.url);
    await other.join(await till.invite(), "Second register");
    for (const [at, day] of DAYS.entries()) {
      await other.go("/sales");
      await comes(() => other.sales().filter({ hasText: named(day[0])[1] }).count(), day[1]);
      await other.go("/drawer");
      await other.page.getByRole("link", { name: new RegExp(`Z report ${at + 1}`) }).click();
      await isReport(other, at + 1, day);
    }
    assert.deepEqual([...register.problems, ...till.problems, ...other.problems], []);
    await server.stop();
    server.verify();
  } finally {
    await register.browser.close();
    await second.close();
    await server.close();
  }
});

// A clock of a browser that can be set.

export const HOUR_MS = 3_600_000;

// Every program of the browser tells the time that was set, from when it begins; no service worker keeps older ones.
export class Clock {
  constructor() {
    this.ahead = 0;
  }

  async keep(context) {
    await context.addInitScript(() => delete Navigator.prototype.serviceWorker);
    await context.route(/\/worker-[0-9a-f]{16}\.js$/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `${this.told()}\n${await response.text()}` });
    });
    await context.route("**/*", async (route) => {
      if (route.request().resourceType() !== "document") return route.fallback();
      const response = await route.fetch();
      const headers = { ...response.headers() };
      delete headers["content-security-policy"];
      await route.fulfill({ response, headers, body: (await response.text()).replace("<head>", `<head><script>${this.told()}</script>`) });
    });
  }

  told() {
    return `{
      const Real = Date;
      globalThis.aheadMs = ${this.ahead};
      const now = () => Real.now() + globalThis.aheadMs;
      globalThis.Date = class extends Real {
        constructor(...parts) {
          super(...(parts.length ? parts : [now()]));
        }
        static now = now;
      };
    }`;
  }

  // The same, for a page that is open and its programs: the day goes on under their eyes.
  async move(page, days, hours) {
    this.set(days, hours);
    const told = (ahead) => (globalThis.aheadMs = ahead);
    for (const program of [page, ...page.workers()]) await program.evaluate(told, this.ahead);
  }

  // To this hour of tomorrow or of a day after it, where the stall is.
  set(days, hours) {
    const midnight = new Date();
    midnight.setUTCHours(0, 0, 0, 0);
    this.ahead = midnight.getTime() + (24 * days + hours) * HOUR_MS - Date.now();
  }
}

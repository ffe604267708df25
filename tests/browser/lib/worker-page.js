// What a page does with the worker, without the screens: calls as hexadecimal digits, and all that was told.

// Runs in the page.
function begin({ worker: address, hadOwn }) {
  const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const open = new Map();
  const soko = { told: [], ended: [], keepsOwn: false, outdated: false };
  let next = 0;
  let worker;
  const start = () => {
    worker = new Worker(address, { type: "module" });
    worker.postMessage({ hadOwn, began: performance.timeOrigin });
    worker.onerror = (event) => soko.ended.push(`error: ${event.message}`);
    worker.onmessage = ({ data }) => {
      if (data.told) soko.told.push(toHex(data.told));
      if (data.keepsOwn) soko.keepsOwn = true;
      if (data.outdated) soko.outdated = true;
      if (data.ended) {
        soko.ended.push(data.ended);
        start();
        for (const [id, call] of open) {
          if (data.broke?.includes(id)) call.tries += 1;
          worker.postMessage({ id, bytes: call.bytes, tries: call.tries });
        }
      }
      if (!open.has(data.id)) return;
      const { done } = open.get(data.id);
      open.delete(data.id);
      done(data.failed ? { failed: data.failed } : { hex: toHex(data.bytes) });
    };
  };
  soko.call = (hex) =>
    new Promise((done) => {
      const call = { bytes: fromHex(hex), tries: 0, done };
      open.set(++next, call);
      worker.postMessage({ id: next, bytes: call.bytes });
    });
  soko.restart = () => {
    worker.terminate();
    start();
  };
  soko.post = (message) => worker.postMessage(message);
  start();
  window.soko = soko;
}

export class WorkerPage {
  constructor(page, frames) {
    Object.assign(this, { page, frames });
  }

  static async open(context, site, frames, { hadOwn = false } = {}) {
    const page = await context.newPage();
    await page.goto(`${site.url}/bare`);
    await page.evaluate(begin, { worker: site.worker, hadOwn });
    return new WorkerPage(page, frames);
  }

  // The answer, as JSON.
  async call(call) {
    const hex = await this.frames.call(call);
    const answer = await this.page.evaluate((it) => window.soko.call(it), hex);
    return answer.failed ? { broken: answer.failed } : this.frames.answer(answer.hex);
  }

  state = (name) => this.page.evaluate((it) => window.soko[it], name);
  restart = () => this.page.evaluate(() => window.soko.restart());
  post = (message) => this.page.evaluate((it) => window.soko.post(it), message);

  async told() {
    const all = await this.state("told");
    return Promise.all(all.map(this.frames.told));
  }
}

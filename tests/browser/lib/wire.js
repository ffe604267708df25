// A wire between one browser and the server, which a test can cut: connections end, and new ones find nobody. It can also lose
// the reply to a request that the server has answered.

import { connect, createServer } from "node:net";
import { within } from "./arrivals.js";

export class Wire {
  #open = new Set();
  #loses = null;

  static async to(port) {
    const wire = new Wire();
    wire.there = port;
    wire.port = 0;
    await wire.mend();
    return wire;
  }

  // For a browser that takes this wire when it asks for the server's own address.
  get args() {
    return [`--host-resolver-rules=MAP 127.0.0.1:${this.there} 127.0.0.1:${this.port}`];
  }

  async mend() {
    this.server = createServer((near) => {
      const far = connect(this.there, "127.0.0.1");
      for (const [one, other] of [[near, far], [far, near]]) {
        this.#open.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => (this.#open.delete(one), other.destroy()));
      }
      let isLost = false;
      near.on("data", (asked) => {
        isLost ||= this.#loses?.fits(asked.toString("latin1")) ?? false;
        far.write(asked);
      });
      far.on("data", (said) => {
        if (!isLost) return near.write(said);
        // It was done there, and nobody hears of it.
        near.destroy();
        this.#loses?.done();
        this.#loses = null;
      });
    });
    await new Promise((done) => this.server.listen(this.port, "127.0.0.1", done));
    this.port = this.server.address().port;
  }

  // The next request that begins like this is answered and the answer is lost; the promise tells when it was.
  loseReply(begins) {
    const lost = new Promise((done) => (this.#loses = { fits: (asked) => begins.test(asked), done }));
    return within(lost, () => `no reply to ${begins} was lost`);
  }

  async cut() {
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}

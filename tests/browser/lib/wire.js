// A wire between one browser and the server, which a test can cut: connections end, and new ones find nobody.

import { connect, createServer } from "node:net";

export class Wire {
  #open = new Set();

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
        one.pipe(other);
      }
    });
    await new Promise((done) => this.server.listen(this.port, "127.0.0.1", done));
    this.port = this.server.address().port;
  }

  async cut() {
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}

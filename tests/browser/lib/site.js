// The app's files from a plain server, as for tests that need no other part of Soko. A test can add handlers.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { WEB } from "./places.js";

const KINDS = {
  html: "text/html",
  js: "text/javascript",
  css: "text/css",
  wasm: "application/wasm",
  svg: "image/svg+xml",
  png: "image/png",
  webmanifest: "application/manifest+json",
};
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; connect-src 'self'; manifest-src 'self'; img-src 'self'";

// Runs in the worker, before its script. Nothing else happens in the worker between the commit and the question.
function askFirst(path) {
  const post = self.postMessage.bind(self);
  self.postMessage = (message) => {
    const [answer, reply] = message.bytes ?? [];
    if (answer === 0 && reply === 1) {
      const request = new XMLHttpRequest();
      request.open("POST", path, false);
      request.send();
    }
    post(message);
  };
}

export class Site {
  handlers = new Map();

  async start() {
    this.server = createServer((request, response) => this.#answer(request, response));
    await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    // The worker's name changes with its content; the page says it.
    const page = await readFile(join(WEB, "index.html"), "utf8");
    this.worker = page.match(/name="soko-worker" content="([^"]+)"/)[1];
    return this;
  }

  async #answer(request, response) {
    const { pathname } = new URL(request.url, this.url);
    const handler = this.handlers.get(pathname);
    if (handler) return handler(request, response);
    // A page without the screens: a test brings its own script.
    if (pathname === "/bare") return this.#send(response, "text/html", "<!doctype html><title>bare</title>");
    try {
      const bytes = await readFile(join(WEB, normalize(pathname)));
      this.#send(response, KINDS[pathname.split(".").pop()] ?? "application/octet-stream", bytes);
    } catch {
      response.writeHead(404).end();
    }
  }

  // From now on a worker asks at this path whether it may post that a sale was made, and waits for the answer.
  async confirmSales(path, handler) {
    const script = await readFile(join(WEB, this.worker), "utf8");
    this.handlers.set(path, handler);
    this.handlers.set(this.worker, (_, response) =>
      this.#send(response, KINDS.js, `(${askFirst})(${JSON.stringify(path)});\n${script}`),
    );
  }

  // The worker of the next version, under a name of its own; answers it as a site of that version.
  async next() {
    const script = await readFile(join(WEB, this.worker), "utf8");
    const worker = "/worker-ffffffffffffffff.js";
    this.handlers.set(worker, (_, response) => this.#send(response, KINDS.js, script));
    return { url: this.url, worker };
  }

  #send(response, kind, bytes) {
    response.writeHead(200, { "content-type": kind, "content-security-policy": POLICY }).end(bytes);
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

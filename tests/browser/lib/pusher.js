// A push service on this machine, and a browser's side of a subscription: Chromium's own cannot be reached here. What arrives
// is opened as RFC 8291 says, with Node's cryptography.

import { createDecipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { Arrivals } from "./arrivals.js";

export class Pusher {
  #taken = new Arrivals();

  static async open() {
    const pusher = new Pusher();
    pusher.ecdh = createECDH("prime256v1");
    pusher.ecdh.generateKeys();
    pusher.auth = randomBytes(16);
    pusher.server = createServer((request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        response.writeHead(201).end();
        pusher.#taken.add({ headers: request.headers, told: pusher.#opened(Buffer.concat(parts)) });
      });
    });
    await new Promise((listening) => pusher.server.listen(0, "127.0.0.1", listening));
    pusher.endpoint = `http://127.0.0.1:${pusher.server.address().port}/send/1`;
    return pusher;
  }

  #opened(body) {
    const [salt, theirs, sealed] = [body.subarray(0, 16), body.subarray(21, 86), body.subarray(86)];
    const derived = (secret, salt, info, bytes) => Buffer.from(hkdfSync("sha256", secret, salt, info, bytes));
    const info = Buffer.concat([Buffer.from("WebPush: info\0"), this.ecdh.getPublicKey(), theirs]);
    const secret = derived(this.ecdh.computeSecret(theirs), this.auth, info, 32);
    const key = derived(secret, salt, Buffer.from("Content-Encoding: aes128gcm\0"), 16);
    const nonce = derived(secret, salt, Buffer.from("Content-Encoding: nonce\0"), 12);
    const cipher = createDecipheriv("aes-128-gcm", key, nonce);
    cipher.setAuthTag(sealed.subarray(-16));
    const record = Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
    return JSON.parse(record.subarray(0, record.lastIndexOf(2)).toString());
  }

  // Pages of this browser subscribe here. What they ask with is kept, as what they were asked.
  async imitate(context, origin) {
    await context.grantPermissions(["notifications"], { origin });
    const keys = { p256dh: this.ecdh.getPublicKey("base64url"), auth: this.auth.toString("base64url") };
    await context.addInitScript(
      ({ endpoint, keys }) => {
        const made = () => Object.assign(Object.create(PushSubscription.prototype), { toJSON: () => ({ endpoint, keys }) });
        const kept = () => localStorage.getItem("imitated-push") !== null;
        Object.defineProperty(PushSubscription.prototype, "endpoint", { get: () => endpoint });
        PushSubscription.prototype.unsubscribe = async () => {
          localStorage.removeItem("imitated-push");
          return true;
        };
        PushManager.prototype.getSubscription = async () => (kept() ? made() : null);
        PushManager.prototype.subscribe = async (options) => {
          localStorage.setItem("imitated-push", options.applicationServerKey);
          return made();
        };
      },
      { endpoint: this.endpoint, keys },
    );
  }

  // The next message, as soon as it is there; it is taken out.
  next() {
    return this.#taken.first("a message");
  }

  close() {
    return new Promise((done) => this.server.close(done));
  }
}

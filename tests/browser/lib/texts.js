// A provider of texts on this machine, spoken to in the plainest of the ways that a server knows.

import { createServer } from "node:http";
import { Arrivals } from "./arrivals.js";

export class Texts {
  secret = "only a provider and its server know this";
  #taken = new Arrivals();
  #refused = new Map();

  static async open() {
    const texts = new Texts();
    texts.server = createServer((request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        if (request.headers.authorization !== `Bearer ${texts.secret}`) return response.writeHead(401).end();
        const text = JSON.parse(Buffer.concat(parts));
        const reason = texts.#refused.get(text.to);
        if (reason) return response.writeHead(422, { "content-type": "application/json" }).end(JSON.stringify({ reason }));
        response.writeHead(202).end();
        texts.#taken.add(text);
      });
    });
    await new Promise((listening) => texts.server.listen(0, "127.0.0.1", listening));
    texts.url = `http://127.0.0.1:${texts.server.address().port}/texts`;
    return texts;
  }

  // Nobody can be texted there, for this reason.
  refuse(number, reason) {
    this.#refused.set(number, reason);
  }

  // The first text to a number, as soon as it is there; it is taken out.
  async to(number) {
    const { text } = await this.#taken.first(`a text to ${number}`, (text) => text.to === number);
    return text;
  }

  close() {
    return new Promise((done) => this.server.close(done));
  }
}

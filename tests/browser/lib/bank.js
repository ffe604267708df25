// A provider that speaks the part of Stripe's interface that the server uses, with a page to pay on. It counts what it
// charges, and loses the answers that it is told to lose, after it has done what was asked.

import { createServer } from "node:http";

export class Bank {
  static async open() {
    const bank = new Bank();
    Object.assign(bank, { sessions: new Map(), kept: new Map(), loses: new Set(), charges: 0, lost: 0 });
    bank.server = createServer((request, response) => bank.serve(request, response));
    await new Promise((done) => bank.server.listen(0, "127.0.0.1", done));
    bank.url = `http://127.0.0.1:${bank.server.address().port}`;
    return bank;
  }

  async serve(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const form = new URLSearchParams(Buffer.concat(parts).toString());
    const path = new URL(request.url, this.url).pathname;
    const [, id, deed] = path.match(/^\/(?:v1\/checkout\/sessions|v1\/payment_intents|pay)\/(?:pi_)?(cs_\d+)\/?(\w*)$/) ?? [];
    const session = this.sessions.get(id);
    if (path.startsWith("/pay/")) return this.page(response, session, deed);
    const name = path === "/v1/checkout/sessions" && request.method === "POST" ? "create" : deed;
    const key = request.headers["idempotency-key"];
    const answer = this.kept.get(key) ?? this.work(name, form, session);
    if (key) this.kept.set(key, answer);
    if (this.loses.delete(name)) {
      this.lost += 1;
      return response.destroy();
    }
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  }

  work(name, form, session) {
    if (name === "create") {
      const id = `cs_${this.sessions.size + 1}`;
      const made = {
        id, status: "open", url: `${this.url}/pay/${id}`, back: form.get("success_url"),
        client_reference_id: form.get("client_reference_id"), metadata: { soko_stall: form.get("metadata[soko_stall]") },
        amount_total: Number(form.get("line_items[0][price_data][unit_amount]")),
        currency: form.get("line_items[0][price_data][currency]"), payment_intent: null,
      };
      this.sessions.set(id, made);
      return structuredClone(made);
    }
    if (name === "capture" && session.payment_intent.status === "requires_capture") {
      session.payment_intent.status = "succeeded";
      this.charges += 1;
    }
    return session ?? { data: [...this.sessions.values()], has_more: false };
  }

  page(response, session, deed) {
    if (deed === "yes") {
      session.status = "complete";
      session.payment_intent = { id: `pi_${session.id}`, status: "requires_capture", latest_charge: null };
      return response.writeHead(303, { location: session.back }).end();
    }
    const link = `<a href="/pay/${session.id}/yes">Pay with this card</a>`;
    response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html><title>Bank</title><main>${link}</main>`);
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

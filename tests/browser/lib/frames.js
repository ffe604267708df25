// Calls and answers as JSON; a program of ours translates them to the bytes that cross, so that no test knows the encoding.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { PROGRAMS } from "./places.js";

export const newId = () => randomBytes(16).toString("hex");

export class Frames {
  #waiting = [];

  constructor() {
    this.program = spawn(join(PROGRAMS, "examples/frame"), { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: this.program.stdout });
    lines.on("line", (line) => this.#waiting.shift()(line));
  }

  async #translate(line) {
    const answer = await new Promise((done) => {
      this.#waiting.push(done);
      this.program.stdin.write(`${line}\n`);
    });
    if (answer.startsWith("! ")) throw new Error(`${line.slice(0, 200)}: ${answer}`);
    return answer;
  }

  call = (call) => this.#translate(`call ${JSON.stringify(call)}`);
  answer = async (hex) => JSON.parse(await this.#translate(`answer ${hex}`));
  told = async (hex) => JSON.parse(await this.#translate(`told ${hex}`));
  close = () => this.program.stdin.end();
}

export const stallContent = (name) => ({ name, currency: "EUR", zone: "Europe/Berlin", cut_off_minutes: 240 });

export const foundStall = (stall, name) => ({
  device: { id: newId(), verb: { "found-stall": { stall, content: stallContent(name), device_name: "Till" } } },
});

export const openShift = (stall) => ({
  do: { id: newId(), stall, verb: { "open-shift": { shift: newId(), float_minor: 0 } } },
});

// A sale of something without a product, paid to the cent.
export const makeSale = (stall, sale, amount = 250) => ({
  do: {
    id: newId(),
    stall,
    verb: {
      "make-sale": {
        sale,
        lines: [{ name: "Tea", quantity: 1, unit_price_minor: amount }],
        discount: "none",
        tenders: [{ kind: "cash", amount_minor: amount }],
        beyond: "refuse",
      },
    },
  },
});

export const sales = (stall, offset = 0) => ({ ask: { sales: { stall, window: { offset, rows: 500 } } } });

// A real server with a data directory of its own, on a free port that stays the same over restarts.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROGRAMS, WEB } from "./places.js";

const PROGRAM = join(PROGRAMS, "soko-server");
const READY_MS_MAX = 30_000;
const POLL_MS = 50;
export const PASSWORD = "market-day";
const PEOPLE = new RegExp(`[\\w.+-]+@[\\w-]+\\.\\w|\\+\\d{9}|${PASSWORD}`);

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

export class Server {
  static async begin({ demo = false, web = WEB, options = [], mail = null, texts = null, isPublic = false } = {}) {
    const server = new Server();
    server.data = mkdtempSync(join(tmpdir(), "soko-server-"));
    server.port = await freePort();
    server.url = `http://127.0.0.1:${server.port}`;
    server.web = web;
    server.options = options;
    server.mail = mail;
    server.texts = texts;
    // Whether it says under which address people reach it.
    server.isPublic = isPublic || mail !== null || texts !== null;
    if (demo) {
      const made = spawnSync(PROGRAM, ["demo", "--data-dir", server.data, "--password", PASSWORD, ...(demo === "whole" ? [] : ["--small"])]);
      if (made.status !== 0) throw new Error(`the demo could not be made: ${made.stderr}`);
      server.signIns = String(made.stdout);
    }
    await server.start();
    return server;
  }

  async start() {
    const listen = ["--listen", `127.0.0.1:${this.port}`, "--web-dir", this.web, "--limits=false", "--log-format", "json", ...this.options];
    if (this.isPublic) listen.push("--public-url", this.url);
    if (this.mail) listen.push("--mail-server", this.mail, "--mail-from", "Soko <market@example.org>");
    if (this.texts) listen.push("--sms", "http", "--sms-url", this.texts.url, "--sms-secret", this.texts.secret, "--private-targets=true");
    this.log ??= "";
    this.process = spawn(PROGRAM, ["serve", "--data-dir", this.data, ...listen], { stdio: ["ignore", "ignore", "pipe"] });
    this.ended = new Promise((done) => this.process.on("exit", done));
    this.process.stderr.on("data", (text) => (this.log += text));
    const begun = Date.now();
    while (!(await fetch(`${this.url}/readyz`).then((it) => it.ok, () => false))) {
      if (this.process.exitCode !== null || Date.now() - begun > READY_MS_MAX) {
        throw new Error(`the server does not become ready: ${this.log}`);
      }
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  }

  async kill() {
    this.process.kill("SIGKILL");
    await this.ended;
  }

  async stop() {
    this.process.kill("SIGTERM");
    await this.ended;
  }

  // What it says about every stall while it is stopped; throws when anything is wrong.
  verify() {
    const verified = spawnSync(PROGRAM, ["verify", "--data-dir", this.data]);
    if (verified.status !== 0) throw new Error(`${verified.stdout}${verified.stderr}`);
    return String(verified.stdout);
  }

  async close() {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
    this.#saysWhoNobodyIs();
  }

  // Whatever a journey did: each line of the log has one name, and no mail address, telephone or secret of anybody.
  #saysWhoNobodyIs() {
    for (const line of this.log.split("\n").filter((it) => it.startsWith("{") && it.endsWith("}"))) {
      const { target, fields } = JSON.parse(line);
      if (target.startsWith("soko") && !/^[a-z_]+(\.[a-z_]+)+$/.test(fields.message)) throw new Error(`a line of the log has no name: ${line}`);
      if (PEOPLE.test(line)) throw new Error(`a line of the log says who somebody is: ${line}`);
    }
  }
}

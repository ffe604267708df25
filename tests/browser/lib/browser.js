// A real Chromium with a profile of its own, which a test may kill and start again.

import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "./places.js";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const WHOLE = "/usr/bin/chromium";
// The same engine without the shell around its pages. It takes a third less of a processor than the whole browser does, if code
// is not made faster after it began to run: what a journey computes is over before that pays.
const LIGHT = "/usr/bin/chromium-headless-shell";
const AS_IT_IS = ["--js-flags=--liftoff-only"];

export class Browser {
  constructor(options = {}) {
    this.profile = mkdtempSync(join(tmpdir(), "soko-browser-"));
    this.options = options;
    // `whole` asks for everything that people have: cameras, notifications, storage that is measured or outlives a kill, speed.
    this.isLight = !options.whole && existsSync(LIGHT);
  }

  async start() {
    this.context = await chromium.launchPersistentContext(this.profile, {
      executablePath: this.isLight ? LIGHT : WHOLE,
      args: [...ARGS, ...(this.isLight ? AS_IT_IS : []), ...(this.options.args ?? [])],
      viewport: { width: 1280, height: 800 },
      ignoreDefaultArgs: this.options.without ?? [],
      ...this.options.context,
    });
    this.context.setDefaultTimeout(30_000);
    return this.context;
  }

  // Ends every process of it at once, as the end of power would. Its main process leads a group of its own, and its
  // number stands behind the link that keeps a second one from using the profile.
  kill() {
    const pid = Number(readlinkSync(join(this.profile, "SingletonLock")).split("-").pop());
    process.kill(-pid, "SIGKILL");
  }

  // The processes that run pages.
  renderers() {
    const group = readlinkSync(join(this.profile, "SingletonLock")).split("-").pop();
    const isOne = (pid) => {
      try {
        const [, , , , pgrp] = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/\(.*\)/, "x").split(" ");
        return pgrp === group && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer");
      } catch {
        return false; // It ended meanwhile.
      }
    };
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isOne(name)).map(Number);
  }

  async close() {
    await this.context?.close().catch(() => {});
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

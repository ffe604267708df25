// Where the things under test and the tools are. `cargo xtask test` names them.

import { createRequire } from "node:module";

const named = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run these with \`cargo xtask browser\``);
  return value;
};

export const PROGRAMS = named("SOKO_TEST_BIN_DIR");
export const WEB = named("SOKO_TEST_WEB_DIR");
const tools = createRequire(`${named("SOKO_BROWSER_TOOLS")}/`);

export const { chromium } = tools("playwright-core");
export const { SMTPServer } = tools("smtp-server");
export const { default: PostalMime } = tools("postal-mime");
export const axeSource = () => tools("axe-core").source;

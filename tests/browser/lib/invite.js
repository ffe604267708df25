// An invitation as a device of the stall would show it, made over HTTP: for a stall that only the demo's server has.

import { createHash } from "node:crypto";

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const VERSION = 1;
const OWNER = 1;

async function answer(url, options = {}) {
  const answered = await fetch(url, options);
  if (!answered.ok) throw new Error(`${url}: ${answered.status} ${await answered.text()}`);
  return answered.json();
}

function digits(bytes) {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  bits = bits.padEnd(Math.ceil(bits.length / 5) * 5, "0");
  return bits.match(/.{5}/g).map((five) => DIGITS[parseInt(five, 2)]).join("");
}

// For the first stall of whoever signs in, as its owner's device.
export async function invitation(server, email, password) {
  const json = { "content-type": "application/json" };
  const body = JSON.stringify({ email, password, carrier: "bearer" });
  const { token } = await answer(`${server}/v1/sessions`, { method: "POST", headers: json, body });
  const headers = { ...json, authorization: `Bearer ${token}` };
  const { stalls } = await answer(`${server}/v1/stalls`, { headers });
  const stall = stalls[0].stall;
  const made = await answer(`${server}/v1/stalls/${stall}/enrolment-codes`, { method: "POST", headers, body: JSON.stringify({ role: "owner" }) });
  const text = [VERSION, OWNER, ...Buffer.from(stall, "hex"), made.code.length, ...Buffer.from(made.code + server)];
  const check = createHash("sha256").update(Buffer.from(text)).digest().subarray(0, 4);
  return `soko:${digits([...text, ...check]).match(/.{1,5}/g).join("-")}`;
}

// The operators' console. Where somebody is and what they look for stands behind the # of the address, so that it can be gone back
// to. Everything that people wrote is put in as text.
"use strict";

const KEPT = "operator-language";
const kept = localStorage.getItem(KEPT);
let language = WORDS[kept] ? kept : ((navigator.languages ?? []).map((it) => it.slice(0, 2)).find((it) => WORDS[it]) ?? "en");
let me = null;
let people = [];

const says = (name) => WORDS[language][name] ?? WORDS.en[name] ?? name;
const word = (kind, name) => says(`${kind}.${name}`);
const when = (ms) => (ms ? new Date(ms).toLocaleString(language) : "–");
const short = (id) => id.slice(0, 8);
const mayAnswer = () => me?.rank === "operator" || me?.rank === "admin";
const mayDecide = () => !me?.account || mayAnswer();
const mayName = () => me?.rank === "admin" || (!me?.account && !people.some((it) => it.rank === "admin"));

function button(name, act, about) {
  const made = Object.assign(element("button", name), { type: "button" });
  if (about) made.setAttribute("aria-label", `${name}: ${about}`);
  made.addEventListener("click", act);
  return made;
}

function link(id, place, wanted) {
  const made = element("a", short(id));
  made.href = `#${place}?${new URLSearchParams(wanted)}`;
  made.title = id;
  return made;
}

const named = (account) => people.find((it) => it.account === account)?.email ?? (account ? short(account) : says("the-key"));

function money(order) {
  const digits = String(Math.abs(order.total_minor)).padStart(order.decimals + 1, "0");
  const plain = order.decimals === 0 ? digits : `${digits.slice(0, -order.decimals)}.${digits.slice(-order.decimals)}`;
  return `${order.total_minor < 0 ? "-" : ""}${plain} ${order.currency}`;
}

async function refusal(answer) {
  const { code, detail } = await answer.json().catch(() => ({}));
  return WORDS[language][`refused.${code}`] ?? detail ?? says("no-answer");
}

// The place and what is looked for, as the address says.
function here() {
  const [place, wanted] = location.hash.slice(1).split("?");
  return { place: PLACES[place] ? place : "stalls", wanted: Object.fromEntries(new URLSearchParams(wanted ?? "")) };
}

function go(place, wanted) {
  const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== ""));
  const hash = `#${place}?${query}`;
  if (location.hash === hash) show();
  else location.hash = hash;
}

function choice(kind, names) {
  return [["", says("all")], ...names.map((name) => [name, word(kind, name)])];
}

function field({ name, options, type }, value) {
  const input = options
    ? element("select", null, ...options.map(([value, text]) => Object.assign(element("option", text), { value })))
    : Object.assign(element("input"), { type: type ?? "search", autocomplete: "off" });
  Object.assign(input, { name, value });
  return element("label", null, element("span", says(`field.${name}`)), " ", input);
}

function filters(place, fields, wanted) {
  if (fields.length === 0) return [];
  const form = element("form", null, ...fields.map((it) => field(it, wanted[it.name] ?? "")), Object.assign(element("button", says("show")), { type: "submit" }));
  form.className = "filters";
  form.addEventListener("submit", (submit) => {
    submit.preventDefault();
    go(place, Object.fromEntries(new FormData(form)));
  });
  return [form];
}

function cells(row) {
  const [first, ...others] = row;
  const head = Object.assign(element("th"), { scope: "row" });
  head.append(first ?? "");
  return element("tr", null, head, ...others.map((cell) => element("td", null, ...(Array.isArray(cell) ? cell : [cell ?? ""]))));
}

function grid(title, heads, rows) {
  const head = element("tr", null, ...heads.map((name) => Object.assign(element("th", name), { scope: "col" })));
  const body = element("tbody", null, ...rows.map(cells));
  const frame = element("div", null, element("table", null, element("caption", title), element("thead", null, head), body));
  Object.assign(frame, { tabIndex: 0 }).setAttribute("role", "group");
  frame.setAttribute("aria-label", title);
  return { frame, body };
}

// A list that goes on: `next` is where.
async function list({ title, heads, path, wanted, from, rows, after = "after" }) {
  const portion = async (next) => {
    const query = new URLSearchParams(Object.entries({ ...wanted, ...(next ? { [after]: next } : {}) }).filter(([, value]) => value !== ""));
    const answer = await ask(`${path}?${query}`);
    if (!answer.ok) throw new Error(await refusal(answer));
    return answer.json();
  };
  const first = await portion(null);
  const { frame, body } = grid(title, heads, first[from].map(rows));
  const none = element("p", says("none"));
  none.hidden = first[from].length > 0;
  let next = first.next;
  const more = button(says("more"), async () => {
    const found = await portion(next);
    body.append(...found[from].map((it) => cells(rows(it))));
    none.hidden = body.children.length > 0;
    next = found.next;
    more.hidden = next === undefined;
  });
  more.hidden = next === undefined;
  return [frame, none, more];
}

const PLACES = {
  stalls: {
    fields: () => [{ name: "search" }, { name: "state", options: choice("state", ["open", "blocked", "unnamed"]) }],
    show: (wanted) =>
      list({
        title: says("stalls"),
        heads: ["stall", "identity", "state", "since", "devices", "heard", "do"].map((it) => says(`head.${it}`)),
        path: "/v1/operator/stalls",
        wanted,
        from: "stalls",
        rows: (it) => [
          it.name || says("state.unnamed"),
          [link(it.stall, "accounts", { stall: it.stall }), " ", Object.assign(element("a", says("orders")), { href: `#orders?stall=${it.stall}` })],
          it.blocked_because ? `${word("state", it.state)}: ${it.blocked_because}` : word("state", it.state),
          when(it.claimed_ms),
          number(it.devices),
          when(it.heard_ms),
          mayAnswer() ? block(it) : "",
        ],
      }),
  },
  accounts: {
    fields: () => [{ name: "account" }, { name: "stall" }, { name: "state", options: choice("state", ["open", "locked", "erased"]) }],
    show: async (wanted) => {
      const listed = await list({
        title: says("accounts"),
        heads: ["account", "state", "since", "seen", "roles", "do"].map((it) => says(`head.${it}`)),
        path: "/v1/operator/accounts",
        wanted,
        from: "accounts",
        rows: (it) => [
          link(it.account, "acts", { subject: it.account }),
          it.locked_because ? `${word("state", it.state)}: ${it.locked_because}` : word("state", it.state),
          when(it.created_ms),
          when(it.seen_ms),
          [...it.stalls.map((at) => `${word("role", at.role)} ${short(at.stall)}`), ...(it.rank ? [word("rank", it.rank)] : [])].join(", "),
          mayAnswer() ? account(it) : "",
        ],
      });
      return mayAnswer() ? [button(says("find"), find), ...listed] : listed;
    },
  },
  orders: {
    fields: () => [
      { name: "stall" },
      { name: "state", options: choice("order", ["held", "handed over", "cancelled", "fulfilled"]) },
      { name: "money", options: choice("money", ["at-the-stall", "to-be-paid", "paid", "paid-back"]) },
      { name: "older_hours", type: "number" },
    ],
    show: (wanted) =>
      list({
        title: says("orders"),
        heads: ["order", "stall", "state", "money", "total", "since", "do"].map((it) => says(`head.${it}`)),
        path: "/v1/operator/orders",
        wanted,
        from: "orders",
        rows: (it) => [short(it.order), it.stall_name, word("order", it.state), word("money", it.money), money(it), when(it.placed_ms), mayAnswer() ? button(says("look"), () => lookAtOrder(it), short(it.order)) : ""],
      }),
  },
  jobs: {
    fields: () => [],
    show: () =>
      list({
        title: says("jobs"),
        heads: ["job", "waiting", "late", "failed", "due", "done", "trouble", "do"].map((it) => says(`head.${it}`)),
        path: "/v1/operator/jobs",
        wanted: {},
        from: "jobs",
        rows: (it) => [word("job", it.job), number(it.waiting), number(it.late), number(it.failed), when(it.oldest_due_ms), when(it.done_ms), it.trouble ?? "", mayAnswer() ? button(says("run"), () => decide(says("run"), word("job", it.job), `/v1/operator/jobs/${it.job}/run`), word("job", it.job)) : ""],
      }),
  },
  messages: {
    fields: () => [],
    show: async () => {
      const answer = await ask("/v1/operator/messages/given-up");
      if (!answer.ok) throw new Error(await refusal(answer));
      const found = await answer.json();
      const again = (body, about) => button(says("again"), () => does("/v1/operator/messages/again", body), about);
      const discard = (it) => button(says("discard"), () => does(`/v1/operator/messages/${it.message}/discard`, {}), short(it.message));
      const heads = (...names) => names.map((it) => says(`head.${it}`));
      const reasons = found.reasons.map((it) => [it.reason, number(it.messages), mayDecide() ? again({ reason: it.reason }, it.reason) : ""]);
      const messages = found.messages.map((it) => [short(it.message), it.topic, it.channel, it.reason ?? "", when(it.made_ms), mayDecide() ? [again({ message: it.message }, short(it.message)), " ", discard(it)] : ""]);
      const discarded = found.discarded.map((it) => [short(it.message), it.topic, it.channel, it.reason ?? "", when(it.done_ms), named(it.discarded_by === "operator" ? null : it.discarded_by)]);
      return [
        grid(says("reasons"), heads("trouble", "failed", "do"), reasons).frame,
        grid(says("messages"), heads("message", "about", "way", "trouble", "since", "do"), messages).frame,
        ...(discarded.length > 0 ? [grid(says("discarded"), heads("message", "about", "way", "trouble", "since", "who"), discarded).frame] : []),
        ...(messages.length === 0 ? [element("p", says("none"))] : []),
      ];
    },
  },
  people: {
    fields: () => [],
    show: async () => {
      const listed = await list({
        title: says("people"),
        heads: ["email", "rank", "since", "do"].map((it) => says(`head.${it}`)),
        path: "/v1/operator/people",
        wanted: {},
        from: "operators",
        rows: (it) => [it.email, word("rank", it.rank), when(it.granted_ms), mayName() ? button(says("revoke"), () => decide(says("revoke"), it.email, `/v1/operator/people/${it.account}/revoke`), it.email) : ""],
      });
      return mayName() ? [button(says("grant"), grant), ...listed] : listed;
    },
  },
  acts: {
    fields: () => [{ name: "act", options: choice("act", ACTS) }, { name: "subject" }, { name: "actor", options: [["", says("all")], ...people.map((it) => [it.account, it.email])] }],
    show: async (wanted) => {
      const listed = await list({
        title: says("acts"),
        heads: ["number", "who", "act", "subject", "because", "since"].map((it) => says(`head.${it}`)),
        path: "/v1/operator/acts",
        wanted,
        from: "acts",
        after: "before",
        rows: (it) => [number(it.number), named(it.actor), word("act", it.act), it.subject.length === 32 ? link(it.subject, "acts", { subject: it.subject }) : it.subject, it.because, when(it.at_ms)],
      });
      const proof = await (await ask("/v1/operator/acts/proof")).json();
      const holds = element("p", proof.broken_at === undefined ? `${says("holds")} ${proof.hash.slice(0, 16)}` : `${says("broken")} ${proof.broken_at}`);
      return [holds, ...(mayAnswer() ? [button(says("export"), () => table(wanted))] : []), ...listed];
    },
  },
};

const ACTS = ["granted", "revoked", "blocked-stall", "unblocked-stall", "looked-at-account", "searched-address", "locked-account", "unlocked-account", "ended-sessions", "looked-at-order", "hid-review", "showed-review", "chose-model", "began-experiment", "ended-experiment", "featured-stall", "ended-featuring", "ran-job", "tried-again", "discarded-message", "exported"];

// Asks why, and sends it; the dialog stays until the server took it.
function reasoned({ title, what, fields = [], send, done }) {
  byId("why-title").textContent = title;
  byId("why-what").textContent = what;
  byId("why-more").replaceChildren(...fields.map((it) => field({ type: "text", ...it }, it.value ?? "")));
  for (const input of byId("why-more").querySelectorAll("input")) input.required = true;
  byId("why-wrong").textContent = "";
  byId("why-do").textContent = title;
  const form = byId("why-form");
  form.elements.because.value = "";
  form.onsubmit = async (submit) => {
    submit.preventDefault();
    const answer = await send(Object.fromEntries(new FormData(form)));
    if (!answer.ok) {
      byId("why-wrong").textContent = await refusal(answer);
      return;
    }
    byId("why").close();
    await done(answer);
  };
  byId("why").showModal();
}

function decide(title, what, path) {
  reasoned({ title, what, send: (said) => say("POST", path, said), done: enter });
}

// At once: it can be done again, and the message says why it was given up.
async function does(path, body) {
  const answer = await say("POST", path, body);
  if (!answer.ok) byId("wrong").textContent = await refusal(answer);
  else await show();
}

function block(it) {
  const isBlocked = it.state === "blocked";
  const title = says(isBlocked ? "unblock" : "block");
  const name = it.name || short(it.stall);
  return button(title, () => decide(title, name, `/v1/operator/stalls/${it.stall}/${isBlocked ? "unblock" : "block"}`), name);
}

function account(it) {
  if (it.state === "erased") return "";
  const of = (what) => `/v1/operator/accounts/${it.account}/${what}`;
  const name = short(it.account);
  const isLocked = it.state === "locked";
  const lock = says(isLocked ? "unlock" : "lock");
  const look = () => reasoned({ title: says("look"), what: name, send: (said) => say("POST", of("look"), said), done: person });
  return [
    button(says("look"), look, name),
    " ",
    button(lock, () => decide(lock, name, of(isLocked ? "unlock" : "lock")), name),
    " ",
    ...(it.sessions > 0 ? [button(says("end-sessions"), () => decide(says("end-sessions"), name, of("end-sessions")), name)] : []),
  ];
}

function lookAtOrder(it) {
  const path = `/v1/operator/stalls/${it.stall}/orders/${it.order}/look`;
  reasoned({ title: says("look"), what: `${short(it.order)} · ${it.stall_name}`, send: (said) => say("POST", path, said), done: person });
}

function find() {
  const send = (said) => say("POST", "/v1/operator/accounts/search", said);
  reasoned({ title: says("find"), what: says("find-what"), fields: [{ name: "email", type: "email" }], send, done: person });
}

function grant() {
  const ranks = ["viewer", "operator", "admin"].map((name) => [name, word("rank", name)]);
  const fields = [
    { name: "email", type: "email" },
    { name: "rank", options: me?.account ? ranks : ranks.slice(2), value: me?.account ? "viewer" : "admin" },
  ];
  reasoned({ title: says("grant"), what: says("grant-what"), fields, send: (said) => say("POST", "/v1/operator/people", said), done: enter });
}

async function person(answer) {
  const found = await answer.json();
  const lines = ["email", "name", "reach", "address"].filter((name) => found[name]).map((name) => [says(`field.${name}`), found[name]]);
  if (lines.length === 0) lines.push([says("person"), says("none")]);
  byId("person-body").replaceChildren(...lines.flatMap(([name, text]) => [element("dt", name), element("dd", text)]));
  byId("person").showModal();
}

// What was shown of somebody does not stay behind the closed dialog.
byId("person").addEventListener("close", () => {
  byId("person-body").replaceChildren();
  show();
});

function table(wanted) {
  const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== ""));
  const done = async (answer) => {
    const file = Object.assign(element("a"), { href: URL.createObjectURL(await answer.blob()), download: "operators.csv" });
    file.click();
    URL.revokeObjectURL(file.href);
    await show();
  };
  reasoned({ title: says("export"), what: says("export-what"), send: (said) => say("POST", `/v1/operator/acts/export?${query}`, said), done });
}

async function show() {
  if (!me) return;
  const { place, wanted } = here();
  const links = Object.keys(PLACES).map((name) => {
    const made = Object.assign(element("a", says(name)), { href: `#${name}` });
    if (name === place) made.setAttribute("aria-current", "page");
    return made;
  });
  byId("places").replaceChildren(...links);
  byId("places").setAttribute("aria-label", says("title"));
  byId("wrong").textContent = "";
  const shown = `${place}?${new URLSearchParams(wanted)}`;
  byId("view").dataset.wanted = shown;
  try {
    const parts = await PLACES[place].show(wanted);
    // Another place was wanted meanwhile.
    if (byId("view").dataset.wanted !== shown) return;
    byId("view").replaceChildren(...filters(place, PLACES[place].fields(), wanted), ...parts);
    byId("state").textContent = says(place);
  } catch (error) {
    byId("wrong").textContent = error.message || says("no-answer");
  }
}

async function enter() {
  const answer = await ask("/v1/operator/people");
  if (!answer.ok) return refuse(await refusal(answer));
  const found = await answer.json();
  [people, me] = [found.operators, { account: found.me, rank: found.rank }];
  sessionStorage.setItem("operator-key", key);
  byId("entry").hidden = true;
  for (const name of ["places", "view", "leave"]) byId(name).hidden = false;
  // With the key, the first thing is to name somebody.
  if (!me.account && !location.hash) location.hash = "#people";
  await show();
}

function refuse(why) {
  sessionStorage.removeItem("operator-key");
  [key, me] = [null, null];
  byId("entry").hidden = false;
  for (const name of ["places", "view", "leave"]) byId(name).hidden = true;
  byId("view").replaceChildren();
  byId("wrong").textContent = why;
}

function speak() {
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
  document.title = `Soko – ${says("title")}`;
  for (const it of document.querySelectorAll("[data-says]")) it.textContent = says(it.dataset.says);
  byId("language").value = language;
}

byId("sign-in").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ ...Object.fromEntries(new FormData(submit.target)), carrier: "bearer" });
  const answer = await fetch("/v1/sessions", { method: "POST", headers, body, credentials: "omit" });
  if (!answer.ok) return refuse(await refusal(answer));
  key = (await answer.json()).token;
  submit.target.reset();
  await enter();
});
byId("with-key").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  key = new FormData(submit.target).get("key");
  submit.target.reset();
  await enter();
});
byId("leave").addEventListener("click", async () => {
  if (me?.account) await fetch("/v1/sessions/current", { method: "DELETE", headers: { authorization: `Bearer ${key}` } });
  refuse("");
});
byId("why-not").addEventListener("click", () => byId("why").close());
byId("language").addEventListener("change", (change) => {
  language = change.target.value;
  localStorage.setItem(KEPT, language);
  speak();
  show();
});
addEventListener("hashchange", show);
speak();
if (key) enter();
else refuse("");

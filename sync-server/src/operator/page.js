// The operator's page: asks for the key once, then shows what the stream says, in the language that the console has, too.
"use strict";

const KEPT = "operator-language";
const kept = localStorage.getItem(KEPT);
const language = WORDS[kept] ? kept : ((navigator.languages ?? []).map((it) => it.slice(0, 2)).find((it) => WORDS[it]) ?? "en");

// A text, with what stands in it.
const says = (name, ...parts) => parts.reduce((text, part, at) => text.replace(`{${at}}`, () => part), WORDS[language][name] ?? WORDS.en[name] ?? name);

let reading = null;
// Stock and buyers move with every sale and are asked again at most so often.
const AROUND_MS = 5_000;
// One day is no line.
const DAYS_MIN = 28;
let around = null;

const money = (minor, of) => {
  const sign = minor < 0 ? "-" : "";
  const digits = String(Math.abs(minor)).padStart(of.decimals + 1, "0");
  const plain = of.decimals === 0 ? digits : `${digits.slice(0, -of.decimals)}.${digits.slice(-of.decimals)}`;
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency: of.currency, minimumFractionDigits: of.decimals }).format(sign + plain);
  } catch {
    return `${sign}${plain} ${of.currency}`;
  }
};

function stallRow(it, of) {
  const sums = [number(it.sales), number(it.pieces), number(it.pieces_returned), money(it.revenue_minor, of), money(it.refunded_minor, of), money(it.net_minor, of)];
  return [it.name, () => detail(it.name, of, { stall: it.stall }), ...sums];
}

function productRow(it, of) {
  const name = `${it.name} · ${it.stall_name}`;
  const sums = [number(it.lines), number(it.units), number(it.units_returned), money(it.revenue_minor, of), money(it.refunded_minor, of), money(it.net_minor, of)];
  return [name, () => detail(name, of, { stall: it.stall, product: it.product }), ...sums];
}

function show(figures) {
  const all = figures.currencies.map((of) => {
    const sums = [
      ["revenue", money(of.revenue_minor, of)],
      ["sales", number(of.sales)],
      ["pieces", number(of.pieces)],
      ["given-back", money(of.refunded_minor, of)],
      ["after-refunds", money(of.net_minor, of)],
      ["came-back-of", money(of.returned_minor, of)],
      ["pieces-back", number(of.pieces_returned)],
      ["orders", number(of.orders)],
      ["ordered", money(of.orders_minor, of)],
      ["stalls", number(of.stalls)],
    ];
    const totals = element("dl", null, ...sums.map(([name, value]) => element("div", null, element("dt", says(name)), element("dd", value))));
    totals.className = "totals";
    const best = (list, title, rows) => table(says(title), LISTS[list].heads.map((it) => says(it)), rows.map((it) => LISTS[list].row(it, of)));
    const lists = element("div", null, best("stalls", "top-stalls", of.top_stalls), best("products", "top-products", of.top_products));
    lists.className = "lists";
    return element("section", null, element("h2", of.currency), totals, lists);
  });
  if (all.length === 0) all.push(element("p", says("nothing")));
  // Whoever stands on a button stays there.
  const at = [...byId("figures").querySelectorAll("button")].indexOf(document.activeElement);
  byId("figures").replaceChildren(...all);
  if (at >= 0) byId("figures").querySelectorAll("button")[at]?.focus();
  byId("figures").dataset.at = figures.at_ms;
  byId("state").textContent = says("live", new Date(figures.at_ms).toLocaleTimeString());
}

const day = (days) => new Date(days * 86_400_000).toISOString().slice(0, 10);

async function detail(title, of, wanted) {
  const answer = await ask(`/v1/operator/days?${new URLSearchParams({ days: Math.max(DAYS_MIN, byId("days").value), ...wanted })}`);
  if (!answer.ok) return;
  const days = await answer.json();
  // A day that is not told had no sales: it is a point on the ground, and no line passes over it.
  const told = new Map(days.map((it) => [it.business_day, it.revenue_minor]));
  const from = days[0]?.business_day ?? 0;
  const span = Math.max(1, (days.at(-1)?.business_day ?? 0) - from);
  const all = days.length === 0 ? [] : Array.from({ length: days.at(-1).business_day - from + 1 }, (_, at) => told.get(from + at) ?? 0);
  const most = Math.max(1, ...days.map((it) => it.revenue_minor));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 600 200");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", says("revenue-of", title));
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const points = all.map((minor, at) => `${at ? "L" : "M"}${(at * 600) / span} ${195 - (minor * 190) / most}`);
  // One day alone is as broad as the picture.
  line.setAttribute("d", points.join("") + (points.length === 1 ? "H600" : ""));
  svg.append(line);
  const changed = (it) => (it.restated_day === null ? "" : says("changed-on", money(it.restated_minor, of), day(it.restated_day)));
  const rows = days.map((it) => [day(it.business_day), null, number(it.sales), money(it.revenue_minor, of), money(it.net_minor, of), changed(it)]);
  byId("detail-title").textContent = title;
  byId("detail-body").replaceChildren(svg, table(says("by-day"), ["day", "sales", "revenue", "after-refunds", "changed"].map((it) => says(it)), rows));
  byId("detail").showModal();
}

// What buyers say, the latest first. Nothing is hidden without a reason.
async function reviews() {
  const answer = await ask("/v1/operator/reviews?limit=50");
  if (!answer.ok) return;
  const { reviews: all } = await answer.json();
  const rows = all.map((it) => {
    const button = Object.assign(element("button", says(it.hidden_because ? "show" : "hide")), { type: "button" });
    button.setAttribute("aria-label", says(it.hidden_because ? "show-review" : "hide-review", it.product_name));
    button.addEventListener("click", () => hide(it));
    const words = [it.words, it.answer && says("answer", it.answer), it.hidden_because && says("hidden", it.hidden_because)];
    const cells = [it.product_name, says("stars-of", it.stars), words.filter(Boolean).join(" · "), new Date(it.written_ms).toLocaleDateString()];
    return element("tr", null, ...cells.map((text) => element("td", text)), element("td", null, button));
  });
  const heads = ["product", "stars", "words", "written", "shown"].map((name) => Object.assign(element("th", says(name)), { scope: "col" }));
  const head = element("thead", null, element("tr", null, ...heads));
  byId("reviews").replaceChildren(element("h2", says("reviews")), element("table", null, head, element("tbody", null, ...rows)));
  byId("reviews").hidden = all.length === 0;
}

// What lies at the stalls: what ran out, what is short, and what waits for its buyer.
async function shelves() {
  const answer = await ask("/v1/operator/shelves");
  if (!answer.ok) return;
  const all = await answer.json();
  const cells = (of) => [of.stocked, of.out, of.short, of.held].map(number);
  const rows = [[says("all-stalls"), null, ...cells(all)], ...all.stalls.map((it) => [it.name, null, ...cells(it)])];
  const heads = ["stall", "on-offer", "ran-out", "beyond", "held"].map((it) => says(it));
  byId("shelves").replaceChildren(element("h2", says("stock")), table(says("stock-title"), heads, rows));
  byId("shelves").hidden = all.stocked === 0;
}

const people = (n) => (n === null ? says("few") : number(n));

// Whether those who buy are new. Of few people only that they are few.
async function buyers() {
  const answer = await ask(`/v1/operator/buyers?${new URLSearchParams({ days: byId("days").value })}`);
  if (!answer.ok) return;
  const all = await answer.json();
  const rows = [["new", all.new], ["came-again", all.returning], ["lapsed", all.lapsed]].map(([name, n]) => [says(name), null, people(n)]);
  byId("buyers").replaceChildren(element("h2", says("who-buys")), table(says("buyers-title"), [says("in-days"), says("people")], rows));
  byId("buyers").hidden = [all.new, all.returning, all.lapsed].every((n) => n === 0);
}

function lookAround() {
  around ??= setTimeout(() => {
    around = null;
    shelves();
    buyers();
  }, AROUND_MS);
}

// How far shoppers came who agreed to say so. Of few people only that they are few.
async function way() {
  const answer = await ask("/v1/operator/funnel");
  if (!answer.ok) return;
  const steps = await answer.json();
  const part = (n) => (n === null || !steps.seen ? "" : new Intl.NumberFormat(undefined, { style: "percent" }).format(n / steps.seen));
  const names = ["seen", "opened", "put", "ordered"];
  const rows = names.map((step) => [says(`step.${step}`), null, people(steps[step]), part(steps[step])]);
  byId("way").replaceChildren(element("h2", says("way")), table(says("way-title"), ["step", "people", "of-saw"].map((it) => says(it)), rows));
  byId("way").hidden = false;
}

// Stalls on the market's front: which, until when, and one more.
async function featured() {
  const answer = await ask("/v1/operator/featured");
  if (!answer.ok) return;
  const { featured: now, stalls } = await answer.json();
  const rows = now.map((it) => {
    const button = Object.assign(element("button", says("end")), { type: "button" });
    button.setAttribute("aria-label", says("end-featuring", it.name));
    button.addEventListener("click", () => feature("DELETE", it.stall));
    const name = Object.assign(element("th", it.name), { scope: "row" });
    return element("tr", null, name, element("td", new Date(it.until_ms).toLocaleString()), element("td", null, button));
  });
  const heads = [says("stall"), says("until"), ""].map((text) => Object.assign(element("th", text), { scope: "col" }));
  const shown = element("table", null, element("thead", null, element("tr", null, ...heads)), element("tbody", null, ...rows));
  const stall = Object.assign(element("select", null, ...stalls.map((it) => Object.assign(element("option", it.name), { value: it.stall }))), { name: "stall" });
  const days = Object.assign(element("input"), { name: "days", type: "number", min: 1, max: 366, value: 7, required: true });
  // A label around it would be called by all that can be chosen, too.
  stall.setAttribute("aria-label", says("stall"));
  const form = element("form", null, element("label", `${says("stall")} `, stall), " ", element("label", `${says("days")} `, days), " ", element("button", says("feature")));
  form.addEventListener("submit", (submit) => {
    submit.preventDefault();
    feature("PUT", stall.value, { until_ms: Date.now() + days.valueAsNumber * 86_400_000 });
  });
  byId("featured").replaceChildren(element("h2", says("featured")), ...(now.length ? [shown] : [element("p", says("none-featured"))]), form);
  byId("featured").hidden = stalls.length === 0;
}

async function feature(method, stall, body) {
  const answer = await say(method, `/v1/operator/featured/${stall}`, body);
  if (!answer.ok) byId("state").textContent = (await answer.json()).detail;
  await featured();
}

async function hide(it) {
  const because = it.hidden_because ? null : prompt(says("hide-why"));
  if (!it.hidden_because && !because?.trim()) return;
  const answer = await say("PUT", `/v1/operator/reviews/${it.review}`, { because });
  if (!answer.ok) byId("state").textContent = (await answer.json()).detail;
  await reviews();
}

async function read() {
  reading?.abort();
  const mine = (reading = new AbortController());
  while (!mine.signal.aborted) {
    try {
      const answer = await ask(`/v1/operator/stream?days=${byId("days").value}`, mine.signal);
      if (answer.status === 401) return refuse((await answer.json()).detail);
      if (!answer.ok) throw new Error(answer.statusText);
      sessionStorage.setItem("operator-key", key);
      byId("key").hidden = true;
      byId("figures").hidden = false;
      listDays();
      reviews();
      shelves();
      buyers();
      way();
      featured();
      await listen(answer.body.getReader());
    } catch (error) {
      if (mine.signal.aborted) return;
      byId("state").textContent = says("no-answer");
    }
    await new Promise((done) => setTimeout(done, 1000));
  }
}

// Words are separated by an empty line; each has one line of data.
async function listen(reader) {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const words = text.split("\n\n");
    text = words.pop();
    for (const word of words) {
      const data = word.split("\n").find((it) => it.startsWith("data:"));
      if (!data) continue;
      show(JSON.parse(data.slice(5)));
      lookAround();
    }
  }
}

function refuse(why) {
  sessionStorage.removeItem("operator-key");
  key = null;
  byId("key").hidden = false;
  byId("figures").hidden = true;
  for (const part of ["all", "reviews", "shelves", "buyers", "way", "featured"]) byId(part).hidden = true;
  byId("wrong").textContent = why;
}

byId("key").addEventListener("submit", (submit) => {
  submit.preventDefault();
  key = new FormData(submit.target).get("key");
  byId("wrong").textContent = "";
  read();
});
byId("days").addEventListener("change", () => key && read());
byId("language").value = language;
byId("language").addEventListener("change", (change) => {
  localStorage.setItem(KEPT, change.target.value);
  location.reload();
});
document.documentElement.lang = language;
document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
document.title = `Soko – ${says("title")}`;
for (const it of document.querySelectorAll("[data-says]")) it.textContent = says(it.dataset.says);
if (key) read();

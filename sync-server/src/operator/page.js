// The operator's page: asks for the key once, then shows what the stream says.
"use strict";

let reading = null;
// Stock and buyers move with every sale and are asked again at most so often.
const AROUND_MS = 5_000;
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

function show(figures) {
  const all = figures.currencies.map((of) => {
    const total = (name, value) => element("div", null, element("dt", name), element("dd", value));
    const totals = element(
      "dl",
      null,
      total("Revenue", money(of.revenue_minor, of)),
      total("Sales", number(of.sales)),
      total("Pieces", number(of.pieces)),
      total("Given back", money(of.refunded_minor, of)),
      total("After refunds", money(of.net_minor, of)),
      total("Came back of what was sold", money(of.returned_minor, of)),
      total("Pieces given back", number(of.pieces_returned)),
      total("Orders", number(of.orders)),
      total("Ordered", money(of.orders_minor, of)),
      total("Stalls", number(of.stalls)),
    );
    totals.className = "totals";
    const stalls = of.top_stalls.map((it) => [it.name, () => detail(it.name, of, { stall: it.stall }), number(it.sales), number(it.pieces), number(it.pieces_returned), money(it.revenue_minor, of), money(it.refunded_minor, of), money(it.net_minor, of)]);
    const products = of.top_products.map((it) => [
      `${it.name} · ${it.stall_name}`,
      () => detail(`${it.name} · ${it.stall_name}`, of, { stall: it.stall, product: it.product }),
      number(it.lines),
      number(it.units),
      number(it.units_returned),
      money(it.revenue_minor, of),
      money(it.refunded_minor, of),
      money(it.net_minor, of),
    ]);
    const lists = element("div", null, table("Stalls that brought most, after refunds", ["Stall", "Sales", "Pieces", "Came back", "Revenue", "Given back", "After refunds"], stalls), table("Products that brought most, after refunds", ["Product", "Sales", "Units", "Came back", "Revenue", "Given back", "After refunds"], products));
    lists.className = "lists";
    return element("section", null, element("h2", of.currency), totals, lists);
  });
  if (all.length === 0) all.push(element("p", "Nothing was sold yet."));
  // Whoever stands on a button stays there.
  const at = [...byId("figures").querySelectorAll("button")].indexOf(document.activeElement);
  byId("figures").replaceChildren(...all);
  if (at >= 0) byId("figures").querySelectorAll("button")[at]?.focus();
  byId("figures").dataset.at = figures.at_ms;
  byId("state").textContent = `Live, as of ${new Date(figures.at_ms).toLocaleTimeString()}`;
}

const day = (days) => new Date(days * 86_400_000).toISOString().slice(0, 10);

async function detail(title, of, wanted) {
  const answer = await ask(`/v1/operator/days?${new URLSearchParams({ days: 28, ...wanted })}`);
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
  svg.setAttribute("aria-label", `Revenue of ${title} by day`);
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const points = all.map((minor, at) => `${at ? "L" : "M"}${(at * 600) / span} ${195 - (minor * 190) / most}`);
  // One day alone is as broad as the picture.
  line.setAttribute("d", points.join("") + (points.length === 1 ? "H600" : ""));
  svg.append(line);
  const changed = (it) => (it.restated_day === null ? "" : `${money(it.restated_minor, of)}, last on ${day(it.restated_day)}`);
  const rows = days.map((it) => [day(it.business_day), null, number(it.sales), money(it.revenue_minor, of), money(it.net_minor, of), changed(it)]);
  byId("detail-title").textContent = title;
  byId("detail-body").replaceChildren(svg, table("By business day", ["Day", "Sales", "Revenue", "After refunds", "Changed once it was over"], rows));
  byId("detail").showModal();
}

// What buyers say, the latest first. Nothing is hidden without a reason.
async function reviews() {
  const answer = await ask("/v1/operator/reviews?limit=50");
  if (!answer.ok) return;
  const { reviews: all } = await answer.json();
  const rows = all.map((it) => {
    const button = Object.assign(element("button", it.hidden_because ? "Show" : "Hide"), { type: "button" });
    button.setAttribute("aria-label", `${button.textContent} the review of ${it.product_name}`);
    button.addEventListener("click", () => hide(it));
    const words = [it.words, it.answer && `Answer: ${it.answer}`, it.hidden_because && `Hidden: ${it.hidden_because}`];
    const cells = [it.product_name, `${it.stars} of 5`, words.filter(Boolean).join(" · "), new Date(it.written_ms).toLocaleDateString()];
    return element("tr", null, ...cells.map((text) => element("td", text)), element("td", null, button));
  });
  const heads = ["Product", "Stars", "Words", "Written", "Shown"].map((text) => Object.assign(element("th", text), { scope: "col" }));
  const head = element("thead", null, element("tr", null, ...heads));
  byId("reviews").replaceChildren(element("h2", "Reviews"), element("table", null, head, element("tbody", null, ...rows)));
  byId("reviews").hidden = all.length === 0;
}

// What lies at the stalls: what ran out, what is short, and what waits for its buyer.
async function shelves() {
  const answer = await ask("/v1/operator/shelves");
  if (!answer.ok) return;
  const all = await answer.json();
  const cells = (of) => [of.stocked, of.out, of.short, of.held].map(number);
  const rows = [["All stalls", null, ...cells(all)], ...all.stalls.map((it) => [it.name, null, ...cells(it)])];
  const heads = ["Stall", "On offer and once there", "Ran out", "Sold beyond the stock", "Set aside for orders"];
  byId("shelves").replaceChildren(element("h2", "Stock"), table("Products, where most ran out first", heads, rows));
  byId("shelves").hidden = all.stocked === 0;
}

const people = (n) => (n === null ? "fewer than 5" : number(n));

// Whether those who buy are new. Of few people only that they are few.
async function buyers() {
  const answer = await ask(`/v1/operator/buyers?${new URLSearchParams({ days: byId("days").value })}`);
  if (!answer.ok) return;
  const all = await answer.json();
  const rows = [["New", all.new], ["Came back", all.returning], ["Not seen for 90 days", all.lapsed]].map(([name, n]) => [name, null, people(n)]);
  byId("buyers").replaceChildren(element("h2", "Who buys"), table("Customers by name, and whoever had an order handed over, by stall", ["In these days", "People"], rows));
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
  const names = [["Saw something", "seen"], ["Opened it", "opened"], ["Put it into the basket", "put"], ["Ordered", "ordered"]];
  const rows = names.map(([name, step]) => [name, null, people(steps[step]), part(steps[step])]);
  byId("way").replaceChildren(element("h2", "From a glance to an order"), table("Shoppers of the last 28 days who agreed to say", ["Step", "People", "Of those who saw"], rows));
  byId("way").hidden = false;
}

// Stalls on the market's front: which, until when, and one more.
async function featured() {
  const answer = await ask("/v1/operator/featured");
  if (!answer.ok) return;
  const { featured: now, stalls } = await answer.json();
  const rows = now.map((it) => {
    const button = Object.assign(element("button", "End"), { type: "button" });
    button.setAttribute("aria-label", `End featuring ${it.name}`);
    button.addEventListener("click", () => feature("DELETE", it.stall));
    const name = Object.assign(element("th", it.name), { scope: "row" });
    return element("tr", null, name, element("td", new Date(it.until_ms).toLocaleString()), element("td", null, button));
  });
  const heads = ["Stall", "Until", ""].map((text) => Object.assign(element("th", text), { scope: "col" }));
  const shown = element("table", null, element("thead", null, element("tr", null, ...heads)), element("tbody", null, ...rows));
  const stall = Object.assign(element("select", null, ...stalls.map((it) => Object.assign(element("option", it.name), { value: it.stall }))), { name: "stall" });
  const days = Object.assign(element("input"), { name: "days", type: "number", min: 1, max: 366, value: 7, required: true });
  // A label around it would be called by all that can be chosen, too.
  stall.setAttribute("aria-label", "Stall");
  const form = element("form", null, element("label", "Stall ", stall), " ", element("label", "Days ", days), " ", element("button", "Feature it"));
  form.addEventListener("submit", (submit) => {
    submit.preventDefault();
    feature("PUT", stall.value, { until_ms: Date.now() + days.valueAsNumber * 86_400_000 });
  });
  byId("featured").replaceChildren(element("h2", "Featured on the market’s front"), ...(now.length ? [shown] : [element("p", "No stall is featured.")]), form);
  byId("featured").hidden = stalls.length === 0;
}

async function feature(method, stall, body) {
  const answer = await say(method, `/v1/operator/featured/${stall}`, body);
  if (!answer.ok) byId("state").textContent = (await answer.json()).detail;
  await featured();
}

async function hide(it) {
  const because = it.hidden_because ? null : prompt("Why is it hidden? The reason is kept with it.");
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
      reviews();
      shelves();
      buyers();
      way();
      featured();
      await listen(answer.body.getReader());
    } catch (error) {
      if (mine.signal.aborted) return;
      byId("state").textContent = "The server does not answer; trying again.";
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
  for (const part of ["reviews", "shelves", "buyers", "way", "featured"]) byId(part).hidden = true;
  byId("wrong").textContent = why;
}

byId("key").addEventListener("submit", (submit) => {
  submit.preventDefault();
  key = new FormData(submit.target).get("key");
  byId("wrong").textContent = "";
  read();
});
byId("days").addEventListener("change", () => key && read());
if (key) read();

// The page of models and experiments: how each model did, going back to another one, and trying two against each other.
"use strict";

let shown = null;

const percent = (part) => `${(part * 100).toFixed(1)} %`;
const between = (it) => `${percent(it.low)} to ${percent(it.high)}`;
const when = (ms) => new Date(ms).toLocaleString();
const day = (ms) => (ms ? new Date(ms).toISOString().slice(0, 10) : "–");
const short = (model) => (model ? model.slice(0, 8) : "–");

async function read() {
  const answer = await ask("/v1/operator/models");
  if (answer.status === 401 || answer.status === 404) return refuse((await answer.json()).detail);
  if (!answer.ok) {
    byId("state").textContent = "The server does not answer.";
    return;
  }
  sessionStorage.setItem("operator-key", key);
  shown = await answer.json();
  byId("key").hidden = true;
  byId("all").hidden = false;
  byId("state").textContent = `As of ${new Date().toLocaleTimeString()}`;
  plots();
  models();
  experiments();
  acts();
}

// A rate with its interval for each point, from left to right; joined, they are one thing over time.
function plot(title, points, joined) {
  const [width, height, left, bottom] = [640, 220, 50, 190];
  const most = Math.max(0.01, ...points.map((it) => it.high));
  const x = (at) => left + ((at + 0.5) * (width - left)) / Math.max(1, points.length);
  const y = (part) => bottom - (part * (bottom - 15)) / most;
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: ${points.map((it) => `${it.name} ${percent(it.found)}, ${between(it)}`).join("; ")}` });
  for (const part of [0, most / 2, most]) {
    svg.append(drawn("line", { class: "axis", x1: left, x2: width, y1: y(part), y2: y(part) }), drawn("text", { x: 0, y: y(part) + 4 }, percent(part)));
  }
  if (joined) svg.append(drawn("path", { d: points.map((it, at) => `${at ? "L" : "M"}${x(at)} ${y(it.found)}`).join("") }));
  points.forEach((it, at) => {
    svg.append(
      drawn("line", { x1: x(at), x2: x(at), y1: y(it.low), y2: y(it.high) }),
      drawn("circle", { cx: x(at), cy: y(it.found), r: 5, class: it.aside ? "aside" : "" }),
    );
    if (points.length <= 8) svg.append(drawn("text", { x: x(at), y: height - 8, "text-anchor": "middle" }, it.name));
  });
  svg.setAttribute("class", "plot");
  return element("div", null, element("h2", title), svg);
}

function plots() {
  const tested = (it) => it.tested > 0;
  const made = shown.acts.filter((it) => it.act !== "chosen" && tested(it)).reverse();
  const over = made.map((it) => ({ ...it, name: day(it.at_ms), aside: it.act === "kept-aside" }));
  const each = shown.models.filter(tested).map((it) => ({ ...it, name: short(it.model), aside: !it.is_in_use }));
  const all = [];
  if (over.length) all.push(plot("Found among ten, model after model", over, true));
  if (each.length) all.push(plot("Found among ten, by model", each, false));
  byId("plots").replaceChildren(...all);
}

// A table whose last cell may hold a button.
function rows(title, heads, all) {
  const made = table(title, heads, all.map(({ cells }) => [cells[0], null, ...cells.slice(1)]));
  made.querySelectorAll("tbody tr").forEach((row, at) => {
    const cell = element("td");
    if (all[at].button) cell.append(all[at].button);
    row.append(cell);
  });
  return made;
}

function action(text, label, done) {
  const button = Object.assign(element("button", text), { type: "button" });
  button.setAttribute("aria-label", label);
  button.addEventListener("click", done);
  return button;
}

function models() {
  const row = (it) => {
    const parameters = Object.entries(it.parameters).map(([name, value]) => `${name} ${value}`);
    const compared = (one) => one.found_before == null ? "not compared" : `${percent(one.found_before)} before, ± ${percent(one.give_or_take)}`;
    const cells = [
      short(it.model),
      it.why,
      `${day(it.from_ms)} to ${day(it.to_ms)}`,
      `${number(it.baskets)} baskets, ${number(it.products)} products, ${number(it.people)} buyers`,
      it.tested ? `${percent(it.found)} (${between(it)}) of ${number(it.tested)}` : "–",
      compared(it),
      it.for_you ? `${percent(it.for_you.found)} of ${number(it.for_you.tested)} people, ${compared(it.for_you)}` : "–",
      parameters.join(", ") || "–",
    ];
    const use = () => reason(`Use model ${short(it.model)}`, "Use it", `/v1/operator/models/${it.model}/use`);
    return { cells, button: it.is_in_use ? null : action("Use", `Use model ${short(it.model)}`, use) };
  };
  const heads = ["Model", "Why", "Learnt from", "What", "Found among ten", "Against the one before", "What people bought next, among the ten for them", "Parameters", "Going back"];
  const all = shown.models.map(row);
  byId("models").replaceChildren(all.length ? rows("Models that are kept", heads, all) : element("p", "There is no model yet: too little was bought."));
}

function experiments() {
  const one = (it) => {
    const arms = it.arms.map((arm, at) => {
      const against = at ? it.differences[at - 1] : null;
      const measured = against && against.chance < 1 ? `${percent(against.low)} to ${percent(against.high)}` : "–";
      const what = `${short(arm.model)}${arm.explores ? ", with something unexpected" : ""}`;
      return [arm.name, null, what, `${arm.share_ppm / 10_000} %`, number(arm.people), number(arm.shown), number(arm.tapped), number(arm.basket), number(arm.ordered), number(arm.dismissed), arm.people ? `${percent(arm.rate)} (${between(arm)})` : "–", measured];
    });
    const heads = ["Part", "Model", "Share", "People", "Shown", "Tapped", "Basket", "Ordered", "Sent away", `Rate: ${it.aim}`, "Difference to the first"];
    const sentence = Object.assign(element("p", it.sentence), { className: "sentence" });
    const time = it.ended_ms ? `${when(it.begun_ms)} to ${when(it.ended_ms)}` : `Since ${when(it.begun_ms)}`;
    const made = element("article", null, element("h3", it.name), sentence, element("p", time), table("What came of it, in people", heads, arms));
    const measured = it.arms.filter((arm) => arm.people).map((arm) => ({ ...arm, found: arm.rate }));
    if (measured.length) made.append(plot(`${it.name}, part by part`, measured, false));
    if (!it.ended_ms) made.append(action("End it", `End it: ${it.name}`, () => reason(`End the experiment ${it.name}`, "End it", `/v1/operator/experiments/${it.experiment}/end`)));
    return made;
  };
  byId("experiments").replaceChildren(element("h2", "Experiments"), ...shown.experiments.map(one));
  if (shown.experiments.length === 0) byId("experiments").append(element("p", "None yet."));
  byId("new").hidden = shown.models.length === 0 || shown.experiments.some((it) => !it.ended_ms);
}

const ACTS = { used: "Made and used", "kept-aside": "Made and kept aside", chosen: "Chosen", earlier: "Made before this was written down" };

function acts() {
  const all = shown.acts.map((it) => [when(it.at_ms), null, ACTS[it.act], short(it.model), it.because || "–", it.tested ? percent(it.found) : "–"]);
  byId("acts").replaceChildren(table("What was done", ["When", "What", "Model", "Why", "Found among ten"], all));
}

function reason(title, done, path) {
  const dialog = byId("why");
  byId("why-title").textContent = title;
  byId("why-done").textContent = done;
  byId("why-wrong").textContent = "";
  const form = dialog.querySelector("form");
  form.reset();
  form.onsubmit = async (submit) => {
    submit.preventDefault();
    const answer = await say("POST", path, { because: form.elements.because.value });
    if (!answer.ok) {
      byId("why-wrong").textContent = (await answer.json()).detail;
      return;
    }
    dialog.close();
    await read();
  };
  dialog.showModal();
}

byId("new").addEventListener("click", () => {
  const form = byId("begin").querySelector("form");
  const choices = () => shown.models.map((it) => new Option(`${short(it.model)}${it.is_in_use ? ", in use" : ""}`, it.model, it.is_in_use, it.is_in_use));
  for (const name of ["model-a", "model-b"]) form.elements[name].replaceChildren(...choices());
  byId("begin-wrong").textContent = "";
  byId("begin").showModal();
});

byId("begin").querySelector("form").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const given = submit.target.elements;
  const ppm = (name) => Math.round(Number(given[name].value) * 10_000);
  const arm = (name) => ({ name: name.toUpperCase(), share_ppm: ppm("share"), model: given[`model-${name}`].value, explores: given[`explores-${name}`].checked });
  const answer = await say("POST", "/v1/operator/experiments", {
    name: given.name.value,
    aim: given.aim.value,
    arms: [arm("a"), arm("b")],
    worth_ppm: ppm("worth"),
    people_min: Number(given["people-min"].value),
    people_max: Number(given["people-max"].value),
    ordered_margin_ppm: ppm("margin"),
    dismissed_margin_ppm: ppm("margin"),
  });
  if (!answer.ok) {
    byId("begin-wrong").textContent = (await answer.json()).detail;
    return;
  }
  byId("begin").close();
  await read();
});

for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => byId(button.dataset.close).close());

function refuse(why) {
  sessionStorage.removeItem("operator-key");
  key = null;
  byId("key").hidden = false;
  byId("all").hidden = true;
  byId("wrong").textContent = why;
}

byId("key").addEventListener("submit", (submit) => {
  submit.preventDefault();
  key = new FormData(submit.target).get("key");
  byId("wrong").textContent = "";
  read();
});
if (key) read();

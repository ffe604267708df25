// What the operator's pages have in common: the key, requests that carry it, and elements. Everything that people wrote is put in as
// text.
"use strict";

const byId = (id) => document.getElementById(id);
let key = sessionStorage.getItem("operator-key");

const number = (n) => new Intl.NumberFormat().format(n);

function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  made.append(...children);
  return made;
}

function table(title, heads, rows) {
  const head = element("tr", null, ...heads.map((text) => Object.assign(element("th", text), { scope: "col" })));
  const made = element("table", null, element("caption", title), element("thead", null, head));
  const body = element("tbody");
  for (const [name, open, ...cells] of rows) {
    const first = Object.assign(element("th"), { scope: "row" });
    if (open) {
      const button = Object.assign(element("button", name), { type: "button" });
      button.addEventListener("click", open);
      first.append(button);
    } else first.textContent = name;
    body.append(element("tr", null, first, ...cells.map((text) => element("td", text))));
  }
  made.append(body);
  const frame = element("div", null, made);
  // What is wider than a phone is scrolled by keyboard, too: by its buttons, or by itself.
  if (!rows.some(([, open]) => open)) {
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", title);
  }
  return frame;
}

const ask = (path, signal) => fetch(path, { headers: { authorization: `Bearer ${key}` }, signal });

function say(method, path, body) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return fetch(path, { method, headers, body: JSON.stringify(body) });
}

function drawn(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

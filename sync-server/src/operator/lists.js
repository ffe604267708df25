// All stalls and all products over the page's days: found by name, in portions, each with its days.
"use strict";

// What is listed, and where it goes on.
let listed = {};
let next;

const LISTS = {
  stalls: { title: "all-stalls", heads: ["stall", "sales", "pieces", "came-back", "revenue", "given-back", "after-refunds"], row: (it, of) => stallRow(it, of) },
  products: { title: "all-products", heads: ["product", "sales", "units", "came-back", "revenue", "given-back", "after-refunds"], row: (it, of) => productRow(it, of) },
};

// Whoever reads on in a list stays there when the stream begins anew.
const listDays = () => listed.days === byId("days").value || begin();

// What the form asks for, from its beginning.
function begin() {
  listed = { days: byId("days").value, ...Object.fromEntries(new FormData(byId("all-form"))) };
  return portion();
}

// The portion from there on, unless something else was asked for meanwhile.
async function portion(after) {
  const mine = listed;
  const { list, ...wanted } = mine;
  const query = Object.entries({ ...wanted, after }).filter(([, value]) => value);
  const answer = await ask(`/v1/operator/sold/${list}?${new URLSearchParams(query)}`);
  const found = answer.ok && (await answer.json());
  if (!found || mine !== listed) return;
  choose(found);
  const rows = found[list].map((it) => LISTS[list].row(it, found));
  const shown = table(says(LISTS[list].title), LISTS[list].heads.map((it) => says(it)), rows);
  if (after) {
    const added = [...shown.querySelectorAll("tbody tr")];
    byId("all-rows").querySelector("tbody").append(...added);
    // Whoever asked for more goes on reading there.
    added[0]?.querySelector("button").focus();
  } else byId("all-rows").replaceChildren(shown);
  next = found.next;
  byId("all-more").hidden = next === undefined;
  byId("all-none").hidden = after !== undefined || rows.length > 0;
  byId("all-rows").hidden = !byId("all-none").hidden;
  byId("all").hidden = found.currencies.length === 0;
}

// One currency is no choice.
function choose({ currency, currencies }) {
  const select = byId("all-form").elements.currency;
  if ([...select.options].map((it) => it.value).join() !== currencies.join()) {
    select.replaceChildren(...currencies.map((code) => Object.assign(element("option", code), { value: code })));
  }
  select.value = currency;
  select.parentElement.hidden = currencies.length < 2;
}

byId("all-form").addEventListener("submit", (submit) => {
  submit.preventDefault();
  begin();
});
byId("all-form").addEventListener("change", (change) => change.target.name !== "search" && begin());
byId("all-more").addEventListener("click", async ({ target }) => {
  target.disabled = true;
  await portion(next);
  target.disabled = false;
});

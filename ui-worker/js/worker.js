// The browser's shell in one tab. One tab of all runs the engine, elected by a lock that the browser gives back when a
// tab ends, however that happens; the others pass calls on to it. Calls are repeatable by their ids, so whatever has no
// answer when the leader changes is sent again.
//
// Tabs of two versions share one storage and one lock, but no engine: whose page was loaded later has the version that a
// reload gives, so the others let go of the engine, answer nothing more and have their pages say that they are to be
// loaded again. What happened is in the files.
//
// Page → here: { id, bytes, tries? } a call · { visible } · { hadOwn, began } this browser kept own data before, and when
// the page was loaded: with this a worker begins
// Here → page: { id, bytes } an answer · { id, failed } something said, as a text · { told } · { keepsOwn } from now on · { ended, broke? }:
// make a new worker and send again what has no answer; `broke` has the calls that the program ended over, and is not there when it only
// let another tab lead · { notBegun } why there is no engine, as a text: this worker is gone · { outdated }: another tab has a later
// version.

const LOCK = "soko-engine";
const TRIES_MAX = 3; // A call that ended the program this often is not tried again.
const VERSION = self.location.pathname; // Has a hash of this script and of the engine that it loads.
const OUTDATED = "update.elsewhere\n\n"; // As `said` writes it; the page has the sentence.

const tab = crypto.randomUUID();
const channel = new BroadcastChannel("soko-calls");
const open = new Map(); // Calls of this page that have no answer: id → { bytes, tries }.
let leader = null; // The tab that runs the engine, once known.
let engine = null; // The engine, if this tab leads.
const running = new Set(); // What the engine was given and has not answered: { tab, id }.
let begun = null; // The one of them that began last, as long as it may be in its first turn.
let holds = false; // Whether this tab has the lock.
let visible = true;
let hadOwn = false;
let keepsOwn = false;
let ending = false;
let began = 0; // When the page was loaded.
let outdated = false;
const leaving = new AbortController(); // Ends the wait for the lock.

self.onmessage = ({ data }) => {
  if (data.bytes) return take(data);
  if ("hadOwn" in data) begin(data);
  if ("visible" in data) {
    visible = data.visible;
    wish();
  }
};

channel.onmessage = ({ data }) => {
  if (!began) return; // The page has not said when it was loaded; whoever leads is asked then.
  if (data.version !== VERSION) return meet(data);
  if (outdated) return;
  if (data.leads) follow(data.leads);
  if (data.whoLeads && leader === tab) say({ leads: tab });
  if (data.call && leader === tab) serve(data.call);
  if (data.answer && data.answer.tab === tab) settle(data.answer);
  if (data.told) postMessage({ told: data.told });
  if (data.broke) blame(data.broke);
  if (data.wish && leader === tab && !visible) yieldToOther();
};

// As `Said::to_text` writes it: the key of the page's own text, what it is about, and a sentence.
const said = (key, about, sentence) => [key, about, sentence].map((part) => part.replaceAll("\n", " ")).join("\n");

const say = (message) => channel.postMessage({ version: VERSION, began, ...message });

function begin(page) {
  hadOwn = page.hadOwn;
  began = page.began;
  say({ whoLeads: true });
  navigator.locks.request(LOCK, { signal: leaving.signal }, lead).catch((error) => {
    if (!outdated) throw error;
  });
}

// A tab of another version: one of the two is to be loaded again.
function meet(other) {
  const isLater = other.began > began || (other.began === began && other.version > VERSION);
  if (isLater) return outdate();
  if (other.whoLeads || other.leads) say({ isLater: true });
}

// The worker that comes after one that held the lock hears it again, and has all that is unanswered.
function outdate() {
  if (holds) return yieldToOther();
  if (outdated) return;
  outdated = true;
  leaving.abort();
  postMessage({ outdated });
  for (const id of [...open.keys()]) settle({ id, failed: OUTDATED });
}

function take({ id, bytes, tries = 0 }) {
  open.set(id, { bytes, tries });
  if (outdated) settle({ id, failed: OUTDATED });
  else if (leader) send(id);
}

function send(id) {
  const call = open.get(id);
  if (call.tries >= TRIES_MAX) {
    return settle({ id, failed: said("undone.ended-program", "", "this ended the program several times and was not tried again") });
  }
  if (leader === tab) run(tab, id, call.bytes).then(settle);
  else say({ call: { to: leader, tab, id, bytes: call.bytes } });
}

function settle({ id, bytes, failed }) {
  if (open.delete(id)) postMessage(failed ? { id, failed } : { id, bytes });
}

// Another tab's call.
async function serve({ to, tab: from, id, bytes }) {
  if (to === tab) say({ answer: { tab: from, ...(await run(from, id, bytes)) } });
}

async function run(of, id, bytes) {
  const call = { tab: of, id };
  running.add(call);
  begun = call;
  // What it does before it waits for anything is done by then.
  setTimeout(() => begun === call && (begun = null));
  const answer = await engine.call(bytes);
  running.delete(call);
  if (!keepsOwn && engine.has_own()) {
    keepsOwn = true;
    postMessage({ keepsOwn });
  }
  return { id, bytes: answer };
}

function follow(tabThatLeads) {
  if (leader === tabThatLeads) return;
  leader = tabThatLeads;
  for (const id of [...open.keys()]) send(id);
  wish();
}

// A tab that nobody sees may be put to sleep by the browser; one that is looked at had better lead.
function wish() {
  if (visible && leader && leader !== tab) say({ wish: tab });
}

function yieldToOther() {
  if (engine) engine.close();
  end("another tab leads");
}

// The lock goes with the worker. The page makes a new one, which stands last in line.
function end(reason, broke) {
  if (ending) return;
  ending = true;
  postMessage({ ended: reason, broke });
  self.close();
}

// Without an engine nobody leads: the lock goes to the next tab in line, which may have what did not come here.
function leave(notBegun) {
  if (ending) return;
  ending = true;
  postMessage({ notBegun });
  self.close();
}

// A panic ends the program in the middle of a call: nothing in this worker can be trusted any more. It is mostly the call that has just
// begun; otherwise it may be any that has no answer.
function crash(reason) {
  if (ending) return;
  const broke = begun ? [begun] : [...running];
  say({ broke });
  end(reason, broke.filter((call) => call.tab === tab).map(({ id }) => id));
}

// Another tab's engine ended over these.
function blame(calls) {
  for (const { tab: of, id } of calls) {
    if (of === tab && open.has(id)) open.get(id).tries += 1;
  }
}

self.addEventListener("error", (event) => {
  event.preventDefault(); // The page hears of it from us.
  crash(event.message);
});
self.addEventListener("unhandledrejection", (event) => crash(String(event.reason)));

async function lead() {
  holds = true;
  try {
    const program = await import("{{engine.js}}");
    await program.default({ module_or_path: "{{engine.wasm}}" });
    const opened = await program.open((told) => {
      postMessage({ told });
      say({ told });
    });
    if (hadOwn) opened.expect_own();
    engine = opened;
  } catch (error) {
    const why = String(error.message ?? error);
    // What the engine throws is said already.
    return leave(typeof error === "string" ? error : said("undone.not-started", why, `Soko could not start in this browser: ${why}`));
  }
  follow(tab);
  say({ leads: tab });
  await new Promise(() => {}); // The lock is held until this worker ends.
}

// The service worker: the files of one version, whole or not at all, and pictures. It never touches the API.
//
// Page → here: "take-over" ends the wait of a new version. The page asks a person first.
// Here → page: { show } the address that a clicked notification is about.

const VERSION = "{{version}}";
const FILES = {{files}};
const APP = `soko-app-${VERSION}`;
const PICTURES = "soko-pictures";
const OWN_PICTURES = "soko-own-pictures";
const PICTURES_MAX = 600;
const PAGE = "/index.html";
const PAGE_WAIT_MS = 2000;
const PROGRAM = FILES.find((name) => /^\/ui-[0-9a-f]{16}\.js$/.test(name));

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => {
  if (event.data === "take-over") self.skipWaiting();
});

self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/pictures/")) event.respondWith(picture(event, url.pathname));
  else if (request.mode === "navigate" && isScreen(url.pathname)) event.respondWith(page(event));
  else if ((FILES.includes(url.pathname) && !url.search) || hasHash(url.pathname)) event.respondWith(file(request, url.pathname));
});

// A server's message: { title, body, path, tag, lang, dir, stays }. Something is shown in any case: browsers end whoever is
// silent, and a person who opens the app sees the rest.
async function show(data) {
  let told = {};
  try {
    told = data.json();
  } catch {
    // What cannot be read says at least that something happened.
  }
  const { title = "Soko", body = "", path = "/", tag = "soko", lang = "", dir = "auto", stays = false } = told;
  const isOurs = typeof path === "string" && /^\/(?!\/)/.test(path);
  await self.registration.showNotification(title, {
    body, tag, lang, dir, renotify: true, requireInteraction: stays, icon: "/icons/192x192.png", data: isOurs ? path : "/",
  });
}

// A page that is open goes there; it keeps what stands in it.
async function open(path) {
  const windows = await self.clients.matchAll({ type: "window" });
  const pages = windows.filter((it) => isScreen(new URL(it.url).pathname));
  const page = pages.find((it) => it.visibilityState === "visible") ?? pages[0];
  if (!page) return self.clients.openWindow(path);
  // What cannot be brought to the front goes there all the same.
  await page.focus().catch(() => {});
  page.postMessage({ show: path });
}

// A file whose name has a hash of its bytes may come from the HTTP cache or from the version before; the others not.
async function install() {
  const cache = await caches.open(APP);
  try {
    await fill(cache);
  } catch (error) {
    // Half a version is of no use, and takes room from what is sold here.
    await caches.delete(APP);
    throw error;
  }
}

async function fill(cache) {
  await Promise.all(
    FILES.map(async (name) => {
      const kept = hasHash(name) && (await caches.match(name));
      const response = kept || (await fetch(name, { cache: hasHash(name) ? "default" : "no-cache" }));
      if (!response.ok) throw new Error(`${name}: ${response.status}`);
      await cache.put(name, response);
    }),
  );
}

const hasHash = (name) => /-[0-9a-f]{16}[._]/.test(name);

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith("soko-app-") && name !== APP);
  // A page of the version before that stays open still wants its own files: its worker begins again, its words change.
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const spare = windows.length > 1 ? old.slice(0, -1) : old;
  await Promise.all(spare.map((name) => caches.delete(name)));
  await self.clients.claim();
}

// Whatever the server keeps to itself is not a screen.
const isScreen = (path) => !/^\/(v1|messages|recover|confirm-address|operator|docs|robots\.txt|sitemap\.xml|sitemap|openapi\.json|healthz|readyz|metrics)(\/|$)/.test(path);

// The server's page first, since it may say more than ours; ours when the server is slow or away, or has a newer version already:
// its page would run programs that we do not keep, on data that ours cannot read afterwards without a connection.
async function page(event) {
  const kept = () => caches.match(PAGE, { cacheName: APP });
  // It need not choose what is quick to fetch: we have the whole app.
  const headers = { accept: "text/html", "soko-app": "kept" };
  const fresh = fetch(event.request.url, { headers }).then(ofThisVersion).then((own) => own ?? kept());
  fresh.catch(() => {}); // May come too late to be looked at.
  const late = new Promise((done) => setTimeout(done, PAGE_WAIT_MS));
  const first = await Promise.race([fresh, late]).catch(() => undefined);
  return first ?? (await kept()) ?? fresh;
}

// A page of this version names our program.
async function ofThisVersion(response) {
  if (!response.ok) return undefined;
  const text = await response.clone().text();
  return text.includes(PROGRAM) ? response : undefined;
}

async function file(request, name) {
  return (await caches.match(name, { cacheName: APP })) ?? (await caches.match(name)) ?? fetch(request);
}

// A picture's address is the hash of its bytes: what is kept is right for ever.
async function picture(event, path) {
  const own = await caches.match(path, { cacheName: OWN_PICTURES });
  if (own) return own;
  const cache = await caches.open(PICTURES);
  const kept = await cache.match(path);
  if (kept) return kept;
  const response = await fetch(event.request);
  if (response.ok) event.waitUntil(keepPicture(cache, path, response.clone()));
  return response;
}

// A full disk must not cost a picture that is already on its way to the screen.
async function keepPicture(cache, path, response) {
  try {
    const names = await cache.keys();
    const spare = names.slice(0, Math.max(0, names.length + 1 - PICTURES_MAX));
    await Promise.all(spare.map((name) => cache.delete(name)));
    await cache.put(path, response);
  } catch {
    await caches.delete(PICTURES);
  }
}

// Which pages can be opened without network? Those that their person opened lately, and the shell around them.
// KALANSO (edition, shell, nothing, fixed) is written above by the hub.
"use strict";
const FIXED = "kalanso-fixed", ABOUT = "kalanso-about", PAGES = "kalanso-pages-";
const MOST_PAGES = 20, MOST_FIXED = 80, MOST_PICTURES = 60, PATIENCE = 3000, LATELY = 60000;
const SAME = { ignoreVary: true };
// Pages whose answer came after their copy was shown, and when something was last sent from here.
const arrived = new Map();
let sent = 0;

self.addEventListener("install", event => event.waitUntil(install()));
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", event => {
  const asked = event.request, url = new URL(asked.url);
  if (url.origin !== self.location.origin) return;
  if (asked.method !== "GET") {
    sent = Date.now();
    arrived.clear();
    return;
  }
  if (asked.mode === "navigate") event.respondWith(page(event));
  else if (url.pathname.startsWith(KALANSO.fixed)) event.respondWith(fixed(asked));
  else if (url.pathname.startsWith("/figures/") && asked.destination === "image") event.respondWith(picture(asked));
});

// The page from which this program first came, and the desk, were opened before it could keep them.
self.addEventListener("message", event => {
  if (event.data && event.data.keep) event.waitUntil(keepUnseen(new URL(event.data.keep, self.location.href).href).catch(() => {}));
});

async function keepUnseen(address) {
  if (new URL(address).origin !== self.location.origin || await (await own()).match(address.split("#")[0], SAME)) return;
  const answer = await fetch(address, { headers: { Accept: "text/html" }, redirect: "error" });
  await keep(address, answer, answer);
}

async function install() {
  const cache = await caches.open(FIXED);
  await Promise.all(KALANSO.shell.map(async address => {
    const answer = await fetch(address, { cache: "reload" });
    if (!answer.ok) throw new Error(address);
    await cache.put(address, answer);
  }));
  await self.skipWaiting();
}

async function page(event) {
  const address = event.request.url.split("#")[0], since = arrived.get(address);
  arrived.delete(address);
  if (since > Date.now() - LATELY) return await copy(address) || fetch(event.request);
  const asked = fetch(event.request), kept = asked.then(answer => keep(address, answer, answer.clone()));
  event.waitUntil(kept.catch(() => {}));
  // Who has just sent something wants to see it, not a page from before.
  const late = new Promise(done => { if (sent < Date.now() - LATELY) setTimeout(done, PATIENCE); });
  try {
    const answer = await Promise.race([asked, late]);
    if (answer && (answer.status < 502 || answer.status > 504)) return answer;
    const shown = await copy(address, answer ? "down" : "slow");
    if (shown && !answer) event.waitUntil(follow(event, address, kept));
    return shown || await asked;
  } catch {
    return await copy(address, "offline") || nothing(address);
  }
}

// Tell the page that shows a copy what became of its question.
async function follow(event, address, kept) {
  let came = true;
  try {
    if (await kept) arrived.set(address, Date.now());
  } catch {
    came = false;
  }
  const client = await self.clients.get(event.resultingClientId);
  if (client) client.postMessage({ page: address, came });
}

// Returns whether the page is kept now.
async function keep(address, answer, body) {
  const person = answer.headers.get("X-Kalanso-Person");
  if (person === null) return false;
  await belongsTo(person);
  if (answer.headers.get("X-Kalanso-Keep") !== "1" || answer.redirected) return false;
  const headers = new Headers(answer.headers);
  headers.set("X-Kalanso-Kept-At", new Date().toISOString());
  const cache = await caches.open(PAGES + person), key = address.split("#")[0];
  const whole = await body.blob();
  await cache.delete(key, SAME);
  await cache.put(key, new Response(whole, { status: 200, headers }));
  await trim(cache, MOST_PAGES, one => !new URL(one.url).pathname.startsWith("/figures/"));
  return true;
}

// A telephone is shared: what another person opened is emptied as soon as somebody else is seen.
async function belongsTo(person) {
  const about = await caches.open(ABOUT), known = await about.match("/person");
  if (known && await known.text() === person) return;
  for (const name of await caches.keys()) if (name.startsWith(PAGES) && name !== PAGES + person) await caches.delete(name);
  await about.put("/person", new Response(person));
}

async function own() {
  const known = await (await caches.open(ABOUT)).match("/person");
  return caches.open(PAGES + (known ? await known.text() : "0"));
}

// Without a reason the copy is as good as the page: it has just come.
async function copy(address, because) {
  const kept = await (await own()).match(address, SAME);
  if (!kept) return null;
  const mark = because ? `data-kept="${kept.headers.get("X-Kalanso-Kept-At")}" data-kept-because="${because}" ` : "";
  const text = (await kept.text()).replace("<html ", `<html ${mark}`);
  return new Response(text, { status: 200, headers: kept.headers });
}

async function nothing(address) {
  const path = new URL(address).pathname, known = KALANSO.nothing;
  const language = Object.keys(known).find(code => path.startsWith(`/${code}/`)) || Object.keys(known)[0];
  return await (await caches.open(FIXED)).match(known[language], SAME) || Response.error();
}

async function fixed(asked) {
  const cache = await caches.open(FIXED), kept = await cache.match(asked.url, SAME);
  if (kept) return kept;
  const answer = await fetch(asked);
  if (answer.ok) {
    await cache.put(asked.url, answer.clone());
    await trim(cache, MOST_FIXED, () => true);
  }
  return answer;
}

async function picture(asked) {
  const cache = await own(), kept = await cache.match(asked.url, SAME);
  if (kept) return kept;
  const answer = await fetch(asked);
  if (answer.ok) {
    await cache.put(asked.url, answer.clone());
    await trim(cache, MOST_PICTURES, one => new URL(one.url).pathname.startsWith("/figures/"));
  }
  return answer;
}

async function trim(cache, most, counts) {
  const keys = (await cache.keys()).filter(counts);
  for (const key of keys.slice(0, Math.max(0, keys.length - most))) await cache.delete(key, SAME);
}

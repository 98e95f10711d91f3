// Which pages can be opened without network? Those that their person opened lately, and the shell around them.
// KALANSO (edition, shell, nothing, fixed) is written above by the hub.
"use strict";
const FIXED = "kalanso-fixed", ABOUT = "kalanso-about", PAGES = "kalanso-pages-";
const MOST_PAGES = 20, MOST_FIXED = 80, MOST_PICTURES = 60, PATIENCE = 3000;
const SAME = { ignoreVary: true };

self.addEventListener("install", event => event.waitUntil(install()));
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", event => {
  const asked = event.request, url = new URL(asked.url);
  if (asked.method !== "GET" || url.origin !== self.location.origin) return;
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
  const asked = fetch(event.request);
  event.waitUntil(asked.then(answer => keep(event.request.url, answer, answer.clone())).catch(() => {}));
  const late = new Promise(done => setTimeout(done, PATIENCE));
  try {
    const answer = await Promise.race([asked, late]);
    if (answer && (answer.status < 502 || answer.status > 504)) return answer;
    return await copy(event.request.url) || await asked;
  } catch {
    return await copy(event.request.url) || nothing(event.request.url);
  }
}

async function keep(address, answer, body) {
  const person = answer.headers.get("X-Kalanso-Person");
  if (person === null) return;
  await belongsTo(person);
  if (answer.headers.get("X-Kalanso-Keep") !== "1" || answer.redirected) return;
  const headers = new Headers(answer.headers);
  headers.set("X-Kalanso-Kept-At", new Date().toISOString());
  const cache = await caches.open(PAGES + person), key = address.split("#")[0];
  const whole = await body.blob();
  await cache.delete(key, SAME);
  await cache.put(key, new Response(whole, { status: 200, headers }));
  await trim(cache, MOST_PAGES, one => !new URL(one.url).pathname.startsWith("/figures/"));
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

async function copy(address) {
  const kept = await (await own()).match(address.split("#")[0], SAME);
  if (!kept) return null;
  const text = (await kept.text()).replace("<html ", `<html data-kept="${kept.headers.get("X-Kalanso-Kept-At")}" `);
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

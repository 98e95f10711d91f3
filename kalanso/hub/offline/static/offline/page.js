// Whose page is this, is it a kept copy, and what may stay on a telephone that several people use?
(() => {
  "use strict";
  const here = document.documentElement, PAGES = "kalanso-pages-";
  if (!("serviceWorker" in navigator) || !("caches" in window)) return;
  navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" }).catch(() => {});

  const first = !navigator.serviceWorker.controller;
  navigator.serviceWorker.ready.then(ready => {
    const desk = document.querySelector("#boite a");
    if (first) ready.active.postMessage({ keep: location.href });
    if (desk) ready.active.postMessage({ keep: desk.href });
    // Forms that somebody will need where there is no network, unless they asked their browser to spare data.
    if (navigator.connection && navigator.connection.saveData) return;
    for (const link of document.querySelectorAll("a[data-keep]")) ready.active.postMessage({ keep: link.href });
  });

  async function empty(except) {
    for (const name of await caches.keys())
      if (name.startsWith(PAGES) && name !== PAGES + except) await caches.delete(name);
  }

  // Close the outbox, if this telephone has one. Its messages stay.
  function lock() {
    const asked = indexedDB.open("kalanso");
    asked.onupgradeneeded = () => asked.transaction.abort();
    asked.onerror = event => event.preventDefault();
    asked.onsuccess = () => {
      asked.result.transaction("open", "readwrite").objectStore("open").clear();
      asked.result.close();
    };
  }

  const person = here.dataset.person;
  if (person !== undefined) {
    if (localStorage.getItem("kalanso-person") !== person) {
      localStorage.setItem("kalanso-person", person);
      empty(person);
      lock();
    }
  }

  // Who leaves takes what they opened with them, even where the answer never comes.
  document.addEventListener("submit", event => {
    if (!/\/logout\/$/.test(new URL(event.target.action, location.href).pathname)) return;
    empty("");
    lock();
  });

  const kept = document.getElementById("copie-gardee");
  if (kept && here.dataset.kept) {
    const when = new Date(here.dataset.kept).toLocaleString(here.lang, { dateStyle: "short", timeStyle: "short" });
    const say = because => { kept.textContent = kept.dataset[because].replace("{when}", when); };
    say(here.dataset.keptBecause);
    kept.hidden = false;
    navigator.serviceWorker.addEventListener("message", event => {
      if (event.data.page !== location.href.split("#")[0]) return;
      if (!event.data.came) return say("offline");
      const now = document.createElement("a");
      now.href = location.href;
      now.textContent = kept.dataset.came;
      now.addEventListener("click", click => { click.preventDefault(); location.reload(); });
      kept.append(" ", now);
    });
  }

  const list = document.getElementById("pages-gardees");
  if (list) show(list);

  async function show(list) {
    const known = await (await caches.open("kalanso-about")).match("/person");
    const cache = await caches.open(PAGES + (known ? await known.text() : "0"));
    for (const asked of (await cache.keys()).reverse()) {
      if (new URL(asked.url).pathname.startsWith("/figures/")) continue;
      const text = await (await cache.match(asked.url, { ignoreVary: true })).text();
      const found = new DOMParser().parseFromString(text, "text/html");
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = asked.url;
      link.textContent = found.title.split(" · ")[0];
      item.append(link);
      list.append(item);
      document.getElementById("rien-de-garde").hidden = true;
    }
  }
})();

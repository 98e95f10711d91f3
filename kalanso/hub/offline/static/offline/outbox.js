// What waits on this telephone, encrypted under a key that only a person's code opens?
//
// A random key encrypts the messages; a key derived from the code wraps it. While the box is open, the
// key stands in IndexedDB in a form that no script can read out, until five minutes pass without a touch.
(() => {
  "use strict";
  const ROUNDS = 600000, IDLE = 5 * 60000, FREE_TRIES = 3, FIRST_WAIT = 30000, LONGEST_WAIT = 3600000;
  const bytes = text => new TextEncoder().encode(text), text = data => new TextDecoder().decode(data);
  const random = length => crypto.getRandomValues(new Uint8Array(length));
  const usable = Boolean(window.crypto && crypto.subtle && window.indexedDB);
  let opened;

  function database() {
    opened ??= new Promise((done, failed) => {
      const asked = indexedDB.open("kalanso", 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("keys", { keyPath: "id", autoIncrement: true });
        asked.result.createObjectStore("open", { keyPath: "id" });
        asked.result.createObjectStore("records", { keyPath: "uuid" });
      };
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => { opened = undefined; failed(asked.error); };
    });
    return opened;
  }

  // Do one thing in one store; done only once it is on the disk.
  async function within(store, mode, work) {
    const db = await database();
    return new Promise((done, failed) => {
      const change = db.transaction(store, mode, { durability: "strict" });
      const asked = work(change.objectStore(store));
      change.oncomplete = () => done(asked && asked.result);
      change.onerror = change.onabort = () => failed(change.error);
    });
  }
  const all = store => within(store, "readonly", one => one.getAll());
  const put = (store, row) => within(store, "readwrite", one => one.put(row));

  async function derived(code, salt, rounds, uses) {
    const base = await crypto.subtle.importKey("raw", bytes(code.normalize("NFKC")), "PBKDF2", false, ["deriveKey"]);
    return crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, base,
      { name: "AES-GCM", length: 256 }, false, uses);
  }

  async function wrapped(key, code) {
    const salt = random(16), iv = random(12);
    const seal = await derived(code, salt, ROUNDS, ["wrapKey"]);
    return { salt, iv, rounds: ROUNDS, sealed: await crypto.subtle.wrapKey("raw", key, seal, { name: "AES-GCM", iv }) };
  }

  async function unwrapped(row, code, extractable) {
    const seal = await derived(code, row.salt, row.rounds, ["unwrapKey"]);
    return crypto.subtle.unwrapKey("raw", row.sealed, seal, { name: "AES-GCM", iv: row.iv }, "AES-GCM", extractable,
      ["encrypt", "decrypt"]);
  }

  const keysOf = async person => (await all("keys")).filter(row => row.person === person).sort((a, b) => b.id - a.id);
  const exists = async person => (await keysOf(person)).length > 0;

  // Make a key under a code. Earlier keys stay, for what was written with them.
  async function begin(person, code) {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt", "decrypt"]);
    const id = await put("keys", { person, tries: 0, until: 0, ...await wrapped(key, code) });
    await unlock(person, code);
    return id;
  }

  // Open the box with a code. A wrong code costs time, never a message.
  async function unlock(person, code) {
    const rows = await keysOf(person), newest = rows[0], now = Date.now();
    if (newest.until > now) return { wait: Math.ceil((newest.until - now) / 1000) };
    const tries = newest.tries + 1;
    const wait = tries < FREE_TRIES ? 0 : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - FREE_TRIES));
    // The try is counted before it is made, so that closing the page does not give it back.
    await put("keys", { ...newest, tries, until: now + wait });
    let found = false;
    for (const row of rows) {
      try {
        const key = await unwrapped(row, code, false);
        await put("open", { id: row.id, person, key, until: Date.now() + IDLE });
        found = true;
      } catch { /* not the code of this key */ }
    }
    if (!found) return { wait: Math.ceil(wait / 1000) };
    await put("keys", { ...newest, tries: 0, until: 0 });
    return { open: true };
  }

  async function change(person, before, after) {
    const said = await unlock(person, before), newest = (await keysOf(person))[0];
    if (!said.open) return said;
    try {
      await put("keys", { ...newest, ...await wrapped(await unwrapped(newest, before, true), after) });
      return said;
    } catch { return { wait: 0 }; }
  }

  // Return the open keys of a person by number; what was open too long, or for another, is closed.
  async function openKeys(person) {
    const found = new Map();
    for (const row of await all("open")) {
      if (row.person === person && row.until > Date.now()) found.set(row.id, row.key);
      else await within("open", "readwrite", one => one.delete(row.id));
    }
    return found;
  }

  async function isOpen(person) {
    const open = await openKeys(person), newest = (await keysOf(person))[0];
    return Boolean(newest) && open.has(newest.id);
  }

  async function touch(person) {
    const until = Date.now() + IDLE;
    for (const row of await all("open")) if (row.person === person && row.until > Date.now()) await put("open", { ...row, until });
  }

  const lock = () => within("open", "readwrite", one => one.clear());

  async function sealed(key, uuid, part, data) {
    const iv = random(12), additionalData = bytes(`${uuid}/${part}`);
    return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, data) };
  }
  const revealed = (key, uuid, part, box) =>
    crypto.subtle.decrypt({ name: "AES-GCM", iv: box.iv, additionalData: bytes(`${uuid}/${part}`) }, key, box.data);

  // Keep a message {uuid, person, form, version, captured_at, fields, labels, files: {name: Blob}, answer}.
  async function save(message, state) {
    const id = (await keysOf(message.person))[0].id, key = (await openKeys(message.person)).get(id);
    if (!key) throw new Error("locked");
    const { files, ...rest } = message, boxes = {};
    for (const [name, blob] of Object.entries(files || {}))
      boxes[name] = { type: blob.type, ...await sealed(key, message.uuid, name, await blob.arrayBuffer()) };
    const row = { uuid: message.uuid, person: message.person, key: id, state: state || "waiting", files: boxes,
      ...await sealed(key, message.uuid, "", bytes(JSON.stringify(rest))) };
    await put("records", row);
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => {});
  }

  // Return the messages of a person; those whose key is closed as {uuid, state, locked}.
  async function messages(person) {
    const keys = await openKeys(person), found = [];
    for (const row of (await rowsOf(person)).sort((a, b) => a.uuid < b.uuid ? -1 : 1)) {
      const key = keys.get(row.key);
      if (!key) { found.push({ uuid: row.uuid, state: row.state, key: row.key, locked: true }); continue; }
      const message = JSON.parse(text(await revealed(key, row.uuid, "", row)));
      message.files = {};
      for (const [name, box] of Object.entries(row.files))
        message.files[name] = new Blob([await revealed(key, row.uuid, name, box)], { type: box.type });
      found.push({ ...message, state: row.state });
    }
    return found;
  }

  const rowsOf = async person => (await all("records")).filter(row => row.person === person);
  const forget = uuid => within("records", "readwrite", one => one.delete(uuid));

  // How full is the memory that the browser gives: a share, 0 where it does not say.
  async function fullness() {
    if (!navigator.storage || !navigator.storage.estimate) return 0;
    const told = await navigator.storage.estimate();
    return told.quota ? told.usage / told.quota : 0;
  }

  // A number that tells its moment, so that messages sort as they were written (UUID version 7).
  function uuid7() {
    const raw = random(16);
    let now = Date.now();
    for (let place = 5; place >= 0; place--) { raw[place] = now % 256; now = Math.floor(now / 256); }
    raw[6] = raw[6] & 15 | 112;
    raw[8] = raw[8] & 63 | 128;
    const hex = [...raw].map(one => one.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  window.kalanso = { outbox: { usable, exists, begin, unlock, change, isOpen, touch, lock, save, messages, rowsOf, forget,
    fullness, uuid7, derived, random, bytes, text, ROUNDS } };
})();

// How is a form kept when the network fails, and what does the page say of what waits?
(() => {
  "use strict";
  const { outbox, sending, words } = window.kalanso, by = id => document.getElementById(id);
  const bar = by("boite"), person = Number(bar.dataset.person), dialog = by("boite-code");
  const fill = (sentence, blanks) => sentence.replace(/\{(\w+)\}/g, (_, name) => blanks[name]);
  const SHORTEST = 6, LONGEST_SIDE = 1600, HEAVIEST = 300000, NEARLY = 0.8;
  let busy = false, more = false;

  // Ask for a code: "choose" (twice), "give" or "give_file"; null where the person does not want to.
  function askCode(kind) {
    by("boite-code-dit").textContent = words[kind];
    by("boite-code-encore").hidden = by("boite-code-conseil").hidden = kind !== "choose";
    by("boite-code-faux").textContent = "";
    by("boite-code-un").value = by("boite-code-deux").value = "";
    dialog.showModal();
    return new Promise(done => {
      const end = value => { dialog.close(); done(value); };
      by("boite-code-non").onclick = () => end(null);
      dialog.oncancel = () => done(null);
      by("boite-code-demande").onsubmit = async event => {
        event.preventDefault();
        const code = by("boite-code-un").value, faux = by("boite-code-faux");
        if (kind === "choose" && code.length < SHORTEST) { faux.textContent = words.too_short; return; }
        if (kind === "choose" && code !== by("boite-code-deux").value) { faux.textContent = words.not_same; return; }
        if (kind !== "give") { end(code); return; }
        const said = await outbox.unlock(person, code);
        if (said.open) end(code);
        else faux.textContent = said.wait ? fill(words.wait, { n: said.wait }) : words.wrong;
      };
    });
  }

  // Open the box, made first if there is none; false where the person does not want to.
  async function open() {
    if (await outbox.isOpen(person)) return true;
    if (await outbox.exists(person)) return await askCode("give") !== null;
    const code = await askCode("choose");
    if (code === null) return false;
    await outbox.begin(person, code);
    return true;
  }

  async function tell(sentence) {
    const rows = await outbox.rowsOf(person), waiting = rows.filter(row => row.state === "waiting").length;
    const stuck = rows.length - waiting, full = await outbox.fullness();
    const told = [sentence];
    if (!sentence && waiting) told.push(fill(await outbox.isOpen(person) ? words.waiting : words.locked, { n: waiting }));
    if (stuck) told.push(fill(words.stuck, { n: stuck }));
    if (full > NEARLY) told.push(fill(words.nearly_full, { n: Math.round(full * 100) }));
    by("boite-dit").textContent = told.filter(Boolean).join(" ");
    by("boite-envoie").textContent = fill(words.send, { n: waiting });
    by("boite-envoie").hidden = !waiting;
    bar.hidden = !told.some(Boolean);
    document.dispatchEvent(new Event("boite"));
  }

  // Send what waits, if the box is open; by hand, it is opened first.
  async function send(byHand) {
    if (byHand && !await open()) return null;
    if (busy) { more = true; return null; }
    const isOpen = await outbox.isOpen(person), rows = await outbox.rowsOf(person);
    if (!isOpen || !rows.some(row => row.state === "waiting")) { await tell(""); return null; }
    busy = true;
    try {
      await tell(words.sending);
      const said = await sending.send(person);
      await tell(said.other_person ? words.other_person : said.no_network ? words.no_network
        : said.kept && !said.stuck && !said.left ? words.all_sent : "");
      return said;
    } finally {
      busy = false;
      if (more) { more = false; send(false); }
    }
  }

  async function smaller(file) {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    let scale = Math.min(1, LONGEST_SIDE / Math.max(image.width, image.height));
    for (;; scale *= 0.75) {
      const sheet = document.createElement("canvas");
      sheet.width = Math.max(1, Math.round(image.width * scale));
      sheet.height = Math.max(1, Math.round(image.height * scale));
      sheet.getContext("2d").drawImage(image, 0, 0, sheet.width, sheet.height);
      for (const quality of [0.8, 0.65, 0.5]) {
        const blob = await new Promise(done => sheet.toBlob(done, "image/jpeg", quality));
        if (blob && blob.size <= HEAVIEST) return blob;
      }
    }
  }

  async function gather(form) {
    const { offline, version, fields, photos } = form.dataset, found = {}, labels = {}, files = {};
    for (const name of fields.split(" ")) {
      const field = form.elements[name];
      if (!field) continue;
      found[name] = field.value;
      if (field.type !== "hidden" && field.labels[0]) labels[name] = field.labels[0].firstChild.textContent.trim();
    }
    for (const name of photos.split(" ").filter(Boolean)) {
      const field = form.elements[name];
      if (field && field.files[0]) files[name] = await smaller(field.files[0]);
    }
    form.dataset.uuid ||= outbox.uuid7();
    return { uuid: form.dataset.uuid, person, form: offline, version: Number(version), fields: found, labels, files,
      captured_at: new Date().toISOString(), about: document.title.split(" · ")[0] };
  }

  function say(form, sentence, wrong) {
    let place = form.querySelector(".boite-reponse");
    if (!place) { place = document.createElement("p"); place.setAttribute("role", "alert"); form.prepend(place); }
    place.className = wrong ? "boite-reponse error" : "boite-reponse caveat";
    place.textContent = sentence;
    place.scrollIntoView({ block: "nearest" });
  }

  // Where the fragment alone differs nothing would be loaded; where the query differs, a reload would undo the way there.
  function go(address) {
    const url = new URL(address, location.href), same = url.pathname + url.search === location.pathname + location.search;
    sessionStorage.setItem("kalanso-sent", url.hash || "#");
    if (same) history.scrollRestoration = "manual";
    location.assign(url);
    if (same) location.reload();
  }

  // Kept first where the box is open; else sent at once, and kept if that fails. The uuid makes both one.
  async function submit(form) {
    let message;
    try { message = await gather(form); } catch { say(form, words.no_photo, true); return; }
    if (!await outbox.isOpen(person)) {
      const answer = await directly(message);
      if (answer) { settle(form, answer); return; }
      if (!await open()) { say(form, words.not_kept, true); return; }
    }
    await outbox.save(message);
    delete form.dataset.uuid;
    form.reset();
    say(form, words.kept_here, false);
    arrive(form, message.uuid);  // the form is free for the next message meanwhile
  }

  // Show the record that a message became, unless its person writes the next one already.
  async function arrive(form, uuid) {
    const said = await send(false), fields = [...form.elements].filter(one => one.type !== "hidden");
    if (said && said.kept && !said.stuck && said.last.uuid === uuid && !fields.some(one => one.value)) go(said.last.address);
  }

  async function directly(message) {
    try {
      const said = await sending.post([message]);
      const answer = said.answers && said.answers.get(message.uuid);
      return answer && answer.state !== "later" ? answer : null;
    } catch { return null; }
  }

  function settle(form, answer) {
    if (answer.state === "kept" || answer.state === "already") { form.reset(); go(answer.address); }
    else if (answer.state === "conflict") HTMLFormElement.prototype.submit.call(form);
    else say(form, answer.sentence, true);
  }

  // What was just sent is shown where it now stands; above its title where it is a page of its own.
  function welcome() {
    const hash = sessionStorage.getItem("kalanso-sent"), whole = hash === "#" && document.querySelector("main h1");
    const sent = whole || hash && hash === location.hash && by(hash.slice(1));
    sessionStorage.removeItem("kalanso-sent");
    if (!sent) return;
    history.scrollRestoration = "auto";
    const note = document.createElement("p");
    note.className = "sent";
    note.setAttribute("role", "status");
    note.textContent = words.arrived;
    if (whole) { sent.before(note); return; }
    sent.prepend(note);
    sent.scrollIntoView({ block: "center" });
  }
  welcome();

  for (const code of document.querySelectorAll("[data-mention]")) {
    const name = document.createElement("button");
    name.type = "button";
    name.className = "second";
    name.textContent = code.textContent;
    name.addEventListener("click", () => {
      const text = name.form.elements.text, at = text.selectionStart, before = text.value.slice(0, at);
      text.setRangeText(`${before && !/\s$/.test(before) ? " " : ""}${name.textContent} `, at, text.selectionEnd, "end");
      text.focus();
    });
    code.replaceWith(name);
  }

  if (!outbox.usable) return;
  for (const form of document.querySelectorAll("form[data-offline]"))
    form.addEventListener("submit", async event => {
      event.preventDefault();
      const button = form.querySelector("button:not([type=button])");
      button.disabled = true;
      try { await submit(form); } catch { say(form, words.not_kept, true); } finally { button.disabled = false; }
    });
  by("boite-envoie").addEventListener("click", () => send(true));
  window.addEventListener("online", () => send(false));
  let touched = 0;
  for (const kind of ["pointerdown", "keydown"])
    document.addEventListener(kind, () => {
      if (Date.now() - touched > 20000) { touched = Date.now(); outbox.touch(person); }
    }, { passive: true });
  setInterval(async () => { if (busy) return; if (navigator.onLine) await send(false); else await tell(""); }, 60000);
  window.kalanso.writing = { person, askCode, open, send, tell, fill, go };
  send(false);
})();

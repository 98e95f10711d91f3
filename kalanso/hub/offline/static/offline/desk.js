// What waits here, what must be looked at again, and how does it pass to another telephone?
(() => {
  "use strict";
  const { outbox, words, writing } = window.kalanso, by = id => document.getElementById(id);
  const { person, askCode, open, send, tell, fill } = writing || {};
  if (!writing) return;
  const when = text => new Date(text).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
  const say = sentence => { by("bureau-dit").textContent = sentence; };

  function add(where, kind, text, made) {
    const one = document.createElement(kind);
    one.textContent = text;
    if (made) made(one);
    where.append(one);
    return one;
  }
  const button = (where, text, work, second) => add(where, "button", text, one => {
    one.type = "button";
    one.className = second ? "second" : "";
    one.onclick = work;
  });

  async function show() {
    if (document.activeElement && document.activeElement.matches("#bureau-liste textarea")) return;
    const list = by("bureau-liste"), messages = await outbox.messages(person), isOpen = await outbox.isOpen(person);
    const made = await outbox.exists(person);
    by("bureau-ouvre").hidden = isOpen || !made;
    by("bureau-change").hidden = by("bureau-oublie").hidden = !made;
    by("bureau-ferme").hidden = !isOpen;
    list.replaceChildren(...messages.map(one => one.locked ? closed(isOpen) : shown(one)));
    if (!messages.length) say(words.nothing);
    else if (by("bureau-dit").textContent === words.nothing) say("");
  }

  function closed(isOpen) {
    const item = document.createElement("li");
    add(item, "p", isOpen ? words.old_code : words.give);
    if (isOpen) button(item, words.give, async () => { await askCode("give"); show(); }, true);
    return item;
  }

  function shown(message) {
    const item = document.createElement("li"), answer = message.answer || {}, both = message.state === "conflict";
    add(item, "h3", message.about || "");
    add(item, "p", fill(words.written, { when: when(message.captured_at) }), one => { one.className = "hint"; });
    if (message.state !== "waiting") add(item, "p", answer.sentence || "", one => { one.className = "error"; });
    if (both) {
      add(item, "h4", words.theirs);
      for (const [name, value] of Object.entries(answer.theirs)) add(item, "blockquote", value, one => { one.dataset.name = name; });
      add(item, "h4", words.mine);
    }
    const inputs = {};
    for (const [name, label] of Object.entries(message.labels)) inputs[name] = field(item, message.uuid + name, label, message.fields[name]);
    for (const blob of Object.values(message.files))
      add(item, "img", "", one => { one.src = URL.createObjectURL(blob); one.alt = words.photo; });
    const does = add(item, "p", "");
    does.className = "does";
    button(does, both ? words.use_mine : words.again, () => again(message, inputs));
    button(does, both ? words.use_theirs : words.drop, async () => {
      if (!both && !confirm(words.sure)) return;
      await outbox.forget(message.uuid);
      await tell("");
    }, true);
    return item;
  }

  function field(where, id, label, value) {
    const place = add(where, "div", "");
    place.className = "field";
    add(place, "label", label, one => { one.htmlFor = id; });
    return add(place, "textarea", "", one => { one.id = id; one.value = value; });
  }

  async function again(message, inputs) {
    const fields = { ...message.fields, ...(message.answer || {}).merge };
    for (const [name, input] of Object.entries(inputs)) fields[name] = input.value;
    const { state, answer, ...rest } = message;
    if (document.activeElement) document.activeElement.blur();
    await outbox.save({ ...rest, fields }, "waiting");
    await send(true);
  }

  const coded = data => { let all = ""; for (const one of new Uint8Array(data)) all += String.fromCharCode(one); return btoa(all); };
  const decoded = text => Uint8Array.from(atob(text), one => one.charCodeAt(0));

  async function exportAll() {
    if (!await open()) return;
    const messages = (await outbox.messages(person)).filter(one => !one.locked);
    if (!messages.length) { say(words.nothing); return; }
    const code = await askCode("choose");
    if (code === null) return;
    for (const message of messages)
      for (const [name, blob] of Object.entries(message.files)) message.files[name] = { type: blob.type, data: coded(await blob.arrayBuffer()) };
    const salt = outbox.random(16), iv = outbox.random(12);
    const key = await outbox.derived(code, salt, outbox.ROUNDS, ["encrypt"]);
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, outbox.bytes(JSON.stringify({ person, messages })));
    const file = { kalanso: "outbox", version: 1, rounds: outbox.ROUNDS, salt: coded(salt), iv: coded(iv), data: coded(data) };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(file)], { type: "application/octet-stream" }));
    link.download = `kalanso-${new Date().toISOString().slice(0, 10)}.kalanso`;
    link.click();
  }

  async function importFrom(file) {
    const code = await askCode("give_file");
    if (code === null) return;
    let told;
    try {
      const box = JSON.parse(await file.text());
      if (box.kalanso !== "outbox" || box.version !== 1 || box.rounds > 5e6) throw new Error("format");
      const key = await outbox.derived(code, decoded(box.salt), box.rounds, ["decrypt"]);
      told = JSON.parse(outbox.text(await crypto.subtle.decrypt({ name: "AES-GCM", iv: decoded(box.iv) }, key, decoded(box.data))));
    } catch { say(words.not_ours); return; }
    if (told.person !== person) { say(words.of_other); return; }
    if (!await open()) return;
    const here = new Set((await outbox.rowsOf(person)).map(row => row.uuid));
    const fresh = told.messages.filter(one => !here.has(one.uuid));
    for (const { state, ...message } of fresh) {
      for (const [name, one] of Object.entries(message.files)) message.files[name] = new Blob([decoded(one.data)], { type: one.type });
      await outbox.save(message, state);
    }
    say(fill(words.imported, { n: fresh.length, m: told.messages.length - fresh.length }));
    await send(false);
  }

  async function changeCode() {
    const before = await askCode("give");
    const after = before === null ? null : await askCode("choose");
    if (after === null) return;
    const said = await outbox.change(person, before, after);
    say(said.open ? words.code_changed : words.wrong);
  }

  async function newCode() {
    const code = await askCode("choose");
    if (code !== null) { await outbox.begin(person, code); await tell(""); }
  }

  by("bureau").hidden = false;
  by("bureau-ouvre").onclick = async () => { if (await open()) send(false); };
  by("bureau-ferme").onclick = async () => { await outbox.lock(); tell(""); };
  by("bureau-exporte").onclick = exportAll;
  by("bureau-fichier").onchange = async event => { const [file] = event.target.files; if (file) await importFrom(file); event.target.value = ""; };
  by("bureau-change").onclick = changeCode;
  by("bureau-oublie").onclick = newCode;
  document.addEventListener("boite", show);
  show();
})();

// How do messages leave the telephone, each once, and when may it forget them?
(() => {
  "use strict";
  const MOST = 20, MOST_BYTES = 400000, PATIENCE = 15000, UPLOAD = 90000, outbox = window.kalanso.outbox;
  const words = JSON.parse(document.getElementById("boite-mots").textContent);

  async function ask(address, patience, options) {
    const stop = new AbortController(), clock = setTimeout(() => stop.abort(), patience);
    try {
      const answer = await fetch(address, { cache: "no-store", redirect: "error", signal: stop.signal, ...options });
      return { status: answer.status, told: await answer.json() };
    } finally { clearTimeout(clock); }
  }

  // Send some messages and return the answers by uuid. Throws where the network, or the hub, did not answer.
  async function post(messages) {
    const state = await ask(words.state_url, PATIENCE);
    if (state.told.person !== messages[0].person) return { other: true };
    const body = new FormData();
    body.append("csrfmiddlewaretoken", state.told.token);
    body.append("records", JSON.stringify(messages.map(({ uuid, person, form, version, captured_at, fields }) =>
      ({ uuid, person, form, version, captured_at, fields }))));
    for (const message of messages)
      for (const [name, blob] of Object.entries(message.files || {}))
        body.append(`${message.uuid}/${name}`, blob, `${name}.jpg`);
    const { status, told } = await ask(words.send_url, UPLOAD, { method: "POST", body });
    if (status === 401) return { other: true };
    if (status !== 200 || !Array.isArray(told.answers)) throw new Error(String(status));
    return { answers: new Map(told.answers.map(one => [one.uuid, one])) };
  }

  function* batches(messages) {
    let batch = [], size = 0;
    for (const message of messages) {
      const weight = Object.values(message.files || {}).reduce((sum, blob) => sum + blob.size, 1000);
      if (batch.length === MOST || (batch.length && size + weight > MOST_BYTES)) { yield batch; batch = []; size = 0; }
      batch.push(message);
      size += weight;
    }
    if (batch.length) yield batch;
  }

  // Send what waits. A message is forgotten only once the hub says that it has it.
  async function drain(person) {
    const told = { kept: 0, stuck: 0, left: 0, last: null };
    const waiting = (await outbox.messages(person)).filter(one => !one.locked && one.state === "waiting");
    for (const batch of batches(waiting)) {
      let said;
      try { said = await post(batch); } catch { told.no_network = true; break; }
      if (said.other) { told.other_person = true; break; }
      for (const message of batch) {
        const answer = said.answers.get(message.uuid);
        if (!answer || answer.state === "later") { told.left++; continue; }
        told.last = answer;
        if (answer.state === "kept" || answer.state === "already") { await outbox.forget(message.uuid); told.kept++; }
        else {
          const { state, ...rest } = message;
          await outbox.save({ ...rest, answer }, answer.state);
          told.stuck++;
        }
      }
    }
    return told;
  }

  const locks = navigator.locks;
  const send = person => locks ? locks.request("kalanso-envoi", () => drain(person)) : drain(person);

  window.kalanso.words = words;
  window.kalanso.sending = { send, post };
})();

/* Filters the grid as the reader chooses, without asking the server again; without it, the form asks. */
"use strict";
(() => {
  const form = document.querySelector("#choix"), table = document.querySelector(".portfolio");
  if (!form || !table || form.dataset.narrowed) return;
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const heads = [...table.tHead.rows[1].cells].slice(1), lines = [...table.tBodies[0].rows];
  const told = document.querySelector("#compte"), words = told.dataset.words;
  const shown = () => {
    const said = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
    const columns = heads.map((head) => (!said.region || head.dataset.r === said.region) && (!said.district || head.dataset.c === said.district));
    let count = 0;
    for (const line of lines) {
      let any = false;
      const wanted = (!said.approche || line.dataset.a === said.approche) && (!said.responsable || line.dataset.l === said.responsable) &&
        (!said.etape || (line.dataset.s || "").split(" ").includes(said.etape)) && (!said.mot || plain(line.cells[0].textContent).includes(plain(said.mot)));
      heads.forEach((_, at) => {
        const cell = line.cells[at + 1], link = cell.firstElementChild;
        cell.hidden = !columns[at];
        if (!link) return;
        const fits = columns[at] && (!said.etat || link.classList.contains(said.etat));
        link.classList.toggle("away", !fits);
        if (wanted && fits) { any = true; count += 1; }
      });
      line.hidden = !wanted || !any;
    }
    heads.forEach((head, at) => { head.hidden = !columns[at]; });
    for (const group of table.tHead.rows[0].cells) {
      if (!group.dataset.r) continue;
      const own = heads.filter((head) => head.dataset.r === group.dataset.r && !head.hidden).length;
      group.hidden = !own;
      if (own) group.colSpan = own;
    }
    told.textContent = words.replace("{n}", count.toLocaleString(document.documentElement.lang));
    for (const link of document.querySelectorAll("a[data-file]")) link.search = new URLSearchParams(Object.entries(said).filter(([, value]) => value)).toString();
  };
  form.addEventListener("input", shown);
  form.addEventListener("change", shown);
  form.addEventListener("submit", (event) => { event.preventDefault(); shown(); });
  form.classList.add("live");
})();

// Which folded part does the address point at, or an answer ask for? Open it: browsers from before 2025 do
// not do so by themselves, and "another one" is written in the folded part of its form.
(() => {
  "use strict";
  function show() {
    const at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    let shut = false;
    for (let fold = at && at.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      shut ||= !fold.open;
      fold.open = true;
    }
    if (shut) at.scrollIntoView();
  }
  window.addEventListener("hashchange", show);
  document.addEventListener("change", (event) => {
    const fold = event.target.value === "-" && event.target.form && event.target.form.querySelector("details.more");
    if (fold) fold.open = true;
  });
  show();
})();

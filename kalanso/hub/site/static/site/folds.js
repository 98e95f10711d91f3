// Which folded part does the address point at? Open it: browsers from before 2025 do not do so by themselves.
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
  show();
})();

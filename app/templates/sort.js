"use strict";
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th");
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = row => row.children[head.cellIndex]?.dataset.sort ?? "";
    const number = head.classList.contains("num");
    const body = head.closest("table").tBodies[0];
    const compare = (a, b) => {
      if (!key(a) || !key(b)) return !key(a) - !key(b); // what has no value stays below
      const order = number ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b));
      return up ? order : -order;
    };
    body.append(...[...body.rows].sort(compare));
  });
}

"use strict";
// Rows in the order of a column; what is missing stays last either way.
const table = document.getElementById("recordings");
const headings = [...table.tHead.rows[0].cells];
const keyOf = (row, column) => row.cells[column].dataset.value;

function sortBy(column) {
  const heading = headings[column];
  const isNumber = heading.querySelector("button").dataset.kind === "number";
  const down = heading.getAttribute("aria-sort") === "ascending";
  for (const other of headings) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const compare = isNumber ? (a, b) => Number(a) - Number(b) : (a, b) => a.localeCompare(b, undefined, { numeric: true });
  const rows = [...table.tBodies[0].rows].sort((one, other) => {
    const a = keyOf(one, column), b = keyOf(other, column);
    if (a === "" || b === "") return (a === "") - (b === "");
    return down ? compare(b, a) : compare(a, b);
  });
  table.tBodies[0].append(...rows);
}
headings.forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => sortBy(column)));

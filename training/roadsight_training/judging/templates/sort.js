for (const table of document.querySelectorAll("table.sortable")) {
  table.tHead.rows[0].querySelectorAll("th").forEach((head, column) => head.addEventListener("click", () => {
    const body = table.tBodies[0], down = head.dataset.down !== "1";
    head.dataset.down = down ? "1" : "0";
    const key = row => row.cells[column].dataset.value, name = row => row.cells[column].textContent;
    const compare = (a, b) => key(a) === undefined ? name(b).localeCompare(name(a)) : key(b) - key(a);
    [...body.rows].sort((a, b) => down ? compare(a, b) : compare(b, a)).forEach(row => body.append(row));
  }));
}

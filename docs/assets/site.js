// The filter of the index of rules. It works from files, and its choice is in the address, so that it can be sent.
(function () {
  const form = document.getElementById("filter");
  if (!form) return;
  const rows = [...document.querySelectorAll("#rules tbody tr")];
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const fields = ["text", "family", "breaks", "severity", "fix"];

  function fits(row) {
    const chosen = Object.fromEntries(fields.map((name) => [name, form.elements[name].value]));
    return (
      chosen.text.toLowerCase().split(/\s+/).every((word) => words.get(row).includes(word)) &&
      (!chosen.family || row.dataset.family === chosen.family) &&
      (!chosen.breaks || row.dataset.breaks === chosen.breaks) &&
      (!chosen.severity || row.dataset.severity === chosen.severity) &&
      (!chosen.fix || row.dataset.fix.split(" / ").includes(chosen.fix))
    );
  }

  function show() {
    let count = 0;
    for (const row of rows) {
      row.hidden = !fits(row);
      count += row.hidden ? 0 : 1;
    }
    form.elements.shown.value = count === rows.length ? `${count} rules` : `${count} of ${rows.length}`;
    document.getElementById("none").hidden = count > 0;
  }

  function remember() {
    const chosen = new URLSearchParams();
    for (const name of fields) if (form.elements[name].value) chosen.set(name, form.elements[name].value);
    history.replaceState(null, "", `${location.pathname}${chosen.size ? `?${chosen}` : ""}${location.hash}`);
  }

  for (const [name, value] of new URLSearchParams(location.search))
    if (fields.includes(name)) form.elements[name].value = value;
  form.addEventListener("input", () => {
    show();
    remember();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
})();

// A reporter for Node's test runner that prints flat TAP, one line for each leaf test: what meson reads.
export default async function* flatTap(source) {
  let count = 0;
  const openSuites = new Set();
  const names = []; // of the suites around a test
  for await (const event of source) {
    if (event.type === "test:start") {
      names[event.data.nesting] = event.data.name;
      if (event.data.nesting > 0) openSuites.add(event.data.nesting - 1);
    }
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    const { name, nesting, details, skip } = event.data;
    const isParent = openSuites.delete(nesting);
    const ok = event.type === "test:pass";
    // A parent fails for its children; it is a case of its own only when it failed by itself.
    if (isParent && (ok || details.error?.failureType === "subtestsFailed")) continue;
    count++;
    const label = [...names.slice(0, nesting), name].join(": ").replace(/[#\n]/g, " ");
    yield `${ok ? "ok" : "not ok"} ${count} - ${label}${skip === undefined ? "" : ` # SKIP ${skip === true ? "" : skip}`}\n`;
    if (!ok) {
      const error = details.error?.cause ?? details.error;
      const text = error?.stack ?? String(error);
      yield text.split("\n").slice(0, 30).map((line) => `# ${line}\n`).join("");
    }
  }
  yield `1..${count}\n`;
}

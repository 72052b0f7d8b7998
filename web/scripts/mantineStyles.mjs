// Mantine's styles of those components that the app uses, and of what these are made of, in the order
// of Mantine's own whole sheet: `import "virtual:mantine.css"`.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

const NAME = "virtual:mantine.css";
const ALWAYS = ["baseline", "default-css-variables", "global"];

const WEB = new URL("..", import.meta.url).pathname;
const CORE = dirname(createRequire(import.meta.url).resolve("@mantine/core/styles.css"));

/** Return the plugin of Vite. */
export function mantineStyles() {
  return {
    name: "mantine-styles",
    resolveId: (id) => (id === NAME ? id : null),
    load: (id) => (id === NAME ? stylesOf(componentsIn(join(WEB, "src"))) : null),
  };
}

/** Return what the files of a folder, but no tests, import from Mantine by name. */
function componentsIn(folder) {
  const files = readdirSync(folder, { recursive: true });
  const sources = files.filter((name) => /(?<!\.test)\.tsx?$/.test(name));
  const names = sources.flatMap((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    const imports = [...text.matchAll(/import \{([^}]*)\} from "@mantine\/core"/g)];
    return imports.flatMap(([, list]) => list.split(",").map((each) => each.trim()));
  });
  return new Set(names.filter((name) => /^[A-Z]\w*$/.test(name)));
}

/** Return the sheets of components and of those inside them, in one. */
function stylesOf(components) {
  const sheets = new Map(ALWAYS.map((name) => [name, sheetOf(name)]));
  const seen = new Set();
  const visit = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    const style = /^(\w+)\.module\.mjs$/.exec(basename(file))?.[1];
    if (style !== undefined) sheets.set(style, sheetOf(style));
    const text = readFileSync(file, "utf8");
    for (const [, path] of text.matchAll(/from "(\.[^"]+)"/g)) visit(join(dirname(file), path));
  };
  for (const name of components) {
    const file = join(CORE, "esm/components", name, `${name}.mjs`);
    if (existsSync(file)) visit(file);
  }
  const whole = readFileSync(join(CORE, "styles.css"), "utf8");
  const placed = [...sheets].map(([name, sheet]) => [placeOf(whole, name, sheet), sheet]);
  return placed
    .sort(([one], [other]) => one - other)
    .map(([, sheet]) => sheet)
    .join("\n");
}

function sheetOf(name) {
  return readFileSync(join(CORE, "styles", `${name}.css`), "utf8");
}

/** Return where a component's sheet is in the whole one. */
function placeOf(whole, name, sheet) {
  const place = whole.indexOf(sheet.trim());
  if (place < 0) throw new Error(`${name}.css is not in Mantine's styles.css as it is`);
  return place;
}

// Fails when what a first load needs is larger than LIMIT: the entry and all that it imports, with
// its styles, one font, the car's page and the texts of a language. Map and charts come later.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LIMIT = 350_000; // bytes, gzip
const DIST = new URL("../dist", import.meta.url).pathname;

const sizes = new Map();
const html = readFileSync(join(DIST, "index.html"), "utf8");
for (const [, path] of html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)) visit(path);
for (const name of readdirSync(join(DIST, "assets"))) {
  if (/^CarPage-|^(?:common|car)-|latin-wght-normal/.test(name) && !name.includes("-ext-")) {
    visit(`assets/${name}`);
  }
}

/** Count a file and what it imports at once. */
function visit(path) {
  if (sizes.has(path) || /\.(?:gz|br)$/.test(path)) return;
  const content = readFileSync(join(DIST, path));
  sizes.set(path, path.endsWith(".woff2") ? content.length : gzipSync(content).length);
  if (!path.endsWith(".js")) return;
  for (const [, name] of content.toString().matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) {
    visit(`assets/${name}`);
  }
}

const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
console.log(`first load: ${Math.round(total / 1000)} kB gzip in ${sizes.size} files`);
if (total > LIMIT) {
  for (const [path, size] of [...sizes].sort((one, other) => other[1] - one[1])) {
    console.log(`  ${String(size).padStart(7)}  ${path}`);
  }
  console.error(`that is over the limit of ${LIMIT / 1000} kB`);
  process.exit(1);
}

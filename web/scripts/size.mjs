// Fails when what a first load needs is larger than LIMIT: the entry and all that it imports, with
// its styles, one font, the car's page and the texts of a language. Map and charts come later.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LIMIT = 350_000; // bytes, gzip
const DIST = new URL("../dist", import.meta.url).pathname;

const sizes = new Map();
const html = readFileSync(join(DIST, "index.html"), "utf8");
for (const [, path] of html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)) visit(path);
const assets = readdirSync(join(DIST, "assets"));
for (const name of assets) {
  if (/^CarPage-|latin-wght-normal/.test(name) && !name.includes("-ext-")) visit(`assets/${name}`);
}
for (const area of ["common", "car"]) {
  // One file a language; the name does not say which, so the largest counts.
  const texts = assets.filter((name) => name.startsWith(`${area}-`) && name.endsWith(".js"));
  visit(`assets/${texts.toSorted((one, other) => sizeOf(other) - sizeOf(one))[0]}`);
}

function sizeOf(name) {
  return statSync(join(DIST, "assets", name)).size;
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

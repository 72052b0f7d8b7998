// Puts a gzip and a brotli copy beside each file of dist that gets smaller by it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = new URL("../dist", import.meta.url).pathname;
const TEXTS = /\.(?:js|css|svg|json|webmanifest)$/;
const LEAST = 1024; // bytes; below, a copy saves nothing

for (const name of readdirSync(DIST, { recursive: true })) {
  if (!TEXTS.test(name)) continue;
  const path = join(DIST, name);
  const content = readFileSync(path);
  if (content.length < LEAST) continue;
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(content, options));
}

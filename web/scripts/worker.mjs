// Builds the service worker into dist, with the list of the files there that it keeps.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";

const WEB = new URL("..", import.meta.url).pathname;
const DIST = join(WEB, "dist");
const KEPT = /^(?:index\.html|assets\/.*\.(?:js|css|woff2)|icons\/.*)$/;

const files = readdirSync(DIST, { recursive: true })
  .filter((name) => KEPT.test(name))
  .toSorted();

/** Names below assets/ change with their content; of the others a sum tells one version from another. */
const kept = files.map((url) => ({
  url,
  revision: url.startsWith("assets/")
    ? null
    : createHash("sha256")
        .update(readFileSync(join(DIST, url)))
        .digest("hex")
        .slice(0, 16),
}));

await build({
  root: WEB,
  configFile: false,
  publicDir: false,
  logLevel: "warn",
  define: { "self.__WB_MANIFEST": JSON.stringify(kept) },
  build: {
    target: "es2022",
    emptyOutDir: false,
    modulePreload: false,
    rolldownOptions: {
      input: join(WEB, "src/sw.ts"),
      output: { entryFileNames: "sw.js", codeSplitting: false },
    },
  },
});

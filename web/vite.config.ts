import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { mantineStyles } from "./scripts/mantineStyles.mjs";

/** The server puts a nonce of its own into each answer in place of this. */
const NONCE = "__CSP_NONCE__";

/** Where `npm run dev` finds a server: the one of `make run`. */
const SERVER = process.env.OVMS_SERVER ?? "http://127.0.0.1:6868";

/**
 * Small modules that many pages share are a file a group: else each would be a file, and a call, of
 * its own. None of them has styles, so the order of those stays.
 */
const GROUPS = [
  { name: "icons", test: /@tabler[\\/]icons-react/, minShareCount: 2 },
  { name: "parts", test: /node_modules[\\/](?:@mantine|@floating-ui)/, minShareCount: 9 },
  { name: "data", test: /src[\\/]data[\\/]/, minShareCount: 9 },
];

export default defineConfig({
  html: { cspNonce: NONCE },
  plugins: [react(), mantineStyles()],
  build: {
    target: "es2022",
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } },
  },
  server: { proxy: { "/api": SERVER, "/apiv2": { target: SERVER, ws: true }, "/docs": SERVER } },
});

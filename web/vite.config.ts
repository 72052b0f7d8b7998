import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The server puts a nonce of its own into each answer in place of this. */
const NONCE = "__CSP_NONCE__";

/** Where `npm run dev` finds a server: the one of `make run`. */
const SERVER = process.env.OVMS_SERVER ?? "http://127.0.0.1:6868";

export default defineConfig({
  html: { cspNonce: NONCE },
  plugins: [react()],
  build: { target: "es2022", sourcemap: false, reportCompressedSize: false },
  server: { proxy: { "/api": SERVER, "/apiv2": { target: SERVER, ws: true }, "/docs": SERVER } },
});

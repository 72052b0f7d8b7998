import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";

/** The server puts a nonce of its own into each answer in place of this. */
const NONCE = "__CSP_NONCE__";

/** Where `npm run dev` finds a server: the one of `make run`. */
const SERVER = process.env.OVMS_SERVER ?? "http://127.0.0.1:6868";

export default defineConfig({
  html: { cspNonce: NONCE },
  plugins: [
    react(),
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src",
      filename: "sw.ts",
      injectRegister: false,
      injectManifest: {
        globPatterns: ["index.html", "assets/*.{js,css,woff2}", "icons/*"],
        maximumFileSizeToCacheInBytes: 4_000_000,
      },
      manifest: {
        id: "/",
        name: "OVMS",
        short_name: "OVMS",
        description: "Your car: charge, place, journeys, commands.",
        start_url: "/",
        scope: "/",
        display: "standalone",
        background_color: "#16181a",
        theme_color: "#16181a",
        icons: [
          { src: "/icons/icon.svg", sizes: "any", type: "image/svg+xml", purpose: "any" },
          { src: "/icons/192.png", sizes: "192x192", type: "image/png", purpose: "any" },
          { src: "/icons/512.png", sizes: "512x512", type: "image/png", purpose: "any" },
          { src: "/icons/maskable.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
        ],
      },
    }),
  ],
  build: { target: "es2022", sourcemap: false, reportCompressedSize: false },
  server: { proxy: { "/api": SERVER, "/apiv2": { target: SERVER, ws: true }, "/docs": SERVER } },
});

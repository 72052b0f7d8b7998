import "virtual:mantine.css";
import "@fontsource-variable/inter/wght.css";
import "./styles.css";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { noteMissing } from "./components/loading";
import { startWorker } from "./data/worker";
import { startI18n } from "./i18n";
import { nonce } from "./nonce";

noteMissing(window);
setNonce(nonce); // of the styles that keep the page behind a dialog from scrolling

const root = document.getElementById("root");
if (root !== null) {
  void startI18n();
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  void startWorker(navigator.serviceWorker);
}

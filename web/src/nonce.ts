/** The nonce under which this page may add styles; the server made it for this answer alone. */
export const nonce =
  document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";

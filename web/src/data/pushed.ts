// What the server pushes. The service worker reads it, so this imports nothing.

export interface Pushed {
  id: string;
  title: string;
  text: string;
  /** When the alert came, in Unix time. */
  time: number | null;
  /** The page of the app that shows it. */
  url: string;
}

/** Return what a push says. One that is unreadable must be shown, too: browsers demand it. */
export function readPush(text: string): Pushed {
  const said = objectIn(text);
  return {
    id: textOf(said.id) || "ovms",
    title: textOf(said.title) || "OVMS",
    text: textOf(said.text),
    time: typeof said.time === "number" ? said.time : null,
    url: pathOf(textOf(said.url)),
  };
}

/** Return a path of the app; whatever would lead elsewhere leads to its start. */
function pathOf(url: string): string {
  return /^\/(?![/\\])/.test(url) ? url : "/";
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null ? { ...found } : {};
  } catch {
    return {};
  }
}

// Files that the page makes itself.

/** Have the browser save a file. */
export function save(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function saveCsv(text: string, name: string): void {
  save(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }), `${name}.csv`);
}

interface Picture {
  title: string;
  /** What stands above each plot. */
  heads: readonly string[];
  plots: readonly HTMLCanvasElement[];
  ground: { body: string; text: string };
}

const MARGIN = 16;
const LINE = 24;

/** Draw plots with what stands above them into one picture. */
export function pictureOf({ title, heads, plots, ground }: Picture): HTMLCanvasElement {
  const scale = Math.max(window.devicePixelRatio, 1);
  const width = Math.max(...plots.map((each) => each.width), 1) + 2 * MARGIN * scale;
  const height =
    plots.reduce((sum, each) => sum + each.height + LINE * scale, 0) + (2 * MARGIN + LINE) * scale;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context === null) return canvas;
  context.fillStyle = ground.body;
  context.fillRect(0, 0, width, height);
  const write = (text: string, top: number, size: number) => {
    context.fillStyle = ground.text;
    context.font = `${size * scale}px "Inter Variable", system-ui, sans-serif`;
    context.fillText(text, MARGIN * scale, top + size * scale);
  };
  write(title, MARGIN * scale, 15);
  let top = (MARGIN + LINE) * scale;
  plots.forEach((plot, index) => {
    write(heads[index] ?? "", top, 12);
    top += LINE * scale;
    context.drawImage(plot, MARGIN * scale, top);
    top += plot.height;
  });
  return canvas;
}

export function savePicture(picture: HTMLCanvasElement, name: string): void {
  picture.toBlob((content) => {
    if (content !== null) save(content, `${name}.png`);
  });
}

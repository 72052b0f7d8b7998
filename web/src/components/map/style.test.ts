import { validateStyleMin } from "@maplibre/maplibre-gl-style-spec";
import { describe, expect, it } from "vitest";
import { layersOf } from "./ground";
import { hostsOf, pictureStyle, plainStyle, workerAddress } from "./style";
import { vectorStyle } from "./vectorStyle";

const PROTOMAPS = ["earth", "landcover", "landuse", "water", "roads", "buildings", "boundaries", "places", "pois"]; // biome-ignore format: words
const OPENMAPTILES = ["landcover", "landuse", "park", "water", "transportation", "transportation_name", "building", "boundary", "place"]; // biome-ignore format: words

describe("the styles", () => {
  it.each(["light", "dark"] as const)("are what MapLibre takes, in the %s scheme", (scheme) => {
    const file = "pmtiles://https://ovms.example/map.pmtiles";
    const styles = [
      plainStyle(scheme),
      pictureStyle("https://{s}.example/{z}/{x}/{y}.png", scheme),
      vectorStyle(file, new Set(PROTOMAPS), scheme),
      vectorStyle(file, new Set(OPENMAPTILES), scheme),
    ];
    for (const style of styles) expect(validateStyleMin(style)).toEqual([]);
  });

  it("take no letters and no icons from elsewhere", () => {
    const style = vectorStyle("pmtiles://x", new Set(PROTOMAPS), "light");
    expect([style.glyphs, style.sprite]).toEqual([undefined, undefined]);
  });

  it("draw what a map has, of either kind", () => {
    const drawn = (layers: string[]) =>
      vectorStyle("pmtiles://x", new Set(layers), "light").layers.map(({ id }) => id);
    expect(drawn(PROTOMAPS)).toContain("road-roads");
    expect(drawn(OPENMAPTILES)).toContain("street-transportation_name");
    expect(drawn([])).toEqual(["ground"]);
  });
});

describe("hostsOf", () => {
  it("names three hosts for {s}", () => {
    expect(hostsOf("https://{s}.example/{z}")).toHaveLength(3);
    expect(hostsOf("https://tiles.example/{z}")).toEqual(["https://tiles.example/{z}"]);
  });
});

describe("workerAddress", () => {
  it("changes with the hosts of the ground, as the policy that comes with the file does", () => {
    const ground = { kind: "style", url: "https://tiles.example/s.json", attribution: "" } as const;
    const one = workerAddress("/w.js", { ...ground, hosts: ["https://tiles.example"] });
    const two = workerAddress("/w.js", {
      ...ground,
      hosts: ["https://tiles.example", "https://x"],
    });
    expect(one).toBe("/w.js?hosts=https%3A%2F%2Ftiles.example");
    expect(two).not.toBe(one);
    expect(workerAddress("/w.js", null)).toBe("/w.js");
  });
});

describe("layersOf", () => {
  it("reads the names that a file tells, and survives one that tells none", () => {
    expect(layersOf({ vector_layers: [{ id: "water" }, {}, null] })).toEqual(new Set(["water"]));
    expect(layersOf("nothing")).toEqual(new Set());
  });
});

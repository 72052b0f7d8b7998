import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../api";
import type { StateAnswer } from "../api-types";
import { ANSWER_TIMEOUT } from "./commands";
import { FakeSocket, fakeBrowser, settle } from "./fakes";
import type { VehicleSource } from "./source";
import { LiveVehicle } from "./vehicle";

const STATUS = "80,K,220,13,done,range,241,214,13,30,180,31,16,5,-1,1,1,67,0";

let vehicle: LiveVehicle;
let entered: number;
let fails: ApiError | null;
let asked: StateAnswer | ApiError | null;

function source(): VehicleSource {
  return {
    enter: async () => {
      entered += 1;
      if (fails !== null) throw fails;
      return {
        address: "ws://server/apiv2",
        credentials: {
          scheme: "0x31",
          user: "Bob",
          password: `ticket-${entered}`,
          vehicleId: "CAR1",
        },
      };
    },
    password: async () => null,
    asked: async () => {
      if (asked instanceof ApiError) throw asked;
      return asked;
    },
  };
}

beforeEach(async () => {
  fakeBrowser();
  vi.spyOn(Math, "random").mockReturnValue(0);
  entered = 0;
  fails = null;
  asked = null;
  vehicle = new LiveVehicle("Bob", `CAR-${Math.round(performance.now())}`, source());
  await vehicle.start();
  await settle();
});

afterEach(() => {
  vehicle.stop();
  vi.useRealTimers();
});

/** Let the server let the page in, and say what it has stored. */
async function open(online = 1, age = 90): Promise<FakeSocket> {
  const socket = FakeSocket.last;
  socket.accepts();
  socket.says("MP-S 1 Bob CAR1 CAR1", `Z${online}`, `S${STATUS}`, `T${age}`);
  await vi.advanceTimersByTimeAsync(250);
  return socket;
}

test("a page says its ticket, and shows what the server has stored with its age", async () => {
  const socket = await open();
  expect(socket.address).toBe("ws://server/apiv2");
  expect(socket.sent).toEqual(["MP-A 1 Bob ticket-1 CAR1"]);
  const { state, source, connection, presence } = vehicle.view();
  expect([source, connection.status, presence.is_online]).toEqual(["live", "open", true]);
  expect(state?.groups.battery?.soc).toBe(80);
  expect(state?.groups.location).toBeNull();
  expect(Date.parse(state?.heard ?? "")).toBe(1_700_000_000_000 - 90_000);
});

test("server away, car away and log-in ended are three things", async () => {
  await open(0);
  expect(vehicle.view().presence.is_online).toBe(false);
  expect(vehicle.view().connection.status).toBe("open");
  FakeSocket.last.ends();
  await vi.advanceTimersByTimeAsync(250);
  expect(vehicle.view().connection.status).toBe("server_away");
  expect(vehicle.view().presence.is_online).toBeNull();
  expect(vehicle.view().source).toBe("stored");
  fails = new ApiError(401, "not_authenticated", "");
  await vi.advanceTimersByTimeAsync(1500);
  expect(vehicle.view().connection.status).toBe("login_ended");
});

test("each try has a ticket of its own", async () => {
  (await open()).ends();
  await vi.advanceTimersByTimeAsync(1000);
  FakeSocket.last.accepts();
  expect(FakeSocket.last.sent).toEqual(["MP-A 1 Bob ticket-2 CAR1"]);
  expect(vehicle.view().state?.groups.battery?.soc).toBe(80);
});

/** Let the next tries fail; `how` ends each. */
async function lose(
  tries: number,
  how: (socket: FakeSocket) => void,
  wait = 60_000,
): Promise<void> {
  for (let at = 0; at < tries; at += 1) {
    how(FakeSocket.last);
    await vi.advanceTimersByTimeAsync(wait);
  }
  await vi.advanceTimersByTimeAsync(250);
}

function answer(heard: string, soc: number, is_paranoid = false): StateAnswer {
  const groups = { battery: { time: heard, age: 4, is_stale: false, old: [], soc } };
  const rest = { distance_unit: "km", hidden: [], is_paranoid };
  return { vehicle_id: "CAR1", heard, groups, ...rest } as unknown as StateAnswer;
}

test.each([
  ["refuses them", (socket: FakeSocket) => socket.ends()],
  [
    "takes them and lets nothing through",
    (socket: FakeSocket) => {
      socket.accepts();
      socket.ends();
    },
  ],
])(
  "where something on the way %s, WebSockets are blocked and the API tells the state",
  async (_, how) => {
    asked = answer("2023-11-14T22:00:00.000Z", 61);
    await lose(4, how);
    expect(vehicle.view().connection.status).toBe("blocked");
    expect(vehicle.view().source).toBe("stored");
    expect(vehicle.view().state).toMatchObject({ groups: { battery: { soc: 61 } } });
    asked = answer("2023-11-14T22:01:00.000Z", 62);
    await lose(2, how);
    expect(vehicle.view().connection.status).toBe("blocked");
    expect(vehicle.view().state?.groups.battery?.soc).toBe(62);
    asked = answer("2023-11-14T22:02:00.000Z", 0, true); // of a sealed car it knows nothing
    await lose(2, how);
    expect(vehicle.view().state?.groups.battery?.soc).toBe(62);
  },
);

test("who is closed without a word, and the API knows nothing, is refused", async () => {
  const how = (socket: FakeSocket) => {
    socket.accepts();
    socket.ends();
  };
  await lose(3, how, 5000);
  expect(vehicle.view().connection.status).toBe("refused");
});

test("a car that the account may see no more leaves the page", async () => {
  const socket = await open();
  expect(vehicle.view().state).not.toBeNull();
  asked = new ApiError(404, "no_vehicle", "");
  socket.ends();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(vehicle.view().connection.status).toBe("refused");
  expect(vehicle.view().state).toBeNull();
});

test("nobody says that a car never called before the server has said so", async () => {
  FakeSocket.last.ends();
  await vi.advanceTimersByTimeAsync(250);
  expect(vehicle.view()).toMatchObject({ state: null, is_told: false });
  await vi.advanceTimersByTimeAsync(1500);
  FakeSocket.last.accepts();
  FakeSocket.last.says("MP-S 1 Bob CAR1 CAR1", "Z0");
  await vi.advanceTimersByTimeAsync(250);
  expect(vehicle.view()).toMatchObject({ state: null, is_told: false });
  FakeSocket.last.says("T0");
  await vi.advanceTimersByTimeAsync(250);
  expect(vehicle.view()).toMatchObject({ state: null, is_told: true });
});

test("a device's clock that is set back does not stop the page", async () => {
  const socket = await open();
  vi.setSystemTime(Date.now() - 10_800_000);
  socket.says(`S70${STATUS.slice(2)}`);
  await vi.advanceTimersByTimeAsync(250);
  expect(vehicle.view().state?.groups.battery?.soc).toBe(70);
});

test("a bad line ends the connection, and not the page", async () => {
  const socket = await open();
  socket.says("x".repeat(100_000));
  await vi.advanceTimersByTimeAsync(250);
  expect(vehicle.view().connection.status).toBe("server_away");
  expect(vehicle.view().state?.groups.battery?.soc).toBe(80);
});

test("ten messages a second render the page four times a second", async () => {
  const socket = await open();
  let renders = 0;
  const end = vehicle.subscribe(() => {
    renders += 1;
  });
  for (let at = 0; at < 50; at += 1) {
    socket.says(`S${at}${STATUS.slice(2)}`);
    await vi.advanceTimersByTimeAsync(100);
  }
  end();
  expect(renders).toBeGreaterThan(10);
  expect(renders).toBeLessThanOrEqual(21);
  await vi.advanceTimersByTimeAsync(250);
  expect(vehicle.view().state?.groups.battery?.soc).toBe(49);
  expect(vehicle.view().reports).toBe(50);
});

test("what says the same is the same object, so that nothing is rendered for it", async () => {
  const socket = await open();
  const before = vehicle.view().state?.groups;
  socket.says("PAToo hot");
  await vi.advanceTimersByTimeAsync(250);
  expect(vehicle.view().state?.groups.battery).toBe(before?.battery);
  expect(vehicle.view().alerts).toMatchObject([{ kind: "alert", text: "Too hot" }]);
});

test("alerts are bounded, the newest first", async () => {
  const socket = await open();
  for (let at = 0; at < 80; at += 1) socket.says(`PAnumber ${at}`);
  await vi.advanceTimersByTimeAsync(250);
  expect(vehicle.view().alerts).toHaveLength(50);
  expect(vehicle.view().alerts[0]?.text).toBe("number 79");
});

test("a server that answers no ping is away", async () => {
  const socket = await open();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(socket.sent.at(-1)).toBe("A");
  socket.says("a");
  await vi.advanceTimersByTimeAsync(60_000 + 20_000 + 250);
  expect(vehicle.view().connection.status).not.toBe("open");
});

test("commands go one at a time, and end as the car says", async () => {
  const socket = await open();
  const lock = vehicle.commands.run("lock", { pin: "1234" });
  const stop = vehicle.commands.run("charge-stop");
  expect(socket.sent.slice(1)).toEqual(["C20,1234"]);
  expect(vehicle.commands.runs.map(({ status }) => status)).toEqual(["waiting", "sent"]);
  socket.says("c11,0", "c20,0");
  expect(await lock).toMatchObject({ status: "done", parameters: { pin: "*" } });
  expect(socket.sent.slice(2)).toEqual(["C12"]);
  socket.says("c12,1,not now");
  expect(await stop).toMatchObject({ status: "failed", failure: "refused", text: "not now" });
});

test("what a person tells the car is shown at once, whatever the car reports", async () => {
  const socket = await open();
  socket.says(`S1${STATUS.slice(2)}`);
  void vehicle.commands.run("charge-stop");
  expect(vehicle.view().runs.map(({ status }) => status)).toEqual(["sent"]);
});

test("a list comes in rows", async () => {
  const socket = await open();
  const listed = vehicle.commands.run("features");
  socket.says("c1,0,0,2,0");
  expect(vehicle.commands.runs[0]?.status).toBe("answering");
  socket.says("c1,0,1,2,5");
  expect((await listed).rows).toEqual([
    ["0", "0"],
    ["1", "5"],
  ]);
});

test.each([
  ["not_connected", "lock", async () => undefined],
  ["car_away", "lock", () => open(0)],
  ["invalid", "charge-current", () => open()],
])("a command fails at once: %s", async (failure, name, before) => {
  await before();
  const run = await vehicle.commands.run(name, { pin: "1", amps: "many" });
  expect(run).toMatchObject({ status: "failed", failure });
  expect(run.problems.length > 0).toBe(failure === "invalid");
});

test("a command that nobody answers says so, and one whose connection is lost", async () => {
  const socket = await open();
  const first = vehicle.commands.run("charge-stop");
  const answer = setInterval(() => socket.says("a"), 30_000);
  await vi.advanceTimersByTimeAsync(ANSWER_TIMEOUT);
  clearInterval(answer);
  expect(await first).toMatchObject({ failure: "unanswered" });
  const second = vehicle.commands.run("charge-start");
  const third = vehicle.commands.run("charge-stop");
  socket.ends();
  expect(await second).toMatchObject({ failure: "connection_lost" });
  expect(await third).toMatchObject({ failure: "connection_lost" });
});

test("too many commands that wait are refused, and the last ones are remembered", async () => {
  await open();
  const runs = Array.from({ length: 40 }, () => vehicle.commands.run("charge-stop"));
  expect(await runs.at(-1)).toMatchObject({ failure: "too_many" });
  expect(vehicle.commands.runs.length).toBeLessThanOrEqual(41);
  FakeSocket.last.ends();
  await Promise.all(runs);
  void vehicle.commands.run("charge-stop");
  expect(vehicle.commands.runs).toHaveLength(30);
});
